/* SPDX-License-Identifier: MIT */
/* What a session is inside: for session.c, talk.c and deadline.c alone. */
#ifndef EMAIL__NET_SESSION_STATE_H
#define EMAIL__NET_SESSION_STATE_H

#include "net/cancel.h"
#include "net/dial.h"
#include "net/session.h"
#include "net/transport.h"

typedef enum email__phase {
	EMAIL__PHASE_START,
	EMAIL__PHASE_DIALING,
	EMAIL__PHASE_HANDSHAKE,
	EMAIL__PHASE_TALKING,
	EMAIL__PHASE_CLOSED
} email__phase;

/* What a phase's function comes to: the next phase at once, or a rest. */
typedef enum email__rest { EMAIL__GO_ON, EMAIL__REST_BUSY, EMAIL__REST_IDLE } email__rest;

struct email__session {
	email__link *link;
	char *host, *local_address, *server_name;
	email__session_config config;
	email__phase phase;
	email__cancel cancel;
	email__dial *dial;
	email__tls *tls;
	bool secure; /* the handshake is done and its verdict was asked */
	bool retry_1_2;
	bool tls_began;
	email__tls_session *kept; /* of a connection that is over */
	int fd;
	int64_t connect_deadline; /* until the end of the greeting */
	int64_t handshake_deadline;
	int64_t reply_deadline;
	int64_t sending_since, taken_at; /* of a flight that the server does not take at once; 0: none */
	uint64_t sent_before, sent_seen; /* the transport's count then, and when it changed last */
	bool look;          /* whether it is alive is looked at also where a byte came just now */
	int64_t active_at;  /* when a byte came last */
	uint64_t received;  /* plain bytes that came */
	int64_t body_since; /* when the messages that come began, and what had come by then */
	uint64_t body_before;
	unsigned progress; /* the engine's, when the reply's deadline was set */
	email__wait wait;
	uint64_t turn;   /* bytes moved in this step */
	bool turn_over;  /* it stopped for others to have a turn: there is more to do */
	bool first_wait; /* nothing was waited for since the flight went */
	bool news;       /* something moved since the caller was last told that the engine is idle */
	char version[16], suite[64];
	int64_t not_after;
	email__binding binding;
	email_error error;
	email__transport transport;
};

/* session.c */
void email__session_close(email__session *s);
/* Closed; the error, if there is one, was set before. */
email__rest email__session_end(email__session *s);
email__rest email__session_cancelled(email__session *s);
email__rest email__session_begin_tls(email__session *s, int64_t until);

/* talk.c: the engine's bytes, both ways, as far as they go */
email__rest email__session_talk(email__session *s);

/* deadline.c */
/* When the phase must be over (monotonic milliseconds). */
int64_t email__session_deadline(const email__session *s);
/* A flight went, or a reply came: the next reply has its whole time. */
void email__session_reply_begins(email__session *s);
/* The deadline passed: the error that says so, and the end. */
email__rest email__session_timed_out(email__session *s);
/* Nothing is overdue, but the time that was to be waited for news is over. */
bool email__session_no_news(email__session *s);

#endif
