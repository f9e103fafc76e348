/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "crash/hands.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/letters.h"
#include "queue/policy.h"

enum {
	WRITERS = 2,
	WORKERS = 2,
	HANDS = WRITERS + WORKERS + 1,
	EACH = 100000,
	RCPTS = 2,
	FLIGHT = 3,
	KEYED = 3,
	RECENT = 300
};

/* What became of a letter for a recipient, in one word, so that no kill comes between two of its parts. */
enum { GOT = 1, ALLOWED = 1 << 12, NOW = 1 << 24 };

/* Outside the folder, shared by all hands. What is said before a call is said first, what it answered behind it. */
typedef struct letter {
	_Atomic uint32_t server
		[RCPTS]; /* GOT: times the server took it; NOW: it has, and that is not recorded yet; ALLOWED:
	                                   times a worker died like this, so it may come once more (Q5) */
	atomic_int called, acked, cut_off, refused;
	atomic_int cancelling, cancelled, reviving;
	char id[EMAIL_ID_SIZE];
} letter;

typedef struct record {
	letter letter[WRITERS][EACH];
	atomic_int next[WRITERS];
	atomic_int counted, wrong, bad;
} record;

static record *r;
static const char *folder;
static uint32_t dice;

static unsigned throw(unsigned sides)
{
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return dice % sides;
}

static letter *
letter_of(int n)
{
	return n >= 0 && n < WRITERS * EACH ? &r->letter[n % WRITERS][n / WRITERS] : NULL;
}

static size_t
recipients_of(int n)
{
	return n / WRITERS % 5 == 0 ? 2 : 1;
}

static size_t
size_of(int n)
{
	return 100 + (size_t)(n * 37 % 1000) * (n % 50 == 0 ? 40 : 2);
}

static void
note(void *context, const email__spool_event *event)
{
	(void)context;
	if (event->what == EMAIL__SPOOL_SET_ASIDE || event->what == EMAIL__SPOOL_UNREADABLE)
		atomic_fetch_add(&r->bad, 1);
}

static email__spool *
open_queue(void)
{
	/* full now and then; what is dead is kept, to be looked at */
	const email__spool_options options = {
		.folder = folder, .boot = LETTERS_BOOT, .max_count = 200, .dead_max = 1000000, .event = note};
	email__now now = letters_now();
	email__spool *s;

	while (email__spool_open(&options, &now, &s, NULL))
		usleep(1000);
	return s;
}

/* --- who queues ---------------------------------------------------------------------------------- */

static email_code
put(email__spool *s, int n, char *id)
{
	char key[30];

	snprintf(key, sizeof key, "letter %d", n);
	return letters_put(s, n, n / WRITERS % 4 == 0 ? 9 : 5, n % KEYED ? NULL : key, recipients_of(n),
	                   size_of(n), id, NULL);
}

/* Once more with the key of one that was taken before, wherever it is by now: it makes no other. */
static void
ask_again(email__spool *s, int n)
{
	char id[EMAIL_ID_SIZE];

	if (n >= 0 && n % KEYED == 0 && letter_of(n)->acked &&
	    (put(s, n, id) || strcmp(id, letter_of(n)->id) != 0))
		r->wrong++;
}

static void
writer(int me)
{
	email__spool *s = open_queue();

	for (;;) {
		int i = r->next[me], n = i * WRITERS + me;
		letter *l = &r->letter[me][i];
		char id[EMAIL_ID_SIZE];
		email_code rc;

		if (i >= EACH)
			_exit(0);
		ask_again(s, n - (int) throw(60) * WRITERS);
		/* killed in the call: whether it was taken is not known, but to who asks again with its key */
		if (l->called != l->acked + l->refused && n % KEYED) {
			l->cut_off = 1;
			r->next[me]++;
			continue;
		}
		l->called = l->acked + l->refused + 1;
		rc = put(s, n, id);
		if (rc == EMAIL_OK) {
			memcpy(l->id, id, sizeof id);
			l->acked = 1;
			r->next[me]++;
		} else {
			if (rc != EMAIL_E_QUEUE_FULL)
				r->wrong++;
			l->refused++;
			usleep(300);
		}
	}
}

/* --- who works ------------------------------------------------------------------------------------ */

/* Who was the worker before is dead: what it had sent, and not recorded, may come once more. */
static void
inherit(void)
{
	int last = r->next[0] > r->next[1] ? r->next[0] : r->next[1], n, i;

	for (n = 0; n < WRITERS * (last + 1) && letter_of(n); n++)
		for (i = 0; i < RCPTS; i++) {
			uint32_t was = letter_of(n)->server[i];

			if (was & NOW)
				letter_of(n)->server[i] = (was & ~(uint32_t)NOW) + ALLOWED;
		}
}

static email__spool *
become_worker(void)
{
	for (;;) {
		email__now now = letters_now();
		email__spool *s = open_queue();
		email_code rc = email__spool_start(s, &now, NULL);

		if (rc == EMAIL_OK) {
			inherit();
			return s;
		}
		if (rc != EMAIL_E_TEMPORARY)
			r->wrong++;
		email__spool_close(s);
		usleep(1000);
	}
}

