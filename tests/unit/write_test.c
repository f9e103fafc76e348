/* SPDX-License-Identifier: MIT */
/* Saving: what the objects say is what a load finds, and what a person wrote stays. */
#include "support/cm.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/service.h>

#include "account/value.h"
#include "base/limits.h"
#include "support/failalloc.h"
#include "support/samples.h"

#define GOOD "tests/sheets/good/"

static char folder[] = "/tmp/email-write-XXXXXX";
static char path[64], other[64];
static char text[2][EMAIL__SHEET_MAX];
static email_service *service;

static int
group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/email.xml", folder);
	snprintf(other, sizeof other, "%s/other.xml", folder);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(folder); /* fails where a temporary file was left */
}

static int
setup(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	service = email_service_new();
	return service ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_service_free(service);
	return 0;
}

static const char *
contents(const char *file, int slot)
{
	FILE *f = fopen(file, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text[slot], 1, sizeof text[slot] - 1, f);
	fclose(f);
	text[slot][n] = '\0';
	return text[slot];
}

static void
write_sheet(const char *inside)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n%s</emailService>\n",
	        inside);
	fclose(f);
}

static void
load(const char *file)
{
	email_error e;

	if (email_service_load(service, file, &e))
		fail_msg("%s line %d: %s", file, e.line, e.text);
}

static void
save(const char *file)
{
	email_error e;

	if (email_service_save(service, file, &e))
		fail_msg("%s: %s", file, e.text);
}

static void
assert_same_account(const email_account *a, const email_account *b)
{
	size_t i;

	assert_int_equal(a->kind, b->kind);
	for (i = 0; i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (!row->p.read_only && !email__value_equal(row, &a->v, &b->v))
			fail_msg("%s: %s differs", a->name, row->p.name);
	}
}

/* A load of what was saved finds the same, and a save of that the same bytes. */
static void
assert_stable(void)
{
	email_service *again = email_service_new();
	size_t i;

	save(path);
	assert_non_null(again);
	assert_int_equal(email_service_load(again, path, NULL), EMAIL_OK);
	for (i = 0; email_service_account_at(service, i); i++) {
		assert_non_null(email_service_account_at(again, i));
		assert_same_account(email_service_account_at(service, i), email_service_account_at(again, i));
	}
	assert_null(email_service_account_at(again, i));
	assert_int_equal(email_service_save(again, other, NULL), EMAIL_OK);
	assert_string_equal(contents(path, 0), contents(other, 1));
	email_service_free(again);
}

static void
a_new_sheet_has_no_defaults(void **state)
{
	email_account *a;

	(void)state;
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "Out", &a), EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_INCOMING, "In", NULL), EMAIL_OK);
	save(path);
	assert_string_equal(contents(path, 0), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                                       "<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n"
	                                       "  <outgoingAccount name=\"Out\"/>\n"
	                                       "  <incomingAccount name=\"In\"/>\n"
	                                       "</emailService>\n");
	assert_stable();
	/* out of order on purpose: the table's order is kept */
	email_account_set(a, "from", "Plant <plant@example.com>");
	email_account_set_use_start_tls(a, true);
	email_account_set_hostname(a, "smtp.example.com");
	email_service_set(service, "stateFolder", "here");
	email_service_set(service, "enabled", "false");
	assert_stable();
	assert_string_equal(contents(path, 0), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                                       "<emailService xmlns=\"urn:emailservice:property-sheet:1\">\n"
	                                       "  <enabled>false</enabled>\n"
	                                       "  <stateFolder>here</stateFolder>\n"
	                                       "  <outgoingAccount name=\"Out\">\n"
	                                       "    <hostname>smtp.example.com</hostname>\n"
	                                       "    <useSsl>false</useSsl>\n"
	                                       "    <useStartTls>true</useStartTls>\n"
	                                       "    <from>Plant &lt;plant@example.com&gt;</from>\n"
	                                       "  </outgoingAccount>\n"
	                                       "  <incomingAccount name=\"In\"/>\n"
	                                       "</emailService>\n");
	email_service_set(service, "enabled", "true");
	email_service_set(service, "stateFolder", NULL);
	email_account_unset(a, "from");
	email_account_unset(a, "hostname");
	email_account_set_use_ssl(a, true);
	assert_stable();
	assert_null(strstr(contents(path, 0), "<hostname>"));
	assert_null(strstr(contents(path, 0), "useS"));
	assert_null(strstr(contents(path, 0), "state"));
}

