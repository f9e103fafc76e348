/* SPDX-License-Identifier: MIT */
#include "wire/imap_frame.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

const char *
email__imap_literal(const char *line, size_t n, uint64_t *size, email_code *rc)
{
	const char *end = line + n, *p, *digit;
	uint64_t value = 0;

	*rc = EMAIL_OK;
	if (n < 3 || end[-1] != '}')
		return NULL;
	for (p = end - 1; p > line && email__is_digit(p[-1]); p--)
		;
	if (p == end - 1 || p == line || p[-1] != '{')
		return NULL;
	for (digit = p; digit < end - 1; digit++) {
		if (value > (INT64_MAX - 9) / 10) {
			*rc = EMAIL_E_PROTOCOL;
			return NULL;
		}
		value = value * 10 + (uint64_t)(*digit - '0');
	}
	*size = value;
	return p - 1;
}

static bool
is_word(const char *p, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && email__str_equal_n(p, word, len) && (n == len || p[len] == ' ');
}

/* RFC 3501 7.1: what may end in words for people, where "{5}" is no literal: "+ ..", and behind "*" or a tag one
 * of these. */
static bool
is_status(const char *p, size_t n)
{
	const char *space;

	if (n && p[0] == '+')
		return true;
	space = memchr(p, ' ', n);
	if (!space)
		return true;
	n -= (size_t)(space + 1 - p);
	p = space + 1;
	if (n && email__is_digit(*p)) /* "* 12 FETCH": nearly all of them */
		return false;
	return is_word(p, n, "OK") || is_word(p, n, "NO") || is_word(p, n, "BAD") || is_word(p, n, "BYE") ||
	       is_word(p, n, "PREAUTH");
}

/* BODY[..] {n} and BODY[..]<o> {n}: sections stream, whatever their size. */
static bool
streams(const char *line, const char *brace)
{
	const char *p = brace;

	if (p > line && p[-1] == '~') /* RFC 3516: literal8 */
		p--;
	return p > line + 1 && p[-1] == ' ' && (p[-2] == ']' || p[-2] == '>');
}

/* A line of the response ended: does a literal follow it? */
static email_code
line_ended(email__imap_frame *f, const char *start, size_t line_end, size_t next, bool *whole,
           email__imap_piece *piece)
{
	const char *line = start + f->line, *brace;
	size_t n = line_end - f->line;
	bool words = f->line == 0 && !f->inside && is_status(line, n);
	uint64_t size = 0;
	email_code rc = EMAIL_OK;

	*whole = true;
	*piece = EMAIL__IMAP_RESPONSE;
	brace = words ? NULL : email__imap_literal(line, n, &size, &rc);
	if (!brace)
		return rc;
	if (streams(line, brace)) {
		*piece = EMAIL__IMAP_HEAD;
		f->literal = size;
		return EMAIL_OK;
	}
	if (size > EMAIL__IMAP_LINE_MAX)
		return EMAIL_E_LIMIT;
	*whole = false;
	*piece = EMAIL__IMAP_MORE;
	f->line = f->scanned = next + (size_t)size;
	return EMAIL_OK;
}

static void
take(email__imap_frame *f, email__buf *in, size_t n, email__imap_piece piece)
{
	email__buf_consume(in, n);
	f->scanned = f->line = 0;
	f->inside = piece == EMAIL__IMAP_HEAD;
}

/* --- what is too long --- */

/* The end of a line as long as "{n}" can be. */
#define TAIL (sizeof "{18446744073709551615}\r" - 1)

/* The response at hand is too long: from the line at hand on it is passed over, if it may be. */
static email_code
too_long(email__imap_frame *f, email__buf *in)
{
	const char *p = (const char *)email__buf_head(in);
	size_t held = email__buf_len(in);

	if (!f->pass_long || f->inside || held < 2 || memcmp(p, "* ", 2) != 0 || is_status(p, held))
		return EMAIL_E_LIMIT;
	if (f->line > held) /* it begins behind a literal that is not there yet */
		f->passed = f->line - held;
	email__buf_consume(in, f->line < held ? f->line : held);
	f->passing = true;
	return EMAIL_OK;
}

/* True where its end was there. No size of a literal is too large here. */
static bool
pass(email__imap_frame *f, email__buf *in, email_code *rc)
{
	for (;;) {
		const char *p = (const char *)email__buf_head(in), *lf, *brace;
		size_t held = email__buf_len(in), end, n;
		uint64_t size = 0;

		if (f->passed) {
			n = held < f->passed ? held : (size_t)f->passed;
			email__buf_consume(in, n);
			f->passed -= n;
			if (n == held)
				return false;
			continue;
		}
		lf = held ? memchr(p, '\n', held) : NULL;
		if (!lf) {
			email__buf_consume(in, held > TAIL ? held - TAIL : 0);
			return false;
		}
		end = (size_t)(lf - p);
		brace = email__imap_literal(p, end && p[end - 1] == '\r' ? end - 1 : end, &size, rc);
		email__buf_consume(in, end + 1);
		if (*rc)
			return false;
		f->passed = size;
		if (!brace)
			break;
	}
	f->scanned = f->line = 0;
	f->passing = false;
	return true;
}

/* --- pieces --- */

/* The next piece, or EMAIL_E_LIMIT. */
static email_code
next_piece(email__imap_frame *f, email__buf *in, email__imap_piece *piece, const char **text, size_t *n)
{
	const char *p = (const char *)email__buf_head(in), *lf;
	size_t held = email__buf_len(in), end;
	bool whole = false;
	email_code rc;

	while (f->scanned < held) {
		lf = memchr(p + f->scanned, '\n', held - f->scanned);
		if (!lf) {
			f->scanned = held;
			break;
		}
		end = (size_t)(lf - p);
		if (end > f->line && p[end - 1] == '\r')
			end--;
		if (memchr(p + f->line, '\r', end - f->line) || memchr(p + f->line, '\0', end - f->line))
			return EMAIL_E_PROTOCOL;
		if ((rc = line_ended(f, p, end, (size_t)(lf - p) + 1, &whole, piece)))
			return rc;
		if (!whole)
			continue;
		if (end > EMAIL__IMAP_LINE_MAX)
			return EMAIL_E_LIMIT;
		*text = p;
		*n = end;
		take(f, in, (size_t)(lf - p) + 1, *piece);
		return EMAIL_OK;
	}
	return f->scanned >= EMAIL__IMAP_LINE_MAX ? EMAIL_E_LIMIT : EMAIL_OK;
}

email_code
email__imap_frame_next(email__imap_frame *f, email__buf *in, email__imap_piece *piece, const char **text,
                       size_t *n)
{
	email_code rc = EMAIL_OK;

	do {
		*piece = EMAIL__IMAP_MORE;
		if (f->passing && !pass(f, in, &rc))
			return rc;
		rc = next_piece(f, in, piece, text, n);
	} while (rc == EMAIL_E_LIMIT && (rc = too_long(f, in)) == EMAIL_OK);
	return rc;
}

size_t
email__imap_frame_body(email__imap_frame *f, email__buf *in, const char **bytes)
{
	size_t n = email__buf_len(in);

	if (n > f->literal)
		n = (size_t)f->literal;
	*bytes = (const char *)email__buf_head(in);
	email__buf_consume(in, n);
	f->literal -= n;
	return n;
}
