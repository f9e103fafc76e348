/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* syscall */
#include "support/station.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/cm.h"

static int64_t
real_ms(void)
{
	struct timespec t;

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t); /* one that no test makes jump */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- what is told ----------------------------------------------------------------------------- */

static void
on_event(void *context, const email_event *event)
{
	station *s = context;
	size_t n;

	pthread_mutex_lock(&s->mutex);
	s->told[event->kind]++;
	s->last[event->kind] = *event;
	n = strlen(s->story);
	if (event->kind != EMAIL_EVENT_STATUS && event->kind != EMAIL_EVENT_QUEUE)
		snprintf(s->story + n, sizeof s->story - n, "%s %s;", event->account,
		         email_event_name(event->kind));
	pthread_mutex_unlock(&s->mutex);
}

size_t
station_told(station *s, email_event_kind kind)
{
	size_t n;

	pthread_mutex_lock(&s->mutex);
	n = s->told[kind];
	pthread_mutex_unlock(&s->mutex);
	return n;
}

static void
step(station *s, long most_ms)
{
	email_wait list[32];
	struct pollfd p[32];
	long ms;
	size_t n = email_service_wait(s->service, list, 32, &ms), i;

	assert_true(n <= 32);
	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = list[i].fd, .events = (short)list[i].events};
	(void)poll(p, (nfds_t)n, (int)(ms < most_ms ? ms : most_ms));
	assert_int_equal(email_service_step(s->service), EMAIL_OK);
}

void
station_until(station *s, email_event_kind kind, size_t count)
{
	int64_t end = real_ms() + 20000;

	while (station_told(s, kind) < count) {
		if (real_ms() > end)
			fail_msg("%zu %s, not %zu; %s deferred: %s; queue: %s", station_told(s, kind),
			         email_event_name(kind), count, s->story, s->last[EMAIL_EVENT_DEFERRED].text,
			         s->last[EMAIL_EVENT_QUEUE].text);
		step(s, 100);
	}
}

void
station_for(station *s, long ms)
{
	int64_t end = real_ms() + ms;

	while (real_ms() < end)
		step(s, (long)(end - real_ms()));
}

void
station_wait(station *s, email_event_kind kind, size_t count)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int64_t end = real_ms() + 20000;

	while (station_told(s, kind) < count) {
		if (real_ms() > end)
			fail_msg("%zu %s, not %zu; %s deferred: %s; queue: %s", station_told(s, kind),
			         email_event_name(kind), count, s->story, s->last[EMAIL_EVENT_DEFERRED].text,
			         s->last[EMAIL_EVENT_QUEUE].text);
		nanosleep(&pause, NULL);
	}
}

/* --- the station ------------------------------------------------------------------------------ */

static void
open_service(station *s, bool memory)
{
	char state[96];

	s->service = email_service_new();
	assert_non_null(s->service);
	snprintf(state, sizeof state, "%s/state", s->folder);
	if (!memory)
		assert_int_equal(email_service_set_state_folder(s->service, state), EMAIL_OK);
	email_service_set_event_callback(s->service, on_event, s);
}

void
station_init(station *s, bool memory)
{
	unsigned i;

	memset(s, 0, sizeof *s);
	pthread_mutex_init(&s->mutex, NULL);
	strcpy(s->folder, "/tmp/station.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	for (i = 0; i < STATION_SERVERS; i++) {
		char command[160];

		snprintf(s->at[i].out, sizeof s->at[i].out, "%s/out%u", s->folder, i);
		snprintf(command, sizeof command, "mkdir %s", s->at[i].out);
		assert_int_equal(system(command), 0);
		s->at[i].options.out = s->at[i].out;
	}
	open_service(s, memory);
}

void
station_reopen(station *s)
{
	char sheet[96];
	email_error e;

	snprintf(sheet, sizeof sheet, "%s/email.xml", s->folder);
	assert_int_equal(email_service_save(s->service, sheet, &e), EMAIL_OK);
	email_service_free(s->service);
	open_service(s, false);
	if (email_service_load(s->service, sheet, &e))
		fail_msg("%s", e.text);
}

void
station_dispose(station *s)
{
	char command[96];
	unsigned i;

	email_service_free(s->service);
	for (i = 0; i < STATION_SERVERS; i++)
		station_stop(s, i);
	snprintf(command, sizeof command, "rm -rf %s", s->folder);
	assert_int_equal(system(command), 0);
	pthread_mutex_destroy(&s->mutex);
}

