/* SPDX-License-Identifier: MIT */
#include "support/replay_imap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/imap.h"
#include "support/replay_login.h"

enum { ITEMS = 400, ENTRIES = 64, ANSWERS = 16 };

typedef struct bytes {
	char *p;
	size_t n;
} bytes;

typedef struct item {
	char kind; /* S C T X > */
	bytes text;
} item;

typedef struct answer {
	unsigned long uid;
	char what[12], value[32];
} answer;

/* A message that was asked for, and how often it had its end. */
typedef struct asked {
	email__entry e;
	unsigned ends, settles, wishes;
	bool fetched;
} asked;

struct email_test_imap {
	char *text; /* the file, cut into pieces that others point at */
	email__imap_config config;
	email_test_login login;
	item items[ITEMS];
	size_t item_count;
	answer answers[ANSWERS];
	size_t answer_count;
	bytes events; /* as written down */
	char session[32], stage[32];
	long flights;
	const char *says[4];
	size_t says_count;
	char complaint[700];
	bool leaked;
};

typedef struct run {
	email_test_imap *t;
	const email_test_how *how;
	email__imap *s;
	email__link *l;
	size_t item, at; /* where in the transcript, and in its item */
	size_t fed;      /* bytes of the server */
	bytes got;       /* of the client, towards the item at hand */
	bytes told;      /* events */
	asked entries[ENTRIES];
	size_t entry_count;
	bool over;
	const char *bad;
} run;

/* --- loading --- */

