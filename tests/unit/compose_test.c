/* SPDX-License-Identifier: MIT */
#include "mime/compose.h"

#include <stdlib.h>
#include <unistd.h>

#include "support/cm.h"
#include "support/failalloc.h"

static email_message *m;
static email__envelope envelope;
static email_error error;
static email__defaults defaults;
static char path[] = "/tmp/compose_test_XXXXXX";
static char bytes[100000];

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **state)
{
	(void)state;
	memset(&error, 0, sizeof error);
	defaults = (email__defaults){.now = 1795509000, .offset = 60};
	write_file("From: a@x.example\nTo: b@y.example\nBcc: c@z.example\n\nbody\n");
	m = email_message_new();
	return m ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_message_free(m);
	return 0;
}

static void
fill(email_message *x)
{
	assert_int_equal(email_message_set_from(x, "a@x.example"), EMAIL_OK);
	assert_int_equal(email_message_add_to(x, "b@y.example, c@Z.example"), EMAIL_OK);
	assert_int_equal(email_message_add_cc(x, "C <c@z.example>, \"b\"@y.example"), EMAIL_OK);
	assert_int_equal(email_message_add_bcc(x, "d@z.example, b@y.example, B@y.example"), EMAIL_OK);
	assert_int_equal(email_message_set_text(x, "text \xC3\xA9\n"), EMAIL_OK);
	assert_int_equal(email_message_attach_data(x, "a.bin", NULL, "0123456789", 10), EMAIL_OK);
}

static email_code
prepare(void)
{
	memset(&error, 0, sizeof error);
	return email__message_prepare(m, &defaults, &envelope, &error);
}

/* All bytes, `chunk` at a time. */
static size_t
pull(size_t chunk)
{
	email__source s = email__message_source(m);
	size_t n = 0, got = 1;

	while (got) {
		assert_true(n + chunk <= sizeof bytes);
		assert_int_equal(s.read(s.context, (unsigned char *)bytes + n, chunk, &got), EMAIL_OK);
		assert_true(got <= chunk);
		n += got;
	}
	bytes[n] = '\0';
	return n;
}

