/* SPDX-License-Identifier: MIT */
/*
 * A program of someone else's: sets up an account, composes a message and fails to send it, because
 * nobody listens on port 1 of this machine. tests/install.sh builds and runs it against what was
 * installed.
 */
#include <stdio.h>
#include <string.h>

#include <emailservice/emailservice.h>

#define TRY(call) \
	do { \
		email_code code_ = (call); \
		if (code_ != EMAIL_OK) { \
			fprintf(stderr, "%s: %s\n", #call, email_code_text(code_)); \
			return 1; \
		} \
	} while (0)

int
main(void)
{
	email_account *out = email_account_new(EMAIL_OUTGOING, "OutgoingAccount");
	email_message *m = email_message_new();
	email_report *report = NULL;
	email_code rc;
	char text[64];

	if (!out || !m)
		return 1;
	TRY(email_account_set_hostname(out, "127.0.0.1"));
	TRY(email_account_set_use_start_tls(out, true));
	if (email_account_effective_port(out) != 587 || email_account_use_ssl(out))
		return 1;
	TRY(email_account_set_tls_min_protocol(out, EMAIL_TLS_1_2));
	TRY(email_account_set_basic_authenticator(out, "plant@example.com", "secret"));
	TRY(email_account_set(out, "pollrate", "PT30S"));
	TRY(email_account_get(out, "effectivePort", text, sizeof text));
	if (strcmp(text, "587") != 0)
		return 1;
	TRY(email_account_set_port(out, 1));

	TRY(email_message_set_from(m, "Plant room <plant@example.com>"));
	TRY(email_message_add_to(m, "duty@example.com"));
	TRY(email_message_set_subject(m, "Boiler 2: flame failure"));
	TRY(email_message_set_text(m, "The burner went out at 04:12."));

	rc = email_account_send(out, m, &report);
	printf("%s %s: %s\n", email_version(), email_code_name(rc), email_account_error(out)->text);
	email_report_free(report);
	email_message_free(m);
	email_account_free(out);
	return rc == EMAIL_E_CONNECT ? 0 : 1;
}
