/* SPDX-License-Identifier: MIT */
#include "support/samples.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

#define BAD_MAX 12

static const struct {
	const char *good, *bad[BAD_MAX];
} samples[EMAIL__TYPE_COUNT] = {
	[EMAIL__TYPE_BOOLEAN] = {NULL, {"yes", "TRUE", "", "2", "true false", "01"}},
	[EMAIL__TYPE_INTEGER] = {"42",
                                 {"", "abc", "1.5", "0x10", "+5", "-2", "99999999999999999999", "1 2",
                                  "--1"}},
	[EMAIL__TYPE_DURATION] = {"PT1H30M0.25S",
                                  {"", "30", "30s", "P", "PT", "PT0.5", "-PT30S", "P1Y", "P1M", "PT1S1M",
                                   "P9999999D", "PT1.5M"}},
	[EMAIL__TYPE_ENUM] = {NULL, {"", "nonsense", "-1", "0"}},
	[EMAIL__TYPE_WORD] = {"PLAIN", {"", "NONSENSE", "plain"}},
	[EMAIL__TYPE_TEXT] = {"Pl\xC3\xA4nt & <room>", {"\xC2\x85 C1 control", "long"}},
	[EMAIL__TYPE_NAME] = {"Renamed", {"", "a/b", ".hidden", "-dash", "long"}},
	[EMAIL__TYPE_HOST] = {"mail.example.com",
                              {"two words", "host/path", "user@host", "mail.example.com:25",
                               "[mail.example.com]", "long"}},
	[EMAIL__TYPE_EHLO] = {"[192.0.2.7]", {"two words", "host/path", "[]", "a@b", "2001:db8::1"}},
	[EMAIL__TYPE_ADDRESS] = {"Plant room <plant@example.com>",
                                 {"nonsense", "Plant room <plant>", "long"}},
	[EMAIL__TYPE_URL] = {"https://login.example.com/tenant",
                             {"http://login.example.com", "login.example.com", "https://", "https://a b",
                              "long"}},
	[EMAIL__TYPE_SECRET] = {"file:plant.secret", {NULL}},
	[EMAIL__TYPE_TIME] = {"2026-11-24T08:30:00Z",
                              {"24.11.2026", "2026-11-24T08:30Z", "2026-11-24T08:30:00",
                               "2026-11-24T08:30:00+01:00", "2026-11-24T24:00:00Z", "2026-11-24T08:30:60Z",
                               "2026-02-29", "2026-13-01", "2026-11-24Z", "2026-11-24T08:30:00.5Z",
                               "2026-1-24", "20261124"}},
};

const char *
email_test_good(const email__property *row)
{
	static char word[64];
	size_t n, i;
	const char *at;

	if (row->type == EMAIL__TYPE_BOOLEAN)
		return row->p.default_text[0] == 't' ? "false" : "true";
	if (row->type != EMAIL__TYPE_ENUM)
		return samples[row->type].good;
	for (i = 0; (at = email__words_at(row->p.range, (int64_t)i, &n)); i++) {
		snprintf(word, sizeof word, "%.*s", (int)n, at);
		if (strcmp(word, row->p.default_text) != 0)
			break;
	}
	return word;
}

/* Longer than the row takes. */
static const char *
too_long(const email__property *row, char *text)
{
	size_t n = (size_t)row->most + 1;

	memset(text, 'a', n);
	if (row->type == EMAIL__TYPE_URL)
		memcpy(text, "https://", 8);
	if (row->type == EMAIL__TYPE_ADDRESS)
		memcpy(text + 60, "@", 1);
	text[n] = '\0';
	return text;
}

static bool
is_number_beyond(const email__property *row, size_t i, char *text, size_t size)
{
	int64_t edge[] = {row->least - 1, row->most + 1};

	if (row->minus_one && edge[0] == -1)
		edge[0] = 0;
	if (row->type != EMAIL__TYPE_INTEGER || i > 1)
		return false;
	snprintf(text, size, "%lld", (long long)edge[i]);
	return true;
}

const char *
email_test_bad(const email__property *row, size_t i)
{
	static char text[EMAIL__TEXT_MAX + 64];
	const char *bad;

	if (is_number_beyond(row, i, text, sizeof text))
		return text;
	if (row->type == EMAIL__TYPE_INTEGER)
		i -= 2;
	/* a millisecond below a second, where a second is the least */
	if (row->type == EMAIL__TYPE_DURATION && row->least) {
		if (i == 0)
			return "PT0.999S";
		i--;
	}
	bad = i < BAD_MAX ? samples[row->type].bad[i] : NULL;
	return bad && strcmp(bad, "long") == 0 ? too_long(row, text) : bad;
}

const char *
email_test_authenticator(const email__property *row)
{
	static char word[64];
	size_t n;
	const char *at = email__words_at(row->p.authenticators, 0, &n);

	if (!at)
		return "none";
	snprintf(word, sizeof word, "%.*s", (int)n, at);
	return word;
}
