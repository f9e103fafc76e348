/* SPDX-License-Identifier: MIT */
/* The System Trust Store: where it is, what of it is read, and that a part of it is never taken for all. */
#include "trust/store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char folder[64];
static pki_cert stranger;

static int
setup(void **state)
{
	pki_spec spec = pki_ca("CN=Stranger");

	strcpy(folder, "/tmp/emailstoreXXXXXX");
	assert_non_null(mkdtemp(folder));
	chain_issue(&stranger, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	return chain_setup(state);
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

/* The path below the folder, with the folders that lead there. */
static const char *
place(const char *name)
{
	static char path[192];
	char *p;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	for (p = path + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	return path;
}

static void
write_bytes(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(place(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
write_pem(const char *name, const pki_cert *const *certs)
{
	static char pem[65536];

	pem[0] = '\0';
	for (; *certs; certs++)
		assert_int_equal(pki_pem_add(pem, sizeof pem, *certs), 0);
	write_bytes(name, pem, strlen(pem));
}

/* The reasons for the good chain by the store at this place alone. */
static email_code
look(const char *name, email_reasons *reasons, email__store_count *count)
{
	email__judgement *j = email__judgement_new();
	email_error e = {0};
	email__span sent[2];
	email_code rc;

	assert_non_null(j);
	sent[0] = email__span_of(made.leaf.der, made.leaf.len);
	sent[1] = email__span_of(made.middle.der, made.middle.len);
	assert_int_equal(email__judgement_take(j, "mail.example.com", sent, 2), EMAIL_OK);
	rc = email__store_lookup(place(name), &j->pool, &j->anchors, count, &e);
	assert_int_equal(e.code, rc);
	j->when = email__when_make(1800000000, 0, true, false);
	*reasons = 0;
	if (rc == EMAIL_OK)
		assert_int_equal(email__path_judge(&j->leaf, &j->pool, &j->when, NULL, &j->path), EMAIL_OK);
	*reasons = j->path.reasons;
	/* only what the chain needs came into memory */
	assert_true(j->anchors.count <= 1);
	email__judgement_free(j);
	return rc;
}

static const char *there;

static bool
exists(const char *path)
{
	return there && strcmp(path, there) == 0;
}

/* One system after the other: where its roots are, and that they are read as they lie there. */
static void
test_systems(void **state)
{
	static const struct {
		const char *path, *file;
	} rows[] = {
		{"/etc/ssl/certs/ca-certificates.crt", ""}, /* Debian, Alpine, OpenWrt's ca-bundle */
		{"/etc/pki/tls/certs/ca-bundle.crt", ""},   /* Fedora */
		{"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", ""}, /* Fedora, and after it */
		{"/etc/ssl/cert.pem", ""},                                 /* Alpine */
		{"/etc/ssl/ca-bundle.pem", ""},                            /* SUSE */
		{"/etc/ssl/certs", "/Plant_Root.crt"},                     /* OpenWrt's ca-certificates */
	};
	email__store_count count;
	email_reasons reasons;
	char name[96];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		there = rows[i].path;
		assert_string_equal(email__store_find(exists), there);
		assert_string_equal(email__store_path("elsewhere"), "elsewhere");
		snprintf(name, sizeof name, "%u%s%s", (unsigned)i, rows[i].path, rows[i].file);
		write_pem(name, CHAIN(&stranger, &made.root));
		snprintf(name, sizeof name, "%u%s", (unsigned)i, rows[i].path);
		assert_int_equal(look(name, &reasons, &count), EMAIL_OK);
		assert_int_equal(reasons, 0);
		assert_int_equal(count.loaded, 2);
		assert_int_equal(count.skipped, 0);
	}
	there = NULL;
	assert_null(email__store_find(exists));
}

/* OpenWrt and OpenSSL: a folder of files, and of links by hash; DER too. */
static void
test_folder(void **state)
{
	email__store_count count;
	email_reasons reasons;
	char link[192];

	(void)state;
	write_pem("certs/a.crt", CHAIN(&stranger));
	write_bytes("certs/b.der", made.root.der, made.root.len);
	write_bytes("certs/README", "nothing to see\n", 15);
	write_bytes("certs/.hidden", "-----BEGIN CERTIFICATE-----\n", 28);
	write_bytes("certs/java/cacerts", "\xFE\xED", 2);
	snprintf(link, sizeof link, "%s", place("certs/0123abcd.0"));
	assert_int_equal(symlink("b.der", link), 0);
	assert_int_equal(look("certs", &reasons, &count), EMAIL_OK);
	assert_int_equal(reasons, 0);
	assert_int_equal(count.loaded, 3);
	snprintf(link, sizeof link, "%s", place("certs/dead.0"));
	assert_int_equal(symlink("nowhere", link), 0);
	assert_int_equal(look("certs", &reasons, &count), EMAIL_OK);
	assert_int_equal(count.skipped, 1);
	assert_string_equal(count.why, "a link that leads nowhere");
	/* one of them cut off spoils the folder */
	write_bytes("certs/c.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n", 33);
	assert_int_equal(look("certs", &reasons, &count), EMAIL_E_CERTIFICATE);
}

static void
test_skipped(void **state)
{
	static char pem[16384] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
				 "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
	email__store_count count;
	email_reasons reasons;

	(void)state;
	assert_int_equal(pki_key_pem(chain_key_of(KEY_ROOT), pem + strlen(pem), 4096), 0);
	assert_int_equal(pki_pem_add(pem, sizeof pem, &made.root), 0);
	write_bytes("bundle", pem, strlen(pem));
	assert_int_equal(look("bundle", &reasons, &count), EMAIL_OK);
	assert_int_equal(reasons, 0);
	assert_int_equal(count.loaded, 1);
	assert_int_equal(count.skipped, 3);
	assert_string_equal(count.why, "a certificate that is not well formed");
	assert_int_equal(look("not there", &reasons, &count), EMAIL_E_FILE);
	write_bytes("empty", "", 0);
	assert_int_equal(look("empty", &reasons, &count), EMAIL_OK);
	assert_int_equal(reasons, EMAIL_REASON(UNKNOWN_ISSUER));
	assert_int_equal(count.loaded, 0);
}

/* Wherever a bundle is cut off inside a certificate it is an error, though the root stands before it. */
static void
test_cut(void **state)
{
	static char pem[8192];
	email__store_count count;
	email_reasons reasons;
	size_t first, n;

	(void)state;
	pem[0] = '\0';
	assert_int_equal(pki_pem_add(pem, sizeof pem, &made.root), 0);
	first = strlen(pem);
	assert_int_equal(pki_pem_add(pem, sizeof pem, &stranger), 0);
	for (n = first + 28; n + 26 < strlen(pem); n += 7) {
		write_bytes("bundle", pem, n);
		assert_int_equal(look("bundle", &reasons, &count), EMAIL_E_CERTIFICATE);
	}
	write_bytes("bundle", pem, strlen(pem));
	assert_int_equal(look("bundle", &reasons, &count), EMAIL_OK);
}

/* Without memory there is an error, and no smaller store. */
static void
test_memory(void **state)
{
	email__store_count count;
	size_t n;

	(void)state;
	write_pem("m/a.pem", CHAIN(&stranger, &made.root));
	write_pem("m/b.pem", CHAIN(&stranger));
	for (n = 1;; n++) {
		email__pool *pool = calloc(1, sizeof *pool);
		email__anchors anchors = {.count = 0};
		email_error e = {0};
		email_code rc;
		bool failed;

		assert_non_null(pool);
		assert_true(email__pool_add(pool, email__span_of(made.middle.der, made.middle.len), false));
		email_test_fail_alloc(n);
		rc = email__store_lookup(place("m"), pool, &anchors, &count, &e);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email__anchors_dispose(&anchors);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		free(pool);
		if (!failed)
			break;
	}
	assert_true(n > 4);
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
	const struct CMUnitTest tests[] = {T(test_systems), T(test_folder), T(test_skipped), T(test_cut),
	                                   T(test_memory)};

	return cmocka_run_group_tests(tests, NULL, end);
}
