/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/limits.h"
#include "queue/crc.h"
#include "queue/mailfile.h"
#include "support/failalloc.h"

static email__recipient two[] = {
	{.address = "a@example.com", .state = EMAIL__RCPT_PENDING},
	{.address = "b@example.com",
         .state = EMAIL__RCPT_FAILED,
         .reply = 550,
         .enhanced = "5.1.1",
         .text = "no such user"},
};

static email__mailfile
sample(void)
{
	return (email__mailfile){.sequence = 7,
	                         .size = 1234,
	                         .sum = UINT64_C(0xFEDCBA9876543210),
	                         .created = 1795000000,
	                         .queued = 1000,
	                         .priority = 9,
	                         .eight_bit = true,
	                         .digest = true,
	                         .dsn = 6,
	                         .from = "",
	                         .message_id = "<x@y>",
	                         .subject = "Boiler \xC3\xA4",
	                         .key = "k",
	                         .generation = 4,
	                         .attempts = 3,
	                         .unsure = 1,
	                         .crashes = 2,
	                         .failures = 5,
	                         .trying = EMAIL__TRYING_TOGETHER,
	                         .suspect = true,
	                         .boot = "0123456789abcdef",
	                         .next = 60000,
	                         .revived = 11,
	                         .ended = 12,
	                         .date = 13,
	                         .date_offset = -330,
	                         .cause = "because",
	                         .recipients = two,
	                         .count = 2};
}

static void
write_sample(email__mailfile *m, email__buf *b)
{
	*m = sample();
	email__buf_init(b, EMAIL__QUEUE_HEADER_MAX);
	assert_int_equal(email__mailfile_write(m, b), EMAIL_OK);
}

static void
all_of_it_comes_back(void **state)
{
	email__buf b;
	email__mailfile m, r, s = sample();

	(void)state;
	write_sample(&m, &b);
	assert_int_equal(email__mailfile_header((char *)email__buf_head(&b), EMAIL__MAILFILE_FIRST),
	                 email__buf_len(&b));
	assert_int_equal(email__mailfile_read((char *)email__buf_head(&b), email__buf_len(&b), &r), EMAIL_OK);
	assert_true(r.sequence == s.sequence && r.size == s.size && r.sum == s.sum && r.created == s.created);
	assert_true(r.queued == s.queued && r.priority == s.priority && r.eight_bit && !r.utf8 &&
	            !r.undated && r.digest);
	assert_int_equal(r.dsn, 6);
	assert_string_equal(r.from, "");
	assert_string_equal(r.message_id, s.message_id);
	assert_string_equal(r.subject, s.subject);
	assert_string_equal(r.key, "k");
	assert_true(r.generation == 4 && r.attempts == 3 && r.unsure == 1 && r.crashes == 2 &&
	            r.failures == 5);
	assert_true(r.trying == EMAIL__TRYING_TOGETHER && r.suspect);
	assert_string_equal(r.boot, s.boot);
	assert_true(r.next == 60000 && r.revived == 11 && r.ended == 12 && r.date == 13 &&
	            r.date_offset == -330);
	assert_string_equal(r.cause, "because");
	assert_int_equal(r.count, 2);
	assert_string_equal(r.recipients[1].address, "b@example.com");
	assert_int_equal(r.recipients[0].state, EMAIL__RCPT_PENDING);
	assert_int_equal(r.recipients[1].state, EMAIL__RCPT_FAILED);
	assert_int_equal(r.recipients[1].reply, 550);
	assert_string_equal(r.recipients[1].enhanced, "5.1.1");
	assert_string_equal(r.recipients[1].text, "no such user");
	assert_int_equal(email__mailfile_count(&r, EMAIL__RCPT_PENDING), 1);
	email__mailfile_dispose(&r);
	email__buf_dispose(&b);
}

/* Overwrites the older state, as a spool does. */
static void
change(email__mailfile *m, email__buf *b, size_t kept)
{
	email__buf out;
	uint64_t at;

	email__buf_init(&out, EMAIL__QUEUE_HEADER_MAX);
	m->generation++;
	assert_int_equal(email__mailfile_write_state(m, &out, &at), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), m->state_size);
	assert_true(at + m->state_size < email__buf_len(b));
	memcpy(email__buf_head(b) + at, email__buf_head(&out), kept < m->state_size ? kept : m->state_size);
	email__buf_dispose(&out);
}

static void
the_newer_state_counts_and_half_of_one_does_not(void **state)
{
	email__buf b;
	email__mailfile m, r;
	size_t kept;

	(void)state;
	write_sample(&m, &b);
	m.attempts = 10;
	change(&m, &b, SIZE_MAX);
	for (kept = 0; kept <= m.state_size; kept++) {
		unsigned char before[2048];
		size_t n = email__buf_len(&b);

		assert_true(n <= sizeof before);
		memcpy(before, email__buf_head(&b), n);
		m.attempts = 11;
		change(&m, &b, kept);
		assert_int_equal(email__mailfile_read((char *)email__buf_head(&b), n, &r), EMAIL_OK);
		/* its last byte is an LF, as that of the state before */
		assert_int_equal(r.attempts, kept >= m.state_size - 1 ? 11 : 10);
		email__mailfile_dispose(&r);
		m.generation--;
		memcpy(email__buf_head(&b), before, n);
	}
	email__buf_dispose(&b);
}

