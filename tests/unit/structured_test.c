/* SPDX-License-Identifier: MIT */
#include "mime/structured.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"

static email_code
check(const char *name, const char *value)
{
	const email__structured *f = email__structured_find(name);
	email_error e = {0};
	email_code rc;

	assert_non_null(f);
	rc = email__structured_check(f, value, &e);
	assert_int_equal(rc, e.code);
	if (rc)
		assert_non_null(strstr(e.text, f->name));
	return rc;
}

static void
known(void **state)
{
	(void)state;
	assert_int_equal(email__structured_find("sender")->kind, EMAIL__VALUE_ADDRESSES);
	assert_int_equal(email__structured_find("REFERENCES")->kind, EMAIL__VALUE_IDS);
	assert_null(email__structured_find("X-Sender"));
	assert_null(email__structured_find("Comments"));
	assert_null(email__structured_find(""));
}

static void
values(void **state)
{
	static const struct {
		const char *name, *value;
	} good[] = {
		{"In-Reply-To", "<a@b>"},
		{"References", " <a@b>\t<c@d><no-at> <\"q\\\"x\"@[::1]> "},
		{"List-Unsubscribe", "<https://x.example/?a=b,c;d>"},
		{"List-Unsubscribe", "<mailto:u@x.example?subject=u> , <https://x.example/>"},
		{"List-Post", "NO"},
		{"List-Post", "<mailto:p@x.example>"},
		{"List-Id", "Alarms <alarms.x.example>"},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
		{"Importance", "High"},
		{"Priority", "non-urgent"},
		{"X-Priority", "1"},
		{"X-Priority", "1 (Highest)"},
		{"Auto-Submitted", "auto-generated"},
		{"Auto-Submitted", "auto-replied; owner-email=\"a@b.c\""},
		{"Precedence", "bulk"},
		{"X-Auto-Response-Suppress", "OOF, AutoReply"},
	};
	static const struct {
		const char *name, *value;
	} bad[] = {
		{"In-Reply-To", ""},
		{"In-Reply-To", " "},
		{"In-Reply-To", "a@b"},
		{"In-Reply-To", "<>"},
		{"References", "<a@b> c@d"},
		{"References", "<a@b>, <c@d>"},
		{"References", "<a@b> (comment)"},
		{"References", "<a b@c>"},
		{"References", "<a@b"},
		{"References", "<a<b@c>"},
		{"References", "<\xC3\xA4@b>"},
		{"References", "<a@b\x7F>"},
		{"List-Unsubscribe", "https://x.example/"},
		{"List-Unsubscribe", "<x.example>"},
		{"List-Unsubscribe", "<:x>"},
		{"List-Unsubscribe", "<9x:y>"},
		{"List-Unsubscribe", "<mailto:>"},
		{"List-Unsubscribe", "<https://x.example/ y>"},
		{"List-Unsubscribe", "<https://x.example/><mailto:a@b>"},
		{"List-Unsubscribe", "<https://x.example/>,"},
		{"List-Unsubscribe", ""},
		{"List-Unsubscribe", "NO"},
		{"List-Unsubscribe", "<https://m\xC3\xBCnchen.example/>"},
		{"List-Unsubscribe-Post", "one-click"},
		{"List-Id", "St\xC3\xB6r <x>"},
		{"List-Id", ""},
		{"Importance", "urgent"},
		{"Importance", "hig"},
		{"Importance", "high|normal"},
		{"Importance", ""},
		{"Auto-Submitted", ""},
		{"Auto-Submitted", "; x"},
		{"Auto-Submitted", "auto generated"},
		{"Auto-Submitted", "auto-generated; x=\xC3\xA4"},
		{"Precedence", "b\xC3\xBClk"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		if (check(good[i].name, good[i].value))
			fail_msg("refused: %s: %s", good[i].name, good[i].value);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		if (check(bad[i].name, bad[i].value) != EMAIL_E_MESSAGE)
			fail_msg("taken: %s: %s", bad[i].name, bad[i].value);
}

static const char *
written(email__buf *out, const char *name, const char *value)
{
	assert_int_equal(check(name, value), EMAIL_OK);
	email__buf_init(out, 1 << 20);
	assert_int_equal(email__structured_write(out, email__structured_find(name), value), EMAIL_OK);
	return email__buf_text(out);
}

static void
wants(const char *name, const char *value, const char *field)
{
	email__buf out;

	assert_string_equal(written(&out, name, value), field);
	email__buf_dispose(&out);
}

static void
spelling(void **state)
{
	(void)state;
	/* the name in its own spelling, white space as single spaces */
	wants("in-reply-to", " <a@b> ", "In-Reply-To: <a@b>\r\n");
	wants("References", "<a@b><c@d>\t <e@f>", "References: <a@b> <c@d> <e@f>\r\n");
	/* never an encoded word, whatever it looks like */
	wants("References", "<=?UTF-8?Q?x?=@b>", "References: <=?UTF-8?Q?x?=@b>\r\n");
	wants("X-Auto-Response-Suppress", "=?UTF-8?Q?x?=", "X-Auto-Response-Suppress: =?UTF-8?Q?x?=\r\n");
	wants("List-Unsubscribe", "<mailto:a@b>  ,<https://c.d/e,f>",
	      "List-Unsubscribe: <mailto:a@b>, <https://c.d/e,f>\r\n");
	wants("List-Post", "NO", "List-Post: NO\r\n");
	wants("Auto-Submitted", "auto-replied;  a=b", "Auto-Submitted: auto-replied; a=b\r\n");
}

/* Lists fold between items and never within one, at 78 where an item lets them, and stay below 998. */
static void
folding(void **state)
{
	char value[16000] = "", back[16000], *o;
	const char *p, *kinds[] = {"References", "List-Unsubscribe"};
	size_t i, k, n;
	email__buf out;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (i = n = 0; i < 90; i++)
			n += (size_t)snprintf(value + n, sizeof value - n, "%s<x:%0*zu@y.example>",
			                      i == 0 ? ""
			                      : k    ? ", "
			                             : " ",
			                      (int)(i == 40 ? 905 : i), i);
		written(&out, kinds[k], value);
		for (p = strchr(email__buf_text(&out), ' ') + 1, o = back; *p; p++)
			if (*p != '\r' && *p != '\n')
				*o++ = *p;
		*o = '\0';
		assert_string_equal(back, value);
		for (p = email__buf_text(&out); *p; p += strcspn(p, "\n") + 1) {
			size_t len = strcspn(p, "\r");

			assert_true(len <= 998 && (len <= 78 || !memchr(p + 1, ' ', len - 1)));
		}
		email__buf_dispose(&out);
	}
	/* the comma behind a link is within 78 too */
	for (i = 1; i < 73; i++) {
		snprintf(value, sizeof value, "<x:y>, <x:%0*d>, <x:y>", (int)i, 0);
		for (p = written(&out, "List-Help", value); *p; p += strcspn(p, "\n") + 1)
			assert_true(strcspn(p, "\r") <= 78);
		email__buf_dispose(&out);
	}
	/* one that no line could hold */
	memset(value, 'x', 1000);
	value[0] = '<';
	memcpy(value + 998, ">", 2);
	assert_int_equal(check("References", value), EMAIL_E_MESSAGE);
	memset(value, 'x', 1000);
	assert_int_equal(check("List-Id", value), EMAIL_E_MESSAGE);
}

static void
bounds(void **state)
{
	email__buf out;

	(void)state;
	email__buf_init(&out, 20);
	assert_int_equal(email__structured_write(&out, email__structured_find("References"), "<a@b> <c@d>"),
	                 EMAIL_E_LIMIT);
	email__buf_dispose(&out);
}

static void
own_ids(void **state)
{
	char id[EMAIL__MESSAGE_ID_MAX + 2];

	(void)state;
	assert_true(email__message_id_valid("<a.b-c@[192.0.2.1]>"));
	assert_false(email__message_id_valid("<a@b@c>"));
	assert_false(email__message_id_valid("<ab>"));
	assert_false(email__message_id_valid(""));
	assert_true(email__content_id_valid("logo"));
	assert_true(email__content_id_valid("logo@x.example"));
	assert_false(email__content_id_valid(""));
	assert_false(email__content_id_valid("<logo>"));
	memset(id, 'x', sizeof id);
	id[EMAIL__MESSAGE_ID_MAX + 1] = '\0';
	assert_false(email__content_id_valid(id));
	id[EMAIL__MESSAGE_ID_MAX] = '\0';
	assert_true(email__content_id_valid(id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known),    cmocka_unit_test(values),
	                                   cmocka_unit_test(spelling), cmocka_unit_test(folding),
	                                   cmocka_unit_test(bounds),   cmocka_unit_test(own_ids)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
