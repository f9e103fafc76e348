/* SPDX-License-Identifier: MIT */
#include "trust/der.h"

#include <string.h>

#include "base/calendar.h"

bool
email__span_equal(email__span a, email__span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* X.690 8.1.3 and 10.1: short form below 128, else the fewest bytes; four are more than any maximum. */
static bool
read_length(const unsigned char *p, size_t n, size_t *header, size_t *length)
{
	size_t bytes, i, value = 0;

	if (n < 2)
		return false;
	if (p[1] < 0x80) {
		*header = 2;
		*length = p[1];
		return true;
	}
	bytes = p[1] & 0x7Fu;
	if (bytes == 0 || bytes > 4 || n < 2 + bytes || p[2] == 0)
		return false;
	for (i = 0; i < bytes; i++)
		value = value << 8 | p[2 + i];
	if (value < 0x80)
		return false;
	*header = 2 + bytes;
	*length = value;
	return true;
}

bool
email__der_next(email__span *in, email__der *out)
{
	size_t header, length;

	if (in->n == 0 || (in->p[0] & 0x1F) == 0x1F || !read_length(in->p, in->n, &header, &length) ||
	    length > in->n - header)
		return false;
	out->tag = in->p[0];
	out->whole = email__span_of(in->p, header + length);
	out->value = email__span_of(in->p + header, length);
	in->p += header + length;
	in->n -= header + length;
	return true;
}

bool
email__der_at(const email__span *in, unsigned tag)
{
	return in->n > 0 && in->p[0] == tag;
}

bool
email__der_take(email__span *in, unsigned tag, email__span *value)
{
	email__der d;

	if (!email__der_at(in, tag) || !email__der_next(in, &d))
		return false;
	*value = d.value;
	return true;
}

bool
email__der_take_whole(email__span *in, unsigned tag, email__span *whole)
{
	email__der d;

	if (!email__der_at(in, tag) || !email__der_next(in, &d))
		return false;
	*whole = d.whole;
	return true;
}

bool
email__der_small(email__span value, int *out)
{
	size_t i;
	uint32_t v = 0;

	if (value.n == 0 || value.n > 4 || value.p[0] & 0x80)
		return false;
	for (i = 0; i < value.n; i++)
		v = v << 8 | value.p[i];
	*out = (int)v;
	return true;
}

static bool
digits(email__span s, size_t at, size_t count, int *out)
{
	size_t i;

	*out = 0;
	for (i = at; i < at + count; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

static bool
read_time(email__span s, size_t year_digits, int64_t *out)
{
	static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, hour, minute, second;
	size_t at = year_digits;
	bool leap;

	if (s.n != year_digits + 11 || s.p[s.n - 1] != 'Z')
		return false;
	if (!digits(s, 0, year_digits, &year) || !digits(s, at, 2, &month) || !digits(s, at + 2, 2, &day) ||
	    !digits(s, at + 4, 2, &hour) || !digits(s, at + 6, 2, &minute) || !digits(s, at + 8, 2, &second))
		return false;
	if (year_digits == 2)
		year += year >= 50 ? 1900 : 2000;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
	    (month == 2 && day == 29 && !leap) || hour > 23 || minute > 59 || second > 59)
		return false;
	*out = email__calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}

bool
email__der_time(email__span *in, int64_t *out)
{
	email__span s;

	if (email__der_take(in, EMAIL__DER_UTC_TIME, &s))
		return read_time(s, 2, out);
	return email__der_take(in, EMAIL__DER_GENERALIZED_TIME, &s) && read_time(s, 4, out);
}
