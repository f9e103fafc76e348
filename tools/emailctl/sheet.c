/* SPDX-License-Identifier: MIT */
/* Where commands get the service, its trust, accounts and files from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *
sheet_path(const cli *c)
{
	const char *named = getenv("EMAILSERVICE_SHEET");

	if (c->sheet)
		return c->sheet;
	return named && named[0] ? named : "email.xml";
}

static const char *
seal_key(const cli *c)
{
	const char *named = getenv("EMAILSERVICE_SEAL_KEY");

	if (c->seal_key)
		return c->seal_key;
	return named && named[0] ? named : NULL;
}

/* A sheet that cannot be had is 78, whatever kept it. */
static int
no_sheet(cli *c, const email_error *e)
{
	email_error told = *e;

	if (e->code == EMAIL_E_FILE && e->os == ENOENT)
		snprintf(told.remedy, sizeof told.remedy,
		         "name it by --sheet or EMAILSERVICE_SHEET, or make one by emailctl new");
	fail(c, &told, NULL);
	return e->code == EMAIL_E_MEMORY ? RETRY : CONFIG;
}

static int
open_sheet(cli *c, bool may_be_absent)
{
	email_error e = {0};

	c->service = need_memory(email_service_new());
	if (c->state && email_service_set_state_folder(c->service, c->state))
		return fail(c, email_service_error(c->service), NULL);
	if (seal_key(c) && email_service_set_seal_key_file(c->service, seal_key(c)))
		return fail(c, email_service_error(c->service), NULL);
	if (email_service_load(c->service, sheet_path(c), &e) == EMAIL_OK)
		return DONE;
	if (may_be_absent && e.code == EMAIL_E_FILE && e.os == ENOENT)
		return DONE;
	return no_sheet(c, &e);
}

int
sheet_open(cli *c)
{
	return open_sheet(c, false);
}

int
sheet_open_or_new(cli *c)
{
	return open_sheet(c, true);
}

int
sheet_save(cli *c)
{
	email_error e = {0};

	return email_service_save(c->service, sheet_path(c), &e) ? fail(c, &e, NULL) : DONE;
}

email_trust *
trust_open(cli *c, int *status)
{
	const char *named = getenv("EMAILSERVICE_SHEET");
	bool asked = c->sheet || (named && named[0]);
	email_trust *trust;

	*status = DONE;
	if (c->state) {
		c->service = need_memory(email_service_new());
		if (email_service_set_state_folder(c->service, c->state))
			*status = fail(c, email_service_error(c->service), NULL);
	} else {
		*status = open_sheet(c, !asked);
	}
	if (*status)
		return NULL;
	trust = email_service_trust(c->service);
	if (email_trust_error(trust)->code) {
		*status = fail(c, email_trust_error(trust), NULL);
		return NULL;
	}
	return trust;
}

email_account *
sheet_account(cli *c, const char *name, int *status)
{
	email_account *account;

	*status = c->service ? DONE : sheet_open(c);
	if (*status)
		return NULL;
	account = email_service_account(c->service, name);
	if (!account)
		*status =
			fail_with(c, EMAIL_E_UNKNOWN, "see emailctl show", "there is no account %.64s", name);
	return account;
}

char *
read_bytes(const cli *c, const char *path, size_t most, size_t *size, int *status)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t room = 65536, n;
	char *bytes;

	*size = 0;
	*status = DONE;
	if (!f) {
		*status =
			fail_with(c, EMAIL_E_FILE, "", "%.200s could not be read: %s", path, strerror(errno));
		return NULL;
	}
	bytes = need_memory(malloc(room));
	while ((n = fread(bytes + *size, 1, room - *size - 1, f)) > 0 && (*size += n) <= most)
		if (*size == room - 1)
			bytes = need_memory(realloc(bytes, room *= 2));
	bytes[*size] = '\0';
	if (ferror(f))
		*status =
			fail_with(c, EMAIL_E_FILE, "", "%.200s could not be read: %s", path, strerror(errno));
	else if (*size > most)
		*status = fail_with(c, EMAIL_E_LIMIT, "", "%.200s is larger than %zu bytes", path, most);
	if (f != stdin)
		fclose(f);
	if (*status) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

static void
trace_line(void *context, const char *account, char who, const char *line)
{
	(void)context;
	(void)account;
	fprintf(stderr, "%c: %s\n", who, line);
}

void
trace_start(const cli *c, email_account *account)
{
	if (!c->trace)
		return;
	email_account_set_log(account, trace_line, NULL);
	email_account_set(account, "debug", "true");
}
