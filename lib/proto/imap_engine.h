/* SPDX-License-Identifier: MIT */
/* What the files of the IMAP engine share. Nobody else includes this. */
#ifndef EMAIL__PROTO_IMAP_ENGINE_H
#define EMAIL__PROTO_IMAP_ENGINE_H

#include "base/limits.h"
#include "proto/imap.h"
#include "proto/imap_capabilities.h"
#include "proto/imap_command.h"
#include "proto/imap_items.h"
#include "proto/imap_response.h"
#include "proto/imap_structure.h"
#include "sasl/exchange.h"
#include "wire/imap_frame.h"

/* What is to be sent next. */
enum imap_state {
	S_WAIT, /* nothing, before the next response is there */
	S_CAPABILITY,
	S_STARTTLS,
	S_TLS, /* the driver makes the connection a TLS one */
	S_AUTH,
	S_LOGIN,
	S_ANSWER, /* the response to a challenge */
	S_REST,   /* what follows a literal of LOGIN */
	S_CANCEL,
	S_HELLO, /* ID and ENABLE, and the folder where nothing is to be waited for */
	S_FOLDER,
	S_READY, /* what the caller asked for, if anything */
	S_CLOSED,
	S_FAILED
};

/* What a tagged response in the queue answers. */
enum imap_expected {
	X_GREETING,
	X_CAPABILITY,
	X_STARTTLS,
	X_AUTH,
	X_LOGIN,
	X_CANCEL,
	X_ID,
	X_ENABLE,
	X_FOLDER,
	X_SEARCH,
	X_LIST,      /* UID FETCH of what a list tells */
	X_FETCH,     /* of bodies */
	X_STRUCTURE, /* of structures */
	X_SECTION,   /* of one section */
	X_FLAG,      /* STORE of \Seen */
	X_DELETE,    /* STORE of \Deleted */
	X_EXPUNGE,
	X_OTHERS, /* SEARCH for what others marked \Deleted */
	X_MOVE,
	X_COPY,
	X_CREATE,
	X_NOOP,
	X_IDLE,
	X_LOGOUT
};

/* The folder that is open. */
typedef struct imap_folder {
	bool open, read_only;
	uint32_t validity, exists, recent;
	bool fresh;  /* something came since the last list */
	bool listed; /* since it was opened, or last waited: what came later is to be asked for */
} imap_folder;

/* A list: windows of messages are searched, what was found is fetched, and told. */
typedef struct imap_list {
	bool on, unseen, searching, all_asked;
	uint32_t from;
	uint32_t at;        /* the first message (sequence number) that was not searched */
	unsigned fetching;  /* commands outstanding */
	uint32_t last;      /* UID told last */
	email__buf found;   /* imap_range[], of the window at hand */
	size_t asked, told; /* of them: before `asked` they are in commands, before `told` they were told */
} imap_list;

typedef struct imap_range {
	uint32_t low, high;
} imap_range;

/* A fetch: a batch of messages, in commands of as many as a line takes. */
typedef struct imap_fetch {
	const email__entry *entries;
	size_t count;
	email__extent extent;
	uint64_t offset;
	size_t asked;         /* of the entries: before it they are in commands */
	size_t next;          /* the first one without `end`; entries behind it may have had theirs */
	unsigned outstanding; /* commands */
	unsigned char done[EMAIL__IMAP_BATCH_MAX / 8];
	/* the message at hand */
	const email__entry *now;
	email_code code;
	bool begun, guessed; /* `guessed`: its UID did not come yet */
	bool sink;           /* the literal that streams is its */
	bool here;           /* the section at hand is one that was asked for */
	/* without attachments: plans for the messages before `planned`, and where the writer and the reader are in
	 * them */
	email__arena arena;
	email__imap_plan *plans;
	size_t first, planned;
	bool structures;             /* asked for, and not all answered */
	size_t write_at, write_step; /* message (of the entries) and step */
	size_t read_at, read_step;
	size_t written, read;   /* sections in all */
	uint64_t section_bytes; /* of the section that is read; UINT64_MAX: it did not come yet */
} imap_fetch;

/* What becomes of one message. */
typedef struct imap_wish {
	const email__entry *entry;
	unsigned char fate;
	bool move;
} imap_wish;

