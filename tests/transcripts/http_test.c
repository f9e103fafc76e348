/* SPDX-License-Identifier: MIT */
/*
 * Golden dialogues with token endpoints, tests/transcripts/http: from a configuration to a token or an error, each request
 * byte for byte. Run whole, at every chunk size, cut off at every byte (where they sign, at some), with every allocation failing; and once with
 * an allocator that looks into each block that is freed, ours and jansson's, for what was secret. A transcript is text,
 * one thing a line:
 *
 *     # a remark
 *     config metadata=URL token=URL grant=client|jwt|refresh|device client=ID secret=S scope=S account=A refresh=R
 *            auth=post|basic|jwt|none key=rsa|ec algorithm=RS256|PS256|ES256
 *     to HOST PORT                     the next request goes there
 *     C: a line of it, CRLF added      C- its end, without        C~ its end begins so (VERSION is the library's)
 *     S: a line of the answer          S- without CRLF            S+ HEX TEXT: a chunk
 *     end                              TLS ends as it should (where the answer does not say its length)
 *     wait SECONDS                     so long before the next request
 *     code USER URL                    what a person is shown
 *     access T   refresh T   seconds N                            what comes of it, or
 *     error CODE                       says TEXT: part of the error's text or remedy
 *     secret TEXT                      is in no log, no error, no memory that was freed
 */
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>

#include <emailservice/log.h>

#include "base/error.h"
#include "proto/http.h"
#include "support/cm.h"
#include "support/failalloc.h"
#include "support/jose.h"
#include "token/obtain.h"

#define FOLDER "tests/transcripts/http"
#define WALL 1790000000

struct exchange {
	char host[128];
	int port;
	char want[8192], answer[32768];
	size_t want_n, answer_n;
	bool open, end; /* the request's end is free; TLS ends as it should */
	long wait;
};

struct transcript {
	char *text;
	email__obtain_config config;
	struct exchange exchange[8];
	size_t count;
	const char *code, *access, *refresh, *error, *says[8], *secret[8];
	size_t says_n, secret_n;
	long seconds;
};

static void
die(const char *path, const char *line)
{
	fprintf(stderr, "%s: %s\n", path, line);
	fail();
}

/* --- reading one --- */

static char *
value_of(char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

static void
configure(struct transcript *t, char *words)
{
	email__grant_config *g = &t->config.grant;
	char *word, *rest;

	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *v = strchr(word, '=');

		*v++ = '\0';
		if (strcmp(word, "metadata") == 0)
			t->config.metadata_endpoint = v;
		else if (strcmp(word, "token") == 0)
			t->config.token_endpoint = v;
		else if (strcmp(word, "grant") == 0)
			g->grant = *v == 'c'   ? EMAIL__GRANT_CLIENT
			           : *v == 'j' ? EMAIL__GRANT_JWT
			           : *v == 'r' ? EMAIL__GRANT_REFRESH
			                       : EMAIL__GRANT_DEVICE;
		else if (strcmp(word, "auth") == 0)
			g->auth = *v == 'p'   ? EMAIL__CLIENT_POST
			          : *v == 'b' ? EMAIL__CLIENT_BASIC
			          : *v == 'j' ? EMAIL__CLIENT_JWT
			                      : EMAIL__CLIENT_NONE;
		else if (strcmp(word, "client") == 0)
			g->client_id = v;
		else if (strcmp(word, "secret") == 0)
			g->client_secret = v;
		else if (strcmp(word, "scope") == 0)
			g->scope = v;
		else if (strcmp(word, "account") == 0)
			g->account = v;
		else if (strcmp(word, "refresh") == 0)
			g->refresh_token = v;
		else if (strcmp(word, "algorithm") == 0)
			g->algorithm = *v == 'P' ? EMAIL__PS256 : *v == 'E' ? EMAIL__ES256 : EMAIL__RS256;
		else if (strcmp(word, "key") == 0)
			g->key = *v == 'r' ? jose_rsa : jose_ec;
		else
			die("config", word);
	}
	if (g->key)
		g->key_n = strlen(g->key) + 1;
}

