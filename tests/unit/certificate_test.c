/* SPDX-License-Identifier: MIT */
#include "trust/certificate.h"

#include <mbedtls/x509_crt.h>
#include <stdlib.h>

#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"

static pki_cert c;
static email__cert cert;

static void
make(const pki_spec *spec, pki_key *key)
{
	chain_issue(&c, spec, key, NULL, NULL);
	assert_true(email__cert_parse(email__span_of(c.der, c.len), &cert));
}

static void
test_describe(void **state)
{
	pki_spec spec = pki_server("CN=mail.example.com,O=Plant,C=DE", "DNS:mail.example.com");
	email_certificate d;

	(void)state;
	spec.not_before = "20260101000000";
	spec.not_after = "20270101000000";
	make(&spec, chain_key_kind(PKI_RSA_2048));
	assert_int_equal(email__cert_describe(&cert, INT64_C(1780000000), &d), EMAIL_OK);
	assert_non_null(strstr(d.subject, "CN=mail.example.com"));
	assert_non_null(strstr(d.subject, "O=Plant"));
	assert_string_equal(d.subject, d.issued_by);
	assert_string_equal(d.key_algorithm, "RSA");
	assert_int_equal(d.key_size, 2048);
	assert_string_equal(d.signature_algorithm, "SHA256withRSA");
	assert_int_equal(d.signature_size, 2048);
	assert_int_equal(d.not_before, 1767225600);
	assert_int_equal(d.not_after, 1798761600);
	assert_true(d.valid && d.self_signed);
	assert_int_equal(strlen(d.sha256), 64);
	assert_string_not_equal(d.sha256, d.public_key_sha256);
	assert_int_equal(email__cert_describe(&cert, INT64_C(1798761601), &d), EMAIL_OK);
	assert_false(d.valid);
	make(&spec, chain_key_kind(PKI_EC_P384));
	assert_int_equal(email__cert_describe(&cert, 0, &d), EMAIL_OK);
	assert_string_equal(d.key_algorithm, "EC");
	assert_int_equal(d.key_size, 384);
	assert_string_equal(d.signature_algorithm, "SHA256withECDSA");
}

/* The same key is read here and by the library that checks the handshake. */
static void
test_as_mbedtls(void **state)
{
	pki_spec spec = pki_server("CN=x", "DNS:a.example, IP:192.0.2.1");
	mbedtls_x509_crt crt;

	(void)state;
	make(&spec, chain_key_of(KEY_LEAF));
	mbedtls_x509_crt_init(&crt);
	assert_int_equal(mbedtls_x509_crt_parse_der(&crt, c.der, c.len), 0);
	assert_int_equal(crt.pk_raw.len, cert.spki.n);
	assert_memory_equal(crt.pk_raw.p, cert.spki.p, cert.spki.n);
	assert_int_equal(crt.tbs.len, cert.tbs.n);
	assert_int_equal(crt.subject_raw.len, cert.subject.n);
	mbedtls_x509_crt_free(&crt);
}

/* What a peer chose to be called cannot speak to the terminal, nor pass for several attributes. */
static void
test_hostile_names(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		const char *text;
	} rows[] = {
		{"\x30\x0E\x31\x0C\x30\x0A\x06\x03\x55\x04\x03\x0C\x03\x1B[2", 16, "CN=?[2"},
		{"\x30\x11\x31\x0F\x30\x0D\x06\x03\x55\x04\x03\x0C\x06"
	         "a, O=b",
	         19, "CN=a\\, O=b"},
		{"\x30\x0F\x31\x0D\x30\x0B\x06\x03\x55\x04\x03\x1E\x04\x00"
	         "a\x00\xFC",
	         17, "CN=a\xC3\xBC"},
		{"\x30\x0D\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x14\x02\xFC!", 15, "CN=\xC3\xBC!"},
		{"\x30\x0D\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x0C\x02\xC3(", 15, "CN=?("},
		{"\x30\x0B\x31\x09\x30\x07\x06\x02\x2A\x03\x0C\x01x", 13, "?=x"},
		{"\x30\x00", 2, ""},
		{"\x30\x05\x31", 3, ""},
	};
	char text[257], small[4];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__name_text(email__span_of(rows[i].name, rows[i].n), text, sizeof text);
		assert_string_equal(text, rows[i].text);
		email__name_text(email__span_of(rows[i].name, rows[i].n), small, sizeof small);
		assert_true(strlen(small) < sizeof small);
	}
}

