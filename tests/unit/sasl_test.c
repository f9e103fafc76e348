/* SPDX-License-Identifier: MIT */
#include "sasl/sasl.h"

#include "support/cm.h"
#include "support/failalloc.h"

static const email__credentials who = {.user = "user", .password = "p w"};

static const email__binding exporter = {.type = "tls-exporter", .data = "0123", .n = 4};
static const email__credentials bound = {.user = "user", .password = "p w", .binding = &exporter};
static const email__binding end_point = {.type = "tls-server-end-point", .data = "0123", .n = 4};
static const email__credentials endpoint = {.user = "user", .password = "p w", .binding = &end_point};
static const email__credentials token = {.user = "user", .password = "t", .kind = EMAIL__CREDENTIAL_TOKEN};
static const email__credentials certificate = {
	.user = "", .password = "", .kind = EMAIL__CREDENTIAL_CERTIFICATE};
static const email__credentials odd = {.user = "user", .password = "\xD7\xA9"};

static void
external(void **state)
{
	email__sasl s = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("EXTERNAL"), "", &certificate),
	                 EMAIL_OK);
	assert_int_equal(email__sasl_respond(&s, NULL, 0, &out), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), 0);
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	email__buf_dispose(&out);
}

static void
choice(void **state)
{
	(void)state;
	assert_string_equal(email__sasl_choose("LOGIN PLAIN", NULL, true, &who)->name, "PLAIN");
	assert_string_equal(email__sasl_choose("  login  X", NULL, true, &who)->name, "LOGIN");
	assert_string_equal(email__sasl_choose("PLAIN LOGIN", "login", true, &who)->name, "LOGIN");
	assert_null(email__sasl_choose("PLAIN", "LOGIN", true, &who));
	assert_null(email__sasl_choose("PLAINER XPLAIN PLAI", NULL, true, &who));
	assert_null(email__sasl_choose("", NULL, true, &who));
	/* never in the clear what shows the password, asked for by name or not */
	assert_null(email__sasl_choose("PLAIN LOGIN", NULL, false, &who));
	assert_null(email__sasl_choose("PLAIN LOGIN", "PLAIN", false, &who));
	/* the strongest that goes: without TLS what does not show it, bound where there is something to bind to */
	assert_string_equal(email__sasl_choose("LOGIN CRAM-MD5 PLAIN", NULL, false, &who)->name, "CRAM-MD5");
	assert_string_equal(email__sasl_choose("PLAIN SCRAM-SHA-1 SCRAM-SHA-256", NULL, true, &who)->name,
	                    "SCRAM-SHA-256");
	assert_string_equal(email__sasl_choose("SCRAM-SHA-256-PLUS SCRAM-SHA-1", NULL, true, &who)->name,
	                    "SCRAM-SHA-1");
	assert_string_equal(email__sasl_choose("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", NULL, true, &bound)->name,
	                    "SCRAM-SHA-1-PLUS");
	/* by itself only where every server can; by name wherever we can */
	assert_string_equal(email__sasl_choose("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", NULL, true, &endpoint)->name,
	                    "SCRAM-SHA-256");
	assert_string_equal(email__sasl_choose("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", true, &endpoint)->name,
	                    "SCRAM-SHA-1-PLUS");
	/* what shows no password may not be taken for it (RFC 4422: EXTERNAL, ANONYMOUS) */
	assert_null(
		email__sasl_choose("EXTERNAL ANONYMOUS XOAUTH2 OAUTHBEARER CRAM-SHA256", NULL, true, &who));
	assert_string_equal(email__sasl_choose("PLAIN XOAUTH2 OAUTHBEARER", NULL, true, &token)->name,
	                    "OAUTHBEARER");
	assert_null(email__sasl_choose("PLAIN XOAUTH2 OAUTHBEARER", NULL, false, &token));
	assert_string_equal(email__sasl_choose("PLAIN EXTERNAL", NULL, true, &certificate)->name, "EXTERNAL");
	/* a password that SCRAM cannot carry goes by PLAIN over TLS, and not at all without */
	assert_string_equal(email__sasl_choose("SCRAM-SHA-256 PLAIN", NULL, true, &odd)->name, "PLAIN");
	assert_null(email__sasl_choose("SCRAM-SHA-256 PLAIN", NULL, false, &odd));
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
	email__sasl s = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), "", &who), EMAIL_OK);
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
	email__sasl s = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 100);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("LOGIN"), "", &who), EMAIL_OK);
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
	const email__credentials none = {.user = "", .password = "x"}, half = {.user = "x"};
	email__sasl s = {0};

	(void)state;
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), "", &none), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), "", &half), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), "", NULL), EMAIL_E_VALUE);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
}

/* A response that does not fit or finds no memory is no step. */
static void
no_room(void **state)
{
	email__sasl s = {0};
	email__buf out;

	(void)state;
	email__buf_init(&out, 8);
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("PLAIN"), "", &who), EMAIL_OK);
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
	                                   cmocka_unit_test(no_user), cmocka_unit_test(no_room),
	                                   cmocka_unit_test(external)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
