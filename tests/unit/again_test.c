/* SPDX-License-Identifier: MIT */
/* Allowed Hosts judged again when a store changes, with no connection in between. */
#include "trust/again.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "trust/verdict_at.h"

#define HOST "mail.example.com"

static char folder[64], bundle[128];
static pki_cert root, middle, leaf, own;
static email_trust *trust;
static email__verdict v;

static void
write_bundle(const pki_cert *c)
{
	static char pem[16384];
	FILE *f = fopen(bundle, "wb");

	pem[0] = '\0';
	if (c)
		assert_int_equal(pki_pem_add(pem, sizeof pem, c), 0);
	assert_non_null(f);
	assert_int_equal(fwrite(pem, 1, strlen(pem), f), strlen(pem));
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	pki_spec spec = pki_server("CN=Own", "DNS:" HOST);

	(void)state;
	strcpy(folder, "/tmp/emailagainXXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(bundle, sizeof bundle, "%s/bundle.pem", folder);
	chain_good(&root, &middle, &leaf);
	chain_issue(&own, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	write_bundle(NULL);
	assert_non_null(trust = email_trust_new());
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", bundle), EMAIL_OK);
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	email_trust_free(trust);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static email_code
judge(int port, const pki_cert *const *sent, int64_t now)
{
	email__chain chain = {0};
	email_error e = {0};

	for (; sent[chain.count]; chain.count++) {
		chain.certificate[chain.count].der = sent[chain.count]->der;
		chain.certificate[chain.count].len = sent[chain.count]->len;
	}
	return email__trust_judge_at(trust, HOST, port, &chain, now ? now : email__clock_wall(), &v, &e);
}

/* Seen, and approved. */
static void
approve(int port, const pki_cert *const *sent)
{
	assert_int_equal(judge(port, sent, 0), EMAIL_E_TRUST);
	assert_int_equal(email_trust_approve(trust, HOST, port, v.certificate.sha256, 0), EMAIL_OK);
}

static bool
count(void *context, const email_allowed_host *row)
{
	*(unsigned *)context += row->redundant ? 0x10u : 1u;
	return true;
}

/* Redundant rows in the left digit, others in the right one. */
static unsigned
rows(void)
{
	unsigned n = 0;

	assert_int_equal(email_trust_list_hosts(trust, count, &n), EMAIL_OK);
	return n;
}

static email_trust *
another(void)
{
	email_trust *t = email_trust_new();

	assert_non_null(t);
	assert_int_equal(email_trust_open(t, folder), EMAIL_OK);
	return t;
}

/* The root alone does not reach down to the leaf: what was sent between them has been kept, on disk too. */
static void
test_import(void **state)
{
	email_trust *seen_by = trust;
	size_t removed;

	(void)state;
	approve(465, CHAIN(&leaf, &middle));
	approve(25, CHAIN(&own));
	assert_int_equal(rows(), 0x02);
	trust = another();
	email_trust_free(seen_by);
	assert_int_equal(email_trust_import(trust, root.der, root.len, "plant", NULL), EMAIL_OK);
	assert_true(trust->record.hosts.list[0].redundant); /* by the import itself */
	assert_int_equal(rows(), 0x11);
	/* taken away again, the exemption is needed again */
	assert_int_equal(email_trust_delete(trust, "plant"), EMAIL_OK);
	assert_int_equal(rows(), 0x02);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 0);
	assert_int_equal(email_trust_import(trust, root.der, root.len, "plant", NULL), EMAIL_OK);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 1);
	assert_int_equal(rows(), 0x01);
}

/* The operating system's store changes without a word: list and prune look for themselves. */
static void
test_system(void **state)
{
	size_t removed;

	(void)state;
	approve(465, CHAIN(&leaf, &middle));
	write_bundle(&root);
	assert_int_equal(rows(), 0x10);
	write_bundle(NULL);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", bundle), EMAIL_OK);
	assert_int_equal(rows(), 0x01);
	write_bundle(&root);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 1);
}

