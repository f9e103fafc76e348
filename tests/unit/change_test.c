/* SPDX-License-Identifier: MIT */
/* The rules between properties, and all or none. */
#include "support/cm.h"

#include "account/change.h"
#include "support/failalloc.h"

static email_account *account;

static int
setup(void **state)
{
	(void)state;
	account = email_account_new(EMAIL_OUTGOING, "Out");
	return account ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(account);
	return 0;
}

static void
assert_switches(bool ssl, bool start_tls)
{
	assert_int_equal(email_account_use_ssl(account), ssl);
	assert_int_equal(email_account_use_start_tls(account), start_tls);
}

/* From each of the three states that there are, each setter: one on is the other off, off leaves it. */
static void
setters_exclude_each_other(void **state)
{
	static const bool from[][2] = {{true, false}, {false, true}, {false, false}};
	size_t i, which, on;

	(void)state;
	for (i = 0; i < 3; i++)
		for (which = 0; which < 2; which++)
			for (on = 0; on < 2; on++) {
				bool ssl = from[i][0], tls = from[i][1];

				email_account_set_use_ssl(account, false);
				email_account_set_use_start_tls(account, tls);
				if (ssl)
					email_account_set_use_ssl(account, true);
				assert_switches(ssl, tls);
				if (which == 0) {
					assert_int_equal(email_account_set_use_ssl(account, on), EMAIL_OK);
					assert_switches(on, on ? false : tls);
				} else {
					assert_int_equal(email_account_set_use_start_tls(account, on),
					                 EMAIL_OK);
					assert_switches(on ? false : ssl, on);
				}
			}
}

/* What a set of both says, in both orders: "" is not said, "-" back to the default. */
static void
sets_exclude_each_other(void **state)
{
	static const struct {
		const char *ssl, *tls;
		int want_ssl, want_tls; /* -1: refused */
	} rows[] = {
		{"true", "true", -1, -1}, {"1", "1", -1, -1},       {"true", "false", 1, 0},
		{"false", "true", 0, 1},  {"false", "false", 0, 0}, {"", "true", 0, 1},
		{"true", "", 1, 0},       {"", "false", 1, 0},      {"false", "", 0, 0},
		{"-", "true", 0, 1},      {"-", "false", 1, 0},     {"-", "-", 1, 0},
		{"true", "-", 1, 0},      {"false", "-", 0, 0},
	};
	size_t i;
	int order;

	(void)state;
	for (i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		email_property_value values[2];
		size_t n = 0, k = i / 2;
		int from;

		order = (int)(i % 2);
		for (from = 0; from < 2; from++) {
			bool is_ssl = from == order;
			const char *text = is_ssl ? rows[k].ssl : rows[k].tls;

			if (text[0])
				values[n++] = (email_property_value){is_ssl ? "useSsl" : "useStartTls",
				                                     text[0] == '-' ? NULL : text};
		}
		email_account_unset(account, "useStartTls");
		email_account_unset(account, "useSsl");
		assert_switches(true, false);
		if (rows[k].want_ssl < 0) {
			assert_int_equal(email_account_set_all(account, values, n), EMAIL_E_VALUE);
			assert_switches(true, false);
			assert_string_equal(email_account_error(account)->property, values[1].property);
			continue;
		}
		assert_int_equal(email_account_set_all(account, values, n), EMAIL_OK);
		assert_switches(rows[k].want_ssl, rows[k].want_tls);
	}
}

static void
unset_from_start_tls(void **state)
{
	(void)state;
	email_account_set_use_start_tls(account, true);
	assert_int_equal(email_account_unset(account, "useSsl"), EMAIL_OK);
	assert_switches(false, true);
	/* turning one off leaves the other as it is */
	assert_int_equal(email_account_unset(account, "useStartTls"), EMAIL_OK);
	assert_switches(false, false);
	assert_int_equal(email_account_unset(account, "useSsl"), EMAIL_OK);
	assert_switches(true, false);
}

static void
one_bad_value_leaves_all(void **state)
{
	static const struct {
		email_property_value last;
		email_code code;
	} rows[] = {
		{{"port", "0"}, EMAIL_E_VALUE},
		{{"nonsense", "x"}, EMAIL_E_UNKNOWN},
		{{"store", "Imap"}, EMAIL_E_UNKNOWN},
		{{"queueSize", "1"}, EMAIL_E_VALUE},
		{{"hostname", "b.example"}, EMAIL_E_VALUE}, /* twice */
		{{"emailAuthenticator.clientId", "x"}, EMAIL_E_VALUE},
	};
	size_t i;
	unsigned long before = account->changes;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email_property_value values[] = {
			{"hostname", "a.example"}, {"pollrate", "PT5M"}, rows[i].last};

		assert_int_equal(email_account_set_all(account, values, 3), rows[i].code);
		assert_int_equal(email_account_error(account)->code, rows[i].code);
		/* what looks like no property may be a secret */
		assert_string_equal(email_account_error(account)->property,
		                    strcmp(rows[i].last.property, "nonsense") ? rows[i].last.property : "");
		assert_string_equal(email_account_hostname(account), "");
		assert_int_equal(account->v.pollrate, 60000);
	}
	assert_int_equal(account->changes, before);
	assert_int_equal(email_account_set(account, "hostname", "a.example"), EMAIL_OK);
	assert_int_equal(email_account_error(account)->code, EMAIL_OK);
	assert_true(account->changes > before);
}

