/* SPDX-License-Identifier: MIT */
#include "proto/imap_command.h"

#include "support/cm.h"

static email__link l;

static int
setup(void **state)
{
	(void)state;
	memset(&l, 0, sizeof l);
	email__buf_init(&l.out, EMAIL__LINK_OUT_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__buf_dispose(&l.out);
	return 0;
}

/* What was written since the last call; all of it counted. */
static const char *
written(void)
{
	static char text[EMAIL__LINK_LOGIN_MAX + 1];
	size_t n = email__buf_len(&l.out);

	assert_int_equal(l.sent, n);
	if (n)
		memcpy(text, email__buf_head(&l.out), n);
	text[n] = '\0';
	email__buf_clear(&l.out);
	l.sent = 0;
	return text;
}

static void
sets(void **state)
{
	email__imap_set s;
	uint32_t i, added;

	(void)state;
	email__imap_set_start(&s);
	assert_string_equal(email__imap_set_text(&s), "");
	email__imap_set_start(&s);
	assert_true(email__imap_set_add(&s, 1, 1) && email__imap_set_add(&s, 2, 2) &&
	            email__imap_set_add(&s, 3, 9) && email__imap_set_add(&s, 11, 11) &&
	            email__imap_set_add(&s, 4294967295, 4294967295) && email__imap_set_add(&s, 5, 6));
	assert_string_equal(email__imap_set_text(&s), "1:9,11,4294967295,5:6");
	email__imap_set_start(&s);
	assert_true(email__imap_set_add(&s, 7, UINT32_MAX));
	assert_string_equal(email__imap_set_text(&s), "7:*");
	/* the highest has no neighbour */
	email__imap_set_start(&s);
	assert_true(email__imap_set_add(&s, UINT32_MAX, UINT32_MAX) && email__imap_set_add(&s, 1, 1));
	assert_string_equal(email__imap_set_text(&s), "4294967295,1");
	/* full: what was refused is not in it, and a whole batch always fits */
	email__imap_set_start(&s);
	for (i = 0, added = 0; i < 2000; i++)
		added += email__imap_set_add(&s, 4294960000u + i * 2, 4294960000u + i * 2);
	assert_true(added >= EMAIL__IMAP_BATCH_MAX && added < 2000);
	assert_true(strlen(email__imap_set_text(&s)) == added * 11 - 1);
	assert_true(strlen(s.text) < sizeof s.text);
}

static void
commands(void **state)
{
	(void)state;
#define WRITES(call, text) \
	assert_int_equal(call, EMAIL_OK); \
	assert_string_equal(written(), text "\r\n")
	WRITES(email__imap_put_verb(&l, 1, "CAPABILITY"), "A1 CAPABILITY");
	WRITES(email__imap_put_verb(&l, 4294967295, "NOOP"), "A4294967295 NOOP");
	WRITES(email__imap_put_line(&l, "DONE"), "DONE");
	WRITES(email__imap_put_auth(&l, 2, "PLAIN", NULL, 0), "A2 AUTHENTICATE PLAIN");
	WRITES(email__imap_put_auth(&l, 2, "PLAIN", "", 0), "A2 AUTHENTICATE PLAIN =");
	WRITES(email__imap_put_auth(&l, 2, "SCRAM-SHA-256", "user", 4),
	       "A2 AUTHENTICATE SCRAM-SHA-256 dXNlcg==");
	assert_true(l.out.secret);
	WRITES(email__imap_put_response(&l, "secret", 6), "c2VjcmV0");
	WRITES(email__imap_put_response(&l, "", 0), "");
	WRITES(email__imap_put_id(&l, 3, "a\"b", "0.1"), "A3 ID (\"name\" \"a\\\"b\" \"version\" \"0.1\")");
	WRITES(email__imap_put_enable(&l, 3, true, true), "A3 ENABLE IMAP4rev2 UTF8=ACCEPT");
	WRITES(email__imap_put_enable(&l, 3, true, false), "A3 ENABLE UTF8=ACCEPT");
	WRITES(email__imap_put_folder(&l, 4, "SELECT", "B\xC3\xBCro \"&\\", false),
	       "A4 SELECT \"B&APw-ro \\\"&-\\\\\"");
	WRITES(email__imap_put_folder(&l, 4, "SELECT", "B\xC3\xBCro&", true), "A4 SELECT \"B\xC3\xBCro&\"");
	WRITES(email__imap_put_search(&l, 5, 1, 4000, 1, false), "A5 UID SEARCH 1:4000 UNSEEN UNDELETED");
	WRITES(email__imap_put_search(&l, 5, 1, 2, 9, true),
	       "A5 UID SEARCH RETURN (ALL) 1:2 UID 9:* UNSEEN UNDELETED");
	WRITES(email__imap_put_search_others(&l, 6, "1:2,4"), "A6 UID SEARCH DELETED NOT UID 1:2,4");
	WRITES(email__imap_put_fetch(&l, 7, "1,2", "(UID BODY.PEEK[])"),
	       "A7 UID FETCH 1,2 (UID BODY.PEEK[])");
	WRITES(email__imap_put_section(&l, 7, 5, "1.2.MIME"), "A7 UID FETCH 5 (UID BODY.PEEK[1.2.MIME])");
	WRITES(email__imap_put_partial(&l, 7, "5", 5000000000u),
	       "A7 UID FETCH 5 (UID BODY.PEEK[]<5000000000.2147483647>)");
	WRITES(email__imap_put_store(&l, 8, "5", "+", "\\Seen"), "A8 UID STORE 5 +FLAGS.SILENT (\\Seen)");
	WRITES(email__imap_put_expunge(&l, 9, "5:6"), "A9 UID EXPUNGE 5:6");
	WRITES(email__imap_put_move(&l, 9, "MOVE", "5", "Done", false), "A9 UID MOVE 5 \"Done\"");
#undef WRITES
}

/* No argument adds a command. */
static void
injections(void **state)
{
	static const char *const bad[] = {"a\r\nA9 LOGOUT", "a\nb", "a\rb", "\x01", "\xFF", "\xC3"};
	static char deep[EMAIL__IMAP_FOLDER_MAX * 2];
	email__imap_rest rest = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(email__imap_put_folder(&l, 1, "SELECT", bad[i], false), EMAIL_E_VALUE);
		assert_int_equal(email__imap_put_folder(&l, 1, "SELECT", bad[i], true), EMAIL_E_VALUE);
		assert_int_equal(email__imap_put_move(&l, 1, "MOVE", "1", bad[i], true), EMAIL_E_VALUE);
		assert_int_equal(email__imap_put_auth(&l, 1, bad[i], NULL, 0), EMAIL_E_VALUE);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(email__imap_put_login(&l, 1, bad[i], "x", true, &rest), EMAIL_E_VALUE);
		assert_int_equal(email__imap_put_login(&l, 1, "x", bad[i], false, &rest), EMAIL_E_VALUE);
	}
	assert_int_equal(email__imap_put_auth(&l, 1, "", NULL, 0), EMAIL_E_VALUE);
	assert_int_equal(email__imap_put_auth(&l, 1, "PLAIN X", NULL, 0), EMAIL_E_VALUE);
	memset(deep, 'a', sizeof deep - 1);
	assert_int_equal(email__imap_put_folder(&l, 1, "SELECT", deep, true), EMAIL_E_LIMIT);
	assert_string_equal(written(), "");
	email__imap_rest_end(&rest);
}

