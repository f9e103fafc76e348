/* SPDX-License-Identifier: MIT */
/*
 * Every golden dialogue in tests/transcripts/imap: whole, byte by byte, at every chunk size, with the
 * client's bytes drained in pieces, cut off at every byte, and with every allocation failing.
 */
#include <dirent.h>

#include "support/cm.h"
#include "support/failalloc.h"
#include "support/replay_imap.h"

#define FOLDER "tests/transcripts/imap"
static const size_t never = (size_t)-1;

static unsigned
try(email_test_imap *t, const char *name, email_test_how how)
{
	const char *bad = email_test_imap_replay(t, &how);

	if (bad)
		fprintf(stderr, "%s: %s\n", name, bad);
	return bad != NULL;
}

static unsigned
try_all(email_test_imap *t, const char *name)
{
	size_t size = email_test_imap_size(t), i;
	unsigned bad = try(t, name, (email_test_how){0, 0, never, false, false});
	size_t n, all;

	bad += bad ? 0 : try(t, name, (email_test_how){0, 0, never, false, true});
	for (i = 1; i <= size && i <= 300 && !bad; i++)
		bad += try(t, name, (email_test_how){i, 0, never, false, false});
	for (i = 1; i <= 7 && !bad; i++)
		bad += try(t, name, (email_test_how){i, i * i * i, never, false, i == 1});
	for (i = 0; i < size && i < 5000 && !bad; i++)
		bad += try(t, name, (email_test_how){0, 0, i, false, false});
	for (i = 0; i < size && i < 5000 && !bad; i += 3)
		bad += try(t, name, (email_test_how){1, 0, i, false, false});
	email_test_fail_alloc_off();
	email_test_fail_alloc_from(0);
	try(t, name, (email_test_how){0, 0, never, false, false});
	all = email_test_allocs();
	for (n = 1; n <= all && !bad; n++) {
		email_test_fail_alloc(n);
		bad += try(t, name, (email_test_how){0, 0, never, true, false});
		email_test_fail_alloc_from(n);
		bad += try(t, name, (email_test_how){0, 0, never, true, false});
	}
	bad += email_test_blocks() != 0;
	email_test_fail_alloc_off();
	return bad;
}

static void
transcripts(void **state)
{
	DIR *d = opendir(FOLDER);
	struct dirent *e;
	unsigned bad = 0, count = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[512];
		email_test_imap *t;

		if (!strstr(e->d_name, ".txt"))
			continue;
		snprintf(path, sizeof path, FOLDER "/%s", e->d_name);
		t = email_test_imap_load(path);
		assert_non_null(t);
		bad += try_all(t, e->d_name);
		email_test_imap_free(t);
		count++;
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_true(count >= 150);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(transcripts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
