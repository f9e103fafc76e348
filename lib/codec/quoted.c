/* SPDX-License-Identifier: MIT */
#include "codec/quoted.h"

#include <stdbool.h>

static const char hex[] = "0123456789ABCDEF";

static bool
ends_line(const email__quoted *q, size_t at)
{
	return at == q->size || q->text[at] == '\r' || q->text[at] == '\n';
}

/* RFC 2045 6.7 rules 2 and 3: printable ASCII but '=' stands for itself, and so does white space that
 * does not end a line (a relay may take that away). */
static bool
stands_for_itself(const email__quoted *q)
{
	unsigned char c = (unsigned char)q->text[q->at];

	if (c == ' ' || c == '\t')
		return !ends_line(q, q->at + 1);
	return c > ' ' && c < 0x7F && c != '=';
}

/* Past one line ending, whichever it is. */
static void
skip_line_end(email__quoted *q)
{
	if (q->text[q->at] == '\r' && q->at + 1 < q->size && q->text[q->at + 1] == '\n')
		q->at++;
	q->at++;
}

size_t
email__quoted_encode(email__quoted *q, unsigned char *out, size_t room)
{
	unsigned char *o = out;

	while (q->at < q->size && room - (size_t)(o - out) >= EMAIL__QUOTED_STEP) {
		bool plain = stands_for_itself(q);
		unsigned char c = (unsigned char)q->text[q->at];

		if (ends_line(q, q->at)) {
			skip_line_end(q);
			*o++ = '\r';
			*o++ = '\n';
			q->column = 0;
			continue;
		}
		/* rule 5: the soft break's '=' is the 76th at the latest */
		if (q->column + (plain ? 1 : 3) > 75) {
			*o++ = '=';
			*o++ = '\r';
			*o++ = '\n';
			q->column = 0;
		}
		if (plain) {
			*o++ = c;
			q->column++;
		} else {
			*o++ = '=';
			*o++ = (unsigned char)hex[c >> 4];
			*o++ = (unsigned char)hex[c & 15];
			q->column += 3;
		}
		q->at++;
	}
	return (size_t)(o - out);
}
