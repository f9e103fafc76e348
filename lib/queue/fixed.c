/* SPDX-License-Identifier: MIT */
#include "queue/fixed.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* The next n bytes; NULL where there are fewer. */
static const char *
take(email__fixed *f, size_t n)
{
	const char *p = f->at;

	if (f->bad || (size_t)(f->end - f->at) < n) {
		f->bad = true;
		return NULL;
	}
	f->at += n;
	return p;
}

void
email__fixed_word(email__fixed *f, const char *word)
{
	size_t n = strlen(word);
	const char *p = take(f, n);

	if (p && memcmp(p, word, n) != 0)
		f->bad = true;
}

uint64_t
email__fixed_number(email__fixed *f, size_t width)
{
	const char *p = take(f, width);
	uint64_t value = 0;
	size_t i;

	for (i = 0; p && i < width; i++) {
		unsigned digit = (unsigned)(p[i] - '0');

		/* times are signed in memory, so half of the range is all of it */
		if (!email__is_digit(p[i]) || value > ((uint64_t)INT64_MAX - digit) / 10) {
			f->bad = true;
			return 0;
		}
		value = value * 10 + digit;
	}
	return value;
}

uint64_t
email__fixed_sum(email__fixed *f)
{
	const char *p = take(f, 16);
	uint64_t value = 0;
	size_t i;

	for (i = 0; p && i < 16; i++) {
		/* one spelling only, so that what was read can be written again */
		if (email__hex_value(p[i]) < 0 || (p[i] >= 'A' && p[i] <= 'F')) {
			f->bad = true;
			return 0;
		}
		value = value << 4 | (uint64_t)email__hex_value(p[i]);
	}
	return value;
}

char
email__fixed_char(email__fixed *f, const char *choice)
{
	const char *p = take(f, 1);

	if (!p || *p == '\0' || !strchr(choice, *p)) {
		f->bad = true;
		return choice[0];
	}
	return *p;
}

void
email__fixed_text(email__fixed *f, size_t width, char *out)
{
	const char *p = take(f, width);
	size_t i, n = p ? width : 0;

	while (n > 0 && p[n - 1] == ' ')
		n--;
	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7F)
			f->bad = true;
	if (n > 0)
		memcpy(out, p, n);
	out[n] = '\0';
}

const char *
email__fixed_line(email__fixed *f, size_t *n)
{
	const char *p = f->at, *end = f->bad ? NULL : memchr(p, '\n', (size_t)(f->end - p));

	*n = end ? (size_t)(end - p) : 0;
	if (!end || email__str_breaks_line(p, *n)) {
		f->bad = true;
		*n = 0;
		return "";
	}
	f->at = end + 1;
	return p;
}

email_code
email__fixed_add_text(email__buf *out, const char *text, size_t width)
{
	char *room = (char *)email__buf_room(out, width + 1);
	size_t n;

	if (!room)
		return email__buf_left(out) < width + 1 ? EMAIL_E_LIMIT : EMAIL_E_MEMORY;
	email__printable(room, width + 1, text, strlen(text));
	n = strlen(room);
	memset(room + n, ' ', width - n);
	email__buf_added(out, width);
	return EMAIL_OK;
}
