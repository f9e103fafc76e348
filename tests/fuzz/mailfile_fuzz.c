/* SPDX-License-Identifier: MIT */
/*
 * A header of the queue that can be read is what it says: written again it is the same but for the older of its states, and
 * a change of state keeps its length. So that a fuzzer gets past the sums, they are set right first where the input's first
 * byte is 'S'.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "queue/crc.h"
#include "queue/mailfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIRST_LINE = 55, BEFORE_SUM = 38 };

static void
put_sum(char *at, uint64_t sum)
{
	char hex[17];

	snprintf(hex, sizeof hex, "%016llx", (unsigned long long)sum);
	memcpy(at, hex, 16);
}

/* Both states, seeded with the header's sum. */
static void
mend(char *p, size_t n)
{
	unsigned long at;
	uint64_t sum;
	size_t state, i;

	if (n < FIRST_LINE || sscanf(p, "emailservice-mail 1 %*8u %8lu", &at) != 1 || at < FIRST_LINE ||
	    at >= n)
		return;
	sum = email__crc64(email__crc64(0, p, BEFORE_SUM), p + FIRST_LINE, at - FIRST_LINE);
	put_sum(p + BEFORE_SUM, sum);
	state = (n - at) / 2;
	if (state < 21)
		return;
	for (i = 0; i < 2; i++)
		put_sum(p + at + (i + 1) * state - 17, email__crc64(sum, p + at + i * state, state - 21));
}

static void
check(email__mailfile *m, const char *header, size_t n)
{
	email__buf state, again;
	email__mailfile back;
	uint64_t at;
	char *copy = malloc(n);

	if (!copy || m->count < 1 || m->count > EMAIL__RECIPIENTS_MAX || m->priority > 9)
		abort();
	memcpy(copy, header, n);
	email__buf_init(&state, EMAIL__QUEUE_HEADER_MAX);
	email__buf_init(&again, EMAIL__QUEUE_HEADER_MAX);
	m->generation++;
	/* the last generation of all cannot be raised; nobody lives to see it */
	if (m->generation > INT64_MAX || email__mailfile_write_state(m, &state, &at))
		goto out;
	if (email__buf_len(&state) != m->state_size || at + m->state_size >= n)
		abort();
	memcpy(copy + at, email__buf_head(&state), m->state_size);
	if (email__mailfile_read(copy, n, &back) || back.generation != m->generation ||
	    back.attempts != m->attempts)
		abort();
	if (email__mailfile_write(&back, &again) || email__buf_len(&again) != n ||
	    memcmp(email__buf_head(&again), copy, m->state_at) != 0)
		abort();
	email__mailfile_dispose(&back);
out:
	email__buf_dispose(&again);
	email__buf_dispose(&state);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__mailfile m;
	char *copy;

	if (size < 1 || !(copy = malloc(size)))
		return 0;
	memcpy(copy, data + 1, size - 1);
	copy[size - 1] = '\0';
	if (data[0] == 'S')
		mend(copy, size - 1);
	email__mailfile_header(copy, size - 1);
	if (email__mailfile_read(copy, size - 1, &m) == EMAIL_OK)
		check(&m, copy, size - 1);
	email__mailfile_dispose(&m);
	free(copy);
	return 0;
}
