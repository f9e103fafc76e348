/* SPDX-License-Identifier: MIT */
/* The trust sheet: what is read comes back as it was written, and what is odd is refused whole. */
#include "trust/record.h"

#include "base/limits.h"
#include "codec/base64.h"
#include "support/chains.h"
#include "support/cm.h"
#include "support/failalloc.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<trust xmlns=\"urn:emailservice:trust:1\">"
#define ROOM 65536

static char der64[8192];
static pki_cert c;

static int
make(void **state)
{
	pki_spec spec = pki_server("CN=x", "DNS:a.example");

	(void)state;
	chain_issue(&c, &spec, chain_key_of(KEY_LEAF), NULL, NULL);
	der64[email__base64_encode(der64, c.der, c.len)] = '\0';
	return 0;
}

/* Each "@" becomes the certificate. */
static void
fill(const char *text, char out[ROOM])
{
	size_t n = 0;

	for (; *text; text++)
		n += (size_t)(*text == '@' ? snprintf(out + n, ROOM - n, "%s", der64)
		                           : snprintf(out + n, ROOM - n, "%c", *text));
	out[n] = '\0';
}

static email_code
read_text(const char *text, email__record *record, email__sheet **sheet, email_error *e)
{
	email_code rc;

	memset(record, 0, sizeof *record);
	memset(e, 0, sizeof *e);
	*sheet = NULL;
	rc = email__sheet_parse(text, strlen(text), EMAIL__TRUST_SHEET_MAX, "trust.xml", EMAIL__TRUST_ROOT,
	                        EMAIL__TRUST_NS, sheet, e);
	return rc ? rc : email__record_read(record, *sheet, "trust.xml", e);
}

static void
test_refused(void **state)
{
#define HOST(inside) HEAD "<allowedHosts><host>" inside "</host></allowedHosts></trust>"
#define GOOD "<name>a.example</name><port>465</port>"
	static const char *const rows[] = {
		HEAD "<colour>red</colour></trust>",
		HEAD "<crlFile>a</crlFile><crlFile>b</crlFile></trust>",
		HEAD "<clockPolicy>maybe</clockPolicy></trust>",
		HEAD "<clockFloor>2026-13-01T00:00:00Z</clockFloor></trust>",
		HEAD "<clockFloor>2026-11-01</clockFloor></trust>",
		HEAD "<userTrustStore><certificate>@</certificate></userTrustStore></trust>",
		HEAD "<userTrustStore><certificate alias=\"a\">MAA=</certificate></userTrustStore></trust>",
		HEAD "<userTrustStore><certificate alias=\"a\">@x</certificate></userTrustStore></trust>",
		HEAD "<userTrustStore><key alias=\"a\">@</key></userTrustStore></trust>",
		HEAD "<userTrustStore><certificate alias=\"a\">@</certificate><certificate "
		     "alias=\"a\">@</certificate>"
		     "</userTrustStore></trust>",
		HEAD "<allowedHosts><guest/></allowedHosts></trust>",
		HOST("<port>465</port><certificate>@</certificate>"),
		HOST("<name>a.example</name><certificate>@</certificate>"),
		HOST(GOOD),
		HOST("<name>A.example</name><port>465</port><certificate>@</certificate>"),
		HOST("<name>a.example</name><port>0</port><certificate>@</certificate>"),
		HOST("<name>a.example</name><port>65536</port><certificate>@</certificate>"),
		HOST(GOOD "<certificate>MAA=</certificate>"),
		HOST(GOOD "<approval>YES</approval><certificate>@</certificate>"),
		HOST(GOOD "<approval>yes</approval><approval>no</approval><certificate>@</certificate>"),
		HOST(GOOD "<until>soon</until><certificate>@</certificate>"),
		HOST(GOOD "<count>-1</count><certificate>@</certificate>"),
		HOST(GOOD "<redundant>1</redundant><certificate>@</certificate>"),
		HOST(GOOD "<reasons>selfSigned mood</reasons><certificate>@</certificate>"),
		HOST(GOOD "<everyone/><certificate>@</certificate>"),
		HEAD "<allowedHosts><host>" GOOD "<certificate>@</certificate></host><host>" GOOD
		     "<certificate>@</certificate></host></allowedHosts></trust>",
		"<trust><crlFile>a</crlFile></trust>",
		HEAD "<allowedHosts>",
		"",
	};
	static char text[ROOM];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__record record;
		email__sheet *sheet;
		email_error e;

		fill(rows[i], text);
		if (read_text(text, &record, &sheet, &e) != EMAIL_E_SHEET || record.hosts.count ||
		    record.root_count)
			fail_msg("accepted: %s", rows[i]);
		assert_true(e.text[0] != '\0');
		email__record_dispose(&record);
		email__sheet_free(sheet);
	}
}

