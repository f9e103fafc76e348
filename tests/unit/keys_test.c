/* SPDX-License-Identifier: MIT */
/* The User Key Store through the public functions, in a folder of its own. */
#include "support/cm.h"

#include <stdlib.h>
#include <unistd.h>

#include <emailservice/trust.h>

#include "base/buf.h"
#include "base/error.h"
#include "support/pki.h"
#include "trust/keys.h"

static char certificate[8192], key[4096], other[4096];

static int
make(void **state)
{
	pki_key *one = pki_key_new(PKI_EC_P256), *two = pki_key_new(PKI_EC_P256);
	pki_spec spec = pki_client("CN=station");
	pki_cert cert;
	int rc = pki_issue(&cert, &spec, one, NULL, NULL) ||
	         pki_pem_add(certificate, sizeof certificate, &cert) || pki_key_pem(one, key, sizeof key) ||
	         pki_key_pem(two, other, sizeof other);

	(void)state;
	pki_key_free(one);
	pki_key_free(two);
	return rc;
}

static email_code
import(email_trust *trust, const char *alias, const char *private_key, size_t cut)
{
	email_key_import in = {(const unsigned char *)certificate, strlen(certificate) + 1 - cut,
	                       (const unsigned char *)private_key, strlen(private_key) + 1 - cut, NULL};

	return email_trust_import_key(trust, alias, &in);
}

static bool
count(void *context, const email_certificate *c)
{
	assert_string_equal(c->alias, "plant");
	assert_non_null(strstr(c->subject, "station"));
	++*(int *)context;
	return true;
}

/* What stands there under the alias "broken". */
static void
keep(const char *folder, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/keys/broken.pem", folder);
	assert_non_null(f = fopen(path, "w"));
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
goes_in_and_out(void **state)
{
	char folder[] = "/tmp/keysXXXXXX", path[64];
	email_trust *trust = email_trust_new();
	email_error e = {0};
	email_certificate leaf;
	email__buf pem;
	int n = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(import(trust, "plant", key, 0), EMAIL_E_VALUE); /* nowhere to keep it */
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_int_equal(import(trust, "plant", other, 0), EMAIL_E_CERTIFICATE);
	assert_int_equal(import(trust, "plant", key, 40), EMAIL_E_CERTIFICATE);
	assert_int_equal(import(trust, "../plant", key, 0), EMAIL_E_VALUE);
	assert_int_equal(import(trust, "", key, 0), EMAIL_E_VALUE);
	assert_int_equal(email_trust_list_keys(trust, count, &n), EMAIL_OK);
	assert_int_equal(n, 0);
	assert_int_equal(import(trust, "plant", key, 0), EMAIL_OK);
	assert_int_equal(import(trust, "plant", key, 0), EMAIL_E_VALUE); /* taken */
	assert_int_equal(email_trust_list_keys(trust, count, &n), EMAIL_OK);
	assert_int_equal(n, 1);
	email__buf_init(&pem, 65536);
	assert_int_equal(email__trust_client_key(trust, "plant", &pem, &e), EMAIL_OK);
	assert_non_null(strstr((char *)email__buf_head(&pem), "PRIVATE KEY"));
	email__buf_dispose(&pem);
	assert_int_equal(email__trust_client_leaf(trust, "plant", &leaf, &e), EMAIL_OK);
	assert_string_equal(leaf.alias, "plant");
	assert_true(leaf.not_before < leaf.not_after);
	assert_int_equal(email__trust_client_leaf(trust, "../plant", &leaf, &e), EMAIL_E_UNKNOWN);
	assert_int_equal(email__trust_client_leaf(NULL, "plant", &leaf, &e), EMAIL_E_UNKNOWN);
	email__error_clear(&e);
	keep(folder, "-----BEGIN CERTIFICATE-----\nMIIB");
	assert_int_equal(email__trust_client_leaf(trust, "broken", &leaf, &e), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(e.text, "broken"));
	email__error_clear(&e);
	keep(folder, key);
	assert_int_equal(email__trust_client_leaf(trust, "broken", &leaf, &e), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(e.text, "broken"));
	assert_int_equal(email_trust_delete_key(trust, "broken"), EMAIL_OK);
	assert_int_equal(email_trust_delete_key(trust, "../plant"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_delete_key(trust, "plant"), EMAIL_OK);
	assert_int_equal(email_trust_delete_key(trust, "plant"), EMAIL_E_UNKNOWN);
	assert_int_equal(email__trust_client_key(trust, "plant", &pem, &e), EMAIL_E_UNKNOWN);
	assert_int_equal(e.code, EMAIL_E_UNKNOWN);
	email_trust_free(trust);
	snprintf(path, sizeof path, "%s/keys", folder);
	assert_int_equal(rmdir(path), 0); /* nothing is left behind */
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(goes_in_and_out)};

	return cmocka_run_group_tests(tests, make, NULL);
}
