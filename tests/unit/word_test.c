/* SPDX-License-Identifier: MIT */
#include "codec/word.h"

#include "base/utf8.h"
#include "support/cm.h"

static email__buf out;

static const char *
field(const char *text)
{
	email__fold f;

	email__buf_clear(&out);
	email__fold_begin(&f, &out, "Subject");
	email__word_write(&f, text, strlen(text));
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	return email__buf_text(&out);
}

static int
setup(void **state)
{
	(void)state;
	email__buf_init(&out, 1 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__buf_dispose(&out);
	return 0;
}

static void
needed(void **state)
{
	(void)state;
	assert_false(email__word_needed("plain = text? yes", 17));
	assert_true(email__word_needed("h\xC3\xA9", 3));
	assert_true(email__word_needed("a =?x", 5));
	assert_true(email__word_needed("a\tb", 3));
	assert_true(email__word_needed("a\x7F", 2));
}

static void
shorter_of_b_and_q(void **state)
{
	(void)state;
	assert_string_equal(field("St\xC3\xB6rung 2"), "Subject: =?UTF-8?Q?St=C3=B6rung_2?=\r\n");
	assert_string_equal(field("\xE6\xB8\xA9\xE5\xBA\xA6"), "Subject: =?UTF-8?B?5rip5bqm?=\r\n");
	/* a line separator of Unicode is no line end on the wire */
	assert_string_equal(field("a\xE2\x80\xA8"
	                          "b\xC2\x85"
	                          "c"),
	                    "Subject: =?UTF-8?B?YeKAqGLChWM=?=\r\n");
}

/* Each word whole in itself (RFC 2047 5): at most 75, on lines of at most 78, and decodable alone. */
static void
long_text(void **state)
{
	static const char *const letters[] = {
		"\xC3\xA9", "\xE6\xB8\xA9", "\xF0\x9F\x98\x80", "ab \xC3\xA9", "=", " x"};
	char text[3000];
	size_t k, n, i;

	(void)state;
	for (k = 0; k < 6; k++)
		for (n = 1; n < 400; n = n * 3 / 2 + 1) {
			size_t len = strlen(letters[k]), line = 0;
			email__buf back;
			const char *p;

			for (i = 0; i < n; i++)
				memcpy(text + i * len, letters[k], len + 1);
			email__buf_init(&back, 1 << 16);
			field(text);
			for (p = (const char *)email__buf_head(&out) + 9; *p;) {
				const char *end = strpbrk(p, " \r");
				email_code rc;

				assert_true(end - p <= EMAIL__WORD_MAX);
				assert_true(email__word_decode(p, (size_t)(end - p), &back, &rc));
				p = end + strspn(end, " \r\n");
			}
			assert_string_equal(email__buf_text(&back), text);
			for (p = email__buf_text(&out); *p; p++) {
				line = *p == '\n' ? 0 : line + 1;
				assert_true(line <= 79); /* the CR is one of them */
			}
			email__buf_dispose(&back);
		}
}

static void
quoted(void **state)
{
	email__fold f;

	(void)state;
	email__fold_begin(&f, &out, "Content-Type");
	email__word_write_quoted(&f, "name", "\xC3\xBC.pdf");
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "Content-Type: name=\"=?UTF-8?B?w7wucGRm?=\"\r\n");
}

static void
decodes(void **state)
{
	static const char *const good[][2] = {
		{"=?utf-8?q?a=20b_c?=", "a b c"},
		{"=?UTF-8?b?w7w=?=", "\xC3\xBC"},
		{"=?iso-8859-1?Q?=FC?=", "\xC3\xBC"},
		{"=?US-ASCII?Q?x?=", "x"},
		{"=?UTF-8?Q?\?=", ""},
	};
	static const char *const bad[] = {
		"plain",
		"=?",
		"=?=",
		"=?\?=",
		"=?UTF-8?Q?x",
		"=?UTF-8?X?x?=",
		"=?KOI8-R?Q?x?=",
		"=?UTF-8?Q?=0Ax?=",
		"=?UTF-8?Q?=0D=0ABcc:x?=",
		"=?UTF-8?B?DQo=?=",
		"=?UTF-8?Q?=C3?=",
		"=?UTF-8?Q?=?=",
		"=?UTF-8?Q?=C?=",
		"=?UTF-8?B?A?=",
		"=?UTF-8?Q?a?b?=",
		"=?UTF-8?Q?=7F?=",
		"=?UTF-8?Q?=C2=85?=",
		"=?iso-8859-1?Q?=85?=",
		"=?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?=",
	};
	email_code rc;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		email__buf_clear(&out);
		assert_true(email__word_decode(good[i][0], strlen(good[i][0]), &out, &rc));
		assert_string_equal(email__buf_text(&out), good[i][1]);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email__buf_clear(&out);
		assert_false(email__word_decode(bad[i], strlen(bad[i]), &out, &rc));
		assert_int_equal(email__buf_len(&out), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needed),
		cmocka_unit_test_setup_teardown(shorter_of_b_and_q, setup, teardown),
		cmocka_unit_test_setup_teardown(long_text, setup, teardown),
		cmocka_unit_test_setup_teardown(quoted, setup, teardown),
		cmocka_unit_test_setup_teardown(decodes, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
