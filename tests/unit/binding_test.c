/* SPDX-License-Identifier: MIT */
/* What a login is bound to is the same on both ends, and nothing before the peer was accepted. */
#include "tls/binding.h"

#include <string.h>

#include "crypto/mac.h"
#include "support/cm.h"
#include "support/pki.h"
#include "support/tlspeer.h"

typedef struct queue {
	unsigned char data[1 << 16];
	size_t start, end;
} queue;

static queue up, down;
static pki_key *key;
static pki_cert leaf;
static email_code verdict;

static long
put(queue *q, const unsigned char *p, size_t n)
{
	assert_true(n <= sizeof q->data - q->end);
	memcpy(q->data + q->end, p, n);
	q->end += n;
	return (long)n;
}

static long
get(queue *q, unsigned char *p, size_t n)
{
	size_t held = q->end - q->start;

	if (held == 0)
		return EMAIL__BIO_AGAIN;
	n = n < held ? n : held;
	memcpy(p, q->data + q->start, n);
	q->start += n;
	return (long)n;
}

static long
client_send(void *c, const unsigned char *p, size_t n)
{
	(void)c;
	return put(&up, p, n);
}

static long
client_recv(void *c, unsigned char *p, size_t n)
{
	(void)c;
	return get(&down, p, n);
}

static long
server_send(void *c, const unsigned char *p, size_t n)
{
	(void)c;
	return put(&down, p, n);
}

static long
server_recv(void *c, unsigned char *p, size_t n)
{
	(void)c;
	return get(&up, p, n);
}

static email_code
judge(void *context, const email__chain *chain)
{
	(void)context;
	(void)chain;
	return verdict;
}

/* A handshake of that version: what the client is bound to, and what the server would be. */
static void
shake(int version, email__binding *binding, unsigned char exported[32])
{
	const email__bio mine = {client_send, client_recv, NULL}, theirs = {server_send, server_recv, NULL};
	email__tls_config config = {.server_name = "mail.example.com", .min = EMAIL_TLS_1_2, .judge = judge};
	tlspeer_config server = {.chain = &leaf, .chain_len = 1, .key = key, .min = version, .max = version};
	email_error e = {0};
	email__tls *tls = email__tls_new(&config, &mine, &e);
	tlspeer *peer = tlspeer_new(&server, &theirs);
	bool mine_done = false, theirs_done = false;
	int i;

	memset(&up, 0, sizeof up);
	memset(&down, 0, sizeof down);
	assert_non_null(tls);
	assert_non_null(peer);
	email__tls_binding(tls, binding);
	assert_null(binding->type);
	for (i = 0; i < 20 && !(mine_done && theirs_done); i++) {
		if (!mine_done)
			mine_done = email__tls_handshake(tls, &e) == EMAIL__TLS_DONE;
		if (!theirs_done)
			theirs_done = tlspeer_handshake(peer) == 0;
	}
	email__tls_binding(tls, binding);
	memset(exported, 0, 32);
	if (theirs_done && version == 13)
		assert_int_equal(tlspeer_export(peer, exported), 0);
	email__tls_free(tls);
	tlspeer_free(peer);
}

static void
both_ends_agree(void **state)
{
	unsigned char exported[32], digest[EMAIL__MAC_MAX];
	email__binding binding;

	(void)state;
	verdict = EMAIL_OK;
	shake(13, &binding, exported);
	assert_string_equal(binding.type, "tls-exporter");
	assert_int_equal(binding.n, 32);
	assert_memory_equal(binding.data, exported, 32);
	shake(12, &binding, exported);
	assert_string_equal(binding.type, "tls-server-end-point");
	assert_int_equal(email__hash_of(EMAIL__SHA256, leaf.der, leaf.len, digest), EMAIL_OK);
	assert_int_equal(binding.n, 32);
	assert_memory_equal(binding.data, digest, 32);
}

static void
nothing_to_a_refused_peer(void **state)
{
	unsigned char exported[32];
	email__binding binding;

	(void)state;
	verdict = EMAIL_E_TRUST;
	shake(13, &binding, exported);
	assert_null(binding.type);
	shake(12, &binding, exported);
	assert_null(binding.type);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_ends_agree),
	                                   cmocka_unit_test(nothing_to_a_refused_peer)};
	pki_spec spec = pki_server("CN=mail.example.com", "DNS:mail.example.com");
	int failed;

	key = pki_key_new(PKI_EC_P256);
	if (pki_issue(&leaf, &spec, key, NULL, NULL))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	pki_key_free(key);
	return failed;
}
