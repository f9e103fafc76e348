/* SPDX-License-Identifier: MIT */
/*
 * Makes the library's n-th allocation from now on fail (1 is the next), and where `forever` all after it
 * too; 0 lets all succeed. Counts, and knows whether everything was freed.
 */
#ifndef EMAIL_TEST_FAILALLOC_H
#define EMAIL_TEST_FAILALLOC_H

#include <stdbool.h>
#include <stddef.h>

void email_test_fail_alloc(size_t n);
void email_test_fail_alloc_from(size_t n);
/* Ends it: the ordinary allocator again. */
void email_test_fail_alloc_off(void);
/* Allocations since the last call above, whether one of them was made to fail, and blocks still held. */
size_t email_test_allocs(void);
bool email_test_alloc_failed(void);
size_t email_test_blocks(void);
/* The most bytes that were held at once since, beside what was held then. */
size_t email_test_peak(void);

#endif
