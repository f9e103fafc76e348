/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a token endpoint: the forms of each grant, and how the client proves itself (RFC 6749 2.3 and 4.4,
 * RFC 7523 2, RFC 8628 3.1 and 3.4).
 */
#ifndef EMAIL__TOKEN_GRANT_H
#define EMAIL__TOKEN_GRANT_H

#include <stdint.h>

#include "base/buf.h"
#include "crypto/sign.h"
#include "token/metadata.h"

typedef enum email__grant {
	EMAIL__GRANT_CLIENT,  /* client_credentials */
	EMAIL__GRANT_JWT,     /* JWT bearer: a service account signs for `account` */
	EMAIL__GRANT_REFRESH, /* refresh_token */
	EMAIL__GRANT_DEVICE   /* device authorization: a person says yes elsewhere */
} email__grant;

typedef enum email__client_auth {
	EMAIL__CLIENT_AUTO, /* the key where there is one, else the secret where there is one: by post, unless the
	                       server's metadata has basic alone; else none */
	EMAIL__CLIENT_NONE, /* a public client: its id alone */
	EMAIL__CLIENT_POST,
	EMAIL__CLIENT_BASIC,
	EMAIL__CLIENT_JWT /* private_key_jwt */
} email__client_auth;

/* All texts are the caller's, and must live as long as the grant is used. */
typedef struct email__grant_config {
	email__grant grant;
	email__client_auth auth;
	const char *client_id;
	const char *client_secret; /* NULL or "": none */
	const char *scope;         /* "" : none */
	const char *account;       /* the mailbox, for JWT */
	const char *refresh_token;
	const void
		*key; /* PEM with the private key, its NUL counted, and perhaps its certificate; NULL: none */
	size_t key_n;
	const char *key_password;
	email__signature algorithm;
	const char *kid;
	const char *
		audience; /* of assertions; NULL or "": what the server's metadata says, or its token endpoint */
} email__grant_config;

/* A request's parts, all secret. */
typedef struct email__form {
	email__buf body;
	email__buf authorization; /* empty: none */
} email__form;

void email__form_init(email__form *f);
void email__form_dispose(email__form *f);

/*
 * The request of a token. For DEVICE that of the code (device_code NULL) or of the token. `signer` is that of the key.
 * Errors, told in `e` with the property's name: EMAIL_E_VALUE (something that the grant needs is missing),
 * EMAIL_E_LIMIT, EMAIL_E_MEMORY, EMAIL_E_TLS.
 */
email_code email__grant_form(const email__grant_config *c, const email__metadata *m,
                             const email__signer *signer, const char *device_code, int64_t now,
                             email__form *f, email_error *e);
/* True where a signer is needed. */
bool email__grant_signs(const email__grant_config *c);
/* application/x-www-form-urlencoded: what is not unreserved (RFC 3986 2.3) becomes %XX, a space "+". */
email_code email__form_encode(email__buf *out, const char *text);

#endif
