/* SPDX-License-Identifier: MIT */
#include "support/pop3_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/pop3.h"
#include "support/replay_login.h"

enum { ITEMS = 400, ENTRIES = 300 };

typedef struct bytes {
	char *p;
	size_t n;
} bytes;

typedef struct item {
	char kind; /* S C T X > */
	bytes text;
} item;

struct email_test_pop3 {
	char *text; /* the file, cut into pieces that others point at */
	email__pop3_config config;
	email_test_login login;
	bool deletes;
	uint32_t refuse, drop, stop, halt;
	item items[ITEMS];
	size_t item_count;
	bytes events;
	char session[32], stage[32];
	long flights;
	const char *says[4];
	size_t says_count;
	size_t *reached; /* by the server's bytes: how long the events were, in the run byte by byte */
	bool known;
	char complaint[512];
};

/* --- loading --- */

static void
append(bytes *b, const char *p, size_t n)
{
	b->p = realloc(b->p, b->n + n + 1);
	if (n)
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
config_word(email_test_pop3 *t, char *word)
{
	email__pop3_config *c = &t->config;

	if (strcmp(word, "starttls") == 0)
		c->start_tls = true;
	else if (strcmp(word, "tls") == 0)
		c->tls = true;
	else if (strcmp(word, "plaintext") == 0)
		c->allow_plaintext_login = true;
	else if (strcmp(word, "delete") == 0)
		t->deletes = true;
	else if (email_test_login_word(&t->login, word))
		c->credentials = t->login.given ? &t->login.credentials : NULL;
	else if (begins(word, "mechanism="))
		c->mechanism = word + 10;
	else if (begins(word, "refuse="))
		t->refuse = (uint32_t)atoi(word + 7);
	else if (begins(word, "drop="))
		t->drop = (uint32_t)atoi(word + 5);
	else if (begins(word, "stop="))
		t->stop = (uint32_t)atoi(word + 5);
	else if (begins(word, "halt="))
		t->halt = (uint32_t)atoi(word + 5);
	else
		fprintf(stderr, "config: %s?\n", word);
}

static void
config_line(email_test_pop3 *t, char *words)
{
	char *next;

	for (; words && *words; words = next) {
		next = strchr(words, ' ');
		if (next)
			*next++ = '\0';
		config_word(t, words);
	}
}

static void
add_item(email_test_pop3 *t, char kind, const char *text, bool raw)
{
	item *i = t->item_count ? &t->items[t->item_count - 1] : NULL;

	if (!i || i->kind != kind || (kind != 'S' && kind != 'C')) {
		if (t->item_count == ITEMS)
			return;
		i = &t->items[t->item_count++];
		i->kind = kind;
	}
	if (raw)
		append_raw(&i->text, text);
	else {
		char *line = email_test_login_line(text);

		append(&i->text, line, strlen(line));
		free(line);
		if (kind != '>')
			append(&i->text, "\r\n", 2);
	}
}

static void
event_line(email_test_pop3 *t, const char *line)
{
	if (line[1] == '-')
		append_raw(&t->events, line + 2 + (line[2] == ' '));
	else {
		const char *text = line[1] == '|' ? line + 2 + (line[2] == ' ') : line + 2;

		append(&t->events, text, strlen(text));
		append(&t->events, line[1] == '|' ? "\r\n" : "\n", line[1] == '|' ? 2 : 1);
	}
}

static void
load_line(email_test_pop3 *t, char *line)
{
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (begins(line, "config "))
		config_line(t, line + 7);
	else if ((line[0] == 'S' || line[0] == 'C') && (line[1] == ':' || line[1] == '-'))
		add_item(t, line[0], line + 2 + (line[2] == ' '), line[1] == '-');
	else if (begins(line, "repeat ")) {
		char *text;
		long n = strtol(line + 7, &text, 10);

		for (; n > 0; n--)
			add_item(t, 'S', text + 1, false);
	} else if (strchr("TX", line[0]) && line[1] == '\0')
		add_item(t, line[0], "", true);
	else if (begins(line, "> "))
		add_item(t, '>', line + 2, false);
	else if (line[0] == '=')
		event_line(t, line);
	else if (begins(line, "session "))
		sscanf(line + 8, "%31s %31s", t->session, t->stage);
	else if (begins(line, "flights "))
		t->flights = atol(line + 8);
	else if (begins(line, "says ") && t->says_count < 4)
		t->says[t->says_count++] = line + 5;
	else
		fprintf(stderr, "what is \"%s\"?\n", line);
}

email_test_pop3 *
email_test_pop3_load(const char *path)
{
	email_test_pop3 *t = calloc(1, sizeof *t);
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
	t->reached = calloc(email_test_pop3_size(t) + 1, sizeof *t->reached);
	return t;
}

void
email_test_pop3_free(email_test_pop3 *t)
{
	size_t i;

	for (i = 0; i < t->item_count; i++)
		free(t->items[i].text.p);
	free(t->events.p);
	free(t->reached);
	email_test_login_free(&t->login);
	free(t->text);
	free(t);
}

size_t
email_test_pop3_size(const email_test_pop3 *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->item_count; i++)
		n += t->items[i].kind == 'S' ? t->items[i].text.n : 0;
	return n;
}

