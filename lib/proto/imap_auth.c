/* SPDX-License-Identifier: MIT */
/*
 * The login (RFC 3501 6.2, RFC 4959):
 *
 *     AUTHENTICATE --+--> response --+--> ... --OK--> logged in
 *                    \--no base64, too many--> "*" (only here: a challenge is open) --> failed
 *     LOGIN [--+--> literal] --OK--> logged in
 *
 * LOGIN is what is left where the server names no mechanism that we have. The exchange is sasl/exchange.h's.
 */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "proto/imap_engine.h"
#include "proto/remedy.h"

static bool
clear_ok(const email__imap *s)
{
	return s->tls || s->allow_plaintext_login;
}

/* RFC 3501 6.2.3: LOGIN is there unless it is disabled; it shows the password. */
static bool
may_login(const email__imap *s)
{
	return clear_ok(s) && !s->can.login_disabled && s->credentials->kind == EMAIL__CREDENTIAL_PASSWORD &&
	       (!s->wanted || email__str_equal(s->wanted, "LOGIN") || email__str_equal(s->wanted, "PLAIN"));
}

static enum imap_state
no_login(email__imap *s)
{
	email_error *e = &s->link.error;

	if (s->can.auth[0] == '\0' && s->can.login_disabled)
		email__imap_fail(s, EMAIL_E_MECHANISM, "the server disables its login%s",
		                 s->tls ? "" : " on a connection without TLS");
	else
		email__exchange_choose(&s->login, s->can.auth[0] || clear_ok(s) ? s->can.auth : "PLAIN",
		                       s->wanted, s->tls, clear_ok(s), s->credentials, e);
	if (s->tls && !e->remedy[0] && s->credentials->kind == EMAIL__CREDENTIAL_TOKEN)
		email__remedy_token(e);
	email__error_remedy(
		e, s->tls ? "Change emailAuthenticator.saslMechanism to what the server offers"
			  : "Set useSsl or useStartTls, or change emailAuthenticator.saslMechanism to "
			    "what the server offers");
	return S_FAILED;
}

enum imap_state
email__imap_choose(email__imap *s)
{
	email_error *e = &s->link.error;

	s->link.stage = EMAIL_STAGE_AUTHENTICATE;
	if (!s->credentials) {
		email__imap_fail(s, EMAIL_E_LOGIN, "the server wants a login, and the account has none");
		email__error_remedy(e, "Set an emailAuthenticator");
		return S_FAILED;
	}
	if (!email__sasl_choose(s->can.auth, s->wanted, clear_ok(s), s->credentials))
		return may_login(s) ? S_LOGIN : no_login(s);
	return email__exchange_choose(&s->login, s->can.auth, s->wanted, s->tls, clear_ok(s), s->credentials,
	                              e)
	               ? S_FAILED
	               : S_AUTH;
}

/* The capabilities of before the login are forgotten with it; who tells new ones does so until its end. */
static enum imap_state
sent(email__imap *s, email_code rc, enum imap_expected what)
{
	s->can.known = false;
	return email__imap_sent(s, rc, what, S_WAIT);
}

enum imap_state
email__imap_write_auth(email__imap *s)
{
	const char *name = s->login.sasl.mechanism->name;
	size_t words = strlen("A4294967295 AUTHENTICATE ") + strlen(name) + strlen(" ");
	bool has;
	email_code rc;

	/* without SASL-IR (RFC 4959) there is no room for it at all */
	rc = email__exchange_initial(&s->login, s->can.sasl_ir ? EMAIL__IMAP_COMMAND_MAX - words : 0, &has);
	if (rc == EMAIL_OK)
		rc = email__imap_put_auth(&s->link, email__imap_tag(s), name,
		                          has ? email__buf_head(&s->login.response) : NULL,
		                          email__buf_len(&s->login.response));
	email__buf_clear(&s->login.response);
	return sent(s, rc, X_AUTH);
}

