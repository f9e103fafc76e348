/* SPDX-License-Identifier: MIT */
#include "support/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/smtp.h"
#include "support/replay_login.h"

enum { MAILS = 40, RECIPIENTS = 1000, ITEMS = 400 };

typedef struct bytes {
	char *p;
	size_t n;
} bytes;

typedef struct item {
	char kind; /* S C T Q X */
	bytes text;
} item;

typedef struct mail {
	email__smtp_mail m, as_new;
	email__smtp_recipient *recipients;
	bytes body;
	size_t at;
	bool bad, breaks, handed;
	char code[32], *outcomes;
	size_t done_at; /* of the server's bytes, in the run byte by byte */
} mail;

struct email_test_transcript {
	char *text; /* the file, cut into pieces that others point at */
	email__smtp_config config;
	email_test_login login;
	mail mails[MAILS];
	size_t mail_count;
	item items[ITEMS];
	size_t item_count;
	char session[32], stage[32];
	long flights;
	const char *says[4];
	size_t says_count;
	bool known; /* done_at is filled */
	char complaint[512];
	bool leaked;
};

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
set_config(email_test_transcript *t, char *word)
{
	email__smtp_config *c = &t->config;

	if (strcmp(word, "starttls") == 0)
		c->start_tls = true;
	else if (strcmp(word, "tls") == 0)
		c->tls = true;
	else if (strcmp(word, "plaintext") == 0)
		c->allow_plaintext_login = true;
	else if (email_test_login_word(&t->login, word))
		c->credentials = t->login.given ? &t->login.credentials : NULL;
	else if (begins(word, "ehlo="))
		c->ehlo_name = word + 5;
	else if (begins(word, "mechanism="))
		c->mechanism = word + 10;
	else
		fprintf(stderr, "config: %s?\n", word);
}

static void
add_recipients(mail *m, char *list)
{
	char *next;

	for (; list; list = next) {
		next = strchr(list, ',');
		if (next)
			*next++ = '\0';
		m->recipients[m->m.count++].address = list;
	}
}

static void
set_mail(mail *m, char *word)
{
	if (begins(word, "from="))
		m->m.from = word + 5;
	else if (begins(word, "to="))
		add_recipients(m, word + 3);
	else if (begins(word, "many="))
		while (m->m.count < (size_t)atoi(word + 5))
			m->recipients[m->m.count++].address = "r@example.com";
	else if (begins(word, "size="))
		m->m.size = strtoull(word + 5, NULL, 10);
	else if (strcmp(word, "8bit") == 0)
		m->m.eight_bit = true;
	else if (strcmp(word, "utf8") == 0)
		m->m.utf8 = true;
	else if (strcmp(word, "more") == 0)
		m->m.last = false;
	else if (strcmp(word, "bad") == 0)
		m->bad = true;
	else if (begins(word, "envid="))
		m->m.envelope_id = word + 6;
	else if (begins(word, "dsn="))
		m->m.dsn = (strstr(word, "never") ? EMAIL_DSN_NEVER : 0) |
		           (strstr(word, "success") ? EMAIL_DSN_SUCCESS : 0) |
		           (strstr(word, "failure") ? EMAIL_DSN_FAILURE : 0) |
		           (strstr(word, "delay") ? EMAIL_DSN_DELAY : 0);
	else
		fprintf(stderr, "mail: %s?\n", word);
}

static void
each_word(char *words, void (*set)(void *, char *), void *context)
{
	char *next;

	for (; words && *words; words = next) {
		next = strchr(words, ' ');
		if (next)
			*next++ = '\0';
		set(context, words);
	}
}

static void
config_word(void *t, char *word)
{
	set_config(t, word);
}

static void
mail_word(void *m, char *word)
{
	set_mail(m, word);
}

static void
add_item(email_test_transcript *t, char kind, const char *text, bool raw)
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
		append(&i->text, "\r\n", 2);
	}
}

