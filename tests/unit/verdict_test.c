/* SPDX-License-Identifier: MIT */
/* The one verdict with everything behind it: stores and sheet on disk, the clock told. */
#include "trust/verdict.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "trust/object.h"
#include "trust/verdict_at.h"

#define R(name) EMAIL_REASON(name)
#define HOST "mail.example.com"

static char folder[64], path[128], bundle[128];
static pki_cert root, middle, leaf, own, own2;
static email_trust *trust;
static email__verdict v;
static email_error e;

static void
write_file(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
write_bundle(const pki_cert *c)
{
	static char pem[32768];

	pem[0] = '\0';
	if (c)
		assert_int_equal(pki_pem_add(pem, sizeof pem, c), 0);
	write_file(bundle, pem, strlen(pem));
}

static int
setup(void **state)
{
	pki_spec spec = pki_server("CN=Own", "DNS:" HOST);

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/emailtrustXXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/trust.xml", folder);
	snprintf(bundle, sizeof bundle, "%s/bundle.pem", folder);
	chain_good(&root, &middle, &leaf);
	chain_issue(&own, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	chain_issue(&own2, &spec, chain_key_of(KEY_MIDDLE_2), NULL, NULL);
	write_bundle(&root);
	assert_non_null(trust = email_trust_new());
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", bundle), EMAIL_OK);
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

static email_code
judge_by(email_trust *t, const char *host, int port, const pki_cert *const *sent, int64_t now)
{
	email__chain chain = {0};

	for (; sent[chain.count]; chain.count++) {
		chain.certificate[chain.count].der = sent[chain.count]->der;
		chain.certificate[chain.count].len = sent[chain.count]->len;
	}
	memset(&e, 0, sizeof e);
	return email__trust_judge_at(t, host, port, &chain, now ? now : email__clock_wall(), &v, &e);
}

static email_code
judge(const pki_cert *const *sent)
{
	return judge_by(trust, HOST, 465, sent, 0);
}

struct rows {
	size_t count;
	email_allowed_host row[8];
};

static bool
keep(void *context, const email_allowed_host *entry)
{
	struct rows *rows = context;

	if (rows->count < 8)
		rows->row[rows->count] = *entry;
	rows->count++;
	return true;
}

static struct rows
list(void)
{
	struct rows rows = {0};

	assert_int_equal(email_trust_list_hosts(trust, keep, &rows), EMAIL_OK);
	return rows;
}

/* Another object on the same folder is another process. */
static email_trust *
another(void)
{
	email_trust *t = email_trust_new();

	assert_non_null(t);
	assert_int_equal(email_trust_open(t, folder), EMAIL_OK);
	return t;
}

static void
test_chain(void **state)
{
	pki_spec spec = pki_ca("CN=Root");
	pki_cert old;
	struct rows rows;

	(void)state;
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
	assert_int_equal(v.kind, EMAIL__CHAIN_ACCEPTED);
	assert_int_equal(v.reasons, 0);
	assert_string_equal(v.certificate.subject, "CN=Server");
	rows = list();
	assert_int_equal(rows.count, 0);
	/* by the User Trust Store alone */
	write_bundle(NULL);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_E_TRUST);
	assert_true(v.reasons & R(NO_ROOTS));
	assert_int_equal(email_trust_import(trust, root.der, root.len, "cellar", NULL), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
	assert_int_equal(v.kind, EMAIL__CHAIN_ACCEPTED);
	assert_int_equal(email_trust_delete(trust, "cellar"), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_E_TRUST);
	/* an old root of the user's does not hide the system's */
	spec.not_before = "20240101000000";
	spec.not_after = "20250101000000";
	chain_issue(&old, &spec, chain_key_of(KEY_ROOT), NULL, NULL);
	assert_int_equal(email_trust_import(trust, old.der, old.len, "old", NULL), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_E_TRUST);
	write_bundle(&root);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
}

static void
test_exemption(void **state)
{
	struct rows rows;
	email_trust *other;

	(void)state;
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
	assert_int_equal(v.kind, EMAIL__REFUSED);
	assert_int_equal(v.reasons, R(SELF_SIGNED));
	assert_true(v.recorded && v.first_seen);
	assert_int_equal(e.stage, EMAIL_STAGE_TRUST);
	assert_non_null(strstr(e.text, HOST " port 465"));
	assert_non_null(strstr(e.text, "self-signed"));
	assert_non_null(strstr(e.remedy, "emailctl hosts approve " HOST ":465"));
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
	assert_false(v.first_seen);
	rows = list();
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.row[0].count, 2);
	assert_int_equal(rows.row[0].approval, EMAIL_APPROVAL_NO);
	/* approving quotes what was looked at */
	assert_int_equal(email_trust_approve(trust, HOST, 465, NULL, 0), EMAIL_E_VALUE);
	assert_int_equal(email_trust_approve(trust, HOST, 465, "00", 0), EMAIL_E_VALUE);
	assert_int_equal(email_trust_approve(trust, HOST, 25, v.certificate.sha256, 0), EMAIL_E_UNKNOWN);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	assert_int_equal(v.kind, EMAIL__EXEMPTION_ACCEPTED);
	assert_int_equal(v.reasons, R(SELF_SIGNED));
	assert_int_equal(v.approval, EMAIL_APPROVAL_YES);
	/* there and nowhere else */
	assert_int_equal(judge_by(trust, HOST, 25, CHAIN(&own), 0), EMAIL_E_TRUST);
	assert_int_equal(judge_by(trust, "192.0.2.1", 465, CHAIN(&own), 0), EMAIL_E_TRUST);
	assert_int_equal(judge_by(trust, "MAIL.example.com.", 465, CHAIN(&own), 0), EMAIL_OK);
	/* and for that key alone */
	assert_int_equal(judge(CHAIN(&own2)), EMAIL_E_TRUST);
	assert_int_equal(v.approval, EMAIL_APPROVAL_KEY_CHANGED);
	assert_non_null(strstr(e.remedy, "accept-key"));
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	/* another process knows it */
	other = another();
	assert_int_equal(judge_by(other, HOST, 465, CHAIN(&own), 0), EMAIL_OK);
	assert_int_equal(email_trust_accept_key(other, HOST, 465, NULL), EMAIL_E_VALUE);
	assert_int_equal(judge_by(other, HOST, 465, CHAIN(&own2), 0), EMAIL_E_TRUST);
	assert_int_equal(email_trust_accept_key(other, HOST, 465, v.certificate.public_key_sha256), EMAIL_OK);
	email_trust_free(other);
	assert_int_equal(judge(CHAIN(&own2)), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
}

static void
test_rejected(void **state)
{
	(void)state;
	judge(CHAIN(&own));
	assert_int_equal(email_trust_reject(trust, HOST, 465, NULL), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
	assert_int_equal(v.approval, EMAIL_APPROVAL_REJECTED);
	assert_int_equal(email_trust_unapprove(trust, HOST, 465, NULL), EMAIL_OK);
	judge(CHAIN(&own));
	assert_int_equal(v.approval, EMAIL_APPROVAL_NO);
	assert_int_equal(email_trust_delete_host(trust, HOST, 465, NULL), EMAIL_OK);
	assert_int_equal(email_trust_delete_host(trust, HOST, 465, NULL), EMAIL_E_UNKNOWN);
	assert_int_equal(list().count, 0);
}

/* What rule 1 refuses makes no entry, and an approval that there is does not help. */
static void
test_hard(void **state)
{
	pki_spec spec = pki_server("CN=Own", "DNS:" HOST);
	pki_cert weak;

	(void)state;
	judge(CHAIN(&own));
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	spec.hash = PKI_SHA1;
	chain_issue(&weak, &spec, chain_key_of(KEY_OTHER), NULL, NULL); /* the approved key */
	assert_int_equal(judge(CHAIN(&weak)), EMAIL_E_TRUST);
	assert_true(v.reasons & R(WEAK_SIGNATURE));
	assert_false(v.recorded);
	assert_int_equal(list().count, 1);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	weak.len = 5;
	assert_int_equal(judge(CHAIN(&weak)), EMAIL_E_TRUST);
	assert_int_equal(v.reasons, R(MALFORMED));
	assert_int_equal(list().count, 1);
}

/* An exemption waives all of 2 to 4 for its key: the name, the dates, the purpose. */
static void
test_waives(void **state)
{
	pki_spec spec = pki_client("CN=Odd");
	pki_cert odd;

	(void)state;
	spec.not_before = "20200101000000";
	spec.not_after = "20210101000000";
	spec.ca = 1;
	chain_issue(&odd, &spec, chain_key_of(KEY_OTHER), NULL, NULL);
	assert_int_equal(judge(CHAIN(&odd)), EMAIL_E_TRUST);
	assert_int_equal(v.reasons, R(SELF_SIGNED) | R(PURPOSE) | R(CA_AS_LEAF) | R(NAME) | R(EXPIRED));
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.public_key_sha256, 0), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&odd)), EMAIL_OK);
}

