/* SPDX-License-Identifier: MIT */
#include "crypto/sign.h"

#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "crypto/crypto.h"

#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define KEY_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define KEY_RNG
#endif

/* RFC 7518 3.3 and 3.5 */
#define RSA_BITS_LEAST 2048

struct email__signer {
	email__signature algorithm;
	psa_key_id_t key;
};

static const struct {
	const char *name;
	psa_algorithm_t psa;
	psa_key_type_t type;
} algorithms[] = {
	[EMAIL__SIGN_AUTO] = {"", 0, 0},
	[EMAIL__RS256] = {"RS256", PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256), PSA_KEY_TYPE_RSA_KEY_PAIR},
	[EMAIL__PS256] = {"PS256", PSA_ALG_RSA_PSS(PSA_ALG_SHA_256), PSA_KEY_TYPE_RSA_KEY_PAIR},
	[EMAIL__ES256] = {"ES256", PSA_ALG_ECDSA(PSA_ALG_SHA_256),
                          PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)},
};

static email_code
parse_failed(int rc, email_stage stage, email_error *e)
{
	if (rc == MBEDTLS_ERR_PK_ALLOC_FAILED)
		return email__error_memory(e, stage);
	if (rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || rc == MBEDTLS_ERR_PK_PASSWORD_MISMATCH) {
		email__error_set(e, EMAIL_E_CERTIFICATE, stage, "the private key is encrypted, and %s",
		                 rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED ? "there is no password for it"
		                                                        : "the password does not open it");
		email__error_remedy(e, "Set privateKeyPassword");
		return EMAIL_E_CERTIFICATE;
	}
	email__error_set(e, EMAIL_E_CERTIFICATE, stage, "the private key cannot be read");
	if (e && !e->tls)
		e->tls = rc;
	return EMAIL_E_CERTIFICATE;
}

static email_code
wrong_kind(email_stage stage, email_error *e)
{
	email__error_set(e, EMAIL_E_CERTIFICATE, stage, "the private key is of no kind that signs tokens");
	email__error_remedy(
		e, "Use an RSA key of 2048 bits or more (RS256, PS256), or one on the curve P-256 (ES256)");
	return EMAIL_E_CERTIFICATE;
}

static email_code
choose(email__signer *s, email__signature wanted, const psa_key_attributes_t *key)
{
	psa_key_type_t type = psa_get_key_type(key);
	size_t bits = psa_get_key_bits(key);
	email__signature own = PSA_KEY_TYPE_IS_RSA(type) ? EMAIL__RS256 : EMAIL__ES256;

	s->algorithm = wanted == EMAIL__SIGN_AUTO ? own : wanted;
	if (type != algorithms[s->algorithm].type)
		return EMAIL_E_CERTIFICATE;
	return (s->algorithm == EMAIL__ES256 ? bits == 256 : bits >= RSA_BITS_LEAST) ? EMAIL_OK
	                                                                             : EMAIL_E_CERTIFICATE;
}

static email_code
load(email__signer *s, mbedtls_pk_context *pk, email__signature wanted, email_stage stage, email_error *e)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	if (mbedtls_pk_get_psa_attributes(pk, PSA_KEY_USAGE_SIGN_MESSAGE, &attributes) ||
	    choose(s, wanted, &attributes))
		return wrong_kind(stage, e);
	psa_set_key_algorithm(&attributes, algorithms[s->algorithm].psa);
	if (mbedtls_pk_import_into_psa(pk, &attributes, &s->key))
		return email__error_set(e, EMAIL_E_TLS, stage, "the private key cannot be used");
	return EMAIL_OK;
}

email__signer *
email__signer_new(const void *pem, size_t n, const char *password, email__signature algorithm,
                  email_stage stage, email_error *e)
{
	email__signer *s = email__new(email__signer);
	size_t password_n = password ? strlen(password) : 0;
	mbedtls_pk_context pk;
	email_code rc;
	int parsed;

	if (!s) {
		email__error_memory(e, stage);
		return NULL;
	}
	mbedtls_pk_init(&pk);
	if ((rc = email__crypto_init(e, stage)))
		goto out;
	parsed = mbedtls_pk_parse_key(&pk, pem, n, password_n ? (const unsigned char *)password : NULL,
	                              password_n KEY_RNG);
	rc = parsed ? parse_failed(parsed, stage, e) : load(s, &pk, algorithm, stage, e);
out:
	mbedtls_pk_free(&pk);
	if (rc) {
		email__signer_free(s);
		return NULL;
	}
	return s;
}

void
email__signer_free(email__signer *s)
{
	if (!s)
		return;
	psa_destroy_key(s->key);
	email__free(s);
}

email__signature
email__signer_algorithm(const email__signer *s)
{
	return s->algorithm;
}

const char *
email__signature_name(email__signature algorithm)
{
	return algorithms[algorithm].name;
}

email_code
email__signer_sign(const email__signer *s, const void *bytes, size_t n,
                   unsigned char out[EMAIL__SIGNATURE_MAX], size_t *written)
{
	psa_status_t status = psa_sign_message(s->key, algorithms[s->algorithm].psa, bytes, n, out,
	                                       EMAIL__SIGNATURE_MAX, written);

	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? EMAIL_E_MEMORY : EMAIL_E_TLS;
}

email_code
email__certificate_thumbprint(const void *pem, size_t n, email__algorithm hash, unsigned char *out)
{
	mbedtls_pem_context block;
	const unsigned char *der;
	size_t used, der_n;
	email_code rc = EMAIL_E_CERTIFICATE;

	mbedtls_pem_init(&block);
	/* the function takes text that ends in a NUL */
	if (n && ((const char *)pem)[n - 1] == '\0' &&
	    mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", pem,
	                            NULL, 0, &used) == 0) {
		der = mbedtls_pem_get_buffer(&block, &der_n);
		rc = email__hash_of(hash, der, der_n, out);
	}
	mbedtls_pem_free(&block);
	return rc;
}
