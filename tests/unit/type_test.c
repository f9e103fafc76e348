/* SPDX-License-Identifier: MIT */
#include "mime/type.h"

#include "support/cm.h"

static void
by_name(void **state)
{
	(void)state;
	assert_string_equal(email__type_of_name("a.pdf"), "application/pdf");
	assert_string_equal(email__type_of_name("A.B.JPG"), "image/jpeg");
	assert_string_equal(email__type_of_name("a.zip"), "application/zip");
	assert_string_equal(email__type_of_name("pdf"), "application/octet-stream");
	assert_string_equal(email__type_of_name("a."), "application/octet-stream");
	assert_string_equal(email__type_of_name("a.pdfx"), "application/octet-stream");
	/* base64 is not for message/rfc822 */
	assert_string_equal(email__type_of_name("a.eml"), "application/octet-stream");
}

static void
valid(void **state)
{
	static const char *const good[] = {"text/plain", "application/vnd.x+json", "text/csv; charset=utf-8",
	                                   "text/csv;charset=\"a \\\" b\"; x=1"};
	static const char *const bad[] = {"",
	                                  "text",
	                                  "text/",
	                                  "/plain",
	                                  "text/plain;",
	                                  "text /plain",
	                                  "text/plain x",
	                                  "text/plain\r\nBcc: x",
	                                  "text/pl\xC3\xA4in",
	                                  "text/plain; x",
	                                  "text/plain; x=",
	                                  "text/plain; x=\"",
	                                  "text/plain; x=\"\r\n\"",
	                                  "text/plain; x=\"\\",
	                                  "text/plain; name=x",
	                                  "text/plain; NAME*=x",
	                                  "text/plain; =x",
	                                  "text/plain; x=\"a\"b",
	                                  "multipart/mixed",
	                                  "message/rfc822",
	                                  "Multipart/x",
	                                  "text/a/b"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(email__type_valid(good[i]));
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(email__type_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_name), cmocka_unit_test(valid)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
