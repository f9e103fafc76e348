/* SPDX-License-Identifier: MIT */
/* What must still be so for a session to be lent. The session itself is a stand-in that is never opened. */
#include "support/cm.h"

#include "account/resumable.h"
#include "base/alloc.h"
#include "base/limits.h"

#define NOW INT64_C(1800000000)

static const email__resume_key key = {"mail.example.com", 465, EMAIL_TLS_1_2, 3, 7, 0};

/* Wiped and freed as one of no length. */
static email__tls_session *
session(void)
{
	email__tls_session *s = email__calloc(1, 64);

	assert_non_null(s);
	return s;
}

static bool
lent(const email__resume_key *now_key, int64_t now, bool unset)
{
	email__resumable r = {0};
	bool is;

	email__resumable_keep(&r, &key, session(), NOW, NOW + 3600);
	is = email__resumable_lend(&r, now_key, now, unset) != NULL;
	assert_true(is == (r.session != NULL)); /* what does not fit is gone */
	email__resumable_drop(&r);
	return is;
}

static void
every_part_of_the_key_counts(void **state)
{
	email__resume_key other;

	(void)state;
	assert_true(lent(&key, NOW, false));
	assert_true(lent(&key, NOW + 3600, false));
	other = key, other.host[0] = 'n';
	assert_false(lent(&other, NOW, false));
	other = key, other.port = 587;
	assert_false(lent(&other, NOW, false));
	other = key, other.min = EMAIL_TLS_1_3;
	assert_false(lent(&other, NOW, false));
	other = key, other.changes++;
	assert_false(lent(&other, NOW, false));
	other = key, other.generation++;
	assert_false(lent(&other, NOW, false));
	other = key, other.client = 1;
	assert_false(lent(&other, NOW, false));
}

static void
time_counts(void **state)
{
	email__resumable r = {0};

	(void)state;
	assert_false(lent(&key, NOW - 1, false));
	assert_false(lent(&key, NOW + 3601, false));
	assert_false(lent(&key, NOW, true));
	email__resumable_keep(&r, &key, session(), NOW, INT64_MAX);
	email__resumable_keep(&r, &key, session(), NOW, INT64_MAX); /* in place of the first */
	assert_non_null(email__resumable_lend(&r, &key, NOW + EMAIL__TLS_SESSION_SECONDS - 1, false));
	assert_null(email__resumable_lend(&r, &key, NOW + EMAIL__TLS_SESSION_SECONDS, false));
	assert_null(email__resumable_lend(&r, &key, NOW, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_of_the_key_counts),
		cmocka_unit_test(time_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
