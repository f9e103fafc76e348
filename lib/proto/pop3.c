/* SPDX-License-Identifier: MIT */
/*
 * POP3, the client's side (RFC 1939). The session:
 *
 *     greeting -> CAPA -> [STLS -> TLS -> CAPA] -> [UTF8] -> AUTH, or USER and PASS
 *              -> READY <-> requests -> QUIT -> CLOSED
 *
 * Capabilities are not asked for a third time after the login: what is used of them may not differ there
 * (RFC 2449 6). USER, PASS and UTF8 are not pipelined: servers answer them in small writes, which
 * Nagle's algorithm makes slow.
 *
 * `state` says what is to be sent next, the ring says what the replies to come will answer. Without
 * PIPELINING the ring holds one entry at most; with it the writer runs ahead of the replies. READY takes
 * what is asked for in this order: list, deletions, messages, NOOP, QUIT. Invariants: no reply is taken
 * before its command has left `out`; every `begin` has its `end` and every _settle its `settled`;
 * `p->state` is written by go() alone.
 */
#include "proto/pop3.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/hide.h"
#include "proto/pop3_engine.h"
#include "proto/remedy.h"
#include "wire/line.h"

/* --- failing --- */

enum pop3_state
email__pop3_fail(email__pop3 *p, email_code code, const char *format, ...)
{
	char text[sizeof p->link.error.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	email__error_set(&p->link.error, code, p->link.stage, "%s", text);
	return S_FAILED;
}

enum pop3_state
email__pop3_fail_reply(email__pop3 *p, email_code otherwise, const char *what)
{
	email__pop3_reply_error(&p->reply, &p->link.error, otherwise, p->link.stage, what);
	return S_FAILED;
}

void
email__pop3_ended(email__pop3 *p, const char *detail)
{
	if (p->link.ended)
		p->link.ended(p->link.ended_context, p->link.stage, detail);
}

static void
go(email__pop3 *p, enum pop3_state next)
{
	if (p->state == S_FAILED)
		return;
	p->state = next;
	if (next != S_FAILED)
		return;
	/* secrets go, what was not written never will be, and what is outstanding is told */
	p->expected = 0;
	p->lines = p->body = false;
	email__buf_clear(&p->link.out);
	email__exchange_end(&p->login);
	email__pop3_list_end(p);
	email__pop3_lost(p, p->link.error.code);
}

/* --- output helpers --- */

static void
expect(email__pop3 *p, enum pop3_expected what)
{
	unsigned at = (p->head + p->expected++) % EMAIL__POP3_WINDOW;

	p->ring[at].what = what;
	p->ring[at].end = p->link.sent;
}

enum pop3_state
email__pop3_sent(email__pop3 *p, email_code rc, enum pop3_expected what, enum pop3_state next)
{
	if (rc)
		return email__pop3_fail(p, rc, "a command could not be written: %s", email_code_text(rc));
	expect(p, what);
	return next;
}

static enum pop3_state
verb(email__pop3 *p, const char *word, enum pop3_expected what, enum pop3_state next)
{
	return email__pop3_sent(p, email__pop3_put_verb(&p->link, word), what, next);
}

static enum pop3_state
list_verb(email__pop3 *p, const char *word, unsigned which, enum pop3_expected what)
{
	p->list.unwritten &= ~which;
	return verb(p, word, what, S_READY);
}

/* --- enter: what a state sends, and the state after that --- */

/* Deletions wait for each other while messages come, so that they share flights; none of them counts
 * before QUIT. */
static bool
deletes(const email__pop3 *p)
{
	size_t n = p->gone.n - p->gone.asked;

	return n >= EMAIL__POP3_WINDOW / 2 || (n && p->fetch.answered == p->fetch.n);
}

/* What is to be done, in this order. */
static enum pop3_state
next_request(const email__pop3 *p)
{
	if (p->list.unwritten & LIST_STAT)
		return S_STAT;
	if (p->list.unwritten & LIST_LIST)
		return S_LIST;
	if (p->list.unwritten & LIST_UIDL)
		return S_UIDL;
	if (deletes(p))
		return S_DELE;
	if (p->fetch.asked < p->fetch.n)
		return S_FETCH;
	if (p->noop)
		return S_NOOP;
	if (p->quit && p->fetch.answered == p->fetch.n && !p->list.unanswered)
		return S_QUIT;
	return S_READY;
}

static enum pop3_state
enter(email__pop3 *p, enum pop3_state st)
{
	switch (st) {
	case S_CAPA: memset(&p->can, 0, sizeof p->can); return verb(p, "CAPA", X_CAPA, S_WAIT);
	case S_STLS: return verb(p, "STLS", X_STLS, S_WAIT);
	case S_UTF8: return verb(p, "UTF8", X_UTF8, S_WAIT);
	case S_CANCEL: return verb(p, "*", X_CANCEL, S_WAIT);
	case S_AUTH:
	case S_ANSWER:
	case S_USER:
	case S_PASS: return email__pop3_write_login(p, st);
	case S_READY: return next_request(p);
	case S_STAT: return list_verb(p, "STAT", LIST_STAT, X_STAT);
	case S_LIST: return list_verb(p, "LIST", LIST_LIST, X_LIST);
	case S_UIDL: return list_verb(p, "UIDL", LIST_UIDL, X_UIDL);
	case S_FETCH: return email__pop3_write_fetch(p);
	case S_DELE: return email__pop3_write_dele(p);
	case S_NOOP: p->noop = false; return verb(p, "NOOP", X_NOOP, S_READY);
	case S_QUIT: return verb(p, "QUIT", X_QUIT, S_WAIT);
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return st;
	}
	return S_FAILED;
}

enum hold { HOLD_NOT, HOLD_REPLY, HOLD_ROOM };

/* Must the next request wait? */
static enum hold
request_held(const email__pop3 *p)
{
	bool full = p->can.pipelining ? p->expected == EMAIL__POP3_WINDOW || !p->filling : p->expected > 0;

	if (full || next_request(p) == S_READY)
		return HOLD_REPLY;
	return email__buf_left(&p->link.out) < EMAIL__POP3_COMMAND_ROOM ? HOLD_ROOM : HOLD_NOT;
}

/* Must what this state sends wait? A request, once chosen, is written at once. */
static enum hold
held(const email__pop3 *p)
{
	switch (p->state) {
	case S_READY: return request_held(p);
	case S_CAPA:
	case S_STLS:
	case S_UTF8:
	case S_AUTH:
	case S_ANSWER:
	case S_CANCEL:
	case S_USER:
	case S_PASS:
	case S_STAT:
	case S_LIST:
	case S_UIDL:
	case S_FETCH:
	case S_DELE:
	case S_NOOP:
	case S_QUIT: return HOLD_NOT;
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return HOLD_REPLY;
	}
	return HOLD_REPLY;
}

/* --- reply: what a whole reply leads to --- */

static enum pop3_state
reply_to(email__pop3 *p, enum pop3_expected what)
{
	if (p->reply.status == EMAIL__POP3_CONTINUE && what != X_AUTH)
		return email__pop3_fail(p, EMAIL_E_PROTOCOL,
		                        "the server asks for what no command can be given");
	switch (what) {
	case X_GREETING: return email__pop3_answer_greeting(p);
	case X_CAPA: return email__pop3_answer_capa(p);
	case X_STLS: return email__pop3_answer_stls(p);
	case X_UTF8:
		return email__pop3_login(p); /* without it the server converts what it can (RFC 6856 3) */
	case X_AUTH: return email__pop3_answer_auth(p);
	case X_CANCEL: return email__pop3_fail(p, EMAIL_E_PROTOCOL, "the server's challenge makes no sense");
	case X_USER: return email__pop3_answer_user(p);
	case X_PASS: return email__pop3_answer_pass(p);
	case X_STAT: return email__pop3_answer_stat(p);
	case X_LIST: return email__pop3_answer_list(p);
	case X_UIDL: return email__pop3_answer_uidl(p);
	case X_FETCH: return email__pop3_answer_fetch(p);
	case X_DELE: return email__pop3_answer_dele(p);
	case X_NOOP: return p->state;
	case X_QUIT: return email__pop3_answer_quit(p);
	}
	return S_FAILED;
}

static const email_stage stage_of[] = {
	[X_GREETING] = EMAIL_STAGE_GREETING, [X_CAPA] = EMAIL_STAGE_CAPABILITIES,
	[X_STLS] = EMAIL_STAGE_STARTTLS,     [X_UTF8] = EMAIL_STAGE_CAPABILITIES,
	[X_AUTH] = EMAIL_STAGE_AUTHENTICATE, [X_CANCEL] = EMAIL_STAGE_AUTHENTICATE,
	[X_USER] = EMAIL_STAGE_AUTHENTICATE, [X_PASS] = EMAIL_STAGE_AUTHENTICATE,
	[X_STAT] = EMAIL_STAGE_MAILBOX,      [X_LIST] = EMAIL_STAGE_MAILBOX,
	[X_UIDL] = EMAIL_STAGE_MAILBOX,      [X_FETCH] = EMAIL_STAGE_FETCH,
	[X_DELE] = EMAIL_STAGE_MAILBOX,      [X_NOOP] = EMAIL_STAGE_MAILBOX,
	[X_QUIT] = EMAIL_STAGE_MAILBOX,
};

static enum pop3_state
reply(email__pop3 *p)
{
	enum pop3_expected what = p->ring[p->head].what;

	p->head = (p->head + 1) % EMAIL__POP3_WINDOW;
	p->expected--;
	return reply_to(p, what);
}

/* --- framing --- */

static enum pop3_state
unframed(email__pop3 *p, email_code rc, const char *line, size_t n)
{
	char shown[80];

	email__printable(shown, sizeof shown, line, n);
	if (rc == EMAIL_E_LIMIT)
		email__pop3_fail(p, EMAIL_E_PROTOCOL, "the server's line is longer than any line");
	else
		email__pop3_fail(p, EMAIL_E_PROTOCOL, "the server does not speak POP3: \"%s\"", shown);
	if (p->link.stage == EMAIL_STAGE_GREETING)
		email__remedy_greeting(&p->link.error, "POP3", (const unsigned char *)line, n);
	return S_FAILED;
}

/* One more line of an answer that has several. */
static email_code
take_line(email__pop3 *p, enum pop3_expected what, const char *line, size_t n)
{
	if (n && line[0] == '.') { /* RFC 1939 3 */
		line++;
		n--;
	}
	if (what != X_CAPA)
		return email__pop3_listed(p, what, line, n);
	if (p->can.lines == EMAIL__POP3_CAPABILITIES_MAX) {
		email__pop3_fail(p, EMAIL_E_PROTOCOL, "the server's capabilities have no end");
		return EMAIL_E_PROTOCOL;
	}
	email__pop3_capability(&p->can, line, n);
	return EMAIL_OK;
}

/* The status line of a reply: true where that is all of it. */
static bool
take_status(email__pop3 *p, const char *line, size_t n)
{
	enum pop3_expected what = p->ring[p->head].what;
	email_code rc;

	if ((rc = email__pop3_reply_line(&p->reply, line, n))) {
		go(p, unframed(p, rc, line, n));
		return false;
	}
	if (p->expected == 0 || p->link.sent - email__buf_len(&p->link.out) < p->ring[p->head].end) {
		/* the autologout of a server that says so (RFC 1939 3 wants it to say nothing) */
		if (p->reply.status == EMAIL__POP3_ERR)
			go(p, email__pop3_fail_reply(p, EMAIL_E_TEMPORARY, "the server ends the session"));
		else
			go(p, email__pop3_fail(p, EMAIL_E_PROTOCOL, "the server sent a reply to nothing"));
		return false;
	}
	p->link.stage = stage_of[what];
	if (p->reply.status != EMAIL__POP3_OK)
		return true;
	p->lines = what == X_CAPA || what == X_LIST || what == X_UIDL;
	p->body = what == X_FETCH;
	if (p->body && email__pop3_body_begins(p)) {
		go(p, S_FAILED);
		return false;
	}
	return !p->lines && !p->body;
}

/* One whole reply: true. What is not whole stays in `in`, but for lines and messages, which are told
 * as they come. */
static bool
frame(email__pop3 *p)
{
	email__buf *in = &p->link.in;

	while (p->state != S_FAILED && email__buf_len(in)) {
		const char *first = (const char *)email__buf_head(in), *line;
		size_t held_now = email__buf_len(in), n;
		email_code rc;

		if (p->body) {
			if (email__pop3_body_comes(p)) {
				go(p, S_FAILED);
				return false;
			}
			p->body = !p->fetch.body.ended;
			return !p->body;
		}
		rc = email__line_next(in, EMAIL__POP3_LINE_MAX, &line, &n);
		if (rc == EMAIL_OK && !line) {
			/* a TLS alert has no end of line: waiting for it would only end in a timeout */
			if (p->link.stage != EMAIL_STAGE_GREETING || (first[0] >= ' ' && first[0] < 127))
				return false;
			rc = EMAIL_E_PROTOCOL;
		}
		if (rc) {
			go(p, unframed(p, rc, line ? line : first, line ? n : held_now));
			return false;
		}
		/* "+ " has base64 behind it that is for the mechanism */
		if (p->link.stage == EMAIL_STAGE_AUTHENTICATE && n > 4 && line[1] != ' ')
			email__hide((char *)(uintptr_t)line + 4, n - 4,
			            email__credentials_secret(p->credentials));
		email__link_log(&p->link, 'S', line, n);
		p->link.progress++;
		if (!p->lines) {
			if (take_status(p, line, n))
				return true;
		} else if (n == 1 && line[0] == '.') {
			p->lines = false;
			return true;
		} else if (take_line(p, p->ring[p->head].what, line, n)) {
			go(p, S_FAILED);
		}
	}
	return false;
}

/* --- the link --- */

/* A flight is over once all of it has left and nothing can be sent before a reply comes. */
static void
count_flight(email__pop3 *p)
{
	if (!p->waiting || email__buf_len(&p->link.out) || p->link.sent == p->flight)
		return;
	p->link.flights++;
	p->flight = p->link.sent;
}

/* Says what is to come: wants, which wait, at which stage. */
static void
settle(email__pop3 *p, enum hold hold)
{
	email__link *l = &p->link;
	bool idle = p->state == S_READY && p->expected == 0;

	if (p->state == S_FAILED || p->state == S_CLOSED || p->state == S_TLS) {
		l->want = p->state == S_TLS ? EMAIL__WANT_TLS : p->state == S_CLOSED ? EMAIL__WANT_CLOSE : 0;
		return;
	}
	l->want = idle ? EMAIL__WANT_CALLER : EMAIL__WANT_READ;
	if (email__buf_len(&l->out))
		l->want |= EMAIL__WANT_WRITE;
	l->stage = p->expected ? stage_of[p->ring[p->head].what] : EMAIL_STAGE_NONE;
	l->wait = l->stage == EMAIL_STAGE_GREETING ? EMAIL__WAIT_GREETING
	          : p->body                        ? EMAIL__WAIT_BODY
	          : p->expected && p->ring[p->head].what == X_QUIT && email__pop3_uncommitted(p)
	                  ? EMAIL__WAIT_DATA /* all of them are removed now */
	                  : EMAIL__WAIT_RESPONSE;
	if (idle)
		p->flight = UINT64_MAX; /* the caller may set `sent` to 0 between requests */
	p->waiting = p->expected && hold == HOLD_REPLY;
	count_flight(p);
}

static void
step(email__link *link)
{
	email__pop3 *p = (email__pop3 *)(void *)link;
	enum hold hold;

	count_flight(p);
	email__link_login_over(link);
	if (p->state == S_TLS && email__buf_len(&link->in))
		go(p, email__pop3_in_the_clear(p));
	while (p->state != S_FAILED && p->state != S_CLOSED && p->state != S_TLS && frame(p))
		go(p, reply(p));
	p->filling = p->expected <= EMAIL__POP3_WINDOW / 2;
	while ((hold = held(p)) == HOLD_NOT)
		go(p, enter(p, p->state));
	settle(p, hold);
}

static void
eof(email__link *link)
{
	email__pop3 *p = (email__pop3 *)(void *)link;

	step(link);
	if (p->state == S_FAILED || p->state == S_CLOSED)
		return;
	email__exchange_closed(&p->login, &link->error);
	if (p->expected == 1 && p->ring[p->head].what == X_QUIT && !email__pop3_uncommitted(p))
		go(p, S_CLOSED);
	else
		go(p, email__pop3_fail(p, EMAIL_E_CLOSED, "the server closed the connection%s",
		                       p->body                      ? " in the middle of a message"
		                       : email__pop3_uncommitted(p) ? " before it had deleted what it should"
		                                                    : ""));
	settle(p, HOLD_REPLY);
}

static void
tls_started(email__link *link)
{
	email__pop3 *p = (email__pop3 *)(void *)link;

	if (p->state != S_TLS)
		return;
	if (email__buf_len(&link->in))
		go(p, email__pop3_in_the_clear(p));
	p->tls = true;
	go(p, S_CAPA); /* RFC 2595 4: what was announced in the clear is forgotten */
	step(link);
}

/* --- public calls --- */

email__pop3 *
email__pop3_new(const email__pop3_config *config)
{
	email__pop3 *p = email__new(email__pop3);

	if (!p)
		return NULL;
	email__buf_init(&p->link.in, EMAIL__POP3_IN_MAX);
	email__buf_init(&p->link.out, EMAIL__LINK_OUT_MAX);
	email__buf_init(&p->list.slots, EMAIL__POP3_MESSAGES_MAX * sizeof(uint32_t));
	email__buf_init(&p->gone.entries, EMAIL__POP3_MESSAGES_MAX * sizeof(const email__entry *));
	email__exchange_init(&p->login);
	p->wanted = config->mechanism ? email__strdup(config->mechanism) : NULL;
	if ((config->mechanism && !p->wanted) || email__buf_reserve(&p->link.in, EMAIL__POP3_IN_MAX) ||
	    email__buf_reserve(&p->link.out, EMAIL__LINK_OUT_MAX)) {
		email__pop3_free(p);
		return NULL;
	}
	p->credentials = config->credentials;
	p->start_tls = config->start_tls;
	p->tls = config->tls;
	p->allow_plaintext_login = config->allow_plaintext_login;
	p->events = config->events;
	p->link.step = step;
	p->link.eof = eof;
	p->link.tls_started = tls_started;
	p->state = S_WAIT;
	expect(p, X_GREETING);
	settle(p, HOLD_REPLY);
	return p;
}

void
email__pop3_free(email__pop3 *p)
{
	if (!p)
		return;
	email__exchange_end(&p->login);
	/* what a server was told it may have repeated */
	p->link.in.secret = p->link.out.secret = true;
	email__buf_dispose(&p->link.out);
	email__buf_dispose(&p->link.in);
	email__buf_dispose(&p->list.slots);
	email__buf_dispose(&p->gone.entries);
	email__free(p->wanted);
	email__free(p);
}

email__link *
email__pop3_link(email__pop3 *p)
{
	return &p->link;
}

bool
email__pop3_ready(const email__pop3 *p)
{
	return p->logged_in && p->state == S_READY && !p->quit && p->expected == 0 &&
	       next_request(p) == S_READY;
}

email_code
email__pop3_list(email__pop3 *p, bool uids)
{
	if (!email__pop3_ready(p))
		return EMAIL_E_USAGE;
	p->list.uids = uids;
	p->list.count = 0;
	p->list.empty = false;
	p->list.unwritten = p->list.unanswered = LIST_STAT | LIST_LIST | (uids ? LIST_UIDL : 0);
	return EMAIL_OK;
}

email_code
email__pop3_fetch(email__pop3 *p, const email__entry *entries, size_t n, email__extent extent)
{
	size_t i;

	if (!email__pop3_ready(p))
		return EMAIL_E_USAGE;
	for (i = 0; i < n; i++)
		if (entries[i].number == 0)
			return EMAIL_E_USAGE;
	p->fetch.entries = entries;
	p->fetch.n = n;
	p->fetch.asked = p->fetch.answered = 0;
	p->fetch.extent = extent;
	return EMAIL_OK;
}

void
email__pop3_noop(email__pop3 *p)
{
	p->noop = email__pop3_ready(p) || p->noop;
}

void
email__pop3_quit(email__pop3 *p)
{
	p->quit = true;
}

void
email__pop3_broken(email__pop3 *p, const email_error *error)
{
	if (p->state == S_FAILED || p->state == S_CLOSED)
		return;
	if (p->link.error.code == EMAIL_OK)
		p->link.error = *error;
	go(p, S_FAILED);
	settle(p, HOLD_REPLY);
}

const char *
email__pop3_extensions(const email__pop3 *p)
{
	return p->can.text;
}

unsigned
email__pop3_login_delay(const email__pop3 *p)
{
	return p->can.login_delay;
}
