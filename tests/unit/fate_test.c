/* SPDX-License-Identifier: MIT */
/* What the properties say, each combination of them that says something else. */
#include "account/fate.h"

#include "support/cm.h"

static void
properties(void **state)
{
	static const struct {
		const char *store, *read, *policy, *folder, *processed;
		email__fate fate;
		bool moves, told, told_unseen, told_seen, remembered, unseen_alone, seen_passed;
	} rows[] = {
		/* store, emailToRead, deliveryPolicy, folder, processedFolder; fate, moves, told: at all, of an unread one, of one
		 * that was read; remembered by the server, only the unread ones listed, one that was read is passed by */
		{"Imap", "UnreadEmail", "MarkAsRead", "INBOX", "", EMAIL__FATE_SEEN, 0, 1, 1, 1, 1, 1, 1},
		{"Imap", "UnreadEmail", "MarkAsUnread", "INBOX", "", EMAIL__FATE_UNSEEN, 0, 1, 0, 1, 0, 0, 1},
		{"Imap", "UnreadEmail", "Delete", "INBOX", "", EMAIL__FATE_DELETED, 0, 1, 1, 1, 1, 1, 1},
		{"Imap", "AllEmail", "MarkAsRead", "INBOX", "", EMAIL__FATE_SEEN, 0, 1, 1, 1, 0, 0, 0},
		{"Imap", "AllEmail", "MarkAsUnread", "INBOX", "", EMAIL__FATE_UNSEEN, 0, 1, 0, 1, 0, 0, 0},
		{"Imap", "AllEmail", "Delete", "INBOX", "", EMAIL__FATE_DELETED, 0, 1, 1, 1, 1, 0, 0},
		{"Imap", "AllEmail", "MarkAsUnread", "INBOX", "Done", EMAIL__FATE_UNSEEN, 1, 1, 1, 1, 1, 0,
	         0},
		{"Imap", "UnreadEmail", "MarkAsUnread", "INBOX", "Done", EMAIL__FATE_UNSEEN, 1, 1, 1, 1, 1, 1,
	         1},
		/* never with Delete, and never to where it is */
		{"Imap", "UnreadEmail", "Delete", "INBOX", "Done", EMAIL__FATE_DELETED, 0, 1, 1, 1, 1, 1, 1},
		{"Imap", "AllEmail", "MarkAsUnread", "INBOX", "inbox", EMAIL__FATE_UNSEEN, 0, 1, 0, 1, 0, 0,
	         0},
		{"Imap", "AllEmail", "MarkAsUnread", "Done", "Done", EMAIL__FATE_UNSEEN, 0, 1, 0, 1, 0, 0, 0},
		{"Imap", "AllEmail", "MarkAsUnread", "Done", "done", EMAIL__FATE_UNSEEN, 1, 1, 1, 1, 1, 0, 0},
		/* a POP3 server has no flags and no folders */
		{"Pop3", "UnreadEmail", "MarkAsRead", "INBOX", "Done", EMAIL__FATE_LEFT, 0, 0, 0, 0, 0, 0, 0},
		{"Pop3", "AllEmail", "MarkAsUnread", "INBOX", "", EMAIL__FATE_LEFT, 0, 0, 0, 0, 0, 0, 0},
		{"Pop3", "UnreadEmail", "Delete", "INBOX", "Done", EMAIL__FATE_DELETED, 0, 1, 1, 1, 1, 0, 0},
	};
	static const email__entry unread = {.number = 1}, read = {.number = 2, .seen = true};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email_account *a = email_account_new(EMAIL_INCOMING, "in");

		assert_int_equal(email_account_set(a, "store", rows[i].store), EMAIL_OK);
		assert_int_equal(email_account_set(a, "emailToRead", rows[i].read), EMAIL_OK);
		assert_int_equal(email_account_set(a, "deliveryPolicy", rows[i].policy), EMAIL_OK);
		assert_int_equal(email_account_set(a, "folder", rows[i].folder), EMAIL_OK);
		assert_int_equal(email_account_set(a, "processedFolder", rows[i].processed), EMAIL_OK);
		print_message("row %zu\n", i);
		assert_int_equal(email__fate_pop3(a), rows[i].store[0] == 'P');
		assert_int_equal(email__fate_of(a), rows[i].fate);
		assert_int_equal(email__fate_moves(a), rows[i].moves);
		assert_int_equal(email__fate_told(a), rows[i].told);
		assert_int_equal(email__fate_told_of(a, &unread), rows[i].told_unseen);
		assert_int_equal(email__fate_told_of(a, &read), rows[i].told_seen);
		assert_int_equal(email__fate_remembered(a), rows[i].remembered);
		assert_int_equal(email__fate_lists_unseen(a), rows[i].unseen_alone);
		assert_int_equal(email__fate_passed_by(a, &read), rows[i].seen_passed);
		assert_false(email__fate_passed_by(a, &unread));
		email_account_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(properties)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