enum imap_state
email__imap_write_login(email__imap *s)
{
	const email__credentials *c = s->credentials;

	if (c->user[0] == '\0')
		return email__imap_fail(s, EMAIL_E_LOGIN, "the account's user name is empty");
	/* RFC 7888 5: LITERAL- takes up to 4096 bytes */
	return sent(s,
	            email__imap_put_login(&s->link, email__imap_tag(s), c->user, c->password,
	                                  s->can.literal_plus ||
	                                          (s->can.literal_minus && strlen(c->user) <= 4096 &&
	                                           strlen(c->password) <= 4096),
	                                  &s->rest),
	            X_LOGIN);
}

/* What goes with the command that the head of the ring stands for. */
static enum imap_state
went_on(email__imap *s, email_code rc)
{
	if (rc)
		return email__imap_fail(s, rc, "a command could not be written: %s", email_code_text(rc));
	s->ring[s->head].end = s->link.sent;
	return S_WAIT;
}

enum imap_state
email__imap_write_answer(email__imap *s)
{
	email_code rc = email__imap_put_response(&s->link, email__buf_head(&s->login.response),
	                                         email__buf_len(&s->login.response));

	email__buf_clear(&s->login.response);
	return went_on(s, rc);
}

enum imap_state
email__imap_write_rest(email__imap *s)
{
	return went_on(s, email__imap_put_rest(&s->link, &s->rest));
}

/* Behind the "+": base64, or for a literal any words. */
enum imap_state
email__imap_continue(email__imap *s, const char *words, size_t n)
{
	email_code rc;

	if (s->ring[s->head].what == X_LOGIN)
		return S_REST;
	rc = email__exchange_challenge(&s->login, words, n, &s->link.error);
	if (rc == EMAIL_E_MEMORY)
		return S_FAILED;
	return rc ? S_CANCEL : S_ANSWER;
}

/* A server that knows us but does not let us in, or has its administrator asked, has said what to do. */
static bool
bare_no(const email__imap *s)
{
	return !email__imap_response_has(&s->response, "AUTHORIZATIONFAILED") &&
	       !email__imap_response_has(&s->response, "CONTACTADMIN");
}

static enum imap_state
refused(email__imap *s, enum imap_expected what)
{
	email_error *e = &s->link.error;

	/* RFC 3501 7.5: it does not want the literal, so it is not sent */
	if (what == X_LOGIN && s->rest.parts)
		email__imap_rest_end(&s->rest);
	/* BAD: no such command, no such mechanism */
	if (s->response.status == EMAIL__IMAP_BAD_COMMAND)
		email__imap_fail_response(s, EMAIL_E_MECHANISM,
		                          "the server does not take this kind of login");
	else
		email__imap_fail_response(s, EMAIL_E_LOGIN, "the server refused the login");
	if (what == X_AUTH && s->tls && email__exchange_token(&s->login) && bare_no(s))
		email__remedy_token(e);
	if (what == X_AUTH)
		email__exchange_refused(&s->login, e);
	if (e->code == EMAIL_E_LOGIN)
		email__error_remedy(e, "Check account and password; many servers need an app password or "
		                       "an OAuth authenticator");
	return S_FAILED;
}

enum imap_state
email__imap_answer_login(email__imap *s, enum imap_expected what)
{
	if (s->response.status != EMAIL__IMAP_OK)
		return refused(s, what);
	if (what == X_LOGIN && s->rest.parts)
		return email__imap_fail(s, EMAIL_E_PROTOCOL,
		                        "the server said yes before the login was complete");
	if (what == X_AUTH && email__exchange_accept(&s->login, &s->link.error))
		return S_FAILED;
	email__imap_ended(s, what == X_AUTH ? s->login.sasl.mechanism->name : "LOGIN");
	email__imap_auth_end(s);
	s->logged_in = true;
	if (!s->can.known)
		return S_CAPABILITY;
	s->link.stage = EMAIL_STAGE_CAPABILITIES;
	email__imap_ended(s, s->can.text);
	return S_HELLO;
}

void
email__imap_auth_end(email__imap *s)
{
	email__exchange_end(&s->login);
	email__imap_rest_end(&s->rest);
}
