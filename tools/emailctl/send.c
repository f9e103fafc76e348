/* SPDX-License-Identifier: MIT */
/* send: composes a mail from options, and sends it now, with a report on each recipient, or queues it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Texts are held in memory; what is larger goes as an attachment, which is not. */
#define TEXT_MOST (16u << 20)

/* --- the message --- */

static int
message_error(const cli *c, const email_message *m)
{
	return fail(c, email_message_error(m), NULL);
}

static int
put_text(const cli *c, email_message *m, const char *path, email_code (*set)(email_message *, const char *))
{
	size_t size;
	int status;
	char *text = read_bytes(c, path, TEXT_MOST, &size, &status);

	if (!text)
		return status;
	if (strlen(text) != size)
		status = fail_with(c, EMAIL_E_MESSAGE, "send it by --attach",
		                   "%.200s is no text: it holds a NUL byte", path);
	else if (set(m, text))
		status = message_error(c, m);
	free(text);
	return status;
}

static int
put_header(const cli *c, email_message *m, const char *given)
{
	const char *colon = strchr(given, ':'), *value;
	char *name;
	int status;

	if (!colon)
		return usage(c, "--header takes NAME:VALUE");
	name = need_memory(strndup(given, (size_t)(colon - given)));
	value = colon + 1;
	value += strspn(value, " ");
	status = email_message_add_header(m, name, value) ? message_error(c, m) : DONE;
	free(name);
	return status;
}

static int
put_dsn(const cli *c, email_message *m, const char *list)
{
	static const struct {
		const char *name;
		unsigned bit;
	} notices[] = {{"never", EMAIL_DSN_NEVER},
	               {"success", EMAIL_DSN_SUCCESS},
	               {"failure", EMAIL_DSN_FAILURE},
	               {"delay", EMAIL_DSN_DELAY}};
	unsigned notify = 0;
	size_t n, i;

	for (; *list; list += n, list += *list == ',') {
		n = strcspn(list, ",");
		for (i = 0; i < 4 && (strlen(notices[i].name) != n || memcmp(notices[i].name, list, n) != 0);
		     i++)
			;
		if (i == 4)
			return usage(c, "--dsn takes never, or of success,failure,delay");
		notify |= notices[i].bit;
	}
	return email_message_set_dsn(m, notify) ? message_error(c, m) : DONE;
}

static int
put_priority(const cli *c, email_message *m, const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1])
		return usage(c, "--priority takes 0 to 9");
	if (text[0] >= '7' && email_message_set_importance(m, EMAIL_IMPORTANCE_HIGH))
		return message_error(c, m);
	return DONE;
}

static int
put_reply(const cli *c, email_message *m, const char *id)
{
	return email_message_set_reply(m, id, cli_option(c, "references")) ? message_error(c, m) : DONE;
}

typedef struct setter {
	const char *option;
	email_code (*set)(email_message *, const char *);              /* takes the value as it is */
	int (*put)(const cli *c, email_message *m, const char *value); /* or this does */
	bool composes;                                                 /* does not go with --raw */
} setter;

static int
put_plain(const cli *c, email_message *m, const char *path)
{
	return put_text(c, m, path, email_message_set_text);
}

static int
put_html(const cli *c, email_message *m, const char *path)
{
	return put_text(c, m, path, email_message_set_html);
}

static email_code
attach(email_message *m, const char *path)
{
	return email_message_attach_file(m, path, NULL);
}

/* HTML finds it as cid:NAME. */
static email_code
put_inline(email_message *m, const char *path)
{
	return email_message_inline_file(m, path, NULL, NULL);
}

static const setter setters[] = {
	{"to", email_message_add_to, NULL, false},
	{"cc", email_message_add_cc, NULL, false},
	{"bcc", email_message_add_bcc, NULL, false},
	{"from", email_message_set_from, NULL, false},
	{"dsn", NULL, put_dsn, false},
	{"raw", email_message_set_raw_file, NULL, false},
	{"reply-to", email_message_set_reply_to, NULL, true},
	{"subject", email_message_set_subject, NULL, true},
	{"text", NULL, put_plain, true},
	{"html", NULL, put_html, true},
	{"attach", attach, NULL, true},
	{"inline", put_inline, NULL, true},
	{"header", NULL, put_header, true},
	{"priority", NULL, put_priority, true},
	{"in-reply-to", NULL, put_reply, true},
};

static int
options_agree(const cli *c)
{
	bool raw = cli_option(c, "raw");
	size_t k;

	if (cli_option(c, "references") && !cli_option(c, "in-reply-to"))
		return usage(c, "--references goes with --in-reply-to");
	if (!raw && !cli_option(c, "to") && !cli_option(c, "cc") && !cli_option(c, "bcc"))
		return usage(c, "no recipient is given: --to, --cc or --bcc");
	for (k = 0; raw && k < sizeof setters / sizeof setters[0]; k++)
		if (setters[k].composes && cli_option(c, setters[k].option))
			return usage(c, "--%s does not go with --raw: the message is ready",
			             setters[k].option);
	return DONE;
}