/* What is to be written next for the messages at the head of the wishes. */
enum imap_settling {
	G_NONE,
	G_FLAG,
	G_DELETE, /* of what was copied */
	G_EXPUNGE,
	G_OTHERS,
	G_MOVE,
	G_CREATE,
	G_WAIT
};

typedef struct imap_settle {
	imap_wish *wishes; /* a ring of EMAIL__IMAP_BATCH_MAX; NULL until the first */
	unsigned head, count;
	unsigned group; /* of them: on their way in commands */
	enum imap_settling step;
	unsigned outstanding;
	email_code code; /* the group's first no */
	bool created;    /* the folder was made, or could not be */
	bool others;     /* SEARCH told one */
} imap_settle;

struct email__imap {
	email__link link; /* first: a pointer to it is one to the engine */
	enum imap_state state;

	struct {
		enum imap_expected what;
		uint32_t tag;
		uint64_t end; /* where in link.sent the command ends: no response comes before */
		size_t upto; /* the entries, or sections, before it are asked for by it and those before it */
	} ring[EMAIL__IMAP_COMMANDS];
	unsigned head, expected;
	uint32_t tag; /* the last one given */

	email__imap_frame frame;
	bool fetching;     /* the response at hand is a FETCH, whose head was read */
	uint32_t untagged; /* responses since the last tagged one */
	uint32_t patience; /* how many there may be, besides EMAIL__IMAP_UNTAGGED_MAX */
	uint64_t streamed;
	email__imap_response response;
	email__imap_items items;
	email__imap_capabilities can;
	bool utf8; /* folder names go as they are */
	bool bye;
	char words[200], alert[200];

	char *wanted, *folder_name, *processed;
	const email__credentials *credentials;
	bool start_tls, tls, allow_plaintext_login, read_only, logged_in;
	email__mailbox_events events;

	email__exchange login;
	email__imap_rest rest;

	imap_folder folder;
	imap_list list;
	imap_fetch fetch;
	imap_settle settle;
	bool wait, idling, wake, done_sent; /* IDLE: asked for, begun, to be ended, DONE written */
	bool poll, quit;
	bool waiting;    /* for a response, with nothing to send before it */
	uint64_t flight; /* link.sent when the last such wait began */
};

