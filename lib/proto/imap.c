/* SPDX-License-Identifier: MIT */
/*
 * IMAP, the client's side (RFC 3501, RFC 9051). The session:
 *
 *     greeting -> [CAPABILITY] -> [STARTTLS -> TLS -> CAPABILITY] -> AUTHENTICATE | LOGIN -> [CAPABILITY]
 *        \-> PREAUTH --------------------------------------------------------------------------^  |
 *                  CLOSED <- LOGOUT <- READY <-> list, fetch, settle, IDLE <- SELECT <- [ID, ENABLE]
 *
 * CAPABILITY is asked for only where the server has not told it by itself. In READY each of
 *
 *     list      [NOOP >] UID SEARCH > UID FETCH.. UID SEARCH > ..  imap_list.c
 *     fetch     UID FETCH.. >                                  imap_fetch.c
 *     settle    UID STORE, UID EXPUNGE > | UID MOVE > | ..     imap_settle.c
 *
 * writes its next command whenever it has one, so that settle's go behind a fetch that still runs.
 *
 * `state` says what is to be sent next, the ring what the tagged responses to come will answer. Invariants:
 * a tagged response has the tag of one in the ring, not always the first (RFC 3501 5.5; Dovecot keeps the yes to
 * FETCH and STORE back until it is through with what came behind them), but data come in the order in which they
 * were asked for; what cannot be told apart without that (a login, STARTTLS, IDLE, two searches) is never asked
 * for beside another; no response is taken before its command has left `out`, so what was sent early is an error;
 * untagged responses may come at any time, and count only where something waits for them; `s->state` is written
 * by go() alone.
 */
#include "proto/imap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/hide.h"
#include "proto/imap_engine.h"
#include "proto/remedy.h"

/* --- limits --- */

/* `in` while nothing but short responses is to come. */
#define IN_SMALL EMAIL__LINK_IN_MAX
/* And while bodies are: a system call for each 16 kB is a tenth of what a large message takes from a near server. */
#define IN_BODIES (64 * 1024)
/* So many bytes of a body are progress. */
#define FLOW 16384
/* What makes the longest response fit: its end, and some of the next. */
#define IN_MOST (EMAIL__IMAP_LINE_MAX + 1024)
/* `out` at the start; a login and long sets make it grow. */
#define OUT_SMALL 1024

/* --- failing --- */

