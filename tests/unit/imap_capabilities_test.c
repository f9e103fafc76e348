/* SPDX-License-Identifier: MIT */
#include "proto/imap_capabilities.h"

#include "support/cm.h"

static void
read_list(email__imap_capabilities *c, const char *words)
{
	email__imap_capabilities_read(c, words, strlen(words));
}

/* As Dovecot, Cyrus and Mailutils tell them. */
static void
lists(void **state)
{
	email__imap_capabilities c;

	(void)state;
	read_list(&c,
	          "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN AUTH=LOGIN");
	assert_true(c.known && c.rev1 && c.sasl_ir && c.id && c.enable && c.idle && c.literal_plus &&
	            c.start_tls);
	assert_false(c.rev2 || c.login_disabled || c.uidplus || c.move || c.esearch || c.utf8 ||
	             c.literal_minus);
	assert_string_equal(c.auth, "PLAIN LOGIN");
	assert_string_equal(c.text,
	                    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS AUTH=PLAIN "
	                    "AUTH=LOGIN");
	read_list(&c, "  imap4rev1  logindisabled uidplus MOVE ESEARCH UTF8=ACCEPT LITERAL- auth=plain ");
	assert_true(c.rev1 && c.login_disabled && c.uidplus && c.move && c.esearch && c.utf8 &&
	            c.literal_minus);
	assert_false(c.id || c.idle || c.start_tls); /* nothing is left of the list before */
	assert_string_equal(c.auth, "plain");
	read_list(&c, "IMAP4rev2");
	assert_true(c.rev2 && c.sasl_ir && c.esearch && c.uidplus && c.move && c.idle && c.enable &&
	            c.literal_minus);
	assert_false(c.rev1 || c.literal_plus || c.start_tls);
	read_list(&c, "");
	assert_true(c.known);
	assert_string_equal(c.text, "");
}

/* Words that only begin like one of ours, and bytes that are no word. */
static void
odd(void **state)
{
	email__imap_capabilities c;

	(void)state;
	read_list(&c, "IMAP4rev11 IDLEX STARTTLS=1 XID AUTH= AUTH=\x01 AUTH=A\xFF UIDPLUS\x1B[2J");
	assert_false(c.rev1 || c.idle || c.start_tls || c.id || c.uidplus);
	assert_string_equal(c.auth, "");
	assert_null(strchr(c.text, '\x1B'));
}

/* More than is kept: what does not fit is left out whole. */
static void
too_many(void **state)
{
	static char words[20000];
	email__imap_capabilities c;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		strcat(words, "AUTH=MECHANISM-X ");
	strcat(words, "AUTH=PLAIN IDLE");
	read_list(&c, words);
	assert_true(c.idle);
	assert_true(strlen(c.auth) < sizeof c.auth && strlen(c.text) < sizeof c.text);
	assert_string_equal(c.auth + strlen(c.auth) - 5, "PLAIN"); /* shorter, so it still fitted */
	for (i = 0; c.auth[i]; i++)
		assert_true(c.auth[i] == ' ' || strchr("MECHANISM-XPLAIN", c.auth[i]));
}

static void
enabled(void **state)
{
	(void)state;
	assert_true(email__imap_enabled_utf8(" UTF8=ACCEPT", 12));
	assert_true(email__imap_enabled_utf8("CONDSTORE imap4rev2", 19));
	assert_false(email__imap_enabled_utf8("UTF8=ACCEPTED", 13));
	assert_false(email__imap_enabled_utf8("CONDSTORE", 9));
	assert_false(email__imap_enabled_utf8("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(odd),
	                                   cmocka_unit_test(too_many), cmocka_unit_test(enabled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
