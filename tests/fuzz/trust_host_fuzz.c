/* SPDX-License-Identifier: MIT */
/* A host's canonical form is canonical itself, and an address is written as it is read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trust/host.h"
#include "trust/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[EMAIL__HOST_MAX], again[EMAIL__HOST_MAX];
	unsigned char bytes[16];
	bool address, address_again;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (email__host_canonical(text, out, &address) == EMAIL_OK) {
		if (email__host_canonical(out, again, &address_again) || strcmp(out, again) != 0 ||
		    address != address_again)
			abort();
		if (address != (email__ip_parse(out, bytes) != 0))
			abort();
	}
	free(text);
	return 0;
}
