/* SPDX-License-Identifier: MIT */
#include "support/pki.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/asn1.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

/* 3.6 wants a random generator where 4.x takes PSA's by itself. */
#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define PKI_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define PKI_RNG
#endif

#define OID_SERVER_AUTH "\x2B\x06\x01\x05\x05\x07\x03\x01"
#define OID_CLIENT_AUTH "\x2B\x06\x01\x05\x05\x07\x03\x02"
#define OID_EMAIL "\x2B\x06\x01\x05\x05\x07\x03\x04"
#define NAMES_MAX 64

struct pki_key {
	mbedtls_pk_context pk;
};

static const struct {
	psa_key_type_t type;
	size_t bits;
} kinds[] = {
	[PKI_EC_P256] = {PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 256},
	[PKI_EC_P384] = {PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 384},
	[PKI_EC_P192] = {PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 192},
	[PKI_RSA_1024] = {PSA_KEY_TYPE_RSA_KEY_PAIR, 1024},
	[PKI_RSA_2048] = {PSA_KEY_TYPE_RSA_KEY_PAIR, 2048},
	[PKI_RSA_4096] = {PSA_KEY_TYPE_RSA_KEY_PAIR, 4096},
};

static const mbedtls_md_type_t hashes[] = {
	[PKI_SHA256] = MBEDTLS_MD_SHA256,
	[PKI_SHA1] = MBEDTLS_MD_SHA1,
	[PKI_SHA384] = MBEDTLS_MD_SHA384,
	[PKI_MD5] = MBEDTLS_MD_MD5,
};

/* --- keys --- */

pki_key *
pki_key_new(pki_kind kind)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	mbedtls_svc_key_id_t id;
	pki_key *key = calloc(1, sizeof *key);
	bool rsa = kind == PKI_RSA_1024 || kind == PKI_RSA_2048 || kind == PKI_RSA_4096;

	if (!key || psa_crypto_init() != PSA_SUCCESS)
		goto out;
	mbedtls_pk_init(&key->pk);
	psa_set_key_type(&attributes, kinds[kind].type);
	psa_set_key_bits(&attributes, kinds[kind].bits);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT);
	psa_set_key_algorithm(&attributes, rsa ? PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_ANY_HASH)
	                                       : PSA_ALG_ECDSA(PSA_ALG_ANY_HASH));
	if (psa_generate_key(&attributes, &id) == PSA_SUCCESS) {
		int rc = mbedtls_pk_copy_from_psa(id, &key->pk);

		psa_destroy_key(id);
		if (rc == 0)
			return key;
	}
out:
	free(key);
	return NULL;
}

pki_key *
pki_key_parse(const void *bytes, size_t n)
{
	pki_key *key = calloc(1, sizeof *key);

	if (!key || psa_crypto_init() != PSA_SUCCESS)
		goto out;
	mbedtls_pk_init(&key->pk);
	if (mbedtls_pk_parse_key(&key->pk, bytes, n, NULL, 0 PKI_RNG) == 0)
		return key;
	mbedtls_pk_free(&key->pk);
out:
	free(key);
	return NULL;
}

void
pki_key_free(pki_key *key)
{
	if (key) {
		mbedtls_pk_free(&key->pk);
		free(key);
	}
}

void *
pki_key_context(pki_key *key)
{
	return &key->pk;
}

int
pki_key_pem(pki_key *key, char *pem, size_t size)
{
	return mbedtls_pk_write_key_pem(&key->pk, (unsigned char *)pem, size);
}

/* --- what certificates are like --- */

pki_spec
pki_ca(const char *subject)
{
	pki_spec spec = {0};

	spec.subject = subject;
	spec.ca = 1;
	spec.path_len = -1;
	spec.version = 3;
	spec.key_usage = PKI_USE_CERT_SIGN | PKI_USE_CRL_SIGN;
	return spec;
}

