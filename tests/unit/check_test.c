/* SPDX-License-Identifier: MIT */
/* Each finding is found, with its property, and not where it does not belong. */
#include "support/cm.h"

#include <stdlib.h>
#include <unistd.h>

#include "account/account.h"
#include "base/calendar.h"
#include "os/clock.h"
#include "support/pki.h"
#include "trust/verdict.h"

static email_account *out, *in;
static char found[1024]; /* "code(property) ..." */
static char last_text[256];

static int
setup(void **state)
{
	(void)state;
	out = email_account_new(EMAIL_OUTGOING, "Out");
	in = email_account_new(EMAIL_INCOMING, "In");
	email_account_set_hostname(out, "smtp.example.com");
	email_account_set_hostname(in, "imap.example.com");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email_account_free(out);
	email_account_free(in);
	return 0;
}

static void
note(void *context, const email_finding *finding)
{
	size_t n = strlen(found);

	(void)context;
	assert_true(finding->text[0] && finding->remedy[0]);
	snprintf(last_text, sizeof last_text, "%s", finding->text);
	snprintf(found + n, sizeof found - n, "%s(%s) ", finding->code, finding->property);
}

static void
assert_finds(email_account *a, const char *expected)
{
	found[0] = '\0';
	assert_int_equal(email_account_check(a, note, NULL), EMAIL_OK);
	assert_string_equal(found, expected);
}

static void
nothing_is_wrong_with_the_defaults(void **state)
{
	(void)state;
	assert_finds(out, "");
	assert_finds(in, "");
	email_account_set_store(in, EMAIL_STORE_POP3);
	assert_finds(in, "");
	email_account_set_use_start_tls(in, true);
	assert_finds(in, "");
	email_account_set_use_start_tls(out, true);
	assert_finds(out, "");
	email_account_set_use_start_tls(out, false);
	assert_finds(out, "");
}

