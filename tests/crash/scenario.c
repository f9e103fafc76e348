/* SPDX-License-Identifier: MIT */
#include "crash/scenario.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash/fault.h"
#include "queue/crc.h"
#include "queue/policy.h"
#include "support/failalloc.h"

enum { A, B, C, D, E, F, G };
static const struct {
	const char *subject, *key;
	int rcpts, priority;
	size_t size;
	bool undated;
	int answer[2][RCPTS]; /* of the server, at the first attempt and at the second */
} mails[MAILS] = {
	[A] = {"A", NULL, 1, 5, 100, false, {{250}, {250}}},
	/* larger than what is written in one go, so that a hole in it is possible */
	[B] = {"B", NULL, 3, 5, 40000, false, {{250, 550, 450}, {250, 250, 250}}},
	[C] = {"C", NULL, 1, 5, 300, true, {{450}, {450}}},
	[D] = {"D", NULL, 1, 5, 200, false, {{250}, {250}}},
	[E] = {"E", "alarm 17", 1, 7, 20000, false, {{250}, {250}}},
	[F] = {"F", NULL, 2, 9, 200, false, {{450, 450}, {250, 250}}},
	/* too large for this queue */
	[G] = {"G", NULL, 1, 5, 70000, false, {{250}, {250}}},
};

static const char *const address[RCPTS] = {"a@example.com", "b@example.com", "c@example.com"};

static void
say(outside *o, said what, int mail, int rcpt)
{
	if (o->n < EVENTS_MAX)
		o->event[o->n++] = (outside_event){what, mail, rcpt, (unsigned long)fault_recorded()};
}

/* --- messages ----------------------------------------------------------------------------------- */

typedef struct text {
	int mail;
	size_t at;
} text;

static char
byte_of(int mail, size_t at)
{
	static const char head[] = "Subject: x\r\n\r\n";

	if (at < sizeof head - 1)
		return at == 9 ? mails[mail].subject[0] : head[at];
	at -= sizeof head - 1;
	return (char)(at % 64 == 62   ? '\r'
	              : at % 64 == 63 ? '\n'
	                              : 'a' + (int)((at / 64 + at % 64 + (size_t)mail) % 26));
}

static email_code
read_text(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	text *t = context;

	for (*got = 0; *got < size && t->at < mails[t->mail].size; t->at++)
		buffer[(*got)++] = (unsigned char)byte_of(t->mail, t->at);
	return EMAIL_OK;
}

static int
mail_of(const email__mailfile *m)
{
	int i;

	for (i = 0; i < MAILS; i++)
		if (strcmp(mails[i].subject, m->subject) == 0)
			return i;
	return -1;
}

/* --- the queue as its user sees it -------------------------------------------------------------- */

typedef struct run {
	outside *o;
	email__spool *spool;
	email__now now;
	email__spool_options options;
	int64_t step;
	bool clean; /* the server takes all */
} run;

static void
note(void *context, const email__spool_event *event)
{
	run *r = context;
	size_t i;

	if (event->what != EMAIL__SPOOL_SETTLED || !event->mail)
		return;
	for (i = 0; i < event->mail->count; i++)
		if (event->mail->recipients[i].state == EMAIL__RCPT_DELIVERED)
			say(r->o, SAID_TOLD, mail_of(event->mail), (int)i);
}

static bool
open_queue(run *r)
{
	email_error e = {0};

	r->options.event = note;
	r->options.context = r;
	r->options.max_size = 60000;
	if (email__spool_open(&r->options, &r->now, &r->spool, &e) == EMAIL_OK &&
	    email__spool_start(r->spool, &r->now, &e) == EMAIL_OK)
		return true;
	email__spool_close(r->spool);
	r->spool = NULL;
	return false;
}

static void
tick(run *r)
{
	r->now.mono += 1000;
	r->now.wall += r->step;
}

