/* SPDX-License-Identifier: MIT */
/* Times as people and JSON have them: RFC 3339, in UTC. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define DAY INT64_C(86400)

/* Days since 1970 of a day of the Gregorian calendar; years count from March, so that the leap day is last. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

const char *
when_text(int64_t seconds, char text[WHEN_SIZE])
{
	int64_t days = seconds / DAY - (seconds % DAY < 0), rest = seconds - days * DAY;
	int64_t year = 1970 + days / 366 - (days < 0);
	int month = 1;

	text[0] = '\0';
	/* what has more than four digits of year is no time that anyone meant */
	if (seconds == 0 || days < days_of(1, 1, 1) || days >= days_of(10000, 1, 1))
		return text;
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && days_of(year, month + 1, 1) <= days)
		month++;
	snprintf(text, WHEN_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, month,
	         (int)(days - days_of(year, month, 1) + 1), (int)(rest / 3600), (int)(rest / 60 % 60),
	         (int)(rest % 60));
	return text;
}

/* Exactly n digits, *text moved behind them; -1: they are not there. */
static int
digits(const char **text, int n)
{
	int value = 0;

	while (n--) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (*(*text)++ - '0');
	}
	return value;
}

static bool
skip(const char **text, const char *any)
{
	if (!**text || !strchr(any, **text))
		return false;
	(*text)++;
	return true;
}

/* "Z", "+01:00"; seconds east. */
static bool
zone(const char **text, int *seconds)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes;

	*seconds = 0;
	if (skip(text, "Zz"))
		return true;
	if (!skip(text, "+-") || (hours = digits(text, 2)) < 0 || hours > 23 || !skip(text, ":") ||
	    (minutes = digits(text, 2)) < 0 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool
date(const char **text, int64_t *days)
{
	int year, month, day;

	if ((year = digits(text, 4)) < 1 || !skip(text, "-") || (month = digits(text, 2)) < 1 || month > 12 ||
	    !skip(text, "-") || (day = digits(text, 2)) < 1)
		return false;
	*days = days_of(year, month, day);
	/* a day that the month has not is one of the next */
	return *days < (month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1));
}

bool
when_parse(const char *text, int64_t *seconds)
{
	int hour, minute, second, east;
	int64_t days;

	if (!date(&text, &days))
		return false;
	if (!*text) {
		*seconds = days * DAY + DAY - 1;
		return true;
	}
	if (!skip(&text, "Tt ") || (hour = digits(&text, 2)) < 0 || hour > 23 || !skip(&text, ":") ||
	    (minute = digits(&text, 2)) < 0 || minute > 59 || !skip(&text, ":") ||
	    (second = digits(&text, 2)) < 0 || second > 60)
		return false;
	if (skip(&text, ".")) {
		if (digits(&text, 1) < 0)
			return false;
		while (*text >= '0' && *text <= '9')
			text++;
	}
	if (!zone(&text, &east) || *text)
		return false;
	*seconds = days * DAY + hour * 3600 + minute * 60 + second - east;
	return true;
}
