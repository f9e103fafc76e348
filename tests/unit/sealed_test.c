/* SPDX-License-Identifier: MIT */
/* Secrets sealed for an account and a property: where they open, and what is said where they do not. */
#include "account/sealed.h"

#include "account/accept.h"
#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define PASSWORD "emailAuthenticator.password"

static email_account *account;
static email_code key_rc;
static unsigned char key_byte;

static email_code
give_key(void *service, unsigned char *key, email_error *e)
{
	(void)service;
	memset(key, key_byte, 32);
	if (e && key_rc != EMAIL_OK && key_rc != EMAIL_E_UNKNOWN)
		e->code = key_rc;
	return key_rc;
}

static bool
never_taken(void *service, const char *name)
{
	(void)service;
	(void)name;
	return false;
}

static const email__owner owner = {.seal_key = give_key, .name_taken = never_taken};

static int
setup(void **state)
{
	(void)state;
	key_rc = EMAIL_OK;
	key_byte = 1;
	account = email_account_new(EMAIL_OUTGOING, "Out");
	account->owner = &owner;
	return (int)email_account_set_basic_authenticator(account, "plant", "s3cret");
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(account);
	return 0;
}

static email__secret *
password(void)
{
	return &account->v.auth_password;
}

static void
assert_opens(const char *expected)
{
	email_error e = {0};
	email__buf text;

	email__buf_init(&text, EMAIL__SECRET_MAX + 2);
	text.secret = true;
	assert_int_equal(email__secret_read(account, password(), &text, &e), EMAIL_OK);
	assert_string_equal(email__buf_text(&text), expected);
	email__buf_dispose(&text);
}

static void
assert_refused(const char *words)
{
	email_error e = {0};
	email__buf text;

	email__buf_init(&text, EMAIL__SECRET_MAX + 2);
	text.secret = true;
	assert_int_equal(email__secret_read(account, password(), &text, &e), EMAIL_E_SECRET);
	assert_int_equal(email__buf_len(&text), 0);
	if (!strstr(e.text, words) || !strstr(e.text, PASSWORD) || !e.remedy[0])
		fail_msg("'%s' (%s): no '%s'", e.text, e.remedy, words);
	email__buf_dispose(&text);
}

static void
seal(void)
{
	email_error e = {0};

	assert_int_equal(email__secret_seal(account, password(), &e), EMAIL_OK);
	assert_int_equal(password()->kind, EMAIL__SECRET_SEALED);
	assert_null(strstr(password()->text, "s3cret"));
}

static void
opens_again(void **state)
{
	email_error e = {0};
	char once[256];

	(void)state;
	seal();
	assert_opens("s3cret");
	/* sealed it stays as it is */
	snprintf(once, sizeof once, "%s", password()->text);
	assert_int_equal(email__secret_seal(account, password(), &e), EMAIL_OK);
	assert_string_equal(password()->text, once);
}

static void
only_what_is_a_value_is_sealed(void **state)
{
	static const char *const others[] = {"env:X", "file:x", ""};
	email_error e = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		email_account_set(account, PASSWORD, others[i]);
		assert_int_equal(email__secret_seal(account, password(), &e), EMAIL_OK);
		assert_int_not_equal(password()->kind, EMAIL__SECRET_SEALED);
	}
}

