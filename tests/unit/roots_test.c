/* SPDX-License-Identifier: MIT */
/* System and User Trust Store: loading reports, imports all or nothing, the sheet that keeps it. */
#include <emailservice/trust.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char folder[64], store[128];
static pki_cert a, b;
static char pem_a[4096], pem_b[4096], pem_key[4096];
static email_trust *trust;

static int
setup(void **state)
{
	pki_spec spec = pki_ca("CN=Cellar Root (2026)");

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/emailrootsXXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(store, sizeof store, "%s/store", folder);
	chain_issue(&a, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	spec = pki_ca("O=Plant");
	chain_issue(&b, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	pem_a[0] = pem_b[0] = '\0';
	assert_int_equal(pki_pem_add(pem_a, sizeof pem_a, &a), 0);
	assert_int_equal(pki_pem_add(pem_b, sizeof pem_b, &b), 0);
	assert_int_equal(pki_key_pem(chain_key_of(KEY_ROOT), pem_key, sizeof pem_key), 0);
	assert_non_null(trust = email_trust_new());
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", "store"),
	                 EMAIL_OK); /* beside the sheet */
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	email_trust_free(trust);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void
write_text(const char *path, const char *one, const char *two, const char *three)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_true(fprintf(f, "%s%s%s", one, two, three) >= 0);
	assert_int_equal(fclose(f), 0);
}

struct seen {
	size_t count;
	char alias[4][65];
};

static bool
keep(void *context, const email_certificate *c)
{
	struct seen *s = context;

	if (s->count < 4)
		snprintf(s->alias[s->count], sizeof s->alias[0], "%s", c->alias);
	s->count++;
	assert_int_equal(strlen(c->sha256), 64);
	return true;
}

static bool
stop(void *context, const email_certificate *c)
{
	(void)c;
	++*(size_t *)context;
	return false;
}

static void
test_system(void **state)
{
	email_store_report report;
	struct seen s = {0};
	size_t n = 0;
	char name[192];

	(void)state;
	write_text(store, "text\n", pem_a, pem_b);
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_OK);
	assert_int_equal(report.loaded, 2);
	assert_int_equal(report.skipped, 0);
	assert_int_equal(email_trust_list_system(trust, keep, &s), EMAIL_OK);
	assert_int_equal(s.count, 2);
	assert_int_equal(email_trust_list_system(trust, stop, &n), EMAIL_OK);
	assert_int_equal(n, 1);
	/* a key and a broken block are left out, and said so */
	write_text(store, pem_key, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", pem_a);
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_OK);
	assert_int_equal(report.loaded, 1);
	assert_int_equal(report.skipped, 2);
	assert_string_equal(report.why, "a private key");
	/* cut off: an error */
	write_text(store, pem_a, "-----BEGIN CERTIFICATE-----\nMAA=\n", "");
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_E_CERTIFICATE);
	/* a folder, where one certificate has two names and a link leads nowhere */
	unlink(store);
	assert_int_equal(mkdir(store, 0700), 0);
	snprintf(name, sizeof name, "%s/a.pem", store);
	write_text(name, pem_a, "", "");
	snprintf(name, sizeof name, "%s/b.0", store);
	write_text(name, pem_a, pem_b, "");
	snprintf(name, sizeof name, "%s/dead.0", store);
	assert_int_equal(symlink("nowhere", name), 0);
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_OK);
	assert_int_equal(report.loaded, 2);
	assert_int_equal(report.skipped, 1);
	/* empty */
	snprintf(name, sizeof name, "%s/empty", folder);
	write_text(name, "", "", "");
	assert_int_equal(email_trust_set(trust, "systemTrustStore", "empty"), EMAIL_OK);
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_OK);
	assert_int_equal(report.loaded, 0);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", "not there"), EMAIL_OK);
	assert_int_equal(email_trust_report_system(trust, &report), EMAIL_E_FILE);
}

static void
test_import(void **state)
{
	char text[16384], out[4096];
	struct seen s = {0};
	email_trust *other;
	size_t n;

	(void)state;
	snprintf(text, sizeof text, "%s%s", pem_a, pem_b);
	assert_int_equal(email_trust_import(trust, text, strlen(text), NULL, &n), EMAIL_OK);
	assert_int_equal(n, 2);
	assert_int_equal(email_trust_list_user(trust, keep, &s), EMAIL_OK);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.alias[0], "cellar-root-2026");
	assert_string_equal(s.alias[1], "o-plant");
	/* there already: nothing new, nothing wrong */
	assert_int_equal(email_trust_import(trust, a.der, a.len, NULL, &n), EMAIL_OK);
	assert_int_equal(n, 0);
	assert_int_equal(email_trust_export(trust, "cellar-root-2026", out, sizeof out), EMAIL_OK);
	assert_string_equal(out, pem_a);
	assert_int_equal(email_trust_export(trust, "cellar-root-2026", out, 100), EMAIL_E_LIMIT);
	assert_int_equal(email_trust_export(trust, "nobody", out, sizeof out), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_delete(trust, "cellar-root-2026"), EMAIL_OK);
	assert_int_equal(email_trust_delete(trust, "cellar-root-2026"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_import(trust, a.der, a.len, "o-plant", &n), EMAIL_E_VALUE);
	assert_int_equal(email_trust_import(trust, a.der, a.len, "-x", &n), EMAIL_E_VALUE);
	assert_int_equal(email_trust_import(trust, a.der, a.len, "a b", &n), EMAIL_E_VALUE);
	assert_int_equal(email_trust_import(trust, a.der, a.len, "mine", &n), EMAIL_OK);
	/* on disk */
	other = email_trust_new();
	memset(&s, 0, sizeof s);
	assert_int_equal(email_trust_open(other, folder), EMAIL_OK);
	assert_int_equal(email_trust_list_user(other, keep, &s), EMAIL_OK);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.alias[1], "mine");
	email_trust_free(other);
}

