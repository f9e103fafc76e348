/* SPDX-License-Identifier: MIT */
/* The TLS filter against mbedTLS's server side, both ends in this thread, bytes in two queues. */
#include "support/cm.h"

#include <stdlib.h>

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "base/error.h"
#include "support/failalloc.h"
#include "support/pki.h"
#include "support/tlspeer.h"
#include "tls/tls.h"

/* --- certificates, made once --- */

static pki_key *ca_key, *mid_key, *ec_key, *rsa_key, *client_key;
static pki_cert ca, chain[2], rsa_chain[2], client_cert;

static int
make_certificates(void **state)
{
	pki_spec spec = pki_ca("CN=Test Root");

	(void)state;
	ca_key = pki_key_new(PKI_EC_P256);
	mid_key = pki_key_new(PKI_EC_P256);
	ec_key = pki_key_new(PKI_EC_P256);
	rsa_key = pki_key_new(PKI_RSA_2048);
	client_key = pki_key_new(PKI_EC_P256);
	if (pki_issue(&ca, &spec, ca_key, NULL, NULL))
		return -1;
	spec = pki_ca("CN=Test Intermediate");
	if (pki_issue(&chain[1], &spec, mid_key, &ca, ca_key))
		return -1;
	rsa_chain[1] = chain[1];
	spec = pki_server("CN=mail.example.com", "DNS:mail.example.com");
	spec.not_after = "20370203040506";
	if (pki_issue(&chain[0], &spec, ec_key, &chain[1], mid_key) ||
	    pki_issue(&rsa_chain[0], &spec, rsa_key, &chain[1], mid_key))
		return -1;
	spec = pki_client("CN=station");
	return pki_issue(&client_cert, &spec, client_key, &ca, ca_key);
}

static int
free_certificates(void **state)
{
	(void)state;
	pki_key_free(ca_key);
	pki_key_free(mid_key);
	pki_key_free(ec_key);
	pki_key_free(rsa_key);
	pki_key_free(client_key);
	return 0;
}

/* --- the wire --- */

typedef struct queue {
	unsigned char data[1 << 17];
	size_t start, end;
	bool ended;  /* the writer closed */
	bool broken; /* fails */
	size_t flip; /* the byte with this number is changed; 0: none */
} queue;

typedef struct pair {
	queue up, down; /* to the server, to the client */
	bool drip;      /* a byte at a time, and every other time nothing */
	unsigned calls;
	tlspeer *peer;
	email__tls *tls;
	email_error error;
	/* the judge */
	email_code answer;
	unsigned asked;
	size_t up_when_asked; /* what the server had got by then */
	email__chain seen;
	unsigned char leaf[PKI_DER_MAX];
} pair;

static long
queue_write(pair *p, queue *q, const unsigned char *bytes, size_t n)
{
	if (q->broken)
		return EMAIL__BIO_FAILED;
	if (p->drip && p->calls++ % 2)
		return EMAIL__BIO_AGAIN;
	if (p->drip)
		n = 1;
	assert_true(n <= sizeof q->data - q->end);
	memcpy(q->data + q->end, bytes, n);
	if (q->flip && q->flip > q->end && q->flip <= q->end + n)
		q->data[q->flip - 1] ^= 0x55;
	q->end += n;
	return (long)n;
}

static long
queue_read(pair *p, queue *q, unsigned char *bytes, size_t n)
{
	size_t held = q->end - q->start;

	if (q->broken)
		return EMAIL__BIO_FAILED;
	if (held == 0)
		return q->ended ? 0 : EMAIL__BIO_AGAIN;
	if (p->drip && p->calls++ % 2)
		return EMAIL__BIO_AGAIN;
	if (p->drip)
		n = 1;
	if (n > held)
		n = held;
	memcpy(bytes, q->data + q->start, n);
	q->start += n;
	return (long)n;
}

static long
client_send(void *p, const unsigned char *bytes, size_t n)
{
	return queue_write(p, &((pair *)p)->up, bytes, n);
}