static void
envelope_of_a_message(void **state)
{
	static const char *const want[] = {"b@y.example", "c@z.example", "d@z.example", "B@y.example"};
	size_t i;

	(void)state;
	fill(m);
	assert_int_equal(email_message_set_dsn(m, EMAIL_DSN_FAILURE), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_string_equal(envelope.from, "a@x.example");
	assert_int_equal(envelope.count, 4);
	for (i = 0; i < 4; i++)
		assert_string_equal(envelope.recipients[i], want[i]);
	assert_int_equal(envelope.dsn, EMAIL_DSN_FAILURE);
	assert_false(envelope.eight_bit || envelope.utf8);
	assert_int_equal(envelope.size, pull(5000));
	assert_non_null(strstr(envelope.message_id, "@x.example>"));
	assert_non_null(strstr(bytes, envelope.message_id));
	assert_non_null(strstr(bytes, "Date: Tue, 24 Nov 2026 09:30:00 +0100\r\n"));
	assert_null(strstr(bytes, "d@z.example"));
	/* a hidden recipient's address needs SMTPUTF8, though the bytes do not */
	assert_int_equal(email_message_add_bcc(m, "\xC3\xA9@z.example"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_true(envelope.utf8 && !envelope.eight_bit);
}

static void
same_bytes(void **state)
{
	char *first;
	size_t n, chunk;

	(void)state;
	fill(m);
	assert_int_equal(prepare(), EMAIL_OK);
	n = pull(5000);
	first = strdup(bytes);
	for (chunk = 1; chunk < 600; chunk++) {
		defaults.now += 1000;
		defaults.offset = 120;
		assert_int_equal(prepare(), EMAIL_OK);
		assert_int_equal(pull(chunk), n);
		assert_string_equal(bytes, first);
	}
	/* another subject changes that alone */
	assert_int_equal(email_message_set_subject(m, "x"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(pull(5000), n + strlen("Subject: x\r\n"));
	free(first);
	/* and a date that is set goes before the frozen one */
	assert_int_equal(email_message_set_date(m, 0), EMAIL_OK);
	assert_int_equal(email_message_set_message_id(m, "<own@id>"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	pull(5000);
	assert_non_null(strstr(bytes, "Date: Thu, 1 Jan 1970 01:00:00 +0100\r\n"));
	assert_non_null(strstr(bytes, "Message-ID: <own@id>\r\n"));
	assert_string_equal(envelope.message_id, "<own@id>");
}

static void
two_messages_differ(void **state)
{
	email_message *other = email_message_new();
	email__envelope second;

	(void)state;
	fill(m);
	fill(other);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(email__message_prepare(other, &defaults, &second, NULL), EMAIL_OK);
	assert_string_not_equal(envelope.message_id, second.message_id);
	email_message_free(other);
}

static void
account_defaults(void **state)
{
	(void)state;
	assert_int_equal(email_message_add_to(m, "b@y.example"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "from");
	defaults.from = "Plant <plant@x.example>";
	defaults.reply_to = "office@x.example";
	assert_int_equal(prepare(), EMAIL_OK);
	assert_string_equal(envelope.from, "plant@x.example");
	pull(1000);
	assert_non_null(strstr(bytes, "From: Plant <plant@x.example>\r\nReply-To: office@x.example\r\n"));
	defaults.from = "other@x.example";
	defaults.reply_to = NULL;
	assert_int_equal(prepare(), EMAIL_OK);
	pull(1000);
	assert_non_null(strstr(bytes, "From: other@x.example\r\nTo:"));
	assert_int_equal(email_message_set_from(m, "own@x.example"), EMAIL_OK);
	assert_int_equal(email_message_set_reply_to(m, "own2@x.example"), EMAIL_OK);
	defaults.reply_to = "office@x.example";
	assert_int_equal(prepare(), EMAIL_OK);
	pull(1000);
	assert_non_null(strstr(bytes, "From: own@x.example\r\nReply-To: own2@x.example\r\n"));
	defaults.from = "not an address";
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "from");
}

static void
eight_bit(void **state)
{
	(void)state;
	fill(m);
	assert_int_equal(prepare(), EMAIL_OK);
	pull(1000);
	assert_non_null(strstr(bytes, "quoted-printable\r\n\r\ntext =C3=A9\r\n"));
	defaults.allow_eight_bit = true;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_true(envelope.eight_bit);
	assert_int_equal(pull(1000), envelope.size);
	assert_non_null(strstr(bytes, "8bit\r\n\r\ntext \xC3\xA9\r\n"));
}

static void
refused(void **state)
{
	email__source s = email__message_source(m);
	unsigned char b[10];
	size_t got;

	(void)state;
	assert_int_equal(s.read(s.context, b, sizeof b, &got), EMAIL_E_USAGE);
	assert_int_equal(email_message_set_from(m, "a@x.example"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "to");
	assert_int_equal(email_message_add_to(m, "b@y.example"), EMAIL_OK);
	assert_int_equal(email_message_attach_file(m, path, NULL), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(pull(3000), envelope.size);
	write_file("another");
	assert_int_equal(prepare(), EMAIL_E_FILE);
	assert_string_equal(error.property, "attachment");
	unlink(path);
	assert_int_equal(prepare(), EMAIL_E_FILE);
	defaults.now = INT64_MAX;
}

static long
read_forever(void *context, void *buffer, size_t size)
{
	uint64_t *left = context;
	size_t n = *left < size ? (size_t)*left : size;

	memset(buffer, 'x', n);
	*left -= n;
	return (long)n;
}

/* Once prepared, nothing is allocated, however large the attachments. */
static void
no_allocations(void **state)
{
	uint64_t size = 20000000, total = 0;
	unsigned char piece[16384];
	email__source s;
	size_t got = 1;
	int i;

	(void)state;
	email_message_free(m);
	email_test_fail_alloc(0);
	m = email_message_new();
	fill(m);
	assert_int_equal(prepare(), EMAIL_OK);
	pull(5000);
	email_test_fail_alloc(1);
	for (i = 0; i < 3; i++) {
		assert_int_equal(prepare(), EMAIL_OK);
		pull(700);
		email__message_release(m);
	}
	assert_int_equal(email_test_allocs(), 0);
	email_test_fail_alloc(0);
	assert_int_equal(email_message_attach_stream(m, "big", NULL, read_forever, NULL, &size), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.size, 0);
	s = email__message_source(m);
	email_test_fail_alloc(1);
	while (got) {
		assert_int_equal(s.read(s.context, piece, sizeof piece, &got), EMAIL_OK);
		total += got;
	}
	assert_int_equal(email_test_allocs(), 0);
	assert_true(total > 27000000);
	/* a stream without a rewind goes once */
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "attachment");
	email_message_free(m);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
	m = email_message_new();
}

/* What a stream gives: a pattern that tells where it is. */
typedef struct pattern {
	uint64_t at, size;
	int rewinds;
	bool stuck; /* cannot be started again */
} pattern;

static long
read_pattern(void *context, void *buffer, size_t size)
{
	pattern *p = context;
	size_t n = p->size - p->at < size ? (size_t)(p->size - p->at) : size, i;

	/* in odd pieces */
	n = n > 1001 ? 1001 : n;
	for (i = 0; i < n; i++)
		((unsigned char *)buffer)[i] = (unsigned char)((p->at + i) * 7919 >> 4);
	p->at += n;
	return (long)n;
}

static int
rewind_pattern(void *context)
{
	pattern *p = context;

	p->rewinds++;
	p->at = 0;
	return p->stuck ? -1 : 0;
}

/* Every kind of source is read again for the next attempt, also from amid a first one. */
static void
all_sources_again(void **state)
{
	pattern p = {.size = 5000}, q = {.size = 1};
	email__source s;
	size_t n, got;
	char *first;

	(void)state;
	fill(m);
	assert_int_equal(email_message_set_html(m, "<p>\xC3\xA9"), EMAIL_OK);
	assert_int_equal(email_message_attach_file(m, path, NULL), EMAIL_OK);
	assert_int_equal(email_message_inline_file(m, path, NULL, "1"), EMAIL_OK);
	assert_int_equal(email_message_inline_data(m, "d", NULL, "d", 1, "2"), EMAIL_OK);
	assert_int_equal(email_message_inline_stream(m, "q", NULL, read_pattern, rewind_pattern, &q, "3"),
	                 EMAIL_OK);
	assert_int_equal(email_message_attach_stream(m, "p", NULL, read_pattern, rewind_pattern, &p),
	                 EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.size, 0);
	n = pull(3000);
	assert_int_equal(p.rewinds, 0);
	first = strdup(bytes);
	/* broken off, and from the start */
	assert_int_equal(prepare(), EMAIL_OK);
	s = email__message_source(m);
	assert_int_equal(s.read(s.context, (unsigned char *)bytes, n - 500, &got), EMAIL_OK);
	assert_int_equal(s.rewind(s.context), EMAIL_OK);
	for (n = 0, got = 1; got; n += got)
		assert_int_equal(s.read(s.context, (unsigned char *)bytes + n, 777, &got), EMAIL_OK);
	bytes[n] = '\0';
	assert_string_equal(bytes, first);
	assert_int_equal(p.rewinds, 2);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(pull(200), n);
	assert_string_equal(bytes, first);
	free(first);
	/* one that promised and fails */
	p.stuck = true;
	assert_int_equal(prepare(), EMAIL_OK);
	s = email__message_source(m);
	for (got = 1; got && s.read(s.context, (unsigned char *)bytes, 3000, &got) == EMAIL_OK;)
		;
	assert_int_equal(email_message_error(m)->code, EMAIL_E_FILE);
	assert_non_null(strstr(email_message_error(m)->text, "started again"));
}

/* Without a rewind, a second reading is an error that says so, and no other bytes. */
static void
stream_once(void **state)
{
	pattern p = {.size = 100};
	email__source s;
	size_t got;
	int i;

	(void)state;
	fill(m);
	assert_int_equal(email_message_inline_stream(m, "p", NULL, read_pattern, NULL, &p, "1"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	pull(3000);
	/* whether prepared once more or not */
	for (i = 0; i < 2; i++) {
		s = email__message_source(m);
		for (got = 1; got && s.read(s.context, (unsigned char *)bytes, 3000, &got) == EMAIL_OK;)
			;
		assert_int_equal(email_message_error(m)->code, EMAIL_E_MESSAGE);
		assert_non_null(strstr(email_message_error(m)->text, "a second time"));
		assert_int_equal(prepare(), EMAIL_E_MESSAGE);
		assert_string_equal(error.property, "inline");
	}
}

/* The composed bytes of a message with a stream and a file of that size; the allocations that it took. */
static size_t
cost(uint64_t size, uint64_t *total, size_t *held)
{
	pattern p = {.size = size};
	unsigned char piece[16384];
	size_t got = 1, before = email_test_blocks();
	email__source s;

	assert_int_equal(truncate(path, (off_t)size), 0);
	email_test_fail_alloc(0);
	m = email_message_new();
	fill(m);
	assert_int_equal(email_message_attach_stream(m, "p", NULL, read_pattern, NULL, &p), EMAIL_OK);
	assert_int_equal(email_message_inline_file(m, path, NULL, "1"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	s = email__message_source(m);
	for (*total = 0; got; *total += got)
		assert_int_equal(s.read(s.context, piece, sizeof piece, &got), EMAIL_OK);
	*held = email_test_blocks() - before;
	got = email_test_allocs();
	email_message_free(m);
	m = NULL;
	assert_int_equal(email_test_blocks(), before);
	email_test_fail_alloc_off();
	return got;
}

/* 50 MB cost what 50 kB do: the same allocations, of the same sizes. */
static void
large_as_small(void **state)
{
	uint64_t small, large;
	size_t small_held, large_held, small_peak, large_peak;
	size_t allocs;

	(void)state;
	email_message_free(m);
	m = NULL;
	allocs = cost(50000, &small, &small_held);
	small_peak = email_test_peak();
	assert_int_equal(cost(50000000, &large, &large_held), allocs);
	large_peak = email_test_peak();
	assert_int_equal(small_held, large_held);
	/* save what the C library rounds up, one time more than the other */
	assert_true(large_peak < small_peak + 1024 && small_peak < large_peak + 1024);
	assert_true(small_peak > 2000 && small_peak < 20000);
	assert_true(small > 136000 && large > 136000000);
	m = email_message_new();
}

/* The members of a group are recipients, its name is not; an empty one is nobody. */
static void
groups(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_from(m, "a@x.example"), EMAIL_OK);
	assert_int_equal(email_message_add_to(m, "undisclosed-recipients:;"), EMAIL_OK);
	assert_int_equal(email_message_add_cc(m, "Nobody:;"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "to");
	assert_int_equal(email_message_add_bcc(m, "Secret: s@x.example;"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.count, 1);
	assert_string_equal(envelope.recipients[0], "s@x.example");
	pull(3000);
	assert_non_null(strstr(bytes, "To: undisclosed-recipients:;\r\nCc: Nobody:;\r\n"));
	assert_null(strstr(bytes, "Secret"));
	assert_int_equal(email_message_add_cc(m, "Duty: b@x.example, D <d@x.example>;"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.count, 3);
	assert_string_equal(envelope.recipients[1], "d@x.example");
	pull(3000);
	assert_non_null(strstr(bytes, "Cc: Nobody:;, Duty: b@x.example, D <d@x.example>;\r\n"));
}

static void
without_memory(bool text)
{
	bool failed = true;
	size_t n;

	for (n = 1; failed; n++) {
		email__defaults d = {.from = "p@x.example", .reply_to = "r@x.example", .now = 1};
		email_code rc;

		email_test_fail_alloc(0);
		email_message_free(m);
		email_test_fail_alloc_off();
		email_test_fail_alloc(0);
		m = email_message_new();
		assert_int_equal(email_message_add_to(m, "b@y.example"), EMAIL_OK);
		if (text)
			assert_int_equal(email_message_set_text(m, "no end of its line"), EMAIL_OK);
		else
			assert_int_equal(email_message_attach_file(m, path, NULL), EMAIL_OK);
		email_test_fail_alloc(n);
		rc = email__message_prepare(m, &d, &envelope, NULL);
		if (rc == EMAIL_OK) {
			email__source s = email__message_source(m);
			size_t got = 1;

			while (rc == EMAIL_OK && got)
				rc = s.read(s.context, (unsigned char *)bytes, 3000, &got);
			if (rc)
				assert_int_equal(email_message_error(m)->code, rc);
		}
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc(0);
		/* what failed can be tried again */
		assert_int_equal(email__message_prepare(m, &d, &envelope, NULL), EMAIL_OK);
		assert_int_equal(pull(3000), envelope.size);
		email_message_free(m);
		m = NULL;
		email_test_fail_alloc_off();
	}
	assert_true(n > 10);
	m = email_message_new();
}

static void
want_of_memory(void **state)
{
	(void)state;
	without_memory(false);
	without_memory(true);
}

static void
ready_message(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_raw_file(m, path), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_string_equal(envelope.from, "a@x.example");
	assert_int_equal(envelope.count, 2);
	assert_string_equal(envelope.recipients[1], "c@z.example");
	assert_string_equal(envelope.message_id, "");
	assert_int_equal(pull(300), envelope.size);
	assert_string_equal(bytes, "From: a@x.example\r\nTo: b@y.example\r\n\r\nbody\r\n");
	assert_int_equal(pull(1), envelope.size);
	assert_string_equal(bytes, "From: a@x.example\r\nTo: b@y.example\r\n\r\nbody\r\n");
	/* nobody is no recipient */
	assert_int_equal(email_message_add_to(m, "Nobody:;"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.count, 2);
	/* what is set on the object goes before */
	assert_int_equal(email_message_set_from(m, "s@x.example"), EMAIL_OK);
	assert_int_equal(email_message_add_bcc(m, "r@x.example"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
	assert_string_equal(envelope.from, "s@x.example");
	assert_int_equal(envelope.count, 1);
	assert_string_equal(envelope.recipients[0], "r@x.example");
	assert_int_equal(email_message_set_subject(m, "no place for it"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_string_equal(error.property, "rawFile");
}

/* The clock is not set: the queue puts a Date in front later (Q9). What the caller set stays. */
static void
undated_until_the_clock_is_set(void **state)
{
	char id[200];

	(void)state;
	fill(m);
	defaults.now = 17;
	defaults.undated = true;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_true(envelope.undated);
	assert_int_equal(envelope.size, pull(5000));
	assert_null(strstr(bytes, "Date:"));
	assert_memory_equal(bytes, "From: ", 6);
	snprintf(id, sizeof id, "%s", envelope.message_id);
	/* again: nothing is other than it was */
	assert_int_equal(prepare(), EMAIL_OK);
	assert_true(envelope.undated);

	/* and then it is set: the time of then, not that of 1970, and from there on the same */
	defaults.now = 1795509000;
	defaults.offset = 60;
	defaults.undated = false;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_false(envelope.undated);
	assert_int_equal(envelope.size, pull(5000));
	assert_non_null(strstr(bytes, "Date: Tue, 24 Nov 2026 09:30:00 +0100\r\n"));
	assert_string_equal(envelope.message_id, id);
	defaults.now += 3600;
	defaults.undated = true;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_true(envelope.undated);
	defaults.undated = false;
	assert_int_equal(prepare(), EMAIL_OK);
	pull(5000);
	assert_non_null(strstr(bytes, "Date: Tue, 24 Nov 2026 09:30:00 +0100\r\n"));

	assert_int_equal(email_message_set_date(m, 1700000000), EMAIL_OK);
	defaults.undated = true;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_false(envelope.undated);
	pull(5000);
	assert_non_null(strstr(bytes, "Date: Tue, 14 Nov 2023 23:13:20 +0100\r\n"));
}

/* A ready message goes out as it is, whatever its Date. */
static void
ready_messages_are_not_undated(void **state)
{
	(void)state;
	assert_int_equal(email_message_set_raw_file(m, path), EMAIL_OK);
	defaults.undated = true;
	assert_int_equal(prepare(), EMAIL_OK);
	assert_false(envelope.undated);
}

static void
ready_message_with_a_bad_list(void **state)
{
	(void)state;
	write_file("From: a@x.example\nTo: no address\n\nbody\n");
	assert_int_equal(email_message_set_raw_file(m, path), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_E_MESSAGE);
	assert_int_equal(error.line, 2);
	assert_string_equal(error.property, "rawFile");
	assert_int_equal(email_message_add_to(m, "b@y.example"), EMAIL_OK);
	assert_int_equal(prepare(), EMAIL_OK);
}

/* A thousand recipients, and the same ones again: each once. */
static void
many_recipients(void **state)
{
	char one[40];
	int i;

	(void)state;
	assert_int_equal(email_message_set_from(m, "a@x.example"), EMAIL_OK);
	for (i = 0; i < 1000; i++) {
		snprintf(one, sizeof one, "r%d@y.example", i % 500);
		assert_int_equal(email_message_add_to(m, one), EMAIL_OK);
	}
	assert_int_equal(prepare(), EMAIL_OK);
	assert_int_equal(envelope.count, 500);
	assert_string_equal(envelope.recipients[499], "r499@y.example");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(envelope_of_a_message),
	                                   T(same_bytes),
	                                   T(two_messages_differ),
	                                   T(account_defaults),
	                                   T(eight_bit),
	                                   T(refused),
	                                   T(no_allocations),
	                                   T(want_of_memory),
	                                   T(ready_message),
	                                   T(undated_until_the_clock_is_set),
	                                   T(ready_messages_are_not_undated),
	                                   T(ready_message_with_a_bad_list),
	                                   T(many_recipients),
	                                   T(all_sources_again),
	                                   T(stream_once),
	                                   T(large_as_small),
	                                   T(groups)};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
