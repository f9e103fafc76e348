/* SPDX-License-Identifier: MIT */
/* An account's connection: what stops it before it is made, what it is kept for, and what ends it. */
#include "support/cm.h"

#include <stdlib.h>

#include "account/connection.h"
#include "support/post.h"

static void
nothing_is_dialled_for_what_is_known_to_be_wrong(void **state)
{
	static const struct {
		const char *property, *text;
		email_code code;
		email_stage stage;
	} rows[] = {
		{"hostname", "", EMAIL_E_VALUE, EMAIL_STAGE_RESOLVE},
		{"emailAuthenticator.password", "env:EMAIL_TEST_UNSET", EMAIL_E_SECRET,
	         EMAIL_STAGE_AUTHENTICATE},
		{"emailAuthenticator.password", "file:/nonexistent/secret", EMAIL_E_SECRET,
	         EMAIL_STAGE_AUTHENTICATE},
		{"clientCertificate", "nobody", EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST},
	};
	size_t i;

	(void)state;
	unsetenv("EMAIL_TEST_UNSET");
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		post p;

		post_init(&p, EMAIL_TEST_SSL);
		post_open(&p, true);
		assert_int_equal(email_account_set(p.account, rows[i].property, rows[i].text), EMAIL_OK);
		assert_int_equal(email__connection_open(p.account), rows[i].code);
		assert_int_equal(email_account_error(p.account)->code, rows[i].code);
		assert_true(email_account_error(p.account)->text[0]);
		assert_int_equal(email_account_error(p.account)->stage, rows[i].stage);
		assert_null(p.account->connection->session);
		assert_int_equal(post_counts(&p).connections, 0);
		post_close(&p);
	}
}

static void
is_used_again_only_while_nothing_has_changed(void **state)
{
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, true);
	assert_false(email__connection_usable(p.account));
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	assert_true(email__connection_usable(p.account));
	assert_int_equal(email_account_set(p.account, "responseTimeout", "PT30S"), EMAIL_OK);
	assert_false(email__connection_usable(p.account));

	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	assert_true(email__connection_usable(p.account));
	/* a store that others use too: by this object's own change at once */
	assert_int_equal(email_trust_delete(p.trust, "site"), EMAIL_OK);
	assert_false(email__connection_usable(p.account));
	assert_int_equal(email_trust_import(p.trust, p.root, strlen(p.root), "site", NULL), EMAIL_OK);

	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	email__connection_drop(p.account);
	assert_false(email__connection_usable(p.account));
	email__connection_drop(p.account);
	post_close(&p);
}

static void
credentials_are_gone_once_logged_in(void **state)
{
	email__connection *c;
	size_t i;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_STARTTLS);
	post_open(&p, true);
	assert_int_equal(email_account_send(p.account, p.message, NULL), EMAIL_OK);
	c = p.account->connection;
	assert_int_equal(email__buf_len(&c->password), 0);
	assert_int_equal(email__buf_len(&c->user), 0);
	for (i = 0; c->password.data && i + 7 <= c->password.cap; i++)
		assert_memory_not_equal(c->password.data + i, "hunter2", 7);
	for (i = 0; i + 7 <= c->engine.link->out.cap; i++)
		assert_memory_not_equal(c->engine.link->out.data + i, "hunter2", 7);
	post_close(&p);
}

/* Why a session closed: the judge's word goes before the driver's. */
static void
the_judges_word_goes_first(void **state)
{
	email__connection *c;
	post p;

	(void)state;
	post_init(&p, EMAIL_TEST_SSL);
	post_open(&p, false);
	assert_int_equal(email__connection_open(p.account), EMAIL_OK);
	c = p.account->connection;
	assert_int_equal(email__session_run(c->session), EMAIL__SESSION_CLOSED);
	assert_true(c->judged);
	assert_int_equal(c->verdict.kind, EMAIL__REFUSED);
	assert_false(email__connection_failed(p.account)); /* nobody to ask */
	assert_int_equal(email_account_error(p.account)->code, EMAIL_E_TRUST);
	assert_int_equal(email_account_error(p.account)->stage, EMAIL_STAGE_TRUST);
	post_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_dialled_for_what_is_known_to_be_wrong),
		cmocka_unit_test(is_used_again_only_while_nothing_has_changed),
		cmocka_unit_test(credentials_are_gone_once_logged_in),
		cmocka_unit_test(the_judges_word_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
