/* SPDX-License-Identifier: MIT */
#include "trust/pem.h"

#include <stdlib.h>

#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char one[4096], both[16384];
static pki_cert c;

static int
make(void **state)
{
	pki_spec spec = pki_ca("CN=Root");

	(void)state;
	chain_issue(&c, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	assert_int_equal(pki_pem_add(one, sizeof one, &c), 0);
	snprintf(both, sizeof both, "# a remark\n%s\nand another\n%s", one, one);
	return 0;
}

struct found {
	unsigned certificates, crls, keys, others;
	bool same;
};

static email_code
count(void *context, email__pem_kind kind, email__span der)
{
	struct found *f = context;

	f->certificates += kind == EMAIL__PEM_CERTIFICATE;
	f->crls += kind == EMAIL__PEM_CRL;
	f->keys += kind == EMAIL__PEM_PRIVATE_KEY;
	f->others += kind == EMAIL__PEM_OTHER;
	if (kind == EMAIL__PEM_CERTIFICATE)
		f->same = email__span_equal(der, email__span_of(c.der, c.len));
	return EMAIL_OK;
}

/* The same whatever the pieces, with either line end. */
static void
test_pieces(void **state)
{
	char crlf[16384];
	size_t piece, i, n = 0;

	(void)state;
	for (i = 0; both[i]; i++) {
		if (both[i] == '\n')
			crlf[n++] = '\r';
		crlf[n++] = both[i];
	}
	crlf[n] = '\0';
	for (piece = 1; piece < 200; piece += 7) {
		const char *texts[2] = {both, crlf};

		for (i = 0; i < 2; i++) {
			struct found f = {0};
			email__pem pem;
			size_t at, len = strlen(texts[i]);

			email__pem_init(&pem, count, &f);
			for (at = 0; at < len; at += piece)
				assert_int_equal(email__pem_push(&pem, texts[i] + at,
				                                 len - at < piece ? len - at : piece),
				                 EMAIL_OK);
			assert_int_equal(email__pem_end(&pem), EMAIL_OK);
			email__pem_dispose(&pem);
			assert_int_equal(f.certificates, 2);
			assert_true(f.same);
		}
	}
}

/* Cut off anywhere between a BEGIN and its END: an error, never one certificate less. */
static void
test_cut(void **state)
{
	size_t n, len = strlen(one), skipped;

	(void)state;
	for (n = 0; n <= len; n++) {
		struct found f = {0};
		email_code rc = email__pem_read(one, n, count, &f, &skipped);

		if (n < strlen("-----BEGIN CERTIFICATE-----"))
			assert_int_equal(rc, EMAIL_OK);
		else if (n < len - 1) /* the last line end may be missing */
			assert_int_equal(rc, EMAIL_E_CERTIFICATE);
		else
			assert_int_equal(f.certificates, 1);
	}
	/* a block that ends where the next begins */
	assert_int_equal(
		email__pem_read("-----BEGIN CERTIFICATE-----\nAAAA\n-----BEGIN CERTIFICATE-----\nAAAA\n"
	                        "-----END CERTIFICATE-----\n",
	                        0x70, count, &(struct found){0}, &skipped),
		EMAIL_E_CERTIFICATE);
}

static void
test_kinds(void **state)
{
	static const char text[] =
		"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n!!\n-----END ENCRYPTED PRIVATE KEY-----\n"
		"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
		"-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"
		"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
	struct found f = {0};
	size_t skipped;

	(void)state;
	assert_int_equal(email__pem_read(text, sizeof text - 1, count, &f, &skipped), EMAIL_OK);
	assert_int_equal(f.keys, 2);
	assert_int_equal(f.crls, 1);
	assert_int_equal(f.others, 1);
	assert_int_equal(f.certificates, 0);
	assert_int_equal(skipped, 2);
}

static void
test_der(void **state)
{
	struct found f = {0};
	size_t skipped;

	(void)state;
	assert_int_equal(email__pem_read(c.der, c.len, count, &f, &skipped), EMAIL_OK);
	assert_int_equal(f.certificates, 1);
	assert_int_equal(email__pem_read(c.der, c.len - 1, count, &f, &skipped), EMAIL_E_CERTIFICATE);
	assert_int_equal(email__pem_read("", 0, count, &f, &skipped), EMAIL_OK);
	assert_int_equal(f.certificates, 1);
}

/* A block that is larger than any certificate spoils itself only. */
static void
test_large(void **state)
{
	size_t n = 200000, used, skipped, i;
	char *text = malloc(n + 8192);
	struct found f = {0};

	(void)state;
	assert_non_null(text);
	used = (size_t)sprintf(text, "-----BEGIN CERTIFICATE-----\n");
	for (i = 0; i < n; i++)
		text[used++] = i % 65 == 64 ? '\n' : 'A';
	used += (size_t)sprintf(text + used, "\n-----END CERTIFICATE-----\n%s", one);
	assert_int_equal(email__pem_read(text, used, count, &f, &skipped), EMAIL_OK);
	assert_int_equal(skipped, 1);
	assert_int_equal(f.certificates, 1);
	free(text);
}

static void
test_write(void **state)
{
	char text[4096];
	size_t n = strlen(one);

	(void)state;
	assert_int_equal(email__pem_write(email__span_of(c.der, c.len), text, sizeof text), EMAIL_OK);
	assert_string_equal(text, one);
	assert_int_equal(email__pem_write(email__span_of(c.der, c.len), text, n + 1), EMAIL_OK);
	assert_int_equal(email__pem_write(email__span_of(c.der, c.len), text, n), EMAIL_E_LIMIT);
}

static void
test_memory(void **state)
{
	size_t n, skipped;

	(void)state;
	for (n = 1;; n++) {
		struct found f = {0};
		email_code rc;
		bool failed;

		email_test_fail_alloc(n);
		rc = email__pem_read(both, strlen(both), count, &f, &skipped);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces), cmocka_unit_test(test_cut),   cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_der),    cmocka_unit_test(test_large), cmocka_unit_test(test_write),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, make, end);
}
