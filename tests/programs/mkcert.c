/* SPDX-License-Identifier: MIT */
/*
 * Makes one certificate and its key with tests/support/pki.h: a private root, an intermediate or a leaf,
 * as good or as bad as asked for. Writes into --out DIR:
 *
 *     NAME.crt   the certificate
 *     NAME.key   its key, 0600
 *     NAME.pem   what a server sends: the certificate and its issuers, without the root
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mbedtls/x509_crt.h>

#include "support/pki.h"

#define PEM_MAX 65536
#define FILE_NAME_MAX 1024

static const char usage[] =
	"usage: mkcert --out DIR --name NAME [--issuer NAME] [--subject 'CN=...'] [--names 'DNS:a.b, "
	"IP:192.0.2.1']\n"
	"       [--not-before YYYYMMDDhhmmss] [--not-after YYYYMMDDhhmmss] [--key "
	"ec256|ec384|ec192|rsa1024|rsa2048]\n"
	"       [--hash sha256|sha384|sha1|md5] [--ca] [--path-len N] [--v1] [--eku 'serverAuth, "
	"clientAuth'|none]\n"
	"       [--key-usage 'signature encipherment certSign crlSign'] [--same-key NAME] [--bad-signature]\n"
	"Without --issuer the certificate signs itself. Dates are in UTC; by default a year from "
	"yesterday.\n";

static const char *folder;

static void
die(const char *what, const char *value)
{
	(void)fprintf(stderr, "mkcert: %s%s%s\n", what, value ? ": " : "", value ? value : "");
	exit(64);
}

static void
file_name(char path[FILE_NAME_MAX], const char *name, const char *ending)
{
	if (snprintf(path, FILE_NAME_MAX, "%s/%s.%s", folder, name, ending) >= FILE_NAME_MAX)
		die("path too long", name);
}

static void
read_file(const char *name, const char *ending, char *text, size_t size)
{
	char path[FILE_NAME_MAX];
	size_t n;
	FILE *f;

	file_name(path, name, ending);
	f = fopen(path, "rb");
	if (!f)
		die("cannot read", path);
	n = f ? fread(text, 1, size - 1, f) : 0;
	text[n] = '\0';
	if (f)
		(void)fclose(f);
}

static void
write_file(const char *name, const char *ending, const char *text, mode_t mode)
{
	char path[FILE_NAME_MAX];
	FILE *f;
	int rc;

	file_name(path, name, ending);
	(void)umask(mode == 0600 ? 077 : 022);
	f = fopen(path, "wb");
	if (!f)
		die("cannot write", path);
	rc = f ? fputs(text, f) : EOF;
	if (rc == EOF || fclose(f))
		die("cannot write", path);
}

static pki_kind
kind_of(const char *text)
{
	static const struct {
		const char *name;
		pki_kind kind;
	} kinds[] = {{"ec256", PKI_EC_P256},    {"ec384", PKI_EC_P384},    {"ec192", PKI_EC_P192},
	             {"rsa1024", PKI_RSA_1024}, {"rsa2048", PKI_RSA_2048}, {"rsa4096", PKI_RSA_4096}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(text, kinds[i].name) == 0)
			return kinds[i].kind;
	die("unknown kind of key", text);
	return PKI_EC_P256;
}

static pki_hash
hash_of(const char *text)
{
	static const struct {
		const char *name;
		pki_hash hash;
	} hashes[] = {{"sha256", PKI_SHA256}, {"sha384", PKI_SHA384}, {"sha1", PKI_SHA1}, {"md5", PKI_MD5}};

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (strcmp(text, hashes[i].name) == 0)
			return hashes[i].hash;
	die("unknown hash", text);
	return PKI_SHA256;
}

static pki_key *
load_key(const char *name)
{
	static char pem[PEM_MAX];
	pki_key *key;

	read_file(name, "key", pem, sizeof pem);
	key = pki_key_parse(pem, strlen(pem) + 1);
	if (!key)
		die("no key", name);
	return key;
}

/* An issuer made earlier: its subject is all that issuing takes from it. */
static void
load_issuer(const char *name, pki_cert *issuer, char *chain)
{
	mbedtls_x509_crt crt;
	static char pem[PEM_MAX];

	read_file(name, "crt", pem, sizeof pem);
	mbedtls_x509_crt_init(&crt);
	if (mbedtls_x509_crt_parse(&crt, (const unsigned char *)pem, strlen(pem) + 1) ||
	    mbedtls_x509_dn_gets(issuer->subject, sizeof issuer->subject, &crt.subject) < 0 ||
	    crt.raw.len > sizeof issuer->der)
		die("no certificate", name);
	memcpy(issuer->der, crt.raw.p, crt.raw.len);
	issuer->len = crt.raw.len;
	*chain = '\0';
	if (crt.issuer_raw.len != crt.subject_raw.len ||
	    memcmp(crt.issuer_raw.p, crt.subject_raw.p, crt.issuer_raw.len) != 0)
		read_file(name, "pem", chain, PEM_MAX); /* a root is not sent */
	mbedtls_x509_crt_free(&crt);
}

