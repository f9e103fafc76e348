/* SPDX-License-Identifier: MIT */
/*
 * The verdict on chains, one JSON case a line, as `emailctl verify --batch` has them:
 *     {"id","host","time","roots":[PEM…],"intermediates":[PEM…],"leaf":PEM}
 * and a line {"id","verdict","reasons"} for each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emailservice/trust.h>
#include <jansson.h>

#include "trust/record.h"

static char *
add(char *text, const char *more)
{
	size_t n = text ? strlen(text) : 0;
	char *grown = realloc(text, n + strlen(more) + 2);

	if (!grown)
		exit(71);
	memcpy(grown + n, more, strlen(more) + 1);
	strcat(grown, "\n");
	return grown;
}

static char *
add_all(char *text, const json_t *list)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		text = add(text, json_string_value(json_array_get(list, i)));
	return text;
}

static void
judge(const json_t *c)
{
	char *chain = add(NULL, json_string_value(json_object_get(c, "leaf")));
	char *roots = add_all(add(NULL, ""), json_object_get(c, "roots"));
	const char *time = json_string_value(json_object_get(c, "time"));
	email_verify q = {.host = json_string_value(json_object_get(c, "host"))};
	email_reasons reasons;
	email_error e = {0};
	email_code rc;
	json_t *list = json_array(), *line;
	unsigned i;
	char *text;

	chain = add_all(chain, json_object_get(c, "intermediates"));
	q.chain = chain;
	q.chain_size = strlen(chain);
	q.roots = roots;
	q.roots_size = strlen(roots);
	if (time)
		email__time_read(time, &q.time);
	rc = email_trust_verify(NULL, &q, &reasons, &e);
	for (i = 0; i < EMAIL_REASON_COUNT; i++)
		if (reasons >> i & 1)
			json_array_append_new(list, json_string(email_reason_name(i)));
	if (rc && !reasons)
		json_array_append_new(list, json_string(e.text));
	line = json_pack("{s:O,s:s,s:o}", "id", json_object_get(c, "id"), "verdict", rc ? "REFUSE" : "ACCEPT", "reasons",
	                 list);
	puts(text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER));
	free(text);
	json_decref(line);
	free(chain);
	free(roots);
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		json_t *c = json_loads(line, 0, NULL);

		if (!c)
			return 65;
		judge(c);
		json_decref(c);
	}
	free(line);
	return 0;
}
