/* SPDX-License-Identifier: MIT */
#include "proto/smtp_capabilities.h"

#include "support/cm.h"

static void
add(email__smtp_capabilities *c, const char *line)
{
	email__smtp_capability(c, line, strlen(line));
}

static void
keywords(void **state)
{
	email__smtp_capabilities c = {0};

	(void)state;
	add(&c, "pipelining");
	add(&c, "STARTTLSX");
	add(&c, "XSECURITY=NONE,STARTTLS");
	add(&c, "8BITMIME ");
	add(&c, "DSN");
	assert_true(c.pipelining && c.eight_bit && c.dsn);
	assert_false(c.start_tls || c.chunking || c.utf8 || c.enhanced || c.size);
	add(&c, "STARTTLS");
	add(&c, "CHUNKING");
	add(&c, "SMTPUTF8");
	add(&c, "ENHANCEDSTATUSCODES");
	add(&c, "");
	assert_true(c.start_tls && c.chunking && c.utf8 && c.enhanced);
	assert_non_null(strstr(c.text, "pipelining, STARTTLSX, XSECURITY=NONE,STARTTLS, "));
}

static void
sizes(void **state)
{
	static const struct {
		const char *line;
		uint64_t max;
	} rows[] = {{"SIZE 1000", 1000},
	            {"SIZE", 0},
	            {"SIZE 0", 0},
	            {"SIZE -1", 0},
	            {"SIZE 12x", 0},
	            {"size 7 ", 7},
	            {"SIZE  5", 0},
	            {"SIZE 18446744073709551616", 0},
	            {"SIZE 99999999999999999999999999", 0}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__smtp_capabilities c = {0};

		add(&c, rows[i].line);
		assert_true(c.size);
		assert_int_equal(c.size_max, rows[i].max);
	}
}

static void
mechanisms(void **state)
{
	email__smtp_capabilities c = {0};
	char long_line[600] = "AUTH ";

	(void)state;
	add(&c, "AUTH  PLAIN LOGIN ");
	add(&c, "AUTH=LOGIN CRAM-MD5");
	assert_string_equal(c.auth, "PLAIN LOGIN LOGIN CRAM-MD5");
	add(&c, "AUTH\tX");
	add(&c, "AUTH Y\033 Z");
	assert_string_equal(c.auth, "PLAIN LOGIN LOGIN CRAM-MD5");
	/* what does not fit is left out whole */
	memset(long_line + 5, 'A', 590);
	add(&c, long_line);
	add(&c, "AUTH EXTERNAL");
	assert_string_equal(c.auth, "PLAIN LOGIN LOGIN CRAM-MD5 EXTERNAL");
}

/* However much is announced. */
static void
bounded(void **state)
{
	email__smtp_capabilities c = {0};
	int i;

	(void)state;
	for (i = 0; i < 500; i++)
		add(&c, "AUTH SOMETHING-\x01LONG AND-ANOTHER");
	for (i = 0; i < 500; i++)
		add(&c, "AUTH SOMETHING-LONG AND-ANOTHER");
	assert_true(strlen(c.auth) < sizeof c.auth);
	assert_true(strlen(c.text) < sizeof c.text);
	assert_null(strchr(c.text, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keywords), cmocka_unit_test(sizes),
	                                   cmocka_unit_test(mechanisms), cmocka_unit_test(bounded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
