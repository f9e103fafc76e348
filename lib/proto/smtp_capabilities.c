/* SPDX-License-Identifier: MIT */
#include "proto/smtp_capabilities.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* What is too long to be kept is left out whole: half a mechanism's name could be another's. */
static void
add_mechanisms(email__smtp_capabilities *c, const char *p, size_t n)
{
	size_t len = strlen(c->auth), at = 0;

	while (at < n) {
		size_t start, word;

		while (at < n && p[at] == ' ')
			at++;
		for (start = at; at < n && p[at] > ' ' && p[at] <= '~';)
			at++;
		word = at - start;
		if (at < n && p[at] != ' ')
			return;
		if (word && len + word + 2 <= sizeof c->auth) {
			if (len)
				c->auth[len++] = ' ';
			memcpy(c->auth + len, p + start, word);
			len += word;
			c->auth[len] = '\0';
		}
	}
}

/* Absent, 0, or a number that cannot be one: no limit (RFC 1870 4). */
static uint64_t
size_limit(const char *p, size_t n)
{
	char text[20];
	int64_t value;

	while (n && p[n - 1] == ' ')
		n--;
	if (n == 0 || n >= sizeof text)
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	return email__str_number(text, 0, INT64_MAX, &value) ? (uint64_t)value : 0;
}

static void
keep_text(email__smtp_capabilities *c, const char *p, size_t n)
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
email__smtp_capability(email__smtp_capabilities *c, const char *line, size_t n)
{
	const char *rest;
	size_t word = 0, left;

	keep_text(c, line, n);
	while (word < n && line[word] != ' ')
		word++;
	rest = line + word + (word < n);
	left = n - word - (word < n);

	if (is(line, word, "STARTTLS"))
		c->start_tls = true;
	else if (is(line, word, "PIPELINING"))
		c->pipelining = true;
	else if (is(line, word, "CHUNKING"))
		c->chunking = true;
	else if (is(line, word, "8BITMIME"))
		c->eight_bit = true;
	else if (is(line, word, "SMTPUTF8"))
		c->utf8 = true;
	else if (is(line, word, "DSN"))
		c->dsn = true;
	else if (is(line, word, "ENHANCEDSTATUSCODES"))
		c->enhanced = true;
	else if (is(line, word, "SIZE")) {
		c->size = true;
		c->size_max = size_limit(rest, left);
	} else if (is(line, word, "AUTH"))
		add_mechanisms(c, rest, left);
	else if (word > 5 && email__str_equal_n(line, "AUTH=", 5)) /* the spelling before RFC 2554 */
		add_mechanisms(c, line + 5, n - 5);
}
