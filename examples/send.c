/* SPDX-License-Identifier: MIT */
/* An alarm, sent now: examples/send HOST PORT ssl|starttls ACCOUNT PASSWORD ROOT.pem TO */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/emailservice.h>

static void
import_root(email_trust *trust, const char *path)
{
	static char pem[65536];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(pem, 1, sizeof pem, f) : 0;

	if (f)
		fclose(f);
	if (email_trust_import(trust, pem, n, "site", NULL) != EMAIL_OK)
		fprintf(stderr, "%s: %s\n", path, email_trust_error(trust)->text);
}

int
main(int argc, char **argv)
{
	email_account *out = email_account_new(EMAIL_OUTGOING, "OutgoingAccount");
	email_message *m = email_message_new();
	email_trust *trust = email_trust_new();
	email_report *report = NULL;
	email_code rc;

	if (argc != 8 || !out || !m || !trust)
		return 64;
	import_root(trust, argv[6]);
	email_account_set_trust(out, trust);
	email_account_set_hostname(out, argv[1]);
	email_account_set_port(out, atoi(argv[2]));
	email_account_set_use_start_tls(out, strcmp(argv[3], "starttls") == 0);
	email_account_set_tls_min_protocol(out, EMAIL_TLS_1_2);
	email_account_set_basic_authenticator(out, argv[4], argv[5]);
	email_account_set(out, "connectionTimeout", "PT10S");

	email_message_set_from(m, "Plant room <plant@example.com>");
	email_message_add_to(m, argv[7]);
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, "Flame failure at 03:00. Pressure 1.4 bar.\n");

	rc = email_account_send(out, m, &report);
	if (rc != EMAIL_OK)
		fprintf(stderr, "%s\n%s\n", email_account_error(out)->text, email_account_error(out)->remedy);
	else
		printf("%s accepted for %s\n", report->message_id, report->recipients[0].address);
	email_report_free(report);
	email_message_free(m);
	email_account_free(out);
	email_trust_free(trust);
	return rc == EMAIL_OK ? 0 : 1;
}
