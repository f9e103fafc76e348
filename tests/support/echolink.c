/* SPDX-License-Identifier: MIT */
#include "support/echolink.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"

unsigned char
echolink_byte(size_t i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static void
fill_body(echolink *e)
{
	email__buf *out = &e->link.out;

	while (e->body && email__buf_left(out)) {
		size_t n = email__buf_left(out) < e->body ? email__buf_left(out) : e->body, i;
		unsigned char *p = email__buf_room(out, n);

		if (!p) {
			email__error_memory(&e->link.error, e->link.stage);
			return;
		}
		for (i = 0; i < n; i++)
			p[i] = echolink_byte(e->body - i);
		e->body -= n;
		email__buf_added(out, n);
	}
}

static void
say(echolink *e, const char *text)
{
	if (email__buf_adds(&e->link.out, text))
		email__error_memory(&e->link.error, e->link.stage);
}

static void
on_line(echolink *e)
{
	e->lines++;
	e->link.progress++;
	if (e->state == ECHO_GREETING) {
		e->link.wait = EMAIL__WAIT_RESPONSE;
		e->link.stage = EMAIL_STAGE_DATA;
		e->state = e->start_tls ? ECHO_GO_AHEAD : ECHO_TALK;
		if (e->start_tls)
			say(e, "STARTTLS\r\n");
	} else if (e->state == ECHO_GO_AHEAD) {
		e->state = ECHO_TLS;
		if (email__buf_len(&e->link.in))
			email__error_set(&e->link.error, EMAIL_E_STARTTLS, EMAIL_STAGE_STARTTLS,
			                 "bytes behind the go-ahead");
	} else if (e->state == ECHO_TALK) {
		if (e->expected)
			e->expected--;
	}
}

static void
set_want(echolink *e)
{
	unsigned want = 0;

	if (e->link.error.code) {
		e->link.want = 0;
		return;
	}
	if (email__buf_len(&e->link.out))
		want |= EMAIL__WANT_WRITE;
	if (e->state == ECHO_TLS)
		want |= EMAIL__WANT_TLS;
	else if (e->state != ECHO_TALK || e->expected)
		want |= EMAIL__WANT_READ;
	if (e->state == ECHO_TALK && (!e->expected || e->keen) && !e->body)
		want |= e->quitting && !e->expected ? EMAIL__WANT_CLOSE : EMAIL__WANT_CALLER;
	e->link.want = want;
}

static void
step(email__link *link)
{
	echolink *e = (echolink *)link;

	for (;;) {
		unsigned char *p = email__buf_head(&link->in), *nl;
		size_t n = email__buf_len(&link->in);

		if (n == 0 || e->state == ECHO_TLS || !(nl = memchr(p, '\n', n)))
			break;
		n = (size_t)(nl - p);
		memcpy(e->last, p, n < sizeof e->last ? n : sizeof e->last - 1);
		e->last[n < sizeof e->last ? n : sizeof e->last - 1] = '\0';
		e->last[strcspn(e->last, "\r")] = '\0';
		email__buf_consume(&link->in, (size_t)(nl - p) + 1);
		on_line(e);
	}
	fill_body(e);
	set_want(e);
}

static void
on_eof(email__link *link)
{
	echolink *e = (echolink *)link;

	e->ended = true;
	email__error_set(&link->error, EMAIL_E_CLOSED, link->stage, "the server closed the connection");
	link->want = 0;
}

static void
tls_started(email__link *link)
{
	echolink *e = (echolink *)link;

	e->state = ECHO_TALK;
	set_want(e);
}

void
echolink_init(echolink *e)
{
	memset(e, 0, sizeof *e);
	email__buf_init(&e->link.in, EMAIL__LINK_IN_MAX);
	email__buf_init(&e->link.out, EMAIL__LINK_OUT_MAX);
	e->link.stage = EMAIL_STAGE_GREETING;
	e->link.want = EMAIL__WANT_READ;
	e->link.step = step;
	e->link.eof = on_eof;
	e->link.tls_started = tls_started;
}

void
echolink_dispose(echolink *e)
{
	email__buf_dispose(&e->link.in);
	email__buf_dispose(&e->link.out);
}

void
echolink_say(echolink *e, const char *text, unsigned lines)
{
	e->expected += lines;
	e->quitting = strcmp(text, "QUIT\r\n") == 0;
	say(e, text);
	set_want(e);
}

void
echolink_body(echolink *e, size_t n, unsigned lines)
{
	e->expected += lines;
	e->body = n;
	fill_body(e);
	set_want(e);
}
