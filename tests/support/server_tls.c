/* SPDX-License-Identifier: MIT */
/* The server's side of TLS, with mbedTLS. */
#include <stdio.h>
#include <string.h>

#include <mbedtls/error.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>

#include "server_internal.h"

/* mbedTLS does not tell a server that it resumed; the ticket callback runs on the connection's thread. */
static _Thread_local bool ticket_taken;

static int
parse_ticket(void *tickets, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
	int rc = mbedtls_ssl_ticket_parse(tickets, session, buf, len);
	ticket_taken = rc == 0;
	return rc;
}

static int
fail(char *why, size_t size, const char *what, int rc)
{
	char text[128];
	mbedtls_strerror(rc, text, sizeof text);
	(void)snprintf(why, size, "%s: %s", what, text);
	return -1;
}

static int
load(email_test_server *s, char *why, size_t size)
{
	const email_test_server_options *o = &s->o;
	int rc;

	if (!o->cert || !o->key) {
		(void)snprintf(why, size, "TLS needs --cert and --key");
		return -1;
	}
	if ((rc = mbedtls_x509_crt_parse_file(&s->cert, o->cert)) != 0)
		return fail(why, size, o->cert, rc);
	if ((rc = mbedtls_pk_parse_keyfile(&s->key, o->key, NULL, mbedtls_psa_get_random,
	                                   MBEDTLS_PSA_RANDOM_STATE)) != 0)
		return fail(why, size, o->key, rc);
	if ((rc = mbedtls_ssl_conf_own_cert(&s->conf, &s->cert, &s->key)) != 0)
		return fail(why, size, "certificate", rc);
	if (o->client_ca) {
		if ((rc = mbedtls_x509_crt_parse_file(&s->client_ca, o->client_ca)) != 0)
			return fail(why, size, o->client_ca, rc);
		mbedtls_ssl_conf_ca_chain(&s->conf, &s->client_ca, NULL);
		mbedtls_ssl_conf_authmode(&s->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	}
	return 0;
}

int
email_test_tls_setup(email_test_server *s, char *why, size_t size)
{
	int rc;

	if (psa_crypto_init() != PSA_SUCCESS)
		return fail(why, size, "psa_crypto_init", 0);
	mbedtls_ssl_config_init(&s->conf);
	mbedtls_x509_crt_init(&s->cert);
	mbedtls_x509_crt_init(&s->client_ca);
	mbedtls_pk_init(&s->key);
	mbedtls_ssl_ticket_init(&s->tickets);
	s->tls_ready = true;
	rc = mbedtls_ssl_config_defaults(&s->conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
	                                 MBEDTLS_SSL_PRESET_DEFAULT);
	if (rc)
		return fail(why, size, "TLS configuration", rc);
	mbedtls_ssl_conf_rng(&s->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_ssl_conf_min_tls_version(&s->conf, s->o.tls_min == 3 ? MBEDTLS_SSL_VERSION_TLS1_3
	                                                             : MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(&s->conf, s->o.tls_max == 2 ? MBEDTLS_SSL_VERSION_TLS1_2
	                                                             : MBEDTLS_SSL_VERSION_TLS1_3);
	if (!s->o.no_tickets) {
		rc = mbedtls_ssl_ticket_setup(&s->tickets, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE,
		                              MBEDTLS_CIPHER_AES_256_GCM, 3600);
		if (rc)
			return fail(why, size, "session tickets", rc);
		mbedtls_ssl_conf_session_tickets_cb(&s->conf, mbedtls_ssl_ticket_write, parse_ticket,
		                                    &s->tickets);
	}
	return load(s, why, size);
}

void
email_test_tls_dispose(email_test_server *s)
{
	if (!s->tls_ready)
		return;
	mbedtls_ssl_config_free(&s->conf);
	mbedtls_x509_crt_free(&s->cert);
	mbedtls_x509_crt_free(&s->client_ca);
	mbedtls_pk_free(&s->key);
	mbedtls_ssl_ticket_free(&s->tickets);
}

/* RFC 8446 6.2. A client that refuses a TLS 1.3 server's certificate has no keys to send with yet (A.1), so
 * its alert comes in the clear, which mbedTLS takes for a record that it cannot decrypt. */
static void
log_failure(conn *c, int rc)
{
	static const struct {
		unsigned char code;
		const char *name;
	} alerts[] = {
		{40, "handshake_failure"},   {42, "bad_certificate"},     {43, "unsupported_certificate"},
		{44, "certificate_revoked"}, {45, "certificate_expired"}, {46, "certificate_unknown"},
		{48, "unknown_ca"},          {49, "access_denied"},       {70, "protocol_version"}};
	static const unsigned char fatal[] = {21, 3, 3, 0, 2, 2};
	unsigned char code = c->tail[6];
	const char *name = "";
	char text[160];

	if (memcmp(c->tail, fatal, sizeof fatal) != 0) {
		mbedtls_strerror(rc, text, sizeof text);
		email_test_log(c, "handshake failed: %s", text);
		return;
	}
	for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
		if (alerts[i].code == code)
			name = alerts[i].name;
	email_test_log(c, "handshake failed: the client refused it, alert %d %s", code, name);
}

bool
email_test_tls_accept(conn *c)
{
	int rc;

	ticket_taken = false;
	mbedtls_ssl_init(&c->ssl);
	rc = mbedtls_ssl_setup(&c->ssl, &c->s->conf);
	if (!rc) {
		mbedtls_ssl_set_bio(&c->ssl, c, email_test_bio_send, email_test_bio_recv, NULL);
		do
			rc = mbedtls_ssl_handshake(&c->ssl);
		while (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE);
	}
	if (rc) {
		log_failure(c, rc);
		c->n.refused++;
		mbedtls_ssl_free(&c->ssl);
		return false;
	}
	c->tls = true;
	c->n.handshakes++;
	c->n.resumed += ticket_taken;
	email_test_log(c, "handshake %s %s%s", mbedtls_ssl_get_version(&c->ssl),
	               mbedtls_ssl_get_ciphersuite(&c->ssl), ticket_taken ? " resumed" : "");
	return true;
}
