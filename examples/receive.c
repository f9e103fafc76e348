/* SPDX-License-Identifier: MIT */
/* A mailbox, read once: examples/receive HOST PORT imap|pop3 ACCOUNT PASSWORD ROOT.pem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/emailservice.h>

static email_code
on_message(void *context, const email_received *received)
{
	email_message *m = received->message;
	const char *subject = email_message_subject(m);
	const char *text = email_message_text(m);

	printf("%s: %s\n%s", received->uid, subject ? subject : "", text ? text : "");
	++*(int *)context;
	return EMAIL_OK; /* accepted: the server marks it as read */
}

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
	email_account *in = email_account_new(EMAIL_INCOMING, "IncomingAccount");
	email_trust *trust = email_trust_new();
	int messages = 0;
	email_code rc;

	if (argc != 7 || !in || !trust)
		return 64;
	import_root(trust, argv[6]);
	email_account_set_trust(in, trust);
	email_account_set_hostname(in, argv[1]);
	email_account_set_port(in, atoi(argv[2]));
	email_account_set_store(in, strcmp(argv[3], "pop3") == 0 ? EMAIL_STORE_POP3 : EMAIL_STORE_IMAP);
	email_account_set_basic_authenticator(in, argv[4], argv[5]);

	rc = email_account_receive(in, on_message, &messages);
	if (rc != EMAIL_OK)
		fprintf(stderr, "%s\n%s\n", email_account_error(in)->text, email_account_error(in)->remedy);
	printf("%d messages\n", messages);
	email_account_free(in);
	email_trust_free(trust);
	return rc == EMAIL_OK ? 0 : 1;
}
