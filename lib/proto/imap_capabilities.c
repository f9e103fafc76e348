/* SPDX-License-Identifier: MIT */
#include "proto/imap_capabilities.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

static bool
is(const char *p, size_t n, const char *keyword)
{
	return strlen(keyword) == n && email__str_equal_n(p, keyword, n);
}

/* What is too long to be kept is left out whole: half a mechanism's name could be another's. */
static void
add_mechanism(email__imap_capabilities *c, const char *p, size_t n)
{
	size_t len = strlen(c->auth), i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return;
	if (n == 0 || len + n + 2 > sizeof c->auth)
		return;
	if (len)
		c->auth[len++] = ' ';
	memcpy(c->auth + len, p, n);
	c->auth[len + n] = '\0';
}

static void
keep_text(email__imap_capabilities *c, const char *p, size_t n)
{
	if (sizeof c->text - c->text_len < n + 2)
		return;
	if (c->text_len)
		c->text[c->text_len++] = ' ';
	email__printable(c->text + c->text_len, sizeof c->text - c->text_len, p, n);
	c->text_len += strlen(c->text + c->text_len);
}

static void
keyword(email__imap_capabilities *c, const char *p, size_t n)
{
	const struct {
		const char *word;
		bool *flag;
	} words[] = {
		{"IMAP4rev1", &c->rev1},
		{"IMAP4rev2", &c->rev2},
		{"STARTTLS", &c->start_tls},
		{"LOGINDISABLED", &c->login_disabled},
		{"SASL-IR", &c->sasl_ir},
		{"LITERAL+", &c->literal_plus},
		{"LITERAL-", &c->literal_minus},
		{"ID", &c->id},
		{"ENABLE", &c->enable},
		{"UTF8=ACCEPT", &c->utf8},
		{"UTF8=ONLY", &c->utf8},
		{"ESEARCH", &c->esearch},
		{"UIDPLUS", &c->uidplus},
		{"MOVE", &c->move},
		{"IDLE", &c->idle},
	};
	size_t i;

	keep_text(c, p, n);
	if (n > 5 && email__str_equal_n(p, "AUTH=", 5))
		add_mechanism(c, p + 5, n - 5);
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (is(p, n, words[i].word))
			*words[i].flag = true;
}

/* Steps to the next word; false at the end. */
static bool
next_word(const char **p, const char *end, size_t *n)
{
	const char *start;

	while (*p < end && **p == ' ')
		++*p;
	for (start = *p; *p < end && **p != ' ';)
		++*p;
	*n = (size_t)(*p - start);
	return *n > 0;
}

void
email__imap_capabilities_read(email__imap_capabilities *c, const char *words, size_t n)
{
	const char *end = words + n;
	size_t len;

	memset(c, 0, sizeof *c);
	while (next_word(&words, end, &len))
		keyword(c, words - len, len);
	c->known = true;
	if (c->rev2) /* RFC 9051 1 and appendix E: parts of it, named or not */
		c->sasl_ir = c->literal_minus = c->enable = c->esearch = c->uidplus = c->move = c->idle =
			true;
}

bool
email__imap_enabled_utf8(const char *words, size_t n)
{
	const char *end = words + n;
	size_t len;

	while (next_word(&words, end, &len))
		if (is(words - len, len, "UTF8=ACCEPT") || is(words - len, len, "IMAP4rev2"))
			return true;
	return false;
}
