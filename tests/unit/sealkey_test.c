/* SPDX-License-Identifier: MIT */
/* Where the seal key comes from, and what is none. */
#include "service/sealkey.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cm.h"
#include "support/failalloc.h"

#define RAW "0123456789abcdef0123456789abcdef"
#define HEX "30313233343536373839616263646566" "30313233343536373839616263646566"

static char file[] = "/tmp/email-sealkey-XXXXXX";
static unsigned char key[EMAIL_SEAL_KEY_SIZE];

static int
group_setup(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 || close(fd);
}

static int
group_teardown(void **state)
{
	(void)state;
	return unlink(file);
}

static email_code
read_key(const char *bytes, size_t n, mode_t mode, email_error *e)
{
	email__seal_source source = {.path = file};
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
	memset(e, 0, sizeof *e);
	memset(key, 0xAA, sizeof key);
	return email__seal_source_key(&source, key, e);
}

static void
files_that_hold_one(void **state)
{
	static const char *const good[] = {RAW, HEX, HEX "\n", HEX "\r\n"};
	email_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(read_key(good[i], strlen(good[i]), 0600, &e), EMAIL_OK);
		assert_memory_equal(key, RAW, 32);
	}
	assert_int_equal(read_key(RAW, 32, 0400, &e), EMAIL_OK);
	/* 32 bytes are themselves, whatever they are */
	assert_int_equal(read_key("\0\n\xFF" RAW, 32, 0600, &e), EMAIL_OK);
	assert_memory_equal(key, "\0\n\xFF" RAW, 32);
	assert_int_equal(read_key("ABCDEFabcdef0000" "ABCDEFabcdef0000" "ABCDEFabcdef0000" "ABCDEFabcdef0000", 64, 0600, &e),
	                 EMAIL_OK);
	assert_memory_equal(key, "\xAB\xCD\xEF\xAB\xCD\xEF\0\0\xAB\xCD\xEF", 11);
}

static void
files_that_hold_none(void **state)
{
	static const char *const bad[] = {"", RAW "\n", HEX "0", HEX "\n\n", HEX "\n0", " " HEX, HEX RAW, "0x" HEX};
	static const mode_t wide[] = {0640, 0604, 0620, 0602, 0601, 0700, 0644, 04600};
	static const unsigned char zeros[sizeof key];
	char digits[] = HEX;
	email_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(read_key(bad[i], strlen(bad[i]), 0600, &e), EMAIL_E_SECRET);
		assert_non_null(strstr(e.text, file));
		assert_true(e.remedy[0] != '\0');
		assert_memory_equal(key, zeros, sizeof key);
	}
	for (i = 0; i < sizeof digits - 1; i++) {
		digits[i] = 'g';
		assert_int_equal(read_key(digits, sizeof digits - 1, 0600, &e), EMAIL_E_SECRET);
		assert_memory_equal(key, zeros, sizeof key);
		digits[i] = '0';
	}
	for (i = 0; i < sizeof wide / sizeof wide[0]; i++) {
		assert_int_equal(read_key(RAW, 32, wide[i], &e), EMAIL_E_SECRET);
		assert_non_null(strstr(e.text, "others"));
	}
	chmod(file, 0600);
	{
		email__seal_source missing = {.path = (char *)(uintptr_t) "/nowhere/key"};

		memset(&e, 0, sizeof e);
		assert_int_equal(email__seal_source_key(&missing, key, &e), EMAIL_E_SECRET);
		assert_int_equal(e.os, ENOENT);
	}
}

static bool
ask(void *context, unsigned char *out)
{
	memset(out, 7, EMAIL_SEAL_KEY_SIZE);
	return *(bool *)context;
}

static void
the_application_has_it_or_not(void **state)
{
	static const unsigned char zeros[sizeof key];
	bool has = true;
	email__seal_source source = {.ask = ask, .context = &has}, none = {.path = NULL};
	email_error e = {0};

	(void)state;
	assert_int_equal(email__seal_source_key(&none, key, &e), EMAIL_E_UNKNOWN);
	assert_int_equal(e.code, EMAIL_OK);
	assert_int_equal(email__seal_source_key(&source, key, &e), EMAIL_OK);
	assert_int_equal(key[31], 7);
	has = false;
	assert_int_equal(email__seal_source_key(&source, key, &e), EMAIL_E_SECRET);
	assert_int_equal(e.code, EMAIL_E_SECRET);
	assert_memory_equal(key, zeros, sizeof key);
}

static void
memory_may_end_anywhere(void **state)
{
	email__seal_source source = {.path = file};
	email_error e;
	email_code rc;
	size_t n = 0;

	(void)state;
	assert_int_equal(read_key(RAW, 32, 0600, &e), EMAIL_OK);
	do {
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(++n);
		rc = email__seal_source_key(&source, key, &e);
		assert_int_equal(rc, email_test_alloc_failed() ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(e.code, rc);
	} while (rc);
	assert_true(n > 1);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_hold_one),
		cmocka_unit_test(files_that_hold_none),
		cmocka_unit_test(the_application_has_it_or_not),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
