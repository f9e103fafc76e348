/* SPDX-License-Identifier: MIT */
/* hosts: the rows of Allowed Hosts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define PEM_SIZE 65536

typedef struct rows {
	email_allowed_host *row;
	size_t count;
} rows;

static bool
keep(void *context, const email_allowed_host *entry)
{
	rows *r = context;

	r->row = need_memory(realloc(r->row, (r->count + 1) * sizeof *r->row));
	r->row[r->count++] = *entry;
	return true;
}

/* "host:port", "[2001:db8::1]:465". */
static bool
split(const char *text, char host[256], int *port)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	char *end;
	long number;

	if (!colon)
		return false;
	if (text[0] == '[') {
		if (colon == text || colon[-1] != ']')
			return false;
		from++;
		to--;
	} else if (strchr(text, ':') != colon) {
		return false;
	}
	number = strtol(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || number < 1 || number > 65535 || to <= from ||
	    to - from > 255)
		return false;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	*port = (int)number;
	return true;
}

typedef struct target {
	cli *c;
	email_trust *trust;
	char host[256];
	int port;
	const char *sha256; /* NULL: not given */
	int64_t until;
} target;

static int
trust_error(const target *t)
{
	return fail(t->c, email_trust_error(t->trust), NULL);
}

/* The rows of this host and port; the library says which host is which, so that every spelling it knows
 * will do. */
static int
rows_of(const target *t, rows *found)
{
	char *pem = need_memory(malloc(PEM_SIZE));
	rows all = {0};
	size_t i;

	*found = (rows){0};
	if (email_trust_list_hosts(t->trust, keep, &all)) {
		free(pem);
		return trust_error(t);
	}
	for (i = 0; i < all.count; i++) {
		const email_certificate *k = &all.row[i].certificate;

		if (all.row[i].port == t->port &&
		    email_trust_export_host(t->trust, t->host, t->port, k->sha256, pem, PEM_SIZE) == EMAIL_OK)
			keep(found, &all.row[i]);
	}
	free(all.row);
	free(pem);
	return found->count ? DONE
	                    : fail_with(t->c, EMAIL_E_UNKNOWN, "see emailctl hosts list",
	                                "Allowed Hosts has no row for %s port %d", t->host, t->port);
}

/* --- list and view --- */

static json_t *
rows_json(const rows *r)
{
	json_t *list = json_need(json_array());
	size_t i;

	for (i = 0; i < r->count; i++)
		json_array_append_new(list, host_json(&r->row[i]));
	return list;
}

static void
print_rows_json(json_t *list)
{
	json_t *document = json_need(json_object());

	json_object_set_new(document, "allowedHosts", list);
	json_print(document);
}

static tint
approval_tint(email_approval approval)
{
	return approval == EMAIL_APPROVAL_YES ? GOOD : approval == EMAIL_APPROVAL_NO ? PLAIN : BAD;
}

static void
print_rows(const rows *r)
{
	table *t = table_new("HOST|PORT|APPROVAL|SUBJECT|NOT AFTER|REASONS|SHA-256");
	char text[512];
	size_t i;

	for (i = 0; i < r->count; i++) {
		const email_allowed_host *h = &r->row[i];

		table_add(t, PLAIN, "%s", h->host);
		table_add(t, PLAIN, "%d", h->port);
		table_add(t, approval_tint(h->approval), "%s%s", approval_name(h->approval),
		          h->redundant ? " (redundant)" : "");
		table_add(t, PLAIN, "%s", h->certificate.subject);
		table_add(t, h->certificate.valid ? PLAIN : BAD, "%s",
		          when_text(h->certificate.not_after, text));
		table_add(t, PLAIN, "%s", reasons_text(h->reasons, text, sizeof text));
		table_add(t, PLAIN, "%s", h->certificate.sha256);
	}
	if (r->count)
		table_print(t);
	else
		puts("Allowed Hosts is empty.");
	table_free(t);
}

static int
list(target *t)
{
	rows all = {0};
	int status = DONE;

	if (email_trust_list_hosts(t->trust, keep, &all))
		status = trust_error(t);
	else if (t->c->json)
		print_rows_json(rows_json(&all));
	else
		print_rows(&all);
	free(all.row);
	return status;
}

/* Old against new, where an approved host showed another key. */
static void
print_changes(const rows *r)
{
	const email_allowed_host *old = NULL;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->row[i].approval == EMAIL_APPROVAL_YES)
			old = &r->row[i];
	for (i = 0; old && i < r->count; i++)
		if (r->row[i].approval == EMAIL_APPROVAL_KEY_CHANGED) {
			puts("\nThe key changed:");
			certificate_compare(&old->certificate, &r->row[i].certificate);
		}
}

/* Whether the quoted fingerprint, case and colons free, is this one's. */
static bool
quotes(const char *given, const char *sha256)
{
	for (; *given; given++) {
		char ch = *given >= 'A' && *given <= 'F' ? (char)(*given + 32) : *given;

		if (ch == ':' || ch == ' ')
			continue;
		if (ch != *sha256++)
			return false;
	}
	return !*sha256;
}