static void
test_clock(void **state)
{
	const int64_t year_1970 = 86400, year_2000 = 946684800;
	int64_t now = email__clock_wall();
	struct rows rows;
	char floor[32];

	(void)state;
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&leaf, &middle), year_1970), EMAIL_E_CLOCK);
	assert_true(e.temporary);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&own), year_2000), EMAIL_E_CLOCK);
	assert_false(v.recorded);
	assert_int_equal(list().count, 0);
	/* an approval without an end counts, one with an end does not */
	judge(CHAIN(&own));
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&own), year_2000), EMAIL_OK);
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, now + 1000), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&own), year_2000), EMAIL_E_CLOCK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&own), now + 1001), EMAIL_E_TRUST);
	/* Floor: not-before is ignored */
	assert_int_equal(email_trust_set(trust, "clockPolicy", "Floor"), EMAIL_OK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&leaf, &middle), year_1970), EMAIL_OK);
	/* and a clock that is not set teaches nothing */
	assert_int_equal(email_trust_get(trust, "clockFloor", floor, sizeof floor), EMAIL_OK);
	assert_string_equal(floor, "");
	/* far in the future */
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&leaf, &middle), INT64_C(2208988800)),
	                 EMAIL_E_TRUST);
	assert_true(v.reasons & R(EXPIRED));
	/* vouched for, it is what it says */
	assert_int_equal(email_trust_set(trust, "clockPolicy", ""), EMAIL_OK);
	email_trust_set_clock_good(trust, true);
	judge_by(trust, HOST, 465, CHAIN(&leaf, &middle), year_1970);
	assert_int_equal(v.reasons, R(NOT_YET_VALID));
	rows = list();
	assert_int_equal(rows.count, 2); /* that one was an entry: the clock is good */
}