static void
mail_line(email_test_transcript *t, char *line)
{
	mail *m;
	char *code;

	if (line[5] >= '0' && line[5] <= '9') {
		m = &t->mails[strtoul(line + 5, &code, 10) - 1];
		m->outcomes = calloc(1, RECIPIENTS + 1);
		sscanf(code, "%31s %1000s", m->code, m->outcomes);
		return;
	}
	m = &t->mails[t->mail_count++];
	m->recipients = calloc(RECIPIENTS, sizeof *m->recipients);
	m->m.recipients = m->recipients;
	m->m.from = "";
	m->m.last = true;
	each_word(line + 5, mail_word, m);
	append(&m->body, "", 0);
}

static void
load_line(email_test_transcript *t, char *line)
{
	mail *m = t->mail_count ? &t->mails[t->mail_count - 1] : NULL;

	if (line[0] == '\0' || line[0] == '#')
		return;
	if (begins(line, "config "))
		each_word(line + 7, config_word, t);
	else if (begins(line, "mail "))
		mail_line(t, line);
	else if (m && begins(line, "|-"))
		append_raw(&m->body, line + 2 + (line[2] == ' '));
	else if (m && begins(line, "|")) {
		append(&m->body, line + 1 + (line[1] == ' '), strlen(line + 1 + (line[1] == ' ')));
		append(&m->body, "\r\n", 2);
	} else if (m && begins(line, "repeat ")) {
		char *text;
		long n = strtol(line + 7, &text, 10);

		for (; n > 0; n--) {
			append(&m->body, text + 1, strlen(text + 1));
			append(&m->body, "\r\n", 2);
		}
	} else if (m && strcmp(line, "fail") == 0)
		m->breaks = true;
	else if ((line[0] == 'S' || line[0] == 'C') && (line[1] == ':' || line[1] == '-'))
		add_item(t, line[0], line + 2 + (line[2] == ' '), line[1] == '-');
	else if (strchr("TQX", line[0]) && line[1] == '\0')
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

email_test_transcript *
email_test_transcript_load(const char *path)
{
	email_test_transcript *t = calloc(1, sizeof *t);
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
	t->config.ehlo_name = "";
	email_test_login_init(&t->login);
	for (line = t->text; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		load_line(t, line);
	}
	for (n = 0; n < t->mail_count; n++)
		t->mails[n].as_new = t->mails[n].m;
	return t;
}

void
email_test_transcript_free(email_test_transcript *t)
{
	size_t i;

	for (i = 0; i < t->item_count; i++)
		free(t->items[i].text.p);
	for (i = 0; i < t->mail_count; i++) {
		free(t->mails[i].body.p);
		free(t->mails[i].recipients);
		free(t->mails[i].outcomes);
	}
	email_test_login_free(&t->login);
	free(t->text);
	free(t);
}

size_t
email_test_transcript_size(const email_test_transcript *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->item_count; i++)
		n += t->items[i].kind == 'S' ? t->items[i].text.n : 0;
	return n;
}

/* --- running --- */

typedef struct run {
	email_test_transcript *t;
	const email_test_how *how;
	email__smtp *s;
	email__link *l;
	size_t item, at; /* where in the transcript, and in its item */
	size_t fed;      /* bytes of the server */
	bytes got;       /* of the client, towards the item at hand */
	size_t handed;
	bool over;
} run;

static const char *
complain(run *r, const char *what, const char *more)
{
	snprintf(r->t->complaint, sizeof r->t->complaint, "%s: %.400s (item %zu, in %zu, out %zu, cut %zd)",
	         what, more, r->item, r->how->in, r->how->out, (ssize_t)r->how->cut);
	return r->t->complaint;
}

static email_code
read_body(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	mail *m = context;
	size_t n = m->body.n - m->at;

	if (n == 0 && m->breaks)
		return EMAIL_E_FILE;
	*got = n < size ? n : size;
	memcpy(buffer, m->body.p + m->at, *got);
	m->at += *got;
	return EMAIL_OK;
}

