/* SPDX-License-Identifier: MIT */
#include "service/sent.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/file.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "trust/when.h"

/* Some time after the build. */
#define NOW (EMAIL__BUILD_DATE + INT64_C(1000000))
#define DAY INT64_C(86400)

static char folder[] = "/tmp/sent_test.XXXXXX", path[64], lock_path[80];

static email__sent *
opened(int64_t now)
{
	email_error e = {0};
	email__sent *s = email__sent_open(path, now, &e);

	assert_non_null(s);
	assert_string_equal(e.text, "");
	return s;
}

/* A mail to these, up to a NULL. */
static email_code
try_add(email__sent *s, const char *id, const char *message_id, const char *const *to, int64_t now,
        email_error *e)
{
	email__recipient recipients[4] = {{0}};
	email__mailfile m = {.message_id = message_id, .recipients = recipients};

	for (; to[m.count]; m.count++)
		recipients[m.count].address = to[m.count];
	return email__sent_add(s, "Out", id, &m, now, e);
}

static const char *const duty[] = {"duty@example.com", NULL};

static void
add(email__sent *s, const char *id, const char *message_id, const char *const *to, int64_t now)
{
	email_error e = {0};

	assert_int_equal(try_add(s, id, message_id, to, now, &e), EMAIL_OK);
	assert_string_equal(e.text, "");
}

static void
put_file(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static long
file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (long)st.st_size;
}

static void
finds(email__sent *s)
{
	static const char *const two[] = {"Duty@Example.com", "\"b c\"@x.example", NULL};
	static const char *const night[] = {"noon@example.com", NULL};
	const email__sent_mail *m;

	assert_null(email__sent_by_id(s, "a1"));
	add(s, "a1", "<1@station>", two, NOW);
	add(s, "b2", "<2@station>", duty, NOW + 1);
	assert_non_null(m = email__sent_by_id(s, "a1"));
	assert_string_equal(m->account, "Out");
	assert_string_equal(m->message_id, "<1@station>");
	assert_true(m->time == NOW);
	assert_int_equal(m->count, 2);
	assert_string_equal(email__sent_recipient(m, "duty@EXAMPLE.com"), "Duty@Example.com");
	assert_string_equal(email__sent_recipient(m, "\"b c\"@x.example"), "\"b c\"@x.example");
	assert_null(email__sent_recipient(m, "uty@example.com"));
	assert_null(email__sent_recipient(m, ""));
	assert_string_equal(email__sent_by_id(s, "B2")->id, "b2");
	assert_string_equal(email__sent_by_message_id(s, "<2@station>")->id, "b2");
	assert_string_equal(email__sent_by_message_id(s, "2@station")->id, "b2");
	assert_null(email__sent_by_message_id(s, "<2@Station>"));
	assert_null(email__sent_by_message_id(s, "<2@station"));
	assert_null(email__sent_by_message_id(s, "<>"));
	assert_null(email__sent_by_message_id(s, ""));
	assert_null(email__sent_by_id(s, ""));
	/* of two with the same Message-ID the newer one */
	add(s, "c3", "<1@station>", duty, NOW + 2);
	assert_string_equal(email__sent_by_message_id(s, "<1@station>")->id, "c3");
	/* each attempt tells of the same mail */
	add(s, "a1", "<1@station>", two, NOW + 3);
	assert_int_equal(email__sent_count(s), 3);
	assert_true(email__sent_by_id(s, "a1")->time == NOW);
	add(s, "a1", "<1@station>", duty, NOW + 4);
	assert_int_equal(email__sent_count(s), 4);
	assert_int_equal(email__sent_by_id(s, "a1")->count, 1);
	/* whatever is another, also where the line is as long */
	add(s, "a1", "<1@station>", night, NOW + 5);
	assert_int_equal(email__sent_count(s), 5);
	assert_non_null(email__sent_recipient(email__sent_by_id(s, "a1"), "noon@example.com"));
	/* without an id there is nothing to know it by */
	add(s, "", "", duty, NOW);
	assert_int_equal(email__sent_count(s), 5);
}

static void
in_memory(void **state)
{
	email_error e = {0};
	email__sent *s = email__sent_open(NULL, NOW, &e);

	(void)state;
	assert_non_null(s);
	finds(s);
	email__sent_close(s);
	email__sent_close(NULL);
}

