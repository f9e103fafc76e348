/* SPDX-License-Identifier: MIT */
/*
 * run: the service in the foreground, until SIGTERM or SIGINT. It works in this program's own loop: it says what it waits
 * for, poll(2) waits for that and for signals, and it goes on as far as it can.
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

typedef struct runner {
	const cli *c;
	mail_folder out;
	email_wait *wait;  /* what the service waits for, */
	struct pollfd *fd; /* and behind the signals' own the same for poll(2) */
	size_t room;
} runner;

/* --- what is told --- */

static void
event_json(const email_event *e)
{
	json_t *line = json_need(json_object());

	json_text(line, "kind", email_event_name(e->kind));
	json_time(line, "time", e->time);
	json_text(line, "account", e->account);
	json_text(line, "id", e->id);
	json_text(line, "messageId", e->message_id);
	json_text(line, "recipient", e->recipient);
	json_text(line, "action", e->action);
	json_text(line, "status", e->status);
	if (e->count)
		json_number(line, "count", (int64_t)e->count);
	json_text(line, "text", e->text);
	json_print(line);
}

static void
on_event(void *context, const email_event *e)
{
	const runner *r = context;
	const char *const facts[] = {e->id, e->recipient, e->action, e->status, e->text};
	char when[WHEN_SIZE];
	size_t i;

	if (r->c->json) {
		event_json(e);
		return;
	}
	fprintf(stderr, "%s %s %s", when_text(e->time, when), e->account[0] ? e->account : "-",
	        email_event_name(e->kind));
	for (i = 0; i < sizeof facts / sizeof facts[0]; i++)
		if (facts[i][0])
			fprintf(stderr, " %s", facts[i]);
	putc('\n', stderr);
}

/* What this program does itself. */
static void
say(const runner *r, const char *text)
{
	char when[WHEN_SIZE];

	if (!r->c->json)
		fprintf(stderr, "%s - %s\n", when_text((int64_t)time(NULL), when), text);
}

/* --- mail that comes --- */

/* A folder for each account: two may give the same UID to mail that is alike. */
static email_code
on_message(void *context, const email_received *m)
{
	runner *r = context;
	char name[FOLDER_NAME_SIZE];

	if (signals_ended())
		return EMAIL_E_CANCELLED;
	if (m->header_only || folder_save(&r->out, email_account_name(m->account), m, name))
		return EMAIL_OK;
	fail_with(r->c, EMAIL_E_FILE, "make room", "%s", r->out.why);
	return EMAIL_E_CANCELLED;
}

/* --- the loop --- */

static void
trace_line(void *context, const char *account, char who, const char *line)
{
	(void)context;
	fprintf(stderr, "%s %c: %s\n", account, who, line);
}

static void
trace_all(const cli *c)
{
	email_account *account;
	size_t i;

	for (i = 0; c->trace && (account = email_service_account_at(c->service, i)); i++) {
		email_account_set_log(account, trace_line, NULL);
		email_account_set(account, "debug", "true");
	}
}

static void
reload(const runner *r)
{
	email_error e = {0};

	if (email_service_reload(r->c->service, &e)) {
		fail(r->c, &e, NULL);
		say(r, "goes on by the sheet as it was");
		return;
	}
	if (r->c->trace) {
		trace_all(r->c);
		email_service_apply(r->c->service);
	}
	say(r, "the sheet was loaded again");
}

/* How many there are to wait for, all of them in r->wait. */
static size_t
ask(runner *r, long *ms)
{
	size_t n;

	while ((n = email_service_wait(r->c->service, r->wait, r->room, ms)) > r->room || !r->fd) {
		r->room = n + 16;
		r->wait = need_memory(realloc(r->wait, r->room * sizeof *r->wait));
		r->fd = need_memory(realloc(r->fd, (r->room + 1) * sizeof *r->fd));
	}
	return n;
}

static email_code
work(runner *r)
{
	while (!signals_ended()) {
		email_code rc = email_service_step(r->c->service);
		size_t n, i;
		long ms;

		/* want of memory passes, and it tries again */
		if (rc && (rc != EMAIL_E_MEMORY || !email_service_running(r->c->service)))
			return rc;
		n = ask(r, &ms);
		if (rc && ms < 1000)
			ms = 1000;
		r->fd[0] = (struct pollfd){signals_fd(), POLLIN, 0};
		for (i = 0; i < n; i++)
			r->fd[i + 1] = (struct pollfd){r->wait[i].fd, (short)r->wait[i].events, 0};
		poll(r->fd, n + 1, ms > INT_MAX ? INT_MAX : (int)ms);
		if (r->fd[0].revents && signals_reload())
			reload(r);
	}
	return EMAIL_OK;
}

int
command_run(cli *c)
{
	runner r = {.c = c, .out.fd = -1};
	const char *out = cli_option(c, "out");
	int status;

	if ((status = sheet_open(c)) || (out && (status = folder_open(c, &r.out, out))) ||
	    (status = signals_catch(c, true)))
		goto end;
	json_lines();
	trace_all(c);
	email_service_set_event_callback(c->service, on_event, &r);
	if (out)
		email_service_set_handler(c->service, on_message, &r);
	say(&r, "started");
	if (work(&r))
		status = fail(c, email_service_error(c->service), NULL);
	say(&r, "ends");
	email_service_stop(c->service);
	say(&r, "ended");
end:
	folder_close(&r.out);
	free(r.wait);
	free(r.fd);
	return status;
}
