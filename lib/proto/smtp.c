/* SPDX-License-Identifier: MIT */
/*
 * SMTP, the client's side (RFC 5321). The session:
 *
 *     greeting -> EHLO -> [STARTTLS -> TLS -> EHLO] -> [AUTH] -> READY <-> mails -> QUIT -> CLOSED
 *                   \-> HELO, where neither TLS nor login is asked for
 *
 * and a mail, the way that the server's extensions allow:
 *
 *     CHUNKING and PIPELINING   [RSET] MAIL RCPT.. BDAT.. | [RSET] MAIL RCPT.. BDAT.. | ...
 *     PIPELINING                MAIL RCPT.. DATA > 354 > body . MAIL RCPT.. DATA > 354 > body .
 *     neither                   MAIL > RCPT > .. > DATA > 354 > body . >
 *
 * `state` says what is to be sent next, the ring says what the replies to come will answer. Without
 * PIPELINING the ring holds one entry at most; with it the two run apart: the writer is at one mail
 * (`writing`) while replies still come for the ones before (`first`). Invariants: replies belong to the
 * first mail; a mail is done when it is MAIL_OVER and nothing of it is unanswered; no reply is taken
 * before its command has left `out`; `s->state` is written by go() alone.
 */
#include "proto/smtp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/hide.h"
#include "proto/remedy.h"
#include "proto/smtp_engine.h"
#include "wire/line.h"

/* --- failing --- */