pki_spec
pki_server(const char *subject, const char *names)
{
	pki_spec spec = {0};

	spec.subject = subject;
	spec.names = names;
	spec.path_len = -1;
	spec.version = 3;
	spec.key_usage = PKI_USE_SIGNATURE | PKI_USE_ENCIPHERMENT;
	spec.usages = "serverAuth";
	return spec;
}

pki_spec
pki_client(const char *subject)
{
	pki_spec spec = pki_server(subject, NULL);

	spec.usages = "clientAuth";
	return spec;
}

/* --- issuing --- */

/* The next word of a list separated by commas and spaces; NULL at the end. */
static char *
next_word(char **list)
{
	char *word = *list + strspn(*list, ", ");
	size_t n = strcspn(word, ", ");

	if (n == 0)
		return NULL;
	*list = word + n;
	if (**list)
		*(*list)++ = '\0';
	return word;
}

static int
set_name(mbedtls_x509_subject_alternative_name *san, char *word, unsigned char address[16])
{
	static const struct {
		const char *prefix;
		int type;
	} types[] = {{"DNS:", MBEDTLS_X509_SAN_DNS_NAME},
	             {"IP:", MBEDTLS_X509_SAN_IP_ADDRESS},
	             {"URI:", MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER},
	             {"EMAIL:", MBEDTLS_X509_SAN_RFC822_NAME}};
	size_t i;

	for (i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n = strlen(types[i].prefix);

		if (strncmp(word, types[i].prefix, n) != 0)
			continue;
		san->type = types[i].type;
		san->san.unstructured_name.p = (unsigned char *)word + n;
		san->san.unstructured_name.len = strlen(word + n);
		if (types[i].type == MBEDTLS_X509_SAN_IP_ADDRESS) {
			int v6 = strchr(word + n, ':') != NULL;

			if (inet_pton(v6 ? AF_INET6 : AF_INET, word + n, address) != 1)
				return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
			san->san.unstructured_name.p = address;
			san->san.unstructured_name.len = v6 ? 16 : 4;
		}
		return 0;
	}
	return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
}

static int
add_names(mbedtls_x509write_cert *w, const char *names)
{
	mbedtls_x509_san_list list[NAMES_MAX];
	unsigned char addresses[NAMES_MAX][16];
	char copy[4096], *at = copy, *word;
	size_t n = 0;
	int rc;

	if (strlen(names) >= sizeof copy)
		return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
	memcpy(copy, names, strlen(names) + 1);
	memset(list, 0, sizeof list);
	while ((word = next_word(&at))) {
		if (n == NAMES_MAX)
			return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
		if ((rc = set_name(&list[n].node, word, addresses[n])))
			return rc;
		if (n)
			list[n - 1].next = &list[n];
		n++;
	}
	return n ? mbedtls_x509write_crt_set_subject_alternative_name(w, list) : 0;
}

static int
add_usages(mbedtls_x509write_cert *w, const char *usages)
{
	static const struct {
		const char *name, *oid;
	} known[] = {{"serverAuth", OID_SERVER_AUTH}, {"clientAuth", OID_CLIENT_AUTH}, {"email", OID_EMAIL}};
	mbedtls_asn1_sequence list[8];
	char copy[256], *at = copy, *word;
	size_t n = 0, i;

	if (strlen(usages) >= sizeof copy)
		return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
	memcpy(copy, usages, strlen(usages) + 1);
	memset(list, 0, sizeof list);
	while ((word = next_word(&at)) && n < 8) {
		for (i = 0; i < 3 && strcmp(word, known[i].name) != 0; i++)
			;
		if (i == 3)
			return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
		list[n].buf.tag = MBEDTLS_ASN1_OID;
		list[n].buf.p = (unsigned char *)(uintptr_t)known[i].oid;
		list[n].buf.len = 8;
		if (n)
			list[n - 1].next = &list[n];
		n++;
	}
	return n ? mbedtls_x509write_crt_set_ext_key_usage(w, list) : 0;
}