static void
in_a_file(void **state)
{
	email__sent *s;
	struct stat st;
	long size;

	(void)state;
	unlink(path);
	s = opened(NOW);
	finds(s);
	email__sent_close(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	size = file_size();
	s = opened(NOW);
	assert_int_equal(email__sent_count(s), 5);
	assert_string_equal(email__sent_by_message_id(s, "<2@station>")->id, "b2");
	assert_string_equal(email__sent_recipient(email__sent_by_id(s, "b2"), "duty@example.com"),
	                    "duty@example.com");
	add(s, "b2", "<2@station>", duty, NOW + 9);
	assert_int_equal(file_size(), size);
	email__sent_close(s);
}

/* What would end a line or a field does not; what is long is cut. */
static void
fields_are_cleaned(void **state)
{
	char longest[400];
	const char *const to[] = {"a\tb@x\ny", longest, NULL};
	email__sent *s;

	(void)state;
	unlink(path);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	s = opened(NOW);
	add(s, "a\n9\t", "<1\r\n@x>", to, NOW);
	add(s, longest, longest, to, -1);
	email__sent_close(s);
	s = opened(NOW);
	assert_int_equal(email__sent_count(s), 2);
	assert_string_equal(email__sent_by_id(s, "a?9?")->message_id, "<1??@x>");
	assert_string_equal(email__sent_recipient(email__sent_by_id(s, "a?9?"), "a?b@x?y"), "a?b@x?y");
	longest[EMAIL_ID_SIZE - 1] = '\0';
	assert_true(email__sent_by_id(s, longest)->time == 0);
	assert_int_equal(strlen(email__sent_by_id(s, longest)->message_id), EMAIL__MESSAGE_ID_MAX);
	email__sent_close(s);
}

static void
bounded_in_count(void **state)
{
	email__sent *s;
	char id[16], message_id[32];
	long most = 0;
	int i;

	(void)state;
	unlink(path);
	s = opened(NOW);
	for (i = 0; i < 3 * EMAIL__SENT_MAX; i++) {
		snprintf(id, sizeof id, "%d", i);
		snprintf(message_id, sizeof message_id, "<%d@station>", i);
		add(s, id, message_id, duty, NOW + i);
		if (file_size() > most)
			most = file_size();
	}
	assert_int_equal(email__sent_count(s), EMAIL__SENT_MAX);
	assert_null(email__sent_by_id(s, "3999"));
	assert_non_null(email__sent_by_id(s, "4000"));
	assert_string_equal(email__sent_by_message_id(s, "<5999@station>")->id, "5999");
	email__sent_close(s);
	/* a line has some 55 bytes, all of them some 110 kB: twice, and a bit */
	assert_true(most < 2 * 60 * EMAIL__SENT_MAX + 20000);
	s = opened(NOW);
	assert_int_equal(email__sent_count(s), EMAIL__SENT_MAX);
	assert_non_null(email__sent_by_id(s, "4000"));
	email__sent_close(s);
}

static void
bounded_in_bytes(void **state)
{
	static email__recipient recipients[EMAIL__RECIPIENTS_MAX];
	email__mailfile m = {.message_id = "<1@x>", .recipients = recipients, .count = EMAIL__RECIPIENTS_MAX};
	char address[EMAIL__ADDRESS_MAX + 1], id[16];
	email_error e = {0};
	email__sent *s;
	int i;

	(void)state;
	unlink(path);
	memset(address, 'a', sizeof address - 1);
	address[sizeof address - 1] = '\0';
	for (i = 0; i < EMAIL__RECIPIENTS_MAX; i++)
		recipients[i].address = address;
	email_test_fail_alloc(0);
	s = opened(NOW);
	for (i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "%d", i);
		assert_int_equal(email__sent_add(s, "Out", id, &m, NOW, &e), EMAIL_OK);
		assert_true(file_size() < 3 * EMAIL__SENT_BYTES_MAX);
	}
	/* what is kept, its copy for the file, and what makes these */
	assert_true(email_test_peak() < 5 * EMAIL__SENT_BYTES_MAX);
	assert_int_equal(email__sent_count(s), EMAIL__SENT_BYTES_MAX / (EMAIL__RECIPIENTS_MAX * 321));
	assert_int_equal(email__sent_by_id(s, "39")->count, EMAIL__RECIPIENTS_MAX);
	assert_null(email__sent_by_id(s, "30"));
	email__sent_close(s);
	email_test_fail_alloc_off();
	s = opened(NOW);
	assert_non_null(email__sent_by_id(s, "39"));
	email__sent_close(s);
}

