/* SPDX-License-Identifier: MIT */
#include "proto/pop3_capabilities.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* What is too long to be kept is left out whole: half a mechanism's name could be another's. */
static void
add_mechanisms(email__pop3_capabilities *c, const char *p, size_t n)
{
	size_t len = strlen(c->sasl), at = 0;

	while (at < n) {
		size_t start, word;

		while (at < n && p[at] == ' ')
			at++;
		for (start = at; at < n && p[at] > ' ' && p[at] <= '~';)
			at++;
		word = at - start;
		if (at < n && p[at] != ' ')
			return;
		if (word && len + word + 2 <= sizeof c->sasl) {
			if (len)
				c->sasl[len++] = ' ';
			memcpy(c->sasl + len, p + start, word);
			len += word;
			c->sasl[len] = '\0';
		}
	}
}

/* "10", "10 USER" (it differs from user to user); a day at most. */
static unsigned
seconds(const char *p, size_t n)
{
	unsigned value = 0;
	size_t i;

	for (i = 0; i < n && email__is_digit(p[i]); i++)
		if ((value = value * 10 + (unsigned)(p[i] - '0')) > 86400)
			return 86400;
	return i == n || p[i] == ' ' ? value : 0;
}

static void
keep_text(email__pop3_capabilities *c, const char *p, size_t n)
{
	size_t room = sizeof c->text - c->text_len;

	if (room < n + 3)
		return;
	if (c->text_len) {
		memcpy(c->text + c->text_len, ", ", 2);
		c->text_len += 2;
		room -= 2;
	}
	email__printable(c->text + c->text_len, room, p, n);
	c->text_len += strlen(c->text + c->text_len);
}

static bool
is(const char *p, size_t n, const char *keyword)
{
	return strlen(keyword) == n && email__str_equal_n(p, keyword, n);
}

void
email__pop3_capability(email__pop3_capabilities *c, const char *line, size_t n)
{
	size_t word = 0, left;
	const char *rest;

	c->lines++;
	keep_text(c, line, n);
	while (word < n && line[word] != ' ')
		word++;
	rest = line + word + (word < n);
	left = n - word - (word < n);

	if (is(line, word, "STLS"))
		c->stls = true;
	else if (is(line, word, "USER"))
		c->user = true;
	else if (is(line, word, "TOP"))
		c->top = true;
	else if (is(line, word, "UIDL"))
		c->uidl = true;
	else if (is(line, word, "PIPELINING"))
		c->pipelining = true;
	else if (is(line, word, "UTF8"))
		c->utf8 = true;
	else if (is(line, word, "LOGIN-DELAY"))
		c->login_delay = seconds(rest, left);
	else if (is(line, word, "SASL"))
		add_mechanisms(c, rest, left);
}
