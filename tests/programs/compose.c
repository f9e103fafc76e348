/* SPDX-License-Identifier: MIT */
/*
 * Composes a message from its arguments and prints it, for scripts that read it back with another
 * parser:
 *
 *     compose --from A --to A --subject T --text FILE --attach FILE ...
 *
 * --attach and --inline take FILE|TYPE, --inline FILE|TYPE|ID, --stream, --data and their inline forms
 * FILE|NAME|TYPE and |ID, --once too, a stream that cannot be read again; what is empty is not given. --reply takes ID|REFERENCES.
 * Options take one value each and may repeat; --eight-bit takes none, --chunk N reads N bytes at a time,
 * --twice prints what a second reading gives (and fails where it differs in length). What the envelope
 * says goes to standard error, a line each. Status 1: refused, with the field and the reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/compose.h"

typedef email_code (*text_setter)(email_message *, const char *);

static const struct {
	const char *option;
	text_setter set;
} setters[] = {
	{"--from", email_message_set_from},    {"--reply-to", email_message_set_reply_to},
	{"--to", email_message_add_to},        {"--cc", email_message_add_cc},
	{"--bcc", email_message_add_bcc},      {"--subject", email_message_set_subject},
	{"--raw", email_message_set_raw_file}, {"--message-id", email_message_set_message_id},
};

static size_t slurped; /* bytes of the last one */

static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t n = 0, got;

	if (!f) {
		perror(path);
		exit(2);
	}
	do {
		char *more = realloc(text, n + 65536 + 1);

		if (!more)
			exit(2);
		text = more;
		got = fread(text + n, 1, 65536, f);
		n += got;
	} while (got);
	fclose(f);
	text[n] = '\0';
	slurped = n;
	return text;
}

static long
read_stream(void *context, void *buffer, size_t size)
{
	/* in odd pieces, as sockets give them */
	return (long)fread(buffer, 1, size > 1001 ? 1001 : size, context);
}

static int
rewind_stream(void *context)
{
	return fseek(context, 0, SEEK_SET);
}

/* Ends the text at its first '|'; what follows, or NULL. */
static char *
cut(char *text)
{
	char *end = text ? strchr(text, '|') : NULL;

	if (end)
		*end++ = '\0';
	return end;
}

static char *
given(char *text)
{
	return text && *text ? text : NULL;
}

static email_code
apply(email_message *m, const char *option, char *value)
{
	char *second, *third, *fourth, *text;
	email_code rc;
	size_t i;

	for (i = 0; i < sizeof setters / sizeof *setters; i++)
		if (strcmp(option, setters[i].option) == 0)
			return setters[i].set(m, value);
	if (strcmp(option, "--text") == 0 || strcmp(option, "--html") == 0) {
		text = slurp(value);
		rc = option[2] == 't' ? email_message_set_text(m, text) : email_message_set_html(m, text);
		free(text);
		return rc;
	}
	if (strcmp(option, "--date") == 0)
		return email_message_set_date(m, atoll(value));
	if (strcmp(option, "--header") == 0) {
		text = strchr(value, ':');
		if (text)
			*text++ = '\0';
		return email_message_add_header(m, value, text);
	}
	second = cut(value);
	third = cut(second);
	fourth = given(cut(third));
	second = given(second);
	third = given(third);
	if (strcmp(option, "--reply") == 0)
		return email_message_set_reply(m, value, second);
	if (strcmp(option, "--importance") == 0)
		return email_message_set_importance(m, *value == 'h'   ? EMAIL_IMPORTANCE_HIGH
		                                       : *value == 'l' ? EMAIL_IMPORTANCE_LOW
		                                                       : EMAIL_IMPORTANCE_NORMAL);
	if (strcmp(option, "--attach") == 0)
		return email_message_attach_file(m, value, second);
	if (strcmp(option, "--inline") == 0)
		return email_message_inline_file(m, value, second, third);
	if (strcmp(option, "--stream") == 0)
		return email_message_attach_stream(m, second, third, read_stream, rewind_stream,
		                                   fopen(value, "rb"));
	if (strcmp(option, "--once") == 0)
		return email_message_attach_stream(m, second, third, read_stream, NULL, fopen(value, "rb"));
	if (strcmp(option, "--inline-stream") == 0)
		return email_message_inline_stream(m, second, third, read_stream, rewind_stream,
		                                   fopen(value, "rb"), fourth);
	if (strcmp(option, "--data") == 0 || strcmp(option, "--inline-data") == 0) {
		text = slurp(value);
		rc = option[2] == 'd' ? email_message_attach_data(m, second, third, text, slurped)
		                      : email_message_inline_data(m, second, third, text, slurped, fourth);
		free(text);
		return rc;
	}
	fprintf(stderr, "unknown option %s\n", option);
	exit(2);
}

static int
refused(const email_error *e)
{
	fprintf(stderr, "%s: %s\n", e->property, e->text);
	return 1;
}

static email_code
pull(email__source source, size_t chunk, FILE *out, uint64_t *total)
{
	unsigned char *buffer = malloc(chunk);
	email_code rc;
	size_t got;

	*total = 0;
	while ((rc = source.read(source.context, buffer, chunk, &got)) == EMAIL_OK && got) {
		*total += got;
		if (out)
			fwrite(buffer, 1, got, out);
	}
	free(buffer);
	return rc;
}

int
main(int argc, char **argv)
{
	email_message *m = email_message_new();
	email__defaults defaults = {.now = 1795509000, .offset = 60};
	email__envelope envelope;
	email_error error = {0};
	uint64_t first = 0, total;
	size_t chunk = 16384, j;
	int i, twice = 0, status = 0;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--eight-bit") == 0) {
			defaults.allow_eight_bit = true;
		} else if (strcmp(argv[i], "--twice") == 0) {
			twice = 1;
		} else if (i + 1 == argc) {
			return 2;
		} else if (strcmp(argv[i], "--chunk") == 0) {
			chunk = (size_t)atoi(argv[++i]);
		} else {
			if (apply(m, argv[i], argv[i + 1]) != EMAIL_OK)
				return refused(email_message_error(m));
			i++;
		}
	}
	if (email__message_prepare(m, &defaults, &envelope, &error))
		return refused(&error);
	fprintf(stderr, "from %s\n", envelope.from);
	for (j = 0; j < envelope.count; j++)
		fprintf(stderr, "recipient %s\n", envelope.recipients[j]);
	fprintf(stderr, "size %llu\neight_bit %d\nutf8 %d\n", (unsigned long long)envelope.size,
	        envelope.eight_bit, envelope.utf8);
	if (pull(email__message_source(m), chunk, twice ? NULL : stdout, &first))
		return refused(email_message_error(m));
	if (twice) {
		if (pull(email__message_source(m), chunk, stdout, &total))
			return refused(email_message_error(m));
		status = total == first ? 0 : 3;
	}
	email__message_release(m);
	email_message_free(m);
	return status;
}
