/* SPDX-License-Identifier: MIT */
#include "wire/link.h"

#include "support/cm.h"

static char shown[2000];

static void
keep(void *context, char who, const char *line, size_t n)
{
	assert_ptr_equal(context, shown);
	assert_int_equal(strlen(line), n);
	shown[0] = who;
	memcpy(shown + 1, line, n + 1);
}

static void
logs(void **state)
{
	static char much[3000];
	email__link l = {.log_context = shown};

	(void)state;
	email__link_log(&l, 'S', "x", 1);
	email__link_log_body(&l, 'S', 1);
	assert_string_equal(shown, "");
	l.log = keep;
	email__link_log(&l, 'S', "+OK \033[1m\r\nx", 11);
	assert_string_equal(shown, "S+OK ?[1m??x");
	email__link_log_body(&l, 'C', UINT64_MAX);
	assert_string_equal(shown, "C(18446744073709551615 bytes of message)");
	memset(much, 'x', sizeof much);
	email__link_log(&l, '*', much, sizeof much);
	assert_true(strlen(shown) < 1100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(logs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