/* Another host's certificate verifies nothing here; nor does one without the CA that issued it. */
static void
test_not(void **state)
{
	pki_spec spec = pki_server("CN=Other", "DNS:other.example.com");
	pki_cert other;

	(void)state;
	chain_issue(&other, &spec, chain_key_of(KEY_LEAF), &middle, chain_key_of(KEY_MIDDLE));
	approve(465, CHAIN(&other, &middle));
	approve(25, CHAIN(&leaf));
	write_bundle(&root);
	assert_int_equal(rows(), 0x02);
}

/* What a connection found stays, though the row's own certificate says nothing of it. */
static void
test_marked_by_a_connection(void **state)
{
	(void)state;
	approve(465, CHAIN(&own));
	write_bundle(&root);
	assert_int_equal(judge(465, CHAIN(&leaf, &middle), 0), EMAIL_OK);
	assert_int_equal(rows(), 0x10);
	assert_int_equal(email_trust_import(trust, own.der, own.len, NULL, NULL), EMAIL_OK);
	assert_int_equal(rows(), 0x10);
}

/* Nothing is said while nobody knows what day it is, or a store cannot be read. */
static void
test_unsure(void **state)
{
	(void)state;
	approve(465, CHAIN(&leaf, &middle));
	assert_int_equal(email_trust_import(trust, root.der, root.len, "plant", NULL), EMAIL_OK);
	assert_true(trust->record.hosts.list[0].redundant);
	assert_int_equal(email__hosts_judge_again(trust, 86400, true), EMAIL_OK);
	assert_true(trust->record.hosts.list[0].redundant);
	unlink(bundle);
	assert_int_equal(email_trust_delete(trust, "plant"), EMAIL_OK);
	assert_true(trust->record.hosts.list[0].redundant);
	write_bundle(NULL);
	assert_int_equal(email__hosts_judge_again(trust, email__clock_wall(), true), EMAIL_OK);
	assert_false(trust->record.hosts.list[0].redundant);
}

/* As much as has room is kept, and a renewal takes the place of what was kept. */
static void
test_bound(void **state)
{
	static unsigned char big[EMAIL__ROW_CHAIN_MAX];
	const email__span one[2] = {{big, sizeof big}, {big, 1}}, two[2] = {{big, 1}, {big, sizeof big}};
	email__row *row;

	(void)state;
	approve(465, CHAIN(&leaf, &middle, &root));
	row = &trust->record.hosts.list[0];
	assert_int_equal(row->chain_len, middle.len + root.len);
	assert_int_equal(email__row_keep_chain(row, one, 2), EMAIL_OK);
	assert_int_equal(row->chain_len, sizeof big);
	row->saved = 5;
	row->changed = false;
	assert_int_equal(email__row_keep_chain(row, one, 1), EMAIL_OK);
	assert_false(row->changed);
	assert_int_equal(email__row_keep_chain(row, two, 2), EMAIL_OK);
	assert_int_equal(row->chain_len, 1);
	assert_true(row->changed && row->saved == 0);
	assert_int_equal(email__row_keep_chain(row, NULL, 0), EMAIL_OK);
	assert_int_equal(row->chain_len, 0);
	assert_int_equal(judge(465, CHAIN(&leaf, &middle), 0), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[0].chain_len, middle.len);
}

static void
test_memory(void **state)
{
	email_code rc;
	bool failed;
	size_t n;

	(void)state;
	approve(465, CHAIN(&leaf, &middle));
	for (n = 1;; n++) {
		email_test_fail_alloc(n);
		rc = email_trust_import(trust, root.der, root.len, "plant", NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		if (!failed)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
		assert_int_equal(rows(), 0x01);
	}
	assert_int_equal(rc, EMAIL_OK);
	assert_int_equal(rows(), 0x10);
	for (n = 1;; n++) {
		unsigned seen = 0;

		email_test_fail_alloc(n);
		rc = email_trust_list_hosts(trust, count, &seen);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		if (!failed)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
	}
	assert_int_equal(rc, EMAIL_OK);
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
	const struct CMUnitTest tests[] = {
		T(test_import), T(test_system), T(test_not),   T(test_marked_by_a_connection),
		T(test_unsure), T(test_bound),  T(test_memory)};

	return cmocka_run_group_tests(tests, NULL, end);
}
