/* SPDX-License-Identifier: MIT */
/*
 * The mechanisms by name, strongest first. Each is one function: the answer to a challenge, told by
 * `step` how far the exchange has come.
 */
#include "sasl/sasl.h"

#include <string.h>

#include "base/str.h"
#include "base/wipe.h"

typedef struct mechanism {
	email__mechanism is;
	int steps; /* responses until the client has said everything */
	email_code (*respond)(email__sasl *s, email__buf *response);
} mechanism;

/* RFC 4616: no authorization identity, NUL, user, NUL, password. */
static email_code
plain(email__sasl *s, email__buf *response)
{
	email_code rc = email__buf_add(response, "", 1);

	rc = rc ? rc : email__buf_adds(response, s->credentials->user);
	rc = rc ? rc : email__buf_add(response, "", 1);
	return rc ? rc : email__buf_adds(response, s->credentials->password);
}

/* Never standardised; the prompts differ ("Username:", "User Name\0") and are not looked at. */
static email_code
login(email__sasl *s, email__buf *response)
{
	return email__buf_adds(response, s->step == 0 ? s->credentials->user : s->credentials->password);
}

static const mechanism mechanisms[] = {
	{{"PLAIN", true, true, 20}, 1, plain},
	{{"LOGIN", true, false, 10}, 2, login},
};

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

static bool
listed(const char *offered, const char *name)
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

const email__mechanism *
email__sasl_choose(const char *offered, const char *wanted, bool clear_ok)
{
	const email__mechanism *m;
	size_t i;

	for (i = 0; (m = email__sasl_mechanism_at(i)); i++) {
		if (wanted && !email__str_equal(m->name, wanted))
			continue;
		if (m->reveals_password && !clear_ok)
			continue;
		if (listed(offered, m->name))
			return m;
	}
	return NULL;
}

email_code
email__sasl_start(email__sasl *s, const email__mechanism *m, const email__credentials *c)
{
	memset(s, 0, sizeof *s);
	/* RFC 4616 2: authcid is 1*SAFE; an empty one would only cost a failed login */
	if (!c || !c->user || !c->password || !*c->user)
		return EMAIL_E_VALUE;
	s->mechanism = m;
	s->credentials = c;
	return EMAIL_OK;
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

	(void)n;
	if (!s->mechanism || (!challenge && (!s->mechanism->client_first || s->step)))
		return EMAIL_E_USAGE;
	if (s->step >= row(s)->steps)
		return EMAIL_E_PROTOCOL;
	if ((rc = row(s)->respond(s, response)))
		return rc;
	s->step++;
	return EMAIL_OK;
}

email_code
email__sasl_accept(email__sasl *s)
{
	return s->mechanism && s->step == row(s)->steps ? EMAIL_OK : EMAIL_E_PROTOCOL;
}

void
email__sasl_end(email__sasl *s)
{
	email__wipe(s, sizeof *s);
}
