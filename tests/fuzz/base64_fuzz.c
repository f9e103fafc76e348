/* SPDX-License-Identifier: MIT */
/* Base64: what decodes, encodes to text of the same length, which decodes to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = malloc(size / 4 * 3 + 1);
	unsigned char *again = malloc(size / 4 * 3 + 1);
	char *text = malloc(size + 1);
	size_t n, m;

	if (!bytes || !again || !text)
		abort();
	if (email__base64_decode(bytes, &n, (const char *)data, size) == EMAIL_OK) {
		if (email__base64_encode(text, bytes, n) != size)
			abort();
		if (email__base64_decode(again, &m, text, size) != EMAIL_OK || m != n ||
		    memcmp(again, bytes, n) != 0)
			abort();
	}
	free(text);
	free(again);
	free(bytes);
	return 0;
}