static void
append(bytes *b, const char *p, size_t n)
{
	b->p = realloc(b->p, b->n + n + 1);
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static void
append_raw(bytes *b, const char *p)
{
	for (; *p; p++) {
		char c = *p;

		if (c == '\\' && p[1]) {
			c = *++p;
			c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c == 'e' ? '\033' : c;
		}
		append(b, &c, 1);
	}
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void
config_word(email_test_imap *t, char *word)
{
	email__imap_config *c = &t->config;

	if (strcmp(word, "starttls") == 0)
		c->start_tls = true;
	else if (strcmp(word, "tls") == 0)
		c->tls = true;
	else if (strcmp(word, "plaintext") == 0)
		c->allow_plaintext_login = true;
	else if (strcmp(word, "readonly") == 0)
		c->read_only = true;
	else if (email_test_login_word(&t->login, word))
		c->credentials = t->login.given ? &t->login.credentials : NULL;
	else if (begins(word, "mechanism="))
		c->mechanism = word + 10;
	else if (begins(word, "folder="))
		c->folder = word + 7;
	else if (begins(word, "processed="))
		c->processed = word + 10;
	else
		fprintf(stderr, "config: %s?\n", word);
}

static void
add_item(email_test_imap *t, char kind, const char *text, bool raw)
{
	item *i = t->item_count ? &t->items[t->item_count - 1] : NULL;

	if (!i || i->kind != kind || (kind != 'S' && kind != 'C')) {
		if (t->item_count == ITEMS) {
			fprintf(stderr, "too many items\n");
			return;
		}
		i = &t->items[t->item_count++];
		i->kind = kind;
	}
	if (raw)
		append_raw(&i->text, text);
	else {
		char *line = email_test_login_line(text);

		append(&i->text, line, strlen(line));
		free(line);
		append(&i->text, "\r\n", kind == '>' ? 0 : 2);
	}
}

static void
event_line(email_test_imap *t, const char *line)
{
	const char *text = line + 2 + (line[1] != ' ' && line[2] == ' ');

	if (line[1] == '-')
		append_raw(&t->events, text);
	else {
		append(&t->events, text, strlen(text));
		append(&t->events, line[1] == '|' ? "\r\n" : "\n", line[1] == '|' ? 2 : 1);
	}
}

static void
load_line(email_test_imap *t, char *line)
{
	answer *a = &t->answers[t->answer_count];
	char *next;

	if (line[0] == '\0' || line[0] == '#')
		return;
	if (begins(line, "config ")) {
		for (line += 7; line; line = next) {
			next = strchr(line, ' ');
			if (next)
				*next++ = '\0';
			config_word(t, line);
		}
	} else if (line[0] == '=' && line[1])
		event_line(t, line);
	else if (begins(line, "> "))
		add_item(t, '>', line + 2, false);
	else if (sscanf(line, "on %lu %11s %31s", &a->uid, a->what, a->value) == 3)
		t->answer_count++;
	else if ((line[0] == 'S' || line[0] == 'C') && (line[1] == ':' || line[1] == '-'))
		add_item(t, line[0], line + 2 + (line[2] == ' '), line[1] == '-');
	else if (strchr("TX", line[0]) && line[1] == '\0')
		add_item(t, line[0], "", true);
	else if (begins(line, "session "))
		sscanf(line + 8, "%31s %31s", t->session, t->stage);
	else if (begins(line, "flights "))
		t->flights = atol(line + 8);
	else if (begins(line, "says ") && t->says_count < 4)
		t->says[t->says_count++] = line + 5;
	else
		fprintf(stderr, "what is \"%s\"?\n", line);
}

email_test_imap *
email_test_imap_load(const char *path)
{
	email_test_imap *t = calloc(1, sizeof *t);
	FILE *f = fopen(path, "rb");
	bytes all = {0};
	char chunk[4096], *line, *end;
	size_t n;

	if (!f || !t) {
		perror(path);
		free(t);
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		append(&all, chunk, n);
	fclose(f);
	t->text = all.p;
	t->flights = -1;
	email_test_login_init(&t->login);
	append(&t->events, "", 0);
	for (line = t->text; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		load_line(t, line);
	}
	return t;
}

void
email_test_imap_free(email_test_imap *t)
{
	size_t i;

	for (i = 0; i < t->item_count; i++)
		free(t->items[i].text.p);
	free(t->events.p);
	email_test_login_free(&t->login);
	free(t->text);
	free(t);
}

size_t
email_test_imap_size(const email_test_imap *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->item_count; i++)
		n += t->items[i].kind == 'S' ? t->items[i].text.n : 0;
	return n;
}

/* --- events --- */

static const char *
complain(run *r, const char *what, const char *more)
{
	snprintf(r->t->complaint, sizeof r->t->complaint, "%s: %.500s (item %zu, in %zu, out %zu, cut %zd)",
	         what, more, r->item, r->how->in, r->how->out, (ssize_t)r->how->cut);
	return r->t->complaint;
}

static void
tell(run *r, const char *event, unsigned long uid, const char *more)
{
	char line[200];

	snprintf(line, sizeof line, "%s %lu%s%s\n", event, uid, more[0] ? " " : "", more);
	append(&r->told, line, strlen(line));
}

static asked *
asked_for(run *r, unsigned long uid)
{
	size_t i;

	for (i = 0; i < r->entry_count; i++)
		if (r->entries[i].e.number == uid)
			return &r->entries[i];
	if (r->entry_count == ENTRIES)
		abort();
	r->entries[r->entry_count].e.number = (uint32_t)uid;
	return &r->entries[r->entry_count++];
}

static email__fate
fate_of(const char *word)
{
	return strcmp(word, "seen") == 0      ? EMAIL__FATE_SEEN
	       : strcmp(word, "unseen") == 0  ? EMAIL__FATE_UNSEEN
	       : strcmp(word, "deleted") == 0 ? EMAIL__FATE_DELETED
	                                      : EMAIL__FATE_LEFT;
}

static email_code
code_of(const char *name)
{
	int c;

	for (c = 0; c < EMAIL_CODE_COUNT; c++)
		if (strcmp(email_code_name((email_code)c), name) == 0)
			return (email_code)c;
	return EMAIL_OK;
}

static void
wish(run *r, const char *verb, const char *fate, unsigned long uid)
{
	asked *a = asked_for(r, uid);
	email_code rc = begins(verb, "move") ? email__imap_move(r->s, &a->e, fate_of(fate))
	                                     : email__imap_settle(r->s, &a->e, fate_of(fate));

	if (rc == EMAIL_OK)
		a->wishes++;
	else if (!r->how->lenient && r->how->cut == (size_t)-1)
		r->bad = complain(r, "a wish is refused", email_code_name(rc));
}

static email_code
answer_to(run *r, const char *what, unsigned long uid)
{
	size_t i;

	for (i = 0; i < r->t->answer_count; i++) {
		const answer *a = &r->t->answers[i];

		if (a->uid != uid)
			continue;
		if (strcmp(a->what, what) == 0)
			return code_of(a->value);
		if (strcmp(what, "end") == 0 &&
		    (strcmp(a->what, "settle") == 0 || strcmp(a->what, "move") == 0))
			wish(r, a->what, a->value, uid);
	}
	return EMAIL_OK;
}

static void
listed(void *context, const email__entry *e)
{
	char more[160], size[24] = "-";

	if (e->size != EMAIL__SIZE_UNKNOWN)
		snprintf(size, sizeof size, "%llu", (unsigned long long)e->size);
	snprintf(more, sizeof more, "%s %s %lld %s", size, e->seen ? "seen" : "unseen",
	         (long long)e->internal_date, e->uid);
	tell(context, "listed", e->number, more);
}

static unsigned long data_for; /* UID */

static email_code
begin(void *context, const email__entry *e)
{
	tell(context, "begin", e->number, "");
	data_for = e->number;
	return answer_to(context, "begin", e->number);
}

static email_code
data(void *context, const char *p, size_t n)
{
	run *r = context;
	email_code rc = answer_to(r, "data", data_for);

	if (rc == EMAIL_OK)
		append(&r->told, p, n);
	return rc;
}

static email_code
end(void *context, const email__entry *e, email_code code)
{
	run *r = context;

	tell(r, "end", e->number, email_code_name(code));
	asked_for(r, e->number)->ends++;
	return answer_to(r, "end", e->number);
}

static void
settled(void *context, const email__entry *e, email_code code)
{
	run *r = context;

	tell(r, "settled", e->number, email_code_name(code));
	asked_for(r, e->number)->settles++;
}

static void
news(void *context)
{
	run *r = context;

	append(&r->told, "news\n", 5);
}

static void
look_for_secret(void *context, char who, const char *line, size_t n)
{
	email_test_imap *t = context;

	(void)who;
	if (strlen(line) != n || strchr(line, '\r') || strchr(line, '\n') || strchr(line, '\033'))
		t->leaked = true;
	/* "private" stands in bodies */
	if (email_test_login_leaks(line) || strstr(line, "private"))
		t->leaked = true;
}

/* --- asking --- */

static email_code
fetch(run *r, const char *what, char *uids)
{
	static email__entry batch[ENTRIES];
	email__extent extent = strcmp(what, "header") == 0  ? EMAIL__EXTENT_HEADER
	                       : strcmp(what, "texts") == 0 ? EMAIL__EXTENT_NO_ATTACHMENTS
	                       : begins(what, "from=")      ? EMAIL__EXTENT_FROM
	                                                    : EMAIL__EXTENT_WHOLE;
	size_t n = 0;
	email_code rc;

	for (; uids; uids = strchr(uids, ','), uids += uids ? 1 : 0)
		batch[n++] = asked_for(r, strtoul(uids, NULL, 10))->e;
	rc = email__imap_fetch(r->s, batch, n, extent,
	                       begins(what, "from=") ? strtoul(what + 5, NULL, 10) : 0);
	while (rc == EMAIL_OK && n--)
		asked_for(r, batch[n].number)->fetched = true;
	return rc;
}

/* What the caller asks for: false where it has to wait until the engine is idle. */
static bool
ask(run *r, const char *text)
{
	char line[400], verb[16] = "", what[24] = "", *uids;
	unsigned long from = 1;
	email_code rc = EMAIL_OK;

	snprintf(line, sizeof line, "%s", text);
	sscanf(line, "%15s %23s %lu", verb, what, &from);
	uids = strrchr(line, ' ') ? strrchr(line, ' ') + 1 : line;
	if (strcmp(verb, "quit") == 0)
		email__imap_quit(r->s);
	else if (strcmp(verb, "wake") == 0)
		email__imap_wake(r->s);
	else if (!email__imap_ready(r->s) && strcmp(verb, "settle") != 0 && strcmp(verb, "move") != 0)
		return false;
	else if (strcmp(verb, "list") == 0)
		rc = email__imap_list(r->s, strcmp(what, "unseen") == 0, (uint32_t)from);
	else if (strcmp(verb, "fetch") == 0)
		rc = fetch(r, what, uids);
	else if (strcmp(verb, "settle") == 0 || strcmp(verb, "move") == 0)
		for (; uids; uids = strchr(uids, ','), uids += uids ? 1 : 0)
			wish(r, verb, what, strtoul(uids, NULL, 10));
	else if (strcmp(verb, "wait") == 0)
		rc = email__imap_wait(r->s);
	else if (strcmp(verb, "poll") == 0)
		rc = email__imap_poll(r->s);
	else
		r->bad = complain(r, "what is", text);
	if (rc && !r->bad)
		r->bad = complain(r, text, email_code_name(rc));
	return true;
}

/* --- running --- */

static void
drain(run *r)
{
	size_t n = email__buf_len(&r->l->out);
	const item *i = r->item < r->t->item_count ? &r->t->items[r->item] : NULL;

	if (n > (r->l->out.secret ? EMAIL__LINK_LOGIN_MAX : EMAIL__LINK_OUT_MAX))
		r->bad = complain(r, "out is too long", "");
	if (r->how->out && n > r->how->out)
		n = r->how->out;
	if (n == 0)
		return;
	append(&r->got, (const char *)email__buf_head(&r->l->out), n);
	email__buf_consume(&r->l->out, n);
	if (!i || i->kind != 'C' || r->got.n > i->text.n || memcmp(r->got.p, i->text.p, r->got.n) != 0)
		r->bad = complain(r, i ? "the client writes" : "the client writes on", r->got.p);
}

static void
close_it(run *r)
{
	r->l->eof(r->l);
	r->over = true;
}

static void
feed(run *r)
{
	const item *i = &r->t->items[r->item];
	size_t n = i->text.n - r->at, room = email__buf_left(&r->l->in);

	if (r->how->in && n > r->how->in)
		n = r->how->in;
	if (n > room)
		n = room;
	if (n > r->how->cut - r->fed)
		n = r->how->cut - r->fed;
	if (email__buf_add(&r->l->in, i->text.p + r->at, n) || (n == 0 && r->fed != r->how->cut)) {
		r->bad = complain(r, "in is full", "");
		return;
	}
	r->at += n;
	r->fed += n;
	if (r->at == i->text.n) {
		r->item++;
		r->at = 0;
	}
	if (r->fed == r->how->cut)
		close_it(r);
}

/* What a driver does with plain bytes where TLS should begin: the handshake fails on them. */
static void
garbage_for_tls(run *r)
{
	email_error e;

	memset(&e, 0, sizeof e);
	email__error_set(&e, EMAIL_E_STARTTLS, EMAIL_STAGE_STARTTLS, "plain bytes instead of a handshake");
	email__imap_broken(r->s, &e);
	r->over = true;
}

static void
next_item(run *r)
{
	const item *i = &r->t->items[r->item];

	switch (i->kind) {
	case 'C':
		if (r->got.n < i->text.n)
			r->bad = complain(r, "the client does not write", i->text.p + r->got.n);
		r->got.n = 0;
		r->item++;
		return;
	case 'S': feed(r); return;
	case 'T': r->bad = complain(r, "no TLS wanted", ""); return;
	case '>': r->bad = complain(r, "the engine is not idle for", i->text.p); return;
	case 'X':
		r->item++;
		close_it(r);
		return;
	default: return;
	}
}

/* Wishes behind each other are one breath. */
static bool
wishes_follow(const email_test_imap *t, size_t at)
{
	return at < t->item_count && t->items[at].kind == '>' &&
	       (begins(t->items[at].text.p, "settle") || begins(t->items[at].text.p, "move"));
}

static void
drive(run *r)
{
	const email_test_imap *t = r->t;

	while (!r->over && !r->bad) {
		r->l->step(r->l);
		if (r->l->want == 0 || (r->l->want & EMAIL__WANT_CLOSE))
			return;
		if (r->l->want & EMAIL__WANT_TLS) {
			if (r->item < t->item_count && t->items[r->item].kind != 'T') {
				garbage_for_tls(r);
				return;
			}
			if (r->item == t->item_count) {
				r->bad = complain(r, "TLS wanted", "");
				return;
			}
			r->item++;
			r->l->tls_started(r->l);
			continue;
		}
		if (r->at == 0) {
			while (!r->bad && r->got.n == 0 && email__buf_len(&r->l->out) == 0 &&
			       r->item < t->item_count && t->items[r->item].kind == '>' &&
			       ask(r, t->items[r->item].text.p)) {
				r->item++;
				if (!wishes_follow(t, r->item))
					r->l->step(r->l);
			}
			if (r->bad)
				return;
			drain(r);
			if (r->bad)
				return;
			if (email__buf_len(&r->l->out))
				continue;
			r->l->step(r->l);
			if (email__buf_len(&r->l->out))
				continue;
		}
		if (r->l->want == 0 || (r->l->want & (EMAIL__WANT_CLOSE | EMAIL__WANT_TLS)))
			continue;
		if (r->item == t->item_count)
			return;
		next_item(r);
	}
}

/* --- judging --- */

/* Every message has had exactly one end. */
static const char *
judge_ends(run *r)
{
	size_t i;

	for (i = 0; i < r->entry_count; i++) {
		const asked *a = &r->entries[i];

		if (a->ends != (a->fetched ? 1 : 0))
			return complain(r, "a message without its end, or with more than one", r->told.p);
		if (a->settles != a->wishes)
			return complain(r, "a wish that was not settled once", r->told.p);
	}
	return NULL;
}

static const char *
judge_exact(run *r)
{
	email_test_imap *t = r->t;
	const email_error *e = &r->l->error;
	char more[500];
	size_t i;

	if (strcmp(t->session, email_code_name(e->code)) != 0 ||
	    (t->stage[0] && strcmp(t->stage, email_stage_name(e->stage)) != 0)) {
		snprintf(more, sizeof more, "%s %s: %.200s", email_code_name(e->code),
		         email_stage_name(e->stage), e->text);
		return complain(r, "session ends otherwise", more);
	}
	if (r->told.n != t->events.n || memcmp(r->told.p, t->events.p, r->told.n) != 0)
		return complain(r, "the caller is told", r->told.p);
	for (i = 0; i < t->says_count; i++) {
		const char *says = t->says[i];

		if (strstr(e->text, says) || strstr(e->remedy, says) ||
		    strstr(email__imap_words(r->s), says) || strstr(email__imap_alert(r->s), says))
			continue;
		snprintf(more, sizeof more, "%.100s; it says %.200s %.150s", says, e->text, e->remedy);
		return complain(r, "does not say", more);
	}
	if (t->flights >= 0 && (unsigned)t->flights != r->l->flights) {
		snprintf(more, sizeof more, "%u", r->l->flights);
		return complain(r, "flights", more);
	}
	if (r->item < t->item_count && r->l->want != 0)
		return complain(r, "the dialogue ended early", "");
	return NULL;
}

/* Cut off or out of memory: up to there it is what was written down, and behind it nothing went well. */
static const char *
judge_broken(run *r)
{
	size_t same = 0;

	if (r->l->error.code == EMAIL_OK && !(r->l->want & EMAIL__WANT_CLOSE))
		return complain(r, "no error", "");
	while (same < r->told.n && same < r->t->events.n && r->told.p[same] == r->t->events.p[same])
		same++;
	if (r->told.n > same && strstr(r->told.p + same, " OK\n"))
		return complain(r, "false success", r->told.p);
	return NULL;
}

static const char *
judge(run *r)
{
	const char *bad;
	email_error e;

	if (r->t->leaked)
		return complain(r, "the transcript leaks", "");
	if (r->bad && !r->how->lenient)
		return r->bad;
	bad = r->how->cut == (size_t)-1 && !r->how->lenient ? judge_exact(r) : NULL;
	memset(&e, 0, sizeof e);
	email__error_set(&e, EMAIL_E_CLOSED, EMAIL_STAGE_NONE, "the test ends it");
	email__imap_broken(r->s, &e);
	if (!bad && (r->how->cut != (size_t)-1 || r->how->lenient))
		bad = judge_broken(r);
	return bad ? bad : judge_ends(r);
}

const char *
email_test_imap_replay(email_test_imap *t, const email_test_how *how)
{
	run *r = calloc(1, sizeof *r);
	const char *bad;

	r->t = t;
	r->how = how;
	append(&r->told, "", 0);
	t->leaked = false;
	t->config.events = (email__mailbox_events){r, listed, begin, data, end, settled, news, NULL};
	email_test_login_begin(&t->login);
	r->s = email__imap_new(&t->config);
	if (!r->s) {
		free(r->told.p);
		free(r);
		return how->lenient ? NULL : "no memory";
	}
	r->l = email__imap_link(r->s);
	if (how->log) {
		r->l->log = look_for_secret;
		r->l->log_context = t;
	}
	if (how->cut == 0)
		close_it(r);
	drive(r);
	bad = judge(r);
	email__imap_free(r->s);
	free(r->got.p);
	free(r->told.p);
	free(r);
	return bad;
}
