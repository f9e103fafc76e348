/* SPDX-License-Identifier: MIT */
/*
 * The filter over mbedTLS 3.6 and 4.x.
 *
 * Who judges: mbedTLS is told that verification is optional and given no roots, and its verify callback
 * hands the chain to our judge when it gets to the leaf, which is in the middle of the handshake: before
 * anything of ours, a client certificate included, is sent. A refusal is an error of the callback, which
 * mbedTLS never overlooks: the handshake ends with an alert. After an acceptance the flags are cleared,
 * and what mbedTLS checks after the callback (key usage) cannot refuse under "optional" any more.
 *
 *     new -> handshake (judge) -> done: read, write -> close
 *                              \-> failed: verdict and free alone
 */
#include "tls/tls.h"

#include <string.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "tls/context.h"
#include "tls/reason.h"
#include "tls/resume.h"

/* 3.6 wants a random generator where 4.x takes PSA's by itself. */
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define KEY_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define KEY_RNG
#endif

/* --- limits --- */

/* An alert in the clear, as a record. */
#define ALERT_LEN 7
/* Tickets (RFC 8446 4.6.1) that one read passes over: servers send one or two, a flood is an attack. */
#define TICKETS_MAX 64 /* each counts twice */

/* --- what is offered --- */

/* Forward secrecy and AEAD only, in mbedTLS's order: ChaCha20 first, since it is the fastest in plain C.
 * Where the processor's AES may be used, AES-128-GCM is. */
static const int suites[] = {
#if defined __AES__ && defined __PCLMUL__
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
#endif
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	0,
};

/* PKCS#1 before PSS: 3.6.6 and 4.1.0 cannot take a PSS signature in TLS 1.2, and most servers choose by
 * our order. TLS 1.3 uses PSS whatever stands here (RFC 8446 4.2.3). */
static const uint16_t signatures[] = {
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
	MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
	MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
	MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,    MBEDTLS_TLS1_3_SIG_NONE,
};

/* --- the filter --- */

typedef enum state { HANDSHAKING, ESTABLISHED, FAILED } state;

/* The client certificate, where there is one. */
typedef struct own {
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
} own;

struct email__tls {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt no_roots;
	own *own;
	email__bio bio;
	email__judge_fn judge;
	void *judge_context;
	email_tls_version min;
	state state;
	bool judged;        /* the judge was asked; it is asked once */
	email_code verdict; /* its word */
	bool offered, resumed;
	bool keep;                   /* sessions are kept */
	email__tls_session *session; /* the newest */
	size_t heard;                /* bytes that came */
	bool retry_1_2;
	size_t unsent; /* bytes in a record that the transport has not taken whole */
	int64_t not_after;
};

email_tls_version
email__tls_floor(void)
{
	return EMAIL_TLS_1_2;
}

/* --- the transport --- */