static long
client_recv(void *p, unsigned char *bytes, size_t n)
{
	return queue_read(p, &((pair *)p)->down, bytes, n);
}

static long
server_send(void *p, const unsigned char *bytes, size_t n)
{
	return queue_write(p, &((pair *)p)->down, bytes, n);
}

static long
server_recv(void *p, unsigned char *bytes, size_t n)
{
	return queue_read(p, &((pair *)p)->up, bytes, n);
}

static email_code
judge(void *context, const email__chain *c)
{
	pair *p = context;

	p->asked++;
	p->seen = *c;
	p->up_when_asked = p->up.end;
	assert_true(c->certificate[0].len <= sizeof p->leaf);
	memcpy(p->leaf, c->certificate[0].der, c->certificate[0].len);
	return p->answer;
}

static tlspeer_config
ec_server(int min, int max)
{
	tlspeer_config c = {0};

	c.chain = chain;
	c.chain_len = 2;
	c.key = ec_key;
	c.min = min;
	c.max = max;
	return c;
}

static email__tls_config
client(email_tls_version min)
{
	email__tls_config c = {0};

	c.server_name = "mail.example.com";
	c.min = min;
	c.judge = judge;
	return c;
}

static pair *
connect_pair(tlspeer_config server, email__tls_config config)
{
	pair *p = calloc(1, sizeof *p);
	email__bio up = {client_send, client_recv, p}, down = {server_send, server_recv, p};

	assert_non_null(p);
	config.judge_context = p;
	p->peer = tlspeer_new(&server, &down);
	assert_non_null(p->peer);
	p->tls = email__tls_new(&config, &up, &p->error);
	return p;
}

static void
free_pair(pair *p)
{
	email__tls_free(p->tls);
	tlspeer_free(p->peer);
	free(p);
}

/* Both ends in turn until the client is done or failed; the server's last code in *server. */
static email__tls_io
shake(pair *p, int *server)
{
	email__tls_io io = EMAIL__TLS_WANT_READ;
	bool server_over = false;
	int turns, rc = 0;

	for (turns = 0; turns < 60000; turns++) {
		io = email__tls_handshake(p->tls, &p->error);
		if (!server_over) {
			rc = tlspeer_handshake(p->peer);
			if (rc != 0 && !tlspeer_again(rc)) {
				server_over = true;
				p->down.ended = true;
			}
		}
		if (io == EMAIL__TLS_FAILED || (io == EMAIL__TLS_DONE && rc == 0))
			break;
	}
	if (io == EMAIL__TLS_FAILED && !server_over)
		rc = tlspeer_handshake(p->peer);
	if (server)
		*server = rc;
	return io;
}

/* What the server reads after the handshake: bytes of ours, or a code below 0. */
static int
server_reads(pair *p, char *text, int size)
{
	int rc, turns = 0;

	do
		rc = tlspeer_read(p->peer, text, (size_t)size);
	while (tlspeer_again(rc) && ++turns < 10000);
	return rc;
}

static email__tls_io
client_reads(pair *p, char *text, size_t size, size_t *n)
{
	email__tls_io io;
	int turns = 0;

	do
		io = email__tls_read(p->tls, (unsigned char *)text, size, n, &p->error);
	while (io == EMAIL__TLS_WANT_READ && ++turns < 10000);
	return io;
}

/* --- handshakes that succeed --- */

