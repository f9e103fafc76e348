/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/error.h"

static void
the_first_error_stays(void **state)
{
	email_error e;

	(void)state;
	email__error_clear(&e);
	assert_int_equal(email__error_set(&e, EMAIL_E_TIMEOUT, EMAIL_STAGE_CONNECT, "first %d", 1),
	                 EMAIL_E_TIMEOUT);
	assert_int_equal(email__error_set(&e, EMAIL_E_LOGIN, EMAIL_STAGE_DATA, "second"), EMAIL_E_LOGIN);
	email__error_remedy(&e, "do this");
	email__error_remedy(&e, "do that");
	assert_int_equal(e.code, EMAIL_E_TIMEOUT);
	assert_int_equal(e.stage, EMAIL_STAGE_CONNECT);
	assert_true(e.temporary);
	assert_string_equal(e.text, "first 1");
	assert_string_equal(e.remedy, "do this");
	assert_int_equal(email__error_set(NULL, EMAIL_E_LOGIN, EMAIL_STAGE_DATA, "nobody listens"),
	                 EMAIL_E_LOGIN);
}

static void
every_code_has_name_text_and_class(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < EMAIL_CODE_COUNT; i++) {
		assert_true(strlen(email_code_name((email_code)i)) > 1);
		assert_true(strlen(email_code_text((email_code)i)) > 1);
		assert_int_equal(email_code_class((email_code)i) == EMAIL_CLASS_NONE, i == EMAIL_OK);
	}
	assert_string_equal(email_code_name((email_code)9999), "E_UNKNOWN_CODE");
	assert_string_equal(email_stage_name(EMAIL_STAGE_TLS_HANDSHAKE), "tlsHandshake");
	assert_string_equal(email_stage_name((email_stage)9999), "");
}

static void
foreign_bytes_become_printable(void **state)
{
	char out[16];

	(void)state;
	email__printable(out, sizeof out, "a\r\n\033[2Jb", 8);
	assert_string_equal(out, "a???[2Jb");
	email__printable(out, sizeof out, "\xC3\xA4\xFF\xC2\x85\x7F", 6);
	assert_string_equal(out, "\xC3\xA4???");
	/* U+202E turns text round */
	email__printable(out, sizeof out, "\xE2\x80\xAEx", 4);
	assert_string_equal(out, "?x");
	/* cut on a character's border */
	email__printable(out, 4, "ab\xC3\xA4", 4);
	assert_string_equal(out, "ab");
	email__printable(out, sizeof out, "nul\0x", 5);
	assert_string_equal(out, "nul?x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_error_stays),
		cmocka_unit_test(every_code_has_name_text_and_class),
		cmocka_unit_test(foreign_bytes_become_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
