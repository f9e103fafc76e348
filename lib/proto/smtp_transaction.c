/* SPDX-License-Identifier: MIT */
/*
 * One mail on its way: what its commands send, and what their replies lead to. The writer (`writing`)
 * runs ahead of the replies where the server pipelines; see smtp.c for the whole.
 */
#include <string.h>

#include "base/error.h"
#include "proto/smtp_engine.h"

/* --- limits --- */

/* Envelope of a usual mail: whether it and its body still fit into the flight. */
#define ENVELOPE_ROOM 256

/* --- commands and data --- */

/* What a whole small mail takes: envelope and body go in one write. */
size_t
email__smtp_whole_mail(const email__smtp *s)
{
	uint64_t need = s->unwritten->size + ENVELOPE_ROOM + EMAIL__SMTP_BODY_ROOM;

	return email__smtp_chunking(s) && need < EMAIL__LINK_OUT_MAX && need > EMAIL__SMTP_COMMAND_ROOM
	               ? (size_t)need
	               : EMAIL__SMTP_COMMAND_ROOM;
}

/* After a command: on with `next` where the server pipelines, else its reply decides. */
static enum smtp_state
then(const email__smtp *s, enum smtp_state next)
{
	return s->can.pipelining ? next : S_WAIT;
}

/* Where the server may still hold the last mail's transaction it is told to drop it, in the same flight. */
enum smtp_state
email__smtp_write_mail(email__smtp *s)
{
	email__smtp_mail *mail = s->unwritten;

	if (s->open) {
		s->open = false;
		return email__smtp_sent(s, email__smtp_put_verb(&s->link, "RSET"), X_RSET, then(s, S_MAIL));
	}
	s->writing = mail;
	s->unwritten = mail->next;
	s->open = true;
	mail->state |= MAIL_BEGUN;
	email__smtp_data_start(&s->data, !email__smtp_chunking(s));
	return email__smtp_sent(s, email__smtp_put_mail(&s->link, mail, &s->can), X_MAIL, then(s, S_RCPT));
}

static enum smtp_state
after_rcpt(const email__smtp *s)
{
	return s->writing->asked < s->writing->count ? S_RCPT : email__smtp_chunking(s) ? S_CHUNK : S_DATA;
}

enum smtp_state
email__smtp_write_rcpt(email__smtp *s)
{
	email__smtp_mail *mail = s->writing;
	const char *address;
	email_code rc;

	if (mail->state & MAIL_REFUSED)
		return S_OVER;
	address = mail->recipients[mail->asked++].address;
	rc = email__smtp_put_rcpt(&s->link, address, mail, &s->can);
	return email__smtp_sent(s, rc, X_RCPT, then(s, after_rcpt(s)));
}

/* Is it known already that nobody gets this mail? */
static bool
hopeless(const email__smtp_mail *mail)
{
	return (mail->state & MAIL_REFUSED) || (mail->answered == mail->count && mail->accepted == 0);
}

enum smtp_state
email__smtp_write_data(email__smtp *s)
{
	if (hopeless(s->writing))
		return S_OVER;
	return email__smtp_sent(s, email__smtp_put_verb(&s->link, "DATA"), X_DATA, S_WAIT);
}

/* The source failed: no end of data, nothing more on this connection, nothing delivered. */
static enum smtp_state
source_failed(email__smtp *s, email_code rc)
{
	email__smtp_mail *mail = s->writing;

	email__error_set(&mail->error, rc, EMAIL_STAGE_DATA, "the message could not be read to its end: %s",
	                 email_code_text(rc));
	/* the mails behind it are not to blame: they can be sent in another session */
	email__error_set(&s->link.error, EMAIL_E_CLOSED, EMAIL_STAGE_DATA,
	                 "the session was ended, since a message could not be read to its end");
	return S_BROKEN;
}

/* The data have their end: from here on the mail may be delivered. */
static enum smtp_state
data_ended(email__smtp *s, enum smtp_expected what)
{
	s->writing->state |= MAIL_ENDED;
	s->writing->end = s->link.sent;
	email__smtp_expect(s, what);
	return S_OVER;
}

enum smtp_state
email__smtp_write_body(email__smtp *s)
{
	size_t room = email__buf_left(&s->link.out), used;
	unsigned char *p = email__buf_room(&s->link.out, room);
	email_code rc = EMAIL_OK;

	/* RFC 2920 3.1: a 354 although no recipient was accepted is answered with the dot alone */
	if (hopeless(s->writing))
		used = email__smtp_data_end(&s->data, p);
	else
		rc = email__smtp_data_fill(&s->data, &s->writing->source, p, room, &used);
	if (rc)
		return source_failed(s, rc);
	email__smtp_put_body(&s->link, used);
	if (!s->data.ended)
		return S_BODY;
	s->open = false; /* RFC 5321 4.1.1.4: the end of the data clears the transaction */
	return data_ended(s, X_END);
}