static void
bounded_in_time(void **state)
{
	email__sent *s;

	(void)state;
	unlink(path);
	s = opened(NOW);
	add(s, "1", "<1@x>", duty, NOW);
	add(s, "2", "<2@x>", duty, NOW + 20 * DAY);
	assert_non_null(email__sent_by_id(s, "1"));
	add(s, "3", "<3@x>", duty, NOW + 30 * DAY + 1);
	assert_null(email__sent_by_id(s, "1"));
	assert_non_null(email__sent_by_id(s, "2"));
	email__sent_close(s);
	s = opened(NOW + 55 * DAY);
	assert_int_equal(email__sent_count(s), 1);
	email__sent_close(s);
	/* a clock that is not set ages nothing, neither before nor after it is */
	unlink(path);
	s = opened(17);
	add(s, "1", "<1@x>", duty, 17);
	add(s, "2", "<2@x>", duty, 17 + 40 * DAY);
	add(s, "3", "<3@x>", duty, NOW);
	assert_int_equal(email__sent_count(s), 3);
	/* nor one that jumps back */
	add(s, "4", "<4@x>", duty, 17);
	assert_int_equal(email__sent_count(s), 4);
	email__sent_close(s);
}

/* The file cut at every byte: what is whole counts, and it goes on from there. */
static void
survives_a_cut(void **state)
{
	static const char whole[] = "sent 1\n1\ta\tOut\t<1@x>\td@x\n2\tb\tOut\t<2@x>\n";
	size_t cut, first = 7 + 18, second = sizeof whole - 1;

	(void)state;
	assert_int_equal(whole[first - 1], '\n');
	for (cut = 0; cut <= second; cut++) {
		email__sent *s;

		put_file(whole, cut);
		s = opened(NOW);
		assert_int_equal(email__sent_count(s), (cut >= first) + (cut >= second));
		add(s, "c", "<3@x>", duty, NOW);
		email__sent_close(s);
		s = opened(NOW);
		assert_int_equal(email__sent_count(s), 1 + (cut >= first) + (cut >= second));
		assert_non_null(email__sent_by_id(s, "c"));
		email__sent_close(s);
	}
}

static void
hostile_files(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, count;
	} files[] = {
#define FILE_OF(text, count) {text, sizeof text - 1, count}
		FILE_OF("\n", 0),
		FILE_OF("sent 2\n1\ta\tOut\t<1@x>\n", 0),
		FILE_OF("sent 1", 0),
		FILE_OF("sent 1\n\n\t\n\t\t\t\t\t\n", 0),
		FILE_OF("sent 1\n1\ta\tOut\n", 0),
		FILE_OF("sent 1\nx\ta\tOut\t<1@x>\n", 0),
		FILE_OF("sent 1\n-1\ta\tOut\t<1@x>\n", 0),
		FILE_OF("sent 1\n99999999999999999999\ta\tOut\t<1@x>\n", 0),
		FILE_OF("sent 1\n1\ta\t\t<1@x>\n", 0),
		FILE_OF("sent 1\n1\t\tOut\t\td@x\n", 0),
		FILE_OF("sent 1\n1\ta\tOut\t<1@x>\0\n", 0),
		FILE_OF("sent 1\n1\t123456789012345678901234567890123\tOut\t<1@x>\n", 0),
		FILE_OF("sent 1\n1\ta\tOut\t<1@x>\t\t\td@x\t\n", 1),
		FILE_OF("sent 1\n9223372036854775807\ta\tOut\t\n", 0), /* longer than what is believed */
		FILE_OF("sent 1\n9223372036854775797\ta\tOut\t\n", 1),
		FILE_OF("sent 1\n1\ta\tOut\t<1@x>\r\xff\x1b[2J\n2\tb\tOut\t<2@x>\n", 2),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		const email__sent_mail *m;
		email__sent *s;

		put_file(files[i].bytes, files[i].n);
		s = opened(NOW);
		if (email__sent_count(s) != files[i].count)
			fail_msg("file %zu: %zu mails", i, email__sent_count(s));
		m = email__sent_by_id(s, "a");
		assert_true(!m || (email__sent_recipient(m, "d@x") != NULL) == (m->count == 1));
		assert_true(!m || m->count == 0 || strcmp(m->recipients, "d@x") == 0);
		add(s, "c", "<3@x>", duty, NOW);
		email__sent_close(s);
		s = opened(NOW);
		assert_int_equal(email__sent_count(s), files[i].count + 1);
		email__sent_close(s);
	}
}