static int
view(target *t)
{
	char *pem = need_memory(malloc(PEM_SIZE));
	json_t *list_json = json_need(json_array());
	rows r;
	int status = rows_of(t, &r);
	size_t i, shown = 0;

	for (i = 0; status == DONE && i < r.count; i++) {
		const email_certificate *k = &r.row[i].certificate;
		json_t *row;

		if (t->sha256 && !quotes(t->sha256, k->sha256) && !quotes(t->sha256, k->public_key_sha256))
			continue;
		shown++;
		if (email_trust_export_host(t->trust, t->host, t->port, k->sha256, pem, PEM_SIZE))
			pem[0] = '\0';
		row = host_json(&r.row[i]);
		json_text(row, "certificate", pem);
		json_array_append_new(list_json, row);
		if (!t->c->json) {
			host_print(&r.row[i]);
			fputs(pem, stdout);
		}
	}
	if (status == DONE && !shown)
		status = fail_with(t->c, EMAIL_E_VALUE, "see emailctl hosts view",
		                   "no row of %s port %d has this fingerprint", t->host, t->port);
	if (status == DONE && t->c->json)
		print_rows_json(json_incref(list_json));
	else if (status == DONE)
		print_changes(&r);
	json_decref(list_json);
	free(r.row);
	free(pem);
	return status;
}

/* --- approve, reject and the rest --- */

/* Without a fingerprint a person must have looked at the one certificate that there is to approve. */
static int
confirm(const target *t, char sha256[65])
{
	const email_allowed_host *one = NULL;
	size_t i, open = 0;
	rows r;
	int status;

	if (!person_present())
		return usage(t->c, "approve needs --sha256, or a person at a terminal who confirms");
	status = rows_of(t, &r);
	for (i = 0; status == DONE && i < r.count; i++)
		if (r.row[i].approval != EMAIL_APPROVAL_YES) {
			one = &r.row[i];
			open++;
		}
	if (status == DONE && open != 1)
		status = fail_with(t->c, EMAIL_E_VALUE, "name the one by --sha256",
		                   "%s port %d has %zu rows that are not approved", t->host, t->port, open);
	if (status == DONE && !challenge_confirm(t->trust, one))
		status = fail_with(t->c, EMAIL_E_TRUST, "", "nothing was approved");
	if (status == DONE)
		snprintf(sha256, 65, "%s", one->certificate.sha256);
	free(r.row);
	return status;
}

static int
approve(target *t)
{
	char sha256[65];
	int status;

	if (!t->sha256) {
		if ((status = confirm(t, sha256)))
			return status;
		t->sha256 = sha256;
	}
	if (email_trust_approve(t->trust, t->host, t->port, t->sha256, t->until))
		return trust_error(t);
	print_done(t->c);
	return DONE;
}

static int
prune(target *t)
{
	size_t removed = 0;
	json_t *document;

	if (email_trust_prune(t->trust, &removed))
		return trust_error(t);
	if (!t->c->json) {
		printf("%zu removed\n", removed);
		return DONE;
	}
	document = json_need(json_object());
	json_number(document, "removed", (int64_t)removed);
	json_print(document);
	return DONE;
}

typedef struct action {
	const char *name;
	bool host; /* needs HOST:PORT */
	int (*run)(target *t);
	email_code (*change)(email_trust *trust, const char *host, int port, const char *sha256);
} action;

static const action actions[] = {
	{"list", false, list, NULL},
	{"view", true, view, NULL},
	{"approve", true, approve, NULL},
	{"reject", true, NULL, email_trust_reject},
	{"unapprove", true, NULL, email_trust_unapprove},
	{"accept-key", true, NULL, email_trust_accept_key},
	{"delete", true, NULL, email_trust_delete_host},
	{"prune", false, prune, NULL},
};

static int
run_action(const action *a, target *t)
{
	if (a->run)
		return a->run(t);
	if (a->change(t->trust, t->host, t->port, t->sha256))
		return trust_error(t);
	print_done(t->c);
	return DONE;
}

int
command_hosts(cli *c)
{
	target t = {.c = c, .sha256 = cli_option(c, "sha256")};
	const char *until = cli_option(c, "until");
	const action *a = NULL;
	size_t i;
	int status;

	for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].name, c->word[0]) == 0)
			a = &actions[i];
	if (!a)
		return usage(c, "there is no command hosts %.40s", c->word[0]);
	if (a->host != (c->count == 2))
		return usage(c, a->host ? "hosts %s needs HOST:PORT" : "hosts %s takes no host", a->name);
	if (a->host && !split(c->word[1], t.host, &t.port))
		return usage(c, "expected HOST:PORT, an IPv6 address in brackets");
	if (until && a->run != approve)
		return usage(c, "--until goes with hosts approve");
	if (until && !when_parse(until, &t.until))
		return usage(c, "--until takes a date or a time, 2027-01-31 or 2027-01-31T12:00:00Z");
	if (!(t.trust = trust_open(c, &status)))
		return status;
	return run_action(a, &t);
}
