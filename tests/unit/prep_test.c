/* SPDX-License-Identifier: MIT */
#include "sasl/prep.h"

#include <string.h>

#include "support/cm.h"

static void
prepares(void **state)
{
	/* RFC 4013 3, and what keyboards have */
	static const struct {
		const char *in, *out; /* NULL: refused */
	} rows[] = {
		{"I\xC2\xADX", "IX"},
		{"user", "user"},
		{"USER", "USER"},
		{"\xC2\xAA", NULL}, /* would be "a": normalisation is not known here */
		{"\xE2\x85\xA8", NULL},
		{"\x07", NULL},
		{"\x7F", NULL},
		{"\xD8\xA7\x31", NULL},
		{"p\xC3\xA4ss\xC2\xA0wort", "p\xC3\xA4ss wort"},
		{"\xD0\x9F\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C",
	         "\xD0\x9F\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C"},
		{"a\xCC\x88", NULL}, /* a and a combining mark */
		{"\xEF\xBC\xA1", NULL},
		{"\xE2\x82\xAC", "\xE2\x82\xAC"},
		{"", NULL},
		{"\xC2\xAD", NULL}, /* nothing is left */
		{"\xFF", NULL},
		{"\xC4\xB2", NULL}, /* U+0132 decomposes */
		{"\xC5\xBF", NULL}, /* U+017F too */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__buf out;
		email_code rc;

		email__buf_init(&out, 100);
		rc = email__sasl_prep(&out, rows[i].in);
		assert_int_equal(rc, rows[i].out ? EMAIL_OK : EMAIL_E_VALUE);
		if (rows[i].out)
			assert_string_equal(email__buf_text(&out), rows[i].out);
		email__buf_dispose(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(prepares)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