static void
files_that_are_too_large(void **state)
{
	size_t n = 8 * 1024 * 1024, i;
	char *bytes = malloc(n);
	email_error e = {0};
	email__sent *s;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', n);
	memcpy(bytes, "sent 1\n", 7);
	put_file(bytes, n);
	assert_non_null(s = email__sent_open(path, NOW, &e));
	assert_int_equal(e.code, EMAIL_E_LIMIT);
	assert_int_equal(email__sent_count(s), 0);
	add(s, "a", "<1@x>", duty, NOW);
	assert_true(file_size() < 100);
	email__sent_close(s);
	/* one line that is too long, and one with too many recipients */
	memcpy(bytes + 7, "1\ta\tOut\t<1@x>\t", 14);
	for (n = 400000; n > 200000; n -= 150000) {
		bytes[n - 1] = '\n';
		put_file(bytes, n);
		s = opened(NOW);
		assert_int_equal(email__sent_count(s), n == 250000);
		email__sent_close(s);
	}
	i = 7 + (size_t)sprintf(bytes + 7, "1\ta\tOut\t<1@x>");
	n = i + 2 * EMAIL__RECIPIENTS_MAX;
	for (; i < n; i += 2)
		memcpy(bytes + i, "\tx", 2);
	bytes[n] = '\n';
	put_file(bytes, n + 1);
	s = opened(NOW);
	assert_int_equal(email__sent_by_id(s, "a")->count, EMAIL__RECIPIENTS_MAX);
	email__sent_close(s);
	memcpy(bytes + n, "\tx\n", 3);
	put_file(bytes, n + 3);
	s = opened(NOW);
	assert_int_equal(email__sent_count(s), 0);
	email__sent_close(s);
	free(bytes);
}

