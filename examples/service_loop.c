/* SPDX-License-Identifier: MIT */
/* The service in a program's own loop; what is read is mailed: examples/service_loop SHEET ACCOUNT TO < ALARMS */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

static bool
queue_alarm(email_account *account, const char *to, const char *text)
{
	email_message *m = email_message_new();
	bool taken = m && !email_message_add_to(m, to) && !email_message_set_subject(m, "Alarm") &&
	             !email_message_set_text(m, text) &&
	             !email_account_enqueue(account, m, EMAIL_PRIORITY_NORMAL, NULL, 0);

	if (!taken)
		fprintf(stderr, "%s: %s\n", text, email_account_error(account)->text);
	email_message_free(m);
	return taken;
}

int
main(int argc, char **argv)
{
	email_service *service = email_service_new();
	email_account *account;
	char text[1000], waiting[16] = "";
	int input = STDIN_FILENO;
	ssize_t got;

	if (argc != 4 || !service || email_service_load(service, argv[1], NULL) != EMAIL_OK ||
	    !(account = email_service_account(service, argv[2])))
		return 64;
	while (email_service_step(service) == EMAIL_OK && (input >= 0 || strcmp(waiting, "0") != 0)) {
		struct pollfd fd[17] = {{.fd = input, .events = POLLIN}};
		email_wait list[16];
		long ms;
		size_t n = email_service_wait(service, list, 16, &ms), i;

		for (i = 0; i < n && i < 16; i++)
			fd[i + 1] = (struct pollfd){.fd = list[i].fd, .events = (short)list[i].events};
		poll(fd, i + 1, ms < 1000 ? (int)ms : 1000);
		if (fd[0].revents && (got = read(input, text, sizeof text - 1)) > 0) {
			text[got] = '\0';
			queue_alarm(account, argv[3], text);
		} else if (fd[0].revents) {
			input = -1;
		}
		email_account_get(account, "queueSize", waiting, sizeof waiting);
	}
	email_service_stop(service);
	email_service_free(service);
	return 0;
}