static void
talks(int max, bool drip, bool rsa)
{
	tlspeer_config server = ec_server(0, max);
	char text[64];
	size_t n;
	pair *p;
	email__tls_io io;
	int turns = 0;

	if (rsa) {
		server.chain = rsa_chain;
		server.key = rsa_key;
	}
	p = connect_pair(server, client(EMAIL_TLS_1_0));
	p->drip = drip;
	assert_string_equal(email__tls_version_name(p->tls), "");
	assert_int_equal(email__tls_not_after(p->tls), 0);
	assert_int_equal(email__tls_verdict(p->tls), EMAIL_E_TRUST);
	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	assert_int_equal(p->error.code, EMAIL_OK);
	assert_int_equal(email__tls_verdict(p->tls), EMAIL_OK);
	assert_int_equal(p->asked, 1);
	assert_int_equal(p->seen.count, 2);
	assert_int_equal(p->seen.certificate[0].len, rsa ? rsa_chain[0].len : chain[0].len);
	assert_memory_equal(p->leaf, rsa ? rsa_chain[0].der : chain[0].der, p->seen.certificate[0].len);
	assert_int_equal(p->seen.certificate[1].len, chain[1].len);
	assert_string_equal(email__tls_version_name(p->tls), max == 12 ? "TLSv1.2" : "TLSv1.3");
	assert_non_null(strstr(email__tls_cipher_suite(p->tls), max == 12 ? "TLS-ECDHE-" : "TLS1-3-"));
	assert_true(email__tls_not_after(p->tls) == 2117246706); /* date -u -d '2037-02-03 04:05:06' +%s */
	assert_string_equal(tlspeer_sni(p->peer), "mail.example.com");

	do
		io = email__tls_write(p->tls, (const unsigned char *)"EHLO\r\n", 6, &n, &p->error);
	while (io == EMAIL__TLS_WANT_WRITE && ++turns < 10000);
	assert_int_equal(io, EMAIL__TLS_DONE);
	assert_int_equal(n, 6);
	assert_int_equal(server_reads(p, text, sizeof text), 6);
	p->drip = false;
	assert_int_equal(tlspeer_write(p->peer, "250 ok\r\n", 8), 8);
	p->drip = drip;
	assert_int_equal(client_reads(p, text, 3, &n), EMAIL__TLS_DONE);
	assert_int_equal(n, 3);
	assert_true(email__tls_pending(p->tls));
	assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_DONE);
	assert_int_equal(n, 5);
	assert_false(email__tls_pending(p->tls));
	free_pair(p);
}

static void
talks_1_2_and_1_3(void **state)
{
	(void)state;
	talks(12, false, false);
	talks(13, false, false);
	talks(12, false, true);
	talks(13, false, true);
}

static void
talks_by_single_bytes(void **state)
{
	(void)state;
	talks(12, true, false);
	talks(13, true, false);
}

static void
floor_and_cap(void **state)
{
	email__tls_config config = client(EMAIL_TLS_1_2);
	pair *p;

	(void)state;
	assert_int_equal(email__tls_floor(), EMAIL_TLS_1_2);
	config.cap_1_2 = true;
	p = connect_pair(ec_server(0, 0), config);
	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	assert_string_equal(email__tls_version_name(p->tls), "TLSv1.2");
	assert_false(email__tls_retry_1_2(p->tls));
	free_pair(p);
}

static void
no_sni_for_an_address(void **state)
{
	email__tls_config config = client(EMAIL_TLS_1_2);
	pair *p;

	(void)state;
	config.server_name = NULL;
	p = connect_pair(ec_server(0, 0), config);
	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	assert_string_equal(tlspeer_sni(p->peer), "");
	free_pair(p);
}

/* --- the judge --- */

/* Certificates that mbedTLS would refuse, and the judge takes: an exemption waives all of it. */
static void
judge_alone_accepts(void **state)
{
	static const int versions[] = {12, 13};
	pki_cert odd;
	pki_spec spec = pki_server("CN=other", "DNS:other.example");
	size_t i;

	(void)state;
	spec.usages = "clientAuth";
	spec.key_usage = PKI_USE_CRL_SIGN;
	spec.not_after = "20200101000000";
	spec.not_before = "20190101000000";
	spec.bad_signature = true;
	assert_int_equal(pki_issue(&odd, &spec, ec_key, &ca, ca_key), 0);
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, versions[i]);
		pair *p;

		server.chain = &odd;
		server.chain_len = 1;
		server.careless = true;
		p = connect_pair(server, client(EMAIL_TLS_1_2));
		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		assert_int_equal(email__tls_verdict(p->tls), EMAIL_OK);
		assert_int_equal(p->asked, 1);
		free_pair(p);
	}
}