static void
look_for_secret(void *context, char who, const char *line, size_t n)
{
	email_test_transcript *t = context;

	(void)who;
	if (strlen(line) != n || strchr(line, '\r') || strchr(line, '\n') || strchr(line, '\033'))
		t->leaked = true;
	if (email_test_login_leaks(line))
		t->leaked = true;
}

static const char *
hand_over(run *r)
{
	while (r->handed < r->t->mail_count && email__smtp_ready(r->s)) {
		mail *m = &r->t->mails[r->handed++];
		email_code rc;

		m->m = m->as_new;
		m->at = 0;
		m->m.source.read = read_body;
		m->m.source.context = m;
		rc = email__smtp_send(r->s, &m->m);
		m->handed = rc == EMAIL_OK;
		if (!m->bad && rc)
			return complain(r, "mail not taken", m->m.error.text);
		if (m->bad && strcmp(email_code_name(rc), m->code) != 0)
			return complain(r, "mail refused otherwise", email_code_name(rc));
	}
	return NULL;
}

static void
note_done(run *r)
{
	size_t i;

	for (i = 0; i < r->handed; i++)
		if (!r->t->known && r->how->in == 1 && r->t->mails[i].handed && r->t->mails[i].m.done &&
		    r->t->mails[i].done_at == 0)
			r->t->mails[i].done_at = r->fed + 1;
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
	r->l->eof(r->l);
	r->over = true;
}

static const char *
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
		return complain(r, "in is full", "");
	r->at += n;
	r->fed += n;
	if (r->at == i->text.n) {
		r->item++;
		r->at = 0;
	}
	if (r->fed == r->how->cut)
		close_it(r);
	return NULL;
}

/* What a driver does with plain bytes where TLS should begin: the handshake fails on them. */
static void
garbage_for_tls(run *r)
{
	email_error e;

	memset(&e, 0, sizeof e);
	email__error_set(&e, EMAIL_E_STARTTLS, EMAIL_STAGE_STARTTLS, "plain bytes instead of a handshake");
	email__smtp_broken(r->s, &e);
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
		if (r->got.n && (r->l->want & EMAIL__WANT_TLS) == 0 && r->l->want &&
		    !(r->l->want & (EMAIL__WANT_READ | EMAIL__WANT_CALLER)))
			return complain(r, "the client does not wait for the answer to", i->text.p);
		r->got.n = 0;
		r->item++;
		return NULL;
	case 'S': return feed(r);
	case 'T': return complain(r, "no TLS wanted", "");
	case 'X':
		r->item++;
		close_it(r);
		return NULL;
	default: return NULL;
	}
}

static const char *
drive(run *r)
{
	const char *bad;

	while (!r->over) {
		r->l->step(r->l);
		note_done(r);
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
			if ((bad = hand_over(r)))
				return bad;
			if (r->item < r->t->item_count && r->t->items[r->item].kind == 'Q') {
				email__smtp_quit(r->s);
				r->item++;
			}
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
			return NULL;
		if ((bad = next_item(r)))
			return bad;
	}
	return NULL;
}

/* --- judging --- */

static void
outcome_letters(const email__smtp_mail *m, char *out)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		out[i] = "NADRU"[m->recipients[i].outcome];
	out[i] = '\0';
}

static bool
in_error(const email_error *e, const char *what)
{
	return strstr(e->text, what) || strstr(e->remedy, what);
}

/* By the session, or by a mail that it took. */
static bool
said(const run *r, const char *what)
{
	bool is = in_error(&r->l->error, what);
	size_t i;

	for (i = 0; i < r->handed && !is; i++)
		is = r->t->mails[i].handed && in_error(&r->t->mails[i].m.error, what);
	return is;
}

