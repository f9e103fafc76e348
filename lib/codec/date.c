/* SPDX-License-Identifier: MIT */
#include "codec/date.h"

#include <stdio.h>

#include "base/calendar.h"
#include "base/str.h"
#include "codec/lex.h"

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define DAY 86400
#define YEARS_1900 (-25567LL * DAY) /* 1 January 1900 */
#define YEARS_9999 253402300799LL   /* the last second of 9999 */

bool
email__date_write(char out[EMAIL__DATE_SIZE], int64_t seconds, int offset)
{
	int64_t local, day, rest;
	int year, month, date, ahead = offset < 0 ? -offset : offset;

	if (seconds < YEARS_1900 || seconds > YEARS_9999 || offset <= -1440 || offset >= 1440)
		return false;
	local = seconds + offset * 60LL;
	if (local < YEARS_1900 || local > YEARS_9999)
		return false;
	day = (local - YEARS_1900) / DAY + YEARS_1900 / DAY;
	rest = (local - YEARS_1900) % DAY;
	email__calendar_date(day, &year, &month, &date);
	/* 1 January 1900 was a Monday; the masks only tell the compiler what the ranges are */
	snprintf(out, EMAIL__DATE_SIZE, "%s, %d %s %04u %02u:%02u:%02u %c%02u%02u",
	         days[((local - YEARS_1900) / DAY + 1) % 7], date & 31, months[month - 1],
	         (unsigned)year & 0x3FFF, (unsigned)(rest / 3600) & 31, (unsigned)(rest / 60 % 60) & 63,
	         (unsigned)(rest % 60) & 63, offset < 0 ? '-' : '+', (unsigned)(ahead / 60) & 31,
	         (unsigned)(ahead % 60) & 63);
	return true;
}

/* --- reading --- */

/* A token: a number of up to nine digits, or a word, of which the first letters matter; else one character. */
typedef struct token {
	char first; /* a sign; 'a' for a word, '0' for a number, NUL at the end */
	char word[4];
	int value, digits; /* of a number; digits of a longer one are 10 */
} token;

static const struct {
	char name[4];
	int offset;
} zones[] = {{"EDT", -240}, {"EST", -300}, {"CDT", -300}, {"CST", -360},
             {"MDT", -360}, {"MST", -420}, {"PDT", -420}, {"PST", -480}};

typedef struct reader {
	email__lex x;
	token t; /* the next one */
	int year, month, day;
	int64_t seconds; /* of the day */
	int offset;
} reader;

static token
number(email__lex *x)
{
	token t = {.first = '0'};

	for (; email__is_digit(email__lex_peek(x)); x->at++) {
		if (t.digits < 9)
			t.value = t.value * 10 + (email__lex_peek(x) - '0');
		t.digits += t.digits < 10;
	}
	return t;
}

/* Bytes over 127 are letters: of days in other languages, which nobody needs. */
static bool
is_letter(char c)
{
	return email__is_alpha(c) || (unsigned char)c >= 0x80;
}

static void
advance(reader *r)
{
	email__lex *x = &r->x;
	size_t n;

	email__lex_skip(x);
	if (email__is_digit(email__lex_peek(x))) {
		r->t = number(x);
		return;
	}
	r->t = (token){.first = email__lex_peek(x)};
	if (!is_letter(r->t.first)) {
		x->at += x->at < x->n;
		return;
	}
	r->t.first = 'a';
	for (n = 0; is_letter(email__lex_peek(x)); x->at++)
		if (n < 4)
			r->t.word[n++] = email__lex_peek(x);
}

static bool
take(reader *r, char first)
{
	if (r->t.first != first)
		return false;
	advance(r);
	return true;
}

/* 1 to 12, of names written out too; 0: none. */
static int
month_of(const token *t)
{
	int i;

	for (i = 0; t->first == 'a' && i < 12; i++)
		if (email__str_equal_n(t->word, months[i], 3))
			return i + 1;
	return 0;
}

/* A number of so many digits, within bounds. */
static bool
take_number(reader *r, int least_digits, int most_digits, int most, int *value)
{
	if (r->t.first != '0' || r->t.digits < least_digits || r->t.digits > most_digits || r->t.value > most)
		return false;
	*value = r->t.value;
	advance(r);
	return true;
}

/* RFC 5322 4.3 for years of two and three digits. */
static bool
take_year(reader *r)
{
	int digits = r->t.digits;

	if (!take_number(r, 2, 4, 9999, &r->year))
		return false;
	if (digits == 2)
		r->year += r->year < 50 ? 2000 : 1900;
	else if (digits == 3)
		r->year += 1900;
	return r->year >= 1900;
}

