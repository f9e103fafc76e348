/* SPDX-License-Identifier: MIT */
#include "crypto/mac.h"

#include <psa/crypto.h>
#include <string.h>

#include "base/wipe.h"
#include "crypto/crypto.h"

static const psa_algorithm_t algorithms[EMAIL__ALGORITHM_COUNT] = {
	[EMAIL__MD5] = PSA_ALG_MD5,        [EMAIL__SHA1] = PSA_ALG_SHA_1,
	[EMAIL__SHA256] = PSA_ALG_SHA_256, [EMAIL__SHA384] = PSA_ALG_SHA_384,
	[EMAIL__SHA512] = PSA_ALG_SHA_512,
};

static email_code
code_of(psa_status_t status)
{
	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? EMAIL_E_MEMORY : EMAIL_E_TLS;
}

size_t
email__mac_size(email__algorithm algorithm)
{
	return PSA_HASH_LENGTH(algorithms[algorithm]);
}

email_code
email__hash_of(email__algorithm algorithm, const void *bytes, size_t n, unsigned char *out)
{
	email_code rc = email__crypto_init(NULL, EMAIL_STAGE_NONE);
	size_t written;

	return rc ? rc
	          : code_of(psa_hash_compute(algorithms[algorithm], bytes, n, out, email__mac_size(algorithm),
	                                     &written));
}

/* A key that PSA knows; *id is 0 after an error. PSA takes no empty key: HMAC pads with zeros anyway. */
static email_code
import(email__algorithm algorithm, const void *key, size_t n, psa_key_id_t *id)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	email_code rc = email__crypto_init(NULL, EMAIL_STAGE_NONE);

	*id = 0;
	if (rc)
		return rc;
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&attributes, PSA_ALG_HMAC(algorithms[algorithm]));
	psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
	return code_of(psa_import_key(&attributes, n ? key : (const void *)"", n ? n : 1, id));
}

static email_code
mac(email__algorithm algorithm, psa_key_id_t id, const void *bytes, size_t n, unsigned char *out)
{
	size_t written;

	return code_of(psa_mac_compute(id, PSA_ALG_HMAC(algorithms[algorithm]), bytes, n, out,
	                               email__mac_size(algorithm), &written));
}

email_code
email__hmac(email__algorithm algorithm, const void *key, size_t key_n, const void *bytes, size_t n,
            unsigned char *out)
{
	psa_key_id_t id;
	email_code rc = import(algorithm, key, key_n, &id);

	if (rc == EMAIL_OK)
		rc = mac(algorithm, id, bytes, n, out);
	psa_destroy_key(id);
	return rc;
}

email_code
email__pbkdf2(email__algorithm algorithm, const void *password, size_t password_n, const void *salt,
              size_t salt_n, uint32_t iterations, unsigned char *out)
{
	unsigned char first[EMAIL__PBKDF2_SALT_MAX + 4], u[EMAIL__MAC_MAX];
	size_t size = email__mac_size(algorithm), i;
	psa_key_id_t id;
	uint32_t k;
	email_code rc;

	if (salt_n > EMAIL__PBKDF2_SALT_MAX)
		return EMAIL_E_LIMIT;
	memcpy(first, salt, salt_n);
	memcpy(first + salt_n, "\0\0\0\1", 4);
	if ((rc = import(algorithm, password, password_n, &id)) ||
	    (rc = mac(algorithm, id, first, salt_n + 4, u)))
		goto out;
	memcpy(out, u, size);
	for (k = 1; k < iterations && rc == EMAIL_OK; k++) {
		rc = mac(algorithm, id, u, size, u);
		for (i = 0; i < size; i++)
			out[i] ^= u[i];
	}
out:
	psa_destroy_key(id);
	email__wipe(u, sizeof u);
	return rc;
}

int
email__equal_secret(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;
	unsigned char differ = 0;

	for (; n; n--)
		differ |= (unsigned char)(*p++ ^ *q++);
	return differ == 0;
}

email_code
email__crypto_random(void *out, size_t n)
{
	email_code rc = email__crypto_init(NULL, EMAIL_STAGE_NONE);

	return rc ? rc : code_of(psa_generate_random(out, n));
}
