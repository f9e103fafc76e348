/* SPDX-License-Identifier: MIT */
#include "token/grant.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/base64.h"
#include "token/jwt.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

void
email__form_init(email__form *f)
{
	email__buf_init(&f->body, EMAIL__HTTP_REQUEST_MAX);
	email__buf_init(&f->authorization, EMAIL__HTTP_REQUEST_MAX);
	f->body.secret = f->authorization.secret = true;
}

void
email__form_dispose(email__form *f)
{
	email__buf_dispose(&f->body);
	email__buf_dispose(&f->authorization);
}

/* --- forms --- */

email_code
email__form_encode(email__buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	email_code rc = EMAIL_OK;
	char escaped[3] = "%";

	for (; *text && rc == EMAIL_OK; text++) {
		unsigned char c = (unsigned char)*text;

		escaped[1] = hex[c >> 4];
		escaped[2] = hex[c & 15];
		if (email__is_alpha(*text) || email__is_digit(*text) || strchr("-._~", c))
			rc = email__buf_add(out, text, 1);
		else if (c == ' ')
			rc = email__buf_add(out, "+", 1);
		else
			rc = email__buf_add(out, escaped, 3);
	}
	return rc;
}

/* "name=value", behind what is there. */
static email_code
put(email__buf *out, const char *name, const char *value)
{
	email_code rc;

	if ((email__buf_len(out) && (rc = email__buf_add(out, "&", 1))) ||
	    (rc = email__buf_adds(out, name)) || (rc = email__buf_add(out, "=", 1)))
		return rc;
	return email__form_encode(out, value);
}

static bool
given(const char *text)
{
	return text && text[0];
}

static email_code
put_given(email__buf *out, const char *name, const char *value)
{
	return given(value) ? put(out, name, value) : EMAIL_OK;
}

static email_code
missing(email_error *e, const char *property)
{
	email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TOKEN,
	                 "emailAuthenticator.%s is needed to get a token", property);
	if (e && !e->property[0])
		snprintf(e->property, sizeof e->property, "emailAuthenticator.%s", property);
	return EMAIL_E_VALUE;
}

/* --- assertions --- */

static email__client_auth
client_auth(const email__grant_config *c, const email__metadata *m)
{
	if (c->auth != EMAIL__CLIENT_AUTO)
		return c->auth;
	if (c->key)
		return EMAIL__CLIENT_JWT;
	if (given(c->client_secret))
		return m->basic_only ? EMAIL__CLIENT_BASIC : EMAIL__CLIENT_POST;
	return EMAIL__CLIENT_NONE;
}

bool
email__grant_signs(const email__grant_config *c)
{
	return c->grant == EMAIL__GRANT_JWT || c->auth == EMAIL__CLIENT_JWT ||
	       (c->auth == EMAIL__CLIENT_AUTO && c->key);
}

/*
 * Whom a client's assertion is for. The issuer, as RFC 7523's successor asks, where it is known: some take nothing else.
 * The token endpoint otherwise, and where the issuer is Microsoft's for all tenants, "{tenantid}", which is nobody's.
 */
static const char *
audience(const email__grant_config *c, const email__metadata *m)
{
	if (given(c->audience))
		return c->audience;
	return m->issuer[0] && !strchr(m->issuer, '{') ? m->issuer : m->token;
}

static email_code
put_assertion(email__buf *out, const char *name, const email__grant_config *c, email__jwt jwt,
              const email__signer *signer, email_error *e)
{
	email_code rc;

	jwt.issuer = c->client_id;
	jwt.kid = c->kid;
	jwt.pem = c->key;
	jwt.pem_n = c->key_n;
	/* base64url and dots: nothing in it needs an escape */
	if ((rc = put(out, name, "")))
		return rc;
	return email__jwt_make(&jwt, signer, out, e);
}

/* --- the client --- */

/* RFC 6749 2.3.1: both are encoded as in a form before they are joined. */
static email_code
basic(const email__grant_config *c, email__buf *out)
{
	email__buf pair;
	email_code rc;
	char *at;

	email__buf_init(&pair, EMAIL__HTTP_REQUEST_MAX);
	pair.secret = true;
	if ((rc = email__form_encode(&pair, c->client_id)) || (rc = email__buf_add(&pair, ":", 1)) ||
	    (rc = email__form_encode(&pair, c->client_secret)) || (rc = email__buf_adds(out, "Basic ")))
		goto out;
	at = (char *)email__buf_room(out, EMAIL__BASE64_LEN(email__buf_len(&pair)));
	rc = at                                                                ? EMAIL_OK
	     : email__buf_left(out) < EMAIL__BASE64_LEN(email__buf_len(&pair)) ? EMAIL_E_LIMIT
	                                                                       : EMAIL_E_MEMORY;
	if (rc == EMAIL_OK)
		email__buf_added(out,
		                 email__base64_encode(at, email__buf_head(&pair), email__buf_len(&pair)));
out:
	email__buf_dispose(&pair);
	return rc;
}

