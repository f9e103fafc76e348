/* SPDX-License-Identifier: MIT */
#include "mime/filename.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email__arena arena;

static int
setup(void **state)
{
	(void)state;
	email__arena_init(&arena, 64, 64 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email__arena_dispose(&arena);
	return 0;
}

static void
makes_safe(void **state)
{
	static const char *const c[][2] = {
		{"", ""},
		{"report.pdf", "report.pdf"},
		{"B\xC3\xBCro \xE6\x97\xA5\xE6\x9C\xAC (1).tar.gz",
	         "B\xC3\xBCro \xE6\x97\xA5\xE6\x9C\xAC (1).tar.gz"},
		/* paths */
		{"../../etc/passwd", "passwd"},
		{"/etc/cron.d/", "cron.d"},
		{"C:\\Users\\x\\a.doc", "a.doc"},
		{"C:a.doc", "a.doc"},
		{"a/b\\c", "c"},
		{"..", ""},
		{"../..", ""},
		{"...\\...", ""},
		{"/", ""},
		{"\\\\server\\share\\x", "x"},
		{"x\xE2\x88\x95y\xEF\xBC\x8Fz\xEF\xBC\xBC", "x_y_z_"},
		/* what some system forbids */
		{"a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h"},
		{"a.txt:stream", "a.txt_stream"},
		{"a.txt::$DATA", "a.txt__$DATA"},
		/* beginnings and ends */
		{".bashrc", "bashrc"},
		{"-rf", "rf"},
		{" . - x", "x"},
		{"a. . ", "a"},
		{"a.exe\xE3\x80\x80\xC2\xA0", "a.exe"},
		{"\xE2\x80\x8B.\xE2\x80\x8B.x", "x"},
		/* what is not seen */
		{"a\x01\tb\x7F"
	         "c",
	         "abc"},
		{"a\xC2\x85"
	         "b",
	         "ab"},
		{"gpj.\xE2\x80\xAE"
	         "exe",
	         "gpj.exe"},
		{"\xE2\x81\xA6x\xE2\x81\xA9", "x"},
		{"a\xEF\xBB\xBF\xC2\xAD"
	         "b\xF3\xA0\x80\xA1",
	         "ab"},
		{"\xE2\x80\xAE", ""},
		/* devices */
		{"con", "_con"},
		{"CON.txt", "_CON.txt"},
		{"nul.tar.gz", "_nul.tar.gz"},
		{"Aux", "_Aux"},
		{"prn .x", "_prn .x"},
		{"COM1", "_COM1"},
		{"lpt9.txt", "_lpt9.txt"},
		{"com0", "_com0"},
		{"COM\xC2\xB9.txt", "_COM\xC2\xB9.txt"},
		{"conin$", "_conin$"},
		{"CONOUT$.x", "_CONOUT$.x"},
		{"clock$", "_clock$"},
		{"c\xE2\x80\x8Bon", "_con"},
		{".con", "_con"},
		{"con.", "_con"},
		{"com", "com"},
		{"com10", "com10"},
		{"console.log", "console.log"},
		{"_con", "_con"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		bool changed, again;
		const char *safe = email__filename_safe(&arena, c[i][0], &changed);

		if (strcmp(safe, c[i][1]) != 0)
			fail_msg("\"%s\": \"%s\", not \"%s\"", c[i][0], safe, c[i][1]);
		assert_int_equal(changed, strcmp(c[i][0], c[i][1]) != 0);
		assert_string_equal(email__filename_safe(&arena, safe, &again), safe);
		assert_false(again);
	}
}

/* Names of all lengths around the bound: whole characters, and the extension if it is one. */
static void
shortens(void **state)
{
	static const char *const letters[] = {"x", "\xC3\xBC", "\xE6\x97\xA5", "\xF0\x9F\x98\x80", " ", "."};
	static const char *const extensions[] = {"", ".pdf", ".tar.gz", ".\xE6\x97\xA5\xE6\x9C\xAC",
	                                         ".a sentence, and no extension of a file at all"};
	char name[1200];
	size_t l, e, n, i;

	(void)state;
	for (l = 0; l < 6; l++)
		for (e = 0; e < 5; e++)
			for (n = 200; n < 280; n++) {
				size_t len = 1, size = strlen(letters[l]);
				const char *safe, *dot;
				bool changed, again;

				name[0] = 'a';
				for (i = 0; i < n; i++, len += size)
					memcpy(name + len, letters[l], size);
				strcpy(name + len, extensions[e]);
				safe = email__filename_safe(&arena, name, &changed);
				assert_true(email__utf8_valid(safe, strlen(safe)));
				assert_true(strlen(safe) <= EMAIL__FILE_NAME_MAX);
				if (l < 4 && strlen(name) <= EMAIL__FILE_NAME_MAX)
					assert_string_equal(safe, name);
				else if (l < 4)
					assert_true(strlen(safe) > EMAIL__FILE_NAME_MAX - 4);
				if (e && e < 4) {
					dot = strrchr(extensions[e], '.');
					assert_non_null(strrchr(safe, '.'));
					assert_string_equal(strrchr(safe, '.'), dot);
				}
				assert_string_equal(email__filename_safe(&arena, safe, &again), safe);
			}
}

/* A device's name that comes about by the cut, and one that is cut. */
static void
shortened_devices(void **state)
{
	char name[400];
	bool changed;

	(void)state;
	memset(name, ' ', 300);
	memcpy(name, "con", 3);
	strcpy(name + 300, "x");
	assert_string_equal(email__filename_safe(&arena, name, &changed), "_con");
	memset(name, 'x', 300);
	memcpy(name, "nul.", 4);
	assert_int_equal(strlen(email__filename_safe(&arena, name, &changed)), EMAIL__FILE_NAME_MAX);
	assert_memory_equal(email__filename_safe(&arena, name, &changed), "_nul.x", 6);
}

static void
no_memory(void **state)
{
	email__arena a;
	bool changed;

	(void)state;
	email__arena_init(&a, 1, 1 << 20);
	email_test_fail_alloc_from(1);
	assert_null(email__filename_safe(&a, "x", &changed));
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_safe, setup, teardown),
		cmocka_unit_test_setup_teardown(shortens, setup, teardown),
		cmocka_unit_test_setup_teardown(shortened_devices, setup, teardown),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
