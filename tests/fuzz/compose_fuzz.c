/* SPDX-License-Identifier: MIT */
/*
 * Composing: whatever the setters take, what goes out keeps the bounds of a message and holds no header
 * that was not asked for. The input is records with a NUL between them; a record's first byte says which
 * setter gets the rest.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mime/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

/* Two texts of one record stand at both sides of a '|'. */
static void
apply(email_message *m, char which, char *a)
{
	char *b = strchr(a, '|');

	if (b)
		*b++ = '\0';
	switch (which) {
	case 'f': email_message_set_from(m, a); break;
	case 'r': email_message_set_reply_to(m, a); break;
	case 't': email_message_add_to(m, a); break;
	case 'c': email_message_add_cc(m, a); break;
	case 'b': email_message_add_bcc(m, a); break;
	case 's': email_message_set_subject(m, a); break;
	case 'x': email_message_set_text(m, a); break;
	case 'h': email_message_set_html(m, a); break;
	case 'n': email_message_add_header(m, a, b); break;
	case 'i': email_message_set_message_id(m, a); break;
	case 'a': email_message_set_reply(m, a, b); break;
	case 'd': email_message_attach_data(m, a, b, a, strlen(a)); break;
	case 'l': email_message_inline_data(m, a, NULL, a, strlen(a), b); break;
	default: break;
	}
}

static void
check_line(const char *line, size_t n, bool header, const email__envelope *envelope)
{
	size_t i;

	require(n <= 998 && !memchr(line, '\r', n) && !memchr(line, '\n', n) && !memchr(line, '\0', n));
	if (!header)
		return;
	for (i = 0; i < n && (line[i] == ' ' || line[i] == '\t'); i++)
		;
	/* nothing folds to a line of white space, and each line has a name or goes on */
	require(i < n && (i > 0 || memchr(line, ':', n)));
	require(!(n >= 4 && email__str_equal_n(line, "Bcc:", 4)));
	for (i = 0; i < n; i++)
		require((line[i] >= ' ' && line[i] != 0x7F) || line[i] == '\t' ||
		        (envelope->utf8 && (unsigned char)line[i] >= 0x80));
}

static void
check_bytes(const char *bytes, size_t n, const email__envelope *envelope)
{
	static const char *const once[] = {
		"From:", "To:", "Date:", "Message-ID:", "MIME-Version:", "Content-Type:"};
	unsigned seen[6] = {0};
	bool header = true;
	size_t at, len, i;

	for (at = 0; at < n; at += len + 2) {
		const char *end = memchr(bytes + at, '\r', n - at);

		if (!end)
			abort();
		require(end + 1 < bytes + n && end[1] == '\n');
		len = (size_t)(end - bytes) - at;
		header &= len > 0;
		check_line(bytes + at, len, header, envelope);
		for (i = 0; header && i < 6; i++)
			seen[i] += len >= strlen(once[i]) &&
			           email__str_equal_n(bytes + at, once[i], strlen(once[i]));
	}
	for (i = 0; i < 6; i++)
		require(seen[i] == 1 || (i == 1 && seen[1] == 0)); /* To: where there is Cc */
	require(!header && n == envelope->size);
}

static char *
pull(email_message *m, const email__envelope *envelope, size_t chunk)
{
	email__source s = email__message_source(m);
	char *bytes = malloc((size_t)envelope->size + chunk);
	size_t n = 0, got = 1;

	require(bytes != NULL);
	while (got) {
		require(s.read(s.context, (unsigned char *)bytes + n, chunk, &got) == EMAIL_OK);
		n += got;
		require(n <= envelope->size);
	}
	check_bytes(bytes, n, envelope);
	return bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__defaults defaults = {.from = "plant@example.com", .allow_eight_bit = size % 2};
	email_message *m = email_message_new();
	email__envelope envelope;
	size_t at, n;

	require(m != NULL);
	for (at = 0; at + 1 < size; at += n + 1) {
		const uint8_t *end = memchr(data + at, '\0', size - at);
		char *record;

		n = end ? (size_t)(end - data) - at : size - at;
		if (n == 0)
			continue;
		require((record = strndup((const char *)data + at + 1, n - 1)) != NULL);
		apply(m, (char)data[at], record);
		free(record);
	}
	if (email__message_prepare(m, &defaults, &envelope, NULL) == EMAIL_OK) {
		char *whole = pull(m, &envelope, 16384), *again = pull(m, &envelope, 1 + size % 300);

		require(memcmp(whole, again, (size_t)envelope.size) == 0);
		free(whole);
		free(again);
	}
	email__message_release(m);
	email_message_free(m);
	return 0;
}
