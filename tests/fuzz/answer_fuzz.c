/* SPDX-License-Identifier: MIT */
/* Whatever is received: what it tells is about one of the mails that were sent, in clean texts, and not much of it. */
#include "service/answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Short, so that they are found. */
static const struct {
	const char *id, *message_id, *to[2];
	size_t count;
} mails[] = {
	{"1a", "<17@station>", {"duty@example.net", "chief@example.org"}, 2},
	{"2b", "<18@station>", {"duty@example.net", NULL}, 1},
};

typedef struct told {
	size_t events, recipients;
	email_event_kind kind;
	char id[EMAIL_ID_SIZE];
} told;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
clean(const char *s, size_t size)
{
	size_t n = strnlen(s, size), i;

	must(n < size && email__utf8_valid(s, n));
	for (i = 0; i < n; i++)
		must((unsigned char)s[i] >= ' ' && s[i] != 0x7f);
}

static void
tell(void *context, const email_event *e)
{
	told *t = context;
	size_t i, which = 2;

	for (i = 0; i < 2; i++)
		if (strcmp(e->id, mails[i].id) == 0 && strcmp(e->message_id, mails[i].message_id) == 0)
			which = i;
	must(which < 2 && strcmp(e->account, "Out") == 0);
	must(e->kind == EMAIL_EVENT_DELIVERY || e->kind == EMAIL_EVENT_REPLY);
	/* all of one message are about one mail, and of one kind; an answer is one */
	must(t->events == 0 ||
	     (strcmp(t->id, e->id) == 0 && t->kind == e->kind && e->kind == EMAIL_EVENT_DELIVERY));
	must(e->count >= 1);
	memcpy(t->id, e->id, sizeof t->id);
	t->kind = e->kind;
	t->recipients += e->count;
	must(++t->events <= mails[which].count + EMAIL__ANSWER_STRANGERS_MAX &&
	     t->recipients <= EMAIL__RECIPIENTS_MAX);
	clean(e->recipient, sizeof e->recipient);
	clean(e->action, sizeof e->action);
	clean(e->status, sizeof e->status);
	clean(e->text, sizeof e->text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__sent *sent = email__sent_open(NULL, 0, NULL);
	email_message *m = email_message_read_data((const char *)data, size, NULL);
	told first = {0}, second = {0};
	size_t i;

	must(sent && m);
	for (i = 0; i < 2; i++) {
		email__recipient to[2] = {{.address = mails[i].to[0]}, {.address = mails[i].to[1]}};
		email__mailfile mail = {
			.message_id = mails[i].message_id, .recipients = to, .count = mails[i].count};

		must(email__sent_add(sent, "Out", mails[i].id, &mail, INT64_C(1800000000), NULL) == EMAIL_OK);
	}
	must(email__answer_match(sent, m, tell, &first) == EMAIL_OK);
	/* asking changes nothing */
	must(email__answer_match(sent, m, tell, &second) == EMAIL_OK);
	must(first.events == second.events && first.recipients == second.recipients);
	email_message_free(m);
	email__sent_close(sent);
	return 0;
}
