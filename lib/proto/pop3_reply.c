/* SPDX-License-Identifier: MIT */
#include "proto/pop3_reply.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "proto/mailbox.h"
#include "proto/remedy.h"

static bool
status(const char *line, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && memcmp(line, word, len) == 0 && (n == len || line[len] == ' ');
}

email_code
email__pop3_reply_line(email__pop3_reply *r, const char *line, size_t n)
{
	static const char *const words[] = {
		[EMAIL__POP3_OK] = "+OK", [EMAIL__POP3_ERR] = "-ERR", [EMAIL__POP3_CONTINUE] = "+"};
	size_t i, len;

	for (i = 0; i < 3 && !status(line, n, words[i]); i++)
		;
	if (i == 3)
		return EMAIL_E_PROTOCOL;
	r->status = (email__pop3_status)i;
	len = strlen(words[i]);
	len += n > len;
	r->line = line + len;
	r->line_len = n - len;
	r->text_len = r->line_len < sizeof r->text ? r->line_len : sizeof r->text;
	memcpy(r->text, r->line, r->text_len);
	return EMAIL_OK;
}

void
email__pop3_reply_words(const email__pop3_reply *r, char *out, size_t size)
{
	email__printable(out, size, r->text, r->text_len);
}

/* The most that is known about -ERR; the first row that fits is taken. RFC 2449 8.1.1, RFC 3206 4. */
static const struct {
	const char *code; /* "[IN-USE]"; or words, all in lower case, both of which are in the text */
	const char *word;
	email_code means;
	const char *remedy;
} table[] = {
	{"web login", "required", EMAIL_E_LOGIN,
         "Google wants the mailbox's owner to sign in with a browser first; a station does better with an "
         "app "
         "password or an OAuth authenticator"},
	{"[IN-USE", NULL, EMAIL_E_TEMPORARY,
         "Another program has the mailbox open: it is tried again later; if it lasts, let only one of them "
         "read it"},
	{"[LOGIN-DELAY", NULL, EMAIL_E_TEMPORARY,
         "The server limits how often one may log in: it is tried again later; if it lasts, poll less often"},
	{"[SYS/TEMP", NULL, EMAIL_E_TEMPORARY,
         "The server cannot do this at the moment: it is tried again later"},
	{"[SYS/PERM", NULL, EMAIL_E_REFUSED,
         "The server needs its administrator: the account cannot be served"},
	{"[AUTH", NULL, EMAIL_E_LOGIN,
         "Check account and password; many servers need an app password or an OAuth authenticator, or have "
         "POP3 to be "
         "switched on for the mailbox"},
	/* servers without response codes */
	{"maildrop", "lock", EMAIL_E_TEMPORARY,
         "Another program has the mailbox open: it is tried again later; if it lasts, let only one of them "
         "read it"},
	{"mailbox", "lock", EMAIL_E_TEMPORARY,
         "Another program has the mailbox open: it is tried again later; if it lasts, let only one of them "
         "read it"},
	{"mailbox", "in use", EMAIL_E_TEMPORARY,
         "Another program has the mailbox open: it is tried again later; if it lasts, let only one of them "
         "read it"},
	{"try", "again later", EMAIL_E_TEMPORARY,
         "The server cannot do this at the moment: it is tried again later"},
	{"too many", "connections", EMAIL_E_TEMPORARY,
         "The server limits connections: it is tried again later; if it lasts, let fewer stations share the "
         "account"},
};

static bool
has(const email__pop3_reply *r, const char *word)
{
	return email__str_contains(r->text, r->text_len, word);
}

/* A code's name may go on after a slash: [SYS/TEMP/DB] is a [SYS/TEMP] (RFC 2449 8). */
static bool
has_code(const email__pop3_reply *r, const char *code)
{
	size_t len = strlen(code);

	return r->text_len > len && email__str_equal_n(r->text, code, len) &&
	       (r->text[len] == ']' || r->text[len] == '/');
}

static size_t
row_of(const email__pop3_reply *r)
{
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].word ? has(r, table[i].code) && has(r, table[i].word)
		                  : has_code(r, table[i].code))
			break;
	return i;
}

email_code
email__pop3_reply_code(const email__pop3_reply *r, email_code otherwise)
{
	size_t row = row_of(r);

	return row < sizeof table / sizeof *table ? table[row].means : otherwise;
}

email_code
email__pop3_reply_error(const email__pop3_reply *r, email_error *e, email_code otherwise, email_stage stage,
                        const char *what)
{
	size_t row = row_of(r);
	email_code code = email__pop3_reply_code(r, otherwise);
	char words[200];

	if (e->code != EMAIL_OK)
		return code;
	email__pop3_reply_words(r, words, sizeof words);
	email__error_set(e, code, stage, "%s%s%s", what, words[0] ? ": " : "", words);
	if (row < sizeof table / sizeof *table)
		email__error_remedy(e, "%s", table[row].remedy);
	if (code == EMAIL_E_LOGIN || code == EMAIL_E_MECHANISM)
		email__remedy(e); /* the other rows are for codes and ports of SMTP */
	return code;
}

/* --- LIST and UIDL --- */

email_code
email__pop3_list_line(const char *line, size_t n, uint32_t *number, const char **rest, size_t *rest_len)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && i < 11 && email__is_digit(line[i]); i++)
		v = v * 10 + (uint64_t)(line[i] - '0');
	if (i == 0 || v == 0 || v > UINT32_MAX || (i < n && line[i] != ' '))
		return EMAIL_E_PROTOCOL;
	while (i < n && line[i] == ' ')
		i++;
	*number = (uint32_t)v;
	*rest = line + i;
	*rest_len = n - i;
	return EMAIL_OK;
}

uint64_t
email__pop3_size(const char *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && email__is_digit(p[i]); i++) {
		if (v > (uint64_t)INT64_MAX / 10 - 1)
			return EMAIL__SIZE_UNKNOWN;
		v = v * 10 + (uint64_t)(p[i] - '0');
	}
	return i == 0 || (i < n && p[i] != ' ') ? EMAIL__SIZE_UNKNOWN : v;
}

bool
email__pop3_uid(const char *p, size_t n, char *uid)
{
	size_t i;

	uid[0] = '\0';
	while (n && p[n - 1] == ' ')
		n--;
	if (n == 0 || n > EMAIL__UID_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	memcpy(uid, p, n);
	uid[n] = '\0';
	return true;
}
