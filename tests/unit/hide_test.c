/* SPDX-License-Identifier: MIT */
/* A password that a server repeats is not shown, and what is none is. */
#include "codec/hide.h"

#include <stdlib.h>
#include <string.h>

#include "support/cm.h"

static void
words(void **state)
{
	/* base64 by coreutils: of "s3cret pw!", of "user" NUL "s3cret pw!" behind NUL, and of "x" and "xy" before it */
	static const struct {
		const char *password, *said, *shown;
	} rows[] = {
		{"s3cret pw!", "5.7.8 no s3cret pw! here", "5.7.8 no ********** here"},
		{"s3cret pw!", "s3cret pw!s3cret pw!", "********************"},
		{"s3cret pw!", "cut s3cret pw", "cut *********"},
		{"s3cret pw!", "cut s3c", "cut s3c"},
		{"s3cret pw!", "s3cret pw?", "s3cret pw?"},
		{"s3cret pw!", "S3cret pw!", "S3cret pw!"},
		{"s3cret pw!", "bad AUTH PLAIN czNjcmV0IHB3IQ==.", "bad AUTH PLAIN ****************."},
		{"s3cret pw!", "bad AUTH PLAIN AHVzZXIAczNjcmV0IHB3IQ== x",
	         "bad AUTH PLAIN ************************ x"},
		{"s3cret pw!", "eHMzY3JldCBwdyE=", "****************"},
		{"s3cret pw!", "eHlzM2NyZXQgcHch", "****************"},
		{"s3cret pw!", "cut off: czNjcmV0I", "cut off: *********"},
		{"s3cret pw!", "cut off: czNjcmV", "cut off: czNjcmV"},
		{"a\"b\\c", "LOGIN u \"a\\\"b\\\\c\"", "LOGIN u \"*******\""},
		{"a\"b\\c", "as it is: a\"b\\c", "as it is: *****"},
		{"a\\\\c", "a\\\\c a\\\\\\\\c", "**** ******"},
		{"a b/c%d+e", "x=a+b%2Fc%25d%2Be&y", "x=***************&y"},
		{"a b/c%d+e", "x=a%20b%2fc%25d%2be&y", "x=*****************&y"},
		{"a b/c%d+e", "x=a+b%2Fc%2", "x=*********"},
		{"a%20b", "a%20b a%2520b", "***** *******"},
		{"a%zz", "a%zz a%25zz", "**** ******"},
		{"aaaa", "aaaaa aaaa", "****a ****"},
		{"aaa", "aaaa", "aaaa"},
		{"", "x", "x"},
		{NULL, "x", "x"},
		{"s3cret pw!", "", ""},
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%s", rows[i].said);
		email__hide(text, strlen(text), rows[i].password);
		assert_string_equal(text, rows[i].shown);
	}
}

/* Behind the end nothing is looked at. */
static void
the_end_is_the_end(void **state)
{
	static const char whole[] = "a s3cret czNjcmV0 ";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof whole; n++) {
		char *exact = malloc(n ? n : 1);

		assert_non_null(exact);
		memcpy(exact, whole, n);
		email__hide(exact, n, "s3cret");
		if (n >= 8)
			assert_memory_equal(exact + 2, "******", 6);
		if (n >= 17)
			assert_memory_equal(exact + 9, "********", 8);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(the_end_is_the_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
