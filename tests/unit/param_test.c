/* SPDX-License-Identifier: MIT */
#include "codec/param.h"

#include "support/cm.h"

static char result[8192];

static const char *
written(const char *value, void (*write)(email__fold *, const char *, const char *))
{
	email__buf out;
	email__fold f;

	email__buf_init(&out, sizeof result - 1);
	email__fold_begin(&f, &out, "D");
	email__fold_words(&f, "attachment");
	write(&f, "filename", value);
	assert_int_equal(email__fold_end(&f), EMAIL_OK);
	snprintf(result, sizeof result, "%s", email__buf_text(&out));
	email__buf_dispose(&out);
	return result;
}

static void
plain(void **state)
{
	(void)state;
	assert_string_equal(written("a b.pdf", email__param_write),
	                    "D: attachment; filename=\"a b.pdf\"\r\n");
	assert_string_equal(written("a\"b\\c", email__param_write),
	                    "D: attachment; filename=\"a\\\"b\\\\c\"\r\n");
	assert_string_equal(written("", email__param_write), "D: attachment; filename=\"\"\r\n");
	assert_string_equal(written("a b.pdf", email__param_write_old),
	                    "D: attachment; filename=\"a b.pdf\"\r\n");
}

static void
extended(void **state)
{
	(void)state;
	assert_string_equal(written("\xC3\xBC '%*.pdf", email__param_write),
	                    "D: attachment; filename*=UTF-8''%C3%BC%20%27%25%2A.pdf\r\n");
	/* what looks like an encoded word would be decoded by some */
	assert_string_equal(written("=?x?", email__param_write),
	                    "D: attachment; filename*=UTF-8''%3D%3Fx%3F\r\n");
	assert_string_equal(written("\xC3\xBC.pdf", email__param_write_old),
	                    "D: attachment; filename=\"=?UTF-8?B?w7wucGRm?=\"\r\n");
}

/* Sections in order, no line over 78, no character split between two. */
static void
sections(void **state)
{
	char name[256] = "";
	unsigned section = 0;
	const char *p;
	size_t i;

	(void)state;
	for (i = 0; i < 80; i++)
		memcpy(name + i * 3, "\xE6\xB8\xA9", 4);
	written(name, email__param_write);
	for (p = strstr(result, "\r\n "); p && p[2]; p = strstr(p + 2, "\r\n "), section++) {
		char wanted[32];
		size_t n = (size_t)snprintf(wanted, sizeof wanted, "\r\n filename*%u*=%s%%E6", section,
		                            section ? "" : "UTF-8''");

		assert_memory_equal(p, wanted, n);
		assert_true(strcspn(p + 2, "\r") <= 78);
	}
	assert_true(section > 5);
	memset(name, 'a', 255);
	written(name, email__param_write);
	assert_non_null(strstr(result, "filename*0*=UTF-8''aaa"));
	for (p = result; *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\r") <= 78);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(extended),
	                                   cmocka_unit_test(sections)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
