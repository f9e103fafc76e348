/* SPDX-License-Identifier: MIT */
/* From the greeting to the open folder: what is sent on the way, and what the answers lead to. */
#include <emailservice/log.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "proto/imap_engine.h"

/* --- what comes before the login --- */

/* The capabilities are known: what comes before, or instead of, the login. */
enum imap_state
email__imap_introduced(email__imap *s)
{
	if (!s->can.known)
		return S_CAPABILITY;
	if (!s->can.rev1 && !s->can.rev2)
		return email__imap_fail(s, EMAIL_E_PROTOCOL, "the server speaks no IMAP4rev1 (RFC 3501)");
	email__imap_ended(s, s->can.text);
	if (s->logged_in)
		return S_HELLO;
	if (!s->start_tls || s->tls)
		return email__imap_choose(s);
	s->link.stage = EMAIL_STAGE_STARTTLS;
	if (s->can.start_tls)
		return S_STARTTLS;
	email__imap_fail(s, EMAIL_E_STARTTLS, "the server does not offer STARTTLS");
	email__error_remedy(&s->link.error,
	                    "Set useSsl (port 993) instead, or have Start TLS switched on at the server");
	return S_FAILED;
}

/*
 * RFC 3501 7.1.4. Who has to start TLS cannot any more, and someone in between may have said it (RFC 9051 11.4):
 * refused before anything is sent. Under TLS from the start, or where none is asked for, the server knows us by other
 * means, and no password is sent.
 */
static enum imap_state
preauthenticated(email__imap *s)
{
	if (s->start_tls && !s->tls) {
		s->link.stage = EMAIL_STAGE_STARTTLS;
		email__imap_fail(s, EMAIL_E_STARTTLS,
		                 "the server says that it knows us already, so TLS cannot be started");
		email__error_remedy(&s->link.error,
		                    "Set useSsl (port 993) instead; if it lasts, someone may be "
		                    "standing between the station and the server");
		return S_FAILED;
	}
	s->logged_in = true;
	s->link.stage = EMAIL_STAGE_CAPABILITIES;
	email__link_log(&s->link, '*', "PREAUTH: no login is needed", 27);
	return email__imap_introduced(s);
}

enum imap_state
email__imap_answer_greeting(email__imap *s)
{
	char words[200];

	email__imap_response_words(&s->response, words, sizeof words);
	switch (s->response.status) {
	case EMAIL__IMAP_OK: email__imap_ended(s, words); break;
	case EMAIL__IMAP_PREAUTH: email__imap_ended(s, words); return preauthenticated(s);
	case EMAIL__IMAP_BYE:
		return email__imap_fail_response(s, EMAIL_E_TEMPORARY,
		                                 "the server does not serve this station");
	case EMAIL__IMAP_NO:
	case EMAIL__IMAP_BAD_COMMAND:
	case EMAIL__IMAP_NONE:
		return email__imap_fail(s, EMAIL_E_PROTOCOL, "the server's greeting is none: \"%s\"", words);
	}
	s->link.stage = EMAIL_STAGE_CAPABILITIES;
	return email__imap_introduced(s);
}

enum imap_state
email__imap_answer_starttls(email__imap *s)
{
	if (s->response.status != EMAIL__IMAP_OK) {
		email__imap_fail_response(s, EMAIL_E_STARTTLS, "the server refused to start TLS");
		s->link.error.code = EMAIL_E_STARTTLS;
		return S_FAILED;
	}
	/* RFC 3501 6.2.1: whoever put them there wants them read as if they came through TLS */
	if (email__buf_len(&s->link.in))
		return email__imap_fail(s, EMAIL_E_STARTTLS,
		                        "bytes in the clear came behind the go-ahead for TLS");
	email__imap_ended(s, "");
	return S_TLS;
}

enum imap_state
email__imap_answer_folder(email__imap *s)
{
	char text[40];

	if (s->response.status != EMAIL__IMAP_OK) {
		email__imap_fail_response(s, EMAIL_E_UNKNOWN, "the server does not open the folder");
		if (s->link.error.code == EMAIL_E_LOGIN) /* not for its name */
			return S_FAILED;
		email__error_remedy(&s->link.error,
		                    "Check `folder`; on some servers folders lie below INBOX.");
		if (s->link.error.code == EMAIL_E_UNKNOWN)
			memcpy(s->link.error.property, "folder", sizeof "folder");
		return S_FAILED;
	}
	s->folder.open = true;
	s->folder.fresh = false;
	s->folder.read_only = s->read_only || email__imap_response_has(&s->response, "READ-ONLY");
	snprintf(text, sizeof text, "%lu messages", (unsigned long)s->folder.exists);
	email__imap_ended(s, text);
	return S_READY;
}

/* --- what comes after it --- */

/* Folders by names that ENABLE may change wait for its answer; all others go with it. */
enum imap_state
email__imap_write_hello(email__imap *s)
{
	email__link *l = &s->link;
	bool enable = s->can.enable && (s->can.utf8 || s->can.rev2);
	enum imap_state next = S_FOLDER;

	if (s->can.id)
		next = email__imap_sent(
			s, email__imap_put_id(l, email__imap_tag(s), "libemailservice", email_version()),
			X_ID, next);
	if (enable && next != S_FAILED)
		next = email__imap_sent(
			s, email__imap_put_enable(l, email__imap_tag(s), s->can.utf8, s->can.rev2), X_ENABLE,
			next);
	if (!s->can.rev1)
		s->utf8 = true; /* RFC 9051 5.1: no other spelling is left */
	if (next == S_FOLDER && enable && !email__imap_folder_plain(s->folder_name))
		return S_WAIT;
	return next;
}

enum imap_state
email__imap_write_folder(email__imap *s)
{
	enum imap_state next;
	email_code rc;

	if (s->folder_name[0] == '\0')
		return S_READY;
	memset(&s->folder, 0, sizeof s->folder);
	rc = email__imap_put_folder(&s->link, email__imap_tag(s), s->read_only ? "EXAMINE" : "SELECT",
	                            s->folder_name, s->utf8);
	next = email__imap_sent(s, rc, X_FOLDER, S_WAIT);
	if (rc)
		memcpy(s->link.error.property, "folder", sizeof "folder");
	return next;
}