enum smtp_state
email__smtp_fail(email__smtp *s, email_code code, const char *format, ...)
{
	char text[sizeof s->link.error.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	email__error_set(&s->link.error, code, s->link.stage, "%s", text);
	return S_FAILED;
}

enum smtp_state
email__smtp_fail_reply(email__smtp *s, email_code code, const char *what)
{
	email__smtp_reply_error(&s->reply, &s->link.error, code, s->link.stage, what);
	return S_FAILED;
}

void
email__smtp_ended(email__smtp *s, const char *detail)
{
	if (s->link.ended)
		s->link.ended(s->link.ended_context, s->link.stage, detail);
}

/* Every mail gets its outcome; secrets go; what was not written never will be. */
static void
bury(email__smtp *s)
{
	uint64_t gone = s->link.sent - email__buf_len(&s->link.out);

	while (s->first) {
		email__smtp_mail *mail = s->first;

		s->first = mail->next;
		email__smtp_mail_broken(mail, &s->link.error, gone);
	}
	s->latest = s->writing = s->unwritten = NULL;
	s->mails = 0;
	s->expected = s->ends = 0;
	email__buf_clear(&s->link.out);
	email__smtp_auth_end(s);
}

static void
go(email__smtp *s, enum smtp_state next)
{
	if (s->state == S_FAILED)
		return;
	s->state = next;
	if (next == S_FAILED)
		bury(s);
}

/* --- output helpers --- */

void
email__smtp_expect(email__smtp *s, enum smtp_expected what)
{
	unsigned at = (s->head + s->expected++) % EMAIL__SMTP_WINDOW;

	s->ring[at].what = what;
	s->ring[at].end = s->link.sent;
	if (what == X_END || what == X_LAST)
		s->ends++;
	if (s->writing && what >= X_MAIL && what <= X_LAST)
		s->writing->unanswered++;
}

/* The outcome of the command writer: EMAIL_OK leads on. */
enum smtp_state
email__smtp_sent(email__smtp *s, email_code rc, enum smtp_expected what, enum smtp_state next)
{
	if (rc)
		return email__smtp_fail(s, rc, "a command could not be written: %s", email_code_text(rc));
	email__smtp_expect(s, what);
	return next;
}

static enum smtp_state
hello(email__smtp *s, const char *verb, enum smtp_expected what)
{
	const char *name = s->ehlo_name[0] ? s->ehlo_name : s->link.local[0] ? s->link.local : "[127.0.0.1]";
	enum smtp_state next = email__smtp_sent(s, email__smtp_put_hello(&s->link, verb, name), what, S_WAIT);

	memset(&s->can, 0, sizeof s->can);
	if (next == S_FAILED)
		memcpy(s->link.error.property, "ehloName", sizeof "ehloName");
	return next;
}

/* --- enter: what a state sends, and the state after that --- */

static enum smtp_state
enter(email__smtp *s, enum smtp_state st)
{
	switch (st) {
	case S_EHLO: return hello(s, "EHLO", X_EHLO);
	case S_HELO: return hello(s, "HELO", X_HELO);
	case S_STARTTLS:
		return email__smtp_sent(s, email__smtp_put_verb(&s->link, "STARTTLS"), X_STARTTLS, S_WAIT);
	case S_AUTH: return email__smtp_sent(s, email__smtp_auth_command(s), X_AUTH, S_WAIT);
	case S_ANSWER: return email__smtp_sent(s, email__smtp_auth_answer(s), X_AUTH, S_WAIT);
	case S_CANCEL: return email__smtp_sent(s, email__smtp_put_verb(&s->link, "*"), X_CANCEL, S_WAIT);
	case S_READY:
		if (s->unwritten)
			return S_MAIL;
		return s->quit ? S_QUIT : S_READY;
	case S_MAIL: return email__smtp_write_mail(s);
	case S_RCPT: return email__smtp_write_rcpt(s);
	case S_DATA: return email__smtp_write_data(s);
	case S_BODY: return email__smtp_write_body(s);
	case S_CHUNK: return email__smtp_write_chunk(s);
	case S_OVER: return email__smtp_write_over(s);
	case S_BROKEN: return S_FAILED;
	case S_QUIT: return email__smtp_sent(s, email__smtp_put_verb(&s->link, "QUIT"), X_QUIT, S_WAIT);
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return st;
	}
	return S_FAILED;
}

enum hold { HOLD_NOT, HOLD_REPLY, HOLD_ROOM };

/* A flight that holds something already goes out before `need` would not fit behind it. */
static enum hold
room_for(const email__smtp *s, size_t need)
{
	return email__buf_left(&s->link.out) >= need || email__buf_len(&s->link.out) == 0 ? HOLD_NOT
	                                                                                  : HOLD_ROOM;
}

/* Must what this state sends wait? */
static enum hold
held(const email__smtp *s)
{
	bool full = s->can.pipelining ? s->expected == EMAIL__SMTP_WINDOW : s->expected > 0;

	switch (s->state) {
	case S_EHLO:
	case S_HELO:
	case S_STARTTLS:
	case S_AUTH:
	case S_ANSWER:
	case S_CANCEL: return HOLD_NOT;
	case S_READY: return s->unwritten || s->quit ? HOLD_NOT : HOLD_REPLY;
	case S_MAIL: return full ? HOLD_REPLY : room_for(s, email__smtp_whole_mail(s));
	case S_RCPT:
	case S_DATA:
	case S_QUIT: return full ? HOLD_REPLY : room_for(s, EMAIL__SMTP_COMMAND_ROOM);
	case S_CHUNK: return full ? HOLD_REPLY : room_for(s, EMAIL__SMTP_BODY_ROOM);
	case S_BODY: return room_for(s, EMAIL__SMTP_BODY_ROOM);
	case S_OVER: return HOLD_NOT;
	case S_BROKEN: return s->expected ? HOLD_REPLY : HOLD_NOT;
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return HOLD_REPLY;
	}
	return HOLD_REPLY;
}

/* --- reply: what a whole reply leads to --- */

enum smtp_state
email__smtp_torn(email__smtp *s, const char *what)
{
	return email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server answered %s with %d", what, s->reply.code);
}

static enum smtp_state
greeting(email__smtp *s)
{
	char words[200];

	if (s->reply.code == 220) {
		email__smtp_reply_words(&s->reply, words, sizeof words);
		email__smtp_ended(s, words);
		return S_EHLO;
	}
	if (s->reply.code >= 400)
		return email__smtp_fail_reply(s, EMAIL_OK, "the server does not serve this station");
	return email__smtp_torn(s, "the connection");
}

static enum smtp_state
needs_ehlo(email__smtp *s)
{
	email_code code = s->start_tls ? EMAIL_E_STARTTLS : EMAIL_E_MECHANISM;

	return email__smtp_fail_reply(s, code,
	                              s->start_tls ? "the server knows no EHLO, so it cannot start TLS"
	                                           : "the server knows no EHLO, so it takes no login");
}

static enum smtp_state
ehlo_reply(email__smtp *s)
{
	int code = s->reply.code;

	if (code == 500 || code == 502)
		return s->start_tls || s->credentials ? needs_ehlo(s) : S_HELO;
	if (code >= 400)
		return email__smtp_fail_reply(s, EMAIL_OK, "the server refused EHLO");
	if (code != 250)
		return email__smtp_torn(s, "EHLO");
	if (s->start_tls && !s->tls) {
		if (s->can.start_tls)
			return S_STARTTLS;
		s->link.stage = EMAIL_STAGE_STARTTLS;
		email__smtp_fail(s, EMAIL_E_STARTTLS, "the server does not offer STARTTLS");
		email__remedy(&s->link.error);
		return S_FAILED;
	}
	email__smtp_ended(s, s->can.text);
	return s->credentials ? email__smtp_login(s) : S_READY;
}

static enum smtp_state
starttls_reply(email__smtp *s)
{
	if (s->reply.code != 220)
		return email__smtp_fail_reply(s, EMAIL_E_STARTTLS, "the server refused to start TLS");
	/* RFC 3207 6: whoever put them there wants them read as if they came through TLS */
	if (email__buf_len(&s->link.in))
		return email__smtp_fail(s, EMAIL_E_STARTTLS,
		                        "bytes in the clear came behind the go-ahead for TLS");
	email__smtp_ended(s, "");
	return S_TLS;
}

static enum smtp_state
reply_to(email__smtp *s, enum smtp_expected what)
{
	switch (what) {
	case X_GREETING: return greeting(s);
	case X_EHLO: return ehlo_reply(s);
	case X_HELO:
		if (s->reply.code == 250) {
			email__smtp_ended(s, "");
			return S_READY;
		}
		return s->reply.code < 400 ? email__smtp_torn(s, "HELO")
		                           : email__smtp_fail_reply(s, EMAIL_OK, "the server refused HELO");
	case X_STARTTLS: return starttls_reply(s);
	case X_AUTH: return email__smtp_auth_reply(s);
	case X_CANCEL: return email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server's challenge makes no sense");
	case X_RSET:
		if (s->reply.code != 250)
			return email__smtp_torn(s, "RSET");
		return s->can.pipelining ? s->state : S_MAIL;
	case X_MAIL: return email__smtp_answer_mail(s, s->first);
	case X_RCPT: return email__smtp_answer_rcpt(s, s->first);
	case X_DATA: return email__smtp_answer_data(s, s->first);
	case X_END:
	case X_CHUNK:
	case X_LAST: return email__smtp_answer_end(s, s->first, what);
	case X_QUIT: return S_CLOSED; /* whatever it says */
	}
	return S_FAILED;
}

static const email_stage stage_of[] = {
	[X_GREETING] = EMAIL_STAGE_GREETING, [X_EHLO] = EMAIL_STAGE_CAPABILITIES,
	[X_HELO] = EMAIL_STAGE_CAPABILITIES, [X_STARTTLS] = EMAIL_STAGE_STARTTLS,
	[X_AUTH] = EMAIL_STAGE_AUTHENTICATE, [X_CANCEL] = EMAIL_STAGE_AUTHENTICATE,
	[X_RSET] = EMAIL_STAGE_ENVELOPE,     [X_MAIL] = EMAIL_STAGE_ENVELOPE,
	[X_RCPT] = EMAIL_STAGE_ENVELOPE,     [X_DATA] = EMAIL_STAGE_ENVELOPE,
	[X_END] = EMAIL_STAGE_DATA,          [X_CHUNK] = EMAIL_STAGE_DATA,
	[X_LAST] = EMAIL_STAGE_DATA,         [X_QUIT] = EMAIL_STAGE_NONE,
};

static enum smtp_state
reply(email__smtp *s)
{
	enum smtp_expected what = s->ring[s->head].what;
	email__smtp_mail *mail = what >= X_MAIL && what <= X_LAST ? s->first : NULL;
	enum smtp_state next;

	s->link.progress++;
	if (s->expected == 0 || s->link.sent - email__buf_len(&s->link.out) < s->ring[s->head].end) {
		if (s->reply.code == 421)
			return email__smtp_fail_reply(s, EMAIL_E_TEMPORARY, "the server ends the session");
		return email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server sent a reply to nothing: %d",
		                        s->reply.code);
	}
	s->link.stage = stage_of[what];
	s->head = (s->head + 1) % EMAIL__SMTP_WINDOW;
	s->expected--;
	s->ends -= what == X_END || what == X_LAST;
	if (mail)
		mail->unanswered--;
	next = s->reply.code == 421 && what != X_QUIT ? email__smtp_service_ends(s, what) : reply_to(s, what);
	if (mail && next != S_FAILED && (mail->state & MAIL_OVER) && mail->unanswered == 0)
		email__smtp_leave(s, mail);
	return next;
}

