/* SPDX-License-Identifier: MIT */
#include "crypto/seal.h"

#include <psa/crypto.h>
#include <stdint.h>
#include <string.h>

#include "base/wipe.h"
#include "crypto/crypto.h"
#include "crypto/mac.h"

enum { VERSION = 1, KEY_ID = 4, NONCE = 12, TAG = 16, HEADER = 1 + KEY_ID };

static email_code
code_of(psa_status_t status)
{
	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	if (status == PSA_ERROR_INVALID_SIGNATURE)
		return EMAIL_E_SECRET;
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? EMAIL_E_MEMORY : EMAIL_E_TLS;
}

/* *id is 0 after an error. */
static email_code
import(const unsigned char *key, psa_key_usage_t usage, psa_key_id_t *id)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	email_code rc = email__crypto_init(NULL, EMAIL_STAGE_NONE);

	*id = 0;
	if (rc)
		return rc;
	psa_set_key_usage_flags(&attributes, usage);
	psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
	return code_of(psa_import_key(&attributes, key, EMAIL__SEAL_KEY, id));
}

/* Version and key, and behind them what is bound: additional data are one piece. */
typedef struct additional {
	unsigned char bytes[HEADER + EMAIL__SEAL_BOUND_MAX];
	size_t n;
} additional;

static email_code
prepare(additional *a, const unsigned char *key, const void *bound, size_t bound_n)
{
	static const char purpose[] = "emailservice sealed value: which key";
	unsigned char mac[EMAIL__MAC_MAX];
	email_code rc;

	if (bound_n > EMAIL__SEAL_BOUND_MAX)
		return EMAIL_E_LIMIT;
	if ((rc = email__hmac(EMAIL__SHA256, key, EMAIL__SEAL_KEY, purpose, sizeof purpose - 1, mac)))
		return rc;
	a->bytes[0] = VERSION;
	memcpy(a->bytes + 1, mac, KEY_ID);
	email__wipe(mac, sizeof mac);
	if (bound_n)
		memcpy(a->bytes + HEADER, bound, bound_n);
	a->n = HEADER + bound_n;
	return EMAIL_OK;
}

email_code
email__seal(const unsigned char key[EMAIL__SEAL_KEY], const void *bound, size_t bound_n, const void *text, size_t n,
            unsigned char *out)
{
	unsigned char *nonce = out + HEADER;
	psa_key_id_t id = 0;
	size_t written;
	additional a;
	email_code rc;

	if ((rc = prepare(&a, key, bound, bound_n)) || (rc = email__crypto_random(nonce, NONCE)) ||
	    (rc = import(key, PSA_KEY_USAGE_ENCRYPT, &id)))
		goto out;
	memcpy(out, a.bytes, HEADER);
	rc = code_of(psa_aead_encrypt(id, PSA_ALG_GCM, nonce, NONCE, a.bytes, a.n, n ? text : "", n, nonce + NONCE,
	                              n + TAG, &written));
out:
	psa_destroy_key(id);
	return rc;
}

email_code
email__unseal(const unsigned char key[EMAIL__SEAL_KEY], const void *bound, size_t bound_n, const void *sealed, size_t n,
              unsigned char *out)
{
	const unsigned char *in = sealed, *nonce = in + HEADER;
	unsigned char none;
	psa_key_id_t id = 0;
	size_t written;
	additional a;
	email_code rc;

	if (n < EMAIL__SEAL_MORE || in[0] != VERSION)
		return EMAIL_E_VALUE;
	if ((rc = prepare(&a, key, bound, bound_n)))
		return rc;
	if (memcmp(in, a.bytes, HEADER) != 0)
		return EMAIL_E_UNKNOWN;
	if ((rc = import(key, PSA_KEY_USAGE_DECRYPT, &id)) == EMAIL_OK)
		rc = code_of(psa_aead_decrypt(id, PSA_ALG_GCM, nonce, NONCE, a.bytes, a.n, nonce + NONCE,
		                              n - HEADER - NONCE, n > EMAIL__SEAL_MORE ? out : &none,
		                              n - EMAIL__SEAL_MORE, &written));
	psa_destroy_key(id);
	return rc;
}