/* The newest not-before of an accepted chain is kept: a clock that jumps back below it is not set. */
static void
test_clock_floor(void **state)
{
	pki_spec spec = pki_server("CN=Future", "DNS:" HOST);
	pki_cert future;
	char text[32], again[32];
	int64_t now = email__clock_wall();
	email_trust *other;

	(void)state;
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "clockFloor", text, sizeof text), EMAIL_OK);
	assert_int_equal(strlen(text), 20);
	other = another();
	assert_int_equal(judge_by(other, HOST, 465, CHAIN(&leaf, &middle), now - 3 * 86400), EMAIL_E_CLOCK);
	email_trust_free(other);
	/* nor may a clock that is not set move it, whatever a chain from the future says */
	spec.not_before = "20280101000000";
	spec.not_after = "20290101000000";
	chain_issue(&future, &spec, chain_key_of(KEY_LEAF), &middle, chain_key_of(KEY_MIDDLE));
	assert_int_equal(email_trust_set(trust, "clockPolicy", "Floor"), EMAIL_OK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&future, &middle), 86400), EMAIL_OK);
	assert_int_equal(email_trust_get(trust, "clockFloor", again, sizeof again), EMAIL_OK);
	assert_string_equal(again, text);
	assert_int_equal(email_trust_set(trust, "clockPolicy", ""), EMAIL_OK);
	assert_int_equal(email_trust_set(trust, "clockFloor", ""), EMAIL_OK);
	assert_int_equal(judge_by(trust, HOST, 465, CHAIN(&leaf, &middle), now - 3 * 86400), EMAIL_E_TRUST);
	assert_int_equal(v.reasons, R(NOT_YET_VALID));
}

