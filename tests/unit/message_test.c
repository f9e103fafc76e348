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

/* The setters that take text, each with a value that it takes. */
static email_code
add_note(const char *s)
{
	return email_message_add_header(m, "X-Note", s);
}

static email_code
add_named(const char *s)
{
	return email_message_add_header(m, s, "x");
}

static email_code
add_sender(const char *s)
{
	return email_message_add_header(m, "Sender", s);
}

static email_code
add_links(const char *s)
{
	return email_message_add_header(m, "List-Unsubscribe", s);
}

static email_code
add_words(const char *s)
{
	return email_message_add_header(m, "List-Id", s);
}

static email_code
add_keyword(const char *s)
{
	return email_message_add_header(m, "Auto-Submitted", s);
}

static email_code
add_ids(const char *s)
{
	return email_message_add_header(m, "Resent-Message-ID", s);
}

static email_code
set_reply(const char *s)
{
	return email_message_set_reply(m, s, NULL);
}

static email_code
set_references(const char *s)
{
	return email_message_set_reply(m, "<x@y>", s);
}

static email_code
attach_path(const char *s)
{
	char path[200];

	snprintf(path, sizeof path, "/nonexistent/%s", s);
	return email_message_attach_file(m, path, NULL);
}

static email_code
inline_path(const char *s)
{
	char path[200];

	snprintf(path, sizeof path, "/nonexistent/%s", s);
	return email_message_inline_file(m, path, NULL, "id");
}

static email_code
attach_name(const char *s)
{
	return email_message_attach_data(m, s, NULL, "x", 1);
}

static email_code
attach_type(const char *s)
{
	return email_message_attach_data(m, "x", s, "x", 1);
}

static email_code
inline_name(const char *s)
{
	return email_message_inline_data(m, s, NULL, "x", 1, "id-1");
}

static email_code
inline_type(const char *s)
{
	return email_message_inline_data(m, "x", s, "x", 1, "id-2");
}

static email_code
inline_id(const char *s)
{
	return email_message_inline_data(m, "x", NULL, "x", 1, s);
}

static long
nothing(void *context, void *buffer, size_t size)
{
	(void)context, (void)buffer, (void)size;
	return 0;
}

static email_code
stream_name(const char *s)
{
	return email_message_attach_stream(m, s, NULL, nothing, NULL, NULL);
}

static email_code
stream_type(const char *s)
{
	return email_message_attach_stream(m, "x", s, nothing, NULL, NULL);
}

static email_code
inline_stream_id(const char *s)
{
	return email_message_inline_stream(m, "x", NULL, nothing, NULL, NULL, s);
}

#define ON_MESSAGE(name) \
	static email_code name##_of_m(const char *s) \
	{ \
		return email_message_##name(m, s); \
	}
ON_MESSAGE(set_from)
ON_MESSAGE(set_reply_to)
ON_MESSAGE(add_to)
ON_MESSAGE(add_cc)
ON_MESSAGE(add_bcc)
ON_MESSAGE(set_subject)
ON_MESSAGE(set_message_id)