typedef struct job {
	pki_spec spec;
	pki_kind kind;
	const char *name, *issuer, *same_key, *eku, *key_usage;
	bool ca;
} job;

static void
parse(job *j, int argc, char **argv)
{
	enum {
		OUT = 256,
		NAME,
		ISSUER,
		SUBJECT,
		NAMES,
		BEFORE,
		AFTER,
		KEY,
		HASH,
		CA,
		PATH,
		V1,
		EKU,
		USAGE,
		SAME,
		BAD
	};
	static const struct option longs[] = {
		{"out", 1, NULL, OUT},         {"name", 1, NULL, NAME},     {"issuer", 1, NULL, ISSUER},
		{"subject", 1, NULL, SUBJECT}, {"names", 1, NULL, NAMES},   {"not-before", 1, NULL, BEFORE},
		{"not-after", 1, NULL, AFTER}, {"key", 1, NULL, KEY},       {"hash", 1, NULL, HASH},
		{"ca", 0, NULL, CA},           {"path-len", 1, NULL, PATH}, {"v1", 0, NULL, V1},
		{"eku", 1, NULL, EKU},         {"same-key", 1, NULL, SAME}, {"bad-signature", 0, NULL, BAD},
		{"key-usage", 1, NULL, USAGE}, {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case OUT: folder = optarg; break;
		case NAME: j->name = optarg; break;
		case ISSUER: j->issuer = optarg; break;
		case SUBJECT: j->spec.subject = optarg; break;
		case NAMES: j->spec.names = optarg; break;
		case BEFORE: j->spec.not_before = optarg; break;
		case AFTER: j->spec.not_after = optarg; break;
		case KEY: j->kind = kind_of(optarg); break;
		case HASH: j->spec.hash = hash_of(optarg); break;
		case CA: j->ca = true; break;
		case PATH: j->spec.path_len = atoi(optarg); break;
		case V1: j->spec.version = 1; break;
		case EKU: j->eku = optarg; break;
		case USAGE: j->key_usage = optarg; break;
		case SAME: j->same_key = optarg; break;
		case BAD: j->spec.bad_signature = true; break;
		default: die(usage, NULL);
		}
	}
	if (!folder || !j->name || optind != argc)
		die(usage, NULL);
}

/* What the options leave open is as in pki_ca() or pki_server(). */
static void
complete(job *j, char subject[256])
{
	struct timespec now;

	if (j->ca) {
		pki_spec ca = pki_ca("");
		j->spec.ca = ca.ca;
		j->spec.key_usage = ca.key_usage;
		j->spec.usages = NULL;
	}
	if (j->eku)
		j->spec.usages = strcmp(j->eku, "none") ? j->eku : NULL;
	if (j->key_usage)
		j->spec.key_usage = (strstr(j->key_usage, "signature") ? PKI_USE_SIGNATURE : 0u) |
		                    (strstr(j->key_usage, "encipherment") ? PKI_USE_ENCIPHERMENT : 0u) |
		                    (strstr(j->key_usage, "certSign") ? PKI_USE_CERT_SIGN : 0u) |
		                    (strstr(j->key_usage, "crlSign") ? PKI_USE_CRL_SIGN : 0u);
	if (!*j->spec.subject) {
		(void)snprintf(subject, 256, "CN=%s", j->name);
		j->spec.subject = subject;
	}
	/* one issuer must not give two certificates the same number, and each run makes one */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	j->spec.serial = (unsigned)now.tv_sec * 1000003u ^ (unsigned)now.tv_nsec;
}

int
main(int argc, char **argv)
{
	static char pem[PEM_MAX], chain[PEM_MAX];
	static pki_cert cert, issuer;
	job j = {.spec = pki_server("", NULL), .kind = PKI_EC_P256};
	pki_key *key, *issuer_key = NULL;
	char subject[256];
	int rc;

	parse(&j, argc, argv);
	complete(&j, subject);
	key = j.same_key ? load_key(j.same_key) : pki_key_new(j.kind);
	if (!key)
		die("no key", j.name);
	if (j.issuer) {
		load_issuer(j.issuer, &issuer, chain);
		issuer_key = load_key(j.issuer);
	}
	rc = pki_issue(&cert, &j.spec, key, j.issuer ? &issuer : NULL, issuer_key);
	if (rc || pki_pem_add(pem, sizeof pem, &cert)) {
		(void)fprintf(stderr, "mkcert: %s: -0x%04x\n", j.name, (unsigned)-rc);
		return 1;
	}
	write_file(j.name, "crt", pem, 0644);
	(void)snprintf(pem + strlen(pem), sizeof pem - strlen(pem), "%s", chain);
	write_file(j.name, "pem", pem, 0644);
	if (pki_key_pem(key, pem, sizeof pem))
		die("no key", j.name);
	write_file(j.name, "key", pem, 0600);
	pki_key_free(key);
	pki_key_free(issuer_key);
	return 0;
}
