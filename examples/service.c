/* SPDX-License-Identifier: MIT */
/* An alarm that is queued, and leaves while the program does other things: examples/service SHEET ACCOUNT TO */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <emailservice/emailservice.h>

typedef struct alarm_mail {
	char id[EMAIL_ID_SIZE];
	unsigned long seen; /* events up to this number */
	email_event_kind last;
} alarm_mail;

static void
on_event(void *context, const email_event *event)
{
	alarm_mail *mail = context;

	printf("%s: %s %s\n", event->account, email_event_name(event->kind), event->text);
	mail->seen = event->number;
	if (strcmp(event->id, mail->id) == 0)
		mail->last = event->kind;
}

int
main(int argc, char **argv)
{
	email_service *service = email_service_new();
	email_message *m = email_message_new();
	alarm_mail mail = {.last = EMAIL_EVENT_QUEUE};
	const struct timespec tenth = {.tv_nsec = 100000000};
	email_account *account = NULL;
	email_error error = {0};
	int i = 0;

	if (argc != 4 || !service || !m)
		return 64;
	if (email_service_load(service, argv[1], &error) == EMAIL_OK)
		account = email_service_account(service, argv[2]);
	if (!account || email_service_start(service) != EMAIL_OK) {
		fprintf(stderr, "no account %s: %s\n", argv[2], error.text);
		return 78;
	}
	email_message_add_to(m, argv[3]);
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, "Flame failure at 03:00.\n");
	/* from EMAIL_OK on the mail survives a power cut */
	if (email_account_enqueue(account, m, EMAIL_PRIORITY_URGENT, mail.id, sizeof mail.id) != EMAIL_OK)
		fprintf(stderr, "%s\n", email_account_error(account)->text);
	for (; mail.id[0] && mail.last != EMAIL_EVENT_SENT && mail.last != EMAIL_EVENT_DISCARDED && i < 600;
	     i++) {
		nanosleep(&tenth, NULL); /* here the program does what it is for */
		email_service_events(service, mail.seen, on_event, &mail);
	}
	email_service_stop(service); /* what was not sent yet waits for the next start */
	email_message_free(m);
	email_service_free(service);
	return mail.last == EMAIL_EVENT_SENT ? 0 : 1;
}