/* --- framing --- */

static enum smtp_state
unframed(email__smtp *s, email_code rc, const char *line, size_t n)
{
	char shown[80];

	email__printable(shown, sizeof shown, line, n);
	if (rc == EMAIL_E_LIMIT)
		email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server's reply is longer than any reply");
	else
		email__smtp_fail(s, EMAIL_E_PROTOCOL, "the server does not speak SMTP: \"%s\"", shown);
	if (s->link.stage == EMAIL_STAGE_GREETING)
		email__remedy_greeting(&s->link.error, "SMTP", (const unsigned char *)line, n);
	return S_FAILED;
}

/* One whole reply into s->reply: true. What is not whole stays in `in`. */
static bool
frame(email__smtp *s)
{
	email__buf *in = &s->link.in;

	while (email__buf_len(in)) {
		const char *first = (const char *)email__buf_head(in), *line;
		size_t held_now = email__buf_len(in), n;
		email_code rc = email__line_next(in, EMAIL__SMTP_LINE_MAX, &line, &n);
		bool ehlo = s->expected && s->ring[s->head].what == X_EHLO;

		if (rc == EMAIL_OK && !line) {
			/* a TLS alert has no end of line: waiting for it would only end in a timeout */
			if (s->link.stage != EMAIL_STAGE_GREETING || (first[0] >= ' ' && first[0] < 127))
				return false;
			rc = EMAIL_E_PROTOCOL;
		}
		if (rc == EMAIL_OK) {
			/* "334 " has base64 behind it that is for the mechanism */
			if (s->link.stage == EMAIL_STAGE_AUTHENTICATE && n > 4 && line[0] != '3')
				email__hide((char *)(uintptr_t)line + 4, n - 4,
				            email__credentials_secret(s->credentials));
			email__link_log(&s->link, 'S', line, n);
			rc = email__smtp_reply_line(&s->reply, line, n, s->can.enhanced);
		}
		if (rc) {
			go(s, unframed(s, rc, line ? line : first, line ? n : held_now));
			return false;
		}
		if (ehlo && s->reply.code == 250 && s->reply.lines > 1)
			email__smtp_capability(&s->can, s->reply.line, s->reply.line_len);
		if (s->reply.whole)
			return true;
	}
	return false;
}