/* Every port against every switch and protocol: what model 1 lists, and nothing else. */
static void
ports(void **state)
{
	static const struct {
		int port;
		const char *ssl, *start_tls, *neither;
	} rows[] = {
		{25, "port25UseSsl(port) ", "", ""},
		{110, "port110UseSsl(port) ", "", ""},
		{143, "port143UseSsl(port) ", "", ""},
		{465, "", "port465UseStartTls(useSsl) ", "port465NoTls(useSsl) "},
		{587, "port587UseSsl(useStartTls) ", "", "port587NoTls(useStartTls) "},
		{993, "", "port993UseStartTls(useSsl) ", "port993NoTls(useSsl) "},
		{995, "", "port995UseStartTls(useSsl) ", "port995NoTls(useSsl) "},
		{2525, "", "", ""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		email_account_set_port(out, rows[i].port);
		email_account_set_use_ssl(out, true);
		assert_finds(out, rows[i].ssl);
		email_account_set_use_start_tls(out, true);
		assert_finds(out, rows[i].start_tls);
		email_account_set_use_start_tls(out, false);
		assert_finds(out, rows[i].neither);
	}
	email_account_set_port(in, 995);
	assert_finds(in, "port995Imap(store) ");
	email_account_set_port(in, 993);
	assert_finds(in, "");
	email_account_set_store(in, EMAIL_STORE_POP3);
	assert_finds(in, "port993Pop3(store) ");
	email_account_set_port(in, 995);
	assert_finds(in, "");
}

static void
login(void **state)
{
	(void)state;
	email_account_set_basic_authenticator(out, "u", "p");
	email_account_set(out, "emailAuthenticator.password", "env:P");
	assert_finds(out, "");
	email_account_set_use_ssl(out, false);
	assert_finds(out, "credentialsInClear(useSsl) ");
	email_account_set(out, "allowPlaintextLogin", "true");
	assert_finds(out, "credentialsInClear(allowPlaintextLogin) ");
	email_account_set_use_start_tls(out, true);
	assert_finds(out, "");
	email_account_set(out, "emailAuthenticator.password", "value:p");
	assert_finds(out, "secretInClear(emailAuthenticator.password) ");
	/* without a key; sealed_test.c has every reason */
	email_account_set(out, "emailAuthenticator.password", "sealed:AQID");
	assert_finds(out, "sealedSecretUnreadable(emailAuthenticator.password) ");
}

static void
the_rest(void **state)
{
	(void)state;
	email_account_set_hostname(out, "");
	assert_finds(out, "emptyHostname(hostname) ");
	email_account_set(in, "deliveryPolicy", "Delete");
	assert_finds(in, "deleteWithoutHandler(deliveryPolicy) ");
	in->has_handler = true;
	assert_finds(in, "");
}

/* The last third of its life, and at most 30 days. */
static void
certificates(void **state)
{
	static const struct {
		long long life, left;
		bool found;
	} days[] = {
		{365, 29, true}, {365, 31, false}, {90, 29, true}, {90, 31, false},
		{30, 9, true},   {30, 11, false},  {0, 29, true},  {0, 31, false},
		{90, -1, true},  {6, 1, true},     {6, 3, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof days / sizeof days[0]; i++) {
		int64_t end = email__clock_wall() + days[i].left * 86400;

		out->v.server_certificate_not_after = end;
		out->v.server_certificate_not_before = days[i].life ? end - days[i].life * 86400 : 0;
		assert_finds(out, days[i].found ? "certificateEndsSoon(serverCertificateNotAfter) " : "");
	}
}

static void
set(email_account *account, const char *property, const char *text)
{
	assert_int_equal(email_account_set(account, property, text), EMAIL_OK);
}

/* 30 days; a text with days and the time. */
static void
client_secrets(void **state)
{
	static const struct {
		long long seconds;
		const char *found, *says;
	} ends[] = {
		{31 * 86400, "", ""},
		{29 * 86400 + 3600, "clientSecretEndsSoon(emailAuthenticator.clientSecretNotAfter) ",
	         "in 29 days ("},
		{86400 + 3600, "clientSecretEndsSoon(emailAuthenticator.clientSecretNotAfter) ",
	         "in 1 day ("},
		{3600, "clientSecretEndsSoon(emailAuthenticator.clientSecretNotAfter) ", "in 0 days ("},
		{-3600, "clientSecretEnded(emailAuthenticator.clientSecretNotAfter) ", "ended 0 days ago ("},
		{-5 * 86400, "clientSecretEnded(emailAuthenticator.clientSecretNotAfter) ",
	         "ended 5 days ago ("},
	};
	char time[EMAIL__TIME_TEXT];
	size_t i;

	(void)state;
	set(out, "emailAuthenticator.type", "oAuthClientSecret");
	assert_finds(out, "");
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		email__time_write(email__clock_wall() + ends[i].seconds, time);
		set(out, "emailAuthenticator.clientSecretNotAfter", time);
		last_text[0] = '\0';
		assert_finds(out, ends[i].found);
		assert_non_null(strstr(last_text, ends[i].says));
		if (ends[i].found[0])
			assert_non_null(strstr(last_text, time));
	}
	/* another authenticator has no such secret */
	set(out, "emailAuthenticator.type", "external");
	assert_finds(out, "");
}

/* --- exemptions: a real trust object, a real certificate, judged and approved --- */

static pki_cert root, leaf;

/* `not_after` NULL: in a year. */
static void
issue(const char *not_after)
{
	pki_key *root_key = pki_key_new(PKI_EC_P256), *key = pki_key_new(PKI_EC_P256);
	pki_spec spec = pki_ca("CN=Cellar CA");

	assert_int_equal(pki_issue(&root, &spec, root_key, NULL, NULL), 0);
	spec = pki_server("CN=smtp.example.com", "DNS:smtp.example.com");
	spec.not_after = not_after;
	assert_int_equal(pki_issue(&leaf, &spec, key, &root, root_key), 0);
	pki_key_free(root_key);
	pki_key_free(key);
}

static email_code
judge(email_trust *trust, int port, email__verdict *verdict)
{
	email__chain chain = {.count = 1, .certificate = {{leaf.der, leaf.len}}};
	email_error e = {0};

	memset(verdict, 0, sizeof *verdict);
	return email__trust_judge(trust, "smtp.example.com", port, &chain, verdict, &e);
}

static void
approve(email_trust *trust, int port, int64_t until)
{
	email__verdict verdict;

	assert_int_equal(judge(trust, port, &verdict), EMAIL_E_TRUST);
	assert_int_equal(
		email_trust_approve(trust, "smtp.example.com", port, verdict.certificate.sha256, until),
		EMAIL_OK);
}

static email_trust *
trust_with_clock(void)
{
	email_trust *trust = email_trust_new();

	assert_non_null(trust);
	email_trust_set_clock_good(trust, true);
	email_account_set_trust(out, trust);
	return trust;
}

static void
exemptions(void **state)
{
	email_trust *trust = trust_with_clock();
	int64_t now = email__clock_wall();
	email__verdict verdict;

	(void)state;
	issue(NULL);
	assert_finds(out, "");
	assert_int_equal(judge(trust, 465, &verdict), EMAIL_E_TRUST);
	assert_finds(out, ""); /* not approved: no exemption */
	approve(trust, 465, 0);
	assert_finds(out, "");
	approve(trust, 587, now + 10 * 86400);
	assert_finds(out, ""); /* another port */
	email_account_set_use_start_tls(out, true);
	assert_finds(out, "exemptionEndsSoon(hostname) ");
	email_account_set_hostname(out, "SMTP.example.com."); /* the same host, otherwise written */
	assert_finds(out, "exemptionEndsSoon(hostname) ");
	email_account_set_hostname(out, "smtp.example.net");
	assert_finds(out, "");
	email_account_set_hostname(out, "smtp.example.com");
	assert_int_equal(email_trust_approve(trust, "smtp.example.com", 587, verdict.certificate.sha256,
	                                     now + 40 * 86400),
	                 EMAIL_OK);
	assert_finds(out, "");

	/* the root that makes it unnecessary, before any connection */
	assert_int_equal(email_trust_import(trust, root.der, root.len, NULL, NULL), EMAIL_OK);
	assert_finds(out, "exemptionRedundant(hostname) ");
	email_trust_free(trust);
}

static void
exempted_certificates(void **state)
{
	email_trust *trust = trust_with_clock();
	email__verdict verdict;

	(void)state;
	issue("20250101000000"); /* ended long ago: an approval goes on past it */
	assert_int_equal(judge(trust, 465, &verdict), EMAIL_E_TRUST);
	assert_finds(out, ""); /* seen, not approved */
	approve(trust, 465, 0);
	assert_finds(out, "exemptedCertificateEndsSoon(hostname) ");
	email_trust_free(trust);
}

/* --- client certificates, in a real User Key Store --- */

static void
import(email_trust *trust, const char *alias, long long begin, long long end)
{
	char begin_text[16], end_text[16], chain[8192], pem[4096], time[EMAIL__TIME_TEXT];
	pki_key *key = pki_key_new(PKI_EC_P256);
	pki_spec spec = pki_client("CN=station");
	email_key_import in_ = {.certificates = (unsigned char *)chain, .key = (unsigned char *)pem};
	pki_cert cert;

	email__time_write(email__clock_wall() + begin * 86400, time);
	snprintf(begin_text, sizeof begin_text, "%.4s%.2s%.2s000000", time, time + 5, time + 8);
	email__time_write(email__clock_wall() + end * 86400, time);
	snprintf(end_text, sizeof end_text, "%.4s%.2s%.2s000000", time, time + 5, time + 8);
	spec.not_before = begin_text;
	spec.not_after = end_text;
	assert_int_equal(pki_issue(&cert, &spec, key, NULL, NULL), 0);
	chain[0] = '\0';
	assert_int_equal(pki_pem_add(chain, sizeof chain, &cert), 0);
	assert_int_equal(pki_key_pem(key, pem, sizeof pem), 0);
	in_.certificates_size = strlen(chain) + 1;
	in_.key_size = strlen(pem) + 1;
	assert_int_equal(email_trust_import_key(trust, alias, &in_), EMAIL_OK);
	pki_key_free(key);
	/* what the account is to show */
	snprintf(found, sizeof found, "%.10sT00:00:00Z", time);
}

static void
assert_shows(const char *property, const char *expected)
{
	char text[64];

	assert_int_equal(email_account_get(out, property, text, sizeof text), EMAIL_OK);
	assert_string_equal(text, expected);
}

/* The same of both properties that name one; `prefix` "" or "emailAuthenticator.". */
static void
client_certificate(const char *folder, const char *prefix)
{
	static const struct {
		const char *alias, *code;
		long long begin, end;
	} certificates[] = {
		{"fresh", "", -1, 365},
		{"ending", "clientCertificateEndsSoon", -365, 20},
		{"short", "", -10, 25}, /* not yet the last third of its life */
		{"ended", "clientCertificateEnded", -365, -2},
	};
	char alias[64], not_after[64], expected[128], path[128];
	email_trust *trust = trust_with_clock();
	FILE *f;
	size_t i;

	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	snprintf(alias, sizeof alias, "%sclientCertificate", prefix);
	snprintf(not_after, sizeof not_after, "%sclientCertificateNotAfter", prefix);
	assert_shows(not_after, "");
	assert_finds(out, "");
	for (i = 0; i < sizeof certificates / sizeof certificates[0]; i++) {
		import(trust, certificates[i].alias, certificates[i].begin, certificates[i].end);
		set(out, alias, certificates[i].alias);
		assert_shows(not_after, found);
		snprintf(expected, sizeof expected, "%s(%s) ", certificates[i].code, alias);
		assert_finds(out, certificates[i].code[0] ? expected : "");
	}
	set(out, alias, "fresh");
	assert_int_equal(email_trust_delete_key(trust, "fresh"), EMAIL_OK);
	snprintf(expected, sizeof expected, "clientCertificateMissing(%s) ", alias);
	assert_finds(out, expected);
	assert_shows(not_after, "");
	snprintf(path, sizeof path, "%s/keys/fresh.pem", folder);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fclose(f), 0);
	snprintf(expected, sizeof expected, "clientCertificateUnreadable(%s) ", alias);
	assert_finds(out, expected);
	assert_shows(not_after, "");
	for (i = 0; i < sizeof certificates / sizeof certificates[0]; i++)
		assert_int_equal(email_trust_delete_key(trust, certificates[i].alias), EMAIL_OK);
	/* no trust at all is no key either */
	email_account_set_trust(out, NULL);
	snprintf(expected, sizeof expected, "clientCertificateMissing(%s) ", alias);
	assert_finds(out, expected);
	email_trust_free(trust);
}

