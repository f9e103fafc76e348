/* SPDX-License-Identifier: MIT */
#include "proto/imap_items.h"

#include "support/cm.h"

static void
dates(void **state)
{
	static const struct {
		const char *text;
		int64_t date;
	} rows[] = {
		{"17-Jul-1996 02:44:25 -0700", 837596665},
		{" 1-Jan-1970 00:00:01 +0000", 1},
		{"01-jan-1970 00:00:01 +0000", 1},
		{"29-Feb-2024 23:59:60 +0000", 1709251200},
		{"31-Dec-9999 23:59:59 +0000", 253402300799},
		{"29-Feb-2023 00:00:00 +0000", 0},
		{"31-Apr-2023 00:00:00 +0000", 0},
		{"00-Jan-2023 00:00:00 +0000", 0},
		{"01-Foo-2023 00:00:00 +0000", 0},
		{"01-Jan-2023 24:00:00 +0000", 0},
		{"01-Jan-2023 00:60:00 +0000", 0},
		{"01-Jan-2023 00:00:61 +0000", 0},
		{"01-Jan-2023 00:00:00 0000", 0},
		{"01-Jan-2023 00:00:00 +00000", 0},
		{"01-Jan-2023 00:00:00 +0060", 0},
		{"01/Jan/2023 00:00:00 +0000", 0},
		{"01-Jan-2023 00:00:00 *0000", 0},
		{"01-Jan-20x3 00:00:00 +0000", 0},
		{"", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(email__imap_date(rows[i].text, strlen(rows[i].text)), rows[i].date);
}

static void
any_order(void **state)
{
	static const char *const orders[] = {
		"(UID 5 RFC822.SIZE 44 FLAGS (\\Seen x) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")",
		"(internaldate \"17-Jul-1996 02:44:25 -0700\" flags (\\SEEN) MODSEQ (12) rfc822.size 44 uid "
		"5)",
		"(X (a (b \"(\") NIL) FLAGS () FLAGS (\\Seen) Y NIL UID 5 RFC822.SIZE 44 INTERNALDATE "
		"{26}\r\n"
		"17-Jul-1996 02:44:25 -0700 BODYSTRUCTURE NIL)"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof orders / sizeof *orders; i++) {
		email__imap_items items;
		email__imap_lex l;

		email__imap_lex_start(&l, orders[i], strlen(orders[i]), 0);
		assert_true(email__imap_items_start(&items, &l));
		assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_DONE);
		assert_int_equal(items.uid, 5);
		assert_true(items.has_size && items.has_flags && items.seen && !items.deleted);
		assert_int_equal(items.size, 44);
		assert_int_equal(items.date, 837596665);
	}
}

/* A body that streams, one that is quoted, one that is none, a structure that nobody reads. */
static void
pieces(void **state)
{
	static const char head[] = "(BODY[HEADER.FIELDS (A \"]\")]<7> {5}";
	static const char rest[] = " BODYSTRUCTURE ((\"a\" (1)) \"b\") BODY[1] \"x\" BODY[] NIL UID 9)";
	email__imap_items items;
	email__imap_lex l;

	(void)state;
	email__imap_lex_start(&l, head, sizeof head - 1, 0);
	assert_true(email__imap_items_start(&items, &l));
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_SECTION);
	assert_int_equal(items.section_len, strlen("HEADER.FIELDS (A \"]\")"));
	assert_memory_equal(items.section, "HEADER.FIELDS (A \"]\")", items.section_len);
	assert_int_equal(items.origin, 7);
	assert_int_equal(l.token, EMAIL__IMAP_STREAM);
	assert_int_equal(items.uid, 0);
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_CUT);
	email__imap_items_resume(&items, &l, rest, sizeof rest - 1);
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_STRUCTURE);
	assert_int_equal(l.token, EMAIL__IMAP_OPEN);
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_SECTION);
	assert_int_equal(items.section_len, 1);
	assert_true(items.origin == UINT64_MAX);
	assert_int_equal(l.token, EMAIL__IMAP_STRING);
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_SECTION);
	assert_int_equal(l.token, EMAIL__IMAP_NIL);
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_DONE);
	assert_int_equal(items.uid, 9);
}

static void
broken(void **state)
{
	static const char *const bad[] = {"(UID 0)",        "(UID 4294967296)",
	                                  "(UID x)",        "(UID \"5\")",
	                                  "(UID)",          "(5 UID)",
	                                  "(FLAGS \\Seen)", "(FLAGS (\\Seen (x)))",
	                                  "(FLAGS (\\Seen", "(BODY[] 5)",
	                                  "(BODY[] (x))",   "(BODY[]<x> {5}",
	                                  "(BODY[]<> {5}",  "(BODY[]<99999999999999999999> {5}",
	                                  "(BODY[]x {5}",   "(X {5}",
	                                  "(\"UID\" 5)",    "(UID 5))x",
	                                  "(X (((",         "(UID 5 \x01)",
	                                  "(NIL NIL)"};
	email__imap_items items;
	email__imap_lex l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		email__imap_item what;

		email__imap_lex_start(&l, bad[i], strlen(bad[i]), 0);
		assert_true(email__imap_items_start(&items, &l));
		what = email__imap_items_next(&items, &l);
		assert_true(what == EMAIL__IMAP_ITEM_BROKEN ||
		            (what == EMAIL__IMAP_ITEM_DONE && bad[i][8] == 'x'));
	}
	email__imap_lex_start(&l, "UID 5", 5, 0);
	assert_false(email__imap_items_start(&items, &l));
	/* odd values that spoil one thing alone */
	email__imap_lex_start(&l, "(RFC822.SIZE NIL INTERNALDATE NIL UID 5)", 40, 0);
	assert_true(email__imap_items_start(&items, &l));
	assert_int_equal(email__imap_items_next(&items, &l), EMAIL__IMAP_ITEM_DONE);
	assert_true(items.has_size && items.size == UINT64_MAX && items.date == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(any_order),
	                                   cmocka_unit_test(pieces), cmocka_unit_test(broken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