/* --- the link --- */

static bool
hungry(const email__smtp *s)
{
	return s->can.pipelining && s->latest && !s->latest->last && email__smtp_ready(s);
}

/* A flight is over once all of it has left and nothing can be sent before a reply comes. */
static void
count_flight(email__smtp *s)
{
	if (!s->waiting || email__buf_len(&s->link.out) || s->link.sent == s->flight)
		return;
	s->link.flights++;
	s->flight = s->link.sent;
}

/* Says what is to come: wants, which wait, at which stage. */
static void
settle(email__smtp *s, enum hold hold)
{
	email__link *l = &s->link;
	bool idle = s->state == S_READY && s->expected == 0;

	if (s->state == S_FAILED || s->state == S_CLOSED || s->state == S_TLS) {
		l->want = s->state == S_TLS ? EMAIL__WANT_TLS : s->state == S_CLOSED ? EMAIL__WANT_CLOSE : 0;
		return;
	}
	l->want = idle ? EMAIL__WANT_CALLER : EMAIL__WANT_READ;
	if (email__buf_len(&l->out))
		l->want |= EMAIL__WANT_WRITE;
	if (hungry(s))
		l->want |= EMAIL__WANT_CALLER;
	l->stage = s->expected ? stage_of[s->ring[s->head].what] : idle ? EMAIL_STAGE_NONE : EMAIL_STAGE_DATA;
	l->wait = l->stage == EMAIL_STAGE_GREETING ? EMAIL__WAIT_GREETING
	          : s->ends                        ? EMAIL__WAIT_DATA
	                                           : EMAIL__WAIT_RESPONSE;
	if (idle)
		s->flight = UINT64_MAX; /* the caller may set `sent` to 0 between mails */
	s->waiting = s->expected && hold == HOLD_REPLY;
	count_flight(s);
}

static void
step(email__link *link)
{
	email__smtp *s = (email__smtp *)(void *)link;
	enum hold hold;

	count_flight(s);
	email__link_login_over(link);
	if (s->state == S_TLS && email__buf_len(&link->in))
		go(s, email__smtp_fail(s, EMAIL_E_STARTTLS,
		                       "bytes in the clear came behind the go-ahead for TLS"));
	while (s->state != S_FAILED && s->state != S_CLOSED && s->state != S_TLS && frame(s))
		go(s, reply(s));
	while ((hold = held(s)) == HOLD_NOT)
		go(s, enter(s, s->state));
	settle(s, hold);
}