static const struct {
	const char *property; /* NULL: the header's own name */
	email_code (*set)(const char *s);
	const char *good;
	email_code of_good;
	bool tab; /* is white space to it */
} fields[] = {
	{"from", set_from_of_m, "Plant room <plant@x.example>", EMAIL_OK, true},
	{"replyTo", set_reply_to_of_m, "\"P, r\" <plant@x.example>, G: a@b.c;", EMAIL_OK, true},
	{"to", add_to_of_m, "Duty: A <a@b.c>, d@e.f; , x@y.z", EMAIL_OK, true},
	{"cc", add_cc_of_m, "a@b.c (comment), \"q\"@e.f", EMAIL_OK, true},
	{"bcc", add_bcc_of_m, "=?UTF-8?Q?x?= <a@b.c>", EMAIL_OK, true},
	{"subject", set_subject_of_m, "Boiler \xC3\xA9", EMAIL_OK, true},
	{"messageId", set_message_id_of_m, "<a.b@c.d>", EMAIL_OK, false},
	{"inReplyTo", set_reply, "<a.b@c.d>", EMAIL_OK, true},
	{"references", set_references, "<a.b@c.d> <e@f>", EMAIL_OK, true},
	{"X-Note", add_note, "some text", EMAIL_OK, true},
	{NULL, add_named, "X-Name", EMAIL_OK, false},
	{"Sender", add_sender, "S <s@x.example>", EMAIL_OK, true},
	{"List-Unsubscribe", add_links, "<mailto:a@b>, <https://c.d/e>", EMAIL_OK, true},
	{"List-Id", add_words, "Alarms <alarms.x.example>", EMAIL_OK, true},
	{"Auto-Submitted", add_keyword, "auto-replied; a=b", EMAIL_OK, true},
	{"Resent-Message-ID", add_ids, "<a@b><c@d>", EMAIL_OK, true},
	{"attachment", attach_path, "file.txt", EMAIL_E_FILE, false},
	{"attachment", attach_name, "file.txt", EMAIL_OK, false},
	{"attachment", attach_type, "text/csv; charset=\"utf-8\"", EMAIL_OK, false},
	{"attachment", stream_name, "file.txt", EMAIL_OK, false},
	{"attachment", stream_type, "text/csv; charset=utf-8", EMAIL_OK, false},
	{"inline", inline_path, "file.txt", EMAIL_E_FILE, false},
	{"inline", inline_name, "file.txt", EMAIL_OK, false},
	{"inline", inline_type, "image/png; a=b", EMAIL_OK, false},
	{"inline", inline_id, "logo@x", EMAIL_OK, false},
	{"inline", inline_stream_id, "logo@y", EMAIL_OK, false},
};

/* At every place of a value that is good without it. */
static void
put_everywhere(size_t k, const char *bad)
{
	size_t n = strlen(fields[k].good), at;
	char value[100];

	for (at = 0; at <= n; at++) {
		const email_error *e = email_message_error(m);

		/* not within a character */
		if ((fields[k].good[at] & 0xC0) == 0x80)
			continue;
		snprintf(value, sizeof value, "%.*s%s%s", (int)at, fields[k].good, bad, fields[k].good + at);
		if (fields[k].set(value) != EMAIL_E_MESSAGE || e->code != EMAIL_E_MESSAGE)
			fail_msg("field %zu (%s), a character %02x at %zu: %s", k, fields[k].property,
			         (unsigned char)bad[0], at, email_code_text(e->code));
		assert_true(e->text[0] != '\0' && e->property[0] != '\0');
		if (fields[k].property)
			assert_string_equal(e->property, fields[k].property);
		assert_null(strpbrk(e->property, "\r\n\t\x01\x1B\x7F"));
	}
}

/* Every control character and what is not UTF-8, in every field, at every place: refused, with the field
 * named, and nothing of it taken. */
static void
sweep(void **state)
{
	static const char *const broken[] = {"\r\n",     "\r\nBcc: x@y.z", "\r\n ",
	                                     "\n\n",     "\xFF",           "\xC0\x8A",
	                                     "\xC0\x80", "\xED\xA0\x80",   "\xF4\x90\x80\x80"};
	size_t k, i;
	int c;

	(void)state;
	for (k = 0; k < sizeof fields / sizeof *fields; k++) {
		char bad[3] = "";

		for (c = 1; c < 0xA0; c++) {
			if ((c >= ' ' && c < 0x7F) || (c == '\t' && fields[k].tab))
				continue;
			snprintf(bad, sizeof bad, c < 0x80 ? "%c" : "\xC2%c", c);
			put_everywhere(k, bad);
		}
		for (i = 0; i < sizeof broken / sizeof *broken; i++)
			put_everywhere(k, broken[i]);
	}
	assert_true(!m->from.address && !m->reply_to.count && !m->to.count && !m->cc.count && !m->bcc.count &&
	            !m->subject && !m->header_count && !m->part_count && !m->message_id);
	for (k = 0; k < sizeof fields / sizeof *fields; k++)
		assert_int_equal(fields[k].set(fields[k].good), fields[k].of_good);
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

static const char *
header(const char *name)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < m->header_count; i++)
		if (strcmp(m->headers[i].name, name) == 0) {
			assert_null(found);
			found = m->headers[i].value;
		}
	return found;
}

