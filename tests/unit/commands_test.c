/* SPDX-License-Identifier: MIT */
/* What a person does with Allowed Hosts, as the public calls have it: what must be quoted, and what is said
 * where it was wrong. */
#include <emailservice/trust.h>
#include <stdlib.h>

#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"
#include "trust/object.h"

#define HOST "mail.example.com"

static email_trust *trust;
static pki_cert own[3];

static int
setup(void **state)
{
	pki_spec spec = pki_server("CN=Own", "DNS:" HOST);
	size_t i;

	chain_setup(state);
	for (i = 0; i < 3; i++)
		chain_issue(&own[i], &spec,
		            chain_key_of(i == 0   ? KEY_LEAF
		                         : i == 1 ? KEY_OTHER
		                                  : KEY_MIDDLE_2),
		            NULL, NULL);
	assert_non_null(trust = email_trust_new());
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email_trust_free(trust);
	return 0;
}

/* A server was seen. */
static email__row *
see(const char *host, int port, const pki_cert *c)
{
	email__cert cert;
	email__row *row;
	email_code rc;
	bool first;

	assert_true(email__cert_parse(email__span_of(c->der, c->len), &cert));
	row = email__hosts_record(&trust->record.hosts, host, port, &cert, EMAIL_REASON(SELF_SIGNED),
	                          email__clock_wall(), &first, &rc);
	assert_non_null(row);
	return row;
}

static const char *
said(void)
{
	return email_trust_error(trust)->text;
}

static void
test_quoting(void **state)
{
	char sha[65], key[65], other[65];

	(void)state;
	strcpy(other, see(HOST, 25, &own[1])->sha256);
	strcpy(sha, see(HOST, 465, &own[0])->sha256);
	strcpy(key, trust->record.hosts.list[1].key_sha256);
	/* approving from outside quotes what was looked at, even where there is one row only */
	assert_int_equal(email_trust_approve(trust, HOST, 465, NULL, 0), EMAIL_E_VALUE);
	assert_non_null(strstr(said(), "SHA-256"));
	assert_int_equal(email_trust_approve(trust, HOST, 465, other, 0), EMAIL_E_VALUE);
	assert_int_equal(email_trust_approve(trust, HOST, 465, "zz", 0), EMAIL_E_VALUE);
	assert_int_equal(email_trust_approve(trust, HOST, 993, sha, 0), EMAIL_E_UNKNOWN);
	assert_non_null(strstr(said(), "993"));
	assert_int_equal(email_trust_approve(trust, "a b", 465, sha, 0), EMAIL_E_UNKNOWN);
	assert_int_equal(trust->record.hosts.list[1].approval, EMAIL_APPROVAL_NO);
	assert_int_equal(email_trust_approve(trust, "MAIL.example.com.", 465, key, 5000000000), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[1].approval, EMAIL_APPROVAL_YES);
	assert_int_equal(trust->record.hosts.list[1].until, 5000000000);
	assert_true(trust->record.hosts.list[1].approved > 0);
	assert_int_equal(trust->record.hosts.list[0].approval, EMAIL_APPROVAL_NO);
	/* the rest takes the one row that there is */
	assert_int_equal(email_trust_reject(trust, HOST, 465, NULL), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[1].approval, EMAIL_APPROVAL_REJECTED);
	assert_int_equal(email_trust_unapprove(trust, HOST, 465, NULL), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[1].approval, EMAIL_APPROVAL_NO);
	assert_int_equal(email_trust_delete_host(trust, HOST, 465, NULL), EMAIL_OK);
	assert_int_equal(trust->record.hosts.count, 1);
}

static void
test_changed_key(void **state)
{
	char old[65], new[65];

	(void)state;
	strcpy(old, see(HOST, 465, &own[0])->sha256);
	assert_int_equal(email_trust_accept_key(trust, HOST, 465, old), EMAIL_E_VALUE);
	assert_non_null(strstr(said(), "no changed key"));
	assert_int_equal(email_trust_approve(trust, HOST, 465, old, 0), EMAIL_OK);
	strcpy(new, see(HOST, 465, &own[1])->sha256);
	assert_int_equal(trust->record.hosts.list[1].approval, EMAIL_APPROVAL_KEY_CHANGED);
	assert_int_equal(trust->record.hosts.list[0].approval, EMAIL_APPROVAL_YES);
	/* two rows: which one must be said */
	assert_int_equal(email_trust_reject(trust, HOST, 465, NULL), EMAIL_E_VALUE);
	assert_int_equal(email_trust_accept_key(trust, HOST, 465, NULL), EMAIL_E_VALUE);
	assert_int_equal(email_trust_accept_key(trust, HOST, 465, old), EMAIL_E_VALUE);
	assert_int_equal(email_trust_accept_key(trust, HOST, 465, new), EMAIL_OK);
	assert_int_equal(trust->record.hosts.count, 1);
	assert_string_equal(trust->record.hosts.list[0].sha256, new);
	assert_int_equal(trust->record.hosts.list[0].approval, EMAIL_APPROVAL_YES);
}

static bool
keep(void *context, const email_allowed_host *row)
{
	*(email_allowed_host *)context = *row;
	return false;
}

static void
test_reading(void **state)
{
	email_allowed_host row = {.port = 0};
	char pem[8192], want[8192] = "";
	size_t removed = 9;

	(void)state;
	see(HOST, 465, &own[0]);
	see(HOST, 25, &own[1]);
	assert_int_equal(email_trust_list_hosts(trust, keep, &row), EMAIL_OK);
	assert_string_equal(row.host, HOST);
	assert_int_equal(row.port, 465); /* it was stopped after the first */
	assert_string_equal(row.certificate.subject, "CN=Own");
	assert_int_equal(row.reasons, EMAIL_REASON(SELF_SIGNED));
	assert_int_equal(row.count, 1);
	assert_true(row.created > 0 && row.last_seen == row.created && row.approved == 0 && row.until == 0);
	assert_int_equal(pki_pem_add(want, sizeof want, &own[0]), 0);
	assert_int_equal(
		email_trust_export_host(trust, HOST, 465, row.certificate.public_key_sha256, pem, sizeof pem),
		0);
	assert_string_equal(pem, want);
	assert_int_equal(email_trust_export_host(trust, HOST, 465, NULL, pem, 10), EMAIL_E_LIMIT);
	assert_int_equal(email_trust_export_host(trust, HOST, 993, NULL, pem, sizeof pem), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_export_host(trust, "", 465, NULL, pem, sizeof pem), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 0);
	assert_int_equal(email_trust_import(trust, own[0].der, own[0].len, NULL, NULL), EMAIL_OK);
	assert_int_equal(email_trust_prune(trust, NULL), EMAIL_OK);
	assert_int_equal(trust->record.hosts.count, 1);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_quoting), T(test_changed_key), T(test_reading)};

	return cmocka_run_group_tests(tests, NULL, end);
}