static int
compose(const cli *c, email_message *m)
{
	int status = options_agree(c);
	size_t i, k;

	for (i = 0; i < c->options && status == DONE; i++)
		for (k = 0; k < sizeof setters / sizeof setters[0] && status == DONE; k++) {
			const setter *s = &setters[k];
			const option *o = &c->option[i];

			if (strcmp(s->option, o->name) != 0)
				continue;
			if (s->put)
				status = s->put(c, m, o->value);
			else if (s->set(m, o->value))
				status = message_error(c, m);
		}
	return status;
}

/* --- the report --- */

static const char *
outcome_name(email_outcome outcome)
{
	switch (outcome) {
	case EMAIL_OUTCOME_NONE: return "not tried";
	case EMAIL_OUTCOME_ACCEPTED: return "accepted";
	case EMAIL_OUTCOME_DEFERRED: return "deferred";
	case EMAIL_OUTCOME_REFUSED: return "refused";
	case EMAIL_OUTCOME_UNSURE: return "unsure";
	}
	return "";
}

static json_t *
report_json(const email_report *report)
{
	json_t *document = json_need(json_object());
	json_t *accepted = json_need(json_array()), *rejected = json_need(json_array());
	size_t i;

	json_text(document, "messageId", report->message_id);
	for (i = 0; i < report->count; i++) {
		const email_report_recipient *r = &report->recipients[i];
		json_t *row;

		if (r->outcome == EMAIL_OUTCOME_ACCEPTED) {
			json_array_append_new(accepted, json_need(json_string(r->address)));
			continue;
		}
		row = json_need(json_object());
		json_text(row, "recipient", r->address);
		json_text(row, "outcome", outcome_name(r->outcome));
		if (r->reply)
			json_number(row, "reply", r->reply);
		json_text(row, "enhanced", r->enhanced);
		json_text(row, "text", r->text);
		json_array_append_new(rejected, row);
	}
	json_object_set_new(document, "accepted", accepted);
	json_object_set_new(document, "rejected", rejected);
	json_number(document, "roundTrips", report->round_trips);
	json_number(document, "bytesSent", (int64_t)report->bytes_sent);
	return document;
}

static void
report_print(const email_report *report)
{
	table *t = table_new("RECIPIENT|OUTCOME|REPLY");
	size_t i;

	for (i = 0; i < report->count; i++) {
		const email_report_recipient *r = &report->recipients[i];
		char reply[16] = "";

		if (r->reply)
			snprintf(reply, sizeof reply, "%d ", r->reply);
		table_add(t, PLAIN, "%s", r->address);
		table_add(t, r->outcome == EMAIL_OUTCOME_ACCEPTED ? GOOD : BAD, "%s",
		          outcome_name(r->outcome));
		table_add(t, PLAIN, "%s%s%s%s", reply, r->enhanced, r->enhanced[0] ? " " : "", r->text);
	}
	table_print(t);
	table_free(t);
	printf("%s\n", report->message_id);
}

static int
send_now(cli *c, email_account *account, email_message *m)
{
	email_report *report = NULL;
	email_code rc = email_account_send(account, m, &report);
	email_error e = *email_account_error(account);
	json_t *document = report && c->json ? report_json(report) : NULL;
	int status = DONE;

	if (report && !c->json)
		report_print(report);
	if (rc)
		status = fail(c, &e, document);
	else if (document)
		json_print(document);
	email_report_free(report);
	email_account_close(account);
	return status;
}

static int
send_later(cli *c, email_account *account, email_message *m)
{
	const char *key = cli_option(c, "key"), *given = cli_option(c, "priority");
	int priority = given ? given[0] - '0' : EMAIL_PRIORITY_NORMAL, status = queue_usable(c, account);
	char id[EMAIL_ID_SIZE] = "";
	json_t *document;
	email_code rc;

	if (status)
		return status;
	rc = key ? email_account_enqueue_once(account, m, priority, key, id, sizeof id)
	         : email_account_enqueue(account, m, priority, id, sizeof id);
	if (rc)
		return fail(c, email_account_error(account), NULL);
	if (!c->json) {
		puts(id);
		return DONE;
	}
	document = json_need(json_object());
	json_text(document, "id", id);
	json_print(document);
	return DONE;
}

int
command_send(cli *c)
{
	bool later = cli_option(c, "queue") != NULL;
	email_message *m;
	email_account *account;
	int status;

	if (cli_option(c, "key") && !later)
		return usage(c, "--key goes with --queue");
	m = need_memory(email_message_new());
	if ((status = compose(c, m)) == DONE && (account = sheet_account(c, c->word[0], &status))) {
		if (email_account_get_kind(account) != EMAIL_OUTGOING) {
			status = usage(c, "%s is an incoming account: it sends no mail", c->word[0]);
		} else if (later) {
			status = send_later(c, account, m);
		} else {
			trace_start(c, account);
			challenge_start(email_service_trust(c->service));
			status = send_now(c, account, m);
		}
	}
	email_message_free(m);
	return status;
}
