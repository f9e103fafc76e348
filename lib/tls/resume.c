/* SPDX-License-Identifier: MIT */
/*
 * Sessions (RFC 5077, RFC 8446 2.2) as bytes: a parsed one would hold the server's certificate in pieces,
 * five times as large. They are secrets, and never leave memory.
 */
#include "tls/resume.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/wipe.h"

struct email__tls_session {
	int64_t not_after; /* the leaf's: a resumed handshake shows none */
	size_t len;
	unsigned char bytes[];
};

void
email__tls_session_ask(mbedtls_ssl_config *conf, bool on)
{
	mbedtls_ssl_conf_session_tickets(conf, on ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
	                                          : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#ifdef MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
	/* 3.6 passes over TLS 1.3's tickets without this; 4.x always tells */
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		conf, on ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
			 : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
#endif
}

email__tls_session *
email__tls_session_save(const mbedtls_ssl_context *ssl, int64_t not_after)
{
	mbedtls_ssl_session session;
	email__tls_session *saved = NULL;
	size_t len = 0;

	mbedtls_ssl_session_init(&session);
	if (mbedtls_ssl_get_session(ssl, &session) == 0)
		(void)mbedtls_ssl_session_save(&session, NULL, 0, &len); /* tells the length, by an error */
	if (len && len <= EMAIL__TLS_SESSION_MAX && (saved = email__alloc(sizeof *saved + len)) != NULL) {
		saved->not_after = not_after;
		saved->len = len;
		if (mbedtls_ssl_session_save(&session, saved->bytes, len, &len)) {
			email__tls_session_free(saved);
			saved = NULL;
		}
	}
	mbedtls_ssl_session_free(&session);
	return saved;
}

bool
email__tls_session_offer(mbedtls_ssl_context *ssl, const email__tls_session *saved)
{
	mbedtls_ssl_session session;
	bool fits;

	mbedtls_ssl_session_init(&session);
	fits = mbedtls_ssl_session_load(&session, saved->bytes, saved->len) == 0 &&
	       mbedtls_ssl_set_session(ssl, &session) == 0;
	mbedtls_ssl_session_free(&session);
	return fits;
}

int64_t
email__tls_session_not_after(const email__tls_session *session)
{
	return session->not_after;
}

void
email__tls_session_free(email__tls_session *session)
{
	if (!session)
		return;
	email__wipe(session, sizeof *session + session->len);
	email__free(session);
}
