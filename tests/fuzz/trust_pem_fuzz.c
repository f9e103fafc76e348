/* SPDX-License-Identifier: MIT */
/* PEM gives the same blocks whole and byte by byte. */
#include <stdint.h>
#include <stdlib.h>

#include "trust/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static email_code
count(void *context, email__pem_kind kind, email__span der)
{
	size_t *sum = context;

	*sum = *sum * 31 + der.n * 4 + (size_t)kind + 1;
	return EMAIL_OK;
}

static email_code
read_pieces(const uint8_t *data, size_t size, size_t piece, size_t *sum)
{
	email__pem pem;
	email_code rc = EMAIL_OK;
	size_t at;

	email__pem_init(&pem, count, sum);
	for (at = 0; at < size && rc == EMAIL_OK; at += piece)
		rc = email__pem_push(&pem, data + at, size - at < piece ? size - at : piece);
	if (rc == EMAIL_OK)
		rc = email__pem_end(&pem);
	email__pem_dispose(&pem);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t one = 0, all = 0;

	if (read_pieces(data, size, 1, &one) != read_pieces(data, size, size ? size : 1, &all) || one != all)
		abort();
	return 0;
}
