/* SPDX-License-Identifier: MIT */
/*
 * Queues mails in an account of a sheet, by the library's public interface, and writes down what it was told of each:
 *
 *     enqueue SHEET ACCOUNT RECORD OPTION...
 *
 * RECORD gets a line a mail, once the call has returned:
 *
 *     ok NUMBER KEY ID PRIORITY SIZE SUM TIME     it is queued; SUM is Adler-32 of the text, TIME milliseconds since 1970
 *     no NUMBER KEY CODE WORD TIME                it is not; WORD is "event" where an event told it too, else "-"
 *
 * Started anew with the same RECORD it goes on behind the last line, so that the mail that it was killed at is queued once more,
 * under the same key. The key, and the text's sum, stand in the message too: X-Queue-Key, X-Queue-Sum.
 */
#define _DEFAULT_SOURCE
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

static const char usage[] = "usage: enqueue SHEET ACCOUNT RECORD [--count N] [--prefix WORD] [--seed N] "
			    "[--size MIN:MAX] [--priority N]\n"
			    "       [--again PERMILLE] [--to ADDRESS] [--refused PERMILLE] [--rate "
			    "PER-SECOND] [--repeat PERMILLE]\n"
			    "       [--sync] [--persist] [--unsafe]\n"
			    "--priority: else 0 to 9 at random. --again: so many have the subject of the one "
			    "before. --refused: so many also to refused@test.example.\n"
			    "--repeat: after so many of them an earlier one is queued again. --sync: RECORD "
			    "is durable, line by line.\n"
			    "--persist: what is refused is tried until it is taken. --unsafe: nothing is "
			    "synced, to have many mails soon.\n";

/* How many mails later one is queued again. */
#define REPEATED 20

typedef struct options {
	long count, again, refused, rate, repeat, priority, smallest, largest;
	uint64_t random;
	const char *prefix, *to;
	int sync, persist;
} options;

typedef struct writer {
	options o;
	email_service *service;
	email_account *account;
	FILE *record;
	char *text;
	unsigned long event; /* the last one that was seen */
} writer;

/* In front of the C library's. */
static int unsafe;

int
fsync(int fd)
{
	return unsafe ? 0 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return unsafe ? 0 : (int)syscall(SYS_fdatasync, fd);
}

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "enqueue: %s: %s\n", what, why);
	exit(1);
}