enum imap_state
email__imap_fail(email__imap *s, email_code code, const char *format, ...)
{
	char text[sizeof s->link.error.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	email__error_set(&s->link.error, code, s->link.stage, "%s", text);
	return S_FAILED;
}

enum imap_state
email__imap_fail_response(email__imap *s, email_code otherwise, const char *what)
{
	email__imap_response_error(&s->response, &s->link.error, otherwise, s->link.stage, what);
	return S_FAILED;
}

void
email__imap_ended(email__imap *s, const char *detail)
{
	if (s->link.ended)
		s->link.ended(s->link.ended_context, s->link.stage, detail);
}

email_code
email__imap_refusal(email__imap *s)
{
	email__imap_response_words(&s->response, s->words, sizeof s->words);
	return email__imap_response_code(&s->response, EMAIL_E_REFUSED);
}

/* All that is outstanding gets its end; secrets go; what was not written never will be. */
static void
bury(email__imap *s)
{
	s->expected = 0;
	email__buf_clear(&s->link.out);
	email__imap_auth_end(s);
	email__imap_list_end(s);
	email__imap_fetch_broken(s);
	email__imap_settle_broken(s);
	s->wait = s->idling = s->poll = false;
}

static void
go(email__imap *s, enum imap_state next)
{
	if (s->state == S_FAILED)
		return;
	s->state = next;
	if (next == S_FAILED)
		bury(s);
}

/* --- output helpers --- */

static enum imap_state
verb(email__imap *s, const char *word, enum imap_expected what, enum imap_state next)
{
	return email__imap_sent(s, email__imap_put_verb(&s->link, email__imap_tag(s), word), what, next);
}

/* A line without tag goes with the command that the head of the ring stands for. */
static enum imap_state
line(email__imap *s, const char *text, enum imap_expected what, enum imap_state next)
{
	email_code rc = email__imap_put_line(&s->link, text);

	if (rc)
		return email__imap_fail(s, rc, "a command could not be written: %s", email_code_text(rc));
	s->ring[s->head].what = what;
	s->ring[s->head].end = s->link.sent;
	return next;
}

/* --- enter: what a state sends, and the state after that --- */

/* The jobs of READY. */
enum job { J_NONE, J_LIST, J_FETCH, J_SETTLE, J_POLL, J_IDLE, J_DONE, J_LOGOUT };

static enum job
job(const email__imap *s)
{
	bool busy = s->expected || s->settle.count;

	if (s->expected && s->ring[s->head].what == X_IDLE)
		return s->idling && s->wake && !s->done_sent ? J_DONE : J_NONE;
	if (email__imap_list_due(s))
		return J_LIST;
	if (email__imap_fetch_due(s))
		return J_FETCH;
	if (email__imap_settle_due(s))
		return J_SETTLE;
	if (s->poll && !busy)
		return J_POLL;
	if (s->wait && !busy)
		return J_IDLE;
	return s->quit && !busy ? J_LOGOUT : J_NONE;
}

static enum imap_state
work(email__imap *s)
{
	switch (job(s)) {
	case J_LIST: return email__imap_list_write(s);
	case J_FETCH: return email__imap_fetch_write(s);
	case J_SETTLE: return email__imap_settle_write(s);
	case J_POLL: return verb(s, "NOOP", X_NOOP, S_READY);
	case J_IDLE: return verb(s, "IDLE", X_IDLE, S_READY);
	case J_DONE: s->done_sent = true; return line(s, "DONE", X_IDLE, S_READY);
	case J_LOGOUT: return verb(s, "LOGOUT", X_LOGOUT, S_WAIT);
	case J_NONE: break;
	}
	return S_READY;
}

static enum imap_state
enter(email__imap *s, enum imap_state st)
{
	switch (st) {
	case S_CAPABILITY: return verb(s, "CAPABILITY", X_CAPABILITY, S_WAIT);
	case S_STARTTLS: return verb(s, "STARTTLS", X_STARTTLS, S_WAIT);
	case S_AUTH: return email__imap_write_auth(s);
	case S_LOGIN: return email__imap_write_login(s);
	case S_ANSWER: return email__imap_write_answer(s);
	case S_REST: return email__imap_write_rest(s);
	case S_CANCEL: return line(s, "*", X_CANCEL, S_WAIT);
	case S_HELLO: return email__imap_write_hello(s);
	case S_FOLDER: return email__imap_write_folder(s);
	case S_READY: return work(s);
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return st;
	}
	return S_FAILED;
}

enum hold { HOLD_NOT, HOLD_REPLY, HOLD_ROOM };

/* Must what this state sends wait? */
static enum hold
held(const email__imap *s)
{
	switch (s->state) {
	case S_CAPABILITY:
	case S_STARTTLS:
	case S_AUTH:
	case S_LOGIN:
	case S_ANSWER:
	case S_REST:
	case S_CANCEL:
	case S_HELLO:
	case S_FOLDER: return HOLD_NOT;
	case S_READY:
		if (job(s) == J_NONE || s->expected == EMAIL__IMAP_COMMANDS)
			return HOLD_REPLY;
		return email__buf_left(&s->link.out) < EMAIL__IMAP_COMMAND_ROOM ? HOLD_ROOM : HOLD_NOT;
	case S_WAIT:
	case S_TLS:
	case S_CLOSED:
	case S_FAILED: return HOLD_REPLY;
	}
	return HOLD_REPLY;
}

/* --- framing --- */

static void
unframed(email__imap *s, email_code rc, const char *text, size_t n)
{
	char shown[80];

	email__printable(shown, sizeof shown, text, n);
	if (rc == EMAIL_E_LIMIT)
		email__imap_fail(s, EMAIL_E_PROTOCOL, "the server's response is longer than any response");
	else
		email__imap_fail(s, EMAIL_E_PROTOCOL, "the server does not speak IMAP: \"%s\"", shown);
}

/* The transcript: bodies are counted, never shown, quoted ones neither. */
static void
log_piece(email__imap *s, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i + 2 < n && n > 9 && text[0] == '*'; i++)
		if ((text[i] == ']' || text[i] == '>') && text[i + 1] == ' ' && text[i + 2] == '"')
			n = i + 2;
	email__link_log(&s->link, 'S', text, n);
}

/* The words of a status response, which are for people alone. */
static void
hide_secret(email__imap *s, const char *text, size_t n)
{
	const char *space = memchr(text, ' ', n);
	email__imap_response r;

	if (s->link.stage == EMAIL_STAGE_AUTHENTICATE && space && text[0] != '+' &&
	    email__imap_response_read(&r, space + 1, n - (size_t)(space + 1 - text)) != EMAIL__IMAP_NONE)
		email__hide((char *)(uintptr_t)r.text, r.text_len, email__credentials_secret(s->credentials));
}

/* What is there of a literal. */
static enum imap_state
stream(email__imap *s)
{
	const char *bytes;
	size_t n = email__imap_frame_body(&s->frame, &s->link.in, &bytes);
	char text[48];

	/* a body keeps its deadline as long as it flows: 1 kB/s within the usual minute */
	s->streamed += n;
	if (s->streamed >= FLOW) {
		s->streamed = 0;
		s->link.progress++;
	}
	if (s->link.log) {
		snprintf(text, sizeof text, "(%zu bytes of message)", n);
		email__link_log(&s->link, 'S', text, strlen(text));
	}
	return email__imap_fetch_data(s, bytes, n);
}

