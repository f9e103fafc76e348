/* SPDX-License-Identifier: MIT */
/*
 * events SHEET [ACCOUNT RECIPIENT DSN]...
 *
 * A service that accepts whatever comes, until standard input ends. First it queues a mail for each RECIPIENT, with the
 * reports that DSN names (failure,delay,success, never, or -), and prints "queued ID". Then it prints each event, a line of
 * fields between bars: kind|account|id|messageId|recipient|action|status|count|text
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

static unsigned
dsn(const char *names)
{
	return (strstr(names, "failure") ? EMAIL_DSN_FAILURE : 0U) | (strstr(names, "delay") ? EMAIL_DSN_DELAY : 0U) |
	       (strstr(names, "success") ? EMAIL_DSN_SUCCESS : 0U) | (strstr(names, "never") ? EMAIL_DSN_NEVER : 0U);
}

static void
on_event(void *context, const email_event *e)
{
	(void)context;
	printf("%s|%s|%s|%s|%s|%s|%s|%lu|%s\n", email_event_name(e->kind), e->account, e->id, e->message_id, e->recipient,
	       e->action, e->status, e->count, e->text);
	(void)fflush(stdout);
}

static email_code
on_message(void *context, const email_received *received)
{
	(void)context;
	(void)received;
	return EMAIL_OK;
}

static int
queue(email_service *service, char *const *what)
{
	email_account *account = email_service_account(service, what[0]);
	email_message *message = email_message_new();
	char id[EMAIL_ID_SIZE] = "";
	email_code rc = EMAIL_E_UNKNOWN;

	if (account && message && !(rc = email_message_add_to(message, what[1])) &&
	    !(rc = email_message_set_subject(message, "Boiler 2: flame failure")) &&
	    !(rc = email_message_set_text(message, "Flame failure on boiler 2.\n")) &&
	    !(rc = email_message_set_dsn(message, dsn(what[2]))))
		rc = email_account_enqueue(account, message, EMAIL_PRIORITY_NORMAL, id, sizeof id);
	email_message_free(message);
	if (rc)
		fprintf(stderr, "%s %s: %s\n", what[0], what[1], account ? email_account_error(account)->text : "");
	else
		printf("queued %s\n", id);
	return rc != EMAIL_OK;
}

static void
until_input_ends(void)
{
	struct pollfd in = {STDIN_FILENO, POLLIN, 0};
	char bytes[64];

	while (poll(&in, 1, -1) < 0 || read(STDIN_FILENO, bytes, sizeof bytes) > 0)
		;
}

int
main(int argc, char **argv)
{
	email_service *service = email_service_new();
	email_error error = {0};
	int i, failed = 0;

	if (argc < 2 || !service || email_service_load(service, argv[1], &error)) {
		fprintf(stderr, "usage: events SHEET [ACCOUNT RECIPIENT DSN]...\n%s\n", error.text);
		email_service_free(service);
		return 64;
	}
	for (i = 2; i + 2 < argc; i += 3)
		failed |= queue(service, argv + i);
	(void)fflush(stdout);
	email_service_set_event_callback(service, on_event, NULL);
	email_service_set_handler(service, on_message, NULL);
	if (failed || email_service_start(service)) {
		fprintf(stderr, "%s\n", email_service_error(service)->text);
		failed = 1;
	} else {
		until_input_ends();
		email_service_stop(service);
	}
	email_service_free(service);
	return failed;
}
