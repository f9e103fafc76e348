/* SPDX-License-Identifier: MIT */
/* Whatever is in the file of what was sent: each mail that is found there keeps to its bounds, and one more can be added. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "service/sent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const email__sent_mail *m)
{
	const char *p = m ? m->recipients : "";
	size_t i;

	if (!m)
		return;
	must(m->time >= 0 && (m->id[0] || m->message_id[0]));
	must(strlen(m->id) < EMAIL_ID_SIZE);
	must(m->account[0] && strlen(m->account) <= EMAIL__NAME_MAX);
	must(strlen(m->message_id) <= EMAIL__MESSAGE_ID_MAX);
	must(m->count <= EMAIL__RECIPIENTS_MAX);
	must(!email__sent_recipient(m, "") && !email__sent_recipient(m, "nobody at all"));
	for (i = 0; i < m->count; p += strlen(p) + 1)
		if (*p) {
			must(email__sent_recipient(m, p) != NULL);
			i++;
		}
}

/* Looks for every field of every line as an id and as a Message-ID. */
static void
look_for_all(email__sent *s, char *text)
{
	size_t tries = 0;
	char *p;

	for (p = strtok(text, "\t\n"); p && tries++ < 64; p = strtok(NULL, "\t\n")) {
		check(email__sent_by_id(s, p));
		check(email__sent_by_message_id(s, p));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__recipient to = {.address = "duty@example.com"};
	email__mailfile mail = {.message_id = "<added@station>", .recipients = &to, .count = 1};
	email__sent *s = email__sent_open(NULL, 0, NULL);
	const email__sent_mail *m;
	email_code rc;
	char *text = malloc(size + 1);

	if (!s || !text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	must(email__sent_read(s, (const char *)data, size, &rc) || email__sent_count(s) == 0);
	must(rc == EMAIL_OK && email__sent_count(s) <= EMAIL__SENT_MAX);
	look_for_all(s, text);
	must(email__sent_add(s, "Out", "0123456789abcdef", &mail, INT64_C(1800000000), NULL) == EMAIL_OK);
	must((m = email__sent_by_message_id(s, "added@station")) && m->count == 1);
	check(m);
	email__sent_close(s);
	free(text);
	return 0;
}