/* Each row alone, set, saved, and taken back. */
static void
every_property_is_kept(void **state)
{
	static const char *const names[] = {"Out", "In"};
	size_t i, k;

	(void)state;
	email_service_add(service, EMAIL_OUTGOING, "Out", NULL);
	email_service_add(service, EMAIL_INCOMING, "In", NULL);
	for (k = 0; k < 2; k++)
		for (i = 0; i < email__account_table.count; i++) {
			const email__property *row = &email__account_table.row[i];
			email_account *a = email_service_account(service, names[k]);

			if (!email__property_of_kind(row, a->kind) || row->p.read_only ||
			    row->type == EMAIL__TYPE_NAME)
				continue;
			email_account_set(a, EMAIL__AUTHENTICATOR_TYPE, email_test_authenticator(row));
			assert_int_equal(email_account_set(a, row->p.name, email_test_good(row)), EMAIL_OK);
			assert_stable();
			assert_int_equal(email_account_unset(a, row->p.name), EMAIL_OK);
			assert_stable();
		}
	email_account_set_no_authenticator(email_service_account(service, "In"));
	email_account_set_no_authenticator(email_service_account(service, "Out"));
	email_account_set_use_ssl(email_service_account(service, "In"), true);
	email_account_set_use_ssl(email_service_account(service, "Out"), true);
	save(path);
	assert_null(strstr(contents(path, 0), "</outgoingAccount>"));
	assert_null(strstr(contents(path, 0), "</incomingAccount>"));
}

static void
all_at_once(void **state)
{
	email_account *a;
	size_t i;

	(void)state;
	email_service_add(service, EMAIL_OUTGOING, "Out", &a);
	email_account_set(a, EMAIL__AUTHENTICATOR_TYPE, "oAuthRefreshToken");
	for (i = 0; i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (email__property_of_kind(row, a->kind) && !row->p.read_only &&
		    strcmp(row->p.name, EMAIL__AUTHENTICATOR_TYPE) != 0 &&
		    email__property_of_authenticator(row, EMAIL__AUTH_OAUTH_REFRESH_TOKEN))
			assert_int_equal(email_account_set(a, row->p.name, email_test_good(row)), EMAIL_OK);
	}
	assert_stable();
}

static void
what_a_person_wrote_stays(void **state)
{
	(void)state;
	load(GOOD "by-hand.xml");
	save(path);
	assert_string_equal(contents(path, 0), contents(GOOD "by-hand.xml", 1));
}

static void
replace_in(char *where, const char *old, const char *new)
{
	static char rest[EMAIL__SHEET_MAX];
	char *at = strstr(where, old);

	assert_non_null(at);
	strcpy(rest, at + strlen(old));
	strcpy(at, new);
	strcat(at, rest);
}

static void
only_what_changed_changes(void **state)
{
	email_account *a;

	(void)state;
	load(GOOD "by-hand.xml");
	a = email_service_account_at(service, 0);
	email_account_set_hostname(a, "pop.example.net");
	email_account_set(a, "emailAuthenticator.account", "alarms2");
	email_account_set(a, "port", "1995");
	email_account_set(a, "responseTimeout", "PT2M");
	email_account_set(a, "pollrate", "PT5M"); /* as it is, spelled otherwise */
	email_service_rename(service, "Relay", "Relais");
	save(path);
	contents(GOOD "by-hand.xml", 1);
	replace_in(text[1], "  pop.example.com\n\t\t", "pop.example.net");
	replace_in(text[1], "<account>alarms<", "<account>alarms2<");
	/* each at its place in the table's order, as far as the sheet keeps it: before the first that comes later */
	replace_in(text[1], "\t\t<!-- POP3: the provider has no IMAP -->\n\t\t<pollrate>",
	           "\t\t<!-- POP3: the provider has no IMAP -->\n\t\t<port>1995</port>\n\t\t<pollrate>");
	replace_in(text[1], "\t\t<store>", "\t\t<responseTimeout>PT2M</responseTimeout>\n\t\t<store>");
	replace_in(text[1], "name=\"Relay\"", "name=\"Relais\"");
	assert_string_equal(contents(path, 0), text[1]);
	assert_stable();
}