/* No file is to be had: it is remembered all the same, and told each time. */
static void
no_file(void **state)
{
	email_error e = {0};
	char no_lock[80];
	email__sent *s;

	(void)state;
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_non_null(s = email__sent_open(path, NOW, &e));
	assert_int_equal(e.code, EMAIL_E_FILE);
	memset(&e, 0, sizeof e);
	assert_int_equal(try_add(s, "a", "<1@x>", duty, NOW, &e), EMAIL_E_FILE);
	assert_true(strstr(e.text, path) != NULL);
	assert_non_null(email__sent_by_id(s, "a"));
	email__sent_close(s);
	rmdir(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	s = email__sent_open(path, NOW, &e);
	memset(&e, 0, sizeof e);
	assert_int_equal(try_add(s, "a", "<1@x>", duty, NOW, &e), EMAIL_E_FILE);
	assert_non_null(email__sent_by_id(s, "a"));
	email__sent_close(s);
	unlink(path);
	snprintf(no_lock, sizeof no_lock, "%s/none/sent", folder);
	memset(&e, 0, sizeof e);
	assert_non_null(s = email__sent_open(no_lock, NOW, &e));
	assert_int_equal(e.code, EMAIL_OK); /* a folder that is yet to be made */
	assert_int_equal(try_add(s, "a", "<1@x>", duty, NOW, &e), EMAIL_E_FILE);
	assert_non_null(email__sent_by_id(s, "a"));
	email__sent_close(s);
}

/* Two processes, or two objects: each sees what the other wrote, and neither drops it when it writes the file anew. */
static void
shared(void **state)
{
	email__sent *a, *b;
	char id[16];
	int i, lock;
	email_error e = {0};

	(void)state;
	unlink(path);
	a = opened(NOW);
	b = opened(NOW);
	for (i = 0; i < 700; i++) {
		snprintf(id, sizeof id, "%d", i);
		add(i % 3 ? a : b, id, "<1@x>", duty, NOW);
	}
	assert_non_null(email__sent_by_id(a, "0"));
	assert_non_null(email__sent_by_id(b, "1"));
	assert_int_equal(email__sent_count(a), 700);
	assert_int_equal(email__sent_count(b), 700);
	/* one writes it anew: the others' descriptors and stamps are of another file */
	assert_int_equal(unlink(path), 0);
	put_file("junk", 4);
	add(a, "x", "<1@x>", duty, NOW);
	add(b, "y", "<1@x>", duty, NOW);
	assert_int_equal(email__sent_count(b), 702);
	assert_non_null(email__sent_by_id(a, "y"));
	/* who has the lock for too long keeps nobody from remembering */
	assert_int_equal(email__lock_take(lock_path, 0, &lock, &e), EMAIL_OK);
	assert_int_not_equal(try_add(a, "z", "<1@x>", duty, NOW, &e), EMAIL_OK);
	assert_non_null(email__sent_by_id(a, "z"));
	assert_null(email__sent_by_id(b, "z"));
	email__lock_release(lock);
	email__sent_close(a);
	email__sent_close(b);
}

/* Whatever fails: no crash, no leak, and what is there afterwards is what was added, and no more. */
static void
no_memory(void **state)
{
	bool failed = true;
	size_t n, fine = 0;

	(void)state;
	for (n = 1; failed; n++) {
		email_error e = {0};
		email__sent *s;
		email_code rc;
		bool kept = false;

		put_file("sent 1\n1\ta\tOut\t<1@x>\td@x\n", 25);
		email_test_fail_alloc(n);
		if (!(s = email__sent_open(path, NOW, &e))) {
			assert_int_equal(e.code, EMAIL_E_MEMORY);
		} else {
			assert_true(e.code == EMAIL_OK || e.code == EMAIL_E_MEMORY);
			memset(&e, 0, sizeof e);
			rc = try_add(s, "b", "<2@x>", duty, NOW, &e);
			assert_true(rc == EMAIL_OK || rc == EMAIL_E_MEMORY);
			if (e.code != rc)
				fail_msg("%d %s", rc, e.text);
			kept = rc == EMAIL_OK;
			assert_true((email__sent_by_id(s, "b") != NULL) == kept);
		}
		failed = email_test_alloc_failed();
		email__sent_close(s);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		s = opened(NOW);
		assert_non_null(email__sent_by_id(s, "a"));
		assert_true((email__sent_by_id(s, "b") != NULL) == kept);
		email__sent_close(s);
		fine += kept;
	}
	assert_true(n > 5 && fine > 0);
	/* writing it anew */
	for (n = 1, failed = true; failed; n++) {
		email_error e = {0};
		email__sent *s;
		email_code rc;

		put_file("junk\n", 5);
		s = opened(NOW);
		email_test_fail_alloc(n);
		rc = try_add(s, "b", "<2@x>", duty, NOW, &e);
		failed = email_test_alloc_failed();
		assert_true(rc == EMAIL_OK || rc == EMAIL_E_MEMORY);
		email_test_fail_alloc_off();
		add(s, "c", "<3@x>", duty, NOW);
		email__sent_close(s);
		s = opened(NOW);
		assert_non_null(email__sent_by_id(s, "c"));
		email__sent_close(s);
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),
		cmocka_unit_test(in_a_file),
		cmocka_unit_test(fields_are_cleaned),
		cmocka_unit_test(bounded_in_count),
		cmocka_unit_test(bounded_in_bytes),
		cmocka_unit_test(bounded_in_time),
		cmocka_unit_test(survives_a_cut),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(files_that_are_too_large),
		cmocka_unit_test(no_file),
		cmocka_unit_test(shared),
		cmocka_unit_test(no_memory),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/sent", folder);
	snprintf(lock_path, sizeof lock_path, "%s.lock", path);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	unlink(lock_path);
	rmdir(folder);
	return failed;
}
