/* SPDX-License-Identifier: MIT */
#include "queue/mailfile.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/str.h"
#include "queue/crc.h"
#include "queue/fixed.h"

#define MAGIC "emailservice-mail 1 "
/* MAGIC, two lengths of 8 digits and the sum, each with what follows it. */
#define FIRST_LINE (sizeof MAGIC - 1 + 9 + 9 + 17)
#define BEFORE_SUM (FIRST_LINE - 17)
#define SUM_LINE (sizeof "sum \n" - 1 + 16)
/* Attempts and the like stay at their greatest value rather than become wider. */
#define COUNT_WIDTH 6
#define COUNT_MAX 999999
#define NUMBER_WIDTH 19

static uint64_t
at_most(uint64_t n, uint64_t max)
{
	return n < max ? n : max;
}

static uint64_t
not_negative(int64_t n)
{
	return n < 0 ? 0 : (uint64_t)n;
}

/* --- writing ---------------------------------------------------------------------------------- */

static email_code
write_recipient(const email__recipient *one, email__buf *out)
{
	email_code rc = email__buf_addf(out, "%c %03d ", (int)one->state,
	                                one->reply > 0 && one->reply < 1000 ? one->reply : 0);

	if (rc == EMAIL_OK)
		rc = email__fixed_add_text(out, one->enhanced, EMAIL__MAILFILE_ENHANCED);
	if (rc == EMAIL_OK)
		rc = email__buf_adds(out, " ");
	if (rc == EMAIL_OK)
		rc = email__fixed_add_text(out, one->text, EMAIL__MAILFILE_TEXT);
	return rc ? rc : email__buf_adds(out, "\n");
}

/* `seed` is the sum of what does not change, so that a state of another header is none. */
static email_code
write_state(const email__mailfile *r, uint64_t generation, uint64_t seed, email__buf *out)
{
	size_t from = email__buf_len(out), i;
	email_code rc = email__buf_addf(
		out,
		"state %0*" PRIu64 " %0*u %0*u %0*u %0*u %c %c %s %0*" PRIu64 " %0*" PRIu64 " %0*" PRIu64
		" %0*" PRIu64 " %c%04d ",
		NUMBER_WIDTH, generation, COUNT_WIDTH, (unsigned)at_most(r->attempts, COUNT_MAX), COUNT_WIDTH,
		(unsigned)at_most(r->unsure, COUNT_MAX), COUNT_WIDTH,
		(unsigned)at_most(r->crashes, COUNT_MAX), COUNT_WIDTH,
		(unsigned)at_most(r->failures, COUNT_MAX), (int)r->trying, r->suspect ? 's' : '-',
		r->boot[0] ? r->boot : "----------------", NUMBER_WIDTH, not_negative(r->next), NUMBER_WIDTH,
		not_negative(r->revived), NUMBER_WIDTH, not_negative(r->ended), NUMBER_WIDTH,
		not_negative(r->date), r->date_offset < 0 ? '-' : '+',
		r->date_offset < 0 ? -r->date_offset : r->date_offset);

	if (rc == EMAIL_OK)
		rc = email__fixed_add_text(out, r->cause, EMAIL__MAILFILE_TEXT);
	if (rc == EMAIL_OK)
		rc = email__buf_adds(out, "\n");
	for (i = 0; i < r->count && rc == EMAIL_OK; i++)
		rc = write_recipient(&r->recipients[i], out);
	if (rc)
		return rc;
	seed = email__crc64(seed, email__buf_head(out) + from, email__buf_len(out) - from);
	return email__buf_addf(out, "sum %016" PRIx64 "\n", seed);
}

static email_code
write_line(email__buf *out, const char *name, const char *value, size_t max)
{
	size_t n = strlen(value);

	if (n > max || email__str_breaks_line(value, n))
		return EMAIL_E_VALUE;
	return email__buf_addf(out, "%s %s\n", name, value);
}

