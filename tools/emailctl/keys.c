/* SPDX-License-Identifier: MIT */
/* keys: the User Key Store. A key goes in, and never comes out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define KEY_FILE_MOST (1u << 20)

typedef struct listing {
	json_t *list;
	table *table;
} listing;

static bool
visit(void *context, const email_certificate *certificate)
{
	listing *l = context;
	char end[WHEN_SIZE];
	json_t *row = json_need(json_object());

	certificate_json(row, certificate);
	json_array_append_new(l->list, row);
	table_add(l->table, PLAIN, "%s", certificate->alias);
	table_add(l->table, PLAIN, "%s", certificate->subject);
	table_add(l->table, certificate->valid ? PLAIN : BAD, "%s", when_text(certificate->not_after, end));
	return true;
}

static int
list(cli *c, email_trust *trust)
{
	listing l = {json_need(json_array()), table_new("ALIAS|SUBJECT|NOT AFTER")};
	json_t *document;
	int status = DONE;

	if (email_trust_list_keys(trust, visit, &l)) {
		status = fail(c, email_trust_error(trust), NULL);
	} else if (c->json) {
		document = json_need(json_object());
		json_object_set(document, "keys", l.list);
		json_print(document);
	} else if (json_array_size(l.list)) {
		table_print(l.table);
	} else {
		puts("The store is empty.");
	}
	json_decref(l.list);
	table_free(l.table);
	return status;
}

/* A file whole, with a NUL behind it that counts where it is PEM. */
static unsigned char *
read_counted(cli *c, const char *path, size_t *size, int *status)
{
	char *bytes = read_bytes(c, path, KEY_FILE_MOST, size, status);
	unsigned char *copy;

	if (!bytes)
		return NULL;
	copy = need_memory(calloc(*size + 1, 1));
	memcpy(copy, bytes, *size);
	wipe(bytes, *size);
	free(bytes);
	*size += *size && copy[0] != 0x30;
	return copy;
}

static int
import(cli *c, email_trust *trust)
{
	const char *alias = cli_option(c, "alias");
	email_key_import in = {0};
	int status = DONE;
	unsigned char *certificates = read_counted(c, c->word[1], &in.certificates_size, &status), *key;

	if (!certificates)
		return status;
	if ((key = read_counted(c, c->word[c->count - 1], &in.key_size, &status)) != NULL) {
		in.certificates = certificates;
		in.key = key;
		if (email_trust_import_key(trust, alias ? alias : "client", &in))
			status = fail(c, email_trust_error(trust), NULL);
		else
			print_done(c);
		wipe((char *)key, in.key_size);
	}
	wipe((char *)certificates, in.certificates_size);
	free(certificates);
	free(key);
	return status;
}

int
command_keys(cli *c)
{
	const char *action = c->word[0];
	email_trust *trust;
	int status;
	bool fits = (strcmp(action, "list") == 0 && c->count == 1) ||
	            (strcmp(action, "delete") == 0 && c->count == 2) ||
	            (strcmp(action, "import") == 0 && c->count >= 2);

	if (!fits)
		return usage(c, "keys takes list, import [CERT] KEY, or delete ALIAS");
	if (!(trust = trust_open(c, &status)))
		return status;
	if (action[0] == 'l')
		return list(c, trust);
	if (action[0] == 'i')
		return import(c, trust);
	if (email_trust_delete_key(trust, c->word[1]))
		return fail(c, email_trust_error(trust), NULL);
	print_done(c);
	return DONE;
}