static void
every_reason_is_told(void **state)
{
	char changed[256];

	(void)state;
	seal();
	key_rc = EMAIL_E_UNKNOWN;
	assert_refused("there is no seal key");
	account->owner = NULL;
	assert_refused("there is no seal key");
	account->owner = &owner;
	key_rc = EMAIL_OK;
	key_byte = 2;
	assert_refused("under another key");
	key_byte = 1;
	assert_opens("s3cret");
	/* the 20th byte, of what is enciphered */
	snprintf(changed, sizeof changed, "sealed:%s", password()->text);
	changed[7 + 27] = changed[7 + 27] == 'A' ? 'B' : 'A';
	assert_int_equal(email_account_set(account, PASSWORD, changed), EMAIL_OK);
	assert_refused("it was changed");
	assert_int_equal(email_account_set(account, PASSWORD,
	                                   "sealed:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	                 EMAIL_OK);
	assert_refused("in no form that this version knows");
	assert_int_equal(email_account_set(account, PASSWORD, "sealed:AQAA"), EMAIL_OK);
	assert_refused("in no form that this version knows");
}

static void
blobs_cannot_be_swapped(void **state)
{
	email_account *other = email_account_new(EMAIL_OUTGOING, "Other");
	char text[256];

	(void)state;
	seal();
	snprintf(text, sizeof text, "sealed:%s", password()->text);
	other->owner = &owner;
	email_account_set_basic_authenticator(other, "plant", NULL);
	assert_int_equal(email_account_set(other, PASSWORD, text), EMAIL_OK);
	{
		email_account *mine = account;

		account = other;
		assert_refused("for another account or property");
		account = mine;
	}
	email_account_free(other);
	/* from one property to another */
	assert_int_equal(email_account_set(account, "emailAuthenticator.type", "oAuthRefreshToken"),
	                 EMAIL_OK);
	assert_int_equal(email_account_set(account, "emailAuthenticator.refreshToken", text), EMAIL_OK);
	{
		email_error e = {0};
		email__buf out;

		email__buf_init(&out, EMAIL__SECRET_MAX + 2);
		assert_int_equal(email__secret_read(account, &account->v.auth_refresh_token, &out, &e),
		                 EMAIL_E_SECRET);
		email__buf_dispose(&out);
	}
}

static void
another_name_seals_anew(void **state)
{
	char before[256];

	(void)state;
	seal();
	snprintf(before, sizeof before, "%s", password()->text);
	assert_int_equal(email_account_set(account, "name", "Alarms"), EMAIL_OK);
	assert_int_equal(password()->kind, EMAIL__SECRET_SEALED);
	assert_string_not_equal(password()->text, before);
	assert_opens("s3cret");
	key_rc = EMAIL_E_UNKNOWN;
	assert_int_equal(email_account_set(account, "name", "Nobody"), EMAIL_E_SECRET);
	assert_string_equal(email_account_name(account), "Alarms");
	assert_string_equal(email_account_error(account)->property, PASSWORD);
	key_rc = EMAIL_OK;
	assert_opens("s3cret");
	/* a value needs no key for it */
	key_rc = EMAIL_E_UNKNOWN;
	email_account_set(account, PASSWORD, "value:other");
	assert_int_equal(email_account_set(account, "name", "Nobody"), EMAIL_OK);
}

static void
the_key_may_be_missing_while_sealing(void **state)
{
	email_error e = {0};

	(void)state;
	key_rc = EMAIL_E_UNKNOWN;
	assert_int_equal(email__secret_seal(account, password(), &e), EMAIL_OK);
	assert_int_equal(password()->kind, EMAIL__SECRET_VALUE);
	key_rc = EMAIL_E_SECRET;
	assert_int_equal(email__secret_seal(account, password(), &e), EMAIL_E_SECRET);
	assert_opens("s3cret");
}

static void
the_longest(void **state)
{
	static char big[EMAIL__SECRET_MAX + 1];

	(void)state;
	memset(big, 'x', EMAIL__SECRET_MAX);
	assert_int_equal(email_account_set_basic_authenticator(account, "plant", big), EMAIL_OK);
	seal();
	assert_int_equal(strlen(password()->text), EMAIL__SEALED_MAX);
	assert_opens(big);
}

static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	email__buf text;
	email_code rc;
	size_t n, blocks;

	(void)state;
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		memset(&e, 0, sizeof e);
		rc = email__secret_seal(account, password(), &e);
		if (rc == EMAIL_OK)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_int_equal(e.code, EMAIL_E_MEMORY);
		assert_string_equal(password()->text, "s3cret");
	}
	assert_true(n > 3);
	for (n = 1;; n++) {
		email_test_fail_alloc(0);
		blocks = email_test_blocks();
		email_test_fail_alloc(n);
		memset(&e, 0, sizeof e);
		email__buf_init(&text, EMAIL__SECRET_MAX + 2);
		rc = email__secret_read(account, password(), &text, &e);
		email__buf_dispose(&text);
		assert_int_equal(email_test_blocks(), blocks);
		if (rc == EMAIL_OK)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
	}
	assert_true(n > 2);
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		rc = email_account_set(account, "name", "New");
		if (rc == EMAIL_OK)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_string_equal(account->name, "Out");
	}
	email_test_fail_alloc_off();
	assert_opens("s3cret");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(opens_again),
		TEST(only_what_is_a_value_is_sealed),
		TEST(every_reason_is_told),
		TEST(blobs_cannot_be_swapped),
		TEST(another_name_seals_anew),
		TEST(the_key_may_be_missing_while_sealing),
		TEST(the_longest),
		TEST(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
