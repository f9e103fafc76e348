/* SPDX-License-Identifier: MIT */
/*
 * The login (RFC 4954):
 *
 *     AUTH --334--> response --334--> ... --235--> logged in
 *             \--not base64, too many--> "*" (only here: a 334 is open) --5yz--> failed
 *
 * The response lives in one secret buffer and in `out`; both are wiped once it is written.
 */
#include <string.h>

#include "base/error.h"
#include "codec/base64.h"
#include "proto/remedy.h"
#include "proto/smtp_engine.h"

/* RFC 4954 4: the line of a command; and that of a response, which has no verb in front. */
#define RESPONSE_MAX (EMAIL__SMTP_COMMAND_MAX / 4 * 3 - 3)

static bool
clear_ok(const email__smtp *s)
{
	return s->tls || s->allow_plaintext_login;
}

enum smtp_state
email__smtp_login(email__smtp *s)
{
	const email__mechanism *m = email__sasl_choose(s->can.auth, s->wanted, clear_ok(s));
	enum smtp_state failed;

	s->link.stage = EMAIL_STAGE_AUTHENTICATE;
	if (!m) {
		if (s->can.auth[0] == '\0') {
			failed = email__smtp_fail(s, EMAIL_E_MECHANISM, "the server offers no login%s",
			                          s->tls ? "" : " on a connection without TLS");
			if (s->tls)
				email__error_remedy(&s->link.error, "Set emailAuthenticator.type to none where the server trusts "
				                                    "its network, or use its port for submission (465, 587)");
		} else if (email__sasl_choose(s->can.auth, s->wanted, true))
			failed = email__smtp_fail(s, EMAIL_E_MECHANISM,
			                          "the login would show the password "
			                          "to whoever reads the connection");
		else
			failed = email__smtp_fail(s, EMAIL_E_MECHANISM,
			                          "%s is not among the logins that the server offers",
			                          s->wanted ? s->wanted : "none of the mechanisms known");
		email__remedy(&s->link.error);
		return failed;
	}
	if (email__sasl_start(&s->sasl, m, s->credentials))
		return email__smtp_fail(s, EMAIL_E_LOGIN, "the account's user name is empty");
	s->challenges = 0;
	return S_AUTH;
}

/* The response to the challenge, at most as long as a line may be. */
static email_code
respond(email__smtp *s, const void *challenge, size_t n)
{
	email_code rc;

	email__buf_clear(&s->response);
	s->response.secret = true;
	if ((rc = email__sasl_respond(&s->sasl, challenge, n, &s->response)))
		return rc;
	/* a buffer that was never filled has no place, and NULL means no response */
	return email__buf_reserve(&s->response, 1);
}

static bool
fits_with_command(const email__smtp *s)
{
	size_t line = strlen("AUTH ") + strlen(s->sasl.mechanism->name) + strlen(" ") + strlen("\r\n");

	return line + EMAIL__BASE64_LEN(email__buf_len(&s->response)) <= EMAIL__SMTP_COMMAND_MAX;
}

email_code
email__smtp_auth_command(email__smtp *s)
{
	const email__mechanism *m = s->sasl.mechanism;
	email_code rc;

	if (m->client_first) {
		if ((rc = respond(s, NULL, 0)))
			return rc;
		if (fits_with_command(s)) {
			rc = email__smtp_put_auth(&s->link, m->name, email__buf_head(&s->response),
			                          email__buf_len(&s->response));
			email__buf_clear(&s->response);
			return rc;
		}
		/* too long for one line with the verb: in two steps, from the beginning */
		email__buf_clear(&s->response);
		if ((rc = email__sasl_start(&s->sasl, m, s->credentials)))
			return rc;
	}
	return email__smtp_put_auth(&s->link, m->name, NULL, 0);
}

email_code
email__smtp_auth_answer(email__smtp *s)
{
	email_code rc = email__smtp_put_response(&s->link, email__buf_head(&s->response),
	                                         email__buf_len(&s->response));

	email__buf_clear(&s->response);
	return rc;
}

/* RFC 4954 4: base64 behind "334 ". Some servers write one space more, or one at the end. */
static enum smtp_state
challenge(email__smtp *s)
{
	unsigned char decoded[EMAIL__SMTP_LINE_MAX];
	const char *p = s->reply.line;
	size_t n = s->reply.line_len;
	email_code rc;

	for (; n && *p == ' '; p++)
		n--;
	while (n && p[n - 1] == ' ')
		n--;
	if (s->reply.lines > 1 || ++s->challenges > EMAIL__SMTP_CHALLENGES_MAX ||
	    email__base64_decode(decoded, &n, p, n))
		return S_CANCEL;
	rc = respond(s, decoded, n);
	if (rc == EMAIL_E_MEMORY)
		return email__smtp_fail(s, rc, "out of memory");
	if (rc == EMAIL_E_LIMIT)
		return email__smtp_fail(s, rc,
		                        "the password or token is too long for a login (RFC 4954: 12288)");
	return rc ? S_CANCEL : S_ANSWER;
}

static enum smtp_state
refused(email__smtp *s)
{
	const email__smtp_reply *r = &s->reply;

	if (r->code < 500)
		return email__smtp_fail_reply(s, EMAIL_E_TEMPORARY,
		                              "the server cannot log the account in now");
	/* 504: no such mechanism; 500, 502, 503: no AUTH here; 538: not without TLS */
	if (r->code == 504 || r->code == 538 || r->code <= 503)
		return email__smtp_fail_reply(s, EMAIL_E_MECHANISM,
		                              "the server does not take this kind of login");
	return email__smtp_fail_reply(s, EMAIL_E_LOGIN, "the server refused the login");
}

enum smtp_state
email__smtp_auth_reply(email__smtp *s)
{
	int code = s->reply.code;
	email_code rc;

	if (code == 334)
		return challenge(s);
	if (code / 100 == 4 || code / 100 == 5)
		return refused(s);
	if (code != 235)
		return email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server answered AUTH with %d", code);
	if ((rc = email__sasl_accept(&s->sasl)))
		return email__smtp_fail(s, rc, "the server said yes before the login was complete");
	email__smtp_ended(s, s->sasl.mechanism->name);
	email__smtp_auth_end(s);
	return S_READY;
}

void
email__smtp_auth_end(email__smtp *s)
{
	s->response.secret = true;
	email__buf_dispose(&s->response);
	email__buf_init(&s->response, RESPONSE_MAX);
	email__sasl_end(&s->sasl);
}