static void
logins(void **state)
{
	email__imap_rest rest = {0};

	(void)state;
	assert_int_equal(email__imap_put_login(&l, 1, "us\"er", "pass\\word", false, &rest), EMAIL_OK);
	assert_string_equal(written(), "A1 LOGIN \"us\\\"er\" \"pass\\\\word\"\r\n");
	assert_int_equal(rest.parts, 0);
	assert_null(rest.text.data); /* nothing of it is left */
	assert_int_equal(email__imap_put_login(&l, 1, "\xC3\xA4", "b", true, &rest), EMAIL_OK);
	assert_string_equal(written(), "A1 LOGIN {2+}\r\n\xC3\xA4 \"b\"\r\n");
	assert_int_equal(rest.parts, 0);
	assert_int_equal(email__imap_put_login(&l, 1, "\xC3\xA4", "\x7F", false, &rest), EMAIL_OK);
	assert_string_equal(written(), "A1 LOGIN {2}\r\n");
	assert_int_equal(rest.parts, 2);
	assert_int_equal(email__imap_put_rest(&l, &rest), EMAIL_OK);
	assert_string_equal(written(), "\xC3\xA4 {1}\r\n");
	assert_int_equal(email__imap_put_rest(&l, &rest), EMAIL_OK);
	assert_string_equal(written(), "\x7F\r\n");
	assert_int_equal(rest.parts, 0);
	assert_null(rest.text.data);
	assert_int_equal(email__imap_put_login(&l, 1, "", "", false, &rest), EMAIL_OK);
	assert_string_equal(written(), "A1 LOGIN \"\" \"\"\r\n");
}

static char logged[4000];

static void
keep_log(void *context, char who, const char *line, size_t n)
{
	(void)context;
	snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%c:%.*s|", who, (int)n, line);
}

static void
masked(void **state)
{
	email__imap_rest rest = {0};

	(void)state;
	l.log = keep_log;
	logged[0] = '\0';
	email__imap_put_auth(&l, 1, "PLAIN", "secret", 6);
	email__imap_put_auth(&l, 1, "PLAIN", NULL, 0);
	email__imap_put_response(&l, "secret", 6);
	email__imap_put_login(&l, 1, "\xC3\xA4secret", "secret\xC3\xA4", false, &rest);
	email__imap_put_rest(&l, &rest);
	email__imap_put_rest(&l, &rest);
	email__imap_put_login(&l, 1, "user", "secret", false, &rest);
	assert_string_equal(
		logged, "C:AUTHENTICATE PLAIN ****|C:AUTHENTICATE PLAIN|C:****|C:LOGIN ****|C:****|C:****|"
			"C:LOGIN ****|");
	written();
}

/* A flight that is full takes no part of a command. */
static void
no_room(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; email__imap_put_verb(&l, 1, "NOOP") == EMAIL_OK; n++)
		;
	assert_int_equal(email__imap_put_verb(&l, 1, "NOOP"), EMAIL_E_LIMIT);
	assert_int_equal(strlen(written()), n * strlen("A1 NOOP\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sets, setup, teardown),
		cmocka_unit_test_setup_teardown(commands, setup, teardown),
		cmocka_unit_test_setup_teardown(injections, setup, teardown),
		cmocka_unit_test_setup_teardown(logins, setup, teardown),
		cmocka_unit_test_setup_teardown(masked, setup, teardown),
		cmocka_unit_test_setup_teardown(no_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