/* --- servers ---------------------------------------------------------------------------------- */

void
station_serve(station *s, unsigned i)
{
	char why[200] = "";

	s->at[i].server = email_test_server_start(&s->at[i].options, why, sizeof why);
	if (!s->at[i].server)
		fail_msg("%s", why);
	s->at[i].options.port = email_test_server_port(s->at[i].server);
}

void
station_stop(station *s, unsigned i)
{
	email_test_server_stop(s->at[i].server);
	s->at[i].server = NULL;
}

void
station_rule(station *s, unsigned i, const char *stage, email_test_deed deed, const char *text, int times)
{
	email_test_server_options *o = &s->at[i].options;

	o->rule[o->rules++] = (email_test_rule){.stage = stage, .deed = deed, .text = text, .times = times};
}

email_test_counts
station_counts(station *s, unsigned i)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	email_test_counts now = {0}, before;
	int same = 0;

	/* a connection counts once it has ended at the server too */
	while (same < 10) {
		before = now;
		nanosleep(&pause, NULL);
		email_test_server_counts(s->at[i].server, &now);
		same = memcmp(&now, &before, sizeof now) == 0 ? same + 1 : 0;
	}
	return now;
}

unsigned
station_got_count(station *s, unsigned i)
{
	DIR *d = opendir(s->at[i].out);
	struct dirent *one;
	unsigned n = 0;

	assert_non_null(d);
	while ((one = readdir(d)))
		n += strlen(one->d_name) > 4 && strcmp(one->d_name + strlen(one->d_name) - 4, ".eml") == 0;
	closedir(d);
	return n;
}

const char *
station_got(station *s, unsigned i, unsigned n)
{
	static char text[16384];
	char path[128];
	size_t got = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/%06u.eml", s->at[i].out, n);
	if ((f = fopen(path, "rb"))) {
		got = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[got] = '\0';
	return text;
}

/* --- accounts --------------------------------------------------------------------------------- */

void
station_set(email_account *account, const char *property, const char *text)
{
	if (email_account_set(account, property, text))
		fail_msg("%s=%s: %s", property, text, email_account_error(account)->text);
}

email_account *
station_account(station *s, const char *name, unsigned i)
{
	email_account *account;
	char port[8];

	snprintf(port, sizeof port, "%d", s->at[i].options.port);
	assert_int_equal(email_service_add(s->service, EMAIL_OUTGOING, name, &account), EMAIL_OK);
	station_set(account, "hostname", "127.0.0.1");
	station_set(account, "port", port);
	station_set(account, "useSsl", "false");
	station_set(account, "from", "plant@example.com");
	station_set(account, "maxQueueSize", "20000");
	station_set(account, "maxSendablePerDay", "-1");
	return account;
}

email_message *
station_message(const char *subject)
{
	email_message *m = email_message_new();

	assert_non_null(m);
	assert_int_equal(email_message_add_to(m, "duty@example.com"), EMAIL_OK);
	assert_int_equal(email_message_set_subject(m, subject), EMAIL_OK);
	assert_int_equal(email_message_set_text(m, "At 03:00.\n"), EMAIL_OK);
	return m;
}

email_code
station_queue(email_account *account, const char *subject, int priority, char id[EMAIL_ID_SIZE])
{
	email_message *m = station_message(subject);
	email_code rc = email_account_enqueue(account, m, priority, id, EMAIL_ID_SIZE);

	email_message_free(m);
	return rc;
}

static bool
count_one(void *context, const email_queued *mail)
{
	(void)mail;
	++*(unsigned *)context;
	return true;
}

unsigned
station_waiting(email_account *account)
{
	unsigned n = 0;

	assert_int_equal(email_account_queue_list(account, false, count_one, &n), EMAIL_OK);
	return n;
}

unsigned
station_dead(email_account *account)
{
	unsigned n = 0;

	assert_int_equal(email_account_queue_list(account, true, count_one, &n), EMAIL_OK);
	return n;
}

long
station_number(email_account *account, const char *property)
{
	char text[64];

	assert_int_equal(email_account_get(account, property, text, sizeof text), EMAIL_OK);
	return strtol(text, NULL, 10);
}

void
station_assert_status(email_account *account, const char *expected)
{
	char text[400];

	assert_int_equal(email_account_get(account, "status", text, sizeof text), EMAIL_OK);
	assert_string_equal(text, expected);
}
