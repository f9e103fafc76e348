/* SPDX-License-Identifier: MIT */
/* verify: the verdict on a chain, once or by the line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define CHAIN_MOST (8u << 20)

/* The verdict of a question; reasons that have no name of their own are told by the error's text. */
static json_t *
verdict(json_t *id, email_code rc, email_reasons reasons, const email_error *e)
{
	json_t *document = json_need(json_object()), *list = reasons_json(reasons);

	if (rc && !reasons)
		json_array_append_new(list, json_need(json_string(e->text)));
	if (id)
		json_object_set(document, "id", id);
	json_text(document, "verdict", rc ? "REFUSE" : "ACCEPT");
	json_object_set_new(document, "reasons", list);
	return document;
}

/* --- one --- */

static int
verify_one(cli *c)
{
	const char *roots_path = cli_option(c, "roots"), *when = cli_option(c, "time");
	email_verify q = {.host = cli_option(c, "host")};
	char *chain = NULL, *roots = NULL, text[512];
	email_reasons reasons = 0;
	email_error e = {0};
	email_code rc;
	int status;

	if (when && !when_parse(when, &q.time))
		return usage(c, "--time takes a date or a time, 2027-01-31T12:00:00Z");
	if (!(chain = read_bytes(c, cli_option(c, "chain"), CHAIN_MOST, &q.chain_size, &status)) ||
	    (roots_path && !(roots = read_bytes(c, roots_path, CHAIN_MOST, &q.roots_size, &status))))
		goto out;
	q.chain = chain;
	q.roots = roots;
	rc = email_trust_verify(NULL, &q, &reasons, &e);
	status = exit_status(rc);
	if (rc != EMAIL_OK && rc != EMAIL_E_TRUST && rc != EMAIL_E_CLOCK)
		status = fail(c, &e, c->json ? verdict(NULL, rc, reasons, &e) : NULL);
	else if (c->json)
		json_print(verdict(NULL, rc, reasons, &e));
	else if (rc)
		printf("REFUSE %s\n", reasons ? reasons_text(reasons, text, sizeof text) : e.text);
	else
		puts("ACCEPT");
out:
	free(chain);
	free(roots);
	return status;
}

/* --- by the line --- */

/* PEM texts one after the other; "" where there are none. */
static char *
join(char *text, const json_t *piece)
{
	const char *more = json_string_value(piece);
	size_t n = strlen(text), m = more ? strlen(more) : 0;

	text = need_memory(realloc(text, n + m + 2));
	if (m)
		memcpy(text + n, more, m);
	text[n + m] = '\n';
	text[n + m + 1] = '\0';
	return text;
}

static char *
join_all(char *text, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		text = join(text, json_array_get(list, i));
	return text;
}

static bool
answer(const json_t *question)
{
	char *chain = join(need_memory(strdup("")), json_object_get(question, "leaf"));
	char *roots = join_all(need_memory(strdup("")), json_object_get(question, "roots"));
	const char *when = json_string_value(json_object_get(question, "time"));
	email_verify q = {.host = json_string_value(json_object_get(question, "host"))};
	bool ok = !when || when_parse(when, &q.time);
	email_reasons reasons = 0;
	email_error e = {0};
	json_t *document;
	email_code rc;

	chain = join_all(chain, json_object_get(question, "intermediates"));
	q.chain = chain;
	q.chain_size = strlen(chain);
	if (json_object_get(question, "roots")) {
		q.roots = roots;
		q.roots_size = strlen(roots);
	}
	if (ok) {
		rc = email_trust_verify(NULL, &q, &reasons, &e);
		document = verdict(json_object_get(question, "id"), rc, reasons, &e);
		json_dumpf(document, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		json_decref(document);
	}
	free(chain);
	free(roots);
	return ok;
}

static int
verify_batch(cli *c)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	int status = DONE;

	while (status == DONE && getline(&line, &size, stdin) > 0) {
		json_t *question;

		number++;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		question = json_loads(line, 0, NULL);
		if (!question || !json_is_object(question) || !answer(question))
			status = fail_with(c, EMAIL_E_MESSAGE, "",
			                   "line %zu is no question: "
			                   "{\"id\",\"host\",\"time\",\"roots\",\"intermediates\",\"leaf\"}",
			                   number);
		json_decref(question);
	}
	free(line);
	return status;
}

int
command_verify(cli *c)
{
	if (cli_option(c, "batch"))
		return verify_batch(c);
	if (!cli_option(c, "host") || !cli_option(c, "chain"))
		return usage(c, "verify needs --host and --chain, or --batch");
	return verify_one(c);
}