static void
authenticator_in_any_order(void **state)
{
	email_property_value values[] = {
		{"emailAuthenticator.account", "plant"},
		{"emailAuthenticator.password", "value:secret"},
		{"emailAuthenticator.type", "basic"},
	};
	char text[64];

	(void)state;
	assert_int_equal(email_account_set_all(account, values, 3), EMAIL_OK);
	assert_int_equal(email_account_get(account, "emailAuthenticator.account", text, sizeof text),
	                 EMAIL_OK);
	assert_string_equal(text, "plant");
}

static void
another_type_drops_what_it_has_not(void **state)
{
	char text[64];
	email_property_value values[] = {
		{"emailAuthenticator.type", "oAuthRefreshToken"},
		{"emailAuthenticator.account", "plant"},
		{"emailAuthenticator.clientId", "id"},
		{"emailAuthenticator.refreshToken", "value:token"},
		{"emailAuthenticator.clientSecret", "env:S"},
	};

	(void)state;
	assert_int_equal(email_account_set_all(account, values, 5), EMAIL_OK);
	assert_int_equal(email_account_set(account, "emailAuthenticator.type", "oAuthClientSecret"),
	                 EMAIL_OK);
	assert_string_equal(account->v.auth_client_id, "id");
	assert_int_equal(account->v.auth_client_secret.kind, EMAIL__SECRET_ENV);
	assert_int_equal(account->v.auth_refresh_token.kind, EMAIL__SECRET_NONE);
	assert_int_equal(email_account_set(account, "emailAuthenticator.type", "basic"), EMAIL_OK);
	assert_string_equal(account->v.auth_account, "plant");
	assert_string_equal(account->v.auth_client_id, "");
	assert_int_equal(account->v.auth_client_secret.kind, EMAIL__SECRET_NONE);

	assert_int_equal(email_account_set(account, "emailAuthenticator.clientId", "x"), EMAIL_E_VALUE);
	assert_non_null(strstr(email_account_error(account)->text, "basic"));
	assert_non_null(strstr(email_account_error(account)->remedy, "oAuthClientSecret"));
	assert_int_equal(email_account_unset(account, "emailAuthenticator.type"), EMAIL_OK);
	assert_string_equal(account->v.auth_account, "");
	email_account_get(account, "emailAuthenticator.type", text, sizeof text);
	assert_string_equal(text, "none");
}

static bool
taken(void *service, const char *name)
{
	return strcmp(name, service) == 0;
}

static void
names_are_changed_within_the_service(void **state)
{
	char other[] = "Other";
	const email__owner owner = {.service = other, .name_taken = taken};

	(void)state;
	account->owner = &owner;
	assert_int_equal(email_account_set(account, "name", "Other"), EMAIL_E_VALUE);
	assert_string_equal(email_account_name(account), "Out");
	assert_int_equal(email_account_set(account, "name", "Out"), EMAIL_OK);
	assert_int_equal(email_account_set(account, "name", "New"), EMAIL_OK);
	assert_string_equal(email_account_name(account), "New");
	assert_int_equal(email_account_set(account, "name", ".x"), EMAIL_E_VALUE);
	assert_int_equal(email_account_unset(account, "name"), EMAIL_OK);
	assert_string_equal(email_account_name(account), "New");
	account->owner = NULL;
}

static void
memory_may_end_anywhere(void **state)
{
	email_property_value values[] = {
		{"emailAuthenticator.type", "basic"},
		{"emailAuthenticator.account", "plant"},
		{"emailAuthenticator.password", "value:secret"},
		{"hostname", "a.example"},
		{"useStartTls", "true"},
		{"name", "New"},
		{"from", "a@example.com"},
	};
	size_t n, blocks;

	(void)state;
	email_account_free(account);
	account = NULL;
	for (n = 1;; n++) {
		email_account *a;
		email_code rc;

		email_test_fail_alloc(0);
		blocks = email_test_blocks();
		assert_non_null(a = email_account_new(EMAIL_OUTGOING, "Out"));
		email_test_fail_alloc(n);
		rc = email_account_set_all(a, values, 7);
		if (rc == EMAIL_OK) {
			assert_false(email_test_alloc_failed());
			assert_string_equal(a->name, "New");
		} else {
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(email_account_error(a)->code, EMAIL_E_MEMORY);
			assert_string_equal(a->name, "Out");
			assert_string_equal(a->v.hostname, "");
			assert_true(a->v.use_ssl);
			assert_int_equal(a->v.auth_type, 0);
		}
		email_account_free(a);
		assert_int_equal(email_test_blocks(), blocks);
		if (rc == EMAIL_OK)
			break;
	}
	assert_true(n > 20);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(setters_exclude_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(sets_exclude_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(unset_from_start_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(one_bad_value_leaves_all, setup, teardown),
		cmocka_unit_test_setup_teardown(authenticator_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(another_type_drops_what_it_has_not, setup, teardown),
		cmocka_unit_test_setup_teardown(names_are_changed_within_the_service, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_end_anywhere, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
