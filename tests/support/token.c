/* SPDX-License-Identifier: MIT */
#include "support/token.h"

#include <stdlib.h>

#include "base/wipe.h"
#include "codec/base64.h"
#include "support/cm.h"

/* Three bytes again and again, so that one of four shapes is in any piece of its base64. */
static const char piece[] = "tok";

char *
email_test_token(size_t n)
{
	char *token = malloc(n + 1);
	size_t i;

	assert_non_null(token);
	for (i = 0; i < n; i++)
		token[i] = piece[i % 3];
	token[n] = '\0';
	return token;
}

void
email_test_token_free(char *token)
{
	email__wipe(token, strlen(token));
	free(token);
}

void
email_test_token_line(const email__buf *out, size_t at, const char *token)
{
	size_t size = strlen(token) + 100, n = email__buf_len(out) - at;
	char *want = malloc(size);
	unsigned char *got = malloc(n);

	assert_non_null(want);
	assert_non_null(got);
	snprintf(want, size, "user=user\1auth=Bearer %s\1\1", token);
	assert_memory_equal(email__buf_head(out) + at + n - 2, "\r\n", 2);
	n -= 2;
	assert_int_equal(email__base64_decode(got, &n, (const char *)email__buf_head(out) + at, n), EMAIL_OK);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(got, want, n);
	email__wipe(want, size);
	email__wipe(got, n);
	free(want);
	free(got);
}

bool
email_test_token_gone(const email__buf *out)
{
	static const char *const traces[] = {"toktok", "dG9rdG9r", "a3Rva3Rv", "b2t0b2t0"};
	size_t i, k;

	for (k = 0; k < sizeof traces / sizeof *traces; k++)
		for (i = 0; i + strlen(traces[k]) <= out->cap; i++)
			if (memcmp(out->data + i, traces[k], strlen(traces[k])) == 0)
				return false;
	return true;
}
