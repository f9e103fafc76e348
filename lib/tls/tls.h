/* SPDX-License-Identifier: MIT */
/*
 * TLS as a byte filter over mbedTLS: plain bytes on one side, records on the other, through two
 * functions that the driver lends (a socket in life, buffers in tests). With trust and crypto the only
 * room that sees mbedTLS; nothing of it shows in this header.
 *
 * The filter never decides whom to trust: during the handshake it hands the peer's chain to the judge,
 * exactly once, and a chain that the judge refuses ends the handshake with an alert. What sends the
 * first byte of protocol afterwards asks email__tls_verdict().
 */
#ifndef EMAIL__TLS_TLS_H
#define EMAIL__TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/account.h>
#include <emailservice/error.h>

#include "base/limits.h"

/* The peer's certificates as sent, leaf first, each in DER. */
typedef struct email__chain {
	size_t count;
	struct {
		const unsigned char *der;
		size_t len;
	} certificate[EMAIL__CHAIN_MAX];
} email__chain;

/* EMAIL_OK: accepted. Anything else refuses; the judge keeps its own record of why. */
typedef email_code (*email__judge_fn)(void *context, const email__chain *chain);

typedef enum email__tls_io {
	EMAIL__TLS_DONE,      /* done as far as asked; see *n */
	EMAIL__TLS_WANT_READ, /* nothing more until the transport has bytes */
	EMAIL__TLS_WANT_WRITE, /* nothing more until the transport takes bytes; call again with the same bytes */
	EMAIL__TLS_CLOSED,     /* the peer closed cleanly (close_notify) */
	EMAIL__TLS_TRUNCATED, /* the transport ended without close_notify */
	EMAIL__TLS_FAILED /* error has it; only _free and _verdict after this, but where it was the transport
	                          that failed while writing: what the peer said before may still be read */
} email__tls_io;

/*
 * The transport below: bytes moved, or one of these.
 */
#define EMAIL__BIO_AGAIN (-1)
#define EMAIL__BIO_FAILED (-2)
typedef struct email__bio {
	long (*send)(void *context, const unsigned char *p, size_t n);
	long (*recv)(void *context, unsigned char *p, size_t n); /* 0: the end */
	void *context;
} email__bio;

/* The client certificate and key shown where the server asks; PEM or DER. PEM ends in a NUL, which its length
 * counts. Read by email__tls_new() only. */
typedef struct email__client_key {
	const unsigned char *certificates, *key;
	size_t certificates_len, key_len;
} email__client_key;

/*
 * What lets a later connection to the same server do without its certificate (RFC 5077, RFC 8446 2.2). A
 * secret, wiped when freed. Who lends one vouches for it: a resumed handshake passes no judge, so the verdict
 * of the connection that it came from counts again. Only a chain that was accepted may be lent.
 */
typedef struct email__tls_session email__tls_session;
void email__tls_session_free(email__tls_session *session);
/* The not-after of the leaf that was judged. */
int64_t email__tls_session_not_after(const email__tls_session *session);

typedef struct email__tls_config {
	const char *server_name; /* SNI; NULL or "" for an address (RFC 6066 3) */
	email_tls_version min;   /* raised to the library's own floor */
	bool cap_1_2;            /* offer no more than 1.2: the second try of email__tls_retry_1_2() */
	email__judge_fn judge;
	void *judge_context;
	const email__client_key *client;  /* or NULL */
	bool keep_session;                /* for email__tls_take_session() */
	const email__tls_session *resume; /* lent, read by email__tls_new() only; or NULL */
} email__tls_config;

typedef struct email__tls email__tls;

/* The lowest version that the TLS library itself speaks. */
email_tls_version email__tls_floor(void);

/* NULL with *error filled: no memory, no entropy, or a client key that does not parse. */
email__tls *email__tls_new(const email__tls_config *config, const email__bio *bio, email_error *error);
void email__tls_free(email__tls *tls);

email__tls_io email__tls_handshake(email__tls *tls, email_error *error);
/* *n bytes were taken, of one record at most. */
email__tls_io email__tls_write(email__tls *tls, const unsigned char *p, size_t len, size_t *n,
                               email_error *error);
email__tls_io email__tls_read(email__tls *tls, unsigned char *p, size_t len, size_t *n, email_error *error);
/* Decrypted bytes wait inside: read before waiting on the transport. */
bool email__tls_pending(const email__tls *tls);
/* Sends close_notify as far as the transport takes it at once. */
void email__tls_close(email__tls *tls);

/* EMAIL_OK only once a handshake is done and its peer was accepted: by the judge, or, resumed, by whoever
 * lent the session. */
email_code email__tls_verdict(const email__tls *tls);
/* The server took up the session that was lent; the judge was not asked. */
bool email__tls_resumed(const email__tls *tls);
/* The newest session of this connection, for the caller to free; NULL: none, or taken already. */
email__tls_session *email__tls_take_session(email__tls *tls);
/* True where the failure is the known one of some library versions that a handshake capped at 1.2
 * cures (and 1.2 is allowed): connect again with cap_1_2. */
bool email__tls_retry_1_2(const email__tls *tls);

/* Of the finished handshake: "TLSv1.3", "TLS1-3-CHACHA20-POLY1305-SHA256"; "" before. */
const char *email__tls_version_name(const email__tls *tls);
const char *email__tls_cipher_suite(const email__tls *tls);
/* The leaf's not-after, seconds since 1970; 0 before. */
int64_t email__tls_not_after(const email__tls *tls);

#endif
