/* SPDX-License-Identifier: MIT */
#include "wire/link.h"

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

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

/* More room than for anything else, until it was written; and no memory is told apart from too much. */
static void
login(void **state)
{
	email__link l = {0};
	unsigned char *block;
	size_t i;

	(void)state;
	email__buf_init(&l.out, EMAIL__LINK_OUT_MAX);
	assert_int_equal(email__link_login(&l, EMAIL__LINK_LOGIN_MAX), EMAIL_OK);
	assert_true(l.out.secret);
	memset(email__buf_room(&l.out, EMAIL__LINK_LOGIN_MAX), 's', EMAIL__LINK_LOGIN_MAX);
	email__buf_added(&l.out, EMAIL__LINK_LOGIN_MAX);
	assert_int_equal(email__link_login(&l, 1), EMAIL_E_LIMIT);
	email__link_login_over(&l);
	assert_true(l.out.secret); /* it is still there */
	block = l.out.data;
	email__buf_consume(&l.out, 5);
	email__buf_consume(&l.out, EMAIL__LINK_LOGIN_MAX - 5);
	for (i = 0; i < EMAIL__LINK_LOGIN_MAX; i++)
		assert_int_equal(block[i], 0);
	email__link_login_over(&l);
	assert_false(l.out.secret);
	assert_int_equal(email__buf_left(&l.out), EMAIL__LINK_OUT_MAX);
	email__buf_dispose(&l.out);
	email_test_fail_alloc_from(1);
	assert_int_equal(email__link_login(&l, 10), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(logs), cmocka_unit_test(login)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
