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

/* How many of the eight characters of w, its lowest byte first, come before one that is not. A borrow or carry
 * starts only in a byte that is none, so that the lowest mark is right. */
static inline size_t
literals(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t equals, marks;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	equals = w ^ ones * '=';
	marks = (w | (w - ones * ' ') | (w + ones) | ((equals - ones) & ~equals)) & ones * 0x80;
	return marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
}

/* Rule 3: and so does white space that does not end a line (a relay may take that away). */
static inline bool
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

/* How many literal characters s begins with, `most` at most. `safe` bytes may be read there, and, copying, written
 * to `out`: what is behind the copy is anything. */
static inline size_t
run(const char *s, size_t most, size_t safe, unsigned char *out)
{
	size_t n = 0, k = 8;
	uint64_t w;

	for (; k == 8 && n < most && safe - n >= 8; n += k) {
		memcpy(&w, s + n, 8);
		if (out)
			memcpy(out + n, &w, 8);
		k = literals(w);
	}
	for (; k == 8 && n < most && is_literal(s[n]); n++)
		if (out)
			out[n] = (unsigned char)s[n];
	return n < most ? n : most;
}

/* n of them at `at`, less a space that ends a line. */
static inline size_t
without_space(const char *text, size_t size, size_t at, size_t n)
{
	return n - (n && text[at + n - 1] == ' ' && ends_line(text, size, at + n));
}

/* Where n characters that stand for themselves lead to, at one a column. */
static size_t
measure_run(email__quoted_figures *f, size_t column, size_t n)
{
	size_t breaks = column + n > COLUMNS ? (column + n - 1) / COLUMNS : 0;

	f->quoted += n + breaks * 3;
	return column + n - breaks * COLUMNS;
}

static size_t
measure_code(email__quoted_figures *f, size_t column, unsigned char c)
{
	bool breaks = column + 3 > COLUMNS;

	f->eight_bit |= c >= 0x80;
	f->controls |= (c < ' ' && c != '\t') || c == 0x7F;
	f->quoted += breaks ? 6 : 3;
	return breaks ? 3 : column + 3;
}

static void
measure_line(email__quoted_figures *f, size_t n)
{
	f->longest = n > f->longest ? n : f->longest;
	f->length += n;
}

void
email__quoted_measure(email__quoted_figures *f, const char *text, size_t size)
{
	size_t at = 0, line = 0, column = 0, n;

	*f = (email__quoted_figures){.ends_line = true};
	while (at < size) {
		n = without_space(text, size, at, run(text + at, size - at, size - at, NULL));
		column = measure_run(f, column, n);
		if ((at += n) == size)
			break;
		if (ends_line(text, size, at)) {
			measure_line(f, at - line);
			f->length += 2;
			f->quoted += 2;
			column = 0;
			line = at = behind_line_end(text, size, at);
		} else if (stands_for_itself(text, size, at)) { /* a tab */
			column = measure_run(f, column, 1);
			at++;
		} else {
			do
				column = measure_code(f, column, (unsigned char)text[at++]);
			while (at < size && (unsigned char)text[at] >= 0x80);
		}
	}
	measure_line(f, size - line);
	f->ends_line = line == size;
}

static inline unsigned char *
soft_break(email__quoted *q, unsigned char *o)
{
	memcpy(o, "=\r\n", 3);
	q->column = 0;
	return o + 3;
}

/* One character, or line end. */
static inline unsigned char *
step(email__quoted *q, unsigned char *o)
{
	unsigned char c = (unsigned char)q->text[q->at];
	bool plain;

	if (ends_line(q->text, q->size, q->at)) {
		q->at = behind_line_end(q->text, q->size, q->at);
		q->column = 0;
		/* there is room, so `o` is no NULL: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
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

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
email__quoted_encode(email__quoted *q, unsigned char *out, size_t room)
{
	unsigned char *o = out, *end = out + room;
	email__quoted l =
		*q; /* in registers: what is written to `out` might be in *q, for all that a compiler knows */

	while (l.at < l.size && end - o >= EMAIL__QUOTED_STEP) {
		size_t safe = least(l.size - l.at, (size_t)(end - o));
		size_t n = run(l.text + l.at, least(safe, COLUMNS - l.column), safe, o);

		n = without_space(l.text, l.size, l.at, n);
		l.at += n;
		l.column += (unsigned)n;
		o += n;
		/* what ended the run, and the rest of a character of UTF-8 */
		while (l.at < l.size && end - o >= EMAIL__QUOTED_STEP) {
			o = step(&l, o);
			if (l.at < l.size && (unsigned char)l.text[l.at] < 0x80)
				break;
		}
	}
	*q = l;
	return (size_t)(o - out);
}
