/* SPDX-License-Identifier: MIT */
#include "trust/signature.h"

#include <string.h>

#include <psa/crypto.h>

#include "crypto/crypto.h"

#define OID_RSA "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"
#define OID_PSS "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A"
#define OID_MGF1 "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"
#define OID_EC "\x2A\x86\x48\xCE\x3D\x02\x01"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384
#define EC_BITS_MIN 256
/* The largest r and s: those of P-521. */
#define ECDSA_PART_MAX 66

struct named {
	const char *oid;
	size_t len;
};
#define OID(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

/* Curves that PSA knows (RFC 5480 2.1.1.1, RFC 5639). secp256k1 is left out: no TLS signature scheme has it. */
static const struct curve {
	struct named id;
	psa_ecc_family_t family;
	int bits;
} curves[] = {
	{OID("\x2A\x86\x48\xCE\x3D\x03\x01\x01"), 0, 192},
	{OID("\x2B\x81\x04\x00\x21"), 0, 224},
	{OID("\x2A\x86\x48\xCE\x3D\x03\x01\x07"), PSA_ECC_FAMILY_SECP_R1, 256},
	{OID("\x2B\x81\x04\x00\x22"), PSA_ECC_FAMILY_SECP_R1, 384},
	{OID("\x2B\x81\x04\x00\x23"), PSA_ECC_FAMILY_SECP_R1, 521},
	{OID("\x2B\x24\x03\x03\x02\x08\x01\x01\x07"), PSA_ECC_FAMILY_BRAINPOOL_P_R1, 256},
	{OID("\x2B\x24\x03\x03\x02\x08\x01\x01\x0B"), PSA_ECC_FAMILY_BRAINPOOL_P_R1, 384},
	{OID("\x2B\x24\x03\x03\x02\x08\x01\x01\x0D"), PSA_ECC_FAMILY_BRAINPOOL_P_R1, 512},
};

/* Keys that are named but never verified with. */
static const struct other_key {
	struct named id;
	const char *name;
	int bits;
} other_keys[] = {
	{OID("\x2B\x65\x70"), "Ed25519", 256},
	{OID("\x2B\x65\x71"), "Ed448", 456},
	{OID("\x2A\x86\x48\xCE\x38\x04\x01"), "DSA", 0},
	{OID(OID_PSS), "RSASSA-PSS", 0},
};

/* Signatures (RFC 3279 2.2, RFC 4055, RFC 5758, RFC 8410). A hash of 0 is never verified. */
static const struct scheme {
	struct named id;
	email__key_kind kind;
	psa_algorithm_t hash;
	const char *name;
} schemes[] = {
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B"), EMAIL__KEY_RSA, PSA_ALG_SHA_256, "SHA256withRSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C"), EMAIL__KEY_RSA, PSA_ALG_SHA_384, "SHA384withRSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D"), EMAIL__KEY_RSA, PSA_ALG_SHA_512, "SHA512withRSA"},
	{OID("\x2A\x86\x48\xCE\x3D\x04\x03\x02"), EMAIL__KEY_EC, PSA_ALG_SHA_256, "SHA256withECDSA"},
	{OID("\x2A\x86\x48\xCE\x3D\x04\x03\x03"), EMAIL__KEY_EC, PSA_ALG_SHA_384, "SHA384withECDSA"},
	{OID("\x2A\x86\x48\xCE\x3D\x04\x03\x04"), EMAIL__KEY_EC, PSA_ALG_SHA_512, "SHA512withECDSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05"), EMAIL__KEY_RSA, 0, "SHA1withRSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04"), EMAIL__KEY_RSA, 0, "MD5withRSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x02"), EMAIL__KEY_RSA, 0, "MD2withRSA"},
	{OID("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0E"), EMAIL__KEY_RSA, 0, "SHA224withRSA"},
	{OID("\x2A\x86\x48\xCE\x3D\x04\x01"), EMAIL__KEY_EC, 0, "SHA1withECDSA"},
	{OID("\x2A\x86\x48\xCE\x3D\x04\x03\x01"), EMAIL__KEY_EC, 0, "SHA224withECDSA"},
	{OID("\x2A\x86\x48\xCE\x38\x04\x03"), EMAIL__KEY_OTHER, 0, "SHA1withDSA"},
	{OID("\x60\x86\x48\x01\x65\x03\x04\x03\x02"), EMAIL__KEY_OTHER, 0, "SHA256withDSA"},
	{OID("\x2B\x65\x70"), EMAIL__KEY_OTHER, 0, "Ed25519"},
	{OID("\x2B\x65\x71"), EMAIL__KEY_OTHER, 0, "Ed448"},
};

static const struct pss_hash {
	struct named id;
	psa_algorithm_t hash;
	const char *name;
} pss_hashes[] = {
	{OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), PSA_ALG_SHA_256, "SHA256withRSAandMGF1"},
	{OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), PSA_ALG_SHA_384, "SHA384withRSAandMGF1"},
	{OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), PSA_ALG_SHA_512, "SHA512withRSAandMGF1"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool
