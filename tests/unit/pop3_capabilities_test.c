/* SPDX-License-Identifier: MIT */
#include "proto/pop3_capabilities.h"

#include "support/cm.h"

static void
add(email__pop3_capabilities *c, const char *line)
{
	email__pop3_capability(c, line, strlen(line));
}

static void
words(void **state)
{
	email__pop3_capabilities c = {0};

	(void)state;
	add(&c, "stls");
	add(&c, "USER");
	add(&c, "TOP");
	add(&c, "UIDL");
	add(&c, "PIPELINING");
	add(&c, "UTF8 USER");
	add(&c, "LOGIN-DELAY 10 USER");
	add(&c, "SASL PLAIN  LOGIN ");
	assert_true(c.stls && c.user && c.top && c.uidl && c.pipelining && c.utf8);
	assert_int_equal(c.login_delay, 10);
	assert_string_equal(c.sasl, "PLAIN LOGIN");
	assert_string_equal(
		c.text,
		"stls, USER, TOP, UIDL, PIPELINING, UTF8 USER, LOGIN-DELAY 10 USER, SASL PLAIN  LOGIN ");
	assert_int_equal(c.lines, 8);
}

static void
not_words(void **state)
{
	static const char *const lines[] = {
		"",         "STLSX",          "XSTLS", " STLS",       "EXPIRENEVER",
		"USER\x01", "PIPELINE",       "SASL",  "LOGIN-DELAY", "LOGIN-DELAY x",
		"SASL ",    "LOGIN-DELAY 5x", "UTF-8", "TOP\tx",      "LOGIN-DELAY -1"};
	email__pop3_capabilities c = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lines / sizeof *lines; i++)
		add(&c, lines[i]);
	assert_false(c.stls || c.user || c.top || c.uidl || c.pipelining || c.utf8);
	assert_int_equal(c.login_delay, 0);
	assert_string_equal(c.sasl, "");
}

/* Much of everything: cut, between words. */
static void
bounds(void **state)
{
	static char line[2000] = "SASL";
	email__pop3_capabilities c = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 150; i++)
		memcpy(line + 4 + i * 8, " ABCDEFG", 8);
	line[4 + 150 * 8] = '\0';
	for (i = 0; i < 10; i++)
		add(&c, line);
	assert_true(strlen(c.sasl) < sizeof c.sasl);
	assert_int_equal((strlen(c.sasl) + 1) % 8, 0);
	assert_true(c.text_len < sizeof c.text);
	for (i = 0; i < 1000; i++)
		add(&c, "X\033Y");
	assert_true(c.text_len < sizeof c.text && strlen(c.text) == c.text_len);
	assert_null(strchr(c.text, '\033'));
	add(&c, "LOGIN-DELAY 99999999999999999999");
	assert_int_equal(c.login_delay, 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(not_words),
	                                   cmocka_unit_test(bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