static void
refused_peer_gets_nothing(void **state)
{
	static const int versions[] = {12, 13};
	static char key[1024], certificate[4096];
	email__client_key own = {(unsigned char *)certificate, (unsigned char *)key, 0, 0};
	size_t i;

	(void)state;
	assert_int_equal(pki_key_pem(client_key, key, sizeof key), 0);
	certificate[0] = '\0';
	assert_int_equal(pki_pem_add(certificate, sizeof certificate, &client_cert), 0);
	own.key_len = strlen(key) + 1;
	own.certificates_len = strlen(certificate) + 1;
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, versions[i]);
		email__tls_config config = client(EMAIL_TLS_1_2);
		size_t after, n;
		int rc;
		char text[16];
		pair *p;

		server.ask_client = true;
		config.client = &own;
		p = connect_pair(server, config);
		p->answer = EMAIL_E_CLOCK;
		assert_int_equal(shake(p, &rc), EMAIL__TLS_FAILED);
		assert_int_equal(p->error.code, EMAIL_E_CLOCK);
		assert_int_equal(p->error.stage, EMAIL_STAGE_TRUST);
		assert_int_equal(email__tls_verdict(p->tls), EMAIL_E_CLOCK);
		assert_int_equal(p->asked, 1);
		/* an alert is a record of 7 bytes in the clear, 24 at most where it is encrypted, and in 1.3 a
		 * change_cipher_spec of 6 may go before it */
		after = p->up.end - p->up_when_asked;
		assert_true(after > 0 && after <= 30);
		assert_true(rc < 0);
		assert_false(tlspeer_saw_client_certificate(p->peer));
		/* and nothing later either */
		assert_int_equal(email__tls_write(p->tls, (const unsigned char *)"x", 1, &n, NULL),
		                 EMAIL__TLS_FAILED);
		assert_int_equal(email__tls_read(p->tls, (unsigned char *)text, 1, &n, NULL),
		                 EMAIL__TLS_FAILED);
		assert_int_equal(email__tls_handshake(p->tls, NULL), EMAIL__TLS_FAILED);
		email__tls_close(p->tls);
		assert_int_equal(p->up.end - p->up_when_asked, after);
		free_pair(p);
	}
}

static void
no_judge_no_connection(void **state)
{
	email__tls_config config = client(EMAIL_TLS_1_2);
	pair *p;

	(void)state;
	config.judge = NULL;
	p = connect_pair(ec_server(0, 0), config);
	assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TRUST);
	assert_int_equal(email__tls_verdict(p->tls), EMAIL_E_TRUST);
	free_pair(p);
}

static void
chain_too_long(void **state)
{
	static pki_cert many[EMAIL__CHAIN_MAX + 1];
	size_t i;

	(void)state;
	many[0] = chain[0];
	for (i = 1; i <= EMAIL__CHAIN_MAX; i++)
		many[i] = chain[1];
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, 0);
		pair *p;

		server.chain = many;
		server.chain_len = EMAIL__CHAIN_MAX + i;
		p = connect_pair(server, client(EMAIL_TLS_1_2));
		assert_int_equal(shake(p, NULL), i ? EMAIL__TLS_FAILED : EMAIL__TLS_DONE);
		assert_int_equal(p->asked, i ? 0 : 1);
		assert_int_equal(p->error.code, i ? EMAIL_E_TRUST : EMAIL_OK);
		free_pair(p);
	}
}

/* The server cannot load what the client must not take, so its certificate is changed on its way; TLS 1.2
 * sends it in the clear. The judge is not asked about what cannot be read. */
