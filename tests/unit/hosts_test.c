/* SPDX-License-Identifier: MIT */
/* Allowed Hosts without a sheet: rules 5 and 6, the bounds, and what a person does. */
#include "trust/hosts.h"

#include "base/limits.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define MANY 70
static pki_cert certs[MANY]; /* of different keys */
static email__cert parsed[MANY];
static const email_reasons SELF = EMAIL_REASON(SELF_SIGNED);

static int
make(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		pki_spec spec = pki_server("CN=Server", "DNS:mail.example.com");
		pki_key *key = pki_key_new(PKI_EC_P256);

		assert_non_null(key);
		chain_issue(&certs[i], &spec, key, NULL, NULL);
		pki_key_free(key);
		assert_true(email__cert_parse(email__span_of(certs[i].der, certs[i].len), &parsed[i]));
	}
	return 0;
}

static email__row *
see(email__hosts *hosts, const char *host, int port, size_t which, bool *first)
{
	email_code rc;
	email__row *row = email__hosts_record(hosts, host, port, &parsed[which], SELF, 1000 + (int64_t)which,
	                                      first, &rc);

	assert_int_equal(rc, row ? EMAIL_OK : EMAIL_E_LIMIT);
	return row;
}

static void
test_life(void **state)
{
	email__hosts hosts = {0};
	email__row *row;
	bool first;

	(void)state;
	row = see(&hosts, "a.example", 465, 0, &first);
	assert_true(first);
	assert_int_equal(row->approval, EMAIL_APPROVAL_NO);
	assert_int_equal(row->count, 1);
	assert_false(email__row_allows(row, 1000, false));
	row = see(&hosts, "a.example", 465, 0, &first);
	assert_false(first);
	assert_int_equal(row->count, 2);
	assert_int_equal(hosts.count, 1);
	email__hosts_approve(row, 1001, 0);
	assert_true(email__row_allows(row, 1002, false));
	assert_true(email__row_allows(row, 1002, true));
	/* another port, another host: another row */
	row = see(&hosts, "a.example", 25, 0, &first);
	assert_int_equal(row->approval, EMAIL_APPROVAL_NO);
	row = see(&hosts, "b.example", 465, 0, &first);
	assert_int_equal(row->approval, EMAIL_APPROVAL_NO);
	assert_int_equal(hosts.count, 3);
	email__hosts_dispose(&hosts);
}

static void
test_until(void **state)
{
	email__hosts hosts = {0};
	bool first;
	email__row *row = see(&hosts, "a.example", 465, 0, &first);

	(void)state;
	email__hosts_approve(row, 1000, 2000);
	assert_true(email__row_allows(row, 2000, false));
	assert_false(email__row_allows(row, 2001, false));
	assert_false(email__row_allows(row, 1500, true)); /* nobody knows whether it is over */
	email__hosts_refuse(&hosts, row, EMAIL_APPROVAL_REJECTED);
	assert_false(email__row_allows(row, 1500, false));
	assert_int_equal(row->until, 0);
	email__hosts_dispose(&hosts);
}