/* --- running --- */

typedef struct run {
	email_test_pop3 *t;
	const email_test_how *how;
	email__pop3 *p;
	email__link *l;
	size_t item, at; /* where in the transcript, and in its item */
	size_t fed;      /* bytes of the server */
	bytes got;       /* of the client, towards the item at hand */
	bytes events;
	size_t honest; /* how long they were before the end came from outside */
	email__entry entries[ENTRIES];
	size_t entry_count, fetched, settles, settled, begun, ended;
	uint32_t current; /* the message that comes */
	bool over, leaked, in_message;
} run;

static const char *
complain(run *r, const char *what, const char *more)
{
	snprintf(r->t->complaint, sizeof r->t->complaint, "%s: %.400s (item %zu, in %zu, out %zu, cut %zd)",
	         what, more ? more : "", r->item, r->how->in, r->how->out, (ssize_t)r->how->cut);
	return r->t->complaint;
}

static void
look_for_secret(void *context, char who, const char *line, size_t n)
{
	run *r = context;

	(void)who;
	if (strlen(line) != n || strchr(line, '\r') || strchr(line, '\n') || strchr(line, '\033'))
		r->leaked = true;
	if (email_test_login_leaks(line))
		r->leaked = true;
}

static void
event(run *r, const char *what, const email__entry *entry, email_code code, bool with_code)
{
	char line[200];

	snprintf(line, sizeof line, "%s %u%s%s\n", what, entry->number, with_code ? " " : "",
	         with_code ? email_code_name(code) : "");
	append(&r->events, line, strlen(line));
}

static void
listed(void *context, const email__entry *entry)
{
	run *r = context;
	char line[200];

	snprintf(line, sizeof line, "listed %u %s %lld\n", entry->number, entry->uid[0] ? entry->uid : "-",
	         entry->size == EMAIL__SIZE_UNKNOWN ? -1LL : (long long)entry->size);
	append(&r->events, line, strlen(line));
}

static email_code
begin(void *context, const email__entry *entry)
{
	run *r = context;

	event(r, "begin", entry, EMAIL_OK, false);
	r->begun++;
	r->in_message = true;
	r->current = entry->number;
	if (entry->number == r->t->stop)
		return EMAIL_E_CANCELLED;
	return entry->number == r->t->refuse ? EMAIL_E_FILE : EMAIL_OK;
}

static email_code
data(void *context, const char *p, size_t n)
{
	run *r = context;

	if (!r->in_message || n == 0)
		r->leaked = true;
	if (r->current == r->t->drop)
		return EMAIL_E_FILE; /* how much the first piece has is nobody's to say */
	append(&r->events, p, n);
	return EMAIL_OK;
}

static email_code
end(void *context, const email__entry *entry, email_code code)
{
	run *r = context;

	event(r, "end", entry, code, true);
	r->ended++;
	r->in_message = false;
	if (r->t->deletes && code == EMAIL_OK &&
	    email__pop3_settle(r->p, entry, EMAIL__FATE_DELETED) == EMAIL_OK)
		r->settles++;
	return entry->number == r->t->halt ? EMAIL_E_CANCELLED : EMAIL_OK;
}

static void
settled(void *context, const email__entry *entry, email_code code)
{
	run *r = context;

	event(r, "settled", entry, code, true);
	r->settled++;
}

static void
note_reached(run *r)
{
	if (!r->t->known && r->how->in == 1)
		r->t->reached[r->fed] = r->events.n;
}

/* "1,2,3", "1" */
static size_t
take_entries(run *r, const char *list)
{
	size_t first = r->entry_count;
	char *next;

	while (*list >= '0' && *list <= '9' && r->entry_count < ENTRIES) {
		r->entries[r->entry_count++].number = (uint32_t)strtoul(list, &next, 10);
		if (*next == '-') {
			unsigned long last = strtoul(next + 1, &next, 10), k;

			for (k = r->entries[r->entry_count - 1].number + 1; k <= last; k++)
				r->entries[r->entry_count++].number = (uint32_t)k;
		}
		list = next + (*next == ',');
	}
	return first;
}

