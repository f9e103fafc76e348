/* SPDX-License-Identifier: MIT */
/*
 * A small certificate authority for tests: keys, certificates with chosen names, dates and extensions,
 * as DER and PEM. Everything is made in memory; what a test wants on disk it writes itself.
 *
 *     pki_key *ca_key = pki_key_new(PKI_EC_P256), *key = pki_key_new(PKI_RSA_2048);
 *     pki_cert ca, leaf;
 *     pki_spec spec = pki_ca("CN=Test CA");
 *     pki_issue(&ca, &spec, ca_key, NULL, NULL);               issuer NULL: self-signed
 *     spec = pki_server("CN=mail.example.com", "DNS:mail.example.com, IP:192.0.2.1");
 *     pki_issue(&leaf, &spec, key, &ca, ca_key);
 *
 * Functions return 0, or the TLS library's error code.
 */
#ifndef TESTS_SUPPORT_PKI_H
#define TESTS_SUPPORT_PKI_H

#include <stdbool.h>
#include <stddef.h>

typedef enum pki_kind {
	PKI_EC_P256,
	PKI_EC_P384,
	PKI_EC_P192,
	PKI_RSA_1024,
	PKI_RSA_2048,
	PKI_RSA_4096
} pki_kind;
typedef enum pki_hash { PKI_SHA256, PKI_SHA1, PKI_SHA384, PKI_MD5 } pki_hash;

/* Key usage bits, as in RFC 5280 4.2.1.3. */
enum {
	PKI_USE_SIGNATURE = 0x80,
	PKI_USE_ENCIPHERMENT = 0x20,
	PKI_USE_CERT_SIGN = 0x04,
	PKI_USE_CRL_SIGN = 0x02
};

typedef struct pki_key pki_key; /* holds a mbedtls_pk_context: pki_key_context() */

/* NULL: it could not be made. An RSA key takes a part of a second: share it between tests. */
pki_key *pki_key_new(pki_kind kind);
/* From PEM or DER. */
pki_key *pki_key_parse(const void *bytes, size_t n);
void pki_key_free(pki_key *key);
/* The mbedtls_pk_context, for a TLS server. */
void *pki_key_context(pki_key *key);
/* NUL-ended PEM. */
int pki_key_pem(pki_key *key, char *pem, size_t size);

typedef struct pki_extension {
	const char *oid; /* DER of the OID's contents, for instance "\x55\x1D\x1E" */
	size_t oid_len;
	bool critical;
	const void *der; /* the extension's value */
	size_t len;
} pki_extension;

typedef struct pki_spec {
	const char *subject; /* "CN=mail.example.com,O=Example" */
	const char *issuer;  /* NULL: the issuing certificate's subject */
	const char *
		names; /* subjectAltName: "DNS:a.example, IP:192.0.2.1, IP:::1, URI:u, EMAIL:e"; NULL: none */
	const char *not_before;          /* "20260101000000", UTC; NULL: a day ago */
	const char *not_after;           /* NULL: in a year */
	const char *usages;              /* extended key usage: "serverAuth, clientAuth"; NULL: none */
	unsigned key_usage;              /* PKI_USE_*; 0: no such extension */
	int ca;                          /* basicConstraints: -1 none, 0 no CA, 1 CA */
	int path_len;                    /* -1: none */
	int version;                     /* 1 (without extensions) or 3 */
	pki_hash hash;                   /* of the signature */
	unsigned serial;                 /* 0: one more than the last */
	bool no_identifiers;             /* without subject and authority key identifier */
	bool bad_signature;              /* the last byte is turned round */
	const pki_extension *extensions; /* further ones */
	size_t extension_count;
} pki_spec;

/* A CA and a TLS server (or client) as they should be; change what the test is about. */
pki_spec pki_ca(const char *subject);
pki_spec pki_server(const char *subject, const char *names);
pki_spec pki_client(const char *subject);

#define PKI_DER_MAX 8192
typedef struct pki_cert {
	unsigned char der[PKI_DER_MAX];
	size_t len;
	char subject[256];
} pki_cert;

/* Issues a certificate for `key`, signed by issuer_key; both issuer arguments NULL: self-signed. */
int pki_issue(pki_cert *cert, const pki_spec *spec, pki_key *key, const pki_cert *issuer,
              pki_key *issuer_key);
/* NUL-ended PEM, appended behind what `pem` (size bytes, NUL-ended) holds: chains and bundles. */
int pki_pem_add(char *pem, size_t size, const pki_cert *cert);

#endif
