/* SPDX-License-Identifier: MIT */
/* Keys and signature algorithms by policy, and signatures that are none. */
#include "trust/signature.h"

#include <psa/crypto.h>

#include "support/chains.h"
#include "support/cm.h"

#define OID_RSA "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"
#define OID_EC "\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01"

/* A value in DER, up to 65535 bytes. */
static size_t
put(unsigned char *out, unsigned tag, const void *p, size_t n)
{
	size_t head = n < 128 ? 2 : n < 256 ? 3 : 4;

	if (n)
		memmove(out + head, p, n);
	out[0] = (unsigned char)tag;
	if (head > 2)
		out[1] = (unsigned char)(0x80 + head - 2);
	if (head == 4)
		out[2] = (unsigned char)(n >> 8);
	out[head - 1] = (unsigned char)n;
	return head + n;
}

/* A SubjectPublicKeyInfo of an algorithm's contents and key bytes. */
static email__span
spki(const char *algorithm, size_t n, const void *key, size_t key_n)
{
	static unsigned char out[8192];
	unsigned char bits[4096];
	size_t used = put(out, 0x30, algorithm, n);

	bits[0] = 0;
	memcpy(bits + 1, key, key_n);
	used += put(out + used, 0x03, bits, key_n + 1);
	return email__span_of(out, put(out, 0x30, out, used));
}

static bool
rsa(size_t bits, const char *exponent, size_t exponent_n, email__key *key)
{
	unsigned char n[2100] = {0}, seq[4200];
	size_t used;

	n[0] = 0;
	n[1] = (unsigned char)(0x80 >> (7 - (bits - 1) % 8));
	used = put(seq, 0x02, n[1] & 0x80 ? n : n + 1, (bits + 7) / 8 + (n[1] & 0x80 ? 1 : 0));
	used += put(seq + used, 0x02, exponent, exponent_n);
	used = put(seq, 0x30, seq, used);
	return email__key_parse(spki(OID_RSA "\x05\x00", 13, seq, used), key);
}

static void
test_rsa_keys(void **state)
{
	email__key key;

	(void)state;
	assert_true(rsa(2048, "\x01\x00\x01", 3, &key));
	assert_int_equal(key.bits, 2048);
	assert_int_equal(key.kind, EMAIL__KEY_RSA);
	assert_false(key.weak);
	assert_true(rsa(2047, "\x01\x00\x01", 3, &key) && key.bits == 2047 && key.weak);
	assert_true(rsa(1024, "\x01\x00\x01", 3, &key) && key.weak);
	assert_true(rsa(2049, "\x03", 1, &key) && key.bits == 2049 && !key.weak);
	/* exponents that are none */
	assert_true(rsa(2048, "\x01", 1, &key) && key.weak);
	assert_true(rsa(2048, "\x01\x00", 2, &key) && key.weak);
	assert_true(rsa(2048, "\x02", 1, &key) && key.weak);
	assert_false(rsa(2048, "\x81", 1, &key));
	assert_false(rsa(2048, "", 0, &key));
	/* more than any honest key has: the time it costs is the attacker's choice */
	assert_true(rsa(16384, "\x01\x00\x01", 3, &key) && !key.weak);
	assert_false(rsa(16392, "\x01\x00\x01", 3, &key));
}

static void
test_ec_keys(void **state)
{
	static const struct {
		const char *curve;
		size_t n;
		int bits;
		bool weak;
	} rows[] = {
		{"\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07", 10, 256, false},
		{"\x06\x05\x2B\x81\x04\x00\x22", 7, 384, false},
		{"\x06\x05\x2B\x81\x04\x00\x23", 7, 521, false},
		{"\x06\x09\x2B\x24\x03\x03\x02\x08\x01\x01\x07", 11, 256, false},
		{"\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x01", 10, 192, true},
		{"\x06\x05\x2B\x81\x04\x00\x21", 7, 224, true},
		{"\x06\x05\x2B\x81\x04\x00\x0A", 7, 0, true}, /* secp256k1 */
		{"\x30\x03\x02\x01\x01", 5, 0, true},         /* explicit parameters (CVE-2020-0601) */
		{"", 0, 0, true},
	};
	char algorithm[32] = OID_EC;
	email__key key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		memcpy(algorithm + 9, rows[i].curve, rows[i].n);
		assert_true(email__key_parse(spki(algorithm, 9 + rows[i].n, "\x04xy", 3), &key));
		assert_int_equal(key.bits, rows[i].bits);
		assert_int_equal(key.weak, rows[i].weak);
		assert_int_equal(key.kind, rows[i].weak ? EMAIL__KEY_OTHER : EMAIL__KEY_EC);
		assert_string_equal(key.name, "EC");
	}
}