static void
unreadable_certificate_is_a_matter_of_trust(void **state)
{
	pair *p = connect_pair(ec_server(0, 12), client(EMAIL_TLS_1_2));
	unsigned char *at, *end;

	(void)state;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_WANT_READ);
	assert_true(tlspeer_again(tlspeer_handshake(p->peer)));
	end = p->down.data + p->down.end - 8;
	/* critical key usage (2.5.29.15) becomes critical name constraints (2.5.29.30) */
	for (at = p->down.data; at < end && memcmp(at, "\x06\x03\x55\x1D\x0F\x01\x01", 7) != 0; at++)
		;
	assert_true(at < end);
	at[4] = 0x1E;
	assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TRUST);
	assert_int_equal(p->error.stage, EMAIL_STAGE_TRUST);
	assert_int_equal(p->asked, 0);
	free_pair(p);
}

/* --- versions and other failures --- */

static void
minimum_above_the_server(void **state)
{
	pair *p;

	(void)state;
	/* one that knows of no 1.3 finds no cipher suite: "handshake failure" */
	p = connect_pair(ec_server(0, 12), client(EMAIL_TLS_1_3));
	assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS_VERSION);
	assert_int_equal(p->error.stage, EMAIL_STAGE_TLS_HANDSHAKE);
	assert_non_null(strstr(p->error.text, "TLS 1.3"));
	assert_non_null(strstr(p->error.remedy, "probably"));
	free_pair(p);

	/* one that does says what is the matter */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_3));
	memcpy(p->down.data, "\x15\x03\x03\x00\x02\x02\x46", 7);
	p->down.end = 7;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS_VERSION);
	assert_null(strstr(p->error.remedy, "probably"));
	assert_non_null(strstr(p->error.remedy, "tlsMinProtocol"));
	assert_int_equal(p->asked, 0);
	assert_int_equal(email__tls_verdict(p->tls), EMAIL_E_TRUST);
	free_pair(p);

	/* a server for 1.3 only, and the client capped: the alert says so */
	{
		email__tls_config config = client(EMAIL_TLS_1_2);

		config.cap_1_2 = true;
		p = connect_pair(ec_server(13, 13), config);
		assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
		assert_int_equal(p->error.code, EMAIL_E_TLS_VERSION);
		free_pair(p);
	}
}

static void
end_in_the_handshake(void **state)
{
	pair *p;

	(void)state;
	/* Dovecot's way of saying that there is no version in common */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_3));
	p->down.ended = true;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS_VERSION);
	assert_non_null(strstr(p->error.remedy, "probably"));
	free_pair(p);

	/* where only what everybody speaks is asked for, an end is just an end */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_2));
	p->down.ended = true;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS);
	free_pair(p);

	/* and so it is once the server has answered */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_3));
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_WANT_READ);
	assert_true(tlspeer_again(tlspeer_handshake(p->peer)));
	p->down.end = 100;
	p->down.ended = true;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS);
	free_pair(p);
}

static void
other_handshake_failures(void **state)
{
	static const int cbc[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, 0};
	tlspeer_config server = ec_server(0, 12);
	pair *p;

	(void)state;
	server.suites = cbc;
	p = connect_pair(server, client(EMAIL_TLS_1_2));
	assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS);
	assert_non_null(strstr(p->error.text, "no cipher suite"));
	assert_int_not_equal(p->error.tls, 0);
	free_pair(p);

	/* a server that speaks first, and in the clear */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_2));
	memcpy(p->down.data, "220 mail.example.com ESMTP\r\n", 28);
	p->down.end = 28;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS);
	assert_int_equal(p->asked, 0);
	free_pair(p);

	/* the transport fails */
	p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_2));
	p->up.broken = true;
	assert_int_equal(email__tls_handshake(p->tls, &p->error), EMAIL__TLS_FAILED);
	assert_int_equal(p->error.code, EMAIL_E_TLS);
	free_pair(p);
}

/* Whatever byte of the server's flights is changed: never a connection, and never another leaf than the
 * server's key can sign for. */