static void
client_certificates(void **state)
{
	char folder[] = "/tmp/emailcheckXXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	client_certificate(folder, "");
	set(out, "clientCertificate", "");
	set(out, "emailAuthenticator.type", "oAuthClientCertificate");
	client_certificate(folder, "emailAuthenticator.");
	/* another type leaves nothing of it */
	set(out, "emailAuthenticator.type", "none");
	assert_finds(out, "");
	assert_string_equal(email_account_name(out), "Out");
	snprintf(path, sizeof path, "%s/keys", folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void
unreadable_trust_sheet(void **state)
{
	char folder[] = "/tmp/emailcheckXXXXXX", path[64];
	email_trust *trust = trust_with_clock();
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/trust.xml", folder);
	assert_int_equal(email_trust_open(trust, folder), EMAIL_OK);
	assert_finds(out, "");
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fclose(f), 0);
	assert_finds(out, "trustSheetUnreadable(stateFolder) ");
	assert_int_equal(remove(path), 0);
	assert_finds(out, "");
	assert_int_equal(rmdir(folder), 0);
	email_trust_free(trust);
}

static void
no_function(void **state)
{
	(void)state;
	assert_int_equal(email_account_check(out, NULL, NULL), EMAIL_E_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_wrong_with_the_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(ports, setup, teardown),
		cmocka_unit_test_setup_teardown(login, setup, teardown),
		cmocka_unit_test_setup_teardown(the_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(certificates, setup, teardown),
		cmocka_unit_test_setup_teardown(client_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(client_certificates, setup, teardown),
		cmocka_unit_test_setup_teardown(exemptions, setup, teardown),
		cmocka_unit_test_setup_teardown(exempted_certificates, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable_trust_sheet, setup, teardown),
		cmocka_unit_test_setup_teardown(no_function, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
