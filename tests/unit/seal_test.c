/* SPDX-License-Identifier: MIT */
/* What is sealed opens under its key and for its purpose, and never otherwise. */
#include "crypto/seal.h"

#include <string.h>

#include "support/cm.h"

static const unsigned char key[EMAIL__SEAL_KEY] = "0123456789abcdefghijklmnopqrstu", other[EMAIL__SEAL_KEY] = {0};
static const char bound[] = "account\0property", text[] = "s3cret of the boiler";

enum { N = sizeof text - 1, SEALED = N + EMAIL__SEAL_MORE };

static void
opens_where_it_belongs(void **state)
{
	unsigned char sealed[SEALED], again[SEALED], out[N];

	(void)state;
	assert_int_equal(email__seal(key, bound, sizeof bound, text, N, sealed), EMAIL_OK);
	assert_int_equal(sealed[0], 1);
	assert_int_equal(email__unseal(key, bound, sizeof bound, sealed, SEALED, out), EMAIL_OK);
	assert_memory_equal(out, text, N);
	/* never the same twice, but for version and key */
	assert_int_equal(email__seal(key, bound, sizeof bound, text, N, again), EMAIL_OK);
	assert_memory_equal(sealed, again, 5);
	assert_memory_not_equal(sealed + 5, again + 5, 12);
	assert_memory_not_equal(sealed + 17, again + 17, N + 16);
}

/* AES-256-GCM under this key, nonce and additional data, worked out by Python's cryptography package: what is on the disk
 * of stations must open for ever. */
static void
opens_what_was_sealed_before(void **state)
{
	static const unsigned char old[] = {
		0x01, 0x5C, 0x01, 0xC5, 0x4A, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
		0xA9, 0xAA, 0xAB, 0x9F, 0xA8, 0x1B, 0xAB, 0x14, 0xF1, 0x42, 0xAA, 0x58, 0x8C, 0xD7,
		0x2E, 0x73, 0xFB, 0xF0, 0xAA, 0x08, 0xF0, 0x9B, 0xAE, 0x92, 0x70, 0x68, 0xBA, 0xC3,
		0x92, 0x0A, 0x29, 0x85, 0xCB, 0x47, 0x3B, 0x0D, 0x6D, 0x5C, 0xE6,
	};
	unsigned char out[N];

	(void)state;
	assert_int_equal(sizeof old, SEALED);
	assert_int_equal(email__unseal(key, bound, sizeof bound, old, sizeof old, out), EMAIL_OK);
	assert_memory_equal(out, text, N);
}

static void
nothing_and_much(void **state)
{
	static unsigned char much[16384], sealed[sizeof much + EMAIL__SEAL_MORE], out[sizeof much];
	unsigned char few[EMAIL__SEAL_MORE];

	(void)state;
	assert_int_equal(email__seal(key, NULL, 0, NULL, 0, few), EMAIL_OK);
	assert_int_equal(email__unseal(key, NULL, 0, few, sizeof few, NULL), EMAIL_OK);
	few[EMAIL__SEAL_MORE - 1] ^= 1;
	assert_int_equal(email__unseal(key, NULL, 0, few, sizeof few, NULL), EMAIL_E_SECRET);
	memset(much, 'x', sizeof much);
	assert_int_equal(email__seal(key, bound, sizeof bound, much, sizeof much, sealed), EMAIL_OK);
	assert_int_equal(email__unseal(key, bound, sizeof bound, sealed, sizeof sealed, out), EMAIL_OK);
	assert_memory_equal(out, much, sizeof much);
}

static void
every_changed_bit_is_noticed(void **state)
{
	unsigned char sealed[SEALED], out[N];
	size_t bit;

	(void)state;
	assert_int_equal(email__seal(key, bound, sizeof bound, text, N, sealed), EMAIL_OK);
	for (bit = 0; bit < 8 * SEALED; bit++) {
		sealed[bit / 8] ^= (unsigned char)(1U << bit % 8);
		assert_int_equal(email__unseal(key, bound, sizeof bound, sealed, SEALED, out),
		                 bit < 8    ? EMAIL_E_VALUE
		                 : bit < 40 ? EMAIL_E_UNKNOWN
		                            : EMAIL_E_SECRET);
		sealed[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	assert_int_equal(email__unseal(key, bound, sizeof bound, sealed, SEALED, out), EMAIL_OK);
}

static void
cut_anywhere_it_is_refused(void **state)
{
	unsigned char sealed[SEALED], out[N];
	size_t n;

	(void)state;
	assert_int_equal(email__seal(key, bound, sizeof bound, text, N, sealed), EMAIL_OK);
	for (n = 0; n < SEALED; n++)
		assert_int_equal(email__unseal(key, bound, sizeof bound, sealed, n, out),
		                 n < EMAIL__SEAL_MORE ? EMAIL_E_VALUE : EMAIL_E_SECRET);
}

static void
another_key_or_purpose_is_refused(void **state)
{
	static const unsigned char wide[EMAIL__SEAL_BOUND_MAX + 1];
	unsigned char sealed[SEALED], out[N];

	(void)state;
	assert_int_equal(email__seal(key, bound, sizeof bound, text, N, sealed), EMAIL_OK);
	assert_int_equal(email__unseal(other, bound, sizeof bound, sealed, SEALED, out), EMAIL_E_UNKNOWN);
	assert_int_equal(email__unseal(key, "account\0propertz", sizeof bound, sealed, SEALED, out), EMAIL_E_SECRET);
	assert_int_equal(email__unseal(key, bound, sizeof bound - 1, sealed, SEALED, out), EMAIL_E_SECRET);
	assert_int_equal(email__seal(key, wide, sizeof wide, text, N, sealed), EMAIL_E_LIMIT);
	assert_int_equal(email__seal(key, wide, sizeof wide - 1, text, N, sealed), EMAIL_OK);
	assert_int_equal(email__unseal(key, wide, sizeof wide, sealed, SEALED, out), EMAIL_E_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_where_it_belongs),         cmocka_unit_test(opens_what_was_sealed_before),
		cmocka_unit_test(nothing_and_much),               cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(cut_anywhere_it_is_refused),     cmocka_unit_test(another_key_or_purpose_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
