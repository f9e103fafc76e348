/* SPDX-License-Identifier: MIT */
#include "support/failalloc.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <emailservice/log.h>

static atomic_size_t count, blocks, fail_at;
static atomic_bool forever, failed;

static void *
allocator(void *context, void *p, size_t want)
{
	size_t n;

	(void)context;
	if (want == 0) {
		atomic_fetch_sub(&blocks, 1);
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
	return realloc(p, want);
}

static void
start(size_t n, bool from_there_on)
{
	count = 0;
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
email_test_blocks(void)
{
	return blocks;
}