static void
any_flipped_bit_is_noticed(void **state)
{
	email__buf b;
	email__mailfile m, r;
	size_t i, n;

	(void)state;
	write_sample(&m, &b);
	m.attempts = 10;
	change(&m, &b, SIZE_MAX); /* generation 5, in the second place */
	n = email__buf_len(&b);
	for (i = 0; i < 8 * n; i++) {
		unsigned char *p = email__buf_head(&b) + i / 8;
		email_code rc;

		*p ^= (unsigned char)(1u << (i % 8));
		rc = email__mailfile_read((char *)email__buf_head(&b), n, &r);
		if (i / 8 < m.state_at || i / 8 == n - 1)
			assert_int_equal(rc, EMAIL_E_MESSAGE);
		else {
			/* in the older state: nothing has happened; in the newer one: the older counts */
			assert_int_equal(rc, EMAIL_OK);
			assert_int_equal(r.attempts, i / 8 < m.state_at + m.state_size ? 10 : 3);
		}
		email__mailfile_dispose(&r);
		*p ^= (unsigned char)(1u << (i % 8));
	}
	email__buf_dispose(&b);
}

static void
no_prefix_is_one(void **state)
{
	email__buf b;
	email__mailfile m, r;
	size_t n;

	(void)state;
	write_sample(&m, &b);
	for (n = 0; n < email__buf_len(&b); n++) {
		assert_int_equal(email__mailfile_read((char *)email__buf_head(&b), n, &r), EMAIL_E_MESSAGE);
		email__mailfile_dispose(&r);
		assert_true(n >= 50 || email__mailfile_header((char *)email__buf_head(&b), n) == 0);
	}
	email__buf_dispose(&b);
}

static void
another_mails_state_is_none(void **state)
{
	email__buf a, b;
	email__mailfile m, other, r;

	(void)state;
	write_sample(&m, &a);
	other = sample();
	other.sequence = 8;
	email__buf_init(&b, EMAIL__QUEUE_HEADER_MAX);
	assert_int_equal(email__mailfile_write(&other, &b), EMAIL_OK);
	assert_int_equal(m.state_at, other.state_at);
	memcpy(email__buf_head(&a) + m.state_at, email__buf_head(&b) + m.state_at, 2 * m.state_size);
	assert_int_equal(email__mailfile_read((char *)email__buf_head(&a), email__buf_len(&a), &r),
	                 EMAIL_E_MESSAGE);
	email__mailfile_dispose(&r);
	email__buf_dispose(&a);
	email__buf_dispose(&b);
}

static void
numbers_keep_their_width(void **state)
{
	email__buf b;
	email__mailfile m, r;

	(void)state;
	write_sample(&m, &b);
	m.attempts = m.failures = UINT32_MAX;
	m.next = INT64_MAX;
	m.ended = -5;
	change(&m, &b, SIZE_MAX);
	assert_int_equal(email__mailfile_read((char *)email__buf_head(&b), email__buf_len(&b), &r), EMAIL_OK);
	assert_int_equal(r.attempts, 999999);
	assert_true(r.next == INT64_MAX && r.ended == 0);
	email__mailfile_dispose(&r);
	email__buf_dispose(&b);
}

static void
the_longest_header_fits(void **state)
{
	static email__recipient many[EMAIL__RECIPIENTS_MAX];
	char address[EMAIL__ADDRESS_MAX + 1];
	email__buf b;
	email__mailfile m = sample(), r;
	size_t i;

	(void)state;
	memset(address, 'a', sizeof address - 1);
	address[sizeof address - 1] = '\0';
	for (i = 0; i < EMAIL__RECIPIENTS_MAX; i++)
		many[i] = (email__recipient){.address = address, .state = EMAIL__RCPT_PENDING};
	m.recipients = many;
	m.count = EMAIL__RECIPIENTS_MAX;
	email__buf_init(&b, EMAIL__QUEUE_HEADER_MAX);
	assert_int_equal(email__mailfile_write(&m, &b), EMAIL_OK);
	assert_int_equal(email__mailfile_read((char *)email__buf_head(&b), email__buf_len(&b), &r), EMAIL_OK);
	assert_int_equal(r.count, EMAIL__RECIPIENTS_MAX);
	email__mailfile_dispose(&r);
	m.count++;
	assert_int_equal(email__mailfile_write(&m, &b), EMAIL_E_VALUE);
	email__buf_dispose(&b);
}

static void
no_memory_is_told_apart(void **state)
{
	email__buf b;
	email__mailfile m, r;
	size_t n;

	(void)state;
	write_sample(&m, &b);
	for (n = 1;; n++) {
		email_code rc;

		email_test_fail_alloc(n);
		rc = email__mailfile_read((char *)email__buf_head(&b), email__buf_len(&b), &r);
		email__mailfile_dispose(&r);
		if (!email_test_alloc_failed())
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
	}
	assert_int_equal(n, 3);
	email_test_fail_alloc_off();
	email__buf_dispose(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_comes_back),
		cmocka_unit_test(the_newer_state_counts_and_half_of_one_does_not),
		cmocka_unit_test(any_flipped_bit_is_noticed),
		cmocka_unit_test(no_prefix_is_one),
		cmocka_unit_test(another_mails_state_is_none),
		cmocka_unit_test(numbers_keep_their_width),
		cmocka_unit_test(the_longest_header_fits),
		cmocka_unit_test(no_memory_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