static const char *
judge_exact(run *r)
{
	email_test_transcript *t = r->t;
	const email_error *e = &r->l->error;
	char letters[RECIPIENTS + 1], more[400];
	size_t i;

	if (strcmp(t->session, email_code_name(e->code)) != 0 ||
	    (t->stage[0] && strcmp(t->stage, email_stage_name(e->stage)) != 0)) {
		snprintf(more, sizeof more, "%s %s: %.200s", email_code_name(e->code),
		         email_stage_name(e->stage), e->text);
		return complain(r, "session ends otherwise", more);
	}
	for (i = 0; i < t->mail_count; i++) {
		mail *m = &t->mails[i];

		if (m->bad || (!m->handed && strcmp(m->code, "NOT") == 0))
			continue;
		outcome_letters(&m->m, letters);
		if (!m->handed || !m->m.done || strcmp(m->code, email_code_name(m->m.code)) != 0 ||
		    strcmp(letters, m->outcomes) != 0) {
			snprintf(more, sizeof more, "%zu %s %.100s%s: %.200s", i + 1,
			         email_code_name(m->m.code), letters,
			         m->handed && m->m.done ? "" : " (not done)", m->m.error.text);
			return complain(r, "mail ends otherwise", more);
		}
		if (m->m.code != m->m.error.code)
			return complain(r, "code and record differ", m->m.error.text);
	}
	for (i = 0; i < t->says_count; i++)
		if (!said(r, t->says[i]))
			return complain(r, "does not say", t->says[i]);
	if (t->flights >= 0 && (unsigned)t->flights != r->l->flights) {
		snprintf(more, sizeof more, "%u", r->l->flights);
		return complain(r, "flights", more);
	}
	if (r->item < t->item_count && r->l->want != 0)
		return complain(r, "the dialogue ended early", "");
	return NULL;
}

/* Cut off or out of memory: every mail has an outcome, and none says yes before the server did. */
static const char *
judge_broken(run *r)
{
	size_t i, k;

	if (r->l->error.code == EMAIL_OK && !(r->l->want & EMAIL__WANT_CLOSE))
		return complain(r, "no error", "");
	for (i = 0; i < r->handed; i++) {
		mail *m = &r->t->mails[i];
		bool early = m->done_at == 0 || r->fed + 1 < m->done_at;

		if (!m->handed)
			continue;
		if (!m->m.done)
			return complain(r, "a mail is left without outcome", "");
		if (!early)
			continue;
		if (m->m.code == EMAIL_OK)
			return complain(r, "false success", "");
		for (k = 0; k < m->m.count; k++)
			if (m->recipients[k].outcome == EMAIL_OUTCOME_ACCEPTED)
				return complain(r, "false acceptance", "");
	}
	return NULL;
}

static const char *
judge(run *r, const char *bad)
{
	email_error e;

	if (r->t->leaked)
		return complain(r, "the transcript leaks", "");
	if (bad && !r->how->lenient)
		return bad;
	if (r->how->cut == (size_t)-1 && !r->how->lenient)
		return judge_exact(r);
	memset(&e, 0, sizeof e);
	email__error_set(&e, EMAIL_E_CLOSED, EMAIL_STAGE_NONE, "the test ends it");
	email__smtp_broken(r->s, &e);
	return judge_broken(r);
}

const char *
email_test_replay(email_test_transcript *t, const email_test_how *how)
{
	run r = {.t = t, .how = how};
	const char *bad;
	size_t i;

	t->leaked = false;
	for (i = 0; i < t->mail_count; i++)
		t->mails[i].handed = false;
	email_test_login_begin(&t->login);
	r.s = email__smtp_new(&t->config);
	if (!r.s)
		return how->lenient ? NULL : "no memory";
	r.l = email__smtp_link(r.s);
	memcpy(r.l->local, "[192.0.2.1]", sizeof "[192.0.2.1]");
	if (how->log) {
		r.l->log = look_for_secret;
		r.l->log_context = t;
	}
	if (how->cut == 0)
		close_it(&r);
	bad = judge(&r, drive(&r));
	if (how->in == 1)
		t->known = true;
	free(r.got.p);
	email__smtp_free(r.s);
	return bad;
}
