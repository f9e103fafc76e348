/* SPDX-License-Identifier: MIT */
/*
 * receive: one poll of a mailbox, or with --watch polls until a signal. With --out each message becomes a file, durable
 * before the server is told that it was taken; without it nothing changes anywhere.
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

typedef struct receiver {
	const cli *c;
	const char *out; /* NULL: only looks */
	mail_folder folder;
	bool watch;
	json_t *messages;
	table *table;
	size_t count;
} receiver;

/* --- a line a message --- */

static void
tell(receiver *r, const email_received *m, const char *name)
{
	const char *from = email_message_header(m->message, "From"),
		   *subject = email_message_subject(m->message);
	json_t *row = json_need(json_object());
	char when[WHEN_SIZE];
	int64_t date;

	if (!email_message_date(m->message, &date, NULL))
		date = m->internal_date;
	json_text(row, "uid", m->uid);
	json_text(row, "messageId", email_message_message_id(m->message));
	json_text(row, "from", from);
	json_text(row, "subject", subject);
	json_time(row, "date", date);
	if (m->size)
		json_number(row, "size", (int64_t)m->size);
	if (m->header_only && r->out)
		json_flag(row, "headerOnly", true);
	json_text(row, "file", name);
	if (r->watch) {
		if (r->c->json) {
			json_print(row);
			return;
		}
		printf("%s  %s  %s\n", when_text(date, when), from ? from : "", subject ? subject : "");
		json_decref(row);
		fflush(stdout);
		return;
	}
	table_add(r->table, PLAIN, "%s", when_text(date, when));
	table_add(r->table, PLAIN, "%s", from ? from : "");
	table_add(r->table, STRONG, "%s", subject ? subject : "");
	table_add(r->table, PLAIN, "%llu", (unsigned long long)m->size);
	table_add(r->table, FAINT, "%s", name ? name : m->uid);
	json_array_append_new(r->messages, row);
}

static email_code
on_message(void *context, const email_received *m)
{
	receiver *r = context;
	char name[FOLDER_NAME_SIZE];

	if (signals_ended())
		return EMAIL_E_CANCELLED;
	if (!r->out) {
		tell(r, m, NULL);
		r->count++;
		return EMAIL_OK;
	}
	if (m->header_only) {
		tell(r, m, NULL);
		return EMAIL_OK;
	}
	if (!folder_save(&r->folder, NULL, m, name))
		return EMAIL_E_CANCELLED;
	tell(r, m, name);
	r->count++;
	return EMAIL_OK;
}

/* --- polls --- */

static json_t *
document(receiver *r, const email_account *account)
{
	json_t *all = json_need(json_object());

	json_object_set_new(all, "messages", r->messages);
	json_number(all, "left", (int64_t)email_account_left(account));
	return all;
}

static int
finish(receiver *r, email_account *account, email_code rc)
{
	const cli *c = r->c;

	if (!r->watch && !c->json)
		table_print(r->table);
	if (r->folder.why[0]) {
		json_decref(r->messages);
		return fail_with(c, EMAIL_E_FILE, "make room, or give another --out", "%s", r->folder.why);
	}
	if (rc)
		return fail(c, email_account_error(account),
		            c->json && !r->watch ? document(r, account) : NULL);
	if (r->watch)
		return DONE;
	if (c->json)
		json_print(document(r, account));
	else if (email_account_left(account))
		printf("%zu left\n", email_account_left(account));
	return DONE;
}

/* sizeLimitPerPoll bounds a poll, not the command. */
static int
poll_all(receiver *r, email_account *account, size_t most)
{
	email_code rc;
	size_t before;

	do {
		before = r->count;
		email_account_set_poll_limit(account, most ? most - r->count : 0);
		rc = r->out ? email_account_receive(account, on_message, r)
		            : email_account_peek(account, on_message, r);
	} while (rc == EMAIL_OK && r->out && !r->folder.why[0] && r->count > before &&
	         email_account_left(account) && (!most || r->count < most));
	return finish(r, account, rc);
}

/* Until a descriptor is ready (-1: none), a signal came, or the time is over. */
static void
wait_for(int fd, int events, int64_t ms)
{
	struct pollfd p[2] = {{fd, (short)events, 0}, {signals_fd(), POLLIN, 0}};

	/* who was told to end has no more to be told */
	poll(p, signals_ended() ? 1 : 2, ms > INT_MAX ? INT_MAX : (int)ms);
}

/* Until it is done, or a signal came. */
static email_code
drive(email_operation *op)
{
	email_code rc;

	while (email_operation_step(op) == EMAIL_PENDING) {
		wait_for(email_operation_fd(op), email_operation_events(op), email_operation_timeout(op));
		if (signals_ended())
			email_operation_cancel(op);
	}
	rc = email_operation_result(op);
	email_operation_free(op);
	return rc;
}

static int
watch(receiver *r, email_account *account)
{
	int status = signals_catch(r->c, false);

	if (status)
		return status;
	json_lines();
	while (!signals_ended()) {
		email_operation *op = email_account_start_receive(account, on_message, r, true);
		email_code rc;

		if (!op)
			break;
		rc = drive(op);
		if (r->folder.why[0])
			break;
		if (rc && !signals_ended()) {
			status = fail(r->c, email_account_error(account), NULL);
			/* what a person must mend does not mend itself by trying */
			if (status != RETRY && status != PROTOCOL && status != REFUSED)
				return status;
		}
		if (!signals_ended())
			wait_for(-1, 0, email_account_pollrate(account));
	}
	return finish(r, account, EMAIL_OK);
}

int
command_receive(cli *c)
{
	receiver r = {.c = c,
	              .out = cli_option(c, "out"),
	              .folder.fd = -1,
	              .watch = cli_option(c, "watch") != NULL};
	const char *max = cli_option(c, "max");
	email_account *account;
	char *end = NULL;
	size_t most = 0;
	int status;

	if (max && (max[0] < '1' || max[0] > '9' || (most = strtoul(max, &end, 10)) == 0 || *end ||
	            most > 1000000000))
		return usage(c, "--max takes a number from 1 on");
	if (r.watch && !r.out)
		return usage(c, "--watch goes with --out: without it nothing is taken");
	if (r.watch && max)
		return usage(c, "--watch takes what comes: it has no --max");
	if ((status = sheet_open(c)) || !(account = sheet_account(c, c->word[0], &status)) ||
	    (r.out && (status = folder_open(c, &r.folder, r.out))))
		return status;
	if (email_account_get_kind(account) != EMAIL_INCOMING)
		return usage(c, "%.64s sends mail: receive takes an incoming account", c->word[0]);
	trace_start(c, account);
	challenge_start(email_service_trust(c->service));
	r.messages = json_need(json_array());
	r.table = table_new("DATE|FROM|SUBJECT|SIZE|FILE");
	status = r.watch ? watch(&r, account) : poll_all(&r, account, most);
	email_account_close(account);
	table_free(r.table);
	folder_close(&r.folder);
	return status;
}
