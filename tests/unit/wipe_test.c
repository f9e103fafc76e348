/* SPDX-License-Identifier: MIT */
#include "support/cm.h"

#include "base/alloc.h"
#include "base/wipe.h"

#include <emailservice/log.h>

static char freed[32];

/* Sees the block as it is when it is given back. */
static void *
watching(void *context, void *p, size_t want)
{
	static char block[32];

	(void)context;
	if (want == 0) {
		memcpy(freed, p, sizeof freed);
		return NULL;
	}
	return block;
}

static void
nothing_of_a_secret_is_given_back(void **state)
{
	char *s;

	(void)state;
	email_set_allocator(watching, NULL);
	s = email__strdup("hunter2");
	memset(freed, 'x', sizeof freed);
	email__wipe_free(s);
	assert_memory_equal(freed, "\0\0\0\0\0\0\0", 8);
	email__wipe_free(NULL);
	email_set_allocator(NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_of_a_secret_is_given_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