static void
add(char *to, size_t size, size_t *n, const char *text, const char *end)
{
	*n += (size_t)snprintf(to + *n, size - *n, "%s%s", text, end);
	assert_true(*n < size);
}

static void
take_line(struct transcript *t, char *line, const char *path)
{
	struct exchange *x = &t->exchange[t->count ? t->count - 1 : 0];
	char *v;

	if (!line[0] || line[0] == '#')
		return;
	if ((v = value_of(line, "config"))) {
		configure(t, v);
	} else if ((v = value_of(line, "to"))) {
		x = &t->exchange[t->count++];
		assert_int_equal(sscanf(v, "%127s %d", x->host, &x->port), 2);
	} else if ((v = value_of(line, "wait"))) {
		x->wait = atol(v);
	} else if (strcmp(line, "end") == 0) {
		x->end = true;
	} else if ((v = value_of(line, "code"))) {
		t->code = v;
	} else if ((v = value_of(line, "access"))) {
		t->access = t->secret[t->secret_n++] = v;
	} else if ((v = value_of(line, "refresh"))) {
		t->refresh = t->secret[t->secret_n++] = v;
	} else if ((v = value_of(line, "seconds"))) {
		t->seconds = atol(v);
	} else if ((v = value_of(line, "error"))) {
		t->error = v;
	} else if ((v = value_of(line, "says"))) {
		t->says[t->says_n++] = v;
	} else if ((v = value_of(line, "secret"))) {
		t->secret[t->secret_n++] = v;
	} else if (t->count && strcmp(line, "C: User-Agent: libemailservice/VERSION") == 0) {
		add(x->want, sizeof x->want, &x->want_n, "User-Agent: libemailservice/" EMAIL__VERSION,
		    "\r\n");
	} else if (t->count && line[0] == 'C' && strchr(":-~", line[1])) {
		x->open = line[1] == '~';
		add(x->want, sizeof x->want, &x->want_n, line[2] ? line + 3 : "",
		    line[1] == ':' ? "\r\n" : "");
	} else if (t->count && line[0] == 'S' && strchr(":-", line[1])) {
		add(x->answer, sizeof x->answer, &x->answer_n, line[2] ? line + 3 : "",
		    line[1] == ':' ? "\r\n" : "");
	} else if (t->count && strncmp(line, "S+", 2) == 0) {
		char size[32];

		snprintf(size, sizeof size, "%zx\r\n", strlen(line + 3));
		add(x->answer, sizeof x->answer, &x->answer_n, size, "");
		add(x->answer, sizeof x->answer, &x->answer_n, line + 3, "\r\n");
	} else {
		die(path, line);
	}
}

static struct transcript *
load(const char *path)
{
	struct transcript *t = calloc(1, sizeof *t);
	FILE *f = fopen(path, "rb");
	char *line, *rest;
	size_t n;

	assert_non_null(f);
	t->text = calloc(1, 65536);
	t->config.grant.scope = "";
	n = fread(t->text, 1, 65535, f);
	fclose(f);
	assert_true(n < 65535);
	for (line = t->text; line && *line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		take_line(t, line, path);
	}
	assert_true(t->count > 0);
	return t;
}

/* --- running one --- */

struct how {
	size_t step;    /* bytes of an answer at a time; 0: all */
	size_t at, cut; /* the answer `at` ends after so many bytes; at: (size_t)-1: none does */
	bool lenient;   /* memory fails: nothing but "no false success" is asked for */
};
static const size_t never = (size_t)-1;

static const struct transcript *running;
static const char *complaint;

static void
complain(bool bad, const char *what)
{
	if (bad && !complaint)
		complaint = what;
}

static void
log_line(void *context, char who, const char *line, size_t n)
{
	size_t i;

	(void)context;
	(void)who;
	for (i = 0; i < running->secret_n; i++)
		complain(n >= strlen(running->secret[i]) && strstr(line, running->secret[i]),
		         "a secret is in the transcript");
}