is(email__span oid, const struct named *id)
{
	return email__span_equal(oid, email__span_of(id->oid, id->len));
}

/* RSAPublicKey (RFC 8017 A.1.1): the modulus gives the size. An even or one-digit exponent is no RSA key. */
static bool
parse_rsa(email__key *key)
{
	email__span in = key->bytes, seq, n, e;
	unsigned char top;

	if (!email__der_take(&in, EMAIL__DER_SEQUENCE, &seq) || in.n ||
	    !email__der_take(&seq, EMAIL__DER_INTEGER, &n) ||
	    !email__der_take(&seq, EMAIL__DER_INTEGER, &e) || seq.n)
		return false;
	if (n.n == 0 || n.p[0] & 0x80 || e.n == 0 || e.p[0] & 0x80)
		return false;
	while (n.n && n.p[0] == 0) {
		n.p++;
		n.n--;
	}
	if (n.n == 0 || n.n > RSA_BITS_MAX / 8)
		return false;
	key->bits = (int)n.n * 8;
	for (top = n.p[0]; !(top & 0x80); top = (unsigned char)(top << 1))
		key->bits--;
	key->kind = EMAIL__KEY_RSA;
	key->name = "RSA";
	key->weak = key->bits < RSA_BITS_MIN || !(e.p[e.n - 1] & 1) || (e.n == 1 && e.p[0] < 3);
	return true;
}

/* An explicit or unknown curve is a weak one: nobody has looked at it. */
static bool
parse_ec(email__key *key, email__span parameters)
{
	email__span oid;
	size_t i;

	key->name = "EC";
	key->weak = true;
	if (!email__der_take(&parameters, EMAIL__DER_OID, &oid))
		return true;
	for (i = 0; i < COUNT(curves); i++)
		if (is(oid, &curves[i].id)) {
			key->bits = curves[i].bits;
			key->family = curves[i].family;
			key->weak = curves[i].bits < EC_BITS_MIN || curves[i].family == 0;
			key->kind = key->weak ? EMAIL__KEY_OTHER : EMAIL__KEY_EC;
		}
	return true;
}

bool
email__key_parse(email__span spki, email__key *key)
{
	email__span seq, alg, oid, bits;
	size_t i;

	memset(key, 0, sizeof *key);
	key->name = "unknown";
	key->weak = true;
	if (!email__der_take(&spki, EMAIL__DER_SEQUENCE, &seq) || spki.n ||
	    !email__der_take(&seq, EMAIL__DER_SEQUENCE, &alg) ||
	    !email__der_take(&alg, EMAIL__DER_OID, &oid) ||
	    !email__der_take(&seq, EMAIL__DER_BIT_STRING, &bits) || seq.n || bits.n < 2 || bits.p[0] != 0)
		return false;
	key->bytes = email__span_of(bits.p + 1, bits.n - 1);
	if (EMAIL__SPAN_IS(oid, OID_RSA))
		return parse_rsa(key);
	if (EMAIL__SPAN_IS(oid, OID_EC))
		return parse_ec(key, alg);
	for (i = 0; i < COUNT(other_keys); i++)
		if (is(oid, &other_keys[i].id)) {
			key->name = other_keys[i].name;
			key->bits = other_keys[i].bits;
		}
	return true;
}

/* RSASSA-PSS-params (RFC 4055 3.1): hash and mask hash must be the same; all defaults are SHA-1. */
static void
parse_pss(email__span parameters, email__sigalg *alg)
{
	email__span seq, tagged, inner, hash, mgf, mgf_hash;
	size_t i;

	alg->kind = EMAIL__KEY_RSA;
	alg->name = "SHA1withRSAandMGF1";
	alg->pss = true;
	if (!email__der_take(&parameters, EMAIL__DER_SEQUENCE, &seq) ||
	    !email__der_take(&seq, EMAIL__DER_CONTEXT_HOLDS(0), &tagged) ||
	    !email__der_take(&tagged, EMAIL__DER_SEQUENCE, &inner) ||
	    !email__der_take(&inner, EMAIL__DER_OID, &hash) ||
	    !email__der_take(&seq, EMAIL__DER_CONTEXT_HOLDS(1), &tagged) ||
	    !email__der_take(&tagged, EMAIL__DER_SEQUENCE, &inner) ||
	    !email__der_take(&inner, EMAIL__DER_OID, &mgf) || !EMAIL__SPAN_IS(mgf, OID_MGF1) ||
	    !email__der_take(&inner, EMAIL__DER_SEQUENCE, &tagged) ||
	    !email__der_take(&tagged, EMAIL__DER_OID, &mgf_hash) || !email__span_equal(hash, mgf_hash))
		return;
	for (i = 0; i < COUNT(pss_hashes); i++)
		if (is(hash, &pss_hashes[i].id)) {
			alg->hash = pss_hashes[i].hash;
			alg->name = pss_hashes[i].name;
			alg->weak = false;
		}
}

