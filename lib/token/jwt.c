/* SPDX-License-Identifier: MIT */
#include "token/jwt.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "codec/base64.h"

#define JTI_BYTES 16
#define HEADER_MAX 1024

/* --- the compact form --- */

/* base64url without padding (RFC 7515 2). */
static email_code
put_base64url(email__buf *out, const void *bytes, size_t n)
{
	char *p = (char *)email__buf_room(out, EMAIL__BASE64_LEN(n));
	size_t i, len;

	if (!p)
		return email__buf_left(out) < EMAIL__BASE64_LEN(n) ? EMAIL_E_LIMIT : EMAIL_E_MEMORY;
	len = email__base64_encode(p, bytes, n);
	while (len && p[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++)
		p[i] = p[i] == '+' ? '-' : p[i] == '/' ? '_' : p[i];
	email__buf_added(out, len);
	return EMAIL_OK;
}

email_code
email__jws_make(const void *header, size_t header_n, const void *payload, size_t payload_n,
                const email__signer *signer, email__buf *out)
{
	unsigned char signature[EMAIL__SIGNATURE_MAX];
	size_t at = email__buf_len(out), n;
	email_code rc;

	if ((rc = put_base64url(out, header, header_n)) || (rc = email__buf_add(out, ".", 1)) ||
	    (rc = put_base64url(out, payload, payload_n)) ||
	    (rc = email__signer_sign(signer, email__buf_head(out) + at, email__buf_len(out) - at, signature,
	                             &n)) ||
	    (rc = email__buf_add(out, ".", 1)))
		return rc;
	return put_base64url(out, signature, n);
}

/* --- header and claims --- */

static email_code
set_text(json_t *object, const char *name, const char *text)
{
	if (json_object_set_new(object, name, json_string(text)) == 0)
		return EMAIL_OK;
	return email__utf8_valid(text, strlen(text)) ? EMAIL_E_MEMORY : EMAIL_E_VALUE;
}

/* Bytes under a name, as base64url. */
static email_code
set_bytes(json_t *object, const char *name, const unsigned char *bytes, size_t n)
{
	email__buf text;
	email_code rc;

	email__buf_init(&text, EMAIL__BASE64_LEN(EMAIL__MAC_MAX));
	if ((rc = put_base64url(&text, bytes, n)) == EMAIL_OK)
		rc = email__buf_text(&text) ? set_text(object, name, email__buf_text(&text)) : EMAIL_E_MEMORY;
	email__buf_dispose(&text);
	return rc;
}

/* RFC 7515 4.1.7 and 4.1.8; a PEM without a certificate has neither. */
static email_code
set_thumbprints(json_t *header, const email__jwt *jwt)
{
	unsigned char sha1[EMAIL__MAC_MAX], sha256[EMAIL__MAC_MAX];
	email_code rc;

	if (!jwt->pem || email__certificate_thumbprint(jwt->pem, jwt->pem_n, EMAIL__SHA1, sha1))
		return EMAIL_OK;
	if ((rc = email__certificate_thumbprint(jwt->pem, jwt->pem_n, EMAIL__SHA256, sha256)) ||
	    (rc = set_bytes(header, "x5t", sha1, email__mac_size(EMAIL__SHA1))))
		return rc;
	return set_bytes(header, "x5t#S256", sha256, email__mac_size(EMAIL__SHA256));
}

static email_code
set_header(json_t *header, const email__jwt *jwt, const email__signer *signer)
{
	email_code rc;

	if ((rc = set_text(header, "alg", email__signature_name(email__signer_algorithm(signer)))) ||
	    (rc = set_text(header, "typ", "JWT")) ||
	    (jwt->kid && jwt->kid[0] && (rc = set_text(header, "kid", jwt->kid))))
		return rc;
	return set_thumbprints(header, jwt);
}

static email_code
set_time(json_t *claims, const char *name, int64_t seconds)
{
	return json_object_set_new(claims, name, json_integer(seconds)) ? EMAIL_E_MEMORY : EMAIL_OK;
}

static email_code
set_claims(json_t *claims, const email__jwt *jwt)
{
	unsigned char jti[JTI_BYTES];
	email_code rc;

	if ((rc = email__crypto_random(jti, sizeof jti)) || (rc = set_text(claims, "iss", jwt->issuer)) ||
	    (rc = set_text(claims, "sub", jwt->subject)) || (rc = set_text(claims, "aud", jwt->audience)) ||
	    (jwt->scope && (rc = set_text(claims, "scope", jwt->scope))) ||
	    (rc = set_bytes(claims, "jti", jti, sizeof jti)) ||
	    (rc = set_time(claims, "iat", jwt->now - EMAIL__JWT_BEFORE)) ||
	    (rc = set_time(claims, "nbf", jwt->now - EMAIL__JWT_BEFORE)))
		return rc;
	return set_time(claims, "exp", jwt->now + EMAIL__JWT_AFTER);
}

/* *n 0: it does not fit. */
static email_code
write(const json_t *object, char *text, size_t size, size_t *n)
{
	*n = json_dumpb(object, text, size, JSON_COMPACT);
	return *n == 0 ? EMAIL_E_MEMORY : *n > size ? EMAIL_E_LIMIT : EMAIL_OK;
}

email_code
email__jwt_make(const email__jwt *jwt, const email__signer *signer, email__buf *out, email_error *e)
{
	json_t *header = json_object(), *claims = json_object();
	char head[HEADER_MAX], body[EMAIL__JWT_CLAIMS_MAX];
	size_t head_n, body_n;
	email_code rc = header && claims ? EMAIL_OK : EMAIL_E_MEMORY;

	if (rc == EMAIL_OK && (rc = set_header(header, jwt, signer)) == EMAIL_OK &&
	    (rc = set_claims(claims, jwt)) == EMAIL_OK &&
	    (rc = write(header, head, sizeof head, &head_n)) == EMAIL_OK &&
	    (rc = write(claims, body, sizeof body, &body_n)) == EMAIL_OK)
		rc = email__jws_make(head, head_n, body, body_n, signer, out);
	json_decref(header);
	json_decref(claims);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_TOKEN,
		                 "the assertion for the token endpoint cannot be made: %s",
		                 email_code_text(rc));
	return rc;
}