static void
check_request(const struct exchange *x, const email__web_request *r, const email__buf *out)
{
	size_t n = email__buf_len(out);
	const char *got = (const char *)email__buf_head(out);

	complain(strcmp(r->host, x->host) != 0 || r->port != x->port, "the request goes elsewhere");
	complain(n < x->want_n || (!x->open && n != x->want_n) || memcmp(got, x->want, x->want_n) != 0,
	         "the request is another");
	if (complaint)
		fprintf(stderr, "to %s %d:\n%.*s\n", r->host, r->port, (int)n, got);
}

/* One request and its answer. */
static void
talk(email__obtain *o, const struct exchange *x, const email__web_request *r, const struct how *how, bool cut,
     int64_t now)
{
	email__http *h = email__http_new(r);
	email__link *l = h ? email__http_link(h) : NULL;
	static const email_error memory = {
		.code = EMAIL_E_MEMORY, .temporary = true, .text = "out of memory"};
	size_t n = cut ? how->cut : x->answer_n, at = 0, piece;

	if (!h) {
		email__obtain_broken(o, &memory, now);
		return;
	}
	l->log = log_line;
	l->step(l);
	if (!how->lenient)
		check_request(x, r, &l->out);
	email__buf_clear(&l->out);
	while (at < n && (l->want & EMAIL__WANT_READ)) {
		piece = how->step && how->step < n - at ? how->step : n - at;
		piece = piece < email__buf_left(&l->in) ? piece : email__buf_left(&l->in);
		if (email__buf_add(&l->in, x->answer + at, piece))
			break;
		at += piece;
		l->step(l);
	}
	l->whole = x->end && !cut;
	if (l->want & EMAIL__WANT_READ)
		l->eof(l);
	if (email__http_response(h))
		email__obtain_answer(o, email__http_response(h), now);
	else
		email__obtain_broken(o, &l->error, now);
	email__http_free(h);
}

static void
check_end(const struct transcript *t, email__obtain *o, size_t done)
{
	const email_error *e = email__obtain_error(o);
	email__token *token = email__obtain_token(o);
	size_t i;

	complain(done != t->count, "it ended early");
	complain(!token != !t->access, "it came to another end");
	if (token && t->access) {
		complain(strcmp(email__buf_text(&token->access), t->access) != 0, "another token");
		complain(strcmp(email__buf_text(&token->refresh), t->refresh ? t->refresh : "") != 0,
		         "another refresh token");
		complain(token->seconds != t->seconds, "another life");
	} else if (!token) {
		complain(!t->error || strcmp(email_code_name(e->code), t->error) != 0, "another error");
	}
	for (i = 0; i < t->says_n; i++)
		complain(!strstr(e->text, t->says[i]) && !strstr(e->remedy, t->says[i]),
		         "the error does not say it");
	for (i = 0; i < t->secret_n; i++)
		complain(strstr(e->text, t->secret[i]) != NULL, "a secret is in the error");
	if (complaint)
		fprintf(stderr, "%s: %s (%s)\n", email_code_name(e->code), e->text, e->remedy);
}

static const char *
run(const struct transcript *t, const struct how *how)
{
	email_error e = {0};
	email__obtain *o = email__obtain_new(&t->config, &e);
	int64_t now = 0;
	size_t i;
	bool cut = false;

	running = t;
	complaint = NULL;
	for (i = 0; o && i < t->count && !cut; i++) {
		const struct exchange *x = &t->exchange[i];
		const email__device *device;
		const email__web_request *r;
		char shown[EMAIL__URL_MAX + 128];

		(void)email__obtain_step(o, now);
		complain(!how->lenient && email__obtain_wait(o, now) != x->wait * 1000,
		         "another time to wait");
		if (x->wait && t->code && (device = email__obtain_device(o))) {
			snprintf(shown, sizeof shown, "%s %s", device->user_code, device->uri);
			complain(strcmp(shown, t->code) != 0, "another code");
		}
		now += email__obtain_wait(o, now);
		if (email__obtain_step(o, now) != EMAIL__OBTAIN_SEND || !(r = email__obtain_request(o, WALL)))
			break;
		cut = how->at == i;
		talk(o, x, r, how, cut, now);
	}
	if (how->lenient || cut)
		complain(o && email__obtain_token(o) &&
		                 (cut || strcmp(email__buf_text(&email__obtain_token(o)->access),
		                                t->access ? t->access : "") != 0),
		         "a token came of half an answer");
	else if (!o)
		complain(true, e.text);
	else
		check_end(t, o, i);
	email__obtain_free(o);
	return complaint;
}

