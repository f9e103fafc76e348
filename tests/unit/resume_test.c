/* SPDX-License-Identifier: MIT */
/* Sessions as bytes: from one real handshake into the next. When they are kept at all is tls_test's and resumable_test's. */
#include "support/cm.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <emailservice/log.h>

#include "crypto/crypto.h"
#include "support/failalloc.h"
#include "support/tlspeer.h"
#include "tls/resume.h"

#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#include <mbedtls/psa_util.h>
#endif

static pki_cert certificate;
static pki_key *key;

static int
make_certificate(void **state)
{
	pki_spec spec = pki_server("CN=localhost", "DNS:localhost");

	(void)state;
	key = pki_key_new(PKI_EC_P256);
	return key ? pki_issue(&certificate, &spec, key, NULL, NULL) : -1;
}

static int
free_certificate(void **state)
{
	(void)state;
	pki_key_free(key);
	return 0;
}

/* A client by hand, and the server in a thread: the same for each handshake, so that it knows its sessions. */
typedef struct rig {
	int fd[2], version;
	mbedtls_ssl_config conf;
	mbedtls_ssl_context ssl;
	tlspeer *server, *before;
	pthread_t thread;
	unsigned shown; /* certificates: none in a resumed handshake */
} rig;

static int
put(void *context, const unsigned char *p, size_t n)
{
	return (int)send(*(int *)context, p, n, MSG_NOSIGNAL);
}

static int
get(void *context, unsigned char *p, size_t n)
{
	return (int)recv(*(int *)context, p, n, 0);
}

static void *
serve(void *context)
{
	rig *r = context;
	char bytes[16];

	if (tlspeer_handshake(r->server) == 0)
		(void)tlspeer_write(r->server, "hello", 5);
	(void)tlspeer_read(r->server, bytes, sizeof bytes);
	return NULL;
}

static int
count_certificate(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	(void)crt;
	(void)depth;
	((rig *)context)->shown++;
	*flags = 0;
	return 0;
}

/* A handshake, resumed from `session` where that is given, as far as what is to be saved. True: it could be offered. */
static bool
visit(rig *r, int version, tlspeer *before, const email__tls_session *session, const char *name)
{
	tlspeer_config config = {.chain = &certificate,
	                         .chain_len = 1,
	                         .key = key,
	                         .min = version,
	                         .max = version,
	                         .tickets = 1,
	                         .tickets_of = before};
	unsigned char bytes[16];
	bool offered;
	int rc;

	memset(r, 0, sizeof *r);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, r->fd), 0);
	mbedtls_ssl_config_init(&r->conf);
	mbedtls_ssl_init(&r->ssl);
	assert_int_equal(mbedtls_ssl_config_defaults(&r->conf, MBEDTLS_SSL_IS_CLIENT,
	                                             MBEDTLS_SSL_TRANSPORT_STREAM,
	                                             MBEDTLS_SSL_PRESET_DEFAULT),
	                 0);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
	mbedtls_ssl_conf_rng(&r->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#endif
	mbedtls_ssl_conf_authmode(&r->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_verify(&r->conf, count_certificate, r);
	email__tls_session_ask(&r->conf, true);
	assert_int_equal(mbedtls_ssl_setup(&r->ssl, &r->conf), 0);
	assert_int_equal(mbedtls_ssl_set_hostname(&r->ssl, name), 0);
	mbedtls_ssl_set_bio(&r->ssl, &r->fd[0], put, get, NULL);
	offered = session && email__tls_session_offer(&r->ssl, session);
	r->server = tlspeer_new_fd(&config, r->fd[1]);
	assert_non_null(r->server);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
	do
		rc = mbedtls_ssl_handshake(&r->ssl);
	while (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	assert_int_equal(rc, 0);
	do
		rc = mbedtls_ssl_read(&r->ssl, bytes, sizeof bytes);
	while (rc == MBEDTLS_ERR_SSL_WANT_READ);
	/* TLS 1.3's ticket comes first, and is what is to be saved; the greeting is left */
	if (version == 13)
		assert_int_equal(rc, MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	return offered;
}

static void
leave(rig *r)
{
	shutdown(r->fd[0], SHUT_RDWR);
	pthread_join(r->thread, NULL);
	mbedtls_ssl_free(&r->ssl);
	mbedtls_ssl_config_free(&r->conf);
	tlspeer_free(r->server);
	close(r->fd[0]);
	close(r->fd[1]);
}

static void
a_session_goes_into_bytes_and_back(void **state)
{
	static const int versions[] = {12, 13};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		email__tls_session *session;
		rig first, second;

		(void)visit(&first, versions[i], NULL, NULL, "localhost");
		assert_true(first.shown > 0);
		session = email__tls_session_save(&first.ssl, 2000000000);
		assert_non_null(session);
		assert_int_equal(email__tls_session_not_after(session), 2000000000);
		assert_true(visit(&second, versions[i], first.server, session, "localhost"));
		assert_int_equal(second.shown, 0);
		leave(&second);
		email__tls_session_free(session);
		leave(&first);
	}
	email__tls_session_free(NULL);
}

static void
nothing_is_saved_of_no_handshake(void **state)
{
	mbedtls_ssl_context ssl;

	(void)state;
	mbedtls_ssl_init(&ssl);
	assert_null(email__tls_session_save(&ssl, 1));
	mbedtls_ssl_free(&ssl);
}

static unsigned char freed[4096];
static size_t freed_len;

/* One block, seen as it is given back. */
static void *
watching(void *context, void *p, size_t want)
{
	static unsigned char block[4096];

	(void)context;
	if (want == 0) {
		memcpy(freed, p, freed_len);
		return NULL;
	}
	assert_true(want <= sizeof block);
	freed_len = want;
	return block;
}

static void
it_is_wiped_and_want_of_memory_is_no_session(void **state)
{
	email__tls_session *session;
	size_t i;
	rig r;

	(void)state;
	(void)visit(&r, 12, NULL, NULL, "localhost");
	email_test_fail_alloc(1);
	assert_null(email__tls_session_save(&r.ssl, 1));
	assert_int_equal(email_test_blocks(), 0);
	email_set_allocator(watching, NULL);
	session = email__tls_session_save(&r.ssl, 1);
	if (session) {
		memset(freed, 0xAA, sizeof freed);
		email__tls_session_free(session);
		assert_true(freed_len > 100);
		for (i = 0; i < freed_len; i++)
			assert_int_equal(freed[i], 0);
	}
	email_test_fail_alloc_off();
	leave(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_goes_into_bytes_and_back),
		cmocka_unit_test(nothing_is_saved_of_no_handshake),
		cmocka_unit_test(it_is_wiped_and_want_of_memory_is_no_session),
	};

	return cmocka_run_group_tests(tests, make_certificate, free_certificate);
}
