/* SPDX-License-Identifier: MIT */
/* queue: the mail of an account that waits, its dead letters, and what a person does with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* What --json holds of a message; a larger one is in the output for people alone. */
#define MESSAGE_MOST (256u << 20)

int
queue_usable(const cli *c, const email_account *account)
{
	char text[16];

	if (email_account_get_kind(account) != EMAIL_OUTGOING)
		return usage(c, "%.64s is an incoming account: it has no queue", email_account_name(account));
	if (email_account_get(account, "persistent", text, sizeof text) || strcmp(text, "true") == 0)
		return DONE;
	return fail_with(
		c, EMAIL_E_VALUE, "set persistent=true, or send without --queue",
		"the queue of %.64s is in memory (persistent is false), and so the running service's alone",
		email_account_name(account));
}

/* --- a mail as people and programs read it --- */

static const char *
state_name(email_recipient_state state)
{
	switch (state) {
	case EMAIL_RECIPIENT_WAITING: return "waiting";
	case EMAIL_RECIPIENT_DELIVERED: return "delivered";
	case EMAIL_RECIPIENT_FAILED: return "failed";
	case EMAIL_RECIPIENT_CANCELLED: return "cancelled";
	}
	return "";
}

static json_t *
recipients_json(const email_queued *mail)
{
	json_t *list = json_need(json_array());
	size_t i;

	for (i = 0; i < mail->count; i++) {
		const email_queued_recipient *r = &mail->recipients[i];
		json_t *row = json_need(json_object());

		json_text(row, "recipient", r->address);
		json_text(row, "state", state_name(r->state));
		if (r->reply)
			json_number(row, "reply", r->reply);
		json_text(row, "enhanced", r->enhanced);
		json_text(row, "text", r->text);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
mail_json(const email_queued *mail)
{
	json_t *row = json_need(json_object());

	json_text(row, "id", mail->id);
	json_number(row, "priority", mail->priority);
	json_number(row, "size", (int64_t)mail->size);
	json_number(row, "attempts", mail->attempts);
	if (mail->unsure)
		json_number(row, "unsure", mail->unsure);
	json_time(row, "nextAttempt", mail->next_attempt);
	json_text(row, "lastError", mail->cause);
	json_time(row, "queued", mail->queued);
	json_text(row, "from", mail->from);
	json_text(row, "subject", mail->subject);
	json_text(row, "messageId", mail->message_id);
	json_text(row, "key", mail->key);
	if (mail->trying)
		json_flag(row, "trying", true);
	if (mail->dead)
		json_flag(row, "dead", true);
	if (mail->digest)
		json_flag(row, "digest", true);
	json_object_set_new(row, "recipients", recipients_json(mail));
	return row;
}

static const char *
next_text(const email_queued *mail, char when[WHEN_SIZE])
{
	if (mail->trying)
		return "being sent";
	return mail->next_attempt ? when_text(mail->next_attempt, when) : "at once";
}

/* --- list and dead --- */

typedef struct listing {
	bool json, dead;
	json_t *rows;
	table *table;
	size_t count;
} listing;

static bool
list_mail(void *context, const email_queued *mail)
{
	listing *l = context;
	char when[WHEN_SIZE];

	l->count++;
	if (l->json) {
		json_array_append_new(l->rows, mail_json(mail));
		return true;
	}
	table_add(l->table, PLAIN, "%s", mail->id);
	table_add(l->table, PLAIN, "%d", mail->priority);
	table_add(l->table, PLAIN, "%llu", (unsigned long long)mail->size);
	table_add(l->table, PLAIN, "%u", mail->attempts);
	table_add(l->table, PLAIN, "%s", l->dead ? when_text(mail->queued, when) : next_text(mail, when));
	if (mail->count > 1)
		table_add(l->table, PLAIN, "%s +%zu", mail->recipients[0].address, mail->count - 1);
	else
		table_add(l->table, PLAIN, "%s", mail->count ? mail->recipients[0].address : "");
	table_add(l->table, STRONG, "%.60s", mail->subject);
	table_add(l->table, l->dead ? BAD : FAINT, "%s", mail->cause);
	return true;
}

static int
list(cli *c, email_account *account, bool dead)
{
	listing l = {.json = c->json, .dead = dead, .rows = json_need(json_array())};
	json_t *document = json_need(json_object());
	email_code rc;

	l.table = table_new(dead ? "ID|PRIORITY|SIZE|ATTEMPTS|QUEUED|TO|SUBJECT|CAUSE"
	                         : "ID|PRIORITY|SIZE|ATTEMPTS|NEXT|TO|SUBJECT|LAST ERROR");
	rc = email_account_queue_list(account, dead, list_mail, &l);
	json_object_set_new(document, "queue", l.rows);
	if (c->json && !rc)
		json_print(json_incref(document));
	else if (!rc && l.count)
		table_print(l.table);
	else if (!rc)
		puts(dead ? "There is no dead letter." : "Nothing waits.");
	table_free(l.table);
	json_decref(document);
	return rc ? fail(c, email_account_error(account), NULL) : DONE;
}

static int
list_waiting(cli *c, email_account *account, const char *id)
{
	(void)id;
	return list(c, account, false);
}

static int
list_dead(cli *c, email_account *account, const char *id)
{
	(void)id;
	return list(c, account, true);
}

/* --- one mail --- */

/* What is no mail of this queue is wrong data, not a wrong sheet. */
static int
fail_id(const cli *c, const email_account *account)
{
	int status = fail(c, email_account_error(account), NULL);

	return email_account_error(account)->code == EMAIL_E_UNKNOWN ? BAD_DATA : status;
}

typedef struct viewing {
	json_t *mail; /* NULL: for people */
	char *message;
	size_t size, room;
	bool too_large;
} viewing;

static void
print_facts(const email_queued *mail)
{
	char text[WHEN_SIZE];
	size_t i;

	print_field("id", mail->id);
	print_field("state", mail->dead ? "dead" : mail->trying ? "being sent" : "waiting");
	snprintf(text, sizeof text, "%d", mail->priority);
	print_field("priority", text);
	print_field("from", mail->from);
	print_field("subject", mail->subject);
	print_field("messageId", mail->message_id);
	print_field("key", mail->key);
	snprintf(text, sizeof text, "%llu", (unsigned long long)mail->size);
	print_field("size", text);
	print_field("queued", when_text(mail->queued, text));
	if (!mail->dead && !mail->trying)
		print_field("nextAttempt", next_text(mail, text));
	snprintf(text, sizeof text, mail->unsure ? "%u, %u of them unsure" : "%u", mail->attempts,
	         mail->unsure);
	print_field("attempts", text);
	print_field("lastError", mail->cause);
	for (i = 0; i < mail->count; i++) {
		const email_queued_recipient *r = &mail->recipients[i];

		printf("  %s%-22s%s %s %s %s %s\n", tint_on(FAINT), i ? "" : "recipients", tint_off(),
		       r->address, state_name(r->state), r->enhanced, r->text);
	}
	putchar('\n');
}

static bool
view_mail(void *context, const email_queued *mail)
{
	viewing *v = context;

	if (v->mail)
		json_object_update_new(v->mail, mail_json(mail));
	else
		print_facts(mail);
	return true;
}

static email_code
view_bytes(void *context, const void *bytes, size_t n)
{
	viewing *v = context;

	if (!v->mail)
		return fwrite(bytes, 1, n, stdout) == n ? EMAIL_OK : EMAIL_E_FILE;
	v->too_large = v->too_large || n > MESSAGE_MOST - v->size;
	if (v->too_large)
		return EMAIL_OK;
	if (n > v->room - v->size)
		v->message = need_memory(realloc(v->message, v->room = 2 * v->room + n));
	memcpy(v->message + v->size, bytes, n);
	v->size += n;
	return EMAIL_OK;
}

static int
view(cli *c, email_account *account, const char *id)
{
	viewing v = {.mail = c->json ? json_need(json_object()) : NULL};
	json_t *message = NULL;
	email_code rc = email_account_queue_view(account, id, view_mail, view_bytes, &v);

	/* NULL where it is no UTF-8 */
	if (v.mail && v.size && !v.too_large)
		message = json_stringn(v.message, v.size);
	if (message)
		json_object_set_new(v.mail, "message", message);
	free(v.message);
	if (rc) {
		json_decref(v.mail);
		return fail_id(c, account);
	}
	if (v.mail)
		json_print(v.mail);
	return DONE;
}

static int
requeue(cli *c, email_account *account, const char *id)
{
	if (email_account_queue_requeue(account, id))
		return fail_id(c, account);
	print_done(c);
	return DONE;
}

static int
delete_mail(cli *c, email_account *account, const char *id)
{
	if (email_account_queue_delete(account, id))
		return fail_id(c, account);
	print_done(c);
	return DONE;
}

/* --- all of it --- */

static int
clear(cli *c, email_account *account, const char *id)
{
	json_t *document;
	size_t count = 0;

	(void)id;
	if (email_account_queue_clear(account, &count))
		return fail(c, email_account_error(account), NULL);
	if (!c->json) {
		printf("%zu mails are dead letters now\n", count);
		return DONE;
	}
	document = json_need(json_object());
	json_number(document, "cleared", (int64_t)count);
	json_print(document);
	return DONE;
}

static int
poll_queue(cli *c, email_account *account, const char *id)
{
	json_t *document;
	email_code rc;
	bool told = false;

	(void)id;
	trace_start(c, account);
	challenge_start(email_service_trust(c->service));
	rc = email_account_queue_poll(account, &told);
	if (rc)
		return fail(c, email_account_error(account), NULL);
	if (!c->json) {
		puts(told ? "The running service was told." : "Nothing is left that could be sent now.");
		return DONE;
	}
	document = json_need(json_object());
	json_flag(document, "told", told);
	json_print(document);
	return DONE;
}

int
command_queue(cli *c)
{
	static const struct {
		const char *name;
		bool one; /* it takes an id */
		int (*run)(cli *c, email_account *account, const char *id);
	} actions[] = {
		{"list", false, list_waiting}, {"dead", false, list_dead},    {"view", true, view},
		{"requeue", true, requeue},    {"delete", true, delete_mail}, {"poll", false, poll_queue},
		{"clear", false, clear},
	};
	email_account *account;
	int status;
	size_t i;

	for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].name, c->word[1]) == 0)
			break;
	if (i == sizeof actions / sizeof actions[0])
		return usage(c, "expected list, dead, view, requeue, delete, poll or clear");
	if (actions[i].one != (c->count == 3))
		return usage(c, actions[i].one ? "%s takes the id of a mail" : "%s takes no id",
		             actions[i].name);
	account = sheet_account(c, c->word[0], &status);
	if (!account || (status = queue_usable(c, account)))
		return status;
	return actions[i].run(c, account, c->word[2]);
}