static void
enqueue(run *r, int mail)
{
	text t = {.mail = mail};
	email__source source = {.read = read_text, .context = &t};
	email__letter letter = {.from = "plant@example.com",
	                        .to = address,
	                        .count = (size_t)mails[mail].rcpts,
	                        .priority = mails[mail].priority,
	                        .subject = mails[mail].subject,
	                        .key = mails[mail].key,
	                        .undated = mails[mail].undated};
	email_code rc;

	say(r->o, SAID_CALLED, mail, 0);
	rc = email__spool_enqueue(r->spool, &letter, &source, &r->now, r->o->id[mail], NULL, NULL);
	say(r->o, rc == EMAIL_OK ? SAID_ACK : rc == EMAIL_E_INDETERMINATE ? SAID_MAYBE : SAID_NO, mail, 0);
	tick(r);
}

/* What the server reads: the bytes that were queued, or else. */
static bool
read_as_server(run *r, int mail, email__attempt *a)
{
	static char bytes[100000];
	email__source source = email__attempt_source(a);
	size_t n = 0, got, i = 0, at = 0;

	do {
		if (source.read(source.context, (unsigned char *)bytes + n, 4096, &got))
			return false; /* broken off: it has no end, so the server takes nothing */
		n += got;
	} while (got > 0 && n < 90000);
	if (mails[mail].undated) {
		const char *end = memchr(bytes, '\n', n);

		at = end ? (size_t)(end - bytes) + 1 : 0;
		if (at < 10 || at >= sizeof r->o->date || memcmp(bytes, "Date: ", 6) != 0)
			say(r->o, SAID_WRONG, mail, 0);
		else if (!r->o->date[0])
			memcpy(r->o->date, bytes, at);
		else if (memcmp(bytes, r->o->date, at) != 0)
			say(r->o, SAID_WRONG, mail, 0);
	}
	for (i = 0; at + i < n && i < mails[mail].size && bytes[at + i] == byte_of(mail, i); i++)
		;
	if (i != mails[mail].size || at + i != n)
		say(r->o, SAID_WRONG, mail, 0);
	return true;
}

static void
answer(run *r, int mail, email__attempt *a)
{
	const email__mailfile *m = email__attempt_mail(a);
	size_t i, round = m->attempts > 1;

	for (i = 0; i < m->count; i++) {
		int code = r->clean ? 250 : mails[mail].answer[round][i];

		if (m->recipients[i].state != EMAIL__RCPT_PENDING)
			continue;
		if (code == 250)
			say(r->o, SAID_GOT, mail, (int)i);
		email__attempt_recipient(a, i,
		                         code == 250   ? EMAIL__RCPT_DELIVERED
		                         : code == 550 ? EMAIL__RCPT_FAILED
		                                       : EMAIL__RCPT_PENDING,
		                         code, "", "said the server");
	}
}

/* One attempt; false where none was made. */
static bool
serve(run *r, email__waiting *w)
{
	email__attempt *a;
	email__rcpt_state before[RCPTS], after[RCPTS];
	size_t i, count;
	uint64_t today;
	int mail;
	email_code rc;

	if (email__spool_count_day(r->spool, &r->now, 1, &today, NULL))
		return false;
	say(r->o, SAID_COUNTED, 0, 0);
	if (email__spool_begin(r->spool, w, true, &r->now, &a, NULL))
		return false;
	mail = mail_of(email__attempt_mail(a));
	if (mail < 0)
		abort();
	say(r->o, SAID_BEGUN, mail, 0);
	count = email__attempt_mail(a)->count;
	for (i = 0; i < count && i < RCPTS; i++)
		before[i] = email__attempt_mail(a)->recipients[i].state;
	if (read_as_server(r, mail, a))
		answer(r, mail, a);
	for (i = 0; i < count && i < RCPTS; i++)
		after[i] = email__attempt_mail(a)->recipients[i].state;
	rc = email__spool_end(r->spool, a, email__spool_running(r->spool, &r->now) + 60000, 1, "refused",
	                      &r->now, NULL);
	if (rc == EMAIL_OK)
		say(r->o, SAID_ENDED, mail, 0);
	for (i = 0; i < count && i < RCPTS && rc == EMAIL_OK; i++)
		if (before[i] == EMAIL__RCPT_PENDING && after[i] != EMAIL__RCPT_PENDING)
			say(r->o, after[i] == EMAIL__RCPT_DELIVERED ? SAID_TOLD : SAID_FAILED, mail, (int)i);
	tick(r);
	return true;
}

