/* SPDX-License-Identifier: MIT */
#include "mime/message.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email_message *m;

static int
setup(void **state)
{
	(void)state;
	m = email_message_new();
	return m ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_message_free(m);
	return 0;
}

static void
refuses(email_code got, email_code want, const char *property)
{
	const email_error *e = email_message_error(m);

	assert_int_equal(got, want);
	assert_int_equal(e->code, want);
	assert_string_equal(e->property, property);
	assert_true(e->text[0] != '\0');
}

static void
line_ends_and_controls(void **state)
{
	static const char *const bad[] = {"a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\x01", "a\x7F", "\xFF"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		char address[100];

		snprintf(address, sizeof address, "\"%s\" <a@b.c>", bad[i]);
		refuses(email_message_set_from(m, address), EMAIL_E_MESSAGE, "from");
		refuses(email_message_set_reply_to(m, address), EMAIL_E_MESSAGE, "replyTo");
		refuses(email_message_add_to(m, address), EMAIL_E_MESSAGE, "to");
		refuses(email_message_add_cc(m, address), EMAIL_E_MESSAGE, "cc");
		refuses(email_message_add_bcc(m, address), EMAIL_E_MESSAGE, "bcc");
		refuses(email_message_set_subject(m, bad[i]), EMAIL_E_MESSAGE, "subject");
		refuses(email_message_add_header(m, "X-Note", bad[i]), EMAIL_E_MESSAGE, "X-Note");
		refuses(email_message_attach_data(m, bad[i], NULL, "x", 1), EMAIL_E_MESSAGE, "attachment");
		refuses(email_message_attach_data(m, "x", bad[i], "x", 1), EMAIL_E_MESSAGE, "attachment");
		refuses(email_message_inline_file(m, "/dev/null", NULL, bad[i]), EMAIL_E_MESSAGE, "inline");
		snprintf(address, sizeof address, "<%s@x>", bad[i]);
		refuses(email_message_set_message_id(m, address), EMAIL_E_MESSAGE, "messageId");
	}
	assert_int_equal(email_message_add_header(m, "X\r\nBcc", "x"), EMAIL_E_MESSAGE);
	assert_null(strpbrk(email_message_error(m)->property, "\r\n"));
	refuses(email_message_add_header(m, "Bcc", "x@y.z"), EMAIL_E_MESSAGE, "Bcc");
	refuses(email_message_add_header(m, "Sender", "no address"), EMAIL_E_MESSAGE, "Sender");
	refuses(email_message_set_text(m, "\xFF"), EMAIL_E_MESSAGE, "text");
	refuses(email_message_set_html(m, "\xC3"), EMAIL_E_MESSAGE, "html");
	/* nothing of all that was taken */
	assert_true(!m->from.address && !m->to.count && !m->subject && !m->header_count && !m->part_count &&
	            !m->text);
	assert_int_equal(email_message_set_subject(m, "fine"), EMAIL_OK);
	assert_int_equal(email_message_error(m)->code, EMAIL_OK);
	assert_string_equal(email_message_error(m)->property, "");
}

static void
as_it_was_after_an_error(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_from(m, "A <a@b.c>"), EMAIL_OK);
	assert_int_equal(email_message_set_from(m, "bad"), EMAIL_E_MESSAGE);
	assert_string_equal(m->from.address, "a@b.c");
	assert_int_equal(email_message_set_from(m, "d@e.f, g@h.i"), EMAIL_E_MESSAGE);
	assert_string_equal(m->from.address, "a@b.c");
	assert_int_equal(email_message_set_subject(m, "one"), EMAIL_OK);
	assert_int_equal(email_message_set_subject(m, "\n"), EMAIL_E_MESSAGE);
	assert_string_equal(m->subject, "one");
	assert_int_equal(email_message_set_subject(m, NULL), EMAIL_OK);
	assert_null(m->subject);
	assert_int_equal(email_message_set_from(m, NULL), EMAIL_OK);
	assert_null(m->from.address);
	refuses(email_message_add_to(m, NULL), EMAIL_E_USAGE, "to");
	refuses(email_message_add_header(m, NULL, "x"), EMAIL_E_USAGE, "header");
	refuses(email_message_attach_file(m, NULL, NULL), EMAIL_E_USAGE, "attachment");
}

