/* SPDX-License-Identifier: MIT */
#include "token/response.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "token/advice.h"
#include "token/url.h"

void
email__token_init(email__token *t)
{
	memset(t, 0, sizeof *t);
	email__buf_init(&t->access, EMAIL__SECRET_MAX);
	email__buf_init(&t->refresh, EMAIL__SECRET_MAX);
	t->access.secret = t->refresh.secret = true;
	t->seconds = -1;
}

void
email__token_dispose(email__token *t)
{
	email__buf_dispose(&t->access);
	email__buf_dispose(&t->refresh);
}

void
email__device_init(email__device *d)
{
	memset(d, 0, sizeof *d);
	email__buf_init(&d->code, EMAIL__SECRET_MAX);
	d->code.secret = true;
}

void
email__device_dispose(email__device *d)
{
	email__buf_dispose(&d->code);
}

/* --- failing --- */

static email__token_outcome
failed(email_error *e, email_code code, const char *what, const char *why)
{
	email__error_set(e, code, EMAIL_STAGE_TOKEN, "the token endpoint's answer is not usable: %s%s", what,
	                 why);
	return EMAIL__TOKEN_FAILED;
}

/* A value that is missing (EMAIL_E_UNKNOWN), of another kind, or too long. */
static email__token_outcome
bad_value(email_error *e, email_code rc, const char *name)
{
	if (rc == EMAIL_E_MEMORY) {
		email__error_memory(e, EMAIL_STAGE_TOKEN);
		return EMAIL__TOKEN_FAILED;
	}
	return failed(e, rc == EMAIL_E_UNKNOWN ? EMAIL_E_PROTOCOL : rc, name,
	              rc == EMAIL_E_UNKNOWN ? " is missing"
	              : rc == EMAIL_E_LIMIT ? " is too long"
	                                    : " is not valid");
}

