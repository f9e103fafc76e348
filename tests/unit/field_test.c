/* SPDX-License-Identifier: MIT */
#include "mime/field.h"

#include <stdlib.h>

#include <emailservice/parse.h>

#include "base/limits.h"
#include "support/cm.h"

#define BIT(defect) (UINT64_C(1) << EMAIL_DEFECT_##defect)

static void
names(void **state)
{
	static const struct {
		const char *line;
		size_t name, value_at;
	} cases[] = {
		{"Subject: x", 7, 8}, {"a:", 1, 2},        {"a \t : x", 1, 5}, {"a::b", 1, 2},
		{"", 0, 0},           {":", 0, 0},         {" a: b", 0, 0},    {"a b: c", 0, 0},
		{"a", 0, 0},          {"a\r: b", 0, 0},    {"a\x7f: b", 0, 0}, {"\xc3\xa4: b", 0, 0},
		{"--x: b", 3, 4},     {"!#$%&'~: ", 7, 8}, {"a ", 0, 0},
	};
	char *line = malloc(EMAIL__LINE_MAX + 2);
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(email__field_name(cases[i].line, strlen(cases[i].line), &at), cases[i].name);
		if (cases[i].name)
			assert_int_equal(at, cases[i].value_at);
	}
	assert_non_null(line);
	memset(line, 'a', EMAIL__LINE_MAX + 2);
	line[EMAIL__LINE_MAX - 1] = ':';
	assert_int_equal(email__field_name(line, EMAIL__LINE_MAX + 2, &at), EMAIL__LINE_MAX - 1);
	line[EMAIL__LINE_MAX - 1] = 'a';
	line[EMAIL__LINE_MAX] = ':';
	assert_int_equal(email__field_name(line, EMAIL__LINE_MAX + 2, &at), 0);
	free(line);
}

static void
known_ones(void **state)
{
	static const char *const texts[] = {
#define X(name, text) text,
		EMAIL__FIELDS(X)
#undef X
	};
	char name[80];
	int i;

	(void)state;
	for (i = 0; i < EMAIL__FIELD_OTHER; i++) {
		size_t n = strlen(texts[i]);

		assert_int_equal(email__field_kind_of(texts[i], n), i);
		memcpy(name, texts[i], n + 1);
		name[0] = (char)(name[0] - 'a' + 'A');
		name[n - 1] = (char)(name[n - 1] - 'a' + 'A');
		assert_int_equal(email__field_kind_of(name, n), i);
		name[n - 1] = '!';
		assert_int_equal(email__field_kind_of(name, n), EMAIL__FIELD_OTHER);
		assert_int_equal(email__field_kind_of(texts[i], n - 1), EMAIL__FIELD_OTHER);
	}
	memset(name, 't', sizeof name);
	assert_int_equal(email__field_kind_of(name, 64 + 2), EMAIL__FIELD_OTHER);
	assert_int_equal(email__field_kind_of("Received", 8), EMAIL__FIELD_OTHER);
}

/* A byte or two of each kind at each place of values of each length. */
static void
bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint64_t defects;
	} cases[] = {
		{"\t", 1, 0},
		{"\r\n", 2, 0},
		{"\n", 1, 0},
		{"~", 1, 0},
		{" ", 1, 0},
		{"\xc3\xa4", 2, 0},
		{"\xc3", 1, BIT(HEADER_8BIT)},
		{"\xff", 1, BIT(HEADER_8BIT)},
		{"\x80", 1, BIT(HEADER_8BIT)},
		{"\r", 1, BIT(BARE_CR)},
		{"\r\r\n", 3, BIT(BARE_CR)},
		{"\0", 1, BIT(HEADER_CONTROL) | BIT(NUL)},
		{"\x1f", 1, BIT(HEADER_CONTROL)},
		{"\x7f", 1, BIT(HEADER_CONTROL)},
		{"\x01", 1, BIT(HEADER_CONTROL)},
		{"\x1b", 1, BIT(HEADER_CONTROL)},
	};
	size_t i, n, at;

	(void)state;
	assert_int_equal(email__field_defects("", 0), 0);
	for (n = 1; n < 40; n++) {
		char *s = malloc(n);

		assert_non_null(s);
		for (i = 0; i < sizeof cases / sizeof *cases; i++) {
			for (at = 0; at + cases[i].n <= n; at++) {
				memset(s, 'x', n);
				memcpy(s + at, cases[i].bytes, cases[i].n);
				assert_int_equal(email__field_defects(s, n), cases[i].defects);
			}
		}
		free(s);
	}
	assert_int_equal(email__field_defects("\0 \xff \r", 5),
	                 BIT(NUL) | BIT(HEADER_CONTROL) | BIT(HEADER_8BIT) | BIT(BARE_CR));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(known_ones),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
