/* SPDX-License-Identifier: MIT */
#include "mime/lines.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"

/* What stands between candidates: "hold|line" positions, then the totals. */
static void
scans(const char *text, size_t before, const char *wanted)
{
	size_t n = strlen(text), at = 0;
	char *own = malloc(n ? n : 1), got[200];
	email__lines l;

	assert_non_null(own);
	memcpy(own, text, n);
	email__lines_init(&l, own, n, before);
	while (email__lines_next(&l))
		at += (size_t)snprintf(got + at, sizeof got - at, "%zu|%zu ", (size_t)(l.hold - own),
		                       (size_t)(l.line - own));
	snprintf(got + at, sizeof got - at, "end %zu|%zu crlf %zu%s%s", (size_t)(l.hold - own),
	         (size_t)(l.line - own), l.crlf, l.bare_lf ? " bare" : "", l.too_long ? " long" : "");
	assert_string_equal(got, wanted);
	free(own);
}

static void
candidates(void **state)
{
	(void)state;
	scans("", 0, "end 0|0 crlf 0");
	scans("--a", 0, "end 0|0 crlf 0");
	scans("a\r\n--b\r\nc", 0, "1|3 end 6|8 crlf 2");
	scans("\n--\n--\n-\n-", 0, "0|1 3|4 end 8|9 crlf 0 bare");
	scans("\r\n-", 0, "end 0|2 crlf 1");
	scans("\r\r\na --\r", 0, "end 1|3 crlf 1");
	scans("a\n\r\n", 0, "end 2|4 crlf 1 bare");
}

static void
long_lines(void **state)
{
	char line[EMAIL__LINE_MAX + 8];

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line + EMAIL__LINE_MAX, "\r\n", 3);
	scans(line, 0, "end 998|1000 crlf 1");
	scans(line, 1, "end 998|1000 crlf 1 long");
	scans("x\r\n", EMAIL__LINE_MAX - 1, "end 1|3 crlf 1");
	scans("x\r\nx\r\n", EMAIL__LINE_MAX, "end 4|6 crlf 2 long");
	/* what came before counts for the first line alone */
	scans("\r\nx\r\n", EMAIL__LINE_MAX, "end 3|5 crlf 2");
}

static void
counts(void **state)
{
	char s[1000];
	size_t n, i, crs;
	bool nul;

	(void)state;
	srand(4);
	for (n = 0; n < sizeof s; n++) {
		for (i = crs = 0; i < n; i++) {
			s[i] = rand() % 3 ? 'a' : '\r';
			crs += s[i] == '\r';
		}
		assert_int_equal(email__lines_crs(s, n, &nul), crs);
		assert_false(nul);
		if (n) {
			i = (size_t)rand() % n;
			crs -= s[i] == '\r';
			s[i] = '\0';
			assert_int_equal(email__lines_crs(s, n, &nul), crs);
			assert_true(nul);
		}
	}
	memset(s, '\r', sizeof s);
	assert_int_equal(email__lines_crs(s, sizeof s, &nul), sizeof s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
