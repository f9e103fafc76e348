/* SPDX-License-Identifier: MIT */
#include "proto/imap_response.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

static const char *const names[] = {
	[EMAIL__IMAP_NONE] = "",           [EMAIL__IMAP_OK] = "OK",   [EMAIL__IMAP_NO] = "NO",
	[EMAIL__IMAP_BAD_COMMAND] = "BAD", [EMAIL__IMAP_BYE] = "BYE", [EMAIL__IMAP_PREAUTH] = "PREAUTH",
};

/* RFC 5530 3, RFC 3501 7.1, RFC 9051 7.1: what a code makes of a no, and what a technician can do. OK: nothing. */
static const struct {
	const char *code;
	email_code is;
	const char *remedy;
} codes[] = {
	{"AUTHENTICATIONFAILED", EMAIL_E_LOGIN,
         "Check account and password; a mailbox with two-step verification needs an app password or an OAuth "
         "authenticator, and IMAP must be allowed for it"},
	{"AUTHORIZATIONFAILED", EMAIL_E_LOGIN,
         "The login is right, but may not open this mailbox: check the account's permissions"},
	{"EXPIRED", EMAIL_E_LOGIN, "The password has expired: set a new one, there and here"},
	{"PRIVACYREQUIRED", EMAIL_E_MECHANISM,
         "The server takes this login over TLS only: set useSsl or useStartTls"},
	{"CONTACTADMIN", EMAIL_OK, "The server asks to contact its administrator"},
	{"UNAVAILABLE", EMAIL_E_TEMPORARY, "A part of the server is out of order: it is tried again later"},
	{"LIMIT", EMAIL_E_TEMPORARY,
         "A limit of the server is reached: it is tried again later; if it lasts, poll less often or let "
         "fewer "
         "stations share the account"},
	{"INUSE", EMAIL_E_TEMPORARY, "The mailbox is in use by another program: it is tried again later"},
	{"SERVERBUG", EMAIL_E_TEMPORARY, "The server found an error in itself: it is tried again later"},
	{"OVERQUOTA", EMAIL_OK, "The mailbox is full: make room in it"},
	{"NOPERM", EMAIL_OK,
         "The account lacks the permission for this: have it granted, or use another folder"},
	{"NONEXISTENT", EMAIL_OK,
         "There is no such folder: correct it; on some servers folders lie below INBOX."},
};

/* Words without a code that say what no code does, in small letters. */
static const struct {
	const char *words;
	email_code is;
	const char *remedy;
} sayings[] = {
	/* Microsoft 365, to whatever comes behind a login that went well */
	{"user is authenticated but not connected", EMAIL_E_LOGIN,
         "The login is right, but does not open the mailbox: check that account is the mailbox's address, and the "
         "client's permission for it (IMAP.AccessAsApp, and the service principal's); or too many stations use the "
         "mailbox at once"},
};

static size_t
saying_of(const email__imap_response *r)
{
	size_t i, at, n;

	for (i = 0; i < sizeof sayings / sizeof *sayings; i++)
		for (n = strlen(sayings[i].words), at = 0; at + n <= r->text_len; at++)
			if (email__str_equal_n(r->text + at, sayings[i].words, n))
				return i;
	return sizeof sayings / sizeof *sayings;
}

bool
email__imap_response_has(const email__imap_response *r, const char *code)
{
	return r->code && strlen(code) == r->code_len && email__str_equal_n(r->code, code, r->code_len);
}

static email__imap_status
status_of(const char *p, size_t n)
{
	int i;

	for (i = EMAIL__IMAP_OK; i <= EMAIL__IMAP_PREAUTH; i++)
		if (strlen(names[i]) == n && email__str_equal_n(p, names[i], n))
			return (email__imap_status)i;
	return EMAIL__IMAP_NONE;
}

/* "[CODE argument] words"; what has no closing bracket is words. */
static void
read_code(email__imap_response *r, const char *p, const char *end)
{
	const char *close = memchr(p, ']', (size_t)(end - p)), *space;

	if (p == end || *p != '[' || !close)
		return;
	space = memchr(p, ' ', (size_t)(close - p));
	r->code = p + 1;
	r->code_len = (size_t)((space ? space : close) - r->code);
	r->argument = space ? space + 1 : close;
	r->argument_len = (size_t)(close - r->argument);
	r->text = close + 1 < end && close[1] == ' ' ? close + 2 : close + 1;
	r->text_len = (size_t)(end - r->text);
}

email__imap_status
email__imap_response_read(email__imap_response *r, const char *p, size_t n)
{
	const char *space, *end = p + n;

	memset(r, 0, sizeof *r);
	if (n && email__is_digit(*p)) /* "12 FETCH": nearly all of them */
		return EMAIL__IMAP_NONE;
	space = memchr(p, ' ', n);
	r->status = status_of(p, space ? (size_t)(space - p) : n);
	r->text = space ? space + 1 : end;
	r->text_len = (size_t)(end - r->text);
	if (r->status != EMAIL__IMAP_NONE)
		read_code(r, r->text, end);
	return r->status;
}

uint32_t
email__imap_response_number(const email__imap_response *r)
{
	char text[12];
	int64_t value;

	if (r->argument_len == 0 || r->argument_len >= sizeof text)
		return 0;
	memcpy(text, r->argument, r->argument_len);
	text[r->argument_len] = '\0';
	return email__str_number(text, 1, UINT32_MAX, &value) ? (uint32_t)value : 0;
}

void
email__imap_response_words(const email__imap_response *r, char *out, size_t size)
{
	const char *start = r->code ? r->code - 1 : r->text;

	email__printable(out, size, start, start ? (size_t)(r->text + r->text_len - start) : 0);
}

email_code
email__imap_response_code(const email__imap_response *r, email_code otherwise)
{
	size_t i;

	for (i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].is != EMAIL_OK && email__imap_response_has(r, codes[i].code))
			return codes[i].is;
	i = saying_of(r);
	return i < sizeof sayings / sizeof *sayings ? sayings[i].is : otherwise;
}

email_code
email__imap_response_error(const email__imap_response *r, email_error *e, email_code otherwise,
                           email_stage stage, const char *what)
{
	email_code code = email__imap_response_code(r, otherwise);
	char words[220];
	size_t i;

	if (e->code != EMAIL_OK)
		return code;
	email__imap_response_words(r, words, sizeof words);
	email__error_set(e, code, stage, "%s: %s%s%s", what, names[r->status], words[0] ? " " : "", words);
	for (i = 0; i < sizeof codes / sizeof *codes; i++)
		if (email__imap_response_has(r, codes[i].code))
			email__error_remedy(e, "%s", codes[i].remedy);
	if ((i = saying_of(r)) < sizeof sayings / sizeof *sayings)
		email__error_remedy(e, "%s", sayings[i].remedy);
	return code;
}
