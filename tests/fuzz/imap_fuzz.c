/* SPDX-License-Identifier: MIT */
/*
 * A hostile server against the IMAP engine: byte 0 is the configuration and what the caller wants, byte 1 how much
 * the server says at a time (0: line by line), the rest its words. Whatever they are, each message that was asked
 * for gets one end and each wish is settled once, data come between begin and end alone, what is held has its
 * bound, and no password shows before the connection may carry it.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/imap.h"

enum { MESSAGES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct caller {
	email__imap *s;
	email__entry batch[MESSAGES];
	unsigned ends[MESSAGES], wishes[MESSAGES], settled[MESSAGES];
	uint32_t last;          /* UID listed last */
	const email__entry *at; /* begun, and not ended */
	uint8_t flags;
	unsigned turn;
} caller;

static void
listed(void *context, const email__entry *e)
{
	caller *c = context;

	if (e->number <= c->last || strlen(e->uid) > EMAIL__UID_MAX)
		abort();
	c->last = e->number;
}

static email_code
begin(void *context, const email__entry *e)
{
	caller *c = context;

	if (c->at)
		abort();
	c->at = e;
	return e->number == 3 ? EMAIL_E_LIMIT : EMAIL_OK;
}

static email_code
take(void *context, const char *p, size_t n)
{
	caller *c = context;

	if (!c->at || c->at->number == 3 || n == 0 || !p)
		abort();
	return c->flags & 32 && p[0] == 'c' ? EMAIL_E_CANCELLED : EMAIL_OK;
}

static email_code
end(void *context, const email__entry *e, email_code code)
{
	caller *c = context;
	size_t i = (size_t)(e - c->batch);

	if (i >= MESSAGES || c->ends[i]++ || (c->at && c->at != e) || (!c->at && code == EMAIL_OK))
		abort();
	c->at = NULL;
	if (email__imap_settle(c->s, e, (email__fate)(e->number % 4)) == EMAIL_OK)
		c->wishes[i]++;
	if (e->number % 4 < 3 && email__imap_move(c->s, e, (email__fate)(e->number % 3)) == EMAIL_OK)
		c->wishes[i]++;
	return EMAIL_OK;
}

static void
settled(void *context, const email__entry *e, email_code code)
{
	caller *c = context;

	(void)code;
	c->settled[e - c->batch]++;
}

static void
news(void *context)
{
	caller *c = context;

	if (c->flags & 64)
		email__imap_wake(c->s);
}

/* What the caller asks for next. */
static void
ask(caller *c)
{
	static const email__extent extents[] = {EMAIL__EXTENT_WHOLE, EMAIL__EXTENT_NO_ATTACHMENTS,
	                                        EMAIL__EXTENT_HEADER, EMAIL__EXTENT_FROM};
	size_t i;

	switch (c->turn++) {
	case 0:
		c->last = 0;
		email__imap_list(c->s, !(c->flags & 16), c->flags & 1 ? 2 : 1);
		break;
	case 1:
		for (i = 0; i < MESSAGES; i++)
			c->batch[i].number = (uint32_t)i + 1;
		if (email__imap_fetch(c->s, c->batch, MESSAGES, extents[c->flags >> 4 & 3], 5))
			abort();
		break;
	case 2:
		if (email__imap_wait(c->s))
			email__imap_poll(c->s);
		break;
	default: email__imap_quit(c->s);
	}
}

static void
drain(email__link *l, bool clear)
{
	while (email__buf_len(&l->out)) {
		const unsigned char *p = email__buf_head(&l->out);
		size_t n = email__buf_len(&l->out);

		if (n > EMAIL__LINK_OUT_MAX ||
		    (clear && (memmem(p, n, "c2VjcmV0", 8) || memmem(p, n, "AHVzZXIAc2VjcmV0", 16) ||
		               memmem(p, n, "secret", 6))))
			abort();
		email__buf_consume(&l->out, n);
		l->step(l);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const email__credentials who = {.user = "user", .password = "secret"};
	uint8_t flags = size > 2 ? data[0] : 0;
	bool plain_ok = flags & 8, tls = flags & 2;
	caller c = {.flags = flags};
	email__imap_config config = {.start_tls = flags & 1,
	                             .tls = tls,
	                             .allow_plaintext_login = plain_ok,
	                             .credentials = flags & 4 ? &who : NULL,
	                             .folder = "B\xC3\xBCro",
	                             .processed = "Done",
	                             .events = {&c, listed, begin, take, end, settled, news, NULL}};
	email_error over = {.code = EMAIL_E_CLOSED};
	size_t at = 2, i;
	email__link *l;

	c.s = size > 2 ? email__imap_new(&config) : NULL;
	if (!c.s)
		return 0;
	l = email__imap_link(c.s);
	for (l->step(l); l->want && !(l->want & EMAIL__WANT_CLOSE) && at <= size; l->step(l)) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		size_t n = data[1] ? data[1] : lf ? (size_t)(lf + 1 - data) - at : size - at;

		drain(l, !tls && !plain_ok);
		if (l->want & EMAIL__WANT_TLS) {
			tls = true;
			l->tls_started(l);
			continue;
		}
		while (email__imap_ready(c.s)) {
			ask(&c);
			l->step(l);
			drain(l, !tls && !plain_ok);
		}
		if (at == size || !(l->want & EMAIL__WANT_READ))
			break;
		n = n < size - at ? n : size - at;
		n = n < email__buf_left(&l->in) ? n : email__buf_left(&l->in);
		if (n == 0 || email__buf_len(&l->in) > EMAIL__IMAP_LINE_MAX + 4096 ||
		    email__buf_add(&l->in, data + at, n))
			abort();
		at += n;
	}
	if (flags & 64)
		l->eof(l);
	email__imap_broken(c.s, &over);
	for (i = 0; i < MESSAGES; i++)
		if (c.ends[i] != (c.batch[0].number ? 1 : 0) || c.settled[i] != c.wishes[i])
			abort();
	email__imap_free(c.s);
	return 0;
}