static void
test_other_keys(void **state)
{
	email__key key;
	email__span s;

	(void)state;
	assert_true(email__key_parse(spki("\x06\x03\x2B\x65\x70", 5, "12345678901234567890123456789012", 32),
	                             &key));
	assert_string_equal(key.name, "Ed25519");
	assert_true(key.weak);
	assert_true(email__key_parse(spki("\x06\x03\x2A\x03\x04", 5, "x", 1), &key));
	assert_string_equal(key.name, "unknown");
	assert_true(key.weak);
	/* broken ones */
	s = spki("\x06\x03\x2B\x65\x70", 5, "1234", 4);
	s.n--;
	assert_false(email__key_parse(s, &key));
	assert_false(email__key_parse(spki("\x05\x00", 2, "1", 1), &key));
	assert_false(email__key_parse(spki("\x06\x03\x2B\x65\x70", 5, "", 0), &key));
}

static void
test_algorithms(void **state)
{
	static const struct {
		const char *oid;
		size_t n;
		const char *name;
		bool weak;
	} rows[] = {
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B", 9, "SHA256withRSA", false},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C", 9, "SHA384withRSA", false},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D", 9, "SHA512withRSA", false},
		{"\x2A\x86\x48\xCE\x3D\x04\x03\x02", 8, "SHA256withECDSA", false},
		{"\x2A\x86\x48\xCE\x3D\x04\x03\x03", 8, "SHA384withECDSA", false},
		{"\x2A\x86\x48\xCE\x3D\x04\x03\x04", 8, "SHA512withECDSA", false},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05", 9, "SHA1withRSA", true},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04", 9, "MD5withRSA", true},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0E", 9, "SHA224withRSA", true},
		{"\x2A\x86\x48\xCE\x3D\x04\x01", 7, "SHA1withECDSA", true},
		{"\x2B\x65\x70", 3, "Ed25519", true},
		{"\x2A\x03", 2, "unknown", true},
		{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A", 9, "SHA1withRSAandMGF1", true}, /* PSS by default */
	};
	unsigned char der[32];
	email__sigalg alg;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		n = put(der, 0x06, rows[i].oid, rows[i].n);
		n = put(der, 0x30, der, n);
		assert_true(email__sigalg_parse(email__span_of(der, n), &alg));
		assert_string_equal(alg.name, rows[i].name);
		assert_int_equal(alg.weak, rows[i].weak);
		assert_int_equal(alg.hash == 0, rows[i].weak);
		assert_false(email__sigalg_parse(email__span_of(der, n - 1), &alg));
	}
}

/* RSASSA-PSS-params with these hashes, by the last byte of their OIDs. */
static bool
pss(unsigned char hash, unsigned char mgf_hash, email__sigalg *alg)
{
	unsigned char der[] = "\x30\x3A\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A\x30\x2D"
			      "\xA0\x0D\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
			      "\xA1\x1C\x30\x1A\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"
			      "\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";

	der[29] = hash;
	der[57] = mgf_hash;
	return email__sigalg_parse(email__span_of(der, sizeof der - 1), alg);
}

static void
test_pss(void **state)
{
	email__sigalg alg;

	(void)state;
	assert_true(pss(1, 1, &alg));
	assert_true(alg.pss && !alg.weak);
	assert_int_equal(alg.hash, PSA_ALG_SHA_256);
	assert_string_equal(alg.name, "SHA256withRSAandMGF1");
	assert_true(pss(3, 3, &alg) && !alg.weak);
	assert_true(pss(1, 2, &alg) && alg.weak); /* two hashes */
	assert_true(pss(4, 4, &alg) && alg.weak); /* SHA-224 */
}

/* Signs with a key made here, and verifies as a certificate's signature is. */
static void
rsa_signature(psa_algorithm_t scheme, bool is_pss)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	unsigned char public_key[512], signature[256];
	email__key key = {.kind = EMAIL__KEY_RSA, .bits = 2048};
	email__sigalg alg = {.kind = EMAIL__KEY_RSA, .hash = PSA_ALG_SHA_256, .pss = is_pss};
	email__span text = email__span_of("signed", 6), s;
	psa_key_id_t id;
	size_t n;

	psa_set_key_type(&attributes, PSA_KEY_TYPE_RSA_KEY_PAIR);
	psa_set_key_bits(&attributes, 2048);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&attributes, scheme);
	assert_int_equal(psa_generate_key(&attributes, &id), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(id, public_key, sizeof public_key, &n), PSA_SUCCESS);
	key.bytes = email__span_of(public_key, n);
	assert_int_equal(psa_sign_message(id, scheme, text.p, text.n, signature, sizeof signature, &n),
	                 PSA_SUCCESS);
	s = email__span_of(signature, n);
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_OK);
	assert_int_equal(email__signature_verify(&key, &alg, email__span_of("signee", 6), s),
	                 EMAIL_E_CERTIFICATE);
	alg.pss = !is_pss;
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_E_CERTIFICATE);
	alg.pss = is_pss;
	alg.hash = PSA_ALG_SHA_384;
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_E_CERTIFICATE);
	alg.hash = PSA_ALG_SHA_256;
	/* what policy refuses is never verified, nor a scheme with another kind of key */
	alg.weak = true;
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_E_CERTIFICATE);
	alg.weak = false;
	alg.kind = EMAIL__KEY_EC;
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_E_CERTIFICATE);
	alg.kind = EMAIL__KEY_RSA;
	s.n--;
	assert_int_equal(email__signature_verify(&key, &alg, text, s), EMAIL_E_CERTIFICATE);
	psa_destroy_key(id);
}

