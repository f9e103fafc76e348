/* SPDX-License-Identifier: MIT */
/* The trust sheet: what is written is read again, and what is wrong is named with its line. */
#include "trust/record.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char leaf64[8192], middle64[8192];
static email_error e;

static int
setup(void **state)
{
	chain_setup(state);
	leaf64[email__base64_encode(leaf64, made.leaf.der, made.leaf.len)] = '\0';
	middle64[email__base64_encode(middle64, made.middle.der, made.middle.len)] = '\0';
	return 0;
}

static email_code
parse(const char *text, email__sheet **sheet)
{
	memset(&e, 0, sizeof e);
	return email__sheet_parse(text, strlen(text), EMAIL__TRUST_SHEET_MAX, "trust.xml", EMAIL__TRUST_ROOT,
	                          EMAIL__TRUST_NS, sheet, &e);
}

static email_code
read(const char *inside, email__record *record)
{
	static char text[65536];
	email__sheet *sheet;
	email_code rc;

	memset(record, 0, sizeof *record);
	snprintf(text, sizeof text, "<trust xmlns=\"urn:emailservice:trust:1\">\n%s</trust>\n", inside);
	if ((rc = parse(text, &sheet)))
		return rc;
	rc = email__record_read(record, sheet, "trust.xml", &e);
	email__sheet_free(sheet);
	return rc;
}

/* A host's fields, with a certificate. */
static const char *
host(const char *fields)
{
	static char text[32768];

	snprintf(text, sizeof text,
	         "<allowedHosts><host><name>a.example</name><port>465</port>%s\n<certificate>%s</"
	         "certificate></host>"
	         "</allowedHosts>\n",
	         fields, leaf64);
	return text;
}

static void
test_whole(void **state)
{
	email__record record;
	static char text[49152];
	email__row *row;

	(void)state;
	snprintf(text, sizeof text,
	         "<systemTrustStore>certs</systemTrustStore><clockPolicy>Floor</clockPolicy><crlFile>c.pem</"
	         "crlFile>"
	         "<clockFloor>2026-11-24T08:30:00Z</clockFloor>\n"
	         "<userTrustStore><certificate alias=\"plant\">\n %s \n</certificate></userTrustStore>%s",
	         middle64,
	         host("<approval>yes</approval><reasons>selfSigned expired</reasons>"
	              "<created>2026-01-01T00:00:00Z</created><approved>2026-01-02T00:00:00Z</approved>"
	              "<until>2027-01-01T00:00:00Z</until><lastSeen>2026-01-03T00:00:00Z</lastSeen>"
	              "<count>7</count><redundant>true</redundant>"));
	assert_int_equal(read(text, &record), EMAIL_OK);
	assert_string_equal(record.system_store, "certs");
	assert_string_equal(record.crl_file, "c.pem");
	assert_true(record.floor_policy);
	assert_int_equal(record.root_count, 1);
	assert_string_equal(record.roots[0].alias, "plant");
	assert_int_equal(record.roots[0].len, made.middle.len);
	assert_int_equal(record.hosts.count, 1);
	row = &record.hosts.list[0];
	assert_string_equal(row->host, "a.example");
	assert_int_equal(row->port, 465);
	assert_int_equal(row->approval, EMAIL_APPROVAL_YES);
	assert_int_equal(row->reasons, EMAIL_REASON(SELF_SIGNED) | EMAIL_REASON(EXPIRED));
	assert_int_equal(row->approved - row->created, 86400);
	assert_int_equal(row->last_seen - row->approved, 86400);
	assert_true(row->until > row->last_seen);
	assert_int_equal(row->count, 7);
	assert_true(row->redundant);
	assert_memory_equal(row->der, made.leaf.der, made.leaf.len);
	assert_int_equal(row->chain_len, 0);
	email__record_dispose(&record);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *inside;
		bool host; /* inside is a host's */
	} rows[] = {
		{"<other/>", false},
		{"<clockPolicy>floor</clockPolicy>", false},
		{"<clockPolicy>Refuse</clockPolicy><clockPolicy>Refuse</clockPolicy>", false},
		{"<clockFloor>yesterday</clockFloor>", false},
		{"<userTrustStore><root/></userTrustStore>", false},
		{"<userTrustStore><certificate>MAA=</certificate></userTrustStore>", false},
		{"<userTrustStore><certificate alias=\"a\">MAA=</certificate></userTrustStore>", false},
		{"<userTrustStore><certificate alias=\"a\">M</certificate></userTrustStore>", false},
		{"<allowedHosts><hosts/></allowedHosts>", false},
		{"<allowedHosts><host/></allowedHosts>", false},
		{"<allowedHosts><host><name>a.example</name><port>465</port></host></allowedHosts>", false},
		{"<approval>maybe</approval>", true},
		{"<approval>Yes</approval>", true},
		{"<approval>yes</approval><approval>no</approval>", true},
		{"<reasons>selfSigned, expired</reasons>", true},
		{"<until>never</until>", true},
		{"<count>-1</count>", true},
		{"<count>many</count>", true},
		{"<redundant>1</redundant>", true},
		{"<comment/>", true},
		{"<chain>MAA</chain>", true},
		{"<chain>AQE=</chain>", true},
	};
	email__record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (read(rows[i].host ? host(rows[i].inside) : rows[i].inside, &record) != EMAIL_E_SHEET)
			fail_msg("accepted: %s", rows[i].inside);
		assert_string_equal(e.file, "trust.xml");
		assert_true(e.line >= 2);
		assert_int_equal(record.hosts.count + record.root_count, 0); /* nothing of it */
	}
	assert_int_equal(read(host("<approval>yes</approval>"), &record), EMAIL_OK);
	email__record_dispose(&record);
}

