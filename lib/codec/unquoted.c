/* SPDX-License-Identifier: MIT */
/*
 * What lies within one piece goes line by line, with memchr() to the next "=" and the rest copied whole. What does
 * not (white space, CR or "=" at its end) is held, and decided character by character; both ways say the same.
 */
#include "codec/unquoted.h"

#include <string.h>

void
email__unquoted_init(email__unquoted *u)
{
	*u = (email__unquoted){0};
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 2045 6.7 rule 1 wants capitals; small letters are read as well, as its note (1) allows. */
static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static unsigned char *
copy(unsigned char *o, const char *s, size_t n)
{
	memcpy(o, s, n);
	return o + n;
}

/* It was not what it was held for. */
static unsigned char *
let_go(email__unquoted *u, unsigned char *o)
{
	if (u->held[0] == '=')
		u->broken = true;
	o = copy(o, u->held, u->held_n);
	u->held_n = 0;
	return o;
}

/* True where c goes on with what is held: "=" digit, "=" white CR, or white CR. */
static bool
holds(const email__unquoted *u, char c)
{
	char last = u->held[u->held_n - 1];

	if (u->held_n == EMAIL__UNQUOTED_HELD_MAX || last == '\r')
		return false;
	if (c == '\r' || is_white(c))
		return last == '=' || is_white(last);
	return last == '=' && hex(c) >= 0;
}

/* One character, where something is held or has to be. */
static unsigned char *
step(email__unquoted *u, unsigned char *o, char c)
{
	bool code = u->held_n && u->held[0] == '=';
	bool digit = u->held_n == 2 && code && hex(u->held[1]) >= 0;

	if (digit && hex(c) >= 0) {
		*o++ = (unsigned char)((unsigned)hex(u->held[1]) << 4 | (unsigned)hex(c));
		u->held_n = 0;
		return o;
	}
	if (u->held_n && c == '\n' && !digit) {
		/* rules 3 and 5: the white space goes, with "=" the line end too */
		if (!code) {
			if (u->held[u->held_n - 1] == '\r')
				*o++ = '\r';
			*o++ = '\n';
		}
		u->held_n = 0;
		return o;
	}
	if (u->held_n && !holds(u, c))
		o = let_go(u, o);
	if (u->held_n || c == '=' || c == '\r' || is_white(c))
		u->held[u->held_n++] = c;
	else
		*o++ = (unsigned char)c;
	return o;
}

/*
 * Up to `end`, white space at the end taken off. Returns where an "=" stands that cannot be told yet, else `end`;
 * where the line is `ended` that is one which is its last: a soft break.
 */
static const char *
text(email__unquoted *u, unsigned char **out, const char *p, const char *end, bool ended)
{
	unsigned char *o = *out;

	while (p < end) {
		const char *code = *p == '=' ? p : memchr(p, '=', (size_t)(end - p));
		int high, low;

		if (!code)
			code = end;
		o = copy(o, p, (size_t)(code - p));
		p = code;
		if (p == end)
			break;
		if (end - p >= 3 && (high = hex(p[1])) >= 0 && (low = hex(p[2])) >= 0) {
			*o++ = (unsigned char)(high << 4 | low);
			p += 3;
			continue;
		}
		if (end - p == 1 || (!ended && end - p == 2 && hex(p[1]) >= 0))
			break;
		u->broken = true;
		*o++ = (unsigned char)*p++;
	}
	*out = o;
	return p;
}

/* Where the CR and the white space begin that a line ends in, if it does. */
static const char *
strip(const char *p, const char *end)
{
	if (end > p && end[-1] == '\r')
		end--;
	while (end > p && is_white(end[-1]))
		end--;
	return end;
}

/* From p, where nothing is held, to the next line end, or to what has to be held. */
static const char *
line(email__unquoted *u, unsigned char **out, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	const char *last = strip(p, lf ? lf : end), *at;
	bool cr = lf && lf > p && lf[-1] == '\r';

	/* much white space is for step() to count */
	if (lf && lf - last >= EMAIL__UNQUOTED_HELD_MAX)
		lf = NULL;
	at = text(u, out, p, last, lf != NULL);
	if (!lf)
		return at;
	if (at == last)
		*out = copy(*out, lf - cr, 1u + cr);
	return lf + 1;
}

size_t
email__unquoted_push(email__unquoted *u, unsigned char *out, const char *in, size_t n)
{
	const char *p = in, *end = in + n;
	unsigned char *o = out;

	while (p < end) {
		if (u->held_n == 0)
			p = line(u, &o, p, end);
		if (p < end)
			o = step(u, o, *p++);
	}
	return (size_t)(o - out);
}

/* White space, and "=" as the very last, are what they were if a line end followed. */
size_t
email__unquoted_end(email__unquoted *u, unsigned char *out)
{
	bool code = u->held_n && u->held[0] == '=';
	char last = u->held_n ? u->held[u->held_n - 1] : ' ';
	size_t n = 0;

	if (code ? hex(last) >= 0 : last == '\r')
		n = (size_t)(let_go(u, out) - out);
	u->held_n = 0;
	return n;
}
