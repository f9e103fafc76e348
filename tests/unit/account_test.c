/* SPDX-License-Identifier: MIT */
/* The public face of an account: by name, by type, ports. */
#include "support/cm.h"

#include "account/properties.h"
#include "base/limits.h"
#include "support/failalloc.h"
#include "support/samples.h"
#include "tls/tls.h"

static email_account *out, *in;

static int
setup(void **state)
{
	(void)state;
	out = email_account_new(EMAIL_OUTGOING, "Out");
	in = email_account_new(EMAIL_INCOMING, "In");
	return out && in ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(out);
	email_account_free(in);
	email_account_free(NULL);
	return 0;
}

static void
assert_property(email_account *a, const char *name, const char *expected)
{
	char text[EMAIL__TEXT_MAX + 1];

	assert_int_equal(email_account_get(a, name, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, expected);
}

static void
names(void **state)
{
	static const char *const bad[] = {"", ".x", "-x", "a/b", "a\nb", "\xFF", "a\x7F"};
	char text[80];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(email_account_name_valid(bad[i]));
		assert_null(email_account_new(EMAIL_OUTGOING, bad[i]));
	}
	assert_null(email_account_new(EMAIL_OUTGOING, NULL));
	memset(text, 'n', sizeof text);
	text[65] = '\0';
	assert_false(email_account_name_valid(text));
	text[64] = '\0';
	assert_true(email_account_name_valid(text));
	assert_true(email_account_name_valid("Heizung S\xC3\xBC"
	                                     "d 1"));
	assert_string_equal(email_account_name(out), "Out");
	assert_int_equal(email_account_get_kind(in), EMAIL_INCOMING);
}

/* Every row by name, on every kind: set, read, back to the default; or refused, and nothing changed. */
static void
every_property_by_name(void **state)
{
	email_account *accounts[] = {out, in};
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++)
		for (i = 0; i < email__account_table.count; i++) {
			const email__property *row = &email__account_table.row[i];
			email_account *a = accounts[k];
			const char *good = email_test_good(row);
			char text[256];

			if (!email__property_of_kind(row, a->kind)) {
				assert_int_equal(email_account_set(a, row->p.name, "x"), EMAIL_E_UNKNOWN);
				assert_int_equal(email_account_get(a, row->p.name, text, sizeof text),
				                 EMAIL_E_UNKNOWN);
				assert_false(email_account_has(a, &row->p));
				continue;
			}
			assert_int_equal(email_account_get(a, row->p.name, text, sizeof text), EMAIL_OK);
			if (row->p.read_only) {
				assert_int_equal(email_account_set(a, row->p.name, text), EMAIL_E_VALUE);
				assert_int_equal(email_account_unset(a, row->p.name), EMAIL_E_VALUE);
				continue;
			}
			email_account_set(a, EMAIL__AUTHENTICATOR_TYPE, email_test_authenticator(row));
			assert_true(email_account_has(a, &row->p));
			assert_int_equal(email_account_set(a, row->p.name, good), EMAIL_OK);
			assert_property(a, row->p.name, row->p.secret ? "set" : good);
			assert_int_equal(email_account_unset(a, row->p.name), EMAIL_OK);
			assert_property(a, row->p.name,
			                row->type == EMAIL__TYPE_NAME ? good : row->p.default_text);
		}
}

static void
what_an_account_has_now(void **state)
{
	const email__property *folder = email__table_find(&email__account_table, "folder");
	const email__property *password =
		email__table_find(&email__account_table, "emailAuthenticator.password");

	(void)state;
	assert_true(email_account_has(in, &folder->p));
	email_account_set_store(in, EMAIL_STORE_POP3);
	assert_false(email_account_has(in, &folder->p));
	/* kept as configured all the same, for when the store is Imap again */
	assert_int_equal(email_account_set(in, "folder", "Alarms"), EMAIL_OK);
	assert_false(email_account_has(in, &password->p));
	email_account_set_basic_authenticator(in, "u", "p");
	assert_true(email_account_has(in, &password->p));
	assert_false(email_account_has(in, &email__table_find(&email__service_table, "enabled")->p));
}