/* Cut off at every byte, and with every byte changed: refused or read, never past the end. */
static void
test_hostile(void **state)
{
	pki_spec spec = pki_ca("CN=Root,O=Plant");
	unsigned char *copy;
	email__cert other;
	email_certificate d;
	size_t i;

	(void)state;
	spec.names = "DNS:a.example, IP:192.0.2.1";
	spec.usages = "serverAuth";
	make(&spec, chain_key_of(KEY_ROOT));
	for (i = 0; i < c.len; i++) {
		copy = malloc(i ? i : 1);
		assert_non_null(copy);
		memcpy(copy, c.der, i);
		assert_false(email__cert_parse(email__span_of(copy, i), &other));
		free(copy);
	}
	copy = malloc(PKI_DER_MAX);
	assert_non_null(copy);
	for (i = 0; i < c.len * 3; i++) {
		static const unsigned char with[3] = {0x00, 0x80, 0xFF};

		memcpy(copy, c.der, c.len);
		copy[i / 3] = with[i % 3];
		if (email__cert_parse(email__span_of(copy, c.len), &other))
			assert_int_equal(email__cert_describe(&other, 0, &d), EMAIL_OK);
	}
	free(copy);
}

/* Replaces the first occurrence of one byte string by another of the same length. */
static email__cert *
changed(const char *from, const char *to, size_t n, bool *parsed)
{
	static pki_cert copy;
	static email__cert out;
	size_t i;

	copy = c;
	for (i = 0; i + n <= copy.len && memcmp(copy.der + i, from, n) != 0; i++)
		;
	assert_true(i + n <= copy.len);
	memcpy(copy.der + i, to, n);
	*parsed = email__cert_parse(email__span_of(copy.der, copy.len), &out);
	return &out;
}

static void
test_malformed(void **state)
{
	pki_spec spec = pki_ca("CN=Root");
	bool parsed;

	(void)state;
	spec.usages = "serverAuth";
	make(&spec, chain_key_of(KEY_ROOT));
	/* keyUsage renamed: basicConstraints twice (4.2) */
	changed("\x06\x03\x55\x1D\x0F", "\x06\x03\x55\x1D\x13", 5, &parsed);
	assert_false(parsed);
	/* what is signed says SHA-256, beside it stands the same: changed in one place (4.1.1.2) */
	changed("\x2A\x86\x48\xCE\x3D\x04\x03\x02", "\x2A\x86\x48\xCE\x3D\x04\x03\x03", 8, &parsed);
	assert_false(parsed);
	/* an unknown one in place of a known: critical, so remembered */
	assert_true(changed("\x06\x03\x55\x1D\x0F", "\x06\x03\x55\x1D\x7F", 5, &parsed)->unknown_critical);
	assert_true(parsed);
	/* one that is not even looked at, twice */
	spec.extensions = (const pki_extension[]){{"\x2A\x03\x04", 3, false, "\x05\x00", 2},
	                                          {"\x2A\x03\x05", 3, false, "\x05\x00", 2}};
	spec.extension_count = 2;
	make(&spec, chain_key_of(KEY_ROOT));
	changed("\x06\x03\x2A\x03\x05", "\x06\x03\x2A\x03\x04", 5, &parsed);
	assert_false(parsed);
	spec.extension_count = 0;
	/* an address of a length that none has */
	spec.names = "DNS:ab, IP:192.0.2.1"; /* written the other way round */
	make(&spec, chain_key_of(KEY_ROOT));
	changed("\x87\x04\xC0\x00\x02\x01\x82\x02"
	        "ab",
	        "\x87\x05\xC0\x00\x02\x01\x82\x82\x01"
	        "b",
	        10, &parsed);
	assert_false(parsed);
}

/* A value with a length of two bytes. */
static size_t
wrap(unsigned char *out, unsigned tag, const unsigned char *p, size_t n)
{
	assert_true(n > 255);
	out[0] = (unsigned char)tag;
	out[1] = 0x82;
	out[2] = (unsigned char)(n >> 8);
	out[3] = (unsigned char)n;
	memmove(out + 4, p, n);
	return n + 4;
}

/* The certificate with one element (a span in it) made empty; its signature is nobody's then. */
static bool
parses_without(email__span name)
{
	static unsigned char tbs[PKI_DER_MAX], all[PKI_DER_MAX], der[PKI_DER_MAX];
	email__span in = cert.tbs, content;
	email__cert out;
	size_t before, n;

	assert_true(email__der_take(&in, EMAIL__DER_SEQUENCE, &content));
	before = (size_t)(name.p - content.p);
	memcpy(tbs, content.p, before);
	tbs[before] = name.p[0];
	tbs[before + 1] = 0;
	memcpy(tbs + before + 2, name.p + name.n, content.n - before - name.n);
	n = wrap(all, 0x30, tbs, content.n - name.n + 2);
	memcpy(all + n, cert.tbs.p + cert.tbs.n, (size_t)(c.der + c.len - (cert.tbs.p + cert.tbs.n)));
	n = wrap(der, 0x30, all, n + (size_t)(c.der + c.len - (cert.tbs.p + cert.tbs.n)));
	return email__cert_parse(email__span_of(der, n), &out);
}

