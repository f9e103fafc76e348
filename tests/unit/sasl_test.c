/* SPDX-License-Identifier: MIT */
#include "sasl/sasl.h"

#include "support/cm.h"
#include "support/failalloc.h"

static const email__credentials who = {"user", "p w"};

static void
choice(void **state)
{
	(void)state;
	assert_string_equal(email__sasl_choose("LOGIN PLAIN", NULL, true)->name, "PLAIN");
	assert_string_equal(email__sasl_choose("  login  X", NULL, true)->name, "LOGIN");
	assert_string_equal(email__sasl_choose("PLAIN LOGIN", "login", true)->name, "LOGIN");
	assert_null(email__sasl_choose("PLAIN", "LOGIN", true));
	assert_null(email__sasl_choose("PLAINER XPLAIN PLAI", NULL, true));
	assert_null(email__sasl_choose("", NULL, true));
	/* never in the clear what shows the password, asked for by name or not */
	assert_null(email__sasl_choose("PLAIN LOGIN", NULL, false));
	assert_null(email__sasl_choose("PLAIN LOGIN", "PLAIN", false));
}

static void
table(void **state)
{
	const email__mechanism *m;
	int last = 1000;
	size_t i;

	(void)state;
	for (i = 0; (m = email__sasl_mechanism_at(i)); i++) {
		assert_true(m->strength < last);
		last = m->strength;
		assert_ptr_equal(email__sasl_mechanism(m->name), m);
	}
	assert_true(i >= 2);
	assert_null(email__sasl_mechanism("PLAI"));
}

static void
plain(void **state)
{
	email__sasl s;
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), &who), EMAIL_OK);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), 9);
	assert_memory_equal(email__buf_head(&out), "\0user\0p w", 9);
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, "", 0, &out), EMAIL_E_PROTOCOL);
	email__sasl_end(&s);
	email__buf_dispose(&out);
}

static void
login(void **state)
{
	email__sasl s;
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("LOGIN"), &who), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_E_USAGE);
	assert_int_equal(email__sasl_respond(&s, "Password:", 9, &out), EMAIL_OK);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	assert_memory_equal(email__buf_head(&out), "user", 4);
	email__buf_clear(&out);
	assert_int_equal(email__sasl_respond(&s, "Username:", 9, &out), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), 3);
	assert_memory_equal(email__buf_head(&out), "p w", 3);
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, "", 0, &out), EMAIL_E_PROTOCOL);
	email__buf_dispose(&out);
}

static void
no_user(void **state)
{
	const email__credentials none = {"", "x"}, half = {"x", NULL};
	email__sasl s;

	(void)state;
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), &none), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), &half), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), NULL), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
}

/* A response that does not fit or finds no memory is no step. */
static void
no_room(void **state)
{
	email__sasl s;
	email__buf out;

	(void)state;
	email__buf_init(&out, 8);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), &who), EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_E_LIMIT);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	email__buf_dispose(&out);
	email__buf_init(&out, 100);
	email_test_fail_alloc(1);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_E_MEMORY);
	email_test_fail_alloc_off();
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	email__buf_dispose(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(choice),  cmocka_unit_test(table),
	                                   cmocka_unit_test(plain),   cmocka_unit_test(login),
	                                   cmocka_unit_test(no_user), cmocka_unit_test(no_room)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