/* What the server says: most it takes, some later, some not. `takes`: all. */
static void
answer(email__attempt *a, int n, bool takes)
{
	const email__mailfile *mail = email__attempt_mail(a);
	letter *l = letter_of(n);
	size_t i;

	for (i = 0; i < mail->count; i++) {
		unsigned said = takes ? 0 : throw(100);

		if (mail->recipients[i].state != EMAIL__RCPT_PENDING)
			continue;
		if (said < 88)
			l->server[i] = (l->server[i] + GOT) | NOW;
		email__attempt_recipient(a, i,
		                         said < 88   ? EMAIL__RCPT_DELIVERED
		                         : said < 97 ? EMAIL__RCPT_PENDING
		                                     : EMAIL__RCPT_FAILED,
		                         said < 88   ? 250
		                         : said < 97 ? 450
		                                     : 550,
		                         "", "");
	}
}

static void
finish(email__spool *s, email__attempt *a, bool takes)
{
	email__now now = letters_now();
	int n = letters_number(email__attempt_mail(a)), i;

	if (!letter_of(n) || !letters_intact(a, n, size_of(n)))
		r->wrong++;
	else
		answer(a, n, takes);
	if (email__spool_end(s, a, email__spool_running(s, &now) + (int64_t) throw(20), 1, "not now", &now,
	                     NULL))
		r->wrong++;
	else
		for (i = 0; letter_of(n) && i < RCPTS; i++)
			letter_of(n)->server[i] &= ~(uint32_t)NOW;
}

/* One more on its way, where there is one; NULL: none. */
static email__attempt *
begin(email__spool *s, unsigned flight, bool *alone, bool all)
{
	email__now now = letters_now();
	email__attempt *a = NULL;
	email__policy_choice next;
	uint64_t today;
	size_t i, n;
	email__waiting *const *waiting = email__spool_waiting(s, &n);
	email_code rc;

	for (i = 0; all && i < n; i++)
		if (waiting[i])
			waiting[i]->next = 0;
	next = email__policy_next(NULL, waiting, n, &now, email__spool_running(s, &now), 0, flight, *alone);
	if (next.why != EMAIL__POLICY_GO)
		return NULL;
	*alone = next.alone || (flight == 0 && throw(2));
	if (email__spool_count_day(s, &now, 1, &today, NULL))
		r->wrong++;
	r->counted++;
	rc = email__spool_begin(s, next.mail, *alone, &now, &a, NULL);
	/* a person has it, or had it */
	if (rc && rc != EMAIL_E_TEMPORARY && rc != EMAIL_E_UNKNOWN)
		r->wrong++;
	if (rc)
		*alone = false;
	return a;
}

static void
worker(void)
{
	email__spool *s = become_worker();
	email__attempt *flight[FLIGHT];
	unsigned flying = 0;
	bool alone = false;

	for (;;) {
		email__now now = letters_now();

		if (email__spool_look(s, &now, NULL))
			r->wrong++;
		if (flying < FLIGHT && (flight[flying] = begin(s, flying, &alone, false))) {
			flying++;
			continue;
		}
		if (flying > 0) {
			unsigned one = throw(flying);

			usleep(throw(4) ? 0 : throw(500));
			finish(s, flight[one], false);
			flight[one] = flight[--flying];
			alone = false;
		} else
			usleep(200);
	}
}

/* --- a person -------------------------------------------------------------------------------------- */

static void
person(void)
{
	email__spool *s = open_queue();

	for (;;) {
		email__now now = letters_now();
		int last = WRITERS * (r->next[0] < r->next[1] ? r->next[0] : r->next[1]);
		letter *l = letter_of(last > RECENT ? last - (int) throw(RECENT) : 0);
		bool cancel = throw(3) > 0;
		email_code rc;

		usleep(throw(400));
		if (!l->acked)
			continue;
		if (cancel) {
			l->cancelling = 1;
			rc = email__spool_cancel(s, l->id, "not wanted", &now, NULL);
			if (rc == EMAIL_OK)
				l->cancelled = 1;
		} else {
			l->reviving = 1;
			rc = email__spool_requeue(s, l->id, &now, NULL);
		}
		if (rc && rc != EMAIL_E_TEMPORARY && rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_QUEUE_FULL)
			r->wrong++;
	}
}

/* --- the hands ------------------------------------------------------------------------------------- */

static pid_t
spawn(int hand, unsigned seed)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	dice = seed * 2654435761u + (unsigned)hand * 40503u + 1;
	if (hand < WRITERS)
		writer(hand);
	else if (hand < WRITERS + WORKERS)
		worker();
	else
		person();
	_exit(0);
}

/* True: it had died of something else before. */
static bool
end_hand(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) != pid || (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL);
}