static email__waiting *
find(run *r, int mail)
{
	size_t i, n;
	email__waiting *const *all = email__spool_waiting(r->spool, &n);

	for (i = 0; i < n; i++)
		if (all[i] && !all[i]->settling && strcmp(all[i]->id, r->o->id[mail]) == 0)
			return all[i];
	return NULL;
}

static void
serve_one(run *r, int mail)
{
	email__waiting *w;

	email__spool_settle(r->spool, &r->now, NULL);
	email__spool_look(r->spool, &r->now, NULL);
	if ((w = find(r, mail)))
		serve(r, w);
}

static void
cancel(run *r, int mail)
{
	say(r->o, SAID_CANCELLING, mail, 0);
	if (email__spool_cancel(r->spool, r->o->id[mail], "not wanted", &r->now, NULL) == EMAIL_OK)
		say(r->o, SAID_CANCELLED, mail, 0);
	tick(r);
}

/* One that still waits is cancelled by that, and no more. */
static void delete (run *r, int mail)
{
	email__view *v;
	email_code rc;

	say(r->o, SAID_DELETING, mail, 0);
	if (email__spool_delete(r->spool, r->o->id[mail], &r->now, NULL))
		return;
	rc = email__spool_view(r->spool, r->o->id[mail], &v, NULL);
	email__view_free(v);
	if (rc == EMAIL_E_UNKNOWN)
		say(r->o, SAID_DELETED, mail, 0);
	tick(r);
}

static bool
restart(run *r)
{
	email__spool_close(r->spool);
	r->spool = NULL;
	r->now.mono += 5000;
	return open_queue(r);
}

void
scenario_run(const char *folder, outside *o, const scenario_clock *clock)
{
	run r = {.o = o,
	         .now = {.mono = 1000000, .wall = clock->wall, .clock_set = clock->set},
	         .step = clock->step,
	         .options = {.folder = folder, .boot = "aaaaaaaaaaaaaaaa"}};

	if (!open_queue(&r) && !restart(&r))
		return;
	enqueue(&r, A);
	enqueue(&r, B);
	enqueue(&r, C);
	enqueue(&r, G);
	serve_one(&r, A);
	serve_one(&r, B);
	serve_one(&r, C);
	enqueue(&r, D);
	cancel(&r, D);
	/* the folder cannot be synced just then: the caller asks again, with the same key */
	fault_fail_sync(2);
	enqueue(&r, E);
	fault_fail_sync(0);
	enqueue(&r, E);
	enqueue(&r, F);
	if (!restart(&r) && !restart(&r))
		return;
	serve_one(&r, B);
	cancel(&r, F);
	say(o, SAID_REVIVING, F, 0);
	if (email__spool_requeue(r.spool, o->id[F], &r.now, NULL) == EMAIL_OK)
		say(o, SAID_REVIVED, F, 0);
	/* that it is tried cannot be made durable in its file, which is written anew (Q11) */
	fault_fail_sync(2);
	serve_one(&r, F);
	fault_fail_sync(0);
	serve_one(&r, E);
	delete (&r, D);
	email__spool_settle(r.spool, &r.now, NULL);
	email__spool_stop(r.spool, &r.now);
	email__spool_close(r.spool);
}