static email_code
put_client(const email__grant_config *c, const email__metadata *m, const email__signer *signer, int64_t now,
           email__form *f, email_error *e)
{
	email__jwt jwt = {.subject = c->client_id, .audience = audience(c, m), .now = now};
	email__client_auth auth = client_auth(c, m);
	email_code rc;

	if (!given(c->client_id))
		return missing(e, "clientId");
	if ((auth == EMAIL__CLIENT_POST || auth == EMAIL__CLIENT_BASIC) && !given(c->client_secret))
		return missing(e, "clientSecret");
	switch (auth) {
	case EMAIL__CLIENT_BASIC: return basic(c, &f->authorization);
	case EMAIL__CLIENT_AUTO:
	case EMAIL__CLIENT_NONE: return put(&f->body, "client_id", c->client_id);
	case EMAIL__CLIENT_POST:
		rc = put(&f->body, "client_id", c->client_id);
		return rc ? rc : put(&f->body, "client_secret", c->client_secret);
	case EMAIL__CLIENT_JWT:
		if (!signer)
			return missing(e, "clientCertificate");
		if ((rc = put(&f->body, "client_id", c->client_id)) ||
		    (rc = put(&f->body, "client_assertion_type", ASSERTION_TYPE)))
			return rc;
		return put_assertion(&f->body, "client_assertion", c, jwt, signer, e);
	}
	return EMAIL_E_USAGE;
}

/* --- grants --- */

static email_code
client_credentials(const email__grant_config *c, const email__metadata *m, email__form *f, email_error *e)
{
	email_code rc;

	if (client_auth(c, m) == EMAIL__CLIENT_NONE)
		return missing(e, "clientSecret");
	rc = put(&f->body, "grant_type", "client_credentials");
	return rc ? rc : put_given(&f->body, "scope", c->scope);
}

/*
 * RFC 7523 2.1. Google wants the scope as a claim, and aud to be the token endpoint; others have the scope in the form
 * (RFC 7521 4.1). The assertion is the proof: no other goes along.
 */
static email_code
jwt_bearer(const email__grant_config *c, const email__metadata *m, const email__signer *signer, int64_t now,
           email__form *f, email_error *e)
{
	email__jwt jwt = {
		.subject = c->account, .audience = given(c->audience) ? c->audience : m->token, .now = now};
	bool google = email__str_equal(m->token_url.host, "oauth2.googleapis.com");
	email_code rc;

	if (!given(c->client_id) || !given(c->account) || !signer)
		return missing(e, !signer               ? "clientCertificate"
		                  : given(c->client_id) ? "account"
		                                        : "clientId");
	if (given(c->scope))
		jwt.scope = c->scope;
	if ((rc = put(&f->body, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")) ||
	    (!google && (rc = put_given(&f->body, "scope", c->scope))))
		return rc;
	return put_assertion(&f->body, "assertion", c, jwt, signer, e);
}

static email_code
refresh_token(const email__grant_config *c, email__form *f, email_error *e)
{
	email_code rc;

	if (!given(c->refresh_token))
		return missing(e, "refreshToken");
	if ((rc = put(&f->body, "grant_type", "refresh_token")) ||
	    (rc = put(&f->body, "refresh_token", c->refresh_token)))
		return rc;
	return put_given(&f->body, "scope", c->scope);
}

static email_code
device(const email__grant_config *c, const char *code, email__form *f)
{
	email_code rc;

	if (!code)
		return put_given(&f->body, "scope", c->scope);
	rc = put(&f->body, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
	return rc ? rc : put(&f->body, "device_code", code);
}

email_code
email__grant_form(const email__grant_config *c, const email__metadata *m, const email__signer *signer,
                  const char *device_code, int64_t now, email__form *f, email_error *e)
{
	email_code rc = EMAIL_E_USAGE;

	email__buf_clear(&f->body);
	email__buf_clear(&f->authorization);
	switch (c->grant) {
	case EMAIL__GRANT_CLIENT: rc = client_credentials(c, m, f, e); break;
	case EMAIL__GRANT_JWT: rc = jwt_bearer(c, m, signer, now, f, e); break;
	case EMAIL__GRANT_REFRESH: rc = refresh_token(c, f, e); break;
	case EMAIL__GRANT_DEVICE: rc = device(c, device_code, f); break;
	}
	if (rc == EMAIL_OK && c->grant != EMAIL__GRANT_JWT)
		rc = put_client(c, m, signer, now, f, e);
	if (rc) {
		email__buf_clear(&f->body);
		email__buf_clear(&f->authorization);
		email__error_set(e, rc, EMAIL_STAGE_TOKEN,
		                 "the request to the token endpoint cannot be made: %s", email_code_text(rc));
	}
	return rc;
}