static void
test_redundant(void **state)
{
	pki_spec spec = pki_server("CN=Server", "DNS:" HOST);
	size_t removed;
	struct rows rows;

	(void)state;
	write_bundle(NULL);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_E_TRUST);
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
	assert_int_equal(v.kind, EMAIL__EXEMPTION_ACCEPTED);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 0);
	write_bundle(&root);
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
	assert_int_equal(v.kind, EMAIL__CHAIN_ACCEPTED);
	rows = list();
	assert_true(rows.row[0].redundant);
	assert_int_equal(email_trust_prune(trust, &removed), EMAIL_OK);
	assert_int_equal(removed, 1);
	assert_int_equal(list().count, 0);
	(void)spec;
}

/* Cut off, unreadable: an error, no smaller store, no entry. An approval still stands. */
static void
test_broken_store(void **state)
{
	char text[4096] = "";
	size_t n;

	(void)state;
	assert_int_equal(pki_pem_add(text, sizeof text, &root), 0);
	n = strlen(text);
	assert_int_equal(pki_pem_add(text, sizeof text, &middle), 0);
	write_file(bundle, text, n + 100);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_CERTIFICATE);
	assert_non_null(strstr(e.text, "cut off"));
	assert_int_equal(list().count, 0);
	unlink(bundle);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_FILE);
	write_bundle(&root);
	judge(CHAIN(&own));
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	unlink(bundle);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
}

/* An unreadable sheet: no exemptions, a fault, and the file stays as it is. */
static void
test_broken_sheet(void **state)
{
	static const char rubbish[] = "<trust xmlns=\"urn:emailservice:trust:1\"><allowedHosts>";
	char back[256];
	email_trust *other;
	FILE *f;

	(void)state;
	judge(CHAIN(&own));
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	write_file(path, rubbish, strlen(rubbish));
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_SHEET);
	assert_int_equal(v.kind, EMAIL__REFUSED);
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_E_SHEET);
	assert_int_equal(email_trust_error(trust)->code, EMAIL_E_SHEET);
	assert_int_equal(email_trust_import(trust, root.der, root.len, NULL, NULL), EMAIL_E_SHEET);
	assert_int_equal(email_trust_set(trust, "clockPolicy", "Floor"), EMAIL_E_SHEET);
	other = email_trust_new();
	assert_int_equal(email_trust_open(other, folder), EMAIL_E_SHEET);
	assert_int_equal(judge_by(other, HOST, 465, CHAIN(&own), 0), EMAIL_E_SHEET);
	email_trust_free(other);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(back, 1, sizeof back, f), strlen(rubbish));
	fclose(f);
	assert_memory_equal(back, rubbish, strlen(rubbish));
	/* put right again, it counts again */
	unlink(path);
	assert_int_equal(email_trust_set(trust, "systemTrustStore", bundle), EMAIL_OK);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
}