static void
ports_follow(void **state)
{
	static const struct {
		email_account_kind kind;
		email_store store;
		int neither, start_tls, ssl;
	} rows[] = {
		{EMAIL_OUTGOING, EMAIL_STORE_IMAP, 25, 587, 465},
		{EMAIL_INCOMING, EMAIL_STORE_IMAP, 143, 143, 993},
		{EMAIL_INCOMING, EMAIL_STORE_POP3, 110, 110, 995},
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		email_account *a = rows[i].kind == EMAIL_OUTGOING ? out : in;

		if (a == in)
			assert_int_equal(email_account_set_store(a, rows[i].store), EMAIL_OK);
		email_account_set_use_ssl(a, true);
		assert_int_equal(email_account_effective_port(a), rows[i].ssl);
		email_account_set_use_start_tls(a, true);
		assert_int_equal(email_account_effective_port(a), rows[i].start_tls);
		email_account_set_use_start_tls(a, false);
		assert_int_equal(email_account_effective_port(a), rows[i].neither);
		email_account_set_port(a, 2525);
		email_account_set_use_ssl(a, true);
		assert_int_equal(email_account_effective_port(a), 2525);
		assert_property(a, "effectivePort", "2525");
		assert_int_equal(email_account_set_port(a, 0), EMAIL_E_VALUE);
		assert_int_equal(email_account_set_port(a, 65536), EMAIL_E_VALUE);
		assert_int_equal(email_account_set_port(a, -2), EMAIL_E_VALUE);
		assert_int_equal(email_account_port(a), 2525);
		assert_int_equal(email_account_set_port(a, -1), EMAIL_OK);
	}
}

