/* SPDX-License-Identifier: MIT */
/* The beginning and the end of the session: what the replies lead to on the way to the login, and behind QUIT. */
#include "base/error.h"
#include "proto/pop3_engine.h"

enum pop3_state
email__pop3_answer_greeting(email__pop3 *p)
{
	char words[200];

	if (p->reply.status == EMAIL__POP3_ERR)
		return email__pop3_fail_reply(p, EMAIL_E_TEMPORARY, "the server does not serve this station");
	email__pop3_reply_words(&p->reply, words, sizeof words);
	email__pop3_ended(p, words);
	return S_CAPA;
}

static enum pop3_state
no_stls(email__pop3 *p)
{
	p->link.stage = EMAIL_STAGE_STARTTLS;
	if (p->can.known)
		email__pop3_fail(p, EMAIL_E_STARTTLS, "the server does not offer STLS");
	else
		email__pop3_fail_reply(p, EMAIL_E_STARTTLS,
		                       "the server knows no CAPA, so it cannot start TLS");
	email__error_remedy(&p->link.error,
	                    "Use useSsl with port 995, or a server that has Start TLS on port 110");
	return S_FAILED;
}

enum pop3_state
email__pop3_answer_capa(email__pop3 *p)
{
	p->can.known = p->reply.status == EMAIL__POP3_OK;
	if (p->start_tls && !p->tls)
		return p->can.stls ? S_STLS : no_stls(p);
	email__pop3_ended(p, p->can.text);
	if (!p->credentials)
		return S_READY;
	/* RFC 6856 2.1: before the login, and after TLS */
	return p->can.utf8 ? S_UTF8 : email__pop3_login(p);
}

enum pop3_state
email__pop3_in_the_clear(email__pop3 *p)
{
	return email__pop3_fail(p, EMAIL_E_STARTTLS, "bytes in the clear came behind the go-ahead for TLS");
}

enum pop3_state
email__pop3_answer_stls(email__pop3 *p)
{
	if (p->reply.status != EMAIL__POP3_OK) {
		email__pop3_fail_reply(p, EMAIL_E_STARTTLS, "the server refused to start TLS");
		email__error_remedy(&p->link.error, "Use useSsl with port 995");
		return S_FAILED;
	}
	/* RFC 2595 2.1: whoever put them there wants them read as if they came through TLS */
	if (email__buf_len(&p->link.in))
		return email__pop3_in_the_clear(p);
	email__pop3_ended(p, "");
	return S_TLS;
}

enum pop3_state
email__pop3_answer_quit(email__pop3 *p)
{
	if (!email__pop3_uncommitted(p))
		return S_CLOSED; /* whatever it says */
	if (p->reply.status != EMAIL__POP3_OK)
		return email__pop3_fail_reply(p, EMAIL_E_REFUSED,
		                              "the server did not delete all messages that it should");
	email__pop3_committed(p);
	return S_CLOSED;
}