/* Two processes write the same sheet, and neither loses what the other wrote. */
static void
test_processes(void **state)
{
	enum { EACH = 12 };
	struct rows rows = {0};
	char host[48];
	struct stat st;
	pid_t child[3];
	int i, p, status;

	(void)state;
	for (p = 0; p < 3; p++) {
		if ((child[p] = fork()) == 0) {
			email_trust *t = email_trust_new();
			int bad = !t || email_trust_open(t, folder);

			for (i = 0; i < EACH && !bad; i++) {
				snprintf(host, sizeof host, "h%d-%d.example", p, i);
				bad = judge_by(t, host, 465, CHAIN(&own), 0) != EMAIL_E_TRUST ||
				      !v.recorded ||
				      email_trust_approve(t, host, 465, v.certificate.sha256, 0) != EMAIL_OK;
			}
			email_trust_free(t);
			email_trust_free(trust); /* of this process: a checker counts what it leaves */
			_exit(bad);
		}
		assert_true(child[p] > 0);
	}
	for (p = 0; p < 3; p++) {
		assert_int_equal(waitpid(child[p], &status, 0), child[p]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(email_trust_list_hosts(trust, keep, &rows), EMAIL_OK);
	assert_int_equal(rows.count, 3 * EACH);
	for (p = 0; p < 3; p++)
		for (i = 0; i < EACH; i++) {
			snprintf(host, sizeof host, "h%d-%d.example", p, i);
			assert_int_equal(judge_by(trust, host, 465, CHAIN(&own), 0), EMAIL_OK);
		}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static email_answer answered;
static int asked;

static email_answer
on_challenge(void *context, const email_allowed_host *entry)
{
	assert_ptr_equal(context, &asked);
	assert_string_equal(entry->host, HOST);
	assert_int_equal(entry->reasons, R(SELF_SIGNED));
	asked++;
	return answered;
}

static void
test_challenge(void **state)
{
	(void)state;
	asked = 0;
	judge(CHAIN(&own));
	assert_false(email__trust_challenge(trust, HOST, 465, &v)); /* nobody there */
	email_trust_set_challenge(trust, on_challenge, &asked);
	answered = EMAIL_ANSWER_LATER;
	assert_false(email__trust_challenge(trust, HOST, 465, &v));
	assert_int_equal(judge(CHAIN(&own)), EMAIL_E_TRUST);
	answered = EMAIL_ANSWER_APPROVE;
	assert_true(email__trust_challenge(trust, HOST, 465, &v));
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
	assert_false(email__trust_challenge(trust, HOST, 465, &v)); /* accepted: there is nothing to ask */
	judge(CHAIN(&own2));
	answered = EMAIL_ANSWER_REJECT;
	assert_false(email__trust_challenge(trust, HOST, 465, &v));
	judge(CHAIN(&own2));
	assert_int_equal(v.approval, EMAIL_APPROVAL_REJECTED);
	assert_false(email__trust_challenge(trust, HOST, 465, &v)); /* answered once and for all */
	assert_int_equal(asked, 3);
	assert_int_equal(judge(CHAIN(&own)), EMAIL_OK);
}

/* As it is once it was last looked at the files long ago. */
static unsigned long
generation(void)
{
	return email__trust_generation(trust, true);
}

static void
test_generation(void **state)
{
	unsigned long g = generation();
	email_trust *other;

	(void)state;
	assert_int_equal(generation(), g);
	judge(CHAIN(&own));
	assert_int_equal(generation(), g); /* being refused changes nothing */
	assert_int_equal(email_trust_approve(trust, HOST, 465, v.certificate.sha256, 0), EMAIL_OK);
	assert_true(email__trust_generation(trust, true) != g); /* at once */
	g = generation();
	judge(CHAIN(&own));
	assert_int_equal(generation(), g);
	/* by another process */
	other = another();
	assert_int_equal(email_trust_unapprove(other, HOST, 465, NULL), EMAIL_OK);
	assert_true(generation() != g);
	g = generation();
	assert_int_equal(email_trust_import(other, root.der, root.len, NULL, NULL), EMAIL_OK);
	assert_true(generation() != g);
	email_trust_free(other);
	/* by the operating system */
	g = generation();
	write_bundle(NULL);
	assert_true(generation() != g);
}

/* No trust object: the System Trust Store alone, and nothing is written. */
static void
test_alone(void **state)
{
	(void)state;
	assert_int_equal(judge_by(NULL, HOST, 465, CHAIN(&own), 0), EMAIL_E_TRUST);
	assert_false(v.recorded);
	assert_int_equal(judge_by(NULL, "", 465, CHAIN(&own), 0), EMAIL_E_VALUE);
	assert_int_equal(v.kind, EMAIL__REFUSED);
}

/* Every allocation fails once: refused, and never half written. */
static void
test_memory(void **state)
{
	size_t n, done = 0;

	(void)state;
	for (n = 1; done < 2; n++) {
		email_code rc;
		bool failed;

		email_test_fail_alloc(n);
		rc = judge(done ? CHAIN(&own) : CHAIN(&leaf, &middle));
		failed = email_test_alloc_failed();
		email_test_fail_alloc_off();
		if (failed && rc == EMAIL_OK)
			assert_int_equal(v.kind,
			                 EMAIL__CHAIN_ACCEPTED); /* what failed came after the verdict */
		if (failed && rc)
			assert_int_equal(v.kind, EMAIL__REFUSED);
		if (!failed) {
			assert_int_equal(rc, done ? EMAIL_E_TRUST : EMAIL_OK);
			done++;
			n = 0;
		}
	}
	assert_int_equal(judge(CHAIN(&leaf, &middle)), EMAIL_OK);
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
	const struct CMUnitTest tests[] = {
		T(test_chain),        T(test_exemption),    T(test_rejected),    T(test_hard),
		T(test_waives),       T(test_clock),        T(test_clock_floor), T(test_redundant),
		T(test_broken_store), T(test_broken_sheet), T(test_processes),   T(test_challenge),
		T(test_generation),   T(test_alone),        T(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
