/* SPDX-License-Identifier: MIT */
/* The response lives in one secret buffer, and in `out` behind the writer; both are wiped once it is
 * written. */
#include "sasl/exchange.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "sasl/mechanisms.h"

/* A token that no server known finds too long. */
#define TOKEN_COMMON 4096

void
email__exchange_init(email__exchange *x)
{
	email__buf_init(&x->response, EMAIL__SASL_RESPONSE_MAX);
	x->response.secret = true;
	x->challenges = 0;
	email__sasl_end(&x->sasl);
}

void
email__exchange_end(email__exchange *x)
{
	email__buf_dispose(&x->response);
	email__exchange_init(x);
}

static email_code
failed(email_error *e, email_code code, const char *text)
{
	return email__error_set(e, code, EMAIL_STAGE_AUTHENTICATE, "%s", text);
}

static const char *
secret_word(const email__credentials *c)
{
	return c->kind == EMAIL__CREDENTIAL_TOKEN ? "token" : "password";
}

static email_code
refuse(const char *offered, const char *wanted, bool tls, const email__credentials *c, email_error *e)
{
	const email__mechanism *m = wanted ? email__sasl_mechanism(wanted) : NULL;

	if (offered[0] == '\0')
		return email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                        "the server offers no login%s",
		                        tls ? "" : " on a connection without TLS");
	if (m && m->kind != c->kind) {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "%s does not go with this type of authenticator", m->name);
		email__error_remedy(e, "set emailAuthenticator.saslMechanism to Auto");
	} else if (email__sasl_choose(offered, wanted, true, c)) {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "the login would show the %s to whoever reads the connection",
		                 secret_word(c));
	} else if (m && m->binds && email__sasl_listed(offered, m->name)) {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "%s needs a connection that it can be bound to", m->name);
		email__error_remedy(e, "set useSsl or useStartTls");
	} else if (m && email__sasl_listed(offered, m->name)) {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "user name or password hold a character that %s cannot carry here", m->name);
		email__error_remedy(e, "set emailAuthenticator.saslMechanism to PLAIN, over TLS");
	} else if (wanted) {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "%s is not among the logins that the server offers", wanted);
	} else {
		email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                 "none of the logins that the server offers %s",
		                 c->kind == EMAIL__CREDENTIAL_TOKEN ? "takes a token" : "is known");
	}
	return EMAIL_E_MECHANISM;
}

/* Told before anything is sent. */
static email_code
check_length(const email__credentials *c, email_error *e)
{
	size_t user = c->user ? strlen(c->user) : 0, secret = c->password ? strlen(c->password) : 0;

	if (user > EMAIL__SASL_USER_MAX)
		return email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_AUTHENTICATE,
		                        "the account's user name has %zu bytes, more than %d", user,
		                        EMAIL__SASL_USER_MAX);
	if (secret <= EMAIL__SECRET_MAX)
		return EMAIL_OK;
	email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_AUTHENTICATE, "the %s has %zu bytes, more than %d",
	                 secret_word(c), secret, EMAIL__SECRET_MAX);
	if (c->kind == EMAIL__CREDENTIAL_TOKEN)
		email__error_remedy(e,
		                    "have the provider put less into its tokens, such as groups and roles");
	return EMAIL_E_LIMIT;
}

email_code
email__exchange_choose(email__exchange *x, const char *offered, const char *wanted, bool tls, bool clear_ok,
                       const email__credentials *c, email_error *e)
{
	const email__mechanism *m = email__sasl_choose(offered, wanted, clear_ok, c);
	email_code rc;

	if (!m)
		return refuse(offered, wanted, tls, c, e);
	if ((rc = check_length(c, e)))
		return rc;
	x->challenges = 0;
	rc = email__sasl_start(&x->sasl, m, offered, c);
	if (rc == EMAIL_E_VALUE)
		return failed(e, EMAIL_E_LOGIN, "the account's user name is empty");
	return rc ? failed(e, rc, email_code_text(rc)) : EMAIL_OK;
}

static email_code
respond(email__exchange *x, const void *challenge, size_t n)
{
	email_code rc;

	email__buf_clear(&x->response);
	if ((rc = email__sasl_respond(&x->sasl, challenge, n, &x->response)))
		return rc;
	/* a buffer that was never filled has no place, and NULL means no response to the writer */
	return x->response.data ? EMAIL_OK : email__buf_reserve(&x->response, 1);
}

email_code
email__exchange_initial(email__exchange *x, size_t room, bool *has)
{
	email_code rc;

	*has = false;
	if (!x->sasl.mechanism->client_first)
		return EMAIL_OK;
	if ((rc = respond(x, NULL, 0)))
		return rc;
	if (EMAIL__BASE64_LEN(email__buf_len(&x->response)) <= room) {
		*has = true;
		return EMAIL_OK;
	}
	/* too long for one line with the verb: in two steps, from the beginning */
	email__buf_clear(&x->response);
	email__sasl_restart(&x->sasl);
	return EMAIL_OK;
}

