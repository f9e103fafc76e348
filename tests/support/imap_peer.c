/* SPDX-License-Identifier: MIT */
#include "support/imap_peer.h"

#include <stdio.h>
#include <string.h>

static const email__credentials who = {.user = "user", .password = "secret"};

static void
tell(email_test_imap_peer *p, const char *event, const email__entry *e, const char *more)
{
	size_t room = sizeof p->told - p->told_len;
	int n;

	if (p->quiet)
		return;
	n = snprintf(p->told + p->told_len, room, "%s %lu%s%s\n", event, (unsigned long)e->number,
	             more[0] ? " " : "", more);
	p->told_len += (size_t)n < room ? (size_t)n : room - 1;
}

static void
listed(void *context, const email__entry *e)
{
	email_test_imap_peer *p = context;

	p->listed++;
	tell(p, "listed", e, e->seen ? "seen" : "");
}

static email_code
begin(void *context, const email__entry *e)
{
	email_test_imap_peer *p = context;

	p->begun++;
	tell(p, "begin", e, "");
	return EMAIL_OK;
}

static email_code
data(void *context, const char *bytes, size_t n)
{
	email_test_imap_peer *p = context;

	p->bytes += n;
	if (!p->quiet && n < sizeof p->told - p->told_len) {
		memcpy(p->told + p->told_len, bytes, n);
		p->told_len += n;
		p->told[p->told_len] = '\0';
	}
	return EMAIL_OK;
}

static email_code
end(void *context, const email__entry *e, email_code code)
{
	email_test_imap_peer *p = context;

	p->ended++;
	tell(p, "end", e, email_code_name(code));
	return EMAIL_OK;
}

static void
settled(void *context, const email__entry *e, email_code code)
{
	email_test_imap_peer *p = context;

	p->settled++;
	tell(p, "settled", e, email_code_name(code));
}

static void
news(void *context)
{
	email_test_imap_peer *p = context;

	p->news++;
}

const char *
email_test_imap_say_bytes(email_test_imap_peer *p, const char *bytes, size_t n)
{
	size_t written = 0;

	do {
		size_t room = email__buf_left(&p->l->in), now = n < room ? n : room;

		if (now && email__buf_add(&p->l->in, bytes, now))
			return "no memory";
		bytes += now;
		n -= now;
		p->l->step(p->l);
		while (email__buf_len(&p->l->out)) {
			size_t len = email__buf_len(&p->l->out);

			if (len > sizeof p->wrote - 1 - written)
				return "too much";
			memcpy(p->wrote + written, email__buf_head(&p->l->out), len);
			written += len;
			email__buf_consume(&p->l->out, len);
			p->l->step(p->l);
		}
	} while (n && p->l->want && email__buf_left(&p->l->in));
	p->wrote[written] = '\0';
	return p->wrote;
}

const char *
email_test_imap_say(email_test_imap_peer *p, const char *text)
{
	return email_test_imap_say_bytes(p, text, strlen(text));
}

const char *
email_test_imap_told(email_test_imap_peer *p)
{
	static char text[sizeof p->told];

	memcpy(text, p->told, p->told_len);
	text[p->told_len] = '\0';
	p->told_len = 0;
	p->told[0] = '\0';
	return text;
}

bool
email_test_imap_open(email_test_imap_peer *p, const char *capabilities, unsigned exists)
{
	email__imap_config config = {.tls = true,
	                             .credentials = &who,
	                             .folder = "INBOX",
	                             .processed = "Done",
	                             .events = {p, listed, begin, data, end, settled, news, NULL}};
	char text[600];

	memset(p, 0, sizeof *p);
	p->s = email__imap_new(&config);
	if (!p->s)
		return false;
	p->l = email__imap_link(p->s);
	email_test_imap_say(p, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] x\r\n");
	snprintf(text, sizeof text, "A1 OK [CAPABILITY IMAP4rev1 %s] in\r\n", capabilities);
	email_test_imap_say(p, text);
	snprintf(text, sizeof text, "* %u EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n", exists);
	email_test_imap_say(p, text);
	email_test_imap_say(p, "A2 OK [READ-WRITE] x\r\n");
	return p->l->error.code == EMAIL_OK;
}

void
email_test_imap_close(email_test_imap_peer *p)
{
	email__imap_free(p->s);
	p->s = NULL;
}
