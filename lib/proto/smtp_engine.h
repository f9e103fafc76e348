/* SPDX-License-Identifier: MIT */
/* What the files of the SMTP engine share. Nobody else includes this. */
#ifndef EMAIL__PROTO_SMTP_ENGINE_H
#define EMAIL__PROTO_SMTP_ENGINE_H

#include "base/limits.h"
#include "proto/smtp.h"
#include "proto/smtp_capabilities.h"
#include "proto/smtp_command.h"
#include "proto/smtp_data.h"
#include "proto/smtp_reply.h"
#include "sasl/exchange.h"

/* Mails in the engine at a time: four replies each fill the window. */
#define EMAIL__SMTP_MAILS_MAX (EMAIL__SMTP_WINDOW / 4)

/* Body is written into no less room than this: what is left of a flight goes out first. */
#define EMAIL__SMTP_BODY_ROOM 512

/* What is to be sent next. */
enum smtp_state {
	S_WAIT, /* nothing, before the next reply is there */
	S_EHLO,
	S_HELO,
	S_STARTTLS,
	S_TLS, /* the driver makes the connection a TLS one */
	S_AUTH,
	S_ANSWER, /* the response to a challenge */
	S_CANCEL,
	S_READY, /* nothing: no mail is being written */
	S_MAIL,
	S_RCPT,
	S_DATA,
	S_BODY,
	S_CHUNK,
	S_OVER,   /* nothing more of this mail */
	S_BROKEN, /* nothing more at all: ends once the replies outstanding are there */
	S_QUIT,
	S_CLOSED,
	S_FAILED
};

/* What a reply in the queue answers. */
enum smtp_expected {
	X_GREETING,
	X_EHLO,
	X_HELO,
	X_STARTTLS,
	X_AUTH,
	X_CANCEL,
	X_RSET,
	X_MAIL,
	X_RCPT,
	X_DATA,
	X_END,   /* the dot */
	X_CHUNK, /* BDAT */
	X_LAST,  /* BDAT LAST */
	X_QUIT
};

/* Bits of mail->state. */
enum {
	MAIL_BEGUN = 1,   /* its MAIL command was written */
	MAIL_ENDED = 2,   /* the end of its data was written */
	MAIL_OVER = 4,    /* no command of it will be written any more */
	MAIL_REFUSED = 8, /* as a whole: mail->error has the reply */
	MAIL_TAKEN = 16   /* the server took the data for the accepted recipients */
};

struct email__smtp {
	email__link link; /* first: a pointer to it is one to the engine */
	enum smtp_state state;

	struct {
		enum smtp_expected what;
		uint64_t end; /* where in link.sent the command ends: no reply comes before */
	} ring[EMAIL__SMTP_WINDOW];
	unsigned head, expected, ends; /* `ends`: those of them that end a mail's data */

	email__smtp_reply reply;
	email__smtp_capabilities can;

	char *ehlo_name, *wanted;
	const email__credentials *credentials;
	bool start_tls, tls, allow_plaintext_login;

	email__exchange login;

	email__smtp_mail *first, *latest; /* all mails in the engine, in order */
	email__smtp_mail *writing;        /* the one being written */
	email__smtp_mail *unwritten;      /* the first one not begun */
	unsigned mails;
	email__smtp_data data;
	bool open;       /* the server may hold a transaction that must be reset before the next MAIL */
	bool quit;       /* asked for */
	bool waiting;    /* for a reply, with nothing to send before it */
	uint64_t flight; /* link.sent when the last such wait began */
};

/* Records the failure; to be returned as the next state. */
enum smtp_state email__smtp_fail(email__smtp *s, email_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a reply that says no; code EMAIL_OK: by its class. */
enum smtp_state email__smtp_fail_reply(email__smtp *s, email_code code, const char *what);

enum smtp_state email__smtp_torn(email__smtp *s, const char *what);
/* Tells whoever watches that the stage ended well. */
void email__smtp_ended(email__smtp *s, const char *detail);
/* One more reply is expected: to the command that `out` ends in. */
void email__smtp_expect(email__smtp *s, enum smtp_expected what);
/* The same, after the command writer's rc; EMAIL_OK leads on to `next`. */
enum smtp_state email__smtp_sent(email__smtp *s, email_code rc, enum smtp_expected what,
                                 enum smtp_state next);

/* A flight that holds everything, the end of the message too, asks for replies that can be told apart: with status
 * codes (RFC 2034) one too many is noticed. Without, the 354 of DATA is the mark. */
static inline bool
email__smtp_chunking(const email__smtp *s)
{
	return s->can.chunking && s->can.pipelining && s->can.enhanced;
}

/* smtp_transaction.c: the room that the next mail takes in a flight, so that a small one goes in one write. */
size_t email__smtp_whole_mail(const email__smtp *s);
/* What a state of a mail sends, and the state after it. */
enum smtp_state email__smtp_write_mail(email__smtp *s);
enum smtp_state email__smtp_write_rcpt(email__smtp *s);
enum smtp_state email__smtp_write_data(email__smtp *s);
enum smtp_state email__smtp_write_body(email__smtp *s);
enum smtp_state email__smtp_write_chunk(email__smtp *s);
enum smtp_state email__smtp_write_over(email__smtp *s);
/* What the replies to a mail's commands lead to. */
enum smtp_state email__smtp_answer_mail(email__smtp *s, email__smtp_mail *mail);
enum smtp_state email__smtp_answer_rcpt(email__smtp *s, email__smtp_mail *mail);
enum smtp_state email__smtp_answer_data(email__smtp *s, email__smtp_mail *mail);
enum smtp_state email__smtp_answer_end(email__smtp *s, email__smtp_mail *mail, enum smtp_expected what);
/* 421 came instead of the answer. */
enum smtp_state email__smtp_service_ends(email__smtp *s, enum smtp_expected what);
/* The mail is done: it leaves the engine. */
void email__smtp_leave(email__smtp *s, email__smtp_mail *mail);

/* smtp_auth.c: the mechanism is chosen and the first response made; what the reply to AUTH leads to. */
enum smtp_state email__smtp_login(email__smtp *s);
email_code email__smtp_auth_command(email__smtp *s);
email_code email__smtp_auth_answer(email__smtp *s);
enum smtp_state email__smtp_auth_reply(email__smtp *s);
void email__smtp_auth_end(email__smtp *s);

/* smtp_outcome.c */
/* May this mail be sent here at all? The code, and mail->error. */
email_code email__smtp_mail_check(email__smtp_mail *mail, const email__smtp_capabilities *can);
void email__smtp_mail_begin(email__smtp_mail *mail);
/* The reply to MAIL, DATA or BDAT said no, or the one to RCPT came. */
void email__smtp_mail_refused(email__smtp_mail *mail, const email__smtp_reply *r, email_stage stage);
void email__smtp_mail_rcpt(email__smtp_mail *mail, const email__smtp_reply *r);
/* All replies are there; `r` is the last one. */
void email__smtp_mail_done(email__smtp_mail *mail, const email__smtp_reply *r);
/* The session ended before; `gone`: how much of link.sent left the engine. */
void email__smtp_mail_broken(email__smtp_mail *mail, const email_error *error, uint64_t gone);

#endif
