/* SPDX-License-Identifier: MIT */
/* What each type of property takes as its text: the borders of each, and that a refusal changes nothing. */
#include "support/cm.h"

#include "account/accept.h"
#include "base/alloc.h"
#include "support/failalloc.h"

typedef struct sample {
	email__type type;
	const char *words;
	int64_t least, most;
	bool minus_one;
	const char *text;
	bool taken;
} sample;

#define YES true
#define NO false

static const sample samples[] = {
	{EMAIL__TYPE_BOOLEAN, "", 0, 0, false, "true", YES},
	{EMAIL__TYPE_BOOLEAN, "", 0, 0, false, "0", YES},
	{EMAIL__TYPE_BOOLEAN, "", 0, 0, false, "TRUE", NO},
	{EMAIL__TYPE_BOOLEAN, "", 0, 0, false, "yes", NO},
	{EMAIL__TYPE_BOOLEAN, "", 0, 0, false, "", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "-1", YES},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, false, "-1", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "1", YES},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "65535", YES},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "65536", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "0", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "-2", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "4294967761", NO},
	{EMAIL__TYPE_INTEGER, "", 1, 65535, true, "0x19", NO},
	{EMAIL__TYPE_DURATION, "", 1000, 3600000, false, "PT1S", YES},
	{EMAIL__TYPE_DURATION, "", 1000, 3600000, false, "PT1H", YES},
	{EMAIL__TYPE_DURATION, "", 1000, 3600000, false, "PT0.9S", NO},
	{EMAIL__TYPE_DURATION, "", 1000, 3600000, false, "PT1H1S", NO},
	{EMAIL__TYPE_DURATION, "", 1000, 3600000, false, "60", NO},
	{EMAIL__TYPE_ENUM, "Imap Pop3", 0, 0, false, "Pop3", YES},
	{EMAIL__TYPE_ENUM, "Imap Pop3", 0, 0, false, "pop3", NO},
	{EMAIL__TYPE_ENUM, "Imap Pop3", 0, 0, false, "Imap Pop3", NO},
	{EMAIL__TYPE_ENUM, "Imap Pop3", 0, 0, false, "", NO},
	{EMAIL__TYPE_TEXT, "", 0, 5, false, "12345", YES},
	{EMAIL__TYPE_TEXT, "", 0, 5, false, "123456", NO},
	{EMAIL__TYPE_TEXT, "", 0, 5, false, "a\nb", NO},
	{EMAIL__TYPE_TEXT, "", 0, 5, false, "\xFF", NO},
	{EMAIL__TYPE_TEXT, "", 0, 5, false, " a", NO},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "mail.example.com", YES},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "", YES},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "[2001:db8::1]", YES},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "m\xC3\xBCller.example", YES},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "127.1", NO},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "mail.example.com:25", NO},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "mail example", NO},
	{EMAIL__TYPE_HOST, "", 0, 255, false, "a..b", NO},
	{EMAIL__TYPE_EHLO, "", 0, 255, false, "[192.0.2.1]", YES},
	{EMAIL__TYPE_EHLO, "", 0, 255, false, "station\r\nMAIL", NO},
	{EMAIL__TYPE_ADDRESS, "", 0, 320, false, "Plant room <plant@example.com>", YES},
	{EMAIL__TYPE_ADDRESS, "", 0, 320, false, "plant", NO},
	{EMAIL__TYPE_ADDRESS, "", 0, 320, false, "a@b.example, c@d.example", NO},
	{EMAIL__TYPE_ADDRESS, "", 0, 320, false, "a@b.example>\r\nRCPT TO:<c@d.example", NO},
	{EMAIL__TYPE_URL, "", 0, 4096, false, "https://login.example.com/x", YES},
	{EMAIL__TYPE_URL, "", 0, 4096, false, "http://login.example.com/x", NO},
	{EMAIL__TYPE_NAME, "", 1, 64, false, "OutgoingAccount", YES},
	{EMAIL__TYPE_NAME, "", 1, 64, false, "a/b", NO},
	{EMAIL__TYPE_NAME, "", 1, 64, false, ".a", NO},
	{EMAIL__TYPE_NAME, "", 1, 64, false, "-a", NO},
	{EMAIL__TYPE_NAME, "", 1, 64, false, "", NO},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "value:s", YES},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "env:NAME", YES},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "file:secret", YES},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "s", NO},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "env:", NO},
	{EMAIL__TYPE_SECRET, "", 0, 16384, false, "VALUE:s", NO},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "2026-11-24T08:30:00Z", YES},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "2026-11-24", YES},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "", YES},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "2026-11-31", NO},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "2026-11-24T08:30:00Z2026-11-24T08:30:00Z", NO},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "1970-01-01", NO},
	{EMAIL__TYPE_TIME, "", 0, 0, false, "1969-12-31T23:59:59Z", NO},
	{EMAIL__TYPE_STATUS, "", 0, 0, false, "ok", NO},
};

/* Any kind of value; 8 bytes of mark where nothing was taken. */
typedef union value {
	bool flag;
	int64_t number;
	char *text;
	email__secret secret;
} value;

static bool
is_text(email__type type)
{
	return type == EMAIL__TYPE_TEXT || type == EMAIL__TYPE_HOST || type == EMAIL__TYPE_EHLO ||
	       type == EMAIL__TYPE_ADDRESS || type == EMAIL__TYPE_URL || type == EMAIL__TYPE_NAME;
}

static void
dispose(email__type type, value *v)
{
	if (is_text(type))
		email__free(v->text);
	else if (type == EMAIL__TYPE_SECRET)
		email__secret_dispose(&v->secret);
}

static void
types_take_what_they_should(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof *samples; i++) {
		const sample *s = &samples[i];
		email__property row = {.p = {.name = "x", .range = s->words},
		                       .type = s->type,
		                       .least = s->least,
		                       .most = s->most,
		                       .minus_one = s->minus_one};
		value v, before;
		email_code rc;

		memset(&v, 0, sizeof v);
		before = v;
		rc = email__accept(&row, &v, s->text);
		if ((rc == EMAIL_OK) != s->taken)
			fail_msg("type %d: \"%s\" gives %s", (int)s->type, s->text, email_code_name(rc));
		if (rc)
			assert_memory_equal(&v, &before, sizeof v);
		dispose(s->type, &v);
	}
}

static void
want_of_memory_changes_nothing(void **state)
{
	email__property text = {.p = {.name = "x", .range = ""}, .type = EMAIL__TYPE_TEXT, .most = 100};
	email__property secret = {.p = {.name = "x", .range = ""}, .type = EMAIL__TYPE_SECRET, .most = 100};
	value v = {0};

	(void)state;
	email_test_fail_alloc(0);
	assert_int_equal(email__accept(&text, &v, "old"), EMAIL_OK);
	email_test_fail_alloc(1);
	assert_int_equal(email__accept(&text, &v, "new"), EMAIL_E_MEMORY);
	assert_string_equal(v.text, "old");
	email__free(v.text);
	memset(&v, 0, sizeof v);
	email_test_fail_alloc(0);
	assert_int_equal(email__accept(&secret, &v, "value:old"), EMAIL_OK);
	email_test_fail_alloc(1);
	assert_int_equal(email__accept(&secret, &v, "env:NEW"), EMAIL_E_MEMORY);
	assert_int_equal(v.secret.kind, EMAIL__SECRET_VALUE);
	assert_string_equal(v.secret.text, "old");
	email__secret_dispose(&v.secret);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(types_take_what_they_should),
	                                   cmocka_unit_test(want_of_memory_changes_nothing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