/* What some programs put between day, month and year. */
static void
skip_marks(reader *r)
{
	while (r->t.first == ',' || r->t.first == '-' || r->t.first == '.' || r->t.first == '/')
		advance(r);
}

/* hh:mm[:ss], some have dots; 60 is a leap second (RFC 5322 3.3). A fraction is dropped; "PM" would be taken for a zone else. */
static bool
take_time(reader *r)
{
	int hour, minute, second = 0;
	char mark;

	if (!take_number(r, 1, 2, 23, &hour))
		return false;
	mark = r->t.first == '.' ? '.' : ':';
	if (!take(r, mark) || !take_number(r, 2, 2, 59, &minute))
		return false;
	if (take(r, mark)) {
		if (!take_number(r, 2, 2, 60, &second))
			return false;
		if ((r->t.first == '.' || r->t.first == ',') && email__is_digit(email__lex_peek(&r->x))) {
			advance(r);
			advance(r);
		}
	}
	if (hour <= 12 && r->t.first == 'a' && email__str_equal_n(r->t.word + 1, "M", 2)) {
		char half = email__lower(r->t.word[0]);

		if (half == 'a' || half == 'p') {
			hour = hour % 12 + (half == 'p' ? 12 : 0);
			advance(r);
		}
	}
	r->seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* "+hhmm", and "+hh:mm" of ISO 8601; `sign` has been taken. */
static bool
take_offset(reader *r, char sign)
{
	int value, minutes = 0, digits = r->t.digits;

	if (!take_number(r, 1, 4, 9999, &value))
		return false;
	if (digits > 2) {
		minutes = value % 100;
		value /= 100;
	} else if (take(r, ':') && !take_number(r, 2, 2, 59, &minutes)) {
		return false;
	}
	if (minutes > 59 || value > 23)
		return false;
	r->offset = (value * 60 + minutes) * (sign == '-' ? -1 : 1);
	return true;
}

/* RFC 5322 4.3: a name that is not known (those of one letter are used both ways round) says nothing. "GMT+0100"
 * is what programs mean by it, an hour ahead. */
static bool
take_zone(reader *r)
{
	char sign;
	size_t i;

	if (r->t.first == 'a') {
		for (i = 0; i < sizeof zones / sizeof *zones; i++)
			if (email__str_equal_n(r->t.word, zones[i].name, 4))
				r->offset = zones[i].offset;
		advance(r);
	}
	sign = r->t.first;
	return !(take(r, '+') || take(r, '-')) || take_offset(r, sign);
}

/* "2026-11-24T08:30:00Z" (ISO 8601), as some programs have it. */
static bool
read_iso(reader *r)
{
	if (!take_year(r) || !take(r, '-') || !take_number(r, 2, 2, 12, &r->month) || r->month == 0 ||
	    !take(r, '-') || !take_number(r, 2, 2, 31, &r->day))
		return false;
	if (r->t.first == 'a' && email__lower(r->t.word[0]) == 't' && !r->t.word[1])
		advance(r);
	return take_time(r) && take_zone(r);
}

/* "24 Nov 2026 08:30:00 +0100"; and behind a month "24 08:30:00 2026" (asctime), "24 2026 08:30:00 GMT+0100". */
static bool
read_mail(reader *r)
{
	bool month_first = month_of(&r->t) > 0, year_last;

	if (!month_first && !take_number(r, 1, 2, 31, &r->day))
		return false;
	skip_marks(r);
	if (!(r->month = month_of(&r->t)))
		return false;
	advance(r);
	skip_marks(r);
	if (month_first && !take_number(r, 1, 2, 31, &r->day))
		return false;
	skip_marks(r);
	email__lex_skip(&r->x);
	year_last = month_first && email__lex_peek(&r->x) == ':';
	if (!year_last && !take_year(r))
		return false;
	skip_marks(r);
	return take_time(r) && take_zone(r) && (!year_last || take_year(r));
}

bool
email__date_read(const char *text, size_t n, int64_t *seconds, int *offset)
{
	reader r = {.x = {.s = text, .n = n}};
	int year, month, day;
	int64_t date;

	advance(&r);
	if (r.t.first == 'a' && !month_of(&r.t)) { /* the day of the week, which follows from the date */
		advance(&r);
		skip_marks(&r);
	}
	if (!(r.t.first == '0' && r.t.digits == 4 ? read_iso(&r) : read_mail(&r)))
		return false;
	/* the 30th of February is the 1st or 2nd of March */
	date = email__calendar_days(r.year, r.month, r.day);
	email__calendar_date(date, &year, &month, &day);
	if (month != r.month || day != r.day)
		return false;
	*seconds = date * DAY + r.seconds - r.offset * 60LL;
	*offset = r.offset;
	return true;
}
