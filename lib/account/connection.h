/* SPDX-License-Identifier: MIT */
/*
 * An account's connection: engine and session together, kept from one mail to the next, and the one
 * operation that may run on it.
 *
 *     BEGIN -> [[TURN ->] TOKEN ->] CONNECTING -> READY -> SENDING -> DONE      a mail
 *     BEGIN -> LOCKING -> CONNECTING -> READY -> POLLING -> [QUITTING] -> DONE    a mailbox
 *     BEGIN -> CONNECTING -> READY -> QUITTING -> DONE     a test
 *     BEGIN -> CONNECTING -> READY -> DRAINING -> DONE     a queue (drain.h)
 *
 * A refused certificate that a person approves when asked (email__trust_challenge), and a kept connection
 * that turns out to be dead before the mail got anywhere, lead back to CONNECTING, once each.
 */
#ifndef EMAIL__ACCOUNT_CONNECTION_H
#define EMAIL__ACCOUNT_CONNECTION_H

#include "account/account.h"
#include "account/drain.h"
#include "account/poll.h"
#include "account/resumable.h"
#include "account/token.h"
#include "mime/compose.h"
#include "net/session.h"
#include "os/mutex.h"
#include "trust/verdict.h"

typedef enum email__op_state {
	EMAIL__OP_NONE, /* no operation runs */
	EMAIL__OP_BEGIN,
	EMAIL__OP_TURN,    /* somebody else renews a token first */
	EMAIL__OP_LOCKING, /* while another process reads the mailbox */
	EMAIL__OP_TOKEN,   /* a request of a token is under way */
	EMAIL__OP_CONNECTING,
	EMAIL__OP_READY,
	EMAIL__OP_SENDING,
	EMAIL__OP_DRAINING,
	EMAIL__OP_POLLING,
	EMAIL__OP_QUITTING,
	EMAIL__OP_DONE
} email__op_state;

typedef enum email__op_kind {
	EMAIL__OP_SEND,
	EMAIL__OP_DRAIN,
	EMAIL__OP_RECEIVE,
	EMAIL__OP_TEST,
	EMAIL__OP_LOGIN
} email__op_kind;

struct email_operation {
	email_account *account;
	email__op_kind kind;
	email__op_state state;
	email_message *message; /* to be sent */
	email_code result;
	bool asked;       /* the challenge was put once */
	bool retried;     /* a dead kept connection was replaced once */
	bool renewed;     /* a token that the server refused was replaced once */
	bool cap_1_2;     /* a defect of the TLS library was met: no more than TLS 1.2 is offered */
	unsigned flights; /* round trips of connections that were given up, or made before this mail */
	uint64_t sent;
	email_report *report; /* made when somebody asks */
	email_test_fn on_step;
	void *step_context;
	int64_t step_began;
	int64_t lock_until; /* monotonic milliseconds */
};

typedef struct email__connection {
	email__session *session; /* NULL: none */
	email__engine engine;
	bool kept; /* it has carried a whole mail, or a whole poll, before */

	email__resume_key key; /* what this connection was made with */
	email__resumable resumable;
	email__buf client_pem; /* secret */
	email__client_key client;
	int64_t judged_at, good_until;

	email_trust *trust;
	bool judged;
	email__verdict verdict;
	email_error trust_error;

	email__buf user, password; /* secret; empty once logged in */
	email__credentials credentials;
	email__tokens tokens;
	email__binding binding;      /* of this connection */
	int64_t iterations_a_second; /* of SCRAM's hash, here; 0: not measured yet */

	email__mutex lock; /* for cancel: guards session, cancelled and op.state against another thread */
	bool cancelled;

	int64_t looked_at; /* when trust's files were looked at for this connection, monotonic milliseconds */
	int64_t offset_at; /* when the local time's offset was asked for, which costs a look at a file */
	int offset;

	email__smtp_mail mail;
	email__smtp_recipient *recipients;
	size_t recipients_cap;
	email__envelope envelope;
	char envelope_id[33];
	email__flight flight; /* of a queue */
	email__poll poll;
	struct email_operation op;
} email__connection;

/* credentials.c: fills c->credentials for the connection that is being made; its texts are secret, and wiped once logged in.
 * Errors, in account->error: EMAIL_E_SECRET, EMAIL_E_MECHANISM, EMAIL_E_MEMORY. */
email_code email__credentials_read(email_account *account);

/* True where a connection stands that may carry the next mail. */
bool email__connection_usable(email_account *account);
/* Starts a new one (not waiting). Errors are in account->error. */
email_code email__connection_open(email_account *account);
/* The same for one request of a token, to its own host. */
email_code email__connection_open_web(email_account *account, const email__web_request *request);
/* Tells a test that a token came, good for so many seconds (-1: not said). */
void email__connection_token_told(email_account *account, long seconds);
/* email_account_cancel() was called, since the operation began. */
bool email__connection_cancelled(email_account *account);
/* Drops it without ceremony. */
void email__connection_drop(email_account *account);
/* The session closed: fills account->error with the reason that counts; true where connecting again makes
 * sense (the challenge was answered with yes). */
bool email__connection_failed(email_account *account);

/* Tells a test that account->error ended it. */
void email__connection_step_failed(email_account *account);

/* One operation at a time: NULL where one runs; account->error is its own still. */
email_operation *email__operation_start(email_account *account, email__op_kind kind);
/* Blocks until it is done. */
email_code email__operation_run(email_operation *op);
/* Goes on; `drive` is email__session_step or email__session_run. */
email_progress email__operation_advance(email_operation *op, email__session_state (*drive)(email__session *));

/* A report of the mail just done, for the caller to own. NULL: no memory. */
email_report *email__report_new(const email__connection *c);

/* An event of the account, for its service. */
void email__account_tell(const email_account *account, email_event_kind kind, const char *status,
                         const char *text);

/* What an outcome does to the account's status, counts and times. */
void email__status_of_session(email_account *account, const email_error *error);
void email__status_of_mail(email_account *account, email_code code, const email_error *error);
void email__status_of_poll(email_account *account, const email_error *error);
/* So many mails were discarded, the last one then and for this cause. */
void email__status_of_discards(email_account *account, int64_t count, int64_t last, const char *cause);
/* A token that lives so many seconds is held; 0: it is no more. */
void email__status_of_token(email_account *account, long seconds);

#endif