static const char whole[] = HEAD
	"\n  <systemTrustStore>/etc/roots.pem</systemTrustStore>\n  <clockPolicy>Floor</clockPolicy>\n"
	"  <crlFile>revoked.pem</crlFile>\n  <clockFloor>2026-11-01T00:00:00Z</clockFloor>\n"
	"  <userTrustStore>\n    <certificate alias=\"mine\">@</certificate>\n  </userTrustStore>\n"
	"  <allowedHosts>\n    <host>\n      <name>a.example</name>\n      <port>465</port>\n"
	"      <approval>yes</approval>\n      <reasons>selfSigned nameMismatch</reasons>\n"
	"      <created>2026-11-02T00:00:00Z</created>\n      <approved>2026-11-03T00:00:00Z</approved>\n"
	"      <until>2027-01-01T00:00:00Z</until>\n      <lastSeen>2026-11-04T00:00:00Z</lastSeen>\n"
	"      <count>7</count>\n      <redundant>true</redundant>\n      <certificate>@</certificate>\n"
	"    </host>\n  </allowedHosts>\n</trust>\n";

static void
test_round(void **state)
{
	static char text[ROOM];
	email__record record;
	email__sheet *sheet;
	email__buf out;
	email_error e;

	(void)state;
	fill(whole, text);
	assert_int_equal(read_text(text, &record, &sheet, &e), EMAIL_OK);
	assert_string_equal(record.system_store, "/etc/roots.pem");
	assert_true(record.floor_policy);
	assert_int_equal(record.clock_floor, 1793491200);
	assert_int_equal(record.root_count, 1);
	assert_int_equal(record.hosts.count, 1);
	assert_int_equal(record.hosts.list[0].approval, EMAIL_APPROVAL_YES);
	assert_int_equal(record.hosts.list[0].reasons, EMAIL_REASON(SELF_SIGNED) | EMAIL_REASON(NAME));
	assert_int_equal(record.hosts.list[0].count, 7);
	assert_true(record.hosts.list[0].redundant);
	/* every row written again: the same bytes */
	record.hosts.list[0].changed = true;
	email__buf_init(&out, ROOM);
	assert_int_equal(email__record_write(&record, sheet), EMAIL_OK);
	assert_int_equal(email__sheet_write(sheet, &out), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), text);
	email__buf_dispose(&out);
	email__record_dispose(&record);
	email__sheet_free(sheet);
}

static void
test_memory(void **state)
{
	static char text[ROOM];
	email__sheet *sheet;
	email_error e;
	size_t n;

	(void)state;
	fill(whole, text);
	for (n = 1;; n++) {
		email__record record;
		email_code rc;
		bool failed;

		email_test_fail_alloc(n);
		rc = read_text(text, &record, &sheet, &e);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email__record_dispose(&record);
		email__sheet_free(sheet);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		if (!failed)
			break;
	}
	assert_true(n > 10);
}

static void
test_times(void **state)
{
	static const int64_t rows[] = {
		0, 1, 951825600, 1793491200, INT64_C(4102444799), INT64_C(253402300799), -1};
	static const char *const bad[] = {"",
	                                  "2026-11-01T00:00:00",
	                                  "2026-11-01T00:00:00ZZ",
	                                  "2026-11-01 00:00:00Z",
	                                  "2026-02-30T00:00:00Z",
	                                  "2026-11-01T24:00:00Z",
	                                  "x026-11-01T00:00:00Z"};
	char text[24];
	int64_t back;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email__time_write(rows[i], text);
		assert_true(email__time_read(text, &back));
		assert_int_equal(back, rows[i]);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(email__time_read(bad[i], &back));
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_round),
	                                   cmocka_unit_test(test_memory), cmocka_unit_test(test_times)};

	return cmocka_run_group_tests(tests, make, end);
}
