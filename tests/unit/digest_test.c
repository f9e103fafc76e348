/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "crypto/digest.h"
#include "support/failalloc.h"

static void
digest_is(const char *text, size_t piece, const char *want)
{
	char hex[EMAIL__DIGEST_SIZE];
	size_t n = strlen(text), at;
	email__digest *d;

	assert_int_equal(email__digest_begin(&d, NULL), EMAIL_OK);
	for (at = 0; at < n; at += piece)
		assert_int_equal(email__digest_push(d, text + at, n - at < piece ? n - at : piece), EMAIL_OK);
	assert_int_equal(email__digest_end(d, hex), EMAIL_OK);
	assert_string_equal(hex, want);
	email__digest_free(d);
}

/* FIPS 180-2, appendix B */
static void
examples_of_the_standard(void **state)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	size_t piece;

	(void)state;
	digest_is("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	for (piece = 1; piece < 60; piece++)
		digest_is(two, piece, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
not_ended_and_not_begun(void **state)
{
	email__digest *d;

	(void)state;
	assert_int_equal(email__digest_begin(&d, NULL), EMAIL_OK);
	email__digest_free(d);
	email__digest_free(NULL);
}

static void
want_of_memory(void **state)
{
	email_error e = {0};
	email__digest *d;

	(void)state;
	email_test_fail_alloc(1);
	assert_int_equal(email__digest_begin(&d, &e), EMAIL_E_MEMORY);
	assert_null(d);
	assert_int_equal(e.code, EMAIL_E_MEMORY);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_standard),
		cmocka_unit_test(not_ended_and_not_begun),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
