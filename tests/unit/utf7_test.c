/* SPDX-License-Identifier: MIT */
#include "codec/utf7.h"

#include "support/cm.h"

static const char *const pairs[][2] = {
	{"", ""},
	{"INBOX", "INBOX"},
	{"R&D", "R&-D"},
	{"&", "&-"},
	{"&&", "&-&-"},
	{"Entw\xC3\xBCrfe", "Entw&APw-rfe"},
	{"~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
         "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* RFC 3501 5.1.3 */
	{"\xC3\xA4-\xC3\xA4", "&AOQ--&AOQ-"},
	{"\xC3\xA4&\xC3\xA4", "&AOQ-&-&AOQ-"},
	{"\xF0\x9F\x98\x80", "&2D3eAA-"},
	{"\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9", "&IKzYPd4AAOk-"},
};

static void
both_ways(void **state)
{
	char out[100];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_int_equal(email__utf7_encode(out, sizeof out, pairs[i][0]), EMAIL_OK);
		assert_string_equal(out, pairs[i][1]);
		assert_int_equal(email__utf7_decode(out, sizeof out, pairs[i][1], strlen(pairs[i][1])),
		                 EMAIL_OK);
		assert_string_equal(out, pairs[i][0]);
		/* every size: the whole name with its NUL, or none */
		for (n = 0; n < sizeof out; n++) {
			memset(out, 'x', sizeof out);
			assert_int_equal(email__utf7_encode(out, n, pairs[i][0]),
			                 n > strlen(pairs[i][1]) ? EMAIL_OK : EMAIL_E_LIMIT);
			assert_int_equal(out[n], 'x');
			assert_int_equal(email__utf7_decode(out, n, pairs[i][1], strlen(pairs[i][1])),
			                 n > strlen(pairs[i][0]) ? EMAIL_OK : EMAIL_E_LIMIT);
			assert_int_equal(out[n], 'x');
			if (n + 1 == sizeof out)
				break;
		}
	}
}

static void
names_refused(void **state)
{
	static const char *const bad[] = {"a\rb", "a\nb", "\x01",         "\x7F",
	                                  "\xC3", "\xFF", "\xED\xA0\x80", "a\tb"};
	char out[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(email__utf7_encode(out, sizeof out, bad[i]), EMAIL_E_VALUE);
}

/* One spelling each. */
static void
spellings_refused(void **state)
{
	static const char *const bad[] = {
		"&",          /* no end */
		"&AOQ",       /* no end */
		"&AOR-",      /* bits behind the last character */
		"&AOQA-",     /* six bits of nothing more */
		"&AOQ=-",     /* padding */
		"&AGE-",      /* "a", which stands for itself */
		"&AA0-",      /* CR */
		"&AAA-",      /* NUL */
		"&AH8-",      /* DEL */
		"&AOQ-&AOQ-", /* two where one would do */
		"&2D0-",      /* half a pair */
		"&2D0AYQ-",   /* half a pair and something else */
		"&3gA-",      /* the other half */
		"&U/BTFw-",   /* "/" is not a digit */
		"&A-",        /* too short */
		"a\x80",      /* not ASCII */
		"a\nb",       "\xC3\xA4",
	};
	char out[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(email__utf7_decode(out, sizeof out, bad[i], strlen(bad[i])), EMAIL_E_VALUE);
	assert_int_equal(email__utf7_decode(out, sizeof out, "&\0-", 3), EMAIL_E_VALUE);
	assert_int_equal(email__utf7_decode(out, sizeof out, "a\0b", 3), EMAIL_E_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways), cmocka_unit_test(names_refused),
	                                   cmocka_unit_test(spellings_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