static const char *
request(run *r, const char *what)
{
	email_code rc = EMAIL_OK;
	size_t first;

	if (begins(what, "settle ")) {
		first = take_entries(r, what + 7);
		for (; first < r->entry_count && rc == EMAIL_OK; first++) {
			r->settles++;
			rc = email__pop3_settle(r->p, &r->entries[first],
			                        strstr(what, "deleted") ? EMAIL__FATE_DELETED
			                        : strstr(what, "seen")  ? EMAIL__FATE_SEEN
			                                                : EMAIL__FATE_LEFT);
			r->settles -= rc != EMAIL_OK;
		}
	} else if (strcmp(what, "quit") == 0)
		email__pop3_quit(r->p);
	else if (!email__pop3_ready(r->p))
		return complain(r, "not ready for", what);
	else if (begins(what, "list"))
		rc = email__pop3_list(r->p, strstr(what, "uids") != NULL);
	else if (begins(what, "fetch ")) {
		first = take_entries(r, what + 6);
		rc = email__pop3_fetch(r->p, &r->entries[first], r->entry_count - first,
		                       strstr(what, "header") ? EMAIL__EXTENT_HEADER : EMAIL__EXTENT_WHOLE);
	} else if (strcmp(what, "noop") == 0)
		email__pop3_noop(r->p);
	else
		return complain(r, "what is", what);
	return rc ? complain(r, what, email_code_name(rc)) : NULL;
}

static const char *
drain(run *r)
{
	size_t n = email__buf_len(&r->l->out);
	const item *i = r->item < r->t->item_count ? &r->t->items[r->item] : NULL;

	if (n > (r->l->out.secret ? EMAIL__LINK_LOGIN_MAX : EMAIL__LINK_OUT_MAX))
		return complain(r, "out is too long", "");
	if (r->how->out && n > r->how->out)
		n = r->how->out;
	if (n == 0)
		return NULL;
	append(&r->got, (const char *)email__buf_head(&r->l->out), n);
	email__buf_consume(&r->l->out, n);
	if (!i || i->kind != 'C' || r->got.n > i->text.n || memcmp(r->got.p, i->text.p, r->got.n) != 0)
		return complain(r, i ? "the client writes" : "the client writes on", r->got.p);
	return NULL;
}

static void
close_it(run *r)
{
	r->l->step(r->l);
	r->honest = r->events.n;
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
	if (email__buf_add(&r->l->in, i->text.p + r->at, n))
		abort();
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
	email_error e = {0};

	email__error_set(&e, EMAIL_E_STARTTLS, EMAIL_STAGE_STARTTLS, "plain bytes instead of a handshake");
	email__pop3_broken(r->p, &e);
	r->over = true;
}

static const char *
next_item(run *r)
{
	const item *i = &r->t->items[r->item];

	switch (i->kind) {
	case 'C':
		if (r->got.n < i->text.n)
			return complain(r, "the client does not write", i->text.p + r->got.n);
		r->got.n = 0;
		r->item++;
		return NULL;
	case 'S':
		if (email__buf_left(&r->l->in) == 0)
			return complain(r, "in is full", "");
		feed(r);
		return NULL;
	case 'T': return complain(r, "no TLS wanted", "");
	case 'X':
		r->item++;
		close_it(r);
		return NULL;
	case '>': r->item++; return request(r, i->text.p);
	default: return NULL;
	}
}

/* What may be asked for while the engine works goes with the flight that it has. */
static bool
wishes(const run *r)
{
	const item *i = r->item < r->t->item_count ? &r->t->items[r->item] : NULL;

	return i && i->kind == '>' && (strcmp(i->text.p, "quit") == 0 || begins(i->text.p, "settle "));
}

static const char *
drive(run *r)
{
	const char *bad;

	while (!r->over) {
		r->l->step(r->l);
		note_reached(r);
		if (r->l->want == 0 || (r->l->want & EMAIL__WANT_CLOSE))
			return NULL;
		if (r->l->want & EMAIL__WANT_TLS) {
			if (r->item < r->t->item_count && r->t->items[r->item].kind != 'T') {
				garbage_for_tls(r);
				return NULL;
			}
			if (r->item == r->t->item_count)
				return complain(r, "TLS wanted", "");
			r->item++;
			r->l->tls_started(r->l);
			continue;
		}
		/* a driver reads all that is there before it writes: what is fed is fed as one */
		if (r->at == 0) {
			while (wishes(r))
				if ((bad = next_item(r)))
					return bad;
			r->l->step(r->l);
			if ((bad = drain(r)))
				return bad;
			if (email__buf_len(&r->l->out))
				continue;
			r->l->step(r->l);
			if (email__buf_len(&r->l->out))
				continue;
		}
		if (r->item == r->t->item_count)
			return complain(r, "the engine goes on", "");
		if ((bad = next_item(r)))
			return bad;
	}
	return NULL;
}