/* Records the failure; to be returned as the next state. */
enum imap_state email__imap_fail(email__imap *s, email_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a response that says no; its code in brackets goes before `otherwise`. */
enum imap_state email__imap_fail_response(email__imap *s, email_code otherwise, const char *what);
/* Tells whoever watches that the stage ended well. */
void email__imap_ended(email__imap *s, const char *detail);

/* The response at hand says no: its words are kept. The code that it means. */
email_code email__imap_refusal(email__imap *s);

/* imap_reply.c: what a whole response leads to, a head, or what follows one; the stage that an answer belongs to. */
enum imap_state email__imap_take_piece(email__imap *s, const char *text, size_t n, bool first);
email_stage email__imap_stage(enum imap_expected what);

/* imap_session.c: the greeting was read; capabilities are known, or to be asked for; what the responses lead to. */
enum imap_state email__imap_answer_greeting(email__imap *s);
enum imap_state email__imap_introduced(email__imap *s);
enum imap_state email__imap_answer_starttls(email__imap *s);
enum imap_state email__imap_answer_folder(email__imap *s);
enum imap_state email__imap_write_hello(email__imap *s);
enum imap_state email__imap_write_folder(email__imap *s);

/* imap_untagged.c: [CAPABILITY ..] and [ALERT] of the status response at hand, in which they may always stand. */
void email__imap_codes(email__imap *s);
/* A response behind its "* ". */
enum imap_state email__imap_untagged(email__imap *s, const char *text, size_t n);
/* A FETCH response, or what follows a literal in it. */
enum imap_state email__imap_fetched(email__imap *s, email__imap_lex *l);

/* imap_auth.c: how to log in; what the responses lead to. */
enum imap_state email__imap_choose(email__imap *s);
enum imap_state email__imap_write_auth(email__imap *s);
enum imap_state email__imap_write_login(email__imap *s);
enum imap_state email__imap_write_answer(email__imap *s);
enum imap_state email__imap_write_rest(email__imap *s);
enum imap_state email__imap_continue(email__imap *s, const char *words, size_t n);
enum imap_state email__imap_answer_login(email__imap *s, enum imap_expected what);
void email__imap_auth_end(email__imap *s);

/* imap_list.c */
bool email__imap_list_due(const email__imap *s);
enum imap_state email__imap_list_write(email__imap *s);
/* "* SEARCH ..", "* ESEARCH ..": the lexer stands behind that word. */
enum imap_state email__imap_list_found(email__imap *s, email__imap_lex *l, bool extended);
enum imap_state email__imap_list_item(email__imap *s);
enum imap_state email__imap_list_answer(email__imap *s, enum imap_expected what);
enum imap_state email__imap_list_asked(email__imap *s);
void email__imap_list_end(email__imap *s);

/* imap_ring.c: the tag of the command to be written next. */
uint32_t email__imap_tag(const email__imap *s);
/* After the command writer's rc: one more response is expected; EMAIL_OK leads on to `next`. */
enum imap_state email__imap_sent(email__imap *s, email_code rc, enum imap_expected what,
                                 enum imap_state next);
void email__imap_expect(email__imap *s, enum imap_expected what);
/* Is an answer of this kind still to come? */
bool email__imap_awaits(const email__imap *s, enum imap_expected what);
/* Has the command at this place of the ring (0: the first) left `out`? */
bool email__imap_asked_for(const email__imap *s, unsigned i);
/* The command whose tag is in front: its place in the ring, and in *rest what stands behind the tag; or `expected`. */
unsigned email__imap_find_tag(const email__imap *s, const char *text, size_t n, const char **rest);
/* It is answered. */
void email__imap_remove(email__imap *s, unsigned i);

/* imap_idle.c: what the answer to IDLE leads to. */
enum imap_state email__imap_idling(email__imap *s);
enum imap_state email__imap_answer_idle(email__imap *s);

/* imap_fetch.c */
bool email__imap_fetch_due(const email__imap *s);
enum imap_state email__imap_fetch_write(email__imap *s);
/* A section's value is at hand; a structure's "(". */
enum imap_state email__imap_fetch_section(email__imap *s, email__imap_lex *l);
enum imap_state email__imap_fetch_structure(email__imap *s, email__imap_lex *l);
/* What streams. */
enum imap_state email__imap_fetch_data(email__imap *s, const char *bytes, size_t n);
/* The FETCH response is over. */
enum imap_state email__imap_fetch_item(email__imap *s);
enum imap_state email__imap_fetch_answer(email__imap *s, enum imap_expected what, size_t upto);
void email__imap_fetch_broken(email__imap *s);
void email__imap_fetch_end(email__imap *s);

/* Of imap_fetch.c for imap_parts.c. Events: what they return decides. Message i has its end; the one at hand. */
enum imap_state email__imap_begin(email__imap *s);
enum imap_state email__imap_data(email__imap *s, const char *bytes, size_t n);
enum imap_state email__imap_end(email__imap *s, size_t i, email_code code);
enum imap_state email__imap_end_now(email__imap *s);
enum imap_state email__imap_fetch_sent(email__imap *s, email_code rc, enum imap_expected what);
/* As many of the entries as go in one line, and at most `most`. */
const char *email__imap_next_set(imap_fetch *f, email__imap_set *set, size_t most);
/* The message that was asked for by this UID and has no end; NULL for none. */
const email__entry *email__imap_find(const imap_fetch *f, uint32_t uid);
/* Is the section at hand this one? */
bool email__imap_is_section(const email__imap *s, const char *section, uint64_t origin);

static inline bool
email__imap_is_done(const imap_fetch *f, size_t i)
{
	return f->done[i / 8] >> (i % 8) & 1;
}

/* imap_parts.c */
bool email__imap_parts_due(const email__imap *s);
enum imap_state email__imap_parts_write(email__imap *s);
/* To the section at hand: fetch.here says whether there is one that was asked for. Then its beginning. */
enum imap_state email__imap_parts_find(email__imap *s);
enum imap_state email__imap_parts_begin(email__imap *s);
void email__imap_parts_verify(email__imap *s);
enum imap_state email__imap_parts_answer(email__imap *s, enum imap_expected what, size_t upto,
                                         email_code code);

/* imap_settle.c */
bool email__imap_settle_due(const email__imap *s);
enum imap_state email__imap_settle_write(email__imap *s);
enum imap_state email__imap_settle_answer(email__imap *s, enum imap_expected what);
void email__imap_settle_broken(email__imap *s);

#endif
