/* SPDX-License-Identifier: MIT */
#include "token/obtain.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "token/advice.h"

#define SECRETS_MAX 5

/* What is asked next. */
enum question { Q_METADATA, Q_CODE, Q_TOKEN, Q_NOTHING };

struct email__obtain {
	email__obtain_config config;
	email__obtain_state state;
	enum question question;
	email__metadata metadata;
	bool found; /* where the endpoints are */
	email__signer *signer;
	email__form form;
	email__url document; /* of the metadata */
	email__web_request request;
	email__token token;
	email__device device;
	bool coded;              /* the device code is there: polling */
	int64_t interval_ms;     /* between polls, */
	int64_t due_ms, ends_ms; /* the next one, and the code's end */
	email_error error;
};

static bool
given(const char *text)
{
	return text && text[0];
}

static void
fail(email__obtain *o)
{
	o->state = EMAIL__OBTAIN_FAILED;
	o->question = Q_NOTHING;
	email__form_dispose(&o->form);
}

/* --- making --- */

static email_code
no_endpoint(email_error *e)
{
	email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TOKEN, "where tokens come from is not set");
	email__error_remedy(e, "Set authServerMetadataEndpoint or tokenEndpoint");
	return EMAIL_E_VALUE;
}

static enum question
first_of(const email__obtain *o)
{
	return o->config.grant.grant == EMAIL__GRANT_DEVICE ? Q_CODE : Q_TOKEN;
}

static email_code
explicit_endpoints(email__obtain *o, email_error *e)
{
	const char *device = o->config.device_endpoint, *why;
	email_code rc = email__metadata_explicit(o->config.token_endpoint, &o->metadata, e);

	if (rc == EMAIL_OK && given(device) && email__url_parse(device, &o->metadata.device_url, &why))
		rc = email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TOKEN,
		                      "the device endpoint is no https URL that can be used: %s", why);
	return rc;
}

/* Where to begin. */
static email_code
place(email__obtain *o, email_error *e)
{
	email_code rc;

	if (given(o->config.token_endpoint)) {
		if ((rc = explicit_endpoints(o, e)))
			return rc;
		/* where codes come from is in the document alone, then */
		o->found = first_of(o) == Q_TOKEN || given(o->config.device_endpoint) ||
		           !given(o->config.metadata_endpoint);
		if (!o->found && (rc = email__metadata_url(o->config.metadata_endpoint, &o->document, e)))
			return rc;
	} else if (o->config.known) {
		o->metadata = *o->config.known;
		o->found = true;
	} else if (given(o->config.metadata_endpoint)) {
		if ((rc = email__metadata_url(o->config.metadata_endpoint, &o->document, e)))
			return rc;
	} else {
		return no_endpoint(e);
	}
	o->question = o->found ? first_of(o) : Q_METADATA;
	return EMAIL_OK;
}

email__obtain *
email__obtain_new(const email__obtain_config *config, email_error *e)
{
	email__obtain *o = email__new(email__obtain);
	const email__grant_config *g = &config->grant;
	email_code rc;

	if (!o) {
		email__error_memory(e, EMAIL_STAGE_TOKEN);
		return NULL;
	}
	o->config = *config;
	email__form_init(&o->form);
	email__token_init(&o->token);
	email__device_init(&o->device);
	rc = place(o, e);
	if (rc == EMAIL_OK && email__grant_signs(g) && g->key) {
		o->signer = email__signer_new(g->key, g->key_n, g->key_password, g->algorithm,
		                              EMAIL_STAGE_TOKEN, e);
		rc = o->signer ? EMAIL_OK : EMAIL_E_CERTIFICATE;
	}
	if (rc) {
		email__obtain_free(o);
		return NULL;
	}
	return o;
}

void
email__obtain_free(email__obtain *o)
{
	if (!o)
		return;
	email__signer_free(o->signer);
	email__form_dispose(&o->form);
	email__token_dispose(&o->token);
	email__device_dispose(&o->device);
	email__free(o);
}

/* --- asking --- */

static const email__web_request *
get_document(email__obtain *o)
{
	o->request = (email__web_request){
		.host = o->document.host, .port = o->document.port, .path = o->document.path};
	return &o->request;
}