/* All or nothing: a private key, a cut-off block, rubbish. */
static void
test_refused(void **state)
{
	char text[16384];
	struct seen s = {0};

	(void)state;
	snprintf(text, sizeof text, "%s%s", pem_a, pem_key);
	assert_int_equal(email_trust_import(trust, text, strlen(text), NULL, NULL), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(email_trust_error(trust)->text, "private key"));
	snprintf(text, sizeof text, "%s%.200s", pem_a, pem_b);
	assert_int_equal(email_trust_import(trust, text, strlen(text), NULL, NULL), EMAIL_E_CERTIFICATE);
	snprintf(text, sizeof text, "%s-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
	         pem_a);
	assert_int_equal(email_trust_import(trust, text, strlen(text), NULL, NULL), EMAIL_E_CERTIFICATE);
	assert_int_equal(email_trust_import(trust, "hello", 5, NULL, NULL), EMAIL_E_CERTIFICATE);
	assert_int_equal(email_trust_import(trust, "", 0, NULL, NULL), EMAIL_E_CERTIFICATE);
	assert_int_equal(email_trust_import(trust, a.der, a.len - 1, NULL, NULL), EMAIL_E_CERTIFICATE);
	assert_int_equal(email_trust_list_user(trust, keep, &s), EMAIL_OK);
	assert_int_equal(s.count, 0);
}

/* A remark and an order that a person made stay. */
static void
test_hand_written(void **state)
{
	char path[128], text[8192] = "";
	FILE *f;
	size_t n;

	(void)state;
	snprintf(path, sizeof path, "%s/trust.xml", folder);
	write_text(path,
	           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- by hand -->\n"
	           "<trust xmlns=\"urn:emailservice:trust:1\">\n",
	           "  <crlFile>revoked.pem</crlFile><!-- weekly -->\n  "
	           "<systemTrustStore>store</systemTrustStore>\n",
	           "</trust>\n");
	assert_int_equal(email_trust_import(trust, a.der, a.len, "mine", NULL), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "crlFile", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "revoked.pem");
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	assert_non_null(strstr(text, "<!-- by hand -->"));
	assert_non_null(strstr(text, "<crlFile>revoked.pem</crlFile><!-- weekly -->"));
	assert_true(strstr(text, "crlFile") < strstr(text, "systemTrustStore"));
	assert_non_null(strstr(text, "<certificate alias=\"mine\">"));
}

static void
test_settings(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(email_trust_get(trust, "clockPolicy", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "Refuse");
	assert_int_equal(email_trust_set(trust, "clockPolicy", "Floor"), EMAIL_OK);
	assert_int_equal(email_trust_set(trust, "clockPolicy", "floor"), EMAIL_E_VALUE);
	assert_int_equal(email_trust_get(trust, "clockPolicy", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "Floor");
	assert_int_equal(email_trust_set(trust, "clockFloor", "yesterday"), EMAIL_E_VALUE);
	assert_int_equal(email_trust_set(trust, "clockFloor", "2030-01-02T03:04:05Z"), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "clockFloor", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "2030-01-02T03:04:05Z");
	assert_int_equal(email_trust_set(trust, "hostname", "x"), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_get(trust, "hostname", text, sizeof text), EMAIL_E_UNKNOWN);
	assert_int_equal(email_trust_set(trust, "crlFile", "a\nb"), EMAIL_E_VALUE);
	assert_int_equal(email_trust_set(trust, "crlFile", "revoked.pem"), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "crlFile", text, 3), EMAIL_E_LIMIT);
	assert_int_equal(email_trust_set(trust, "crlFile", NULL), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "crlFile", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "");
}

static void
test_memory(void **state)
{
	struct seen s = {0};
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		email_code rc;
		bool failed;

		email_test_fail_alloc(n);
		rc = email_trust_import(trust, a.der, a.len, "mine", NULL);
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		memset(&s, 0, sizeof s);
		assert_int_equal(email_trust_list_user(trust, keep, &s), EMAIL_OK);
		assert_int_equal(s.count, rc == EMAIL_OK);
		if (!failed)
			break;
		assert_int_equal(rc, EMAIL_E_MEMORY);
	}
	assert_true(n > 10);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_system),       T(test_import),   T(test_refused),
	                                   T(test_hand_written), T(test_settings), T(test_memory)};

	return cmocka_run_group_tests(tests, NULL, end);
}
