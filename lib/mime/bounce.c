/* SPDX-License-Identifier: MIT */
/*
 * Bounces from before RFC 3464, which are still sent: qmail's text (its author's QSBMF), and Exim's, whose
 * header names the recipients.
 *
 *     Hi. This is the qmail-send program at example.com.      paragraphs; those of recipients begin with
 *     ...                                                     "<", the first that begins with "-" is the
 *                                                             end, the returned mail follows
 *     <user@example.net>:
 *     192.0.2.1 does not like recipient.
 *     Remote host said: 550 5.1.1 unknown
 *
 *     --- Below this line is a copy of the message.
 */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "mime/tree_state.h"

#define QSBMF "Hi. This is the "
/* Of more recipients than this Exim's reasons are not looked for: each search goes through the text. */
#define REASONS_MAX 16

/* A paragraph's length: up to an empty line. */
static size_t
paragraph(const char *s)
{
	size_t n = strcspn(s, "\n");

	while (s[n] && s[n + 1] != '\n')
		n += 1 + strcspn(s + n + 1, "\n");
	return n;
}

/* One more recipient, whose mail failed for the reason at s; both ask for no address of their own. */
static email_code
add(email__tree *t, email__deliveries *list, const char *address, size_t address_n, const char *s, size_t n)
{
	email_delivery *d = email__deliveries_add(list, t);

	if (!d)
		return list->count < EMAIL__RECIPIENTS_MAX ? EMAIL_E_MEMORY : EMAIL_OK;
	d->action = "failed";
	d->recipient = email__arena_text(&t->arena, address, address_n);
	d->diagnostic = email__squeeze(&t->arena, s, n);
	d->status = email__status_find(&t->arena, s, n);
	return d->recipient && d->diagnostic && d->status ? EMAIL_OK
	                                                  : email__error_memory(t->error, EMAIL_STAGE_NONE);
}

/* "192.0.2.1 does not like recipient." and its like name the server first. */
static email_code
name_remote(email__tree *t, email_delivery *d)
{
	static const char *const said[] = {" does not like recipient", " failed after I sent the message"};
	size_t n = strcspn(d->diagnostic, " "), i;

	for (i = 0; i < sizeof said / sizeof said[0]; i++)
		if (strncmp(d->diagnostic + n, said[i], strlen(said[i])) == 0 &&
		    !(d->remote = email__arena_text(&t->arena, d->diagnostic, n)))
			return email__error_memory(t->error, EMAIL_STAGE_NONE);
	return EMAIL_OK;
}

static email_code
read_qmail(email__tree *t, const char *text, email__deliveries *list)
{
	email_code rc = EMAIL_OK;
	size_t n;

	for (; *text && *text != '-' && rc == EMAIL_OK; text += n, text += strspn(text, "\n")) {
		const char *end;
		size_t before = list->count;

		n = paragraph(text);
		end = *text == '<' ? memchr(text, '\n', n) : NULL;
		if (!end || end - text < 4 || end[-1] != ':' || end[-2] != '>')
			continue;
		rc = add(t, list, text + 1, (size_t)(end - text) - 3, end, n - (size_t)(end - text));
		if (rc == EMAIL_OK && list->count > before)
			rc = name_remote(t, &list->item[before]);
	}
	return rc;
}

/* The reason that Exim writes under an address: lines further to the right, or any up to an empty one. */
static const char *
exim_reason(const char *text, const char *address, size_t address_n, size_t *n)
{
	for (*n = 0; *text; text += *text == '\n') {
		const char *line = text + strspn(text, " ");
		size_t size = strcspn(line, "\n");

		text = line + size;
		/* "user@example.net", or "user@example.net (generated from ...)" */
		if (size < address_n || !email__str_equal_n(line, address, address_n) ||
		    (size > address_n && line[address_n] != ' ' && line[address_n] != ':') || !*text)
			continue;
		*n = paragraph(++text);
		return text;
	}
	return text;
}

/* X-Failed-Recipients: addresses, separated by commas. */
static email_code
read_exim(email__tree *t, const char *failed, const char *text, email__deliveries *list)
{
	email_code rc = EMAIL_OK;

	while (*failed && rc == EMAIL_OK) {
		size_t n = strcspn(failed, ","), size = n, reason_n = 0;
		const char *reason = text;

		while (size && failed[size - 1] == ' ')
			size--;
		if (size) {
			if (list->count < REASONS_MAX)
				reason = exim_reason(text, failed, size, &reason_n);
			rc = add(t, list, failed, size, reason, reason_n);
		}
		failed += n + (failed[n] == ',');
		failed += strspn(failed, " ");
	}
	return rc;
}

/* True where the n bytes hold the word, whatever its case. */
static bool
holds(const char *s, size_t n, const char *word)
{
	size_t size = strlen(word), i;

	for (i = 0; i + size <= n; i++)
		if (email__str_equal_n(s + i, word, size))
			return true;
	return false;
}

email__bounce
email__bounce_likely(const email__tree *t)
{
	const email__field *path = email__tree_field(t, 0, "Return-Path"),
			   *from = email__tree_field(t, 0, "From");
	const char *value = path ? email__field_value(path) : "";
	bool null_path = strncmp(value + strspn(value, " \t\r\n"), "<>", 2) == 0;
	bool daemon = from && (holds(email__field_value(from), from->value_n, "mailer-daemon") ||
	                       holds(email__field_value(from), from->value_n, "postmaster@"));

	if (email__tree_field(t, 0, "X-Failed-Recipients") || (null_path && daemon))
		return EMAIL__BOUNCE_SURE;
	return null_path || daemon ? EMAIL__BOUNCE_MAYBE : EMAIL__BOUNCE_NO;
}

email_code
email__bounce_read(email__tree *t, const char *text, email__deliveries *list)
{
	email__field *f = email__tree_field(t, 0, "X-Failed-Recipients");
	const char *failed = f ? email__tree_value(t, 0, f) : "";

	if (!failed)
		return EMAIL_E_MEMORY;
	if (f)
		return read_exim(t, failed, text, list);
	return strncmp(text, QSBMF, sizeof QSBMF - 1) == 0 ? read_qmail(t, text, list) : EMAIL_OK;
}
