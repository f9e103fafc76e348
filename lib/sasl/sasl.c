/* SPDX-License-Identifier: MIT */
/* The table of mechanisms, strongest first, the choice among them, and the exchange, whichever it is. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/wipe.h"
#include "codec/hide.h"
#include "sasl/mechanisms.h"
#include "sasl/prep.h"

typedef struct mechanism {
	email__mechanism is;
	int steps;     /* responses until the client has said everything */
	int may_steps; /* and where the server has something to say about a refusal */
	email__respond_fn respond;
} mechanism;

/* RFC 4616: no authorization identity, NUL, user, NUL, password. */
static email_code
plain(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	email_code rc = email__buf_add(response, "", 1);

	(void)challenge;
	(void)n;
	s->proven = true;
	rc = rc ? rc : email__buf_adds(response, s->credentials->user);
	rc = rc ? rc : email__buf_add(response, "", 1);
	return rc ? rc : email__buf_adds(response, s->credentials->password);
}

/* Never standardised; the prompts differ ("Username:", "User Name\0") and are not looked at. */
static email_code
login(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	(void)challenge;
	(void)n;
	s->proven = true;
	return email__buf_adds(response, s->step == 0 ? s->credentials->user : s->credentials->password);
}

/* RFC 4422 A: whom to act for; the connection's certificate says the rest. */
static email_code
external(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	(void)challenge;
	(void)n;
	s->proven = true;
	return email__buf_adds(response, s->credentials->user);
}

/* clang-format off */
#define PASSWORD EMAIL__CREDENTIAL_PASSWORD
#define TOKEN EMAIL__CREDENTIAL_TOKEN
#define CERTIFICATE EMAIL__CREDENTIAL_CERTIFICATE
static const mechanism mechanisms[] = {
	/* name                 reveals client binds  strength             steps */
	{{"SCRAM-SHA-256-PLUS", false, true,  true,  80, PASSWORD},    3, 3, email__scram_sha256},
	{{"SCRAM-SHA-1-PLUS",   false, true,  true,  70, PASSWORD},    3, 3, email__scram_sha1},
	{{"SCRAM-SHA-256",      false, true,  false, 60, PASSWORD},    3, 3, email__scram_sha256},
	{{"SCRAM-SHA-1",        false, true,  false, 50, PASSWORD},    3, 3, email__scram_sha1},
	{{"EXTERNAL",           false, true,  false, 40, CERTIFICATE}, 1, 1, external},
	{{"OAUTHBEARER",        true,  true,  false, 36, TOKEN},       1, 2, email__oauthbearer},
	{{"XOAUTH2",            true,  true,  false, 33, TOKEN},       1, 2, email__xoauth2},
	{{"CRAM-MD5",           false, false, false, 30, PASSWORD},    1, 1, email__cram_md5},
	{{"PLAIN",              true,  true,  false, 20, PASSWORD},    1, 1, plain},
	{{"LOGIN",              true,  false, false, 10, PASSWORD},    2, 2, login},
};
/* clang-format on */

const email__mechanism *
email__sasl_mechanism_at(size_t i)
{
	return i < sizeof mechanisms / sizeof *mechanisms ? &mechanisms[i].is : NULL;
}

const email__mechanism *
email__sasl_mechanism(const char *name)
{
	const email__mechanism *m;
	size_t i;

	for (i = 0; (m = email__sasl_mechanism_at(i)); i++)
		if (email__str_equal(m->name, name))
			return m;
	return NULL;
}

bool
email__sasl_listed(const char *offered, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		size_t n;

		offered += strspn(offered, " ");
		if (*offered == '\0')
			return false;
		n = strcspn(offered, " ");
		if (n == len && email__str_equal_n(offered, name, n))
			return true;
		offered += n;
	}
}

/* A password that SASLprep does not know here goes by PLAIN, where the connection lets it. */
static bool
can_carry(const email__mechanism *m, bool by_name, const email__credentials *c)
{
	email__buf ignored;
	bool fine;

	if (strncmp(m->name, "SCRAM-", 6) != 0)
		return true;
	if (m->binds && !(c->binding && c->binding->type &&
	                  (by_name || email__str_equal(c->binding->type, EMAIL__BINDING_SURE))))
		return false;
	email__buf_init(&ignored, 2 * 16384);
	ignored.secret = true;
	fine = email__sasl_prep(&ignored, c->user) != EMAIL_E_VALUE &&
	       email__sasl_prep(&ignored, c->password) != EMAIL_E_VALUE;
	email__buf_dispose(&ignored);
	return fine;
}

const email__mechanism *
email__sasl_choose(const char *offered, const char *wanted, bool clear_ok, const email__credentials *c)
{
	const email__mechanism *m;
	size_t i;

	for (i = 0; (m = email__sasl_mechanism_at(i)); i++) {
		if (m->kind != c->kind || (wanted && !email__str_equal(m->name, wanted)))
			continue;
		if (m->reveals_password && !clear_ok)
			continue;
		if (email__sasl_listed(offered, m->name) && can_carry(m, wanted != NULL, c))
			return m;
	}
	return NULL;
}

email_code
email__sasl_start(email__sasl *s, const email__mechanism *m, const char *offered, const email__credentials *c)
{
	email__sasl_end(s);
	/* RFC 4616 2: authcid is 1*SAFE; an empty one would only cost a failed login. EXTERNAL may leave it to the
	 * certificate */
	if (!c || !c->user || !c->password || (!*c->user && m->kind != EMAIL__CREDENTIAL_CERTIFICATE))
		return EMAIL_E_VALUE;
	s->mechanism = m;
	s->credentials = c;
	return strncmp(m->name, "SCRAM-", 6) == 0 ? email__scram_start(s, offered) : EMAIL_OK;
}

void
email__sasl_restart(email__sasl *s)
{
	s->step = 0;
	s->proven = false;
	email__buf_clear(&s->transcript);
}

void
email__sasl_said(email__sasl *s, const void *bytes, size_t n)
{
	email__printable(s->said, sizeof s->said, bytes, n);
	email__hide(s->said, strlen(s->said), email__credentials_secret(s->credentials));
}

/* `is` is the first member of its row. */
static const mechanism *
row(const email__sasl *s)
{
	return (const mechanism *)(const void *)s->mechanism;
}

email_code
email__sasl_respond(email__sasl *s, const void *challenge, size_t n, email__buf *response)
{
	email_code rc;

	if (!s->mechanism || (!challenge && (!s->mechanism->client_first || s->step)))
		return EMAIL_E_USAGE;
	if (s->step >= row(s)->may_steps)
		return EMAIL_E_PROTOCOL;
	if ((rc = row(s)->respond(s, challenge ? challenge : (const void *)"", n, response)))
		return rc;
	s->step++;
	return EMAIL_OK;
}

email_code
email__sasl_accept(email__sasl *s)
{
	return s->mechanism && s->step >= row(s)->steps && s->proven ? EMAIL_OK : EMAIL_E_PROTOCOL;
}

void
email__sasl_end(email__sasl *s)
{
	if (s->transcript.data)
		email__buf_dispose(&s->transcript);
	email__wipe(s, sizeof *s);
}
