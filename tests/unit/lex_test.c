/* SPDX-License-Identifier: MIT */
#include "codec/lex.h"

#include <stdlib.h>

#include "support/cm.h"

static email__lex
over(const char *s)
{
	return (email__lex){.s = s, .n = strlen(s)};
}

static void
skips(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} c[] = {
		{"", 0},
		{"a", 0},
		{" \t\r\n a", 5},
		{"(x) (y)a", 7},
		{"(a(b)c)d", 7},
		{"(\\)(\\()\\))x", 10},
		{"(a\r\n b) (c", 8}, /* the second is not closed */
		{"(a\\", 0},
		{"((((", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		email__lex x = over(c[i].text);

		assert_int_equal(email__lex_skip(&x), c[i].at > 0);
		assert_int_equal(x.at, c[i].at);
		assert_false(email__lex_skip(&x));
	}
}

static void
contents(void **state)
{
	email__lex x = over("\"a\\\"b\" rest");
	const char *content;
	size_t n;

	(void)state;
	assert_true(email__lex_quoted(&x, &content, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(content, "a\\\"b", 4);
	assert_int_equal(x.at, 6);
	x = over("(a(b))c");
	assert_true(email__lex_comment(&x, &content, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(content, "a(b)", 4);
	assert_int_equal(email__lex_peek(&x), 'c');
	x = over("\"\"");
	assert_true(email__lex_quoted(&x, &content, &n));
	assert_int_equal(n, 0);
	assert_int_equal(email__lex_peek(&x), '\0');
	x = over("\"a\\\"");
	assert_false(email__lex_quoted(&x, &content, &n));
	assert_int_equal(x.at, 0);
	assert_true(x.open_quote);
}

/* A flood of signs that nothing closes is gone through once, not once for each. */
static void
linear(void **state)
{
	enum { N = 4 << 20 };
	char *flood = malloc(N);
	email__lex x = {.s = flood, .n = N};
	const char *content;
	size_t n;

	(void)state;
	assert_non_null(flood);
	memset(flood, '(', N);
	for (x.at = 0; x.at < N; x.at++)
		email__lex_skip(&x);
	memset(flood, '\\', N);
	for (x.at = 0; x.at < N; x.at++)
		email__lex_quoted(&x, &content, &n);
	free(flood);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(skips), cmocka_unit_test(contents),
	                                   cmocka_unit_test(linear)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
