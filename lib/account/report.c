/* SPDX-License-Identifier: MIT */
/* The report of a send: one block of memory, so that freeing it is one call. */
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"

static char *
put(char **at, const char *s)
{
	char *start = *at;
	size_t n = strlen(s) + 1;

	memcpy(start, s, n);
	*at += n;
	return start;
}

email_report *
email__report_new(const email__connection *c)
{
	const char *id = c->envelope.message_id ? c->envelope.message_id : "";
	size_t bytes = strlen(id) + 1, i;
	email_report_recipient *recipient;
	email_report *report;
	char *text;

	for (i = 0; i < c->mail.count; i++)
		bytes += strlen(c->recipients[i].address) + 1;
	report = email__calloc(1, sizeof *report + c->mail.count * sizeof *recipient + bytes);
	if (!report)
		return NULL;
	recipient = (email_report_recipient *)(report + 1);
	text = (char *)(recipient + c->mail.count);
	report->message_id = put(&text, id);
	report->count = c->mail.count;
	report->recipients = recipient;
	for (i = 0; i < c->mail.count; i++, recipient++) {
		const email__smtp_recipient *from = &c->recipients[i];

		recipient->address = put(&text, from->address);
		recipient->outcome = from->outcome;
		recipient->reply = from->reply;
		memcpy(recipient->enhanced, from->enhanced, sizeof recipient->enhanced);
		memcpy(recipient->text, from->text, sizeof recipient->text);
	}
	report->round_trips = c->op.flights;
	report->bytes_sent = c->op.sent;
	return report;
}

void
email_report_free(email_report *report)
{
	email__free(report);
}