static email_code
write_fields(const email__mailfile *r, email__buf *out)
{
	size_t i;
	email_code rc = email__buf_addf(
		out,
		"sequence %0*" PRIu64 "\nsize %0*" PRIu64 "\nsum %016" PRIx64 "\ncreated %0*" PRIu64
		"\nqueued %0*" PRIu64 "\npriority %d\nneeds %c%c%c%c\ndsn %02u\n",
		NUMBER_WIDTH, r->sequence, NUMBER_WIDTH, r->size, r->sum, NUMBER_WIDTH,
		not_negative(r->created), NUMBER_WIDTH, not_negative(r->queued), r->priority,
		r->eight_bit ? '8' : '-', r->utf8 ? 'u' : '-', r->undated ? 'd' : '-', r->digest ? 'g' : '-',
		r->dsn);

	if (rc == EMAIL_OK)
		rc = write_line(out, "from", r->from, EMAIL__ADDRESS_MAX);
	if (rc == EMAIL_OK)
		rc = write_line(out, "id", r->message_id, EMAIL__MESSAGE_ID_MAX);
	if (rc == EMAIL_OK)
		rc = write_line(out, "subject", r->subject, EMAIL__QUEUE_SUBJECT_MAX);
	if (rc == EMAIL_OK)
		rc = write_line(out, "key", r->key, EMAIL__QUEUE_KEY_MAX);
	if (rc == EMAIL_OK)
		rc = email__buf_addf(out, "recipients %04zu\n", r->count);
	for (i = 0; i < r->count && rc == EMAIL_OK; i++)
		rc = r->recipients[i].address[0]
		             ? write_line(out, "to", r->recipients[i].address, EMAIL__ADDRESS_MAX)
		             : EMAIL_E_VALUE;
	return rc;
}

static email_code
write_first_line(email__mailfile *r, email__buf *out)
{
	email__buf first;
	email_code rc;
	uint64_t sum;

	email__buf_init(&first, FIRST_LINE + 1);
	rc = email__buf_addf(&first, MAGIC "%08zu %08zu ", r->header, r->state_at);
	if (rc == EMAIL_OK) {
		sum = email__crc64(0, email__buf_head(&first), BEFORE_SUM);
		sum = email__crc64(sum, email__buf_head(out) + FIRST_LINE, r->state_at - FIRST_LINE);
		rc = email__buf_addf(&first, "%016" PRIx64 "\n", sum);
	}
	if (rc == EMAIL_OK)
		memcpy(email__buf_head(out), email__buf_head(&first), FIRST_LINE);
	email__buf_dispose(&first);
	return rc;
}

/* The sum of what does not change: it is read back from the first line, so that there is one place for it. */
static uint64_t
sum_of_first_line(const char *header)
{
	email__fixed f = {header + BEFORE_SUM, header + FIRST_LINE, false};

	return email__fixed_sum(&f);
}

email_code
email__mailfile_write(email__mailfile *r, email__buf *out)
{
	char blank[FIRST_LINE];
	size_t i;
	uint64_t seed;
	email_code rc;

	if (r->count < 1 || r->count > EMAIL__RECIPIENTS_MAX || r->priority < 0 || r->priority > 9 ||
	    r->dsn > 99)
		return EMAIL_E_VALUE;
	email__buf_clear(out);
	memset(blank, ' ', sizeof blank);
	rc = email__buf_add(out, blank, sizeof blank);
	if (rc == EMAIL_OK)
		rc = write_fields(r, out);
	if (rc)
		return rc;
	r->state_at = email__buf_len(out);
	rc = write_state(r, r->generation, 0, out);
	if (rc)
		return rc;
	r->state_size = email__buf_len(out) - r->state_at;
	r->header = r->state_at + 2 * r->state_size + 1;
	rc = write_first_line(r, out);
	if (rc)
		return rc;
	seed = sum_of_first_line((const char *)email__buf_head(out));
	r->seed = seed;
	out->end -= r->state_size;
	for (i = 0; i < 2 && rc == EMAIL_OK; i++)
		rc = write_state(r, r->generation, seed, out);
	return rc ? rc : email__buf_adds(out, "\n");
}

email_code
email__mailfile_write_state(const email__mailfile *r, email__buf *out, uint64_t *at)
{
	email__buf_clear(out);
	*at = r->state_at + (r->generation & 1) * r->state_size;
	return write_state(r, r->generation, r->seed, out);
}

/* --- reading ---------------------------------------------------------------------------------- */

static size_t
first_line(email__fixed *f, size_t *state_at)
{
	size_t header;

	email__fixed_word(f, MAGIC);
	header = (size_t)email__fixed_number(f, 8);
	email__fixed_word(f, " ");
	*state_at = (size_t)email__fixed_number(f, 8);
	email__fixed_word(f, " ");
	email__fixed_sum(f);
	email__fixed_word(f, "\n");
	if (f->bad || *state_at <= FIRST_LINE || header <= *state_at || header > EMAIL__QUEUE_HEADER_MAX)
		return 0;
	return header;
}