/* --- judging --- */

static const char *
judge_exact(run *r)
{
	const email_test_pop3 *t = r->t;
	const email_error *e = &r->l->error;
	size_t i;

	/* an error may come in the middle of what the server says last */
	if (r->item + (e->code != EMAIL_OK && r->at) < t->item_count &&
	    !(r->over && r->item + 1 >= t->item_count))
		return complain(r, "ended early", e->text);
	if (strcmp(email_code_name(e->code), t->session) != 0)
		return complain(r, email_code_name(e->code), e->text);
	if (t->stage[0] && strcmp(email_stage_name(e->stage), t->stage) != 0)
		return complain(r, "another stage", email_stage_name(e->stage));
	for (i = 0; i < t->says_count; i++)
		if (!strstr(e->text, t->says[i]) && !strstr(e->remedy, t->says[i])) {
			fprintf(stderr, "%s\n", e->remedy);
			return complain(r, "says", e->text);
		}
	if (t->flights >= 0 && r->how->out == 0 && (long)r->l->flights != t->flights)
		return complain(
			r, "flights",
			(char[]){(char)('0' + r->l->flights / 10), (char)('0' + r->l->flights % 10), 0});
	if (r->events.n != t->events.n || (r->events.n && memcmp(r->events.p, t->events.p, r->events.n) != 0))
		return complain(r, "other events", r->events.p);
	return NULL;
}

/* After a cut: nothing but what had come until then, and nothing good after it. */
static const char *
judge_broken(run *r)
{
	const bytes *want = &r->t->events;
	const char *p;

	if (r->honest > want->n || (r->honest && memcmp(r->events.p, want->p, r->honest) != 0))
		return complain(r, "other events", r->events.p);
	if (r->t->known && r->how->cut != (size_t)-1 && r->honest > r->t->reached[r->fed])
		return complain(r, "events too early", r->events.p);
	for (p = r->events.p ? r->events.p + r->honest : ""; *p; p = strchr(p, '\n') + 1) {
		bool end = begins(p, "end ") || begins(p, "settled ");
		const char *code;

		if (!end || !strchr(p, '\n') || !strrchr(p, ' '))
			return complain(r, "events after the end", p);
		code = p + strcspn(p, " ") + 1;
		code += strcspn(code, " ") + 1;
		if (begins(code, "OK\n"))
			return complain(r, "false success", p);
	}
	return NULL;
}

static const char *
judge(run *r, const char *bad)
{
	email_error e = {0};

	if (r->leaked)
		return complain(r, "the transcript leaks", "");
	if (bad && !r->how->lenient)
		return bad;
	if (r->how->cut == (size_t)-1 && !r->how->lenient)
		bad = judge_exact(r);
	email__error_set(&e, EMAIL_E_CLOSED, EMAIL_STAGE_NONE, "the test ends it");
	if (!r->over)
		r->honest = r->events.n;
	email__pop3_broken(r->p, &e);
	if (!bad && r->how->cut != (size_t)-1)
		bad = judge_broken(r);
	if (!bad && r->settles != r->settled)
		bad = complain(r, "something settled is left without a word", "");
	if (!bad && r->begun != r->ended)
		bad = complain(r, "a message began and did not end", "");
	return bad;
}

const char *
email_test_pop3_replay(email_test_pop3 *t, const email_test_how *how)
{
	static run r;
	const char *bad;

	memset(&r, 0, sizeof r);
	r.t = t;
	r.how = how;
	t->config.events = (email__mailbox_events){&r, listed, begin, data, end, settled, NULL, NULL};
	email_test_login_begin(&t->login);
	r.p = email__pop3_new(&t->config);
	if (!r.p)
		return how->lenient ? NULL : "no memory";
	r.l = email__pop3_link(r.p);
	if (how->log) {
		r.l->log = look_for_secret;
		r.l->log_context = &r;
	}
	if (how->cut == 0)
		close_it(&r);
	bad = drive(&r);
	if (how->lenient)
		bad = NULL;
	bad = judge(&r, bad);
	if (how->in == 1 && how->cut == (size_t)-1)
		t->known = true;
	free(r.got.p);
	free(r.events.p);
	email__pop3_free(r.p);
	return bad;
}