static void
changed_bytes(void **state)
{
	static const int versions[] = {12, 13};
	size_t i, at, total;

	(void)state;
	for (i = 0; i < 2; i++) {
		pair *p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));

		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		total = p->down.end;
		free_pair(p);
		for (at = 1; at <= total; at += 1 + at % 13) {
			email__tls_io io;

			p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));
			p->down.flip = at;
			p->answer = EMAIL_OK;
			io = shake(p, NULL);
			/* a byte of a length may leave it waiting for more; no further byte comes */
			if (io == EMAIL__TLS_WANT_READ) {
				p->down.ended = true;
				io = email__tls_handshake(p->tls, &p->error);
			}
			/* in 1.3, bytes of the change_cipher_spec that nobody needs, and the record version */
			if (io == EMAIL__TLS_DONE)
				assert_memory_equal(p->leaf, chain[0].der, chain[0].len);
			else
				assert_int_not_equal(p->error.code, EMAIL_OK);
			/* signatures vary in length by a byte or two, and with them where the flights end */
			if (versions[i] == 12 && p->down.end >= at)
				assert_int_not_equal(io, EMAIL__TLS_DONE);
			free_pair(p);
		}
	}
}

/* --- after the handshake --- */

static void
clean_end_and_truncation(void **state)
{
	static const int versions[] = {12, 13};
	size_t i, n;
	char text[16];

	(void)state;
	for (i = 0; i < 2; i++) {
		pair *p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));

		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		tlspeer_close_notify(p->peer);
		p->down.ended = true;
		assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_CLOSED);
		free_pair(p);

		p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));
		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		tlspeer_write(p->peer, "250", 3);
		p->down.ended = true;
		assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_DONE);
		assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_TRUNCATED);
		free_pair(p);

		p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));
		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		p->down.flip = p->down.end + 12;
		tlspeer_write(p->peer, "250 ok\r\n", 8);
		assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_FAILED);
		assert_int_equal(p->error.code, EMAIL_E_TLS);
		free_pair(p);

		/* ours reaches the server as a clean end */
		p = connect_pair(ec_server(0, versions[i]), client(EMAIL_TLS_1_2));
		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		email__tls_close(p->tls);
		p->up.ended = true;
		assert_int_equal(server_reads(p, text, sizeof text), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
		free_pair(p);
	}
}

/* --- resuming --- */

/* One connection: a line each way, and the session that it leaves. */
static pair *
visit(tlspeer_config server, email__tls_config config, email__tls_session **session)
{
	pair *p = connect_pair(server, config);
	char text[16];
	size_t n;

	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	assert_int_equal(email__tls_verdict(p->tls), EMAIL_OK);
	assert_int_equal(tlspeer_write(p->peer, "220 ok\r\n", 8), 8);
	/* at once: what came behind a ticket must not wait for more */
	assert_int_equal(email__tls_read(p->tls, (unsigned char *)text, sizeof text, &n, &p->error),
	                 EMAIL__TLS_DONE);
	assert_int_equal(n, 8);
	assert_int_equal(email__tls_write(p->tls, (const unsigned char *)"QUIT\r\n", 6, &n, &p->error),
	                 EMAIL__TLS_DONE);
	assert_int_equal(server_reads(p, text, sizeof text), 6);
	assert_true(email__tls_not_after(p->tls) == 2117246706);
	*session = email__tls_take_session(p->tls);
	assert_null(email__tls_take_session(p->tls));
	return p;
}

static void
resumes(void **state)
{
	static const int versions[] = {12, 13};
	size_t i, round;

	(void)state;
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, versions[i]);
		email__tls_config config = client(EMAIL_TLS_1_2);
		email__tls_session *session = NULL, *next;
		pair *first, *p;

		server.tickets = 2;
		config.keep_session = true;
		first = visit(server, config, &session);
		assert_int_equal(first->asked, 1);
		assert_false(email__tls_resumed(first->tls));
		assert_non_null(session);
		server.tickets_of = first->peer;
		for (round = 0; round < 4; round++) {
			config.resume = session;
			p = visit(server, config, &next);
			assert_true(email__tls_resumed(p->tls));
			assert_int_equal(p->asked, 0);
			assert_non_null(next);
			email__tls_session_free(session);
			session = next;
			free_pair(p);
		}
		email__tls_session_free(session);
		free_pair(first);
	}
}

