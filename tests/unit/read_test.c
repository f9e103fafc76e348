/* SPDX-License-Identifier: MIT */
/* Sheets that load, and sheets that must not: each refused in time, with its place and its reason. */
#include "support/cm.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <emailservice/service.h>

#include "base/limits.h"
#include "support/failalloc.h"

#define GOOD "tests/sheets/good/"
#define BAD "tests/sheets/bad/"

static email_service *service;

static int
setup(void **state)
{
	email_error e;

	(void)state;
	service = email_service_new();
	return service && email_service_load(service, GOOD "model.xml", &e) == EMAIL_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_service_free(service);
	return 0;
}

static void
assert_property(const char *account, const char *name, const char *expected)
{
	char text[256];

	assert_int_equal(email_account_get(email_service_account(service, account), name, text, sizeof text),
	                 EMAIL_OK);
	assert_string_equal(text, expected);
}

static void
assert_untouched(email_account *out)
{
	assert_ptr_equal(email_service_account_at(service, 0), out);
	assert_string_equal(email_account_name(out), "OutgoingAccount");
	assert_non_null(email_service_account_at(service, 1));
	assert_null(email_service_account_at(service, 2));
	assert_property("OutgoingAccount", "hostname", "smtp.office365.com");
}

static void
the_models_sheet(void **state)
{
	(void)state;
	assert_property("OutgoingAccount", "effectivePort", "587");
	assert_property("OutgoingAccount", "emailAuthenticator.type", "oAuthClientSecret");
	assert_property("OutgoingAccount", "emailAuthenticator.clientSecret", "set");
	assert_property("OutgoingAccount", "from", "Plant room <plant@example.com>");
	assert_property("IncomingAccount", "effectivePort", "993");
	assert_property("IncomingAccount", "tlsMinProtocol", "TLSv1.3");
	assert_property("IncomingAccount", "pollrate", "PT30S");
	assert_null(email_service_account(service, "Nobody"));
}

static void
a_sheet_by_hand(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(email_service_load(service, GOOD "by-hand.xml", NULL), EMAIL_OK);
	assert_property("Alarms (S\xC3\xBC"
	                "d)",
	                "hostname", "pop.example.com");
	assert_property("Alarms (S\xC3\xBC"
	                "d)",
	                "pollrate", "PT5M");
	assert_property("Alarms (S\xC3\xBC"
	                "d)",
	                "effectivePort", "995");
	/* silent about useSsl: Start TLS all the same */
	assert_property("Relay", "useSsl", "false");
	assert_property("Relay", "effectivePort", "587");
	assert_property("Relay", "hostname", "2001:db8::25");
	assert_int_equal(email_service_get(service, "stateFolder", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, "/var/lib/station7");
	assert_null(email_service_account(service, "OutgoingAccount"));
	assert_int_equal(email_service_load(service, GOOD "empty.xml", NULL), EMAIL_OK);
	assert_null(email_service_account_at(service, 0));
}

/* line 0: wherever; property "" and words "": whatever. */
static const struct {
	const char *name;
	int line;
	const char *property, *words, *remedy;
} bad[] = {
	{"both-switches", 6, "useStartTls", "useSsl and useStartTls are both true", "false"},
	{"both-switches-reversed", 6, "useSsl", "useSsl and useStartTls are both true", "false"},
	{"unknown-property", 5, "polrate", "no property", "pollrate"},
	{"unknown-attribute", 5, "kind", "no attribute", ""},
	{"bad-port", 5, "port", "-1, 1..65535", ""},
	{"huge-port", 5, "port", "-1, 1..65535", ""},
	{"bad-enum", 5, "tlsMinProtocol", "TLSv1.2+", "did you mean TLSv1.2+?"},
	{"bad-duration", 5, "pollrate", "PT1S", ""},
	{"bad-host", 5, "ehloName", "host name", ""},
	{"twice", 6, "port", "twice", ""},
	{"wrong-kind", 5, "store", "incoming accounts only", ""},
	{"read-only", 5, "queueSize", "status", ""},
	{"name-element", 5, "name", "no property", ""},
	{"dotted", 5, "emailAuthenticator.account", "no property", ""},
	{"no-type", 5, "emailAuthenticator.type", "basic", ""},
	{"bad-type", 5, "emailAuthenticator.type", "expected", "did you mean basic?"},
	{"foreign-field", 6, "emailAuthenticator.clientId", "basic", "oAuthClientSecret"},
	{"unknown-field", 6, "pasword", "no field", "password"},
	{"type-element", 6, "type", "no field", ""},
	{"two-authenticators", 6, "emailAuthenticator.type", "twice", ""},
	{"value-and-ref", 6, "emailAuthenticator.password", "both a value and a ref", ""},
	{"sealed-and-value", 6, "emailAuthenticator.password", "a value or a ref too", ""},
	{"sealed-and-ref", 6, "emailAuthenticator.password", "a value or a ref too", ""},
	{"sealed-empty", 6, "emailAuthenticator.password", "expected base64", ""},
	{"sealed-no-base64", 6, "emailAuthenticator.password", "sealed:BASE64", ""},
	{"bad-ref", 6, "emailAuthenticator.password", "env:NAME or file:PATH", ""},
	{"nested", 5, "port", "elements", ""},
	{"stray-text", 3, "outgoingAccount", "holds text", ""},
	{"control-character", 5, "", "", ""},
	{"truncated", 0, "", "", ""},
	{"name-twice", 6, "name", "before", ""},
	{"no-name", 6, "name", "missing", ""},
	{"bad-name", 6, "name", "no '/'", ""},
	{"unknown-account", 6, "incomingAcount", "no account", "incomingAccount"},
	{"bad-own", 6, "enabled", "true or false", ""},
	{"own-twice", 7, "enabled", "twice", ""},
	{"own-read-only", 6, "status", "status", ""},
	{"namespace", 2, "", "", ""},
	{"root", 2, "", "", ""},
	{"doctype", 2, "", "", ""},
	{"external-entity", 2, "", "", ""},
	{"entity-bomb", 2, "", "", ""},
	{"empty-file", 0, "", "", ""},
	{"no-xml", 1, "", "", ""},
};

static void
assert_refused_in_time(const char *path, email_error *e)
{
	clock_t from = clock(); /* the processor's time: the machine may have other work */

	if (email_service_load(service, path, e) != EMAIL_E_SHEET)
		fail_msg("%s: %s", path, email_code_name(e->code));
	assert_true(clock() - from < 2 * CLOCKS_PER_SEC);
	assert_int_equal(e->code, EMAIL_E_SHEET);
	assert_int_equal(e->stage, EMAIL_STAGE_SHEET);
	assert_false(e->temporary);
	assert_true(e->text[0] != '\0');
	assert_string_equal(e->file, path);
}

static void
bad_sheets(void **state)
{
	email_account *out = email_service_account_at(service, 0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char path[128];
		email_error e;

		snprintf(path, sizeof path, BAD "%s.xml", bad[i].name);
		assert_refused_in_time(path, &e);
		if ((bad[i].line && e.line != bad[i].line) ||
		    (bad[i].property[0] && strcmp(e.property, bad[i].property)) ||
		    !strstr(e.text, bad[i].words) || !strstr(e.remedy, bad[i].remedy))
			fail_msg("%s: line %d, %s, %s, %s", path, e.line, e.property, e.text, e.remedy);
		assert_untouched(out);
	}
}

/* --- what is too large to be kept as a file --- */

static char made[] = "/tmp/email-sheet-XXXXXX";

static FILE *
make(void)
{
	FILE *f = fopen(made, "w");

	assert_non_null(f);
	fputs("<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n", f);
	return f;
}

static void
attributes(void **state)
{
	static const int counts[] = {33, 1000, 20000, 40000};
	email_account *out = email_service_account_at(service, 0);
	email_error e;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		FILE *f = make();

		fputs("<outgoingAccount name=\"a\"", f);
		for (k = 0; k < counts[i]; k++)
			fprintf(f, " a%d=\"\"", k);
		fputs("/></emailService>\n", f);
		fclose(f);
		assert_refused_in_time(made, &e);
		assert_untouched(out);
	}
}