/* Names, ports, and rows that are there twice. */
static void
test_hosts(void **state)
{
	static const char *const wrong[][2] = {
		{"A.example", "465"}, {"a.example.", "465"},  {"", "465"},     {"a b", "465"},
		{"a.example", "0"},   {"a.example", "65536"}, {"[::1]", "465"}};
	email__record record;
	char text[32768], one[12288];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text,
		         "<allowedHosts><host><name>%s</name><port>%s</port><certificate>%s</certificate></"
		         "host></allowedHosts>",
		         wrong[i][0], wrong[i][1], leaf64);
		assert_int_equal(read(text, &record), EMAIL_E_SHEET);
	}
	snprintf(one, sizeof one,
	         "<host><name>::1</name><port>465</port><certificate>%s</certificate></host>", leaf64);
	snprintf(text, sizeof text, "<allowedHosts>%s</allowedHosts>", one);
	assert_int_equal(read(text, &record), EMAIL_OK);
	email__record_dispose(&record);
	snprintf(text, sizeof text, "<allowedHosts>%s%s</allowedHosts>", one, one);
	assert_int_equal(read(text, &record), EMAIL_E_SHEET);
}

/* Fills a record by hand. */
static void
fill(email__record *record)
{
	email__span chain[2];
	email__cert leaf;
	email__row *row;
	email_code rc;
	bool first;

	memset(record, 0, sizeof *record);
	chain[0] = email__span_of(made.middle.der, made.middle.len);
	chain[1] = email__span_of(made.root.der, made.root.len);
	assert_true(email__cert_parse(email__span_of(made.leaf.der, made.leaf.len), &leaf));
	assert_non_null(record->system_store = email__strdup("a & b"));
	record->clock_floor = 1793491200;
	assert_int_equal(email__record_add_root(record, "plant", chain[1]), EMAIL_OK);
	row = email__hosts_record(&record->hosts, "a.example", 465, &leaf, EMAIL_REASON(NAME), 1793491201,
	                          &first, &rc);
	assert_non_null(row);
	assert_int_equal(email__row_keep_chain(row, chain, 2), EMAIL_OK);
	assert_non_null(
		email__hosts_record(&record->hosts, "b.example", 25, &leaf, 0, 1793491202, &first, &rc));
}