/* A server that does not know the session is judged, and refused where the judge says so. */
static void
does_not_resume(void **state)
{
	static const int versions[] = {12, 13};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, versions[i]);
		email__tls_config config = client(EMAIL_TLS_1_2);
		email__tls_session *session, *next;
		pair *first, *p;

		server.tickets = 1;
		config.keep_session = true;
		first = visit(server, config, &session);
		config.resume = session;
		p = visit(server, config, &next); /* other ticket keys */
		assert_false(email__tls_resumed(p->tls));
		assert_int_equal(p->asked, 1);
		email__tls_session_free(next);
		free_pair(p);

		p = connect_pair(server, config);
		p->answer = EMAIL_E_TRUST;
		assert_int_equal(shake(p, NULL), EMAIL__TLS_FAILED);
		assert_int_equal(p->asked, 1);
		assert_int_equal(email__tls_verdict(p->tls), EMAIL_E_TRUST);
		assert_false(email__tls_resumed(p->tls));
		assert_null(email__tls_take_session(p->tls));
		free_pair(p);

		/* not asked for: nothing is kept, also where a server gives tickets */
		server.tickets_of = first->peer;
		config.keep_session = false;
		config.resume = NULL;
		p = visit(server, config, &next);
		assert_null(next);
		free_pair(p);

		/* TLS 1.2's session where 1.3 is the least, and a session for another name, are none */
		config.keep_session = true;
		config.resume = session;
		config.server_name = "other.example.com";
		config.min = versions[i] == 12 ? EMAIL_TLS_1_3 : EMAIL_TLS_1_2;
		server.max = 0;
		p = connect_pair(server, config);
		if (p->tls) {
			(void)shake(p, NULL);
			assert_false(email__tls_resumed(p->tls) && versions[i] == 12);
			assert_true(p->asked == 1 || email__tls_verdict(p->tls) != EMAIL_OK);
		}
		free_pair(p);
		email__tls_session_free(session);
		free_pair(first);
	}
}

static void
tickets_are_passed_over(void **state)
{
	tlspeer_config server = ec_server(0, 13);
	pair *p;
	char text[16];
	size_t n;

	(void)state;
	server.tickets = 3;
	p = connect_pair(server, client(EMAIL_TLS_1_2));
	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	assert_int_equal(email__tls_read(p->tls, (unsigned char *)text, sizeof text, &n, &p->error),
	                 EMAIL__TLS_WANT_READ);
	assert_int_equal(tlspeer_write(p->peer, "220", 3), 3);
	assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_DONE);
	assert_int_equal(n, 3);
	free_pair(p);
}

static void
client_certificate(void **state)
{
	static const int versions[] = {12, 13};
	static char key[1024], certificate[4096];
	email__client_key own = {(unsigned char *)certificate, (unsigned char *)key, 0, 0};
	size_t i;

	(void)state;
	assert_int_equal(pki_key_pem(client_key, key, sizeof key), 0);
	certificate[0] = '\0';
	assert_int_equal(pki_pem_add(certificate, sizeof certificate, &client_cert), 0);
	own.key_len = strlen(key) + 1;
	own.certificates_len = strlen(certificate) + 1;
	for (i = 0; i < 2; i++) {
		tlspeer_config server = ec_server(0, versions[i]);
		email__tls_config config = client(EMAIL_TLS_1_2);
		email_error e = {0};
		char text[16];
		size_t n;
		pair *p;

		server.need_client = true;
		server.client_root = &ca;
		config.client = &own;
		p = connect_pair(server, config);
		assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
		assert_true(tlspeer_saw_client_certificate(p->peer));
		free_pair(p);

		/* without one it ends: at once in 1.2, with the first read in 1.3. (mbedTLS's server closes
		 * without an alert in 1.2, and encrypts it with the wrong key in 1.3.) */
		config.client = NULL;
		p = connect_pair(server, config);
		if (shake(p, NULL) == EMAIL__TLS_DONE)
			assert_int_equal(client_reads(p, text, sizeof text, &n), EMAIL__TLS_FAILED);
		assert_int_equal(p->error.code, EMAIL_E_TLS);
		free_pair(p);

		/* a key that is none */
		config.client =
			&(email__client_key){(unsigned char *)certificate, (const unsigned char *)"no key",
		                             own.certificates_len, 7};
		assert_null(email__tls_new(&config, &(email__bio){0}, &e));
		assert_int_equal(e.code, EMAIL_E_CERTIFICATE);
	}
}