/* Issuers have names, and so have CAs (4.1.2.4, 4.1.2.6); servers need none. */
static void
test_nameless(void **state)
{
	pki_spec spec = pki_server("CN=x", "DNS:a.example");

	(void)state;
	make(&spec, chain_key_of(KEY_ROOT));
	assert_true(parses_without(cert.subject));
	assert_false(parses_without(cert.issuer));
	spec = pki_ca("CN=Root");
	make(&spec, chain_key_of(KEY_ROOT));
	assert_false(parses_without(cert.subject));
}

static void
test_bits(void **state)
{
	pki_spec spec = pki_ca("CN=Root");
	email__span subject;

	(void)state;
	spec.path_len = 3;
	spec.usages = "clientAuth";
	make(&spec, chain_key_of(KEY_ROOT));
	assert_true(cert.ca && cert.has_basic && cert.has_usage && cert.has_purpose);
	assert_int_equal(cert.path_length, 3);
	assert_true(cert.usage & EMAIL__USAGE_CERT_SIGN);
	assert_false(cert.server_auth);
	assert_int_equal(cert.version, 3);
	assert_true(email__cert_self_issued(&cert) && email__cert_self_signed(&cert));
	assert_true(email__cert_subject(cert.der, &subject));
	assert_true(email__span_equal(subject, cert.subject));
	spec.version = 1;
	make(&spec, chain_key_of(KEY_ROOT));
	assert_int_equal(cert.version, 1);
	assert_int_equal(cert.path_length, -1);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

/* What RFC 5280 forbids to any certificate, one at a time. */
static void
test_forbidden(void **state)
{
	static const struct {
		pki_extension extension[2];
		size_t count;
		bool good;
	} rows[] = {
		{{{"\x2A\x03", 2, false, "\x05\x00", 2}}, 1, true},
		{{{"\x55\x1D\x25", 3, false, "\x30\x00", 2}}, 1, false}, /* no purpose */
		{{{"\x55\x1D\x11", 3, false, "\x30\x00", 2}}, 1, false}, /* no name */
		{{{"\x55\x1D\x11", 3, false, "\x30\x07\x87\x05\x01\x02\x03\x04\x05", 9}},
	         1,
	         false},                                                           /* no address */
		{{{"\x55\x1D\x13", 3, true, "\x30\x03\x01\x01\x00", 5}}, 1, true}, /* said to be no CA */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		pki_spec spec = pki_server("CN=Server", NULL);

		spec.ca = -1;
		spec.usages = NULL;
		spec.extensions = rows[i].extension;
		spec.extension_count = rows[i].count;
		chain_issue(&c, &spec, chain_key_of(KEY_LEAF), NULL, NULL);
		assert_int_equal(email__cert_parse(email__span_of(c.der, c.len), &cert), rows[i].good);
		assert_false(cert.ca);
	}
}

/* 4.2: no extension twice, be it one that nobody knows. */
static void
test_twice(void **state)
{
	static const pki_extension two[] = {{"\x2A\x03\x04", 3, false, "\x05\x00", 2},
	                                    {"\x2A\x03\x05", 3, false, "\x05\x00", 2}};
	pki_spec spec = pki_server("CN=Server", "DNS:mail.example.com");
	size_t i;

	(void)state;
	spec.extensions = two;
	spec.extension_count = 2;
	make(&spec, chain_key_of(KEY_LEAF));
	for (i = 0; memcmp(c.der + i, "\x06\x03\x2A\x03\x05", 5) != 0; i++)
		;
	c.der[i + 4] = 4;
	assert_false(email__cert_parse(email__span_of(c.der, c.len), &cert));
}

/* A serial number has a byte, and no version is 4. */
static void
test_numbers(void **state)
{
	pki_spec spec = pki_server("CN=x", "DNS:a.example");

	(void)state;
	make(&spec, chain_key_of(KEY_ROOT));
	assert_false(parses_without(email__span_of(cert.serial.p - 2, cert.serial.n + 2)));
	assert_memory_equal(c.der + 8, "\xA0\x03\x02\x01\x02", 5);
	c.der[12] = 3;
	assert_false(email__cert_parse(email__span_of(c.der, c.len), &cert));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),      cmocka_unit_test(test_as_mbedtls),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_malformed),     cmocka_unit_test(test_bits),
		cmocka_unit_test(test_nameless),      cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_twice),         cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
