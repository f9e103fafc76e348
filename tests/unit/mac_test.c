/* SPDX-License-Identifier: MIT */
/* Vectors of RFC 2202, RFC 4231, RFC 6070 and of FIPS 180. */
#include "crypto/mac.h"

#include <string.h>

#include "support/cm.h"

static void
same(const unsigned char *bytes, size_t n, const char *hex)
{
	char text[2 * EMAIL__MAC_MAX + 1];
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(text, hex);
}

static void
digests(void **state)
{
	unsigned char out[EMAIL__MAC_MAX];

	(void)state;
	assert_int_equal(email__hash_of(EMAIL__MD5, "abc", 3, out), EMAIL_OK);
	same(out, email__mac_size(EMAIL__MD5), "900150983cd24fb0d6963f7d28e17f72");
	assert_int_equal(email__hash_of(EMAIL__SHA1, "abc", 3, out), EMAIL_OK);
	same(out, email__mac_size(EMAIL__SHA1), "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_int_equal(email__hash_of(EMAIL__SHA256, "", 0, out), EMAIL_OK);
	same(out, email__mac_size(EMAIL__SHA256),
	     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(email__hash_of(EMAIL__SHA384, "abc", 3, out), EMAIL_OK);
	same(out, 8, "cb00753f45a35e8b");
	assert_int_equal(email__hash_of(EMAIL__SHA512, "abc", 3, out), EMAIL_OK);
	same(out, 8, "ddaf35a193617aba");
}

static void
hmacs(void **state)
{
	unsigned char out[EMAIL__MAC_MAX], key[131];

	(void)state;
	assert_int_equal(email__hmac(EMAIL__MD5, "Jefe", 4, "what do ya want for nothing?", 28, out),
	                 EMAIL_OK);
	same(out, 16, "750c783e6ab0b503eaa86e310a5db738");
	assert_int_equal(email__hmac(EMAIL__SHA1, "Jefe", 4, "what do ya want for nothing?", 28, out),
	                 EMAIL_OK);
	same(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xAA, sizeof key);
	assert_int_equal(email__hmac(EMAIL__SHA256, key, sizeof key,
	                             "Test Using Larger Than Block-Size Key - Hash Key First", 54, out),
	                 EMAIL_OK);
	same(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	/* of an empty key and text */
	assert_int_equal(email__hmac(EMAIL__SHA256, "", 0, "", 0, out), EMAIL_OK);
	same(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void
pbkdf2(void **state)
{
	unsigned char out[EMAIL__MAC_MAX], salt[EMAIL__PBKDF2_SALT_MAX + 1] = {0};

	(void)state;
	assert_int_equal(email__pbkdf2(EMAIL__SHA1, "password", 8, "salt", 4, 1, out), EMAIL_OK);
	same(out, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
	assert_int_equal(email__pbkdf2(EMAIL__SHA1, "password", 8, "salt", 4, 4096, out), EMAIL_OK);
	same(out, 20, "4b007901b765489abead49d926f721d065a429c1");
	assert_int_equal(email__pbkdf2(EMAIL__SHA1, "x", 1, salt, sizeof salt, 1, out), EMAIL_E_LIMIT);
}

static void
secrets(void **state)
{
	unsigned char a[16], b[16];

	(void)state;
	assert_true(email__equal_secret("abc", "abc", 3));
	assert_false(email__equal_secret("abc", "abd", 3));
	assert_false(email__equal_secret("abc", "bbc", 3));
	assert_int_equal(email__crypto_random(a, sizeof a), EMAIL_OK);
	assert_int_equal(email__crypto_random(b, sizeof b), EMAIL_OK);
	assert_memory_not_equal(a, b, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(digests), cmocka_unit_test(hmacs),
	                                   cmocka_unit_test(pbkdf2), cmocka_unit_test(secrets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
