/* SPDX-License-Identifier: MIT */
#include "account/duration.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define DIGITS_MAX 9

/* The parts in the order in which they may stand. */
static const struct unit {
	char letter;
	bool time; /* behind the T */
	int64_t ms;
} units[] = {
	{'D', false, 86400000},
	{'H', true, 3600000},
	{'M', true, 60000},
	{'S', true, 1000},
};
#define UNITS (sizeof units / sizeof units[0])

/* Digits; false for none, or too many. */
static bool
digits(const char **s, int most, int64_t *value, int *count)
{
	*value = 0;
	for (*count = 0; email__is_digit(**s); (*s)++) {
		if (++*count > most)
			return false;
		*value = *value * 10 + (**s - '0');
	}
	return *count > 0;
}

/* A fraction of a second, to the millisecond. */
static bool
fraction(const char **s, int64_t *ms)
{
	static const int64_t scale[] = {0, 100, 10, 1};
	int n;

	(*s)++;
	if (!digits(s, 3, ms, &n))
		return false;
	*ms *= scale[n];
	return true;
}

/* One part, "90M"; *next moves behind its unit, so that none comes twice or too early. */
static bool
part(const char **s, bool time, size_t *next, int64_t *ms)
{
	int64_t value, rest = 0;
	bool broken = false;
	int n;

	if (!digits(s, DIGITS_MAX, &value, &n))
		return false;
	if (**s == '.') {
		broken = true;
		if (!fraction(s, &rest))
			return false;
	}
	while (*next < UNITS && (units[*next].letter != **s || units[*next].time != time))
		(*next)++;
	if (*next == UNITS || (broken && **s != 'S'))
		return false;
	*ms += value * units[*next].ms + rest;
	(*next)++;
	(*s)++;
	return true;
}

bool
email__duration_parse(const char *text, int64_t *ms)
{
	bool time = false, any = false;
	size_t next = 0;

	*ms = 0;
	if (*text++ != 'P')
		return false;
	while (*text) {
		if (*text == 'T' && !time) {
			time = true;
			any = false; /* something must follow */
			text++;
			continue;
		}
		if (!part(&text, time, &next, ms))
			return false;
		any = true;
	}
	return any;
}

void
email__duration_print(int64_t ms, char out[EMAIL__DURATION_TEXT])
{
	size_t n = 1, i;
	bool time = false;

	out[0] = 'P';
	for (i = 0; i < UNITS; i++) {
		int64_t value = ms / units[i].ms;

		ms -= value * units[i].ms;
		if (value == 0 && !(units[i].letter == 'S' && (ms || n == 1)))
			continue;
		if (units[i].time && !time) {
			out[n++] = 'T';
			time = true;
		}
		n += (size_t)snprintf(out + n, EMAIL__DURATION_TEXT - n, "%lld", (long long)value);
		if (units[i].letter == 'S' && ms) {
			n += (size_t)snprintf(out + n, EMAIL__DURATION_TEXT - n, ".%03d", (int)ms);
			while (out[n - 1] == '0')
				n--;
		}
		out[n++] = units[i].letter;
	}
	out[n] = '\0';
}
