/* SPDX-License-Identifier: MIT */
/*
 * The login:
 *
 *     AUTH --"+ "--> response --"+ "--> ... --+OK--> logged in          (RFC 5034)
 *             \--not base64, too many--> "*" (only here: a challenge is open) ---ERR--> failed
 *     USER --+OK--> PASS --+OK--> logged in                             (RFC 1939 7), where no mechanism can be used
 *
 * APOP never: it is MD5, and a timestamp in the greeting does not even say that it works. A login that
 * was refused is not tried in another way, since servers count failures. The exchange itself is
 * sasl/exchange.h's.
 */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "proto/pop3_engine.h"
#include "proto/remedy.h"

static bool
clear_ok(const email__pop3 *p)
{
	return p->tls || p->allow_plaintext_login;
}

static bool
wants_user(const email__pop3 *p)
{
	return p->wanted && email__str_equal(p->wanted, "USER");
}

/* A server that lists neither USER nor mechanisms is asked all the same where nobody listens: some
 * list nothing. */
static bool
has_user(const email__pop3 *p)
{
	return p->can.user || !p->can.known || (p->tls && p->can.sasl[0] == '\0');
}

enum pop3_state
email__pop3_login(email__pop3 *p)
{
	const char *mechanism = wants_user(p) ? NULL : p->wanted;
	bool known =
		!wants_user(p) && email__sasl_choose(p->can.sasl, mechanism, clear_ok(p), p->credentials);
	/* a token is no password: it would go to a server that did not ask for one */
	bool password = p->credentials->kind == EMAIL__CREDENTIAL_PASSWORD;
	bool user = !known && password && (wants_user(p) || (!p->wanted && has_user(p)));
	email_error *e = &p->link.error;

	p->link.stage = EMAIL_STAGE_AUTHENTICATE;
	if (user && clear_ok(p)) {
		if (p->credentials->user && *p->credentials->user && p->credentials->password)
			return S_USER;
		return email__pop3_fail(p, EMAIL_E_LOGIN, "the account's user name is empty");
	}
	if (user)
		email__pop3_fail(p, EMAIL_E_MECHANISM,
		                 "the login would show the password to whoever reads the connection");
	else if (email__exchange_choose(&p->login, p->can.sasl, mechanism, p->tls, clear_ok(p),
	                                p->credentials, e) == EMAIL_OK)
		return S_AUTH;
	if (e->code == EMAIL_E_MECHANISM && p->tls && !e->remedy[0] &&
	    p->credentials->kind == EMAIL__CREDENTIAL_TOKEN)
		email__remedy_token(e);
	if (e->code == EMAIL_E_MECHANISM)
		email__remedy(e);
	return S_FAILED;
}

/* --- what the login's states send --- */

static email_code
auth_command(email__pop3 *p)
{
	const char *name = p->login.sasl.mechanism->name;
	size_t line = strlen("AUTH ") + strlen(name) + strlen(" ") + strlen("\r\n");
	bool has;
	email_code rc = email__exchange_initial(&p->login, EMAIL__POP3_COMMAND_MAX - line, &has);

	if (rc)
		return rc;
	rc = email__pop3_put_auth(&p->link, name, has ? email__buf_head(&p->login.response) : NULL,
	                          email__buf_len(&p->login.response));
	email__buf_clear(&p->login.response);
	return rc;
}

static email_code
auth_answer(email__pop3 *p)
{
	email_code rc = email__pop3_put_response(&p->link, email__buf_head(&p->login.response),
	                                         email__buf_len(&p->login.response));

	email__buf_clear(&p->login.response);
	return rc;
}

/* A name or password that no line can carry is the account's fault, not the server's. */
static enum pop3_state
word(email__pop3 *p, email_code rc, const char *which, enum pop3_expected what)
{
	if (rc == EMAIL_E_VALUE)
		return email__pop3_fail(p, EMAIL_E_LOGIN, "the account's %s has a line break in it", which);
	if (rc == EMAIL_E_LIMIT)
		return email__pop3_fail(
			p, rc, "the account's %s is too long for USER and PASS (RFC 2449: 255)", which);
	return email__pop3_sent(p, rc, what, S_WAIT);
}

enum pop3_state
email__pop3_write_login(email__pop3 *p, enum pop3_state st)
{
	if (st == S_AUTH)
		return email__pop3_sent(p, auth_command(p), X_AUTH, S_WAIT);
	if (st == S_ANSWER)
		return email__pop3_sent(p, auth_answer(p), X_AUTH, S_WAIT);
	if (st == S_USER)
		return word(p, email__pop3_put_user(&p->link, p->credentials->user), "user name", X_USER);
	return word(p, email__pop3_put_pass(&p->link, p->credentials->password), "password", X_PASS);
}

/* --- what the replies lead to --- */

static enum pop3_state
logged_in(email__pop3 *p, const char *how)
{
	email__pop3_ended(p, how);
	email__exchange_end(&p->login);
	p->logged_in = true;
	return S_READY;
}

/* RFC 5034 4: base64 behind "+ ". */
static enum pop3_state
challenge(email__pop3 *p)
{
	email_code rc =
		email__exchange_challenge(&p->login, p->reply.line, p->reply.line_len, &p->link.error);

	if (rc == EMAIL_E_MEMORY)
		return S_FAILED;
	return rc ? S_CANCEL : S_ANSWER;
}

enum pop3_state
email__pop3_answer_auth(email__pop3 *p)
{
	if (p->reply.status == EMAIL__POP3_CONTINUE)
		return challenge(p);
	if (p->reply.status == EMAIL__POP3_ERR) {
		email__pop3_fail_reply(p, EMAIL_E_LOGIN, "the server refused the login");
		if (email__exchange_token(&p->login) && p->tls)
			email__remedy_token(&p->link.error);
		email__exchange_refused(&p->login, &p->link.error);
		return S_FAILED;
	}
	if (email__exchange_accept(&p->login, &p->link.error))
		return S_FAILED;
	return logged_in(p, p->login.sasl.mechanism->name);
}

/* Courier lists USER in the clear and refuses it then: that says nothing about the account. */
enum pop3_state
email__pop3_answer_user(email__pop3 *p)
{
	if (p->reply.status == EMAIL__POP3_OK)
		return S_PASS;
	if (p->tls)
		return email__pop3_fail_reply(p, EMAIL_E_LOGIN, "the server refused the user name");
	return email__pop3_fail_reply(p, EMAIL_E_MECHANISM, "the server does not take this kind of login");
}

enum pop3_state
email__pop3_answer_pass(email__pop3 *p)
{
	if (p->reply.status == EMAIL__POP3_OK)
		return logged_in(p, "USER");
	return email__pop3_fail_reply(p, EMAIL_E_LOGIN, "the server refused the login");
}