size_t
email__mailfile_header(const char *bytes, size_t n)
{
	email__fixed f = {bytes, bytes + n, false};
	size_t state_at;

	return first_line(&f, &state_at);
}

/* The lines are ended by NULs where they stand, in the record's own copy. */
static const char *
read_line(email__fixed *f, const char *name, size_t max)
{
	const char *line;
	size_t n;

	email__fixed_word(f, name);
	email__fixed_word(f, " ");
	line = email__fixed_line(f, &n);
	if (f->bad || n > max) {
		f->bad = true;
		return "";
	}
	((char *)(uintptr_t)line)[n] = '\0';
	return line;
}

static uint64_t
read_number(email__fixed *f, const char *name, size_t width)
{
	uint64_t n;

	email__fixed_word(f, name);
	email__fixed_word(f, " ");
	n = email__fixed_number(f, width);
	email__fixed_word(f, "\n");
	return n;
}

static email_code
read_fields(email__fixed *f, email__mailfile *r)
{
	size_t i;

	r->sequence = read_number(f, "sequence", NUMBER_WIDTH);
	r->size = read_number(f, "size", NUMBER_WIDTH);
	email__fixed_word(f, "sum ");
	r->sum = email__fixed_sum(f);
	email__fixed_word(f, "\n");
	r->created = (int64_t)read_number(f, "created", NUMBER_WIDTH);
	r->queued = (int64_t)read_number(f, "queued", NUMBER_WIDTH);
	r->priority = (int)read_number(f, "priority", 1);
	email__fixed_word(f, "needs ");
	r->eight_bit = email__fixed_char(f, "-8") == '8';
	r->utf8 = email__fixed_char(f, "-u") == 'u';
	r->undated = email__fixed_char(f, "-d") == 'd';
	r->digest = email__fixed_char(f, "-g") == 'g';
	email__fixed_word(f, "\n");
	r->dsn = (unsigned)read_number(f, "dsn", 2);
	r->from = read_line(f, "from", EMAIL__ADDRESS_MAX);
	r->message_id = read_line(f, "id", EMAIL__MESSAGE_ID_MAX);
	r->subject = read_line(f, "subject", EMAIL__QUEUE_SUBJECT_MAX);
	r->key = read_line(f, "key", EMAIL__QUEUE_KEY_MAX);
	r->count = (size_t)read_number(f, "recipients", 4);
	if (f->bad || r->count < 1 || r->count > EMAIL__RECIPIENTS_MAX)
		return EMAIL_E_MESSAGE;
	r->recipients = email__calloc(r->count, sizeof *r->recipients);
	if (!r->recipients)
		return EMAIL_E_MEMORY;
	for (i = 0; i < r->count; i++) {
		r->recipients[i].address = read_line(f, "to", EMAIL__ADDRESS_MAX);
		if (!r->recipients[i].address[0])
			f->bad = true;
	}
	return f->bad || f->at != f->end ? EMAIL_E_MESSAGE : EMAIL_OK;
}

static void
read_recipient(email__fixed *f, email__recipient *one)
{
	one->state = (email__rcpt_state)email__fixed_char(f, ".+-x");
	email__fixed_word(f, " ");
	one->reply = (int)email__fixed_number(f, 3);
	email__fixed_word(f, " ");
	email__fixed_text(f, EMAIL__MAILFILE_ENHANCED, one->enhanced);
	email__fixed_word(f, " ");
	email__fixed_text(f, EMAIL__MAILFILE_TEXT, one->text);
	email__fixed_word(f, "\n");
}

static uint64_t
read_count(email__fixed *f, size_t width)
{
	uint64_t n = email__fixed_number(f, width);

	email__fixed_word(f, " ");
	return n;
}