static void
typed(void **state)
{
	(void)state;
	assert_int_equal(email_account_set_hostname(out, "smtp.example.com"), EMAIL_OK);
	assert_string_equal(email_account_hostname(out), "smtp.example.com");
	assert_int_equal(email_account_set_hostname(out, "a b"), EMAIL_E_VALUE);
	assert_string_equal(email_account_hostname(out), "smtp.example.com");
	assert_int_equal(email_account_set_hostname(out, NULL), EMAIL_OK);
	assert_int_equal(email_account_set_enabled(out, false), EMAIL_OK);
	assert_false(email_account_enabled(out));
	assert_property(out, "status", "disabled,unverified");
	assert_int_equal(email_account_set_from(out, "Plant <plant@example.com>"), EMAIL_OK);
	assert_int_equal(email_account_set_from(in, "plant@example.com"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_account_set_store(out, EMAIL_STORE_POP3), EMAIL_E_UNKNOWN);
	assert_int_equal(email_account_set_store(in, (email_store)7), EMAIL_E_VALUE);
	assert_int_equal(email_account_set_store(in, (email_store)-1), EMAIL_E_VALUE);
	assert_int_equal(email_account_set_store(in, EMAIL_STORE_POP3), EMAIL_OK);
	assert_int_equal(email_account_get_store(in), EMAIL_STORE_POP3);
}

static void
counters(void **state)
{
	char text[32];

	(void)state;
	out->v.number_sent = 7;
	out->v.number_discarded = 2;
	assert_int_equal(email_account_reset(out, "numberSent"), EMAIL_OK);
	assert_int_equal(email_account_get(out, "numberSent", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "0");
	assert_int_equal(out->v.number_discarded, 2);
	assert_int_equal(email_account_reset(out, "numberDiscarded"), EMAIL_OK);
	assert_int_equal(out->v.number_discarded, 0);
	assert_int_equal(email_account_reset(out, "queueSize"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_account_reset(in, "numberSent"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_account_error(in)->code, EMAIL_E_UNKNOWN);
}

static void
tls_versions(void **state)
{
	int v;

	(void)state;
	for (v = EMAIL_TLS_1_0; v <= EMAIL_TLS_1_3; v++) {
		email_tls_version higher =
			v > (int)email__tls_floor() ? (email_tls_version)v : email__tls_floor();

		assert_int_equal(email_account_set_tls_min_protocol(out, (email_tls_version)v), EMAIL_OK);
		assert_int_equal(email_account_tls_min_protocol(out), v);
		assert_int_equal(email_account_effective_tls_min_protocol(out), higher);
	}
	assert_property(out, "effectiveTlsMinProtocol", "TLSv1.3");
	assert_int_equal(email_account_set_tls_min_protocol(out, (email_tls_version)4), EMAIL_E_VALUE);
}

static void
basic_login(void **state)
{
	char big[EMAIL__SECRET_MAX + 2];

	(void)state;
	assert_int_equal(email_account_set_basic_authenticator(out, "plant@example.com", "s3cret:\xC3\xA4 "),
	                 EMAIL_OK);
	assert_property(out, "emailAuthenticator.type", "basic");
	assert_property(out, "emailAuthenticator.account", "plant@example.com");
	assert_property(out, "emailAuthenticator.password", "set");
	assert_string_equal(out->v.auth_password.text, "s3cret:\xC3\xA4 ");
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(email_account_set_basic_authenticator(out, "u", big), EMAIL_E_VALUE);
	assert_string_equal(out->v.auth_password.text, "s3cret:\xC3\xA4 ");
	assert_int_equal(email_account_set_basic_authenticator(out, "u", NULL), EMAIL_OK);
	assert_property(out, "emailAuthenticator.password", "");
	assert_int_equal(email_account_set_no_authenticator(out), EMAIL_OK);
	assert_property(out, "emailAuthenticator.account", "");
}

static void
get_cuts_and_says_so(void **state)
{
	char text[4];

	(void)state;
	email_account_set_hostname(out, "abcdef");
	assert_int_equal(email_account_get(out, "hostname", text, sizeof text), EMAIL_E_LIMIT);
	assert_string_equal(text, "abc");
	assert_int_equal(email_account_get(out, "hostname", text, 1), EMAIL_E_LIMIT);
	assert_string_equal(text, "");
	assert_int_equal(email_account_get(out, "hostname", text, 0), EMAIL_E_LIMIT);
	email_account_set_hostname(out, "abc");
	assert_int_equal(email_account_get(out, "hostname", text, sizeof text), EMAIL_OK);
	assert_int_equal(email_account_get(out, "nonsense", text, sizeof text), EMAIL_E_UNKNOWN);
	assert_string_equal(text, "");
}

static void
unknown_names_are_met_with_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(email_account_set(out, "hostnane", "x"), EMAIL_E_UNKNOWN);
	assert_string_equal(email_account_error(out)->property, "hostnane");
	assert_string_equal(email_account_error(out)->remedy, "did you mean hostname?");
	assert_int_equal(email_account_set(out, "\x1B[2J", "x"), EMAIL_E_UNKNOWN);
	assert_null(strchr(email_account_error(out)->text, '\x1B'));
	assert_int_equal(email_account_set(out, "stateFolder", "x"), EMAIL_E_UNKNOWN);
}

static void
whose_trust(void **state)
{
	int dummy;

	(void)state;
	assert_null(email__account_trust(out));
	email_account_set_trust(out, (email_trust *)(void *)&dummy);
	assert_ptr_equal(email__account_trust(out), &dummy);
}

static void
new_without_memory(void **state)
{
	email_account *a = NULL;
	size_t n;

	(void)state;
	for (n = 1; !a; n++) {
		email_test_fail_alloc(n);
		a = email_account_new(EMAIL_INCOMING, "A");
		if (!a)
			assert_true(email_test_alloc_failed());
	}
	assert_true(n > 20);
	email_account_free(a);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, setup, teardown),
		cmocka_unit_test_setup_teardown(every_property_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(what_an_account_has_now, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(typed, setup, teardown),
		cmocka_unit_test_setup_teardown(tls_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(counters, setup, teardown),
		cmocka_unit_test_setup_teardown(basic_login, setup, teardown),
		cmocka_unit_test_setup_teardown(get_cuts_and_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_names_are_met_with_the_nearest, setup, teardown),
		cmocka_unit_test_setup_teardown(whose_trust, setup, teardown),
		cmocka_unit_test(new_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
