/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "mime/compose.h"
#include "mime/message.h"
#include "mime/tree_state.h"
#include "support/cm.h"
#include "support/failalloc.h"

static const char sample[] = "Return-Path: <plant@example.com>\r\n"
			     "From: =?utf-8?q?Anlage_S=C3=BCd?= <plant@example.com>\r\n"
			     "To: a@example.com, \"B, C\" <b@example.com>\r\n"
			     "To: Team: c@example.com, d@example.com;\r\n"
			     "Subject: =?iso-8859-1?q?St=F6rung?=\r\n"
			     "\t5\r\n"
			     "Date: Tue, 24 Nov 2026 08:30:00 +0100\r\n"
			     "Message-ID: <1@example.com>\r\n"
			     "In-Reply-To: <0@example.com>\r\n"
			     "References: <x@example.com> <0@example.com>\r\n"
			     "\r\n"
			     "text\r\n";

static char path[] = "/tmp/received_test_XXXXXX";

static email_message *
read_text(const char *text)
{
	email_error e;
	email_message *m = email_message_read_data(text, strlen(text), &e);

	assert_non_null(m);
	assert_int_equal(e.code, EMAIL_OK);
	return m;
}

static void
write_file(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void
check_sample(email_message *m)
{
	const char *name, *value;
	const email_mailbox *list;
	const char *const *ids;
	int64_t date;
	int offset;

	assert_true(email_message_header_at(m, 4, &name, &value));
	assert_string_equal(name, "Subject");
	assert_string_equal(value, "St\xc3\xb6rung 5");
	assert_string_equal(email_message_subject(m), value);
	assert_string_equal(email_message_header(m, "return-path"), "<plant@example.com>");
	assert_null(email_message_header(m, "Cc"));
	assert_false(email_message_header_at(m, 9, &name, &value));
	assert_null(name);

	assert_int_equal(email_message_mailboxes(m, "from", &list), 1);
	assert_string_equal(list[0].name, "Anlage S\xc3\xbc"
	                                  "d");
	assert_string_equal(list[0].address, "plant@example.com");
	assert_string_equal(list[0].group, "");
	assert_int_equal(email_message_mailboxes(m, "To", &list), 4);
	assert_string_equal(list[1].name, "B, C");
	assert_string_equal(list[2].group, "Team");
	assert_string_equal(list[3].address, "d@example.com");
	assert_int_equal(email_message_mailboxes(m, "Cc", &list), 0);
	assert_null(list);

	assert_true(email_message_date(m, &date, &offset));
	assert_int_equal(date, 1795505400);
	assert_int_equal(offset, 60);
	assert_true(email_message_date(m, &date, NULL));
	assert_string_equal(email_message_message_id(m), "<1@example.com>");
	assert_int_equal(email_message_in_reply_to(m, &ids), 1);
	assert_string_equal(ids[0], "<0@example.com>");
	assert_int_equal(email_message_references(m, &ids), 2);
	assert_string_equal(ids[0], "<x@example.com>");

	assert_int_equal(email_message_part_count(m), 1);
	assert_non_null(email_message_part(m, 0));
	assert_null(email_message_part(m, 1));
	assert_null(email_message_part_header(m, 1, "From"));
	assert_false(email_message_part_header_at(m, 1, 0, &name, &value));
	assert_false(email_message_defect(m, EMAIL_DEFECT_COUNT, NULL));
	assert_int_equal(email_message_error(m)->code, EMAIL_OK);
}

static void
from_memory(void **state)
{
	email_message *m = read_text(sample);

	(void)state;
	check_sample(m);
	/* once more, from what was kept */
	check_sample(m);
	email_message_free(m);
}

static void
from_a_file(void **state)
{
	email_error e;
	email_message *m;

	(void)state;
	write_file(sample, sizeof sample - 1);
	m = email_message_read_file(path, &e);
	assert_non_null(m);
	assert_int_equal(e.code, EMAIL_OK);
	check_sample(m);
	assert_string_equal(email_message_text(m), "text\n");
	email_message_free(m);
	assert_null(email_message_read_file("/nowhere/at/all", &e));
	assert_int_equal(e.code, EMAIL_E_FILE);
	assert_null(email_message_read_file("/tmp", &e));
	assert_int_equal(e.code, EMAIL_E_FILE);
	assert_null(email_message_read_file("/nowhere/at/all", NULL));
}

static void
nothing_in_it(void **state)
{
	email_message *m = email_message_read_data(NULL, 0, NULL);
	const char *const *ids;
	const char *name, *value;
	int64_t date = 7;

	(void)state;
	assert_non_null(m);
	assert_int_equal(email_message_part_count(m), 1);
	assert_false(email_message_header_at(m, 0, &name, &value));
	assert_null(email_message_subject(m));
	assert_null(email_message_message_id(m));
	assert_int_equal(email_message_references(m, &ids), 0);
	assert_false(email_message_date(m, &date, NULL));
	assert_int_equal(date, 0);
	assert_string_equal(email_message_text(m), "");
	email_message_free(m);

	m = read_text("Date: yesterday\r\nMessage-ID: none\r\nFrom: @@\r\n\r\n");
	assert_false(email_message_date(m, &date, NULL));
	assert_true(email_message_defect(m, EMAIL_DEFECT_DATE, NULL));
	assert_null(email_message_message_id(m));
	assert_true(email_message_defect(m, EMAIL_DEFECT_MESSAGE_ID, NULL));
	email_message_free(m);
}

/* A message that is composed answers nothing; one that was read takes nothing. */
static void
two_kinds_of_messages(void **state)
{
	email_message *m = email_message_new();
	const email_mailbox *list;
	const email_delivery *delivery;
	const char *const *ids;
	const char *name, *value;
	char hex[EMAIL_DIGEST_SIZE];
	email__envelope envelope;
	email__defaults defaults = {.from = "a@example.com"};
	email_error e = {0};
	int64_t date;

	(void)state;
	assert_int_equal(email_message_set_subject(m, "x"), EMAIL_OK);
	assert_null(email_message_subject(m));
	assert_null(email_message_header(m, "Subject"));
	assert_false(email_message_header_at(m, 0, &name, &value));
	assert_int_equal(email_message_mailboxes(m, "To", &list), 0);
	assert_false(email_message_date(m, &date, NULL));
	assert_null(email_message_message_id(m));
	assert_int_equal(email_message_in_reply_to(m, &ids), 0);
	assert_int_equal(email_message_references(m, &ids), 0);
	assert_int_equal(email_message_part_count(m), 0);
	assert_null(email_message_part(m, 0));
	assert_int_equal(email_message_text_part(m), -1);
	assert_null(email_message_html(m));
	assert_int_equal(email_message_auto(m), EMAIL_AUTO_NO);
	assert_int_equal(email_message_deliveries(m, &delivery), 0);
	assert_false(email_message_defect(m, EMAIL_DEFECT_DATE, NULL));
	assert_int_equal(email_message_part_digest(m, 0, hex), EMAIL_E_USAGE);
	assert_int_equal(email_message_part_save(m, 0, "/tmp/never"), EMAIL_E_USAGE);
	email_message_free(m);

	m = read_text(sample);
	assert_int_equal(email_message_set_from(m, "a@example.com"), EMAIL_E_USAGE);
	assert_int_equal(email_message_error(m)->code, EMAIL_E_USAGE);
	assert_int_equal(email_message_set_reply_to(m, "a@example.com"), EMAIL_E_USAGE);
	assert_int_equal(email_message_add_to(m, "a@example.com"), EMAIL_E_USAGE);
	assert_int_equal(email_message_add_cc(m, "a@example.com"), EMAIL_E_USAGE);
	assert_int_equal(email_message_add_bcc(m, "a@example.com"), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_subject(m, "x"), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_text(m, "x"), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_html(m, "x"), EMAIL_E_USAGE);
	assert_int_equal(email_message_add_header(m, "X-A", "x"), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_message_id(m, "<a@b>"), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_date(m, 1), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_dsn(m, 0), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_raw_file(m, "/dev/null"), EMAIL_E_USAGE);
	assert_int_equal(email_message_attach_data(m, "a", NULL, "x", 1), EMAIL_E_USAGE);
	assert_int_equal(email_message_attach_file(m, "/dev/null", NULL), EMAIL_E_USAGE);
	assert_int_equal(email__message_prepare(m, &defaults, &envelope, &e), EMAIL_E_USAGE);
	check_sample(m);
	email_message_free(m);
}

/* The file is cut, or written anew, while a message of it is open. */
static void
a_file_that_changes(void **state)
{
	static const char longer[] = "Subject: y\r\n\r\nothers, and longer than before\r\n";
	email_error e;
	email_message *m;

	(void)state;
	write_file(sample, sizeof sample - 1);
	m = email_message_read_file(path, &e);
	assert_non_null(m);
	assert_int_equal(truncate(path, 20), 0);
	assert_null(email_message_text(m));
	assert_int_equal(email_message_error(m)->code, EMAIL_E_FILE);
	/* what is in memory is still there */
	check_sample(m);
	write_file(longer, sizeof longer - 1);
	assert_null(email_message_text(m));
	assert_int_equal(email_message_error(m)->code, EMAIL_E_FILE);
	email_message_free(m);
}

static void
blocks_of_memory(void **state)
{
	email_message *m;

	(void)state;
	email_test_fail_alloc(0);
	m = read_text(sample);
	assert_in_range(email_test_allocs(), 1, 3);
	email_message_free(m);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

static void
want_of_memory(void **state)
{
	bool more = true;
	size_t n;

	(void)state;
	write_file(sample, sizeof sample - 1);
	for (n = 1; more; n++) {
		email_message *m;
		email_error e;

		email_test_fail_alloc(n);
		m = n % 2 ? email_message_read_file(path, &e)
		          : email_message_read_data(sample, sizeof sample - 1, &e);
		more = email_test_alloc_failed();
		assert_int_equal(m == NULL, more);
		assert_int_equal(e.code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_message_free(m);
		assert_int_equal(email_test_blocks(), 0);
	}
	email_test_fail_alloc_off();
	for (n = 1, more = true; more; n++) {
		email_message *m = read_text(sample);
		const email_mailbox *list;
		const char *const *ids;

		/* the arena asks for memory often */
		m->tree->arena.at = m->tree->arena.end;
		m->tree->arena.total = 0;
		m->tree->arena.first = 1;
		email_test_fail_alloc(n);
		if (!email_message_subject(m) || !email_message_header(m, "From") ||
		    !email_message_mailboxes(m, "To", &list) || !email_message_references(m, &ids) ||
		    !email_message_message_id(m))
			assert_int_equal(email_message_error(m)->code, EMAIL_E_MEMORY);
		more = email_test_alloc_failed();
		assert_int_equal(email_message_error(m)->code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc_off();
		check_sample(m);
		email_message_free(m);
	}
	assert_true(n > 5);
}

static int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_memory),         cmocka_unit_test(from_a_file),
		cmocka_unit_test(nothing_in_it),       cmocka_unit_test(two_kinds_of_messages),
		cmocka_unit_test(a_file_that_changes), cmocka_unit_test(blocks_of_memory),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