static void
read_state(email__fixed *f, email__mailfile *r)
{
	char sign;
	size_t i;

	email__fixed_word(f, "state ");
	r->generation = read_count(f, NUMBER_WIDTH);
	r->attempts = (unsigned)read_count(f, COUNT_WIDTH);
	r->unsure = (unsigned)read_count(f, COUNT_WIDTH);
	r->crashes = (unsigned)read_count(f, COUNT_WIDTH);
	r->failures = (unsigned)read_count(f, COUNT_WIDTH);
	r->trying = (email__trying)email__fixed_char(f, "-1n");
	email__fixed_word(f, " ");
	r->suspect = email__fixed_char(f, "-s") == 's';
	email__fixed_word(f, " ");
	email__fixed_text(f, EMAIL__MAILFILE_BOOT, r->boot);
	if (r->boot[0] == '-')
		r->boot[0] = '\0';
	email__fixed_word(f, " ");
	r->next = (int64_t)read_count(f, NUMBER_WIDTH);
	r->revived = (int64_t)read_count(f, NUMBER_WIDTH);
	r->ended = (int64_t)read_count(f, NUMBER_WIDTH);
	r->date = (int64_t)read_count(f, NUMBER_WIDTH);
	sign = email__fixed_char(f, "+-");
	r->date_offset = (int)read_count(f, 4);
	if (sign == '-')
		r->date_offset = -r->date_offset;
	email__fixed_text(f, EMAIL__MAILFILE_TEXT, r->cause);
	email__fixed_word(f, "\n");
	for (i = 0; i < r->count; i++)
		read_recipient(f, &r->recipients[i]);
}

/* The generation of the state at `at`, where it is whole. */
static bool
valid_state(const char *bytes, const email__mailfile *r, size_t at, uint64_t *generation)
{
	email__fixed f = {bytes + at, bytes + at + r->state_size, false}, sum = f;

	sum.at = f.end - SUM_LINE;
	email__fixed_word(&sum, "sum ");
	if (email__fixed_sum(&sum) != email__crc64(r->seed, f.at, r->state_size - SUM_LINE))
		return false;
	email__fixed_word(&sum, "\n");
	email__fixed_word(&f, "state ");
	*generation = email__fixed_number(&f, NUMBER_WIDTH);
	return !sum.bad && !f.bad;
}

static email_code
read_states(const char *bytes, size_t n, email__mailfile *r)
{
	size_t rest = n - r->state_at, at = r->state_at;
	uint64_t generation[2] = {0, 0};
	bool valid[2];
	email__fixed f;

	/* both states, and the empty line */
	if (rest % 2 != 1 || bytes[n - 1] != '\n' || rest / 2 <= SUM_LINE)
		return EMAIL_E_MESSAGE;
	r->state_size = rest / 2;
	valid[0] = valid_state(bytes, r, at, &generation[0]);
	valid[1] = valid_state(bytes, r, at + r->state_size, &generation[1]);
	if (!valid[0] && !valid[1])
		return EMAIL_E_MESSAGE;
	if (valid[1] && (!valid[0] || generation[1] > generation[0]))
		at += r->state_size;
	f = (email__fixed){bytes + at, bytes + at + r->state_size - SUM_LINE, false};
	read_state(&f, r);
	return f.bad || f.at != f.end ? EMAIL_E_MESSAGE : EMAIL_OK;
}

email_code
email__mailfile_read(const char *bytes, size_t n, email__mailfile *r)
{
	email__fixed f = {bytes, bytes + n, false};
	uint64_t sum;
	email_code rc;

	memset(r, 0, sizeof *r);
	r->header = first_line(&f, &r->state_at);
	if (r->header == 0 || r->header != n)
		return EMAIL_E_MESSAGE;
	r->seed = sum_of_first_line(bytes);
	sum = email__crc64(0, bytes, BEFORE_SUM);
	if (email__crc64(sum, bytes + FIRST_LINE, r->state_at - FIRST_LINE) != r->seed)
		return EMAIL_E_MESSAGE;
	r->memory = email__alloc(r->state_at);
	if (!r->memory)
		return EMAIL_E_MEMORY;
	memcpy(r->memory, bytes, r->state_at);
	f = (email__fixed){r->memory + FIRST_LINE, r->memory + r->state_at, false};
	rc = read_fields(&f, r);
	return rc ? rc : read_states(bytes, n, r);
}

void
email__mailfile_dispose(email__mailfile *r)
{
	email__free(r->recipients);
	email__free(r->memory);
	memset(r, 0, sizeof *r);
}

size_t
email__mailfile_count(const email__mailfile *r, email__rcpt_state state)
{
	size_t i, n = 0;

	for (i = 0; i < r->count; i++)
		n += r->recipients[i].state == state;
	return n;
}
