/* SPDX-License-Identifier: MIT */
/*
 * again SHEET ACCOUNT ROUNDS [COMMAND ROUNDS]...
 *
 * One process that sends a mail ROUNDS times, closing the connection behind each; then runs COMMAND and goes
 * on. Prints the code of each mail. For what an account keeps in memory from one connection to the next.
 */
#include <stdio.h>
#include <stdlib.h>

#include <emailservice/emailservice.h>

static email_message *
mail(void)
{
	email_message *message = email_message_new();

	if (message)
		(void)(email_message_add_to(message, "duty@example.com"),
		       email_message_set_subject(message, "Boiler 2: flame failure"),
		       email_message_set_text(message, "Flame failure on boiler 2.\n"));
	return message;
}

static void
rounds(email_account *account, int count)
{
	while (count-- > 0) {
		email_message *message = mail();
		email_code rc = email_account_send(account, message, NULL);

		printf("%s %s\n", email_code_name(rc), rc ? email_account_error(account)->text : "");
		email_message_free(message);
		email_account_close(account);
	}
}

int
main(int argc, char **argv)
{
	email_service *service = email_service_new();
	email_error error;
	email_account *account;
	int i;

	if (argc < 4 || !service || email_service_load(service, argv[1], &error) ||
	    !(account = email_service_account(service, argv[2]))) {
		(void)fputs("usage: again SHEET ACCOUNT ROUNDS [COMMAND ROUNDS]...\n", stderr);
		email_service_free(service);
		return 64;
	}
	rounds(account, atoi(argv[3]));
	for (i = 4; i + 1 < argc; i += 2) {
		(void)fflush(stdout);
		if (system(argv[i]) != 0) /* NOLINT: the test's own words */
			printf("failed: %s\n", argv[i]);
		rounds(account, atoi(argv[i + 1]));
	}
	email_service_free(service);
	return 0;
}
