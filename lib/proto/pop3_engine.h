/* SPDX-License-Identifier: MIT */
/* What the files of the POP3 engine share. Nobody else includes this. */
#ifndef EMAIL__PROTO_POP3_ENGINE_H
#define EMAIL__PROTO_POP3_ENGINE_H

#include "base/limits.h"
#include "proto/pop3.h"
#include "proto/pop3_body.h"
#include "proto/pop3_capabilities.h"
#include "proto/pop3_command.h"
#include "proto/pop3_reply.h"
#include "sasl/exchange.h"

/* What is to be sent next. */
enum pop3_state {
	S_WAIT, /* nothing, before the next reply is there */
	S_CAPA,
	S_STLS,
	S_TLS, /* the driver makes the connection a TLS one */
	S_UTF8,
	S_AUTH,
	S_ANSWER, /* the response to a challenge */
	S_CANCEL,
	S_USER,
	S_PASS,
	S_READY, /* what is asked for, if anything */
	S_STAT,
	S_LIST,
	S_UIDL,
	S_FETCH,
	S_DELE,
	S_NOOP,
	S_QUIT,
	S_CLOSED,
	S_FAILED
};

/* What a reply in the queue answers. */
enum pop3_expected {
	X_GREETING,
	X_CAPA,
	X_STLS,
	X_UTF8,
	X_AUTH,
	X_CANCEL,
	X_USER,
	X_PASS,
	X_STAT,
	X_LIST,
	X_UIDL,
	X_FETCH,
	X_DELE,
	X_NOOP,
	X_QUIT
};

/* Commands of a list that are to be written, and answered. */
enum { LIST_STAT = 1, LIST_LIST = 2, LIST_UIDL = 4 };

struct email__pop3 {
	email__link link; /* first: a pointer to it is one to the engine */
	enum pop3_state state;

	struct {
		enum pop3_expected what;
		uint64_t end; /* where in link.sent the command ends: no reply comes before */
	} ring[EMAIL__POP3_WINDOW];
	unsigned head, expected;

	email__pop3_reply reply;
	email__pop3_capabilities can;

	char *wanted;
	const email__credentials *credentials;
	email__exchange login;

	email__mailbox_events events;
	struct {
		email__buf slots;               /* uint32_t for each message number, see pop3_list.c */
		uint32_t count;                 /* messages of LIST so far */
		unsigned unwritten, unanswered; /* LIST_... */
		bool uids;
		bool empty; /* STAT said so */
	} list;
	struct {
		const email__entry *entries;
		size_t n, asked, answered;
		uint64_t bytes;
		email__extent extent;
		email_code taken; /* what the caller said to its beginning or a piece; EMAIL_OK: go on */
		email__pop3_body body;
		bool begun; /* `begin` came, `end` did not */
	} fetch;
	struct {
		email__buf entries; /* const email__entry *, NULL for those that were refused */
		size_t n, asked, answered;
	} gone;
	uint64_t flight; /* link.sent when the last wait for a reply began */
	bool waiting;    /* for a reply, with nothing to send before it */
	bool filling;    /* half of the window is free, or was when this step began to write */
	bool lines;      /* the reply's status line was +OK, and lines up to a dot follow */
	bool body;       /* the same, of a message */
	bool start_tls, tls, allow_plaintext_login;
	bool logged_in;
	bool noop, quit; /* asked for */
};

/* Records the failure; to be returned as the next state. */
enum pop3_state email__pop3_fail(email__pop3 *p, email_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for an -ERR; `otherwise`: the code where the reply does not say by itself. */
enum pop3_state email__pop3_fail_reply(email__pop3 *p, email_code otherwise, const char *what);
/* Tells whoever watches that the stage ended well. */
void email__pop3_ended(email__pop3 *p, const char *detail);
/* One more reply is expected, after the command writer's rc; EMAIL_OK leads on to `next`. */
enum pop3_state email__pop3_sent(email__pop3 *p, email_code rc, enum pop3_expected what,
                                 enum pop3_state next);

/* pop3_session.c: what the replies lead to; bytes came behind the go-ahead for TLS. */
enum pop3_state email__pop3_answer_greeting(email__pop3 *p);
enum pop3_state email__pop3_answer_capa(email__pop3 *p);
enum pop3_state email__pop3_answer_stls(email__pop3 *p);
enum pop3_state email__pop3_answer_quit(email__pop3 *p);
enum pop3_state email__pop3_in_the_clear(email__pop3 *p);

/* pop3_auth.c: how to log in is chosen; what the login's states send, and their replies lead to. */
enum pop3_state email__pop3_login(email__pop3 *p);
enum pop3_state email__pop3_write_login(email__pop3 *p, enum pop3_state st);
enum pop3_state email__pop3_answer_auth(email__pop3 *p);
enum pop3_state email__pop3_answer_user(email__pop3 *p);
enum pop3_state email__pop3_answer_pass(email__pop3 *p);

/* pop3_list.c: a line of LIST or UIDL came: EMAIL_OK, or what ends the session; the replies, whole. */
email_code email__pop3_listed(email__pop3 *p, enum pop3_expected what, const char *line, size_t n);
enum pop3_state email__pop3_answer_stat(email__pop3 *p);
enum pop3_state email__pop3_answer_list(email__pop3 *p);
enum pop3_state email__pop3_answer_uidl(email__pop3 *p);
void email__pop3_list_end(email__pop3 *p);

/* pop3_fetch.c: messages, and what becomes of them. */
enum pop3_state email__pop3_write_fetch(email__pop3 *p);
enum pop3_state email__pop3_write_dele(email__pop3 *p);
/* +OK came: a message follows. Pieces of it; EMAIL_E_CANCELLED ends the session. */
email_code email__pop3_body_begins(email__pop3 *p);
email_code email__pop3_body_comes(email__pop3 *p);
enum pop3_state email__pop3_answer_fetch(email__pop3 *p);
enum pop3_state email__pop3_answer_dele(email__pop3 *p);
/* QUIT was answered with yes: what was deleted is. Or the session ended with this code before. */
void email__pop3_committed(email__pop3 *p);
void email__pop3_lost(email__pop3 *p, email_code code);
/* Messages whose deletion waits for QUIT. */
bool email__pop3_uncommitted(const email__pop3 *p);

#endif