static int
add_extensions(mbedtls_x509write_cert *w, const pki_spec *spec)
{
	size_t i;
	int rc = 0;

	if (spec->ca >= 0)
		rc = mbedtls_x509write_crt_set_basic_constraints(w, spec->ca, spec->path_len);
	if (!rc && !spec->no_identifiers)
		rc = mbedtls_x509write_crt_set_subject_key_identifier(w);
	if (!rc && !spec->no_identifiers)
		rc = mbedtls_x509write_crt_set_authority_key_identifier(w);
	if (!rc && spec->key_usage)
		rc = mbedtls_x509write_crt_set_key_usage(w, spec->key_usage);
	if (!rc && spec->usages)
		rc = add_usages(w, spec->usages);
	if (!rc && spec->names)
		rc = add_names(w, spec->names);
	for (i = 0; !rc && i < spec->extension_count; i++) {
		const pki_extension *x = &spec->extensions[i];

		rc = mbedtls_x509write_crt_set_extension(w, x->oid, x->oid_len, x->critical, x->der, x->len);
	}
	return rc;
}

static void
stamp(char out[15], time_t when)
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 15, "%Y%m%d%H%M%S", &tm);
}

static int
set_dates_and_serial(mbedtls_x509write_cert *w, const pki_spec *spec)
{
	static unsigned last_serial;
	unsigned serial = spec->serial ? spec->serial : ++last_serial;
	unsigned char raw[5] = {1, (unsigned char)(serial >> 24), (unsigned char)(serial >> 16),
	                        (unsigned char)(serial >> 8), (unsigned char)serial};
	char from[15], until[15];
	time_t now = time(NULL);
	int rc;

	stamp(from, now - 86400);
	stamp(until, now + 365 * 86400);
	rc = mbedtls_x509write_crt_set_validity(w, spec->not_before ? spec->not_before : from,
	                                        spec->not_after ? spec->not_after : until);
	return rc ? rc : mbedtls_x509write_crt_set_serial_raw(w, raw, sizeof raw);
}

int
pki_issue(pki_cert *cert, const pki_spec *spec, pki_key *key, const pki_cert *issuer, pki_key *issuer_key)
{
	mbedtls_x509write_cert w;
	const char *issuer_name = spec->issuer ? spec->issuer : issuer ? issuer->subject : spec->subject;
	int rc;

	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_version(&w, spec->version == 1 ? MBEDTLS_X509_CRT_VERSION_1
	                                                         : MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, hashes[spec->hash]);
	mbedtls_x509write_crt_set_subject_key(&w, &key->pk);
	mbedtls_x509write_crt_set_issuer_key(&w, issuer_key ? &issuer_key->pk : &key->pk);
	if ((rc = mbedtls_x509write_crt_set_subject_name(&w, spec->subject)) ||
	    (rc = mbedtls_x509write_crt_set_issuer_name(&w, issuer_name)) ||
	    (rc = set_dates_and_serial(&w, spec)) || (spec->version != 1 && (rc = add_extensions(&w, spec))))
		goto out;
	rc = mbedtls_x509write_crt_der(&w, cert->der, sizeof cert->der PKI_RNG);
	if (rc < 0)
		goto out;
	/* it was written at the buffer's end */
	cert->len = (size_t)rc;
	memmove(cert->der, cert->der + sizeof cert->der - cert->len, cert->len);
	if (spec->bad_signature)
		cert->der[cert->len - 1] ^= 0xFF;
	snprintf(cert->subject, sizeof cert->subject, "%s", spec->subject);
	rc = 0;
out:
	mbedtls_x509write_crt_free(&w);
	return rc;
}

int
pki_pem_add(char *pem, size_t size, const pki_cert *cert)
{
	size_t have = strlen(pem), n;

	return mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
	                                cert->der, cert->len, (unsigned char *)pem + have, size - have, &n);
}