static void
test_rsa_signatures(void **state)
{
	(void)state;
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	rsa_signature(PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256), false);
	rsa_signature(PSA_ALG_RSA_PSS(PSA_ALG_SHA_256), true);
}

/* ECDSA-Sig-Value: two positive numbers no longer than the curve, and nothing behind them. */
static void
test_ecdsa_values(void **state)
{
	email__key key = {.kind = EMAIL__KEY_EC, .family = PSA_ECC_FAMILY_SECP_R1, .bits = 256};
	email__sigalg alg = {.kind = EMAIL__KEY_EC, .hash = PSA_ALG_SHA_256};
	unsigned char raw[64], point[65], der[160], r[34] = {0};
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	email__span text = email__span_of("signed", 6);
	psa_key_id_t id;
	size_t n, i, used = 0;

	(void)state;
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 256);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
	assert_int_equal(psa_generate_key(&attributes, &id), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(id, point, sizeof point, &n), PSA_SUCCESS);
	key.bytes = email__span_of(point, n);
	do /* until both numbers fill the curve's bytes */
		assert_int_equal(psa_sign_message(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), text.p, text.n, raw,
		                                  sizeof raw, &n),
		                 0);
	while (!(raw[0] & raw[32] & 0x80));
	psa_destroy_key(id);
	/* written as they are they would be negative */
	used = put(der, 0x02, raw, 32);
	used += put(der + used, 0x02, raw + 32, 32);
	n = put(der, 0x30, der, used);
	assert_int_equal(email__signature_verify(&key, &alg, text, email__span_of(der, n)),
	                 EMAIL_E_CERTIFICATE);
	used = 0;
	for (i = 0; i < 2; i++) { /* as they are written: without leading zeros, positive */
		size_t at = 0;

		while (at < 31 && raw[32 * i + at] == 0)
			at++;
		memcpy(r + 1, raw + 32 * i + at, 32 - at);
		used += r[1] & 0x80 ? put(der + used, 0x02, r, 33 - at)
		                    : put(der + used, 0x02, r + 1, 32 - at);
	}
	n = put(der, 0x30, der, used);
	assert_int_equal(email__signature_verify(&key, &alg, text, email__span_of(der, n)), EMAIL_OK);
	assert_int_equal(email__signature_verify(&key, &alg, text, email__span_of(der, n + 1)),
	                 EMAIL_E_CERTIFICATE);
	der[n - 1] ^= 1;
	assert_int_equal(email__signature_verify(&key, &alg, text, email__span_of(der, n)),
	                 EMAIL_E_CERTIFICATE);
	assert_int_equal(email__signature_verify(&key, &alg, text,
	                                         email__span_of("\x30\x06\x02\x01\x00\x02\x01\x00", 8)),
	                 EMAIL_E_CERTIFICATE); /* CVE-2022-21449 */
	assert_int_equal(email__signature_verify(&key, &alg, text,
	                                         email__span_of("\x30\x06\x02\x01\x81\x02\x01\x01", 8)),
	                 EMAIL_E_CERTIFICATE);
	memset(r, 1, sizeof r); /* longer than the curve */
	used = put(der, 0x02, r, 33);
	used += put(der + used, 0x02, r, 1);
	n = put(der, 0x30, der, used);
	assert_int_equal(email__signature_verify(&key, &alg, text, email__span_of(der, n)),
	                 EMAIL_E_CERTIFICATE);
}

static void
test_fingerprint(void **state)
{
	char hex[65];

	(void)state;
	assert_int_equal(email__fingerprint(email__span_of("abc", 3), hex), EMAIL_OK);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa_keys),     cmocka_unit_test(test_ec_keys),
		cmocka_unit_test(test_other_keys),   cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_pss),          cmocka_unit_test(test_rsa_signatures),
		cmocka_unit_test(test_ecdsa_values), cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
