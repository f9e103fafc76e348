/* SPDX-License-Identifier: MIT */
/* trust: the User Trust Store; verify: the verdict on a chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A bundle of every public root is a quarter of a megabyte. */
#define BUNDLE_MOST (8u << 20)
#define PEM_SIZE 65536

/* --- list and view --- */

typedef struct listing {
	json_t *list;
	table *table;
	const char *alias; /* view: this one alone */
	email_certificate found;
	bool any;
} listing;

static bool
visit(void *context, const email_certificate *certificate)
{
	listing *l = context;
	char end[WHEN_SIZE];
	json_t *row;

	if (l->alias && strcmp(l->alias, certificate->alias) != 0)
		return true;
	l->found = *certificate;
	l->any = true;
	row = json_need(json_object());
	certificate_json(row, certificate);
	json_array_append_new(l->list, row);
	table_add(l->table, PLAIN, "%s", certificate->alias);
	table_add(l->table, PLAIN, "%s", certificate->subject);
	table_add(l->table, certificate->valid ? PLAIN : BAD, "%s", when_text(certificate->not_after, end));
	table_add(l->table, PLAIN, "%s %d", certificate->key_algorithm, certificate->key_size);
	table_add(l->table, PLAIN, "%s", certificate->sha256);
	return !l->alias;
}

static void
print_listing(const cli *c, const listing *l)
{
	json_t *document;

	if (c->json) {
		document = json_need(json_object());
		json_object_set(document, "certificates", l->list);
		json_print(document);
	} else if (l->alias) {
		certificate_print(&l->found);
	} else if (l->any) {
		table_print(l->table);
	} else {
		puts("The store is empty.");
	}
}

/* list where alias is NULL, else view. */
static int
show(cli *c, email_trust *trust, const char *alias)
{
	listing l = {.list = json_need(json_array()),
	             .table = table_new("ALIAS|SUBJECT|NOT AFTER|KEY|SHA-256")};
	bool system = cli_option(c, "system");
	int status = DONE;

	l.alias = alias;
	if ((system ? email_trust_list_system : email_trust_list_user)(trust, visit, &l))
		status = fail(c, email_trust_error(trust), NULL);
	else if (alias && !l.any)
		status = fail_with(c, EMAIL_E_UNKNOWN, "see emailctl trust list",
		                   "the store has no certificate %.64s", alias);
	else
		print_listing(c, &l);
	json_decref(l.list);
	table_free(l.table);
	return status;
}

/* --- import export delete --- */

static int
import(cli *c, email_trust *trust, const char *path)
{
	size_t size, imported = 0;
	int status;
	char *bytes = read_bytes(c, path, BUNDLE_MOST, &size, &status);
	json_t *document;

	if (!bytes)
		return status;
	if (email_trust_import(trust, bytes, size, cli_option(c, "alias"), &imported)) {
		status = fail(c, email_trust_error(trust), NULL);
	} else if (c->json) {
		document = json_need(json_object());
		json_number(document, "imported", (int64_t)imported);
		json_print(document);
	} else {
		printf("%zu imported\n", imported);
	}
	/* it may have been a private key, given by mistake */
	wipe(bytes, size);
	free(bytes);
	return status;
}

static int export(cli *c, email_trust *trust, const char *alias)
{
	char *pem = need_memory(malloc(PEM_SIZE));
	json_t *document;
	int status = DONE;

	if (email_trust_export(trust, alias, pem, PEM_SIZE)) {
		status = fail(c, email_trust_error(trust), NULL);
	} else if (c->json) {
		document = json_need(json_object());
		json_text(document, "alias", alias);
		json_text(document, "certificate", pem);
		json_print(document);
	} else {
		fputs(pem, stdout);
	}
	free(pem);
	return status;
}

static int delete (cli *c, email_trust *trust, const char *alias)
{
	if (email_trust_delete(trust, alias))
		return fail(c, email_trust_error(trust), NULL);
	print_done(c);
	return DONE;
}

static const struct {
	const char *name;
	size_t words; /* with the action's own */
	int (*run)(cli *c, email_trust *trust, const char *argument);
	bool system;
} actions[] = {
	{"list", 1, show, true},      {"view", 2, show, true},      {"import", 2, import, false},
	{"export", 2, export, false}, {"delete", 2, delete, false},
};

int
command_trust(cli *c)
{
	email_trust *trust;
	size_t i;
	int status;

	for (i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (strcmp(actions[i].name, c->word[0]) != 0)
			continue;
		if (c->count != actions[i].words)
			return usage(c, "trust %s takes %s", actions[i].name,
			             actions[i].words == 1 ? "nothing more" : "one name");
		if (cli_option(c, "system") && !actions[i].system)
			return usage(c,
			             "the System Trust Store is read-only: --system goes with list and view");
		if (cli_option(c, "alias") && actions[i].run != import)
			return usage(c, "--alias goes with trust import");
		trust = trust_open(c, &status);
		return trust ? actions[i].run(c, trust, c->count == 2 ? c->word[1] : NULL) : status;
	}
	return usage(c, "there is no command trust %.40s", c->word[0]);
}