/* --- what is left in freed memory --- */

/* Blocks with their size in front, so that they can be looked into when they go. */
union header {
	size_t n;
	max_align_t align;
};

static void *
get(size_t n)
{
	union header *h = malloc(sizeof *h + n);

	if (!h)
		return NULL;
	h->n = n;
	memset(h + 1, 0, n);
	return h + 1;
}

static void
look(const char *p, size_t n)
{
	size_t i, at;

	for (i = 0; running && i < running->secret_n; i++) {
		size_t len = strlen(running->secret[i]);

		for (at = 0; at + len <= n; at++)
			complain(memcmp(p + at, running->secret[i], len) == 0, "a secret is in freed memory");
	}
}

static void
put(void *p)
{
	union header *h = p;

	if (!p)
		return;
	look(p, h[-1].n);
	free(h - 1);
}

static void *
allocator(void *context, void *p, size_t n)
{
	union header *h = p;
	void *q = n ? get(n) : NULL;

	(void)context;
	if (p && q)
		memcpy(q, p, h[-1].n < n ? h[-1].n : n);
	if (q || !n)
		put(p);
	return q;
}

static const char *
run_watched(const struct transcript *t)
{
	const char *bad;

	email_set_allocator(allocator, NULL);
	json_set_alloc_funcs(get, put);
	running = t;
	bad = run(t, &(struct how){0, never, 0, false});
	json_set_alloc_funcs(malloc, free);
	email_set_allocator(NULL, NULL);
	return bad;
}

/* --- all of them --- */

static unsigned
try(const struct transcript *t, const char *name, struct how how)
{
	const char *bad = run(t, &how);

	if (bad)
		fprintf(stderr, "%s (step %zu, answer %td cut at %zu): %s\n", name, how.step,
		        (ptrdiff_t)how.at, how.cut, bad);
	return bad != NULL;
}

static unsigned
try_all(const struct transcript *t, const char *name)
{
	unsigned bad = try(t, name, (struct how){0, never, 0, false});
	const char *left = bad ? NULL : run_watched(t);
	/* a signature by RSA takes its time */
	size_t stride = t->config.grant.key ? 29 : 1, i, j, n, all;

	if (left)
		fprintf(stderr, "%s: %s\n", name, left);
	bad += left != NULL;
	for (i = 1; i <= 300 && !bad; i += stride)
		bad += try(t, name, (struct how){i, never, 0, false});
	for (i = 0; i < t->count && !bad; i++)
		for (j = 0; j < t->exchange[i].answer_n && !bad; j += stride)
			bad += try(t, name, (struct how){j % 2, i, j, false});
	email_test_fail_alloc_from(0);
	bad += try(t, name, (struct how){0, never, 0, false});
	all = email_test_allocs();
	for (n = 1; n <= all && !bad; n++) {
		email_test_fail_alloc(n);
		bad += try(t, name, (struct how){0, never, 0, true});
		bad += email_test_blocks() != 0;
	}
	email_test_fail_alloc_off();
	return bad;
}

static void
transcripts(void **state)
{
	DIR *d = opendir(FOLDER);
	struct dirent *e;
	unsigned bad = 0, count = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[512];
		struct transcript *t;

		if (!strstr(e->d_name, ".txt"))
			continue;
		snprintf(path, sizeof path, FOLDER "/%s", e->d_name);
		t = load(path);
		bad += try_all(t, e->d_name);
		free(t->text);
		free(t);
		count++;
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_true(count >= 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(transcripts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