static void
depth_and_number(void **state)
{
	email_account *out = email_service_account_at(service, 0);
	email_error e;
	FILE *f = make();
	int k;

	(void)state;
	for (k = 0; k < 10000; k++)
		fputs("<a>", f);
	fclose(f);
	assert_refused_in_time(made, &e);
	f = make();
	for (k = 0; k <= EMAIL__ACCOUNTS_MAX; k++)
		fprintf(f, "<outgoingAccount name=\"a%d\"/>\n", k);
	fputs("</emailService>\n", f);
	fclose(f);
	assert_refused_in_time(made, &e);
	assert_int_equal(e.line, EMAIL__ACCOUNTS_MAX + 2);
	f = make();
	for (k = 0; k < 60000; k++)
		fputs("<a/>", f);
	fputs("</emailService>\n", f);
	fclose(f);
	assert_refused_in_time(made, &e);
	assert_untouched(out);
}

/* The model's sheet cut off after every byte: only the last line end may be missing. */
static void
cut_off_anywhere(void **state)
{
	static char bytes[EMAIL__SHEET_MAX];
	email_account *out = email_service_account_at(service, 0);
	FILE *f = fopen(GOOD "model.xml", "r");
	email_error e;
	size_t n, cut;

	(void)state;
	assert_non_null(f);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (cut = 0; cut < n - 1; cut++) {
		f = fopen(made, "w");
		assert_non_null(f);
		fwrite(bytes, 1, cut, f);
		fclose(f);
		assert_refused_in_time(made, &e);
	}
	assert_untouched(out);
}

static void
no_file(void **state)
{
	email_account *out = email_service_account_at(service, 0);
	email_error e;

	(void)state;
	assert_int_equal(email_service_load(service, "tests/sheets/nowhere.xml", &e), EMAIL_E_FILE);
	assert_true(e.os != 0);
	assert_string_equal(e.file, "tests/sheets/nowhere.xml");
	assert_int_equal(email_service_load(service, "tests/sheets", &e), EMAIL_E_FILE);
	assert_untouched(out);
}

static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	size_t n, blocks;
	email_code rc = EMAIL_E_MEMORY;

	(void)state;
	email_service_free(service);
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	service = email_service_new();
	assert_non_null(service);
	for (n = 1; rc; n++) {
		email_test_fail_alloc(n);
		rc = email_service_load(service, GOOD "by-hand.xml", &e);
		if (rc) {
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(e.code, EMAIL_E_MEMORY);
			assert_null(email_service_account_at(service, 0));
		} else {
			assert_false(email_test_alloc_failed());
		}
	}
	assert_true(n > 100);
	email_service_free(service);
	assert_int_equal(email_test_blocks(), blocks);
	service = NULL;
	email_test_fail_alloc_off();
}

static int
group_setup(void **state)
{
	int fd = mkstemp(made);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
group_teardown(void **state)
{
	(void)state;
	return unlink(made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_models_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sheet_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_sheets, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(depth_and_number, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_off_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_end_anywhere, setup, teardown),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