/* Where a response does not fit into `in` there is more room for it, up to the longest. */
static void
widen(email__imap *s)
{
	email__buf *in = &s->link.in;

	if (email__buf_left(in) == 0 && in->max < IN_MOST)
		in->max = in->max > IN_MOST / 2 ? IN_MOST : in->max * 2;
}

/* All that is there: true while there may be more. */
static bool
take(email__imap *s)
{
	email__buf *in = &s->link.in;
	email__imap_piece what;
	const char *text, *front;
	bool first = !s->frame.inside;
	size_t n, held_now = email__buf_len(in);
	email_code rc;

	if (held_now == 0)
		return false;
	front = (const char *)email__buf_head(in);
	if (s->frame.literal) {
		go(s, stream(s));
		return true;
	}
	rc = email__imap_frame_next(&s->frame, in, &what, &text, &n);
	if (rc == EMAIL_OK && what == EMAIL__IMAP_MORE) {
		/* a TLS alert has no end of line: waiting for it would only end in a timeout */
		if (s->link.stage == EMAIL_STAGE_GREETING && (front[0] < ' ' || front[0] > '~'))
			rc = EMAIL_E_PROTOCOL;
		else {
			widen(s);
			return false;
		}
	}
	if (rc) {
		unframed(s, rc, front, held_now);
	} else {
		hide_secret(s, text, n);
		if (s->link.log)
			log_piece(s, text, n);
		go(s, email__imap_take_piece(s, text, n, first));
		front = text;
		held_now = n;
	}
	if (s->link.error.code == EMAIL_E_PROTOCOL && s->link.stage == EMAIL_STAGE_GREETING &&
	    front[0] != '*')
		email__remedy_greeting(&s->link.error, "IMAP", (const unsigned char *)front, held_now);
	if (rc)
		go(s, S_FAILED);
	return true;
}

/* --- the link --- */

static bool
idle(const email__imap *s)
{
	return s->state == S_READY && s->expected == 0 && !s->list.on && s->fetch.count == 0 &&
	       s->settle.count == 0 && !s->wait && !s->poll && !s->quit;
}

/* A flight is over once all of it has left and nothing can be sent before a response comes. */
static void
count_flight(email__imap *s)
{
	if (!s->waiting || email__buf_len(&s->link.out) || s->link.sent == s->flight)
		return;
	s->link.flights++;
	s->flight = s->link.sent;
}

/* A buffer that grew gives its memory back once nothing is in it. It grows again if need be. */
static void
shrink(email__buf *b, size_t max, size_t least)
{
	if (email__buf_len(b) || (b->cap <= least && b->max == max))
		return;
	if (b->cap > least) {
		email__buf_dispose(b);
		email__buf_reserve(b, least);
	}
	b->max = max;
}

/* The buffers for what is to come: small ones while the connection rests. */
static void
fit_buffers(email__imap *s)
{
	if (s->fetch.count && s->link.in.max < IN_BODIES)
		s->link.in.max = IN_BODIES;
	if (!idle(s) && !s->idling)
		return;
	shrink(&s->link.in, IN_SMALL, IN_SMALL);
	shrink(&s->link.out, EMAIL__LINK_OUT_MAX, OUT_SMALL);
}

/* Says what is to come: wants, which wait, at which stage. */
static void
settle(email__imap *s, enum hold hold)
{
	email__link *l = &s->link;

	if (s->state == S_FAILED || s->state == S_CLOSED || s->state == S_TLS) {
		l->want = s->state == S_TLS ? EMAIL__WANT_TLS : s->state == S_CLOSED ? EMAIL__WANT_CLOSE : 0;
		return;
	}
	l->want = idle(s) ? EMAIL__WANT_CALLER : EMAIL__WANT_READ;
	if (s->idling && !s->done_sent)
		l->want |= EMAIL__WANT_CALLER;
	if (email__buf_len(&l->out))
		l->want |= EMAIL__WANT_WRITE;
	l->stage = s->expected ? email__imap_stage(s->ring[s->head].what) : EMAIL_STAGE_NONE;
	l->wait = l->stage == EMAIL_STAGE_GREETING ? EMAIL__WAIT_GREETING
	          : s->idling && !s->done_sent     ? EMAIL__WAIT_NEWS
	          : s->frame.literal               ? EMAIL__WAIT_BODY
	                                           : EMAIL__WAIT_RESPONSE;
	if (idle(s))
		s->flight = UINT64_MAX; /* the caller may set `sent` to 0 between its wishes */
	s->waiting = s->expected && hold == HOLD_REPLY;
	count_flight(s);
	fit_buffers(s);
}

