/* SPDX-License-Identifier: MIT */
#include "codec/utf7.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/* Base64 with "," for "/", which stands between the levels of folders. */
static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

typedef struct output {
	char *p, *end; /* `end` is the place of the NUL */
	bool full;
} output;

static void
put(output *o, char c)
{
	if (o->p == o->end)
		o->full = true;
	else
		*o->p++ = c;
}

/* RFC 3501 5.1.3: printable ASCII stands for itself, but for "&". */
static bool
direct(unsigned long c)
{
	return c >= ' ' && c <= '~';
}

/* --- to UTF-7 --- */

typedef struct shift {
	bool on;
	unsigned long bits;
	unsigned held; /* bits not written */
} shift;

static void
put_unit(output *o, shift *s, unsigned long unit)
{
	if (!s->on)
		put(o, '&');
	s->on = true;
	s->bits = (s->bits << 16 | unit) & 0x3FFFFF;
	for (s->held += 16; s->held >= 6; s->held -= 6)
		put(o, digits[s->bits >> (s->held - 6) & 63]);
}

static void
shift_back(output *o, shift *s)
{
	if (!s->on)
		return;
	if (s->held)
		put(o, digits[s->bits << (6 - s->held) & 63]);
	put(o, '-');
	memset(s, 0, sizeof *s);
}

email_code
email__utf7_encode(char *out, size_t size, const char *name)
{
	output o = {out, size ? out + size - 1 : out, false};
	size_t n = strlen(name), at = 0, len;
	shift s = {0};
	unsigned long c;

	if (size == 0)
		return EMAIL_E_LIMIT;
	for (; at < n; at += len) {
		len = email__utf8_decode((const unsigned char *)name + at, n - at, &c);
		if (len == 0 || c < ' ' || c == 0x7F)
			return EMAIL_E_VALUE;
		if (direct(c)) {
			shift_back(&o, &s);
			put(&o, (char)c);
			if (c == '&')
				put(&o, '-');
		} else if (c > 0xFFFF) {
			put_unit(&o, &s, 0xD800 + ((c - 0x10000) >> 10));
			put_unit(&o, &s, 0xDC00 + (c & 0x3FF));
		} else
			put_unit(&o, &s, c);
	}
	shift_back(&o, &s);
	*o.p = '\0';
	return o.full ? EMAIL_E_LIMIT : EMAIL_OK;
}

/* --- from UTF-7 --- */

static bool
put_character(output *o, unsigned long c)
{
	unsigned char utf8[4];
	size_t len = email__utf8_encode(c, utf8), i;

	if (len == 0 || direct(c) || c < ' ' || c == 0x7F)
		return false; /* what stands for itself, or nowhere, is not shifted */
	for (i = 0; i < len; i++)
		put(o, (char)utf8[i]);
	return true;
}

/* One unit of UTF-16; *high is the first half of a pair, or 0. */
static bool
take_unit(output *o, unsigned long *high, unsigned long unit)
{
	unsigned long first = *high;

	if (first) {
		*high = 0;
		return unit >= 0xDC00 && unit <= 0xDFFF &&
		       put_character(o, 0x10000 + ((first - 0xD800) << 10) + (unit - 0xDC00));
	}
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		*high = unit;
		return true;
	}
	return put_character(o, unit);
}

/* What stands between "&" and "-": its length, or 0 where it is wrong. */
static size_t
take_shifted(output *o, const char *p, size_t n)
{
	unsigned long bits = 0, high = 0;
	unsigned held = 0;
	size_t at = 0;

	for (; at < n && p[at] != '-'; at++) {
		const char *digit = p[at] ? strchr(digits, p[at]) : NULL;

		if (!digit)
			return 0;
		bits = (bits << 6 | (unsigned long)(digit - digits)) & 0x3FFFFF;
		held += 6;
		if (held < 16)
			continue;
		held -= 16;
		if (!take_unit(o, &high, bits >> held & 0xFFFF))
			return 0;
	}
	if (at == n || high || held >= 6 || (bits & ((1u << held) - 1)))
		return 0;
	return at;
}

email_code
email__utf7_decode(char *out, size_t size, const char *text, size_t n)
{
	output o = {out, size ? out + size - 1 : out, false};
	bool shifted = false; /* the last thing was one: a second directly behind it would be the same one */
	size_t at = 0, len;

	if (size == 0)
		return EMAIL_E_LIMIT;
	while (at < n) {
		unsigned char c = (unsigned char)text[at++];

		if (!direct(c))
			return EMAIL_E_VALUE;
		if (c != '&' || (at < n && text[at] == '-')) {
			put(&o, (char)c);
			at += c == '&';
			shifted = false;
			continue;
		}
		len = shifted ? 0 : take_shifted(&o, text + at, n - at);
		if (len == 0)
			return EMAIL_E_VALUE;
		at += len + 1;
		shifted = true;
	}
	*o.p = '\0';
	return o.full ? EMAIL_E_LIMIT : EMAIL_OK;
}