static void
test_key_changed(void **state)
{
	email__hosts hosts = {0};
	email__row *row;
	bool first;
	char old[65];

	(void)state;
	row = see(&hosts, "a.example", 465, 0, &first);
	snprintf(old, sizeof old, "%s", row->key_sha256);
	assert_int_equal(email__hosts_accept(&hosts, row, 5), EMAIL_E_VALUE);
	email__hosts_approve(row, 1001, 0);
	row = see(&hosts, "a.example", 465, 1, &first);
	assert_true(first);
	assert_int_equal(row->approval, EMAIL_APPROVAL_KEY_CHANGED);
	assert_false(email__row_allows(row, 1002, false));
	/* the old approval stays for its own key */
	row = email__hosts_find(&hosts, "a.example", 465, old);
	assert_true(email__row_allows(row, 1002, false));
	/* accepted: the old one goes */
	row = see(&hosts, "a.example", 465, 1, &first);
	assert_int_equal(email__hosts_accept(&hosts, row, 1003), EMAIL_OK);
	assert_int_equal(hosts.count, 1);
	assert_int_equal(hosts.list[0].approval, EMAIL_APPROVAL_YES);
	assert_int_equal(hosts.list[0].approved, 1003);
	assert_null(email__hosts_find(&hosts, "a.example", 465, old));
	/* the approval withdrawn: what was "key changed" is an ordinary row */
	row = see(&hosts, "a.example", 465, 2, &first);
	assert_int_equal(row->approval, EMAIL_APPROVAL_KEY_CHANGED);
	email__hosts_refuse(&hosts, &hosts.list[0], EMAIL_APPROVAL_NO);
	assert_int_equal(hosts.list[1].approval, EMAIL_APPROVAL_NO);
	email__hosts_approve(&hosts.list[0], 1004, 0);
	hosts.list[1].approval = EMAIL_APPROVAL_KEY_CHANGED;
	email__hosts_delete(&hosts, &hosts.list[0]);
	assert_int_equal(hosts.list[0].approval, EMAIL_APPROVAL_NO);
	email__hosts_dispose(&hosts);
}

/* The pin is the key: a certificate renewed with it takes its place, approved or not. */
static void
test_renewed(void **state)
{
	email__hosts hosts = {0};
	pki_cert c[2];
	email__cert cert[2];
	pki_spec spec = pki_server("CN=Server", "DNS:mail.example.com");
	email__row *row;
	email_code rc;
	bool first;
	char old[65];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		spec.serial = 77 + (unsigned)i;
		chain_issue(&c[i], &spec, chain_key_of(KEY_LEAF), NULL, NULL);
		assert_true(email__cert_parse(email__span_of(c[i].der, c[i].len), &cert[i]));
	}
	row = email__hosts_record(&hosts, "a.example", 465, &cert[0], SELF, 1, &first, &rc);
	email__hosts_approve(row, 1, 0);
	snprintf(old, sizeof old, "%s", row->sha256);
	row = email__hosts_record(&hosts, "a.example", 465, &cert[1], SELF, 2, &first, &rc);
	assert_false(first);
	assert_int_equal(hosts.count, 1);
	assert_true(email__row_allows(row, 2, false));
	assert_string_not_equal(row->sha256, old);
	assert_int_equal(row->der_len, c[1].len);
	email__hosts_dispose(&hosts);
}

static void
test_bounds(void **state)
{
	email__hosts hosts = {0};
	email__row *row;
	bool first;
	char name[32], oldest[65];
	size_t i;

	(void)state;
	/* 4 unapproved a host and port, the oldest makes room, an approved one never */
	row = see(&hosts, "a.example", 465, 0, &first);
	email__hosts_approve(row, 1, 0);
	for (i = 1; i <= 4; i++)
		see(&hosts, "a.example", 465, i, &first);
	snprintf(oldest, sizeof oldest, "%s", hosts.list[1].key_sha256);
	assert_int_equal(hosts.count, 5);
	see(&hosts, "a.example", 465, 5, &first);
	assert_int_equal(hosts.count, 5);
	assert_int_equal(hosts.list[0].approval, EMAIL_APPROVAL_YES);
	assert_null(email__hosts_find(&hosts, "a.example", 465, oldest));
	/* 64 in all */
	for (i = 0; i < 70; i++) {
		snprintf(name, sizeof name, "h%u.example", (unsigned)i);
		see(&hosts, name, 465, i, &first);
	}
	assert_int_equal(hosts.count, 1 + 64);
	assert_int_equal(hosts.list[0].approval, EMAIL_APPROVAL_YES);
	/* 500 rows in all: approved ones fill the table, and none of them goes */
	for (i = 0; hosts.count < EMAIL__HOSTS_MAX; i++) {
		snprintf(name, sizeof name, "y%u.example", (unsigned)i);
		row = see(&hosts, name, 465, 0, &first);
		email__hosts_approve(row, 1, 0);
	}
	for (i = 0; i < 63; i++) { /* as many as are left unapproved */
		snprintf(name, sizeof name, "z%u.example", (unsigned)i);
		row = see(&hosts, name, 465, 0, &first);
		assert_non_null(row);
		email__hosts_approve(row, 1, 0);
		assert_int_equal(hosts.count, EMAIL__HOSTS_MAX);
	}
	assert_null(see(&hosts, "last.example", 465, 0, &first));
	assert_int_equal(hosts.count, EMAIL__HOSTS_MAX);
	email__hosts_dispose(&hosts);
}

