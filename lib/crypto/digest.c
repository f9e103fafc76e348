/* SPDX-License-Identifier: MIT */
#include "crypto/digest.h"

#include <psa/crypto.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define BYTES 32

struct email__digest {
	psa_hash_operation_t hash;
};

static email_code
code_of(psa_status_t status)
{
	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? EMAIL_E_MEMORY : EMAIL_E_TLS;
}

email_code
email__digest_begin(email__digest **digest, email_error *e)
{
	email__digest *d;
	email_code rc;

	*digest = NULL;
	if ((rc = email__crypto_init(e, EMAIL_STAGE_NONE)))
		return rc;
	if (!(d = email__new(email__digest)))
		return email__error_memory(e, EMAIL_STAGE_NONE);
	d->hash = psa_hash_operation_init();
	rc = code_of(psa_hash_setup(&d->hash, PSA_ALG_SHA_256));
	if (rc) {
		email__digest_free(d);
		return email__error_set(e, rc, EMAIL_STAGE_NONE, "SHA-256 is not to be had");
	}
	*digest = d;
	return EMAIL_OK;
}

email_code
email__digest_push(email__digest *digest, const void *bytes, size_t n)
{
	return code_of(psa_hash_update(&digest->hash, bytes, n));
}

email_code
email__digest_end(email__digest *digest, char hex[EMAIL__DIGEST_SIZE])
{
	unsigned char bytes[BYTES] = {0};
	size_t n;
	email_code rc = code_of(psa_hash_finish(&digest->hash, bytes, sizeof bytes, &n));

	email__hex_write(hex, bytes, BYTES);
	hex[rc ? 0 : 2 * BYTES] = '\0';
	return rc;
}

void
email__digest_free(email__digest *digest)
{
	if (!digest)
		return;
	psa_hash_abort(&digest->hash);
	email__free(digest);
}