static int
bio_send(void *context, const unsigned char *p, size_t n)
{
	email__tls *tls = context;
	long moved = tls->bio.send(tls->bio.context, p, n);

	if (moved > 0)
		return (int)moved;
	return moved == EMAIL__BIO_FAILED ? MBEDTLS_ERR_NET_SEND_FAILED : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int
bio_recv(void *context, unsigned char *p, size_t n)
{
	email__tls *tls = context;
	long moved = tls->bio.recv(tls->bio.context, p, n);

	if (moved > 0)
		tls->heard += (size_t)moved;
	if (moved >= 0)
		return (int)moved;
	return moved == EMAIL__BIO_FAILED ? MBEDTLS_ERR_NET_RECV_FAILED : MBEDTLS_ERR_SSL_WANT_READ;
}

/* --- the judge --- */

static int64_t
seconds(const mbedtls_x509_time *t)
{
	int64_t day = email__calendar_days(t->year, t->mon, t->day);

	return ((day * 24 + t->hour) * 60 + t->min) * 60 + t->sec;
}

static email_code
ask_judge(email__tls *tls, const mbedtls_x509_crt *leaf)
{
	email__chain chain = {0};
	const mbedtls_x509_crt *crt;

	if (tls->judged || !tls->judge)
		return EMAIL_E_TRUST;
	tls->judged = true;
	tls->not_after = seconds(&leaf->valid_to);
	for (crt = leaf; crt; crt = crt->next) {
		/* a certificate that mbedTLS passed over (unknown algorithm) leaves an empty place */
		if (!crt->raw.p || chain.count == EMAIL__CHAIN_MAX)
			return EMAIL_E_TRUST;
		chain.certificate[chain.count].der = crt->raw.p;
		chain.certificate[chain.count++].len = crt->raw.len;
	}
	return tls->judge(tls->judge_context, &chain);
}

/* Called from the root down (depth n to 0); the leaf has the whole chain behind it, as it was sent. */
static int
on_certificate(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	email__tls *tls = context;

	*flags = 0;
	if (depth > 0)
		return 0;
	tls->verdict = ask_judge(tls, crt);
	return tls->verdict == EMAIL_OK ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
}

email_code
email__tls_verdict(const email__tls *tls)
{
	if (tls->judged && tls->verdict != EMAIL_OK)
		return tls->verdict;
	return (tls->judged || tls->resumed) && tls->state == ESTABLISHED ? EMAIL_OK : EMAIL_E_TRUST;
}

/* --- sessions --- */

static void
keep_session(email__tls *tls)
{
	email__tls_session_free(tls->session);
	tls->session = tls->keep ? email__tls_session_save(&tls->ssl, tls->not_after) : NULL;
}

/* A ticket comes in two steps: "nothing more", although it lies there, and then its name. To wait after the
 * first would be to wait for what came with it. */
static bool
is_ticket(email__tls *tls, int rc)
{
	if (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
		keep_session(tls);
		return true;
	}
	return rc == MBEDTLS_ERR_SSL_WANT_READ && mbedtls_ssl_check_pending(&tls->ssl);
}

bool
email__tls_resumed(const email__tls *tls)
{
	return tls->state == ESTABLISHED && tls->resumed;
}

email__tls_session *
email__tls_take_session(email__tls *tls)
{
	email__tls_session *session = tls->session;

	tls->session = NULL;
	return session;
}

/* --- making and freeing --- */

static email_code
failed_setup(int rc, email_error *e)
{
	if (email__tls_code_is_memory(rc))
		return email__error_memory(e, EMAIL_STAGE_TLS_HANDSHAKE);
	email__error_set(e, EMAIL_E_TLS, EMAIL_STAGE_TLS_HANDSHAKE, "TLS could not be set up (code -0x%04X)",
	                 (unsigned)-rc);
	if (e && !e->tls)
		e->tls = rc;
	return EMAIL_E_TLS;
}

static email_code
take_client_key(email__tls *tls, const email__client_key *client, email_error *e)
{
	int rc;

	if (!client)
		return EMAIL_OK;
	tls->own = email__new(own);
	if (!tls->own)
		return email__error_memory(e, EMAIL_STAGE_TLS_HANDSHAKE);
	mbedtls_x509_crt_init(&tls->own->chain);
	mbedtls_pk_init(&tls->own->key);
	/* above 0 is the number of certificates that were skipped */
	rc = mbedtls_x509_crt_parse(&tls->own->chain, client->certificates, client->certificates_len);
	if (rc == 0)
		rc = mbedtls_pk_parse_key(&tls->own->key, client->key, client->key_len, NULL, 0 KEY_RNG);
	if (rc == 0)
		rc = mbedtls_ssl_conf_own_cert(&tls->conf, &tls->own->chain, &tls->own->key);
	if (rc == 0)
		return EMAIL_OK;
	if (email__tls_code_is_memory(rc))
		return email__error_memory(e, EMAIL_STAGE_TLS_HANDSHAKE);
	email__error_set(e, EMAIL_E_CERTIFICATE, EMAIL_STAGE_TLS_HANDSHAKE,
	                 "the client certificate or its key could not be read");
	if (e && !e->tls)
		e->tls = rc;
	return EMAIL_E_CERTIFICATE;
}

static email_code
configure(email__tls *tls, const email__tls_config *config, email_error *e)
{
	bool name = config->server_name && config->server_name[0];
	int rc = mbedtls_ssl_config_defaults(&tls->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
	                                     MBEDTLS_SSL_PRESET_DEFAULT);

	if (rc)
		return failed_setup(rc, e);
#if MBEDTLS_VERSION_NUMBER < 0x04000000
	mbedtls_ssl_conf_rng(&tls->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#endif
	mbedtls_ssl_conf_min_tls_version(&tls->conf, tls->min == EMAIL_TLS_1_3 ? MBEDTLS_SSL_VERSION_TLS1_3
	                                                                       : MBEDTLS_SSL_VERSION_TLS1_2);
	if (config->cap_1_2)
		mbedtls_ssl_conf_max_tls_version(&tls->conf, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_ciphersuites(&tls->conf, suites);
	mbedtls_ssl_conf_sig_algs(&tls->conf, signatures);
	mbedtls_ssl_conf_authmode(&tls->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
	mbedtls_ssl_conf_ca_chain(&tls->conf, &tls->no_roots, NULL);
	mbedtls_ssl_conf_verify(&tls->conf, on_certificate, tls);
	email__tls_session_ask(&tls->conf, tls->keep);
	if (take_client_key(tls, config->client, e))
		return EMAIL_E_CERTIFICATE;
	/* the name is for SNI only; without the call mbedTLS refuses to verify, NULL says "none" */
	if ((rc = mbedtls_ssl_setup(&tls->ssl, &tls->conf)) ||
	    (rc = mbedtls_ssl_set_hostname(&tls->ssl, name ? config->server_name : NULL)))
		return failed_setup(rc, e);
	mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_recv, NULL);
	if (config->resume && email__tls_session_offer(&tls->ssl, config->resume)) {
		tls->offered = true;
		tls->not_after = email__tls_session_not_after(config->resume);
	}
	return EMAIL_OK;
}

email__tls *
email__tls_new(const email__tls_config *config, const email__bio *bio, email_error *error)
{
	email__tls *tls;

	if (email__crypto_init(error, EMAIL_STAGE_TLS_HANDSHAKE))
		return NULL;
	tls = email__new(email__tls);
	if (!tls) {
		email__error_memory(error, EMAIL_STAGE_TLS_HANDSHAKE);
		return NULL;
	}
	mbedtls_ssl_init(&tls->ssl);
	mbedtls_ssl_config_init(&tls->conf);
	mbedtls_x509_crt_init(&tls->no_roots);
	tls->bio = *bio;
	tls->judge = config->judge;
	tls->judge_context = config->judge_context;
	tls->keep = config->keep_session;
	tls->min = config->min < email__tls_floor() ? email__tls_floor() : config->min;
	if (configure(tls, config, error) == EMAIL_OK)
		return tls;
	email__tls_free(tls);
	return NULL;
}

void
email__tls_free(email__tls *tls)
{
	if (!tls)
		return;
	mbedtls_ssl_free(&tls->ssl);
	mbedtls_ssl_config_free(&tls->conf);
	mbedtls_x509_crt_free(&tls->no_roots);
	email__tls_session_free(tls->session);
	if (tls->own) {
		mbedtls_x509_crt_free(&tls->own->chain);
		mbedtls_pk_free(&tls->own->key);
		email__free(tls->own);
	}
	email__free(tls);
}

/* --- failures --- */

/*
 * Servers with no version in common say so by the alert for it (Postfix), by "handshake failure" (those that
 * never heard of TLS 1.3, and find none of their cipher suites), or just close (Dovecot). The latter two are
 * guesses, made only where the account asks for more than every server has, and where it was the first that
 * the server had to say.
 */
typedef enum version_failure { NO_VERSION_FAILURE, VERSION_SAID, VERSION_GUESSED } version_failure;

static version_failure
version_failure_of(const email__tls *tls, int rc)
{
	bool strict = tls->min > email__tls_floor();
	int alert = rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? email__tls_alert_of(&tls->ssl) : -1;
	bool ended = rc == MBEDTLS_ERR_SSL_CONN_EOF || rc == MBEDTLS_ERR_NET_RECV_FAILED ||
	             rc == MBEDTLS_ERR_NET_SEND_FAILED;

	if (rc == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION || alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION)
		return VERSION_SAID;
	if (strict && ended && tls->heard == 0)
		return VERSION_GUESSED;
	if (strict && alert == MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE && tls->heard <= ALERT_LEN)
		return VERSION_GUESSED;
	return NO_VERSION_FAILURE;
}

static void
describe_version(const email__tls *tls, version_failure failure, email_error *e)
{
	email__error_set(e, EMAIL_E_TLS_VERSION, EMAIL_STAGE_TLS_HANDSHAKE,
	                 failure == VERSION_SAID ? "the server does not speak %s"
	                                         : "the server ended the handshake when %s was asked for",
	                 tls->min == EMAIL_TLS_1_3 ? "TLS 1.3" : "TLS 1.2 or higher");
	if (tls->min > email__tls_floor())
		email__error_remedy(e, "%sset tlsMinProtocol to TLSv1.2+, or update the server",
		                    failure == VERSION_SAID ? ""
		                                            : "it probably speaks older versions only: ");
	else
		email__error_remedy(e, "update the server: nothing below TLS 1.2 is spoken");
}

static void
describe_handshake(const email__tls *tls, int rc, email_error *e)
{
	const email_stage stage = EMAIL_STAGE_TLS_HANDSHAKE;
	version_failure version = version_failure_of(tls, rc);

	if (tls->judged && tls->verdict != EMAIL_OK) {
		email__error_set(e, tls->verdict, EMAIL_STAGE_TRUST,
		                 "the server's certificate was not accepted");
	} else if (email__tls_code_is_memory(rc)) {
		email__error_memory(e, stage);
	} else if (version != NO_VERSION_FAILURE) {
		describe_version(tls, version, e);
	} else if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		int alert = email__tls_alert_of(&tls->ssl);
		const char *remedy = email__tls_alert_remedy(alert);

		email__error_set(e, EMAIL_E_TLS, stage, "the server refused the TLS handshake: %s (alert %d)",
		                 email__tls_alert_text(alert), alert);
		if (remedy)
			email__error_remedy(e, "%s", remedy);
	} else if (!tls->judged && email__tls_code_is_certificate(rc)) {
		email__error_set(e, EMAIL_E_TRUST, EMAIL_STAGE_TRUST,
		                 "the server's certificate is malformed, or needs what is not supported");
		email__error_remedy(e, "renew the server's certificate");
	} else {
		email__error_set(e, EMAIL_E_TLS, stage, "the TLS handshake failed: %s (code -0x%04X)",
		                 email__tls_code_text(rc), (unsigned)-rc);
	}
}

/* 3.6.6 and 4.1.0 refuse a PSS signature in a TLS 1.2 handshake that could have been 1.3. */
static bool
is_pss_defect(const email__tls *tls, int rc)
{
	unsigned version = mbedtls_version_get_number();

	return rc == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER && tls->min <= EMAIL_TLS_1_2 &&
	       (version == 0x03060600 || version == 0x04010000) &&
	       mbedtls_ssl_get_version_number(&tls->ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
}

bool
email__tls_retry_1_2(const email__tls *tls)
{
	return tls->retry_1_2;
}

static email__tls_io
fail(email__tls *tls, int rc, email_error *e)
{
	bool first = e && e->code == EMAIL_OK;

	if (tls->state == HANDSHAKING) {
		tls->retry_1_2 = is_pss_defect(tls, rc);
		describe_handshake(tls, rc, e);
	} else if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		/* TLS 1.3 tells only now that it wanted a client certificate */
		int alert = email__tls_alert_of(&tls->ssl);
		const char *remedy = email__tls_alert_remedy(alert);

		email__error_set(e, EMAIL_E_TLS, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "the server ended TLS: %s (alert %d)", email__tls_alert_text(alert), alert);
		if (remedy)
			email__error_remedy(e, "%s", remedy);
	} else if (email__tls_code_is_memory(rc)) {
		email__error_memory(e, EMAIL_STAGE_TLS_HANDSHAKE);
	} else {
		email__error_set(e, EMAIL_E_TLS, EMAIL_STAGE_TLS_HANDSHAKE,
		                 "the TLS connection failed: %s (code -0x%04X)", email__tls_code_text(rc),
		                 (unsigned)-rc);
	}
	if (first)
		e->tls = rc;
	/* the transport takes no more, but what the server said before lies there still */
	if (tls->state == HANDSHAKING || rc != MBEDTLS_ERR_NET_SEND_FAILED)
		tls->state = FAILED;
	return EMAIL__TLS_FAILED;
}

static email__tls_io
not_now(email_error *e)
{
	email__error_set(e, EMAIL_E_USAGE, EMAIL_STAGE_TLS_HANDSHAKE, "TLS is not in a state for this");
	return EMAIL__TLS_FAILED;
}

/* --- handshake, reading, writing --- */

email__tls_io
email__tls_handshake(email__tls *tls, email_error *error)
{
	int rc;

	if (tls->state == ESTABLISHED)
		return EMAIL__TLS_DONE;
	if (tls->state == FAILED)
		return not_now(error);
	rc = mbedtls_ssl_handshake(&tls->ssl);
	if (rc == MBEDTLS_ERR_SSL_WANT_READ)
		return EMAIL__TLS_WANT_READ;
	if (rc == MBEDTLS_ERR_SSL_WANT_WRITE)
		return EMAIL__TLS_WANT_WRITE;
	/* without certificate it was one of TLS 1.2 with the session's master secret, or of 1.3 with its ticket's
	 * key: no suite that is offered does without both */
	tls->resumed = rc == 0 && tls->offered && !tls->judged;
	/* no certificate, no judge, no connection; whatever the library thinks of it */
	if (rc == 0 && !tls->resumed && !(tls->judged && tls->verdict == EMAIL_OK)) {
		tls->judged = true;
		tls->verdict = EMAIL_E_TRUST;
		rc = MBEDTLS_ERR_SSL_BAD_CERTIFICATE;
	}
	if (rc != 0)
		return fail(tls, rc, error);
	tls->state = ESTABLISHED;
	/* TLS 1.3 has its tickets later */
	if (mbedtls_ssl_get_version_number(&tls->ssl) == MBEDTLS_SSL_VERSION_TLS1_2)
		keep_session(tls);
	return EMAIL__TLS_DONE;
}

email__tls_io
email__tls_write(email__tls *tls, const unsigned char *p, size_t len, size_t *n, email_error *error)
{
	int rc;

	*n = 0;
	if (tls->state != ESTABLISHED)
		return not_now(error);
	if (len == 0)
		return EMAIL__TLS_DONE;
	/* the record is made already: a longer call would be told that all of its bytes were in it */
	if (tls->unsent && tls->unsent < len)
		len = tls->unsent;
	rc = mbedtls_ssl_write(&tls->ssl, p, len);
	tls->unsent = rc >= 0 ? 0 : len;
	if (rc >= 0) {
		*n = (size_t)rc;
		return EMAIL__TLS_DONE;
	}
	if (rc == MBEDTLS_ERR_SSL_WANT_WRITE)
		return EMAIL__TLS_WANT_WRITE;
	if (rc == MBEDTLS_ERR_SSL_WANT_READ)
		return EMAIL__TLS_WANT_READ;
	return fail(tls, rc, error);
}

email__tls_io
email__tls_read(email__tls *tls, unsigned char *p, size_t len, size_t *n, email_error *error)
{
	int rc, tickets = 0;

	*n = 0;
	if (tls->state != ESTABLISHED)
		return not_now(error);
	do
		rc = mbedtls_ssl_read(&tls->ssl, p, len);
	while (is_ticket(tls, rc) && ++tickets < TICKETS_MAX);
	if (rc > 0) {
		*n = (size_t)rc;
		return EMAIL__TLS_DONE;
	}
	if (rc == 0)
		return EMAIL__TLS_TRUNCATED;
	if (rc == MBEDTLS_ERR_SSL_WANT_READ)
		return EMAIL__TLS_WANT_READ;
	if (rc == MBEDTLS_ERR_SSL_WANT_WRITE)
		return EMAIL__TLS_WANT_WRITE;
	if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return EMAIL__TLS_CLOSED;
	return fail(tls, rc, error);
}

bool
email__tls_pending(const email__tls *tls)
{
	return tls->state == ESTABLISHED && mbedtls_ssl_check_pending(&tls->ssl);
}

void
email__tls_close(email__tls *tls)
{
	if (tls->state != ESTABLISHED)
		return;
	(void)mbedtls_ssl_close_notify(&tls->ssl);
	tls->state = FAILED;
}

/* --- what was agreed on --- */

mbedtls_ssl_context *
email__tls_context(email__tls *tls)
{
	return &tls->ssl;
}

const char *
email__tls_version_name(const email__tls *tls)
{
	return tls->state == ESTABLISHED ? mbedtls_ssl_get_version(&tls->ssl) : "";
}

const char *
email__tls_cipher_suite(const email__tls *tls)
{
	const char *name = tls->state == ESTABLISHED ? mbedtls_ssl_get_ciphersuite(&tls->ssl) : NULL;

	return name ? name : "";
}

int64_t
email__tls_not_after(const email__tls *tls)
{
	return tls->state == ESTABLISHED ? tls->not_after : 0;
}
