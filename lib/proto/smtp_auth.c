/* SPDX-License-Identifier: MIT */
/*
 * The login (RFC 4954):
 *
 *     AUTH --334--> response --334--> ... --235--> logged in
 *             \--not base64, too many--> "*" (only here: a 334 is open) --5yz--> failed
 *
 * The exchange itself is sasl/exchange.h's.
 */
#include <string.h>

#include "base/error.h"
#include "proto/remedy.h"
#include "proto/smtp_engine.h"

enum smtp_state
email__smtp_login(email__smtp *s)
{
	email_error *e = &s->link.error;

	s->link.stage = EMAIL_STAGE_AUTHENTICATE;
	if (email__exchange_choose(&s->login, s->can.auth, s->wanted, s->tls,
	                           s->tls || s->allow_plaintext_login, s->credentials, e) == EMAIL_OK)
		return S_AUTH;
	if (e->code == EMAIL_E_MECHANISM && s->tls && !e->remedy[0] &&
	    s->credentials->kind == EMAIL__CREDENTIAL_TOKEN)
		email__remedy_token(e);
	if (e->code == EMAIL_E_MECHANISM && s->can.auth[0] == '\0' && s->tls)
		email__error_remedy(
			e, "Set emailAuthenticator.type to none where the server trusts its network, or use "
			   "its port for submission (465, 587)");
	if (e->code == EMAIL_E_MECHANISM)
		email__remedy(e);
	return S_FAILED;
}

email_code
email__smtp_auth_command(email__smtp *s)
{
	const char *name = s->login.sasl.mechanism->name;
	size_t line = strlen("AUTH ") + strlen(name) + strlen(" ") + strlen("\r\n");
	bool has;
	email_code rc = email__exchange_initial(&s->login, EMAIL__SMTP_AUTH_MAX - line, &has);

	if (rc)
		return rc;
	rc = email__smtp_put_auth(&s->link, name, has ? email__buf_head(&s->login.response) : NULL,
	                          email__buf_len(&s->login.response));
	email__buf_clear(&s->login.response);
	return rc;
}

email_code
email__smtp_auth_answer(email__smtp *s)
{
	email_code rc = email__smtp_put_response(&s->link, email__buf_head(&s->login.response),
	                                         email__buf_len(&s->login.response));

	email__buf_clear(&s->login.response);
	return rc;
}

/* RFC 4954 4: base64 behind "334 ". The first error stays, so the server's answer to "*" does not hide it. */
static enum smtp_state
challenge(email__smtp *s)
{
	const email__smtp_reply *r = &s->reply;
	email_code rc;

	if (r->lines > 1)
		rc = email__error_set(&s->link.error, EMAIL_E_PROTOCOL, EMAIL_STAGE_AUTHENTICATE,
		                      "the server sent a challenge of several lines");
	else
		rc = email__exchange_challenge(&s->login, r->line, r->line_len, &s->link.error);
	if (rc == EMAIL_E_MEMORY)
		return S_FAILED;
	return rc ? S_CANCEL : S_ANSWER;
}

/* What the reply means. 504: no such mechanism; 500, 502, 503: no AUTH here; 538: not without TLS. */
static enum smtp_state
refused(email__smtp *s)
{
	int code = s->reply.code;

	if (code < 500)
		email__smtp_fail_reply(s, EMAIL_E_TEMPORARY, "the server cannot log the account in now");
	else if (code == 504 || code == 538 || code <= 503)
		email__smtp_fail_reply(s, EMAIL_E_MECHANISM, "the server does not take this kind of login");
	else
		email__smtp_fail_reply(s, EMAIL_E_LOGIN, "the server refused the login");
	if (email__exchange_token(&s->login) && s->tls)
		email__remedy_token(&s->link.error);
	email__exchange_refused(&s->login, &s->link.error);
	return S_FAILED;
}

enum smtp_state
email__smtp_auth_reply(email__smtp *s)
{
	int code = s->reply.code;

	if (code == 334)
		return challenge(s);
	if (code / 100 == 4 || code / 100 == 5)
		return refused(s);
	if (code != 235)
		return email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server answered AUTH with %d", code);
	if (email__exchange_accept(&s->login, &s->link.error))
		return S_FAILED;
	email__smtp_ended(s, s->login.sasl.mechanism->name);
	email__smtp_auth_end(s);
	return S_READY;
}

void
email__smtp_auth_end(email__smtp *s)
{
	email__exchange_end(&s->login);
}