static bool
is_page(const email__web_response *r)
{
	const char *p = r->body;
	size_t n = r->n;

	for (; n && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'); n--)
		p++;
	return n && *p == '<';
}

/* An answer without an error of OAuth in it: from something in between, or from another kind of server. */
static void
status_error(const email__web_response *r, email_error *e)
{
	bool busy = r->status >= 500 || r->status == 429 || r->status == 408;

	email__error_set(e, busy ? EMAIL_E_TEMPORARY : EMAIL_E_REFUSED, EMAIL_STAGE_TOKEN,
	                 busy ? "the token endpoint is not available for now (HTTP %d)"
	                      : "the token endpoint answers with HTTP %d",
	                 r->status);
	if (!busy)
		email__error_remedy(e, "Check tokenEndpoint and authServerMetadataEndpoint: what answers "
		                       "there gives no tokens");
}

/* The document, or NULL with why not. */
static email__json *
document(const email__web_response *r, email_error *e)
{
	email__json *json;
	const char *why = "";
	email_code rc;

	if (is_page(r)) {
		failed(e, EMAIL_E_PROTOCOL, "it is a page for people, no JSON", "");
		email__error_remedy(
			e, "Check tokenEndpoint and authServerMetadataEndpoint, and whether a proxy or a "
			   "captive portal answers in their place");
		return NULL;
	}
	rc = email__json_read(r->body, r->n, &json, &why);
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(e, EMAIL_STAGE_TOKEN);
	else if (rc)
		failed(e, rc, why, "");
	return json;
}

/* --- a server's "no" --- */

/* From where a secret begins in the text up to the next blank. Of a long one, what was cut off is not there. */
static void
mask(char *text, const char *secret)
{
	size_t n = strlen(secret) < 8 ? strlen(secret) : 8;
	char start[9], *p = text;

	if (n < 4)
		return;
	memcpy(start, secret, n);
	start[n] = '\0';
	while ((p = strstr(p, start)))
		for (; *p && *p != ' '; p++)
			*p = '*';
}

/* The sentence: what stands before the lines and ids with which Microsoft goes on. */
static void
sentence(char *text)
{
	char *cut = strstr(text, " Trace ID:");

	if (!cut)
		cut = strstr(text, "??Trace ID:");
	if (cut)
		*cut = '\0';
}

/* RFC 6749 4.1.2.1 and 5.2, and what is not in it but common. */
static bool
is_temporary(const email__web_response *r, const char *error)
{
	return strcmp(error, "temporarily_unavailable") == 0 || strcmp(error, "server_error") == 0 ||
	       strcmp(error, "internal_failure") == 0 || strcmp(error, "rate_limit_exceeded") == 0 ||
	       strcmp(error, "slow_down") == 0 || r->status >= 500 || r->status == 429;
}

static email__token_outcome
refused(const email__web_response *r, const email__json *json, const char *const *secrets, email_error *e)
{
	char error[64] = "", words[1024] = "";
	email_code code;

	if (email__json_words(json, "error", error, sizeof error)) {
		status_error(r, e);
		return EMAIL__TOKEN_FAILED;
	}
	if (strcmp(error, "authorization_pending") == 0)
		return EMAIL__TOKEN_PENDING;
	if (strcmp(error, "slow_down") == 0 && r->status < 429)
		return EMAIL__TOKEN_SLOW_DOWN;
	(void)email__json_words(json, "error_description", words, sizeof words);
	for (; *secrets; secrets++) {
		mask(error, *secrets);
		mask(words, *secrets);
	}
	sentence(words);
	code = is_temporary(r, error) ? EMAIL_E_TEMPORARY : EMAIL_E_LOGIN;
	email__error_set(e, code, EMAIL_STAGE_TOKEN, "the token endpoint says %s%s%.240s", error,
	                 words[0] ? ": " : "", words);
	email__token_advice(e, error, words);
	return EMAIL__TOKEN_FAILED;
}

/* The document of a good answer; NULL: *outcome. */
static email__json *
good(const email__web_response *r, const char *const *secrets, email__token_outcome *outcome, email_error *e)
{
	email_error ignored = {0};
	email__json *json = document(r, r->status == 200 ? e : &ignored);
	char error[64];

	*outcome = EMAIL__TOKEN_FAILED;
	if (!json && ignored.code == EMAIL_E_MEMORY)
		*e = ignored;
	else if (!json && r->status != 200)
		status_error(r, e);
	/* some say no with 200 */
	else if (json &&
	         (r->status != 200 || email__json_words(json, "error", error, sizeof error) == EMAIL_OK))
		*outcome = refused(r, json, secrets, e);
	else if (json)
		return json;
	email__json_free(json);
	return NULL;
}

email__json *
email__token_document(const email__web_response *r, const char *what, email_error *e)
{
	email__json *json;

	if (r->status == 200) {
		json = document(r, e);
		return json;
	}
	email__error_set(e, r->status >= 500 || r->status == 429 ? EMAIL_E_TEMPORARY : EMAIL_E_REFUSED,
	                 EMAIL_STAGE_TOKEN, "%s is not to be had (HTTP %d)", what, r->status);
	email__error_remedy(e, "Check authServerMetadataEndpoint, or set tokenEndpoint instead");
	return NULL;
}

/* --- a token --- */

/* b64token of RFC 6750 2.1: what a Bearer token is made of. */
static bool
is_b64token(const email__buf *b)
{
	const unsigned char *p = email__buf_head(b);
	size_t n = email__buf_len(b), i;

	while (n && p[n - 1] == '=')
		n--;
	for (i = 0; i < n; i++)
		if (!email__is_alpha((char)p[i]) && !email__is_digit((char)p[i]) && !strchr("-._~+/", p[i]))
			return false;
	return n > 0;
}

email__token_outcome
email__token_read(const email__web_response *r, const char *const *secrets, email__token *t, email_error *e)
{
	email__token_outcome outcome;
	email__json *json = good(r, secrets, &outcome, e);
	int64_t seconds = -1;
	char type[32];
	email_code rc;

	if (!json)
		return outcome;
	outcome = EMAIL__TOKEN_FAILED;
	email__buf_clear(&t->access);
	email__buf_clear(&t->refresh);
	t->scope[0] = '\0';
	if ((rc = email__json_text(json, "token_type", type, sizeof type)) ||
	    !email__str_equal(type, "Bearer")) {
		bad_value(e, rc ? rc : EMAIL_E_PROTOCOL, "token_type");
	} else if ((rc = email__json_secret(json, "access_token", &t->access)) || !is_b64token(&t->access)) {
		bad_value(e, rc ? rc : EMAIL_E_PROTOCOL, "access_token");
	} else if ((rc = email__json_secret(json, "refresh_token", &t->refresh)) && rc != EMAIL_E_UNKNOWN) {
		bad_value(e, rc, "refresh_token");
	} else if ((rc = email__json_seconds(json, "expires_in", EMAIL__TOKEN_LIFE_MAX, &seconds)) &&
	           rc != EMAIL_E_UNKNOWN) {
		bad_value(e, rc, "expires_in");
	} else {
		(void)email__json_words(json, "scope", t->scope, sizeof t->scope);
		t->seconds = (long)seconds;
		outcome = EMAIL__TOKEN_GOOD;
	}
	if (outcome != EMAIL__TOKEN_GOOD) {
		email__buf_clear(&t->access);
		email__buf_clear(&t->refresh);
	}
	email__json_free(json);
	return outcome;
}

/* --- a code for a person --- */

/* Text for a screen: printable, or nothing. */
static email_code
shown(const email__json *json, const char *name, char *out, size_t size)
{
	email_code rc = email__json_text(json, name, out, size);
	size_t i;

	for (i = 0; rc == EMAIL_OK && out[i]; i++)
		if ((unsigned char)out[i] < ' ' || (unsigned char)out[i] > '~')
			return EMAIL_E_PROTOCOL;
	return rc == EMAIL_OK && i == 0 ? EMAIL_E_PROTOCOL : rc;
}

static email_code
shown_url(const email__json *json, const char *name, char *out, size_t size)
{
	email__url url;
	const char *why;
	email_code rc = shown(json, name, out, size);

	return rc ? rc : email__url_parse(out, &url, &why) ? EMAIL_E_PROTOCOL : EMAIL_OK;
}

email__token_outcome
email__device_read(const email__web_response *r, const char *const *secrets, email__device *d, email_error *e)
{
	email__token_outcome outcome;
	email__json *json = good(r, secrets, &outcome, e);
	int64_t seconds, interval = EMAIL__DEVICE_INTERVAL;
	email_code rc;

	if (!json)
		return outcome;
	outcome = EMAIL__TOKEN_FAILED;
	email__buf_clear(&d->code);
	d->direct[0] = '\0';
	/* Google writes verification_url, from a draft */
	rc = shown_url(json, "verification_uri", d->uri, sizeof d->uri);
	if (rc == EMAIL_E_UNKNOWN)
		rc = shown_url(json, "verification_url", d->uri, sizeof d->uri);
	if (rc)
		bad_value(e, rc, "verification_uri");
	else if ((rc = shown(json, "user_code", d->user_code, sizeof d->user_code)))
		bad_value(e, rc, "user_code");
	else if ((rc = email__json_secret(json, "device_code", &d->code)))
		bad_value(e, rc, "device_code");
	else if ((rc = email__json_seconds(json, "expires_in", EMAIL__DEVICE_LIFE_MAX, &seconds)))
		bad_value(e, rc, "expires_in");
	else if ((rc = email__json_seconds(json, "interval", EMAIL__DEVICE_INTERVAL_MAX, &interval)) &&
	         rc != EMAIL_E_UNKNOWN)
		bad_value(e, rc, "interval");
	else
		outcome = EMAIL__TOKEN_GOOD;
	if (outcome == EMAIL__TOKEN_GOOD) {
		if (shown_url(json, "verification_uri_complete", d->direct, sizeof d->direct))
			d->direct[0] = '\0';
		d->seconds = (long)seconds;
		d->interval = interval > 0 ? (long)interval : 1;
	}
	email__json_free(json);
	return outcome;
}