bool
email__sigalg_parse(email__span algorithm, email__sigalg *alg)
{
	email__span seq, oid;
	size_t i;

	memset(alg, 0, sizeof *alg);
	alg->name = "unknown";
	alg->weak = true;
	if (!email__der_take(&algorithm, EMAIL__DER_SEQUENCE, &seq) || algorithm.n ||
	    !email__der_take(&seq, EMAIL__DER_OID, &oid))
		return false;
	if (EMAIL__SPAN_IS(oid, OID_PSS)) {
		parse_pss(seq, alg);
		return true;
	}
	for (i = 0; i < COUNT(schemes); i++)
		if (is(oid, &schemes[i].id)) {
			alg->kind = schemes[i].kind;
			alg->hash = schemes[i].hash;
			alg->name = schemes[i].name;
			alg->weak = schemes[i].hash == 0;
		}
	return true;
}

/* ECDSA-Sig-Value (RFC 3279 2.2.3) to PSA's r and s, each as long as the curve. */
static bool
ecdsa_raw(email__span der, size_t part, unsigned char *raw)
{
	email__span seq, v[2];
	int i;

	if (!email__der_take(&der, EMAIL__DER_SEQUENCE, &seq) || der.n ||
	    !email__der_take(&seq, EMAIL__DER_INTEGER, &v[0]) ||
	    !email__der_take(&seq, EMAIL__DER_INTEGER, &v[1]) || seq.n)
		return false;
	memset(raw, 0, 2 * part);
	for (i = 0; i < 2; i++) {
		if (v[i].n == 0 || v[i].p[0] & 0x80)
			return false;
		if (v[i].p[0] == 0) {
			v[i].p++;
			v[i].n--;
		}
		if (v[i].n > part)
			return false;
		if (v[i].n)
			memcpy(raw + (size_t)i * part + part - v[i].n, v[i].p, v[i].n);
	}
	return true;
}

static psa_algorithm_t
psa_scheme(const email__sigalg *alg)
{
	if (alg->kind == EMAIL__KEY_EC)
		return PSA_ALG_ECDSA(alg->hash);
	return alg->pss ? PSA_ALG_RSA_PSS_ANY_SALT(alg->hash) : PSA_ALG_RSA_PKCS1V15_SIGN(alg->hash);
}

static email_code
from_psa(psa_status_t status)
{
	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? EMAIL_E_MEMORY : EMAIL_E_CERTIFICATE;
}

email_code
email__signature_verify(const email__key *key, const email__sigalg *alg, email__span signed_bytes,
                        email__span signature)
{
	unsigned char raw[2 * ECDSA_PART_MAX];
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id = 0;
	psa_status_t status;
	size_t part = ((size_t)key->bits + 7) / 8;

	if (alg->weak || key->kind == EMAIL__KEY_OTHER || alg->kind != key->kind)
		return EMAIL_E_CERTIFICATE;
	if (key->kind == EMAIL__KEY_EC) {
		if (!ecdsa_raw(signature, part, raw))
			return EMAIL_E_CERTIFICATE;
		signature = email__span_of(raw, 2 * part);
	}
	if (email__crypto_init(NULL, EMAIL_STAGE_TRUST))
		return EMAIL_E_MEMORY;
	psa_set_key_type(&attributes, key->kind == EMAIL__KEY_EC
	                                      ? PSA_KEY_TYPE_ECC_PUBLIC_KEY((psa_ecc_family_t)key->family)
	                                      : PSA_KEY_TYPE_RSA_PUBLIC_KEY);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
	psa_set_key_algorithm(&attributes, psa_scheme(alg));
	status = psa_import_key(&attributes, key->bytes.p, key->bytes.n, &id);
	if (status == PSA_SUCCESS)
		status = psa_verify_message(id, psa_scheme(alg), signed_bytes.p, signed_bytes.n, signature.p,
		                            signature.n);
	psa_destroy_key(id);
	return from_psa(status);
}

email_code
email__fingerprint(email__span bytes, char hex[65])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char hash[32];
	size_t n, i;

	hex[0] = '\0';
	if (email__crypto_init(NULL, EMAIL_STAGE_TRUST) ||
	    psa_hash_compute(PSA_ALG_SHA_256, bytes.p, bytes.n, hash, sizeof hash, &n) != PSA_SUCCESS)
		return EMAIL_E_MEMORY;
	for (i = 0; i < sizeof hash; i++) {
		hex[2 * i] = digit[hash[i] >> 4];
		hex[2 * i + 1] = digit[hash[i] & 15];
	}
	hex[64] = '\0';
	return EMAIL_OK;
}