static void
answers(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_reply(m, "<1@x>", NULL), EMAIL_OK);
	assert_string_equal(header("In-Reply-To"), "<1@x>");
	assert_string_equal(header("References"), "<1@x>");
	assert_int_equal(email_message_add_header(m, "X-Note", "stays"), EMAIL_OK);
	assert_int_equal(email_message_set_reply(m, "<3@x>", "<1@x> <2@x>"), EMAIL_OK);
	assert_string_equal(header("In-Reply-To"), "<3@x>");
	assert_string_equal(header("References"), "<1@x> <2@x> <3@x>");
	refuses(email_message_add_header(m, "references", "<4@x>"), EMAIL_E_MESSAGE, "references");
	refuses(email_message_set_reply(m, "<5@x>\r\n", NULL), EMAIL_E_MESSAGE, "inReplyTo");
	refuses(email_message_set_reply(m, "<5@x>", "<4@x>\n <4@y>"), EMAIL_E_MESSAGE, "references");
	assert_string_equal(header("References"), "<1@x> <2@x> <3@x>");
	assert_int_equal(email_message_set_reply(m, NULL, "<ignored@x>"), EMAIL_OK);
	assert_int_equal(m->header_count, 1);
	assert_string_equal(header("X-Note"), "stays");
	assert_int_equal(email_message_add_header(m, "References", "<4@x>"), EMAIL_OK);
	assert_int_equal(email_message_set_reply(m, "<6@x>", ""), EMAIL_OK);
	assert_string_equal(header("References"), "<6@x>");
}

/* Whatever stands in the message that is answered, it can be. */
static void
answers_to_anything(void **state)
{
	char long_id[1100] = "<";
	const struct {
		const char *id, *references, *in_reply_to, *thread;
	} cases[] = {
		{"<5@x>", "no id", "<5@x>", "<5@x>"},
		{"<5@x>", "(a thread) <1@x>, junk <2@x>; <broken", "<5@x>", "<1@x> <2@x> <5@x>"},
		{"<5@x>", "Message from Ann of \"Tue, <24> Nov\" <1@x>", "<5@x>", "<1@x> <5@x>"},
		{"<5@x>", "<\xC3\xBC@x> <2@x>", "<5@x>", "<2@x> <5@x>"},
		{"<5@x>", long_id, "<5@x>", "<5@x>"},
		{" (c) <5 @ x> <6@x>", NULL, "<5@x>", "<5@x>"},
		{"5@x", "1@x 2@x", "<5@x>", "<1@x> <2@x> <5@x>"},
		{"<\xC3\xBC@x>", "<1@x> <2@x>", NULL, "<1@x> <2@x>"},
		{long_id, "<1@x>", NULL, "<1@x>"},
		{"no id", NULL, NULL, NULL},
		{"", "", NULL, NULL},
		{"<>", "<> <\xC3\xBC>", NULL, NULL},
	};
	size_t i;

	(void)state;
	memset(long_id + 1, 'x', sizeof long_id - 3);
	long_id[sizeof long_id - 2] = '>';
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(email_message_set_reply(m, "<old@x>", NULL), EMAIL_OK);
		assert_int_equal(email_message_set_reply(m, cases[i].id, cases[i].references), EMAIL_OK);
		assert_int_equal(m->header_count, (cases[i].in_reply_to != NULL) + (cases[i].thread != NULL));
		if (cases[i].in_reply_to)
			assert_string_equal(header("In-Reply-To"), cases[i].in_reply_to);
		if (cases[i].thread)
			assert_string_equal(header("References"), cases[i].thread);
	}
}

/* A thread of years: its first message, and the last ones. */
static void
long_threads(void **state)
{
	char *references = malloc(100000);
	size_t total, i, n, longest = 0;

	(void)state;
	for (total = 600; total < 640; total++) {
		const char *value;

		for (i = n = 0; i < total; i++)
			n += (size_t)sprintf(references + n, "<%0*zu@x> ", (int)(20 + total % 7), i);
		assert_int_equal(email_message_set_reply(m, "<last@x>", references), EMAIL_OK);
		value = header("References");
		n = strlen(value);
		assert_true(n <= EMAIL__HEADER_VALUE_MAX);
		longest = n > longest ? n : longest;
		assert_memory_equal(value, references, 20);
		assert_string_equal(value + n - 8, "<last@x>");
		assert_non_null(strstr(references, "@x> "));
		snprintf(references, 100, "%0*zu@x> <last@x>", (int)(20 + total % 7), total - 1);
		assert_string_equal(value + n - strlen(references), references);
	}
	assert_true(longest > EMAIL__HEADER_VALUE_MAX - 60);
	/* one id and no room beside it */
	memset(references, 'x', 800);
	references[0] = '<';
	memcpy(references + 799, ">", 2);
	assert_int_equal(email_message_set_reply(m, references, references), EMAIL_OK);
	assert_int_equal(strlen(header("References")), 1601);
	free(references);
}

