/* SPDX-License-Identifier: MIT */
/* The trust object and its sheet: transactions, what another process did, and what a broken file does. */
#include "trust/object.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "support/chains.h"
#include "support/cm.h"
#include "trust/verdict.h"

static char folder[64], path[128];
static email_trust *trust;
static email_error e;

static int
setup(void **state)
{
	chain_setup(state);
	strcpy(folder, "/tmp/emailobjectXXXXXX");
	assert_non_null(mkdtemp(folder));
	strcat(folder, "/state"); /* made when it is first needed */
	snprintf(path, sizeof path, "%s/trust.xml", folder);
	assert_non_null(trust = email_trust_new());
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	memset(&e, 0, sizeof e);
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	email_trust_free(trust);
	snprintf(command, sizeof command, "rm -rf %.50s", folder);
	*strrchr(command, '/') = '\0';
	return system(command);
}

static email_code
add(email_trust *t, void *context)
{
	return email__record_add_root(&t->record, context, email__span_of(made.root.der, made.root.len));
}

static email_code
add_and_fail(email_trust *t, void *context)
{
	assert_int_equal(add(t, context), EMAIL_OK);
	return EMAIL_E_LIMIT;
}

static email_code
never(email_trust *t, void *context)
{
	(void)t;
	(void)context;
	fail_msg("a change was tried on a sheet that cannot be read");
	return EMAIL_OK;
}

static void
break_sheet(void)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fputs("<trust", f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_change(void **state)
{
	struct stat st;
	email_trust *other = email_trust_new();

	(void)state;
	assert_int_equal(stat(folder, &st), -1);
	assert_int_equal(email__trust_change(trust, add, (void *)(uintptr_t) "a", &e), EMAIL_OK);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* what fails is not there afterwards, neither here nor on disk */
	assert_int_equal(email__trust_change(trust, add_and_fail, (void *)(uintptr_t) "b", &e),
	                 EMAIL_E_LIMIT);
	assert_int_equal(e.code, EMAIL_E_LIMIT);
	assert_int_equal(email__trust_refresh(trust, NULL), EMAIL_OK);
	assert_int_equal(trust->record.root_count, 1);
	assert_int_equal(email_trust_open(other, folder), EMAIL_OK);
	assert_int_equal(other->record.root_count, 1);
	/* a change by one is there for the next change by the other */
	assert_int_equal(email__trust_change(other, add, (void *)(uintptr_t) "c", &e), EMAIL_OK);
	assert_int_equal(email__trust_change(trust, add, (void *)(uintptr_t) "d", &e), EMAIL_OK);
	assert_int_equal(trust->record.root_count, 3);
	assert_int_equal(email__trust_refresh(other, NULL), EMAIL_OK);
	assert_int_equal(other->record.root_count, 3);
	/* a folder that cannot be written to */
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(email__trust_change(other, add, (void *)(uintptr_t) "f", NULL), EMAIL_E_SHEET);
	assert_int_equal(rmdir(path), 0);
	email_trust_free(other);
}

/* Without a folder all of it is kept in memory; nothing is written anywhere. */
static void
test_in_memory(void **state)
{
	email_trust *t = email_trust_new();

	(void)state;
	assert_int_equal(email__trust_change(t, add, (void *)(uintptr_t) "a", &e), EMAIL_OK);
	assert_int_equal(t->record.root_count, 1);
	assert_int_equal(email__trust_refresh(t, NULL), EMAIL_OK);
	assert_int_equal(t->record.root_count, 1);
	email_trust_free(t);
}

static void
test_fault(void **state)
{
	email_error why = {0};
	struct stat st;

	(void)state;
	assert_int_equal(email__trust_change(trust, add, (void *)(uintptr_t) "a", &e), EMAIL_OK);
	assert_false(email__trust_fault(trust, &why));
	break_sheet();
	assert_int_equal(email__trust_refresh(trust, NULL), EMAIL_OK);
	assert_true(email__trust_fault(trust, &why));
	assert_int_equal(why.code, EMAIL_E_SHEET);
	assert_false(why.temporary);
	assert_non_null(strstr(why.remedy, "trust.xml"));
	assert_int_equal(trust->record.hosts.count, 0);
	assert_int_equal(trust->record.root_count, 1); /* roots stay as last read */
	assert_int_equal(email__trust_change(trust, never, NULL, &e), EMAIL_E_SHEET);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	/* put away: an empty one takes its place, and the fault is over */
	assert_int_equal(remove(path), 0);
	assert_int_equal(email__trust_refresh(trust, NULL), EMAIL_OK);
	assert_false(email__trust_fault(trust, &why));
	assert_int_equal(trust->record.root_count, 0);
	assert_false(email__trust_fault(NULL, &why));
}

/* Rows that two processes approve at the same time are all there afterwards. */
static void
test_two_processes(void **state)
{
	enum { EACH = 20 };
	char alias[24];
	pid_t child;
	int i, status;

	(void)state;
	if ((child = fork()) == 0) {
		email_trust *t = email_trust_new();
		int bad = !t || email_trust_open(t, folder);

		for (i = 0; i < EACH && !bad; i++) {
			snprintf(alias, sizeof alias, "child-%d", i);
			bad = email__trust_change(t, add, alias, NULL) != EMAIL_OK;
		}
		_exit(bad);
	}
	assert_true(child > 0);
	for (i = 0; i < EACH; i++) {
		snprintf(alias, sizeof alias, "parent-%d", i);
		assert_int_equal(email__trust_change(trust, add, alias, &e), EMAIL_OK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(email__trust_refresh(trust, NULL), EMAIL_OK);
	assert_int_equal(trust->record.root_count, 2 * EACH);
}

static email_code
see(email_trust *t, void *context)
{
	email__cert leaf;
	email_code rc;
	bool first;

	assert_true(email__cert_parse(email__span_of(made.leaf.der, made.leaf.len), &leaf));
	assert_non_null(email__hosts_record(&t->record.hosts, context, 465, &leaf, 1, 1000, &first, &rc));
	return EMAIL_OK;
}

/* Counts that only memory knows of yet survive what another process writes. */
static void
test_counts(void **state)
{
	void *host = (void *)(uintptr_t) "a.example";
	email_trust *other = email_trust_new();

	(void)state;
	assert_int_equal(email__trust_change(trust, see, host, &e), EMAIL_OK);
	assert_int_equal(see(trust, host), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[0].unsaved, 1);
	assert_int_equal(email_trust_open(other, folder), EMAIL_OK);
	assert_int_equal(other->record.hosts.list[0].count, 1);
	assert_int_equal(email__trust_change(other, see, host, &e), EMAIL_OK);
	assert_int_equal(email__trust_refresh(trust, NULL), EMAIL_OK);
	assert_int_equal(trust->record.hosts.list[0].count, 3);
	assert_int_equal(email__trust_change(trust, add, (void *)(uintptr_t) "a", &e), EMAIL_OK);
	assert_int_equal(email__trust_refresh(other, NULL), EMAIL_OK);
	assert_int_equal(other->record.hosts.list[0].count, 3);
	email_trust_free(other);
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
	const struct CMUnitTest tests[] = {T(test_change), T(test_in_memory), T(test_fault),
	                                   T(test_two_processes), T(test_counts)};

	return cmocka_run_group_tests(tests, NULL, end);
}
