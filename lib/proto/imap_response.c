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

/* Of servers that have no code for it, or one that decides nothing: both words are in the text. */
static const struct {
	const char *first, *second;
	email_code is;
	const char *remedy;
} phrases[] = {
	/* Google */
	{"web login", "required", EMAIL_E_LOGIN,
         "Google wants the mailbox's owner to sign in with a browser first; a station does better with an "
         "app "
         "password or an OAuth authenticator"},
	{"web browser", "log in", EMAIL_E_LOGIN,
         "Google wants the mailbox's owner to sign in with a browser first; a station does better with an "
         "app "
         "password or an OAuth authenticator"},
	{"application-specific", "password", EMAIL_E_LOGIN,
         "The mailbox needs an app password or an OAuth authenticator; its usual password is not taken"},
	{"not enabled", "imap", EMAIL_E_LOGIN, "Have IMAP switched on for the mailbox"},
	{"bandwidth", "limit", EMAIL_E_TEMPORARY,
         "The mailbox was read more than the provider allows: it is tried again later; if it lasts, poll "
         "less often"},
	/* Microsoft */
	{"authenticated", "not connected", EMAIL_E_TEMPORARY,
         "The login is right, but does not open the mailbox: it is tried again later; if it lasts, check "
         "that account is "
         "the mailbox's address, and the client's permission for it (IMAP.AccessAsApp, and the service "
         "principal's), or "
         "let fewer stations use the mailbox at once"},
	{"request", "throttled", EMAIL_E_TEMPORARY,
         "The server limits requests: it is tried again later; if it lasts, poll less often"},
	{"server", "unavailable", EMAIL_E_TEMPORARY, "The server is out of order: it is tried again later"},
	/* everyone */
	{"too many", "connections", EMAIL_E_TEMPORARY,
         "The server limits connections: it is tried again later; if it lasts, let fewer stations share the "
         "account"},
	{"number of connections", "exceeded", EMAIL_E_TEMPORARY,
         "The server limits connections: it is tried again later; if it lasts, let fewer stations share the "
         "account"},
	{"try", "again later", EMAIL_E_TEMPORARY,
         "The server cannot do this at the moment: it is tried again later"},
	{"mailbox", "lock", EMAIL_E_TEMPORARY,
         "The mailbox is in use by another program: it is tried again later"},
};

#define PHRASES (sizeof phrases / sizeof *phrases)

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

/* The code that decides what it is; EMAIL_OK: none. */
static email_code
decided(const email__imap_response *r)
{
	size_t i;

	for (i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].is != EMAIL_OK && email__imap_response_has(r, codes[i].code))
			return codes[i].is;
	return EMAIL_OK;
}

static size_t
phrase_of(const email__imap_response *r)
{
	const char *start = r->code ? r->code : r->text;
	size_t n = (size_t)(r->text + r->text_len - start), i;

	for (i = decided(r) ? PHRASES : 0; i < PHRASES; i++)
		if (email__str_contains(start, n, phrases[i].first) &&
		    email__str_contains(start, n, phrases[i].second))
			break;
	return i;
}

email_code
email__imap_response_code(const email__imap_response *r, email_code otherwise)
{
	email_code code = decided(r);
	size_t i = phrase_of(r);

	if (code == EMAIL_OK && i < PHRASES)
		code = phrases[i].is;
	return code ? code : otherwise;
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
	if ((i = phrase_of(r)) < PHRASES)
		email__error_remedy(e, "%s", phrases[i].remedy);
	for (i = 0; i < sizeof codes / sizeof *codes; i++)
		if (email__imap_response_has(r, codes[i].code))
			email__error_remedy(e, "%s", codes[i].remedy);
	return code;
}