static const email__web_request *
post_form(email__obtain *o, const email__url *to, const char *device_code, int64_t wall)
{
	const char *authorization = NULL;

	if (email__grant_form(&o->config.grant, &o->metadata, o->signer, device_code, wall, &o->form,
	                      &o->error)) {
		fail(o);
		return NULL;
	}
	if (email__buf_len(&o->form.authorization) &&
	    !(authorization = email__buf_text(&o->form.authorization))) {
		email__error_memory(&o->error, EMAIL_STAGE_TOKEN);
		fail(o);
		return NULL;
	}
	o->request = (email__web_request){.host = to->host,
	                                  .port = to->port,
	                                  .path = to->path,
	                                  .post = true,
	                                  .authorization = authorization,
	                                  .type = "application/x-www-form-urlencoded",
	                                  .body = email__buf_head(&o->form.body),
	                                  .n = email__buf_len(&o->form.body)};
	return &o->request;
}

const email__web_request *
email__obtain_request(email__obtain *o, int64_t wall)
{
	const char *code = NULL;

	switch (o->question) {
	case Q_METADATA: return get_document(o);
	case Q_CODE:
		if (o->metadata.device_url.path[0])
			return post_form(o, &o->metadata.device_url, NULL, wall);
		email__error_set(&o->error, EMAIL_E_REFUSED, EMAIL_STAGE_TOKEN,
		                 "the server offers no login by a code (device authorization)");
		email__error_remedy(
			&o->error,
			"Set authServerMetadataEndpoint, or get the refresh token on another machine");
		break;
	case Q_TOKEN:
		if (!o->coded || (code = email__buf_text(&o->device.code)))
			return post_form(o, &o->metadata.token_url, code, wall);
		email__error_memory(&o->error, EMAIL_STAGE_TOKEN);
		break;
	case Q_NOTHING: return NULL;
	}
	fail(o);
	return NULL;
}

/* --- answers --- */

static void
poll_later(email__obtain *o, int64_t now_ms, long retry_after)
{
	int64_t wait = o->interval_ms;

	if (retry_after >= 0 && wait < retry_after * INT64_C(1000))
		wait = retry_after * INT64_C(1000);
	o->due_ms = now_ms + wait;
	o->state = EMAIL__OBTAIN_WAIT;
}

static void
slow_down(email__obtain *o, int64_t interval_ms)
{
	o->interval_ms = interval_ms < EMAIL__DEVICE_INTERVAL_MAX * 1000 ? interval_ms
	                                                                 : EMAIL__DEVICE_INTERVAL_MAX * 1000;
}

static void
code_came(email__obtain *o, int64_t now_ms)
{
	o->coded = true;
	o->interval_ms = o->device.interval * INT64_C(1000);
	o->ends_ms = now_ms + o->device.seconds * INT64_C(1000);
	o->question = Q_TOKEN;
	poll_later(o, now_ms, -1);
}

/* RFC 6749 6: the same refresh token again is none to be written down. */
static void
token_came(email__obtain *o)
{
	const email__buf *refresh = &o->token.refresh;
	const char *old = o->config.grant.refresh_token;

	if (o->config.grant.grant == EMAIL__GRANT_REFRESH && email__buf_len(refresh) == strlen(old) &&
	    memcmp(email__buf_head(refresh), old, strlen(old)) == 0)
		email__buf_clear(&o->token.refresh);
	o->state = EMAIL__OBTAIN_DONE;
	o->question = Q_NOTHING;
	email__form_dispose(&o->form);
	email__buf_clear(&o->device.code);
}

static void
token_answer(email__obtain *o, const char *const *secrets, const email__web_response *r, int64_t now_ms)
{
	email__token_outcome outcome = email__token_read(r, secrets, &o->token, &o->error);

	if (outcome == EMAIL__TOKEN_GOOD) {
		token_came(o);
	} else if (!o->coded) {
		/* pending or slow down, which nobody asked about */
		email__error_set(&o->error, EMAIL_E_TEMPORARY, EMAIL_STAGE_TOKEN,
		                 "the token endpoint says that it takes time");
		fail(o);
	} else if (outcome == EMAIL__TOKEN_PENDING) {
		poll_later(o, now_ms, r->retry_after);
	} else if (outcome == EMAIL__TOKEN_SLOW_DOWN) {
		/* RFC 8628 3.5: by 5 seconds, for this and all later ones */
		slow_down(o, o->interval_ms + 5000);
		poll_later(o, now_ms, r->retry_after);
	} else if (o->error.code == EMAIL_E_TEMPORARY) {
		email__error_clear(&o->error);
		slow_down(o, o->interval_ms * 2);
		poll_later(o, now_ms, r->retry_after);
	} else {
		fail(o);
	}
}

