/* SPDX-License-Identifier: MIT */
/*
 * This library's queue, by its public interface only: what is enqueued lies in a service's state folder, and leaves when
 * a service on the same folder runs.
 *
 * HOW of enqueue: "unsafe" fills the queue without a sync, so that many mails are there soon.
 * HOW of drain: "first" ends with the first mail that has left.
 */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "job.h"

#define PATIENCE 300

/* In front of the C library's. */
static bool unsafe;

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

static email_service *
station(const bench_job *job, email_account **account)
{
	email_service *service = email_service_new();

	if (email_service_set_state_folder(service, job->file) != EMAIL_OK ||
	    email_service_add(service, EMAIL_OUTGOING, "Bench", account) != EMAIL_OK) {
		fprintf(stderr, "self: no service on %s\n", job->file);
		email_service_free(service);
		return NULL;
	}
	email_account_set_hostname(*account, BENCH_HOST);
	email_account_set_port(*account, job->port);
	email_account_set_use_ssl(*account, false);
	email_account_set(*account, "maxQueueSize", "1000000");
	email_account_set(*account, "maxSendablePerDay", "-1");
	return service;
}

static int
enqueue(email_account *account, long count)
{
	email_message *m = email_message_new();
	char id[EMAIL_ID_SIZE];
	email_code rc = EMAIL_OK;
	long i;

	email_message_set_from(m, "Plant room <" BENCH_FROM ">");
	email_message_add_to(m, BENCH_TO);
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, bench_text());
	for (i = 0; i < count && rc == EMAIL_OK; i++)
		rc = email_account_enqueue(account, m, EMAIL_PRIORITY_NORMAL, id, sizeof id);
	if (rc)
		fprintf(stderr, "self: %s\n", email_account_error(account)->text);
	email_message_free(m);
	return rc != EMAIL_OK;
}

/* --- draining --------------------------------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long sent;
static bool failed;
static struct timespec began;

static double
seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static void
on_event(void *context, const email_event *event)
{
	(void)context;
	pthread_mutex_lock(&gate);
	if (event->kind == EMAIL_EVENT_SENT && sent++ == 0)
		bench_got.first = seconds_since(&began);
	if (event->kind == EMAIL_EVENT_DEFERRED || event->kind == EMAIL_EVENT_DISCARDED) {
		fprintf(stderr, "self: %s: %s\n", email_event_name(event->kind), event->text);
		failed = true;
	}
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&gate);
}

static int
drain(email_service *service, long count)
{
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_MONOTONIC, &began);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	email_service_set_event_callback(service, on_event, NULL);
	if (email_service_start(service) != EMAIL_OK) {
		fprintf(stderr, "self: %s\n", email_service_error(service)->text);
		return 1;
	}
	pthread_mutex_lock(&gate);
	while (sent < count && !failed && !late)
		late = pthread_cond_timedwait(&changed, &gate, &until);
	bench_got.messages = sent;
	pthread_mutex_unlock(&gate);
	email_service_stop(service);
	if (late)
		fprintf(stderr, "self: %ld of %ld mails after %d seconds\n", sent, count, PATIENCE);
	return failed || late;
}

int
bench_run(const bench_job *job)
{
	email_account *account;
	email_service *service;
	int rc;

	unsafe = strcmp(job->how, "unsafe") == 0;
	if (!(service = station(job, &account)))
		return 1;
	rc = job->work == BENCH_ENQUEUE ? enqueue(account, job->count)
	                                : drain(service, strcmp(job->how, "first") == 0 ? 1 : job->count);
	email_service_free(service);
	return rc;
}