static email_code
write(email__record *record, email__sheet *sheet, email__buf *out)
{
	email_code rc = email__record_write(record, sheet);

	email__buf_clear(out);
	return rc ? rc : email__sheet_write(sheet, out);
}

/* Written, read and written again it is the same; rows come and go, and the others stay. */
static void
test_round(void **state)
{
	email__sheet *sheet = email__sheet_new(EMAIL__TRUST_ROOT, EMAIL__TRUST_NS);
	email__record record, again = {0};
	email__buf a, b;

	(void)state;
	assert_non_null(sheet);
	email__buf_init(&a, EMAIL__TRUST_SHEET_MAX);
	email__buf_init(&b, EMAIL__TRUST_SHEET_MAX);
	fill(&record);
	assert_int_equal(write(&record, sheet, &a), EMAIL_OK);
	email__record_dispose(&record);
	email__sheet_free(sheet);
	assert_int_equal(parse(email__buf_text(&a), &sheet), EMAIL_OK);
	assert_int_equal(email__record_read(&again, sheet, "trust.xml", &e), EMAIL_OK);
	assert_string_equal(again.system_store, "a & b");
	assert_int_equal(again.hosts.count, 2);
	assert_int_equal(again.hosts.list[0].chain_len, made.middle.len + made.root.len);
	assert_memory_equal(again.hosts.list[0].chain + made.middle.len, made.root.der, made.root.len);
	assert_int_equal(write(&again, sheet, &b), EMAIL_OK);
	assert_string_equal(email__buf_text(&a), email__buf_text(&b));
	/* a row goes, a chain goes, a root goes */
	email__hosts_remove(&again.hosts, &again.hosts.list[1]);
	assert_int_equal(email__row_keep_chain(&again.hosts.list[0], NULL, 0), EMAIL_OK);
	email__record_remove_root(&again, 0);
	assert_int_equal(write(&again, sheet, &b), EMAIL_OK);
	assert_null(strstr(email__buf_text(&b), "b.example"));
	assert_null(strstr(email__buf_text(&b), "<chain>"));
	assert_null(strstr(email__buf_text(&b), "plant"));
	assert_non_null(strstr(email__buf_text(&b), "a.example"));
	email__sheet_free(sheet);
	email__record_dispose(&again);
	email__buf_dispose(&a);
	email__buf_dispose(&b);
}

static void
test_memory(void **state)
{
	email__buf a;
	email__record record;
	email__sheet *sheet;
	size_t n;
	email_code rc;

	(void)state;
	email__buf_init(&a, EMAIL__TRUST_SHEET_MAX);
	assert_non_null(sheet = email__sheet_new(EMAIL__TRUST_ROOT, EMAIL__TRUST_NS));
	fill(&record);
	assert_int_equal(write(&record, sheet, &a), EMAIL_OK);
	email__record_dispose(&record);
	email__sheet_free(sheet);
	assert_int_equal(parse(email__buf_text(&a), &sheet), EMAIL_OK);
	for (n = 1;; n++) {
		bool failed;

		memset(&record, 0, sizeof record);
		memset(&e, 0, sizeof e);
		email_test_fail_alloc(n);
		rc = email__record_read(&record, sheet, "trust.xml", &e);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(record.hosts.count, failed ? 0 : 2);
		email__record_dispose(&record);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
	assert_true(n > 8);
	email__sheet_free(sheet);
	email__buf_dispose(&a);
}

static int
end(void **state)
{
	(void)state;
	chain_keys_free();
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_whole), T(test_wrong), T(test_hosts), T(test_round),
	                                   T(test_memory)};

	return cmocka_run_group_tests(tests, NULL, end);
}