static unsigned
let_them_work(unsigned seed, long ms, int *bad)
{
	int64_t end = letters_now().mono + ms;
	pid_t pid[HANDS];
	unsigned kills = 0;
	int i;

	dice = seed * 2246822519u + 7;
	for (i = 0; i < HANDS; i++)
		pid[i] = spawn(i, seed);
	while (letters_now().mono < end) {
		usleep(throw(8000));
		i = (int) throw(HANDS);
		*bad += end_hand(pid[i]);
		pid[i] = spawn(i, seed + ++kills);
	}
	for (i = 0; i < HANDS; i++)
		*bad += end_hand(pid[i]);
	return kills;
}

/* --- held to the contract --------------------------------------------------------------------------- */

static int
complain(int n, int rcpt, const char *what)
{
	fprintf(stderr, "letter %d, recipient %d: %s\n", n, rcpt, what);
	return 1;
}

/* What is left goes out, in order: of what one writer queued with one priority, first comes what came first. */
static int
drain(email__spool *s)
{
	int last[WRITERS][10] = {{0}}, bad = 0;
	bool alone = false;
	email__attempt *a;

	while ((a = begin(s, 0, &alone, true))) {
		const email__mailfile *mail = email__attempt_mail(a);
		int n = letters_number(mail), *before = &last[n % WRITERS][mail->priority];

		if (n < *before && mail->crashes < 3)
			bad += complain(n, 0, "came behind one that came later (Q9)");
		*before = mail->crashes < 3 ? n : *before;
		finish(s, a, true);
		alone = false;
	}
	return bad;
}

typedef struct dead {
	signed char state[WRITERS * EACH][RCPTS];
	int bad;
} dead;

static bool
see_dead(void *context, const char *id, const email__mailfile *mail)
{
	dead *d = context;
	int n = letters_number(mail);
	size_t i;

	(void)id;
	for (i = 0; letter_of(n) && i < mail->count && i < RCPTS; i++) {
		d->state[n][i] = (signed char)mail->recipients[i].state;
		if (mail->recipients[i].state == EMAIL__RCPT_PENDING)
			d->bad += complain(n, (int)i, "is dead, and has not ended (Q4)");
	}
	return true;
}

static int
check_letter(int n, int i, int state)
{
	const letter *l = letter_of(n);
	int got = (int)(l->server[i] % ALLOWED), allowed = (int)(l->server[i] % NOW / ALLOWED), bad = 0;
	bool ended = state == EMAIL__RCPT_FAILED || state == EMAIL__RCPT_CANCELLED;

	if (l->acked && got == 0 && !ended)
		bad += complain(n, i, "is lost (Q1, Q4)");
	if (got > 1 + allowed)
		bad += complain(n, i, "came too often (Q5, Q7)");
	if (!l->acked && !l->cut_off && l->called == l->refused && (got > 0 || state))
		bad += complain(n, i, "was refused, and is there (Q2)");
	if (state == EMAIL__RCPT_DELIVERED && got == 0)
		bad += complain(n, i, "counts as delivered, and never came (Q6)");
	if (ended && got > allowed)
		bad += complain(n, i, "counts as not delivered, and came (Q6)");
	if (l->cancelled && !l->reviving && got > allowed && ended)
		bad += complain(n, i, "was cancelled, and came");
	return bad;
}

static int
check_all(email__spool *s)
{
	static dead d;
	int n, i, bad;
	uint64_t today = 0, bytes;
	size_t count = 1;
	email__now now = letters_now();

	memset(&d, 0, sizeof d);
	email__spool_list(s, true, see_dead, &d, NULL);
	bad = d.bad;
	for (n = 0; n < WRITERS * EACH; n++)
		for (i = 0; i < (int)recipients_of(n) && letter_of(n)->called; i++)
			bad += check_letter(n, i, d.state[n][i]);
	if (email__spool_count_day(s, &now, 0, &today, NULL) || (int)today < r->counted)
		bad += complain(-1, -1, "the day has not counted all attempts (Q8)");
	if (email__spool_size(s, &now, &count, &bytes, NULL) || count != 0 || bytes != 0)
		bad += complain(-1, -1, "the queue is empty, and does not know it");
	if (letters_files(folder, "tmp") || letters_files(folder, "queue") || letters_files(folder, "bad") ||
	    r->bad)
		bad += complain(-1, -1, "something was left, or set aside");
	if (r->wrong)
		bad += complain(-1, r->wrong, "calls failed, or letters were damaged");
	return bad;
}

int
hands_run(const char *where, unsigned seed, long ms)
{
	email__spool *s;
	email__now now;
	unsigned kills;
	int bad = 0;

	folder = where;
	r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return 1;
	fflush(stdout);
	kills = let_them_work(seed, ms, &bad);
	s = become_worker();
	bad += drain(s);
	bad += check_all(s);
	now = letters_now();
	email__spool_stop(s, &now);
	email__spool_close(s);
	printf("many hands: seed %u, %u kills, %d letters, %d violations\n", seed, kills,
	       r->next[0] + r->next[1], bad);
	munmap(r, sizeof *r);
	return bad;
}