/* xorshift64*: the same on every machine, for each mail by its number. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static long long
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* RFC 1950 8.2. */
static unsigned long
adler32(const char *text)
{
	unsigned long a = 1, b = 0;

	for (; *text; text++) {
		a = (a + (unsigned char)*text) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* --- a mail ----------------------------------------------------------------------------------- */

typedef struct mail {
	long number, size, priority;
	bool refused, twice, again;
	char key[128], subject[128];
	unsigned long sum;
} mail;

/* Small ones are many, large ones few: as many between 1 and 2 kB as between 500 kB and 1 MB. */
static long
draw_size(const options *o, uint64_t *state)
{
	long size = o->smallest;

	while (size < o->largest / 2 && draw(state) % 3)
		size *= 2;
	size += (long)(draw(state) % (uint64_t)size);
	return size > o->largest ? o->largest : size;
}

static void
describe(const writer *w, long number, mail *m)
{
	const options *o = &w->o;
	uint64_t state = (o->random ^ (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15)) | 1;

	draw(&state);
	*m = (mail){.number = number, .size = draw_size(o, &state)};
	m->priority = o->priority >= 0 ? o->priority : (long)(draw(&state) % 10);
	m->refused = (long)(draw(&state) % 1000) < o->refused;
	m->twice = (long)(draw(&state) % 1000) < o->repeat;
	snprintf(m->key, sizeof m->key, "%s-%ld", o->prefix, number);
	m->again = (long)(draw(&state) % 1000) < o->again;
	snprintf(m->subject, sizeof m->subject, "%s alarm %ld", o->prefix, number - m->again);
	for (long i = 0; i < m->size; i++)
		w->text[i] = i % 64 == 63 ? '\n' : (char)('A' + draw(&state) % 26);
	w->text[m->size - 1] = '\n';
	w->text[m->size] = '\0';
	m->sum = adler32(w->text);
}

static email_message *
compose(const writer *w, const mail *m)
{
	email_message *message = email_message_new();
	char sum[24];

	snprintf(sum, sizeof sum, "%08lx", m->sum);
	if (!message || email_message_add_to(message, w->o.to) ||
	    (m->refused && email_message_add_to(message, "refused@test.example")) ||
	    email_message_set_subject(message, m->subject) ||
	    email_message_add_header(message, "X-Queue-Key", m->key) ||
	    email_message_add_header(message, "X-Queue-Sum", sum) || email_message_set_text(message, w->text))
		die("message", message ? email_message_error(message)->text : "no memory");
	return message;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void
see_event(void *context, const email_event *event)
{
	writer *w = context;

	w->event = event->number;
}

static bool
told_by_event(writer *w)
{
	unsigned long before = w->event;

	email_service_events(w->service, before, see_event, w);
	return w->event != before;
}

static void
put_down(writer *w)
{
	if (fflush(w->record) || (w->o.sync && syscall(SYS_fdatasync, fileno(w->record))))
		die("the record", "cannot be written");
}

static bool
queue(writer *w, const mail *m, char id[EMAIL_ID_SIZE])
{
	email_message *message = compose(w, m);
	email_code rc =
		email_account_enqueue_once(w->account, message, (int)m->priority, m->key, id, EMAIL_ID_SIZE);

	email_message_free(message);
	if (rc)
		fprintf(w->record, "no %ld %s %s %s %lld\n", m->number, m->key, email_code_name(rc),
		        told_by_event(w) ? "event" : "-", milliseconds());
	else
		fprintf(w->record, "ok %ld %s %s %ld %ld %08lx %lld\n", m->number, m->key, id, m->priority,
		        m->size, m->sum, milliseconds());
	put_down(w);
	return rc == EMAIL_OK;
}

static void
nap(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void
queue_all(writer *w, long from)
{
	char id[EMAIL_ID_SIZE];
	mail m;

	for (long n = from; w->o.count < 0 || n < w->o.count; n++) {
		describe(w, n, &m);
		while (!queue(w, &m, id) && w->o.persist)
			nap(200);
		if (m.twice && n >= REPEATED) {
			/* it has left by now, or not: whoever reads the record sees that the id is the same */
			describe(w, n - REPEATED, &m);
			(void)queue(w, &m, id);
		}
		if (w->o.rate)
			nap(1000 / w->o.rate);
	}
}

/* --- its life --------------------------------------------------------------------------------- */

/* Behind the last whole line that says ok, or no for good; what was cut off is cut away. */
static long
open_record(writer *w, const char *path)
{
	char line[512];
	long last = -1, end = 0, number;

	if (!(w->record = fopen(path, "a+")))
		die(path, "cannot be written");
	rewind(w->record);
	while (fgets(line, sizeof line, w->record) && strchr(line, '\n')) {
		end = ftell(w->record);
		if (sscanf(line, w->o.persist ? "ok %ld" : "%*s %ld", &number) == 1 && number > last)
			last = number;
	}
	if (fseek(w->record, 0, SEEK_END) || ftruncate(fileno(w->record), end))
		die(path, "cannot be cut");
	return last + 1;
}

static long
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end)
		die("not a number", text);
	return n;
}

static void
set(options *o, int option, char *text)
{
	char *colon;

	switch (option) {
	case 'c': o->count = number(text); break;
	case 'p': o->prefix = text; break;
	case 'r': o->random = (uint64_t)number(text) * UINT64_C(0xD1342543DE82EF95); break;
	case 'P': o->priority = number(text); break;
	case 's': o->again = number(text); break;
	case 't': o->to = text; break;
	case 'f': o->refused = number(text); break;
	case 'R': o->rate = number(text); break;
	case 'a': o->repeat = number(text); break;
	case 'z':
		if (!(colon = strchr(text, ':')))
			die("MIN:MAX expected", text);
		*colon = '\0';
		o->smallest = number(text);
		o->largest = number(colon + 1);
		break;
	case 0: break;
	default: fputs(usage, stderr); exit(64);
	}
}

static void
parse(options *o, int argc, char **argv)
{
	const struct option longs[] = {
		{"count", 1, NULL, 'c'},   {"prefix", 1, NULL, 'p'},   {"seed", 1, NULL, 'r'},
		{"size", 1, NULL, 'z'},    {"priority", 1, NULL, 'P'}, {"again", 1, NULL, 's'},
		{"to", 1, NULL, 't'},      {"refused", 1, NULL, 'f'},  {"rate", 1, NULL, 'R'},
		{"repeat", 1, NULL, 'a'},  {"sync", 0, &o->sync, 1},   {"persist", 0, &o->persist, 1},
		{"unsafe", 0, &unsafe, 1}, {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
		set(o, option, optarg);
	if (argc - optind != 3 || o->smallest < 1 || o->largest < o->smallest) {
		fputs(usage, stderr);
		exit(64);
	}
}

int
main(int argc, char **argv)
{
	writer w = {.o = {.count = -1,
	                  .priority = -1,
	                  .smallest = 1024,
	                  .largest = 1024,
	                  .prefix = "mail",
	                  .to = "duty@test.example"}};
	email_error e = {0};
	long from;

	parse(&w.o, argc, argv);
	w.text = malloc((size_t)w.o.largest + 1);
	w.service = email_service_new();
	if (!w.text || !w.service)
		die("memory", "none");
	if (email_service_load(w.service, argv[optind], &e))
		die(argv[optind], e.text);
	if (!(w.account = email_service_account(w.service, argv[optind + 1])))
		die(argv[optind + 1], "no such account");
	from = open_record(&w, argv[optind + 2]);
	queue_all(&w, from);
	email_service_free(w.service);
	free(w.text);
	return fclose(w.record) != 0;
}