static void
accounts_come_and_go(void **state)
{
	email_account *a;

	(void)state;
	load(GOOD "model.xml");
	assert_int_equal(email_service_remove(service, "OutgoingAccount"), EMAIL_OK);
	assert_int_equal(email_service_add(service, EMAIL_OUTGOING, "OutgoingAccount", &a), EMAIL_OK);
	email_account_set_port(a, 26);
	assert_stable();
	assert_null(strstr(contents(path, 0), "office365"));
	assert_true(strstr(contents(path, 0), "<port>26<") > strstr(contents(path, 0), "</incomingAccount>"));
	assert_int_equal(email_service_remove(service, "OutgoingAccount"), EMAIL_OK);
	assert_int_equal(email_service_remove(service, "IncomingAccount"), EMAIL_OK);
	save(path);
	assert_null(strstr(contents(path, 0), "Account"));
}

/* What a sheet says about the switches, against what the account is now. */
static void
switches(void **state)
{
	static const char *const said[] = {"", "true", "false"};
	static const bool now[][2] = {{true, false}, {false, true}, {false, false}};
	size_t s, t, k;

	(void)state;
	for (s = 0; s < 3; s++)
		for (t = 0; t < 3; t++)
			for (k = 0; k < 3; k++) {
				char inside[256];
				email_account *a;
				int n = snprintf(inside, sizeof inside, "<outgoingAccount name=\"A\">");

				if (s == 1 && t == 1)
					continue;
				if (s)
					n += snprintf(inside + n, sizeof inside - (size_t)n,
					              "<useSsl>%s</useSsl>", said[s]);
				if (t)
					n += snprintf(inside + n, sizeof inside - (size_t)n,
					              "<useStartTls>%s</useStartTls>", said[t]);
				snprintf(inside + n, sizeof inside - (size_t)n, "</outgoingAccount>");
				write_sheet(inside);
				load(path);
				a = email_service_account(service, "A");
				email_account_set_use_ssl(a, false);
				email_account_set_use_start_tls(a, now[k][1]);
				if (now[k][0])
					email_account_set_use_ssl(a, true);
				assert_stable();
			}
}

/* From every type with every field (also such that say no more than the default) to every other. */
static void
authenticators(void **state)
{
	int64_t from, to;

	(void)state;
	for (from = 0; from < 7; from++)
		for (to = 0; to < 7; to++) {
			char inside[2048];
			email_account *a;
			size_t i;
			int n = snprintf(
				inside, sizeof inside,
				"<outgoingAccount name=\"A\"><emailAuthenticator type=\"%s\"><!-- x -->",
				email__authenticator_name(from));

			for (i = 0; i < email__account_table.count; i++) {
				const email__property *row = &email__account_table.row[i];
				const char *field = email__property_field(row);

				const char *value = i % 2                           ? row->p.default_text
				                    : row->type == EMAIL__TYPE_TEXT ? "text"
				                                                    : email_test_good(row);

				if (field && strcmp(field, "type") && !row->p.read_only &&
				    email__property_of_authenticator(row, from))
					n += snprintf(inside + n, sizeof inside - (size_t)n, "<%s>%s</%s>",
					              field, value, field);
			}
			snprintf(inside + n, sizeof inside - (size_t)n,
			         "</emailAuthenticator></outgoingAccount>");
			write_sheet(inside);
			load(path);
			a = email_service_account(service, "A");
			email_account_set(a, EMAIL__AUTHENTICATOR_TYPE, email__authenticator_name(to));
			assert_stable();
			email_account_set_basic_authenticator(a, "user", "pass");
			assert_stable();
		}
}

static mode_t
mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_mode & 0777;
}