/* A challenge that the mechanism does not take: in words that say whose fault it is. */
static email_code
no_response(const email__exchange *x, email_code rc, email_error *e)
{
	const char *name = x->sasl.mechanism->name;
	bool scram = strncmp(name, "SCRAM-", 6) == 0;

	if (rc == EMAIL_E_LOGIN) {
		email__error_set(e, rc, EMAIL_STAGE_AUTHENTICATE, "%s: %s", name, x->sasl.said);
		email__exchange_refused(x, e);
	} else if (rc == EMAIL_E_LIMIT && scram && x->sasl.step == 1) {
		email__error_set(e, rc, EMAIL_STAGE_AUTHENTICATE,
		                 "the server asks for a number of iterations of %s outside %d to %u", name,
		                 EMAIL__SCRAM_ITERATIONS_MIN,
		                 x->sasl.credentials->max_iterations
		                         ? (unsigned)x->sasl.credentials->max_iterations
		                         : (unsigned)EMAIL__SCRAM_ITERATIONS_MAX);
		email__error_remedy(
			e, "set emailAuthenticator.saslMechanism to PLAIN, over TLS, or have the server's "
			   "administrator change it");
	} else if (rc == EMAIL_E_LIMIT) {
		failed(e, rc, "the password or token is too long for a login");
	} else if (rc == EMAIL_E_PROTOCOL) {
		email__error_set(e, rc, EMAIL_STAGE_AUTHENTICATE, "the server broke the rules of %s", name);
	} else {
		failed(e, rc, email_code_text(rc));
	}
	return rc;
}

email_code
email__exchange_challenge(email__exchange *x, const char *base64, size_t n, email_error *e)
{
	unsigned char decoded[EMAIL__SASL_CHALLENGE_MAX];
	email_code rc;

	/* What asks for the initial response is empty (RFC 4954 4, RFC 3501 6.2.2, RFC 5034 4), but some write words
	 * there: "334 XOAUTH2 supported", "+ go ahead" */
	if (x->sasl.mechanism->client_first && x->sasl.step == 0)
		n = 0;
	for (; n && *base64 == ' '; base64++)
		n--;
	while (n && base64[n - 1] == ' ')
		n--;
	if (n / 4 * 3 > sizeof decoded || ++x->challenges > EMAIL__SASL_CHALLENGES_MAX ||
	    email__base64_decode(decoded, &n, base64, n))
		return no_response(x, EMAIL_E_PROTOCOL, e);
	rc = respond(x, decoded, n);
	return rc ? no_response(x, rc == EMAIL_E_USAGE ? EMAIL_E_PROTOCOL : rc, e) : EMAIL_OK;
}

email_code
email__exchange_accept(email__exchange *x, email_error *e)
{
	if (email__sasl_accept(&x->sasl) == EMAIL_OK)
		return EMAIL_OK;
	if (x->sasl.mechanism && x->sasl.step >= 2 && !x->sasl.proven)
		return failed(e, EMAIL_E_LOGIN,
		              "the server said yes without showing that it knows the password");
	return failed(e, EMAIL_E_PROTOCOL, "the server said yes before the login was complete");
}

bool
email__exchange_token(const email__exchange *x)
{
	return x->sasl.mechanism && x->sasl.mechanism->kind == EMAIL__CREDENTIAL_TOKEN;
}

void
email__exchange_closed(const email__exchange *x, email_error *e)
{
	size_t n = email__exchange_token(x) && x->sasl.step ? strlen(x->sasl.credentials->password) : 0;

	/* Dovecot does it without a word where a response is over 8 kB */
	if (n > TOKEN_COMMON && e->code == EMAIL_OK)
		email__error_remedy(
			e,
			"the token has %zu bytes, perhaps more than the server takes: have the provider put "
			"less into its tokens, such as groups and roles",
			n);
}

void
email__exchange_refused(const email__exchange *x, email_error *e)
{
	const char *said = x->sasl.said;
	size_t n = strlen(e->text);

	if (said[0] && !strstr(e->text, said) && sizeof e->text - n > sizeof " (..)") {
		memcpy(e->text + n, " (", 2);
		email__printable(e->text + n + 2, sizeof e->text - n - 3, said, strlen(said));
		memcpy(e->text + strlen(e->text), ")", 2);
	}
	/* Cyrus offers -PLUS under TLS 1.3 but cannot bind to it (RFC 9266): a person decides, not whoever is between */
	if (x->sasl.binding && !e->temporary) {
		e->remedy[0] = '\0';
		email__error_remedy(
			e, "Check account and password; if they are right, the server may not be able to "
			   "bind to this TLS version: set emailAuthenticator.saslMechanism to the same "
			   "without -PLUS");
	}
}
