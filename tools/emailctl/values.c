/* SPDX-License-Identifier: MIT */
/* PROPERTY=VALUE arguments. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const email_property *
property_find(const char *name)
{
	const email_property *p;
	size_t i;

	for (i = 0; (p = email_property_at(i)); i++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static char *
own(values *v, char *text)
{
	v->owned = need_memory(realloc(v->owned, (v->owned_count + 1) * sizeof *v->owned));
	return v->owned[v->owned_count++] = text;
}

static void
add(values *v, const char *property, const char *text)
{
	v->value = need_memory(realloc(v->value, (v->count + 1) * sizeof *v->value));
	v->value[v->count++] = (email_property_value){property, text};
}

bool
values_have(const values *v, const char *property)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (strcmp(v->value[i].property, property) == 0)
			return true;
	return false;
}

void
values_default(values *v, const char *property, const char *text)
{
	if (!values_have(v, property))
		add(v, property, text ? own(v, need_memory(strdup(text))) : NULL);
}

/* The word is not repeated in a complaint: it may be a secret at the wrong place. */
static int
parse_one(cli *c, const char *word, values *out)
{
	const char *eq = strchr(word, '='), *text = eq ? eq + 1 : NULL;
	const email_property *known;
	char *name, *secret;
	int status;

	if (!eq || eq == word)
		return usage(c, "expected PROPERTY=VALUE");
	name = own(out, need_memory(strndup(word, (size_t)(eq - word))));
	if (values_have(out, name))
		return usage(c, "%.64s is given twice", name);
	known = property_find(name);
	if (known && known->secret) {
		if (!(secret = secret_text(c, name, text, &status)))
			return status;
		text = own(out, secret);
	}
	add(out, name, text);
	return DONE;
}

int
values_parse(cli *c, size_t first, values *out)
{
	int status = DONE;
	size_t i;

	*out = (values){0};
	for (i = first; i < c->count && status == DONE; i++)
		status = parse_one(c, c->word[i], out);
	return status;
}

void
values_free(values *v)
{
	size_t i;

	for (i = 0; i < v->owned_count; i++)
		secret_free(v->owned[i]);
	free(v->owned);
	free(v->value);
}