static void
large_writes_go_record_by_record(void **state)
{
	static unsigned char big[40000], got[40000];
	pair *p = connect_pair(ec_server(0, 0), client(EMAIL_TLS_1_2));
	size_t at = 0, n, received = 0;

	(void)state;
	memset(big, 'x', sizeof big);
	assert_int_equal(shake(p, NULL), EMAIL__TLS_DONE);
	while (at < sizeof big) {
		assert_int_equal(email__tls_write(p->tls, big + at, sizeof big - at, &n, &p->error),
		                 EMAIL__TLS_DONE);
		assert_true(n > 0 && n <= 16384);
		at += n;
	}
	while (received < sizeof big) {
		int rc = server_reads(p, (char *)got + received, (int)(sizeof got - received));

		assert_true(rc > 0);
		received += (size_t)rc;
	}
	assert_memory_equal(big, got, sizeof big);
	free_pair(p);
}

static void
no_memory(void **state)
{
	static char key[1024], certificate[4096];
	email__client_key own = {(unsigned char *)certificate, (unsigned char *)key, 0, 0};
	email__tls_config config = client(EMAIL_TLS_1_2);
	email__bio bio = {client_send, client_recv, NULL};
	size_t n;

	(void)state;
	assert_int_equal(pki_key_pem(client_key, key, sizeof key), 0);
	certificate[0] = '\0';
	assert_int_equal(pki_pem_add(certificate, sizeof certificate, &client_cert), 0);
	own.key_len = strlen(key) + 1;
	own.certificates_len = strlen(certificate) + 1;
	config.client = &own;
	for (n = 1;; n++) {
		email_error e = {0};
		email__tls *tls;

		email_test_fail_alloc(n);
		tls = email__tls_new(&config, &bio, &e);
		if (!email_test_alloc_failed()) {
			assert_non_null(tls);
			email__tls_free(tls);
			break;
		}
		assert_null(tls);
		assert_int_equal(e.code, EMAIL_E_MEMORY);
		assert_int_equal(email_test_blocks(), 0);
	}
	assert_true(n > 2);
	email_test_fail_alloc_off();
	email__tls_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talks_1_2_and_1_3),
		cmocka_unit_test(talks_by_single_bytes),
		cmocka_unit_test(floor_and_cap),
		cmocka_unit_test(no_sni_for_an_address),
		cmocka_unit_test(judge_alone_accepts),
		cmocka_unit_test(refused_peer_gets_nothing),
		cmocka_unit_test(no_judge_no_connection),
		cmocka_unit_test(chain_too_long),
		cmocka_unit_test(unreadable_certificate_is_a_matter_of_trust),
		cmocka_unit_test(minimum_above_the_server),
		cmocka_unit_test(end_in_the_handshake),
		cmocka_unit_test(other_handshake_failures),
		cmocka_unit_test(changed_bytes),
		cmocka_unit_test(clean_end_and_truncation),
		cmocka_unit_test(resumes),
		cmocka_unit_test(does_not_resume),
		cmocka_unit_test(tickets_are_passed_over),
		cmocka_unit_test(client_certificate),
		cmocka_unit_test(large_writes_go_record_by_record),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
