/* SPDX-License-Identifier: MIT */
/* The same from an event loop, by a property sheet: examples/event_loop SHEET ACCOUNT TO */
#include <poll.h>
#include <stdio.h>

#include <emailservice/emailservice.h>

static email_code
send_by_loop(email_account *account, email_message *message)
{
	email_operation *op = email_account_start_send(account, message);
	email_code rc;

	if (!op)
		return email_account_error(account)->code;
	while (email_operation_step(op) == EMAIL_PENDING) {
		/* here the program waits for its own descriptors too */
		struct pollfd p = {.fd = email_operation_fd(op), .events = (short)email_operation_events(op)};

		poll(&p, 1, (int)email_operation_timeout(op));
	}
	rc = email_operation_result(op);
	email_operation_free(op);
	return rc;
}

int
main(int argc, char **argv)
{
	email_service *service = email_service_new();
	email_message *m = email_message_new();
	email_account *account;
	email_error error;
	email_code rc;

	if (argc != 4 || !service || !m)
		return 64;
	if (email_service_load(service, argv[1], &error) != EMAIL_OK) {
		fprintf(stderr, "%s:%d: %s\n", error.file, error.line, error.text);
		return 78;
	}
	account = email_service_account(service, argv[2]);
	if (!account)
		return 64;
	email_message_add_to(m, argv[3]);
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, "Flame failure at 03:00.\n");
	rc = send_by_loop(account, m);
	printf("%s\n", rc == EMAIL_OK ? "sent" : email_account_error(account)->text);
	email_message_free(m);
	email_service_free(service);
	return rc == EMAIL_OK ? 0 : 1;
}