/* Body first, then BDAT in front of it: its size is not known before (RFC 3030). */
enum smtp_state
email__smtp_write_chunk(email__smtp *s)
{
	size_t room = email__buf_left(&s->link.out), used;
	unsigned char *p = email__buf_room(&s->link.out, room);
	email_code rc;

	if (hopeless(s->writing))
		return S_OVER;
	rc = email__smtp_data_fill(&s->data, &s->writing->source, p + EMAIL__SMTP_CHUNK_HEAD,
	                           room - EMAIL__SMTP_CHUNK_HEAD, &used);
	if (rc)
		return source_failed(s, rc);
	email__smtp_put_chunk(&s->link, used, s->data.ended);
	if (s->data.ended)
		return data_ended(s, X_LAST);
	email__smtp_expect(s, X_CHUNK);
	return S_CHUNK;
}

void
email__smtp_leave(email__smtp *s, email__smtp_mail *mail)
{
	s->first = mail->next;
	if (s->latest == mail)
		s->latest = NULL;
	s->mails--;
	email__smtp_mail_done(mail, &s->reply);
}

enum smtp_state
email__smtp_write_over(email__smtp *s)
{
	email__smtp_mail *mail = s->writing;

	mail->state |= MAIL_OVER;
	s->writing = NULL;
	if (mail->unanswered == 0)
		email__smtp_leave(s, mail);
	return S_READY;
}

/* --- replies --- */

/* RFC 5321 4.2: yes is 2yz; these three answer other commands, and here mean that the dialogue is torn. */
static bool
yes(int code)
{
	return code / 100 == 2 && code != 220 && code != 221 && code != 235;
}

/* RFC 3463 3.2: X.1.Y speaks of an address, so it answers MAIL or RCPT. In the place of an answer to the data it
 * tells that the server has said one thing too many before, and that the data's own answer is still to come. */
static bool
of_an_address(const email__smtp_reply *r)
{
	return strncmp(r->enhanced, "2.1.", 4) == 0;
}

enum smtp_state
email__smtp_answer_mail(email__smtp *s, email__smtp_mail *mail)
{
	if (yes(s->reply.code))
		return s->can.pipelining ? s->state : S_RCPT;
	if (s->reply.code < 400)
		return email__smtp_torn(s, "MAIL");
	email__smtp_mail_refused(mail, &s->reply, EMAIL_STAGE_ENVELOPE);
	if (!s->can.pipelining)
		s->open = false; /* no MAIL, no transaction */
	return s->can.pipelining ? s->state : S_OVER;
}

enum smtp_state
email__smtp_answer_rcpt(email__smtp *s, email__smtp_mail *mail)
{
	if (!yes(s->reply.code) && s->reply.code < 400)
		return email__smtp_torn(s, "RCPT");
	email__smtp_mail_rcpt(mail, &s->reply);
	return s->can.pipelining ? s->state : after_rcpt(s);
}

enum smtp_state
email__smtp_answer_data(email__smtp *s, email__smtp_mail *mail)
{
	if (s->reply.code == 354)
		return S_BODY;
	if (s->reply.code < 400)
		return email__smtp_torn(s, "DATA");
	if (!hopeless(mail)) /* else the answer follows from the ones before it */
		email__smtp_mail_refused(mail, &s->reply, EMAIL_STAGE_DATA);
	return S_OVER;
}

enum smtp_state
email__smtp_answer_end(email__smtp *s, email__smtp_mail *mail, enum smtp_expected what)
{
	bool ok = yes(s->reply.code);

	if (ok && of_an_address(&s->reply))
		return email__smtp_fail(s, EMAIL_E_PROTOCOL,
		                        "the server sent a reply too many: %d %s, which answers an address, "
		                        "came for the data",
		                        s->reply.code, s->reply.enhanced);
	if (!ok && s->reply.code < 400)
		return email__smtp_torn(s, what == X_END ? "the end of the data" : "BDAT");
	if (!ok && !hopeless(mail))
		email__smtp_mail_refused(mail, &s->reply, EMAIL_STAGE_DATA);
	if (what != X_CHUNK && ok && !hopeless(mail))
		mail->state |= MAIL_TAKEN;
	if (what == X_LAST && ok && s->expected == 0)
		s->open = false;
	return s->state;
}

/* RFC 5321 3.8: 421 in place of any reply, and the connection is over. Nothing is refused for good by it. */
enum smtp_state
email__smtp_service_ends(email__smtp *s, enum smtp_expected what)
{
	if (s->first &&
	    (what == X_MAIL || what == X_DATA || what == X_CHUNK || what == X_LAST || what == X_END))
		email__smtp_mail_refused(s->first, &s->reply,
		                         what == X_MAIL ? EMAIL_STAGE_ENVELOPE : EMAIL_STAGE_DATA);
	if (s->first && what == X_RCPT)
		email__smtp_mail_rcpt(s->first, &s->reply);
	return email__smtp_fail_reply(s, EMAIL_E_TEMPORARY, "the server ends the session");
}