static void
limits(void **state)
{
	char *text = malloc(EMAIL__HEADER_VALUE_MAX + 2);
	char one[32];
	int i;

	(void)state;
	for (i = 0; i < EMAIL__RECIPIENTS_MAX - 1; i++) {
		snprintf(one, sizeof one, "a%d@b.c", i);
		assert_int_equal((i % 3 ? email_message_add_to : email_message_add_bcc)(m, one), EMAIL_OK);
	}
	refuses(email_message_add_cc(m, "x@y.z, z@y.x"), EMAIL_E_LIMIT, "cc");
	assert_int_equal(m->cc.count, 0);
	assert_int_equal(email_message_add_cc(m, "x@y.z"), EMAIL_OK);
	refuses(email_message_add_to(m, "x@y.z"), EMAIL_E_LIMIT, "to");
	memset(text, 'x', EMAIL__HEADER_VALUE_MAX + 1);
	text[EMAIL__HEADER_VALUE_MAX + 1] = '\0';
	refuses(email_message_set_subject(m, text), EMAIL_E_LIMIT, "subject");
	refuses(email_message_add_header(m, "X-Y", text), EMAIL_E_LIMIT, "X-Y");
	refuses(email_message_attach_data(m, text, NULL, "", 0), EMAIL_E_LIMIT, "attachment");
	text[EMAIL__HEADER_VALUE_MAX] = '\0';
	assert_int_equal(email_message_set_subject(m, text), EMAIL_OK);
	free(text);
}

static void
message_ids(void **state)
{
	static const char *const bad[] = {"",     "<>",   "<a>",     "a@b",     "<a@b",   "a@b>",
	                                  "<@b>", "<a@>", "<a@b@c>", "<a b@c>", "<a@b> ", "<<a@b>>"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		refuses(email_message_set_message_id(m, bad[i]), EMAIL_E_MESSAGE, "messageId");
	assert_int_equal(email_message_set_message_id(m, "<a.b-c@[192.0.2.1]>"), EMAIL_OK);
}

static void
dates_and_notices(void **state)
{
	(void)state;
	refuses(email_message_set_date(m, INT64_MAX), EMAIL_E_MESSAGE, "date");
	refuses(email_message_set_date(m, INT64_MIN), EMAIL_E_MESSAGE, "date");
	assert_int_equal(email_message_set_date(m, 0), EMAIL_OK);
	assert_int_equal(email_message_set_dsn(m, EMAIL_DSN_SUCCESS | EMAIL_DSN_FAILURE), EMAIL_OK);
	refuses(email_message_set_dsn(m, EMAIL_DSN_NEVER | EMAIL_DSN_DELAY), EMAIL_E_USAGE, "dsn");
	refuses(email_message_set_dsn(m, 16), EMAIL_E_USAGE, "dsn");
	assert_int_equal(m->dsn, EMAIL_DSN_SUCCESS | EMAIL_DSN_FAILURE);
}

static void
files(void **state)
{
	char path[] = "/tmp/message_test_XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(email_message_attach_file(m, path, "text/plain"), EMAIL_OK);
	assert_string_equal(m->parts[0]->name, path + 5);
	assert_int_equal(email_message_inline_file(m, path, "image/png", "logo"), EMAIL_OK);
	refuses(email_message_inline_file(m, path, "image/png", "logo"), EMAIL_E_MESSAGE, "inline");
	refuses(email_message_attach_file(m, "/nonexistent/x", NULL), EMAIL_E_FILE, "attachment");
	refuses(email_message_attach_file(m, "/tmp", NULL), EMAIL_E_FILE, "attachment");
	refuses(email_message_attach_file(m, "/dev/zero", NULL), EMAIL_E_FILE, "attachment");
	refuses(email_message_attach_file(m, "/tmp/", NULL), EMAIL_E_MESSAGE, "attachment");
	refuses(email_message_attach_file(m, path, "multipart/mixed"), EMAIL_E_MESSAGE, "attachment");
	refuses(email_message_attach_stream(m, "x", NULL, NULL, NULL, NULL), EMAIL_E_USAGE, "attachment");
	refuses(email_message_set_raw_file(m, path), EMAIL_E_MESSAGE, "rawFile");
	assert_int_equal(m->part_count, 2);
	unlink(path);
}

/* Every setter, with every allocation failing: the message is as it was, and all is freed. */
static void
want_of_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email_message *x;

		email_test_fail_alloc(n);
		x = email_message_new();
		if (x) {
			email_code rc = email_message_set_from(x, "A <a@b.c>");

			rc = rc ? rc : email_message_add_to(x, "b@c.d, e@f.g");
			rc = rc ? rc : email_message_set_subject(x, "s");
			rc = rc ? rc : email_message_set_text(x, "t");
			rc = rc ? rc : email_message_set_html(x, "h");
			rc = rc ? rc : email_message_add_header(x, "X", "y");
			rc = rc ? rc : email_message_add_header(x, "Sender", "a@b.c");
			rc = rc ? rc : email_message_set_message_id(x, "<a@b>");
			rc = rc ? rc : email_message_attach_data(x, "n", NULL, "d", 1);
			failed = email_test_alloc_failed();
			assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
			assert_int_equal(email_message_error(x)->code, rc);
		}
		email_message_free(x);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 15);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(line_ends_and_controls),
	                                   T(as_it_was_after_an_error),
	                                   T(limits),
	                                   T(message_ids),
	                                   T(dates_and_notices),
	                                   T(files),
	                                   T(want_of_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