/* An explicit token endpoint wins over the document's. */
static email_code
read_document(email__obtain *o, const email__web_response *r)
{
	email_code rc = email__metadata_read(o->config.metadata_endpoint, r, &o->metadata, &o->error);
	email__url device = o->metadata.device_url;

	if (rc || !given(o->config.token_endpoint))
		return rc;
	rc = email__metadata_explicit(o->config.token_endpoint, &o->metadata, &o->error);
	o->metadata.device_url = device;
	return rc;
}

void
email__obtain_answer(email__obtain *o, const email__web_response *r, int64_t now_ms)
{
	const email__grant_config *g = &o->config.grant;
	const char *secrets[SECRETS_MAX];
	size_t n = 0;

	if (given(g->client_secret))
		secrets[n++] = g->client_secret;
	if (given(g->refresh_token))
		secrets[n++] = g->refresh_token;
	if (given(g->key_password))
		secrets[n++] = g->key_password;
	if (o->coded && email__buf_text(&o->device.code))
		secrets[n++] = email__buf_text(&o->device.code);
	secrets[n] = NULL;
	switch (o->question) {
	case Q_METADATA:
		if (read_document(o, r)) {
			fail(o);
			break;
		}
		o->found = true;
		o->question = first_of(o);
		break;
	case Q_CODE:
		if (email__device_read(r, secrets, &o->device, &o->error) == EMAIL__TOKEN_GOOD) {
			code_came(o, now_ms);
		} else {
			email__error_set(&o->error, EMAIL_E_TEMPORARY, EMAIL_STAGE_TOKEN,
			                 "the server gives no code for now");
			fail(o);
		}
		break;
	case Q_TOKEN: token_answer(o, secrets, r, now_ms); break;
	case Q_NOTHING: break;
	}
}

void
email__obtain_broken(email__obtain *o, const email_error *error, int64_t now_ms)
{
	if (o->question == Q_NOTHING)
		return;
	if (o->coded && error->temporary && error->code != EMAIL_E_CANCELLED) {
		slow_down(o, o->interval_ms * 2);
		poll_later(o, now_ms, -1);
		return;
	}
	o->error = *error;
	fail(o);
}

/* --- looking --- */

email__obtain_state
email__obtain_step(email__obtain *o, int64_t now_ms)
{
	if (o->coded && o->question == Q_TOKEN && now_ms >= o->ends_ms) {
		email__error_set(&o->error, EMAIL_E_LOGIN, EMAIL_STAGE_TOKEN,
		                 "the code was not entered in time");
		email__token_advice(&o->error, "expired_token", "");
		fail(o);
	} else if (o->state == EMAIL__OBTAIN_WAIT && now_ms >= o->due_ms) {
		o->state = EMAIL__OBTAIN_SEND;
	}
	return o->state;
}

long
email__obtain_wait(const email__obtain *o, int64_t now_ms)
{
	int64_t until = o->due_ms < o->ends_ms ? o->due_ms : o->ends_ms;

	return o->state == EMAIL__OBTAIN_WAIT && until > now_ms ? (long)(until - now_ms) : 0;
}

const email__device *
email__obtain_device(const email__obtain *o)
{
	return o->coded ? &o->device : NULL;
}

email__token *
email__obtain_token(email__obtain *o)
{
	return o->state == EMAIL__OBTAIN_DONE ? &o->token : NULL;
}

const email__metadata *
email__obtain_metadata(const email__obtain *o)
{
	return o->found ? &o->metadata : NULL;
}

const email_error *
email__obtain_error(const email__obtain *o)
{
	return &o->error;
}
