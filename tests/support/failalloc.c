/* SPDX-License-Identifier: MIT */
#include "support/failalloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <emailservice/log.h>

static atomic_size_t count, blocks, fail_at;
static atomic_llong held, peak; /* bytes since the last start */
static atomic_bool forever, failed;

/* Takes note of a block that is another than before. */
static void *
account(void *p, size_t before)
{
	long long change = (long long)(p ? malloc_usable_size(p) : 0) - (long long)before;
	long long now = atomic_fetch_add(&held, change) + change, most = peak;

	while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
		;
	return p;
}

static void *
allocator(void *context, void *p, size_t want)
{
	size_t n, before = p ? malloc_usable_size(p) : 0;
	void *now;

	(void)context;
	if (want == 0) {
		atomic_fetch_sub(&blocks, 1);
		account(NULL, before);
		free(p);
		return NULL;
	}
	n = atomic_fetch_add(&count, 1) + 1;
	if (fail_at && (n == fail_at || (forever && n > fail_at))) {
		atomic_store(&failed, true);
		return NULL;
	}
	if (!p)
		atomic_fetch_add(&blocks, 1);
	now = realloc(p, want);
	return now ? account(now, before) : NULL;
}

static void
start(size_t n, bool from_there_on)
{
	count = 0;
	held = peak = 0;
	failed = false;
	fail_at = n;
	forever = from_there_on;
	email_set_allocator(allocator, NULL);
}

void
email_test_fail_alloc(size_t n)
{
	start(n, false);
}

void
email_test_fail_alloc_from(size_t n)
{
	start(n, true);
}

void
email_test_fail_alloc_off(void)
{
	fail_at = 0;
	email_set_allocator(NULL, NULL);
}

size_t
email_test_allocs(void)
{
	return count;
}

bool
email_test_alloc_failed(void)
{
	return failed;
}

size_t
email_test_peak(void)
{
	return (size_t)peak;
}

size_t
email_test_blocks(void)
{
	return blocks;
}
