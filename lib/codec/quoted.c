/* SPDX-License-Identifier: MIT */
/*
 * Runs of characters that stand for themselves are gone through eight at a time; what is between them, and the
 * first of a line behind a soft break, one by one.
 */
#include "codec/quoted.h"

#include <string.h>

/* RFC 2045 6.7 rule 5: the soft break's '=' is the 76th at the latest. */
#define COLUMNS 75

static const char hex[] = "0123456789ABCDEF";

static bool
ends_line(const char *text, size_t size, size_t at)
{
	return at == size || text[at] == '\r' || text[at] == '\n';
}

/* RFC 2045 6.7 rule 2: printable ASCII but '='. A space is one where it does not end a line. */
static bool
is_literal(char c)
{
	return c >= ' ' && c < 0x7F && c != '=';
}

/* Eight of them. A borrow or carry starts only in a byte that is none. */
static bool
are_literal(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t equals = w ^ ones * '=';

	return !((w | (w - ones * ' ') | (w + ones) | ((equals - ones) & ~equals)) & ones * 0x80);
}

/* Rule 3: and so does white space that does not end a line (a relay may take that away). */
static bool
stands_for_itself(const char *text, size_t size, size_t at)
{
	return text[at] == ' ' || text[at] == '\t' ? !ends_line(text, size, at + 1) : is_literal(text[at]);
}

/* Behind one line ending, whichever it is. */
static size_t
behind_line_end(const char *text, size_t size, size_t at)
{
	return at + 1 + (text[at] == '\r' && at + 1 < size && text[at + 1] == '\n');
}

/* How many literal characters begin at `at`, at most `most`, which are in the text; without a space that ends a
 * line. With `out` they are copied there, and what is behind them, up to `most`, is anything. */
static inline size_t
run(const char *text, size_t size, size_t at, size_t most, unsigned char *out)
{
	const char *s = text + at;
	size_t n = 0;
	uint64_t w;

	for (; most - n >= 8; n += 8) {
		memcpy(&w, s + n, 8);
		if (!are_literal(w))
			break;
		if (out)
			memcpy(out + n, &w, 8);
	}
	for (; n < most && is_literal(s[n]); n++)
		if (out)
			out[n] = (unsigned char)s[n];
	return n - (n && s[n - 1] == ' ' && ends_line(text, size, at + n));
}

void
email__quoted_measure(email__quoted_figures *f, const char *text, size_t size)
{
	size_t at = 0, line = 0, column = 0, n;

	*f = (email__quoted_figures){.ends_line = true};
	while (at < size) {
		unsigned char c;

		n = run(text, size, at, size - at, NULL);
		if (n == 0 && text[at] == '\t' && !ends_line(text, size, at + 1))
			n = 1;
		if (n) {
			size_t breaks = (column + n - 1) / COLUMNS;

			column += n - breaks * COLUMNS;
			f->quoted += n + breaks * 3;
			if ((at += n) == size)
				break;
		}
		c = (unsigned char)text[at];
		if (ends_line(text, size, at)) {
			f->longest = at - line > f->longest ? at - line : f->longest;
			f->length += at - line + 2;
			f->quoted += 2;
			column = 0;
			line = at = behind_line_end(text, size, at);
			continue;
		}
		if (stands_for_itself(text, size, at)) /* a tab */
			continue;
		f->eight_bit |= c >= 0x80;
		f->controls |= (c < ' ' && c != '\t') || c == 0x7F;
		f->quoted += column + 3 > COLUMNS ? 6 : 3;
		column = column + 3 > COLUMNS ? 3 : column + 3;
		at++;
	}
	if (line < size) {
		f->longest = size - line > f->longest ? size - line : f->longest;
		f->length += size - line;
		f->ends_line = false;
	}
}

static unsigned char *
soft_break(email__quoted *q, unsigned char *o)
{
	memcpy(o, "=\r\n", 3);
	q->column = 0;
	return o + 3;
}

/* One character, or line end. */
static unsigned char *
step(email__quoted *q, unsigned char *o)
{
	unsigned char c = (unsigned char)q->text[q->at];
	bool plain;

	if (ends_line(q->text, q->size, q->at)) {
		q->at = behind_line_end(q->text, q->size, q->at);
		q->column = 0;
		*o++ = '\r';
		*o++ = '\n';
		return o;
	}
	plain = stands_for_itself(q->text, q->size, q->at++);
	if (q->column + (plain ? 1 : 3) > COLUMNS)
		o = soft_break(q, o);
	if (plain) {
		*o++ = c;
		q->column++;
		return o;
	}
	*o++ = '=';
	*o++ = (unsigned char)hex[c >> 4];
	*o++ = (unsigned char)hex[c & 15];
	q->column += 3;
	return o;
}

size_t
email__quoted_encode(email__quoted *q, unsigned char *out, size_t room)
{
	unsigned char *o = out, *end = out + room;

	while (q->at < q->size && end - o >= EMAIL__QUOTED_STEP) {
		size_t most = q->size - q->at, n = 0;

		most = most < COLUMNS - q->column ? most : COLUMNS - q->column;
		most = most < (size_t)(end - o) ? most : (size_t)(end - o);
		if (is_literal(q->text[q->at]))
			n = run(q->text, q->size, q->at, most, o);
		q->at += n;
		q->column += (unsigned)n;
		o += n;
		if (n == 0)
			o = step(q, o);
	}
	return (size_t)(o - out);
}
