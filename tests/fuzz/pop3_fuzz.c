/* SPDX-License-Identifier: MIT */
/*
 * A hostile server against the POP3 engine: byte 0 is the configuration, byte 1 how much it says at a
 * time (0: line by line), the rest its words. Whatever they are: what begins ends, what is settled is
 * told once, nothing is committed without QUIT, no password shows before the connection may carry it,
 * and messages are the bytes that a plain reading of RFC 1939 3 makes of them.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/pop3.h"
#include "proto/pop3_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 70 };

typedef struct watch {
	email__pop3 *p;
	uint8_t flags;
	bool in_message, quitting;
	unsigned asked, told, listed;
} watch;

static void
listed(void *context, const email__entry *entry)
{
	watch *w = context;

	w->listed++;
	if (entry->number == 0 || strlen(entry->uid) > EMAIL__UID_MAX || strpbrk(entry->uid, " \r\n\t"))
		abort();
}

static email_code
begin(void *context, const email__entry *entry)
{
	watch *w = context;

	if (w->in_message)
		abort();
	w->in_message = true;
	return (w->flags & 64) && entry->number % 3 == 0 ? EMAIL_E_FILE : EMAIL_OK;
}

static email_code
piece(void *context, const char *bytes, size_t n)
{
	watch *w = context;

	if (!w->in_message || n == 0 || n > EMAIL__POP3_IN_MAX)
		abort();
	return (w->flags & 64) && memchr(bytes, '!', n) ? EMAIL_E_CANCELLED : EMAIL_OK;
}

static email_code
end(void *context, const email__entry *entry, email_code code)
{
	watch *w = context;

	if (!w->in_message)
		abort();
	w->in_message = false;
	if (code == EMAIL_OK && email__pop3_settle(w->p, entry, EMAIL__FATE_DELETED) == EMAIL_OK)
		w->asked++;
	return EMAIL_OK;
}

static void
settled(void *context, const email__entry *entry, email_code code)
{
	watch *w = context;

	if (entry->number == 0 || (code == EMAIL_OK && !w->quitting))
		abort();
	w->told++;
}

/* The same bytes, one at a time and all at once, and as one reads the RFC. */
static void
body(const uint8_t *data, size_t size)
{
	unsigned char *plain = malloc(size + 1);
	email__pop3_body b;
	email__buf in;
	size_t n = 0, at, run, each, left;
	bool line = true, ended = false;

	if (!plain)
		abort();
	for (at = 0; at < size && !ended;) {
		if (line && data[at] == '.') {
			ended = size - at >= 3 && data[at + 1] == '\r' && data[at + 2] == '\n';
			if (ended || size - at == 1 || (size - at == 2 && data[at + 1] == '\r'))
				break;
			line = false;
			at++;
			continue;
		}
		plain[n++] = data[at];
		/* CRLF, both of them the message's own */
		line = data[at] == '\n' && n > 1 && plain[n - 2] == '\r' && at && data[at - 1] == '\r';
		at++;
	}
	for (run = 0; run < 2; run++) {
		const char *p;
		size_t k, fed = 0, got = 0;

		each = run ? 1 : EMAIL__POP3_IN_MAX;
		email__buf_init(&in, EMAIL__POP3_IN_MAX + 2);
		email__pop3_body_start(&b);
		while (!b.ended && fed < size) {
			k = size - fed < each ? size - fed : each;
			k = k < email__buf_left(&in) ? k : email__buf_left(&in);
			if (email__buf_add(&in, data + fed, k))
				abort();
			fed += k;
			while (email__pop3_body_next(&b, &in, &p, &k)) {
				if (k > n - got || memcmp(p, plain + got, k) != 0)
					abort();
				got += k;
			}
		}
		left = email__buf_len(&in);
		if (got != n || b.ended != ended || (!ended && left > 2))
			abort();
		email__buf_dispose(&in);
	}
	free(plain);
}

static void
drain(const watch *w, email__link *l, bool clear_ok)
{
	while (email__buf_len(&l->out)) {
		const unsigned char *out = email__buf_head(&l->out);
		size_t n = email__buf_len(&l->out);

		if (n > EMAIL__LINK_OUT_MAX ||
		    (!clear_ok && (memmem(out, n, "c2VjcmV0", 8) || memmem(out, n, "AHVzZXIAc2VjcmV0", 16) ||
		                   memmem(out, n, "secret", 6))) ||
		    (!w->quitting && memmem(out, n, "QUIT", 4)))
			abort();
		email__buf_consume(&l->out, n);
		l->step(l);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const email__credentials who = {.user = "user", .password = "secret"};
	static email__entry entries[MESSAGES];
	watch w = {.flags = size > 2 ? data[0] : 0};
	bool plain_ok = w.flags & 8, tls = w.flags & 2;
	email__pop3_config config = {.start_tls = w.flags & 1,
	                             .tls = tls,
	                             .allow_plaintext_login = plain_ok,
	                             .credentials = w.flags & 4 ? &who : NULL,
	                             .events = {&w, listed, begin, piece, end, settled, NULL, NULL}};
	email_error over = {.code = EMAIL_E_CLOSED};
	size_t at = 2, requests = 0, i;
	email__link *l;

	if (size <= 2)
		return 0;
	body(data + 2, size - 2);
	if (!(w.p = email__pop3_new(&config)))
		return 0;
	l = email__pop3_link(w.p);
	for (i = 0; i < MESSAGES; i++)
		entries[i].number = (uint32_t)i + 1;
	for (l->step(l); l->want && !(l->want & EMAIL__WANT_CLOSE) && at <= size; l->step(l)) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		size_t n = data[1] ? data[1] : lf ? (size_t)(lf + 1 - data) - at : size - at;

		drain(&w, l, tls || plain_ok);
		if (l->want & EMAIL__WANT_TLS) {
			tls = true;
			l->tls_started(l);
			continue;
		}
		if (email__pop3_ready(w.p)) {
			requests++;
			if (requests == 1)
				(void)email__pop3_list(w.p, w.flags & 16);
			else if (requests == 2)
				(void)email__pop3_fetch(w.p, entries, w.flags & 32 ? MESSAGES : 3,
				                        w.flags & 128 ? EMAIL__EXTENT_HEADER
				                                      : EMAIL__EXTENT_WHOLE);
			else {
				w.quitting = true;
				email__pop3_quit(w.p);
			}
			continue;
		}
		if (at == size)
			break;
		n = n < size - at ? n : size - at;
		n = n < email__buf_left(&l->in) ? n : email__buf_left(&l->in);
		if (n == 0 || email__buf_add(&l->in, data + at, n))
			abort();
		at += n;
	}
	if (w.flags & 64)
		l->eof(l);
	email__pop3_broken(w.p, &over);
	if (w.in_message || w.told != w.asked || (l->want & EMAIL__WANT_CLOSE && l->error.code))
		abort();
	email__pop3_free(w.p);
	return 0;
}