static void
step(email__link *link)
{
	email__imap *s = (email__imap *)(void *)link;
	enum hold hold;

	count_flight(s);
	email__link_login_over(link);
	if (s->state == S_TLS && email__buf_len(&link->in))
		go(s, email__imap_fail(s, EMAIL_E_STARTTLS,
		                       "bytes in the clear came behind the go-ahead for TLS"));
	while (s->state != S_FAILED && s->state != S_CLOSED && s->state != S_TLS && take(s))
		;
	while ((hold = held(s)) == HOLD_NOT)
		go(s, enter(s, s->state));
	settle(s, hold);
}

static void
eof(email__link *link)
{
	email__imap *s = (email__imap *)(void *)link;

	step(link);
	if (s->state == S_FAILED || s->state == S_CLOSED)
		return;
	email__exchange_closed(&s->login, &link->error);
	if (s->expected && s->ring[s->head].what == X_LOGOUT)
		go(s, S_CLOSED);
	else
		go(s, email__imap_fail(s, EMAIL_E_CLOSED, "the server closed the connection"));
	settle(s, HOLD_REPLY);
}

static void
tls_started(email__link *link)
{
	email__imap *s = (email__imap *)(void *)link;

	if (s->state != S_TLS)
		return;
	if (email__buf_len(&link->in))
		go(s, email__imap_fail(s, EMAIL_E_STARTTLS,
		                       "bytes in the clear came behind the go-ahead for TLS"));
	s->tls = true;
	memset(&s->can, 0, sizeof s->can); /* RFC 3501 6.2.1: what was announced in the clear is forgotten */
	s->alert[0] = s->words[0] = '\0';
	go(s, S_CAPABILITY);
	step(link);
}

/* --- public calls --- */

static char *
copy(const char *text)
{
	return email__strdup(text ? text : "");
}

email__imap *
email__imap_new(const email__imap_config *config)
{
	email__imap *s = email__new(email__imap);

	if (!s)
		return NULL;
	email__buf_init(&s->link.in, IN_SMALL);
	email__buf_init(&s->link.out, EMAIL__LINK_OUT_MAX);
	email__exchange_init(&s->login);
	s->wanted = config->mechanism ? copy(config->mechanism) : NULL;
	s->folder_name = copy(config->folder);
	s->processed = copy(config->processed);
	if (!s->folder_name || !s->processed || (config->mechanism && !s->wanted) ||
	    email__buf_reserve(&s->link.in, IN_SMALL) || email__buf_reserve(&s->link.out, OUT_SMALL)) {
		email__imap_free(s);
		return NULL;
	}
	s->credentials = config->credentials;
	s->start_tls = config->start_tls;
	s->tls = config->tls;
	s->allow_plaintext_login = config->allow_plaintext_login;
	s->read_only = config->read_only;
	s->events = config->events;
	s->link.step = step;
	s->link.eof = eof;
	s->link.tls_started = tls_started;
	email__imap_auth_end(s);
	s->state = S_WAIT;
	email__imap_expect(s, X_GREETING);
	s->tag = 0;
	settle(s, HOLD_REPLY);
	return s;
}

void
email__imap_free(email__imap *s)
{
	if (!s)
		return;
	email__imap_auth_end(s);
	email__imap_list_end(s);
	email__imap_fetch_end(s);
	/* what a server was told it may have repeated */
	s->link.in.secret = s->link.out.secret = true;
	email__buf_dispose(&s->link.out);
	email__buf_dispose(&s->link.in);
	email__free(s->settle.wishes);
	email__free(s->wanted);
	email__free(s->folder_name);
	email__free(s->processed);
	email__free(s);
}

email__link *
email__imap_link(email__imap *s)
{
	return &s->link;
}

bool
email__imap_ready(const email__imap *s)
{
	return idle(s) && s->folder.open;
}

uint32_t
email__imap_uidvalidity(const email__imap *s)
{
	return s->folder.validity;
}

uint32_t
email__imap_count(const email__imap *s)
{
	return s->folder.exists;
}

void
email__imap_quit(email__imap *s)
{
	s->quit = true;
	email__imap_wake(s);
}

void
email__imap_broken(email__imap *s, const email_error *error)
{
	if (s->state == S_FAILED || s->state == S_CLOSED)
		return;
	if (s->link.error.code == EMAIL_OK)
		s->link.error = *error;
	go(s, S_FAILED);
	settle(s, HOLD_REPLY);
}

const char *
email__imap_extensions(const email__imap *s)
{
	return s->can.text;
}

bool
email__imap_offers_idle(const email__imap *s)
{
	return s->can.idle;
}

const char *
email__imap_words(const email__imap *s)
{
	return s->words;
}

const char *
email__imap_alert(const email__imap *s)
{
	return s->alert;
}