void
scenario_go_on(const char *folder, outside *o, const scenario_clock *clock)
{
	static const int order[] = {B, C, A, E, F, B, C};
	run r = {.o = o,
	         .now = {.mono = 2000000, .wall = clock->wall + 1000, .clock_set = clock->set},
	         .step = clock->step,
	         .options = {.folder = folder, .boot = "aaaaaaaaaaaaaaaa"}};
	size_t i;

	if (!open_queue(&r))
		return;
	for (i = 0; i < sizeof order / sizeof *order; i++)
		serve_one(&r, order[i]);
	email__spool_close(r.spool);
}

/* --- held to the contract ------------------------------------------------------------------------ */

typedef struct check {
	run r;
	const scenario_rules *rules;
	const char *label;
	const char *folder;
	int bad, crashed; /* events up to the crash */
	bool dead[MAILS];
	email__rcpt_state state[MAILS][RCPTS]; /* in dead/ */
} check;

static void complain(check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
complain(check *c, const char *format, ...)
{
	va_list ap;

	c->bad++;
	if (c->rules->quiet)
		return;
	fprintf(stderr, "%s: ", c->label);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* How often this was said; -1: of any mail, recipient. From..to: of which part of the record. */
static int
count(const check *c, said what, int mail, int rcpt, int from, int to)
{
	int i, n = 0;

	for (i = from; i < to && i < c->r.o->n; i++)
		n += c->r.o->event[i].what == what && (mail < 0 || c->r.o->event[i].mail == mail) &&
		     (rcpt < 0 || c->r.o->event[i].rcpt == rcpt);
	return n;
}

static int
before(const check *c, said what, int mail, int rcpt)
{
	return count(c, what, mail, rcpt, 0, c->crashed);
}

static bool
in(const check *c, const char *area, int mail)
{
	char path[600];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s/%s", c->folder, area, c->r.o->id[mail]);
	return c->r.o->id[mail][0] && lstat(path, &st) == 0;
}

/* What was told as ended has left (Q6); what was told as gone or revived is not where it was. */
static void
check_places(check *c)
{
	int m, i;

	for (m = 0; m < MAILS; m++) {
		int over = 0;

		for (i = 0; i < mails[m].rcpts; i++)
			over += before(c, SAID_TOLD, m, i) > 0 || before(c, SAID_FAILED, m, i) > 0;
		if (over == mails[m].rcpts && in(c, "queue", m))
			complain(c, "mail %s was told as ended, and is in the queue", mails[m].subject);
		if (before(c, SAID_CANCELLED, m, -1) && !before(c, SAID_REVIVING, m, -1) && in(c, "queue", m))
			complain(c, "mail %s was told as cancelled, and is in the queue", mails[m].subject);
		if (before(c, SAID_REVIVED, m, -1) && in(c, "dead", m))
			complain(c, "mail %s waits again, and is dead", mails[m].subject);
		if (before(c, SAID_DELETED, m, -1) && (in(c, "dead", m) || in(c, "queue", m)))
			complain(c, "mail %s was told as deleted, and is there", mails[m].subject);
	}
}

/* A sum over names, modes and contents, but for the counters. */
static uint64_t
snapshot(check *c)
{
	static const char *const areas[] = {"tmp", "queue", "dead", "done", "bad"};
	static char bytes[200000];
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof areas / sizeof *areas; i++) {
		char path[600], file[900];
		struct dirent *entry;
		struct stat st;
		DIR *d;

		snprintf(path, sizeof path, "%s/%s", c->folder, areas[i]);
		if (!(d = opendir(path)) || stat(path, &st) || (st.st_mode & 07777) != 0700)
			complain(c, "%s is not there, or not 0700", areas[i]);
		while (d && (entry = readdir(d))) {
			uint64_t one;
			ssize_t n;
			int fd;

			if (entry->d_name[0] == '.')
				continue;
			snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
			if (lstat(file, &st) || !S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600)
				complain(c, "%s is not 0600", file);
			if (i == 0)
				complain(c, "%s was not swept", file);
			if (i == 4 && !c->rules->weak)
				complain(c, "%s was set aside", file);
			fd = open(file, O_RDONLY);
			n = read(fd, bytes, sizeof bytes);
			close(fd);
			one = email__crc64(i + 1, entry->d_name, strlen(entry->d_name));
			sum += email__crc64(one, bytes, n > 0 ? (size_t)n : 0);
		}
		if (d)
			closedir(d);
	}
	return sum;
}

static void
recover(check *c)
{
	uint64_t first;

	if (!open_queue(&c->r)) {
		complain(c, "cannot be recovered");
		return;
	}
	first = snapshot(c);
	if (!restart(&c->r))
		complain(c, "cannot be recovered a second time");
	else if (snapshot(c) != first)
		complain(c, "the second recovery changed something");
}

static bool
see_waiting(void *context, const char *id, const email__mailfile *m)
{
	check *c = context;
	int mail = mail_of(m);

	(void)id;
	if (mail >= 0 && (int)m->attempts < before(c, SAID_BEGUN, mail, -1))
		complain(c, "mail %s was tried %d times and knows of %u (Q8)", mails[mail].subject,
		         before(c, SAID_BEGUN, mail, -1), m->attempts);
	if (mail >= 0 && (int)m->unsure > (int)m->attempts - before(c, SAID_ENDED, mail, -1))
		complain(c, "mail %s counts %u attempts of unknown end, of %u, %d of which ended (Q5)",
		         mails[mail].subject, m->unsure, m->attempts, before(c, SAID_ENDED, mail, -1));
	if (mail >= 0 && m->crashes > 1)
		complain(c, "mail %s counts %u crashes", mails[mail].subject, m->crashes);
	return true;
}

static bool
see_dead(void *context, const char *id, const email__mailfile *m)
{
	check *c = context;
	int mail = mail_of(m);
	size_t i;

	(void)id;
	if (mail < 0)
		return true;
	c->dead[mail] = true;
	for (i = 0; i < m->count && i < RCPTS; i++) {
		c->state[mail][i] = m->recipients[i].state;
		if (m->recipients[i].state == EMAIL__RCPT_PENDING)
			complain(c, "mail %s is dead, and recipient %zu has not ended (Q4)",
			         mails[mail].subject, i);
		if (before(c, SAID_TOLD, mail, (int)i) && m->recipients[i].state != EMAIL__RCPT_DELIVERED)
			complain(c, "mail %s is dead, and does not know who has it (Q7)",
			         mails[mail].subject);
	}
	if (!m->cause[0])
		complain(c, "mail %s is dead without a cause", mails[mail].subject);
	return true;
}

static void
drain(check *c)
{
	const email__policy_config config = {
		.per_day = -1, .per_minute = -1, .expire_after = INT64_C(2) * 86400 * 1000};
	email__policy policy;
	int tries;

	email__policy_init(&policy, &config);

	c->r.clean = true;
	for (tries = 0; tries < 3 * MAILS; tries++) {
		size_t n;
		email__waiting *const *all = email__spool_waiting(c->r.spool, &n);

		if (n == 0)
			return;
		if (email__policy_expired(&policy, all[0], email__spool_running(c->r.spool, &c->r.now)))
			complain(c, "a mail of some seconds is too old (Q9)");
		if (!serve(&c->r, all[0]))
			complain(c, "a mail could not be sent");
	}
	complain(c, "the queue did not become empty");
}

/* A key that was once good for a mail makes no other, however that one ended (Q2). */
static void
check_key(check *c)
{
	size_t n;

	enqueue(&c->r, E);
	email__spool_waiting(c->r.spool, &n);
	if (n != 0)
		complain(c, "the same key made a second mail (Q2)");
}

static void
check_recipient(check *c, int m, int i)
{
	const char *name = mails[m].subject;
	int got = count(c, SAID_GOT, m, i, 0, EVENTS_MAX), got_before = before(c, SAID_GOT, m, i);
	int told = before(c, SAID_TOLD, m, i) > 0;
	int most = c->rules->twice && got_before > 1 ? got_before : 1;
	bool acked = before(c, SAID_ACK, m, -1) > 0, maybe = before(c, SAID_MAYBE, m, -1) > 0;
	bool called = before(c, SAID_CALLED, m, -1) > 0, refused = before(c, SAID_NO, m, -1) > 0;
	bool ended = c->dead[m] &&
	             (c->state[m][i] == EMAIL__RCPT_FAILED || c->state[m][i] == EMAIL__RCPT_CANCELLED);
	bool deleting = before(c, SAID_DELETING, m, -1) > 0;
	bool cancelled = before(c, SAID_CANCELLED, m, -1) && !before(c, SAID_REVIVING, m, -1);

	if (acked && got == 0 && !ended && !deleting)
		complain(c, "mail %s is lost for recipient %d (Q1, Q4)", name, i);
	if (!called && got > 0)
		complain(c, "mail %s came from nowhere", name);
	/* every call said no: it is absent (Q2) */
	if (refused && !acked && !maybe && before(c, SAID_CALLED, m, -1) == before(c, SAID_NO, m, -1) &&
	    (got > 0 || c->dead[m]))
		complain(c, "mail %s was refused, and is there (Q2)", name);
	if (told && got > got_before)
		complain(c, "mail %s came again to recipient %d, who has it (Q6, Q7)", name, i);
	if (got > most + (got_before > 0 && !told) || got_before > 1 + c->rules->twice)
		complain(c, "mail %s came %d times to recipient %d (Q5)", name, got, i);
	if (before(c, SAID_FAILED, m, i) && (got > 0 || !ended))
		complain(c, "mail %s was told as failed for recipient %d, and is not (Q6)", name, i);
	if (cancelled && got > 0)
		complain(c, "mail %s was cancelled, and came", name);
	if (cancelled && !deleting && !ended)
		complain(c, "mail %s was cancelled, and is not among the dead (Q4)", name);
	if (before(c, SAID_REVIVED, m, -1) && got == 0)
		complain(c, "mail %s was to wait again, and did not come", name);
}

static int
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

int
scenario_check(const char *folder, outside *o, const scenario_rules *rules, const char *label)
{
	check c = {.rules = rules, .label = label, .folder = folder, .crashed = o->n};
	int m, i, files = open_files();
	uint64_t today = 0;
	size_t blocks = email_test_blocks();

	/* the clock is that of the scenario, an hour later */
	c.r = (run){.o = o,
	            .now = {.mono = 4000000, .wall = 1795003600, .clock_set = true},
	            .options = {.folder = folder, .boot = rules->boot}};
	check_places(&c);
	recover(&c);
	if (c.r.spool) {
		email__spool_list(c.r.spool, false, see_waiting, &c, NULL);
		/* the count of the day, where it is the same day */
		if (!rules->any_day &&
		    email__spool_count_day(c.r.spool, &c.r.now, 0, &today, NULL) == EMAIL_OK &&
		    (int)today < before(&c, SAID_COUNTED, -1, -1))
			complain(&c, "of %d mails, the day has %d (Q8)", before(&c, SAID_COUNTED, -1, -1),
			         (int)today);
		drain(&c);
		email__spool_list(c.r.spool, true, see_dead, &c, NULL);
		if (before(&c, SAID_ACK, E, -1))
			check_key(&c);
		email__spool_stop(c.r.spool, &c.r.now);
		email__spool_close(c.r.spool);
		snapshot(&c);
	}
	for (m = 0; m < MAILS; m++)
		for (i = 0; i < mails[m].rcpts; i++)
			check_recipient(&c, m, i);
	if (count(&c, SAID_WRONG, -1, -1, 0, EVENTS_MAX))
		complain(&c, "the server got other bytes than were queued (Q5)");
	if (open_files() != files)
		complain(&c, "descriptors leak");
	if (email_test_blocks() != blocks)
		complain(&c, "memory leaks");
	return c.bad;
}