static void
secrets(void **state)
{
	static const char *const p = "emailAuthenticator.password";
	email_error e;
	email_account *a;

	(void)state;
	write_sheet("<outgoingAccount name=\"A\"/>");
	chmod(path, 0644);
	load(path);
	a = email_service_account(service, "A");
	email_account_set_basic_authenticator(a, "user", NULL);
	email_account_set(a, p, "env:PASSWORD");
	assert_stable();
	assert_non_null(strstr(contents(path, 0), "<password ref=\"env:PASSWORD\"/>"));
	assert_int_equal(mode_of(path), 0644);
	email_account_set(a, p, "value:fire & water");
	assert_stable();
	assert_non_null(strstr(contents(path, 0), "<password>fire &amp; water</password>"));
	assert_int_equal(mode_of(path), 0600);
	email_account_set(a, p, "file:a b.secret");
	assert_stable();
	assert_non_null(strstr(contents(path, 0), "<password ref=\"file:a b.secret\"/>"));
	assert_null(strstr(contents(path, 0), "water"));

	/* what the sheet would give back as another secret */
	static const char *const bad[] = {"value: x", "value:x ", "value:a\tb", "value:a\nb", "value:\x01"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		strcpy(text[1], contents(path, 0));
		assert_int_equal(email_account_set(a, p, bad[i]), EMAIL_OK);
		assert_int_equal(email_service_save(service, path, &e), EMAIL_E_VALUE);
		assert_string_equal(e.property, p);
		assert_null(strstr(e.text, bad[i] + 6));
		assert_string_equal(contents(path, 0), text[1]);
	}
	email_account_set(a, p, "value:x");
	assert_stable();
}

static void
another_path(void **state)
{
	email_account *a;

	(void)state;
	load(GOOD "model.xml");
	save(path);
	assert_string_equal(contents(path, 0), contents(GOOD "model.xml", 1));
	/* the sheet is still the one that was loaded: relative references are beside it */
	assert_string_equal(email_service_account_at(service, 0)->sheet_path, GOOD "model.xml");

	email_service_free(service);
	service = email_service_new();
	email_service_add(service, EMAIL_OUTGOING, "A", &a);
	assert_null(a->sheet_path);
	save(path);
	assert_string_equal(a->sheet_path, path);
	save(other);
	assert_string_equal(a->sheet_path, path);
}

static void
no_place_to_save(void **state)
{
	email_error e;

	(void)state;
	load(GOOD "model.xml");
	assert_int_equal(email_service_save(service, "/nonexistent/email.xml", &e), EMAIL_E_FILE);
	assert_string_equal(e.file, "/nonexistent/email.xml");
	assert_true(e.text[0] != '\0');
	save(path);
}

/* One failing at a time; each time the file is as it was, and trying again ends where it should. */
static void
memory_may_end_anywhere(void **state)
{
	email_error e;
	email_code rc = EMAIL_E_MEMORY;
	size_t n, blocks;

	(void)state;
	email_service_free(service);
	service = NULL;
	email_test_fail_alloc(0);
	blocks = email_test_blocks();
	for (n = 1; rc; n++) {
		email_account *a;

		service = email_service_new();
		load(GOOD "by-hand.xml");
		save(path);
		strcpy(text[1], contents(path, 0));
		a = email_service_account_at(service, 0);
		email_account_set(a, "emailAuthenticator.type", "oAuthClientSecret");
		email_account_set(a, "emailAuthenticator.clientSecret", "file:x");
		email_account_set(a, "port", "999");
		email_account_set_use_ssl(email_service_account_at(service, 1), true);
		email_service_add(service, EMAIL_INCOMING, "New", &a);
		email_account_set_basic_authenticator(a, "u", "p");

		email_test_fail_alloc(n);
		rc = email_service_save(service, path, &e);
		if (rc) {
			assert_int_equal(rc, EMAIL_E_MEMORY);
			assert_int_equal(e.code, EMAIL_E_MEMORY);
			assert_string_equal(contents(path, 0), text[1]);
		} else {
			assert_false(email_test_alloc_failed());
		}
		email_test_fail_alloc(0);
		assert_stable();
		email_service_free(service);
		service = NULL;
		assert_int_equal(email_test_blocks(), blocks);
	}
	assert_true(n > 100);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_sheet_has_no_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(every_property_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(all_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_person_wrote_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_changed_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(accounts_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(switches, setup, teardown),
		cmocka_unit_test_setup_teardown(authenticators, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(another_path, setup, teardown),
		cmocka_unit_test_setup_teardown(no_place_to_save, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_end_anywhere, setup, teardown),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