static void
eof(email__link *link)
{
	email__smtp *s = (email__smtp *)(void *)link;
	bool quitting;

	step(link);
	if (s->state == S_FAILED || s->state == S_CLOSED)
		return;
	email__exchange_closed(&s->login, &link->error);
	quitting = s->expected == 1 && s->ring[s->head].what == X_QUIT;
	if (quitting)
		go(s, S_CLOSED);
	else
		go(s, email__smtp_fail(s, EMAIL_E_CLOSED, "the server closed the connection"));
	settle(s, HOLD_REPLY);
}

static void
tls_started(email__link *link)
{
	email__smtp *s = (email__smtp *)(void *)link;

	if (s->state != S_TLS)
		return;
	if (email__buf_len(&link->in))
		go(s, email__smtp_fail(s, EMAIL_E_STARTTLS,
		                       "bytes in the clear came behind the go-ahead for TLS"));
	s->tls = true;
	go(s, S_EHLO); /* RFC 3207 4.2: what was announced in the clear is forgotten */
	step(link);
}

/* --- public calls --- */

email__smtp *
email__smtp_new(const email__smtp_config *config)
{
	email__smtp *s = email__new(email__smtp);

	if (!s)
		return NULL;
	email__buf_init(&s->link.in, EMAIL__LINK_IN_MAX);
	email__buf_init(&s->link.out, EMAIL__LINK_OUT_MAX);
	s->ehlo_name = email__strdup(config->ehlo_name ? config->ehlo_name : "");
	s->wanted = config->mechanism ? email__strdup(config->mechanism) : NULL;
	if (!s->ehlo_name || (config->mechanism && !s->wanted) ||
	    email__buf_reserve(&s->link.in, EMAIL__LINK_IN_MAX) ||
	    email__buf_reserve(&s->link.out, EMAIL__LINK_OUT_MAX)) {
		email__smtp_free(s);
		return NULL;
	}
	s->credentials = config->credentials;
	s->start_tls = config->start_tls;
	s->tls = config->tls;
	s->allow_plaintext_login = config->allow_plaintext_login;
	s->link.step = step;
	s->link.eof = eof;
	s->link.tls_started = tls_started;
	email__smtp_auth_end(s);
	s->state = S_WAIT;
	email__smtp_expect(s, X_GREETING);
	settle(s, HOLD_REPLY);
	return s;
}

void
email__smtp_free(email__smtp *s)
{
	if (!s)
		return;
	email__smtp_auth_end(s);
	/* what a server was told it may have repeated */
	s->link.in.secret = s->link.out.secret = true;
	email__buf_dispose(&s->link.out);
	email__buf_dispose(&s->link.in);
	email__free(s->ehlo_name);
	email__free(s->wanted);
	email__free(s);
}

email__link *
email__smtp_link(email__smtp *s)
{
	return &s->link;
}

bool
email__smtp_ready(const email__smtp *s)
{
	bool session = s->state == S_READY || s->writing || s->unwritten;

	return session && !s->quit && s->state != S_BROKEN && s->mails < EMAIL__SMTP_MAILS_MAX;
}

email_code
email__smtp_send(email__smtp *s, email__smtp_mail *mail)
{
	email_code rc;

	if (!email__smtp_ready(s))
		return email__error_set(&mail->error, EMAIL_E_USAGE, EMAIL_STAGE_ENVELOPE,
		                        "the session takes no mail now");
	if ((rc = email__smtp_mail_check(mail, &s->can)))
		return mail->code = rc;
	email__smtp_mail_begin(mail);
	if (s->latest)
		s->latest->next = mail;
	if (!s->first)
		s->first = mail;
	if (!s->unwritten)
		s->unwritten = mail;
	s->latest = mail;
	s->mails++;
	return EMAIL_OK;
}

email__smtp_mail *
email__smtp_first(const email__smtp *s)
{
	return s->first;
}

void
email__smtp_quit(email__smtp *s)
{
	s->quit = true;
}

void
email__smtp_broken(email__smtp *s, const email_error *error)
{
	if (s->state == S_FAILED || s->state == S_CLOSED)
		return;
	if (s->link.error.code == EMAIL_OK)
		s->link.error = *error;
	go(s, S_FAILED);
	settle(s, HOLD_REPLY);
}

const char *
email__smtp_extensions(const email__smtp *s)
{
	return s->can.text;
}

bool
email__smtp_offers_8bitmime(const email__smtp *s)
{
	return s->can.eight_bit;
}

bool
email__smtp_offers_utf8(const email__smtp *s)
{
	return s->can.utf8;
}