static void
importance(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_importance(m, EMAIL_IMPORTANCE_NORMAL), EMAIL_OK);
	assert_int_equal(m->header_count, 0);
	assert_int_equal(email_message_add_header(m, "x-priority", "3 (Normal)"), EMAIL_OK);
	assert_int_equal(email_message_set_importance(m, EMAIL_IMPORTANCE_HIGH), EMAIL_OK);
	assert_int_equal(m->header_count, 3);
	assert_string_equal(header("Importance"), "high");
	assert_string_equal(header("X-Priority"), "1");
	assert_string_equal(header("Priority"), "urgent");
	refuses(email_message_add_header(m, "Importance", "low"), EMAIL_E_MESSAGE, "Importance");
	refuses(email_message_set_importance(m, (email_importance)7), EMAIL_E_USAGE, "importance");
	assert_int_equal(email_message_set_importance(m, EMAIL_IMPORTANCE_LOW), EMAIL_OK);
	assert_int_equal(m->header_count, 3);
	assert_string_equal(header("Priority"), "non-urgent");
	assert_int_equal(email_message_set_importance(m, EMAIL_IMPORTANCE_NORMAL), EMAIL_OK);
	assert_int_equal(m->header_count, 0);
}

/* All or none, at the limit too. */
static void
headers_at_the_limit(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < EMAIL__HEADERS_MAX - 2; i++)
		assert_int_equal(email_message_add_header(m, "X-Note", "x"), EMAIL_OK);
	refuses(email_message_set_importance(m, EMAIL_IMPORTANCE_HIGH), EMAIL_E_LIMIT, "importance");
	assert_int_equal(m->header_count, EMAIL__HEADERS_MAX - 2);
	assert_int_equal(email_message_set_reply(m, "<1@x>", NULL), EMAIL_OK);
	refuses(email_message_add_header(m, "X-Note", "x"), EMAIL_E_LIMIT, "X-Note");
}

static void
groups(void **state)
{
	(void)state;
	assert_int_equal(email_message_add_to(m, "Duty: a@b.c, d@e.f;"), EMAIL_OK);
	assert_int_equal(m->to.count, 4);
	assert_int_equal(m->to.mailboxes, 2);
	assert_int_equal(m->to.item[0].kind, EMAIL__ADDRESS_GROUP);
	assert_string_equal(m->to.item[0].name, "Duty");
	assert_int_equal(m->to.item[3].kind, EMAIL__ADDRESS_GROUP_END);
	refuses(email_message_add_to(m, "Duty: a@b.c"), EMAIL_E_MESSAGE, "to");
	assert_int_equal(m->to.mailboxes, 2);
	assert_int_equal(email_message_add_to(m, "Nobody:;"), EMAIL_OK);
	assert_int_equal(m->to.mailboxes, 2);
	refuses(email_message_set_from(m, "Nobody:;"), EMAIL_E_MESSAGE, "from");
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
			rc = rc ? rc : email_message_add_cc(x, "Duty: a@b.c;, Nobody:;");
			rc = rc ? rc : email_message_set_importance(x, EMAIL_IMPORTANCE_HIGH);
			rc = rc ? rc : email_message_set_reply(x, "<1@x>", "<0@x>");
			assert_true(rc == EMAIL_OK || x->header_count == 0 || x->header_count == 1 ||
			            x->header_count == 2 || x->header_count == 5);
			failed = email_test_alloc_failed();
			assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
			assert_int_equal(email_message_error(x)->code, rc);
			/* what was read of a list before its defect is freed too */
			rc = email_message_add_header(x, "Mail-Reply-To", "a@b.c, G: d@e.f, bad");
			assert_true(rc == EMAIL_E_MESSAGE || rc == EMAIL_E_MEMORY);
			rc = email_message_set_reply_to(x, "a@b.c, G: d@e.f, bad");
			assert_true(rc == EMAIL_E_MESSAGE || rc == EMAIL_E_MEMORY);
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
	                                   T(sweep),
	                                   T(answers),
	                                   T(answers_to_anything),
	                                   T(long_threads),
	                                   T(importance),
	                                   T(headers_at_the_limit),
	                                   T(groups),
	                                   T(dates_and_notices),
	                                   T(files),
	                                   T(want_of_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