static void
test_pick(void **state)
{
	email__hosts hosts = {0};
	email__row *row, *found;
	bool first;
	char typed[128];
	size_t i, n = 0;

	(void)state;
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, NULL, &found), EMAIL_E_UNKNOWN);
	row = see(&hosts, "a.example", 465, 0, &first);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, NULL, &found), EMAIL_OK);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 25, NULL, &found), EMAIL_E_UNKNOWN);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, row->sha256, &found), EMAIL_OK);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, row->key_sha256, &found), EMAIL_OK);
	for (i = 0; row->sha256[i]; i++) {
		typed[n++] = (char)(row->sha256[i] >= 'a' ? row->sha256[i] - 32 : row->sha256[i]);
		if (i % 2 && row->sha256[i + 1])
			typed[n++] = ':';
	}
	typed[n] = '\0';
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, typed, &found), EMAIL_OK);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, "", &found), EMAIL_E_VALUE);
	typed[n - 1] = '\0'; /* a part of it is none of it */
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, typed, &found), EMAIL_E_VALUE);
	see(&hosts, "a.example", 465, 1, &first);
	assert_int_equal(email__hosts_pick(&hosts, "a.example", 465, NULL, &found), EMAIL_E_VALUE);
	email__hosts_dispose(&hosts);
}

static void
test_redundant(void **state)
{
	email__hosts hosts = {0};
	bool first;

	(void)state;
	see(&hosts, "a.example", 465, 0, &first);
	see(&hosts, "b.example", 465, 0, &first);
	assert_true(email__hosts_mark(&hosts, "a.example", 465, true));
	assert_false(email__hosts_mark(&hosts, "a.example", 465, true));
	assert_false(email__hosts_mark(&hosts, "c.example", 465, true));
	assert_int_equal(email__hosts_prune(&hosts), 1);
	assert_int_equal(hosts.count, 1);
	assert_string_equal(hosts.list[0].host, "b.example");
	/* seen without a store's word again, it is needed again */
	email__hosts_mark(&hosts, "b.example", 465, true);
	assert_false(see(&hosts, "b.example", 465, 0, &first)->redundant);
	email__hosts_dispose(&hosts);
}

/* The first times reach the sheet at once, later ones hourly (approved) or each minute. */
static void
test_due(void **state)
{
	email__row row = {.changed = true, .count = 16, .last_seen = 1000, .saved = 1000};

	(void)state;
	assert_true(email__row_due(&row));
	row.count = 17;
	assert_false(email__row_due(&row));
	row.last_seen = 1060;
	assert_true(email__row_due(&row));
	row.approval = EMAIL_APPROVAL_YES;
	assert_false(email__row_due(&row));
	row.last_seen = 4600;
	assert_true(email__row_due(&row));
	row.last_seen = 900; /* the clock went back */
	assert_true(email__row_due(&row));
}

static void
test_memory(void **state)
{
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email__hosts hosts = {0};
		email_code rc;
		bool first, failed;

		email_test_fail_alloc(n);
		email__hosts_record(&hosts, "a.example", 465, &parsed[0], SELF, 1, &first, &rc);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(hosts.count, failed ? 0 : 1);
		email__hosts_dispose(&hosts);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
	assert_true(n > 3);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),        cmocka_unit_test(test_until),
		cmocka_unit_test(test_key_changed), cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_bounds),      cmocka_unit_test(test_pick),
		cmocka_unit_test(test_redundant),   cmocka_unit_test(test_due),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, make, end);
}
