/* SPDX-License-Identifier: MIT */
/*
 * Takes one value out of a JSON document on standard input, for shell tests:
 *
 *     json allowedHosts.0.reasons.1 < document
 *
 * A step is a key or an index; "#" is how many a list or an object holds. Text is printed as it is,
 * everything else as compact JSON. Without a path the document is only judged. Exit status: 0 found,
 * 1 absent, 65 not JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *
step(json_t *value, const char *name)
{
	if (json_is_object(value))
		return json_object_get(value, name);
	if (json_is_array(value))
		return json_array_get(value, (size_t)strtoul(name, NULL, 10));
	return NULL;
}

static size_t
count(const json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

static int
print(const json_t *value)
{
	if (json_is_string(value))
		return puts(json_string_value(value)) < 0;
	if (json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)))
		return 1;
	return putchar('\n') == EOF;
}

int
main(int argc, char **argv)
{
	json_error_t error;
	json_t *document = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error), *at = document;
	char *path = argc > 1 ? argv[1] : NULL;
	int status = 0;

	if (!document) {
		(void)fprintf(stderr, "json: line %d: %s\n", error.line, error.text);
		return 65;
	}
	while (path && *path && at) {
		char *dot = strchr(path, '.');
		if (dot)
			*dot = '\0';
		if (strcmp(path, "#") == 0) {
			(void)printf("%zu\n", count(at));
			goto out;
		}
		at = step(at, path);
		path = dot ? dot + 1 : NULL;
	}
	if (!at)
		status = 1;
	else if (argc > 1)
		status = print(at);
out:
	json_decref(document);
	return status;
}
