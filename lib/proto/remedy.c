/* SPDX-License-Identifier: MIT */
#include "proto/remedy.h"

#include <string.h>

#include "base/error.h"

/* The first row that fits is taken: rows with a status code before those without. Zero, "" and NONE fit all. */
static const struct {
	int reply;
	const char *enhanced;
	email_code code;
	const char *text;
} table[] = {
	/* Microsoft 365 */
	{535, "5.7.3", EMAIL_OK,
         "Check account and password; with OAuth check the client's permission "
         "(SMTP.SendAsApp) and the mailbox permission of its service principal"},
	{535, "5.7.139", EMAIL_OK,
         "The tenant or the mailbox has basic authentication (SMTP AUTH) switched "
         "off: allow it for both, or use an OAuth authenticator"},
	{550, "5.7.30", EMAIL_OK,
         "The server no longer takes passwords for sending: use an OAuth authenticator"},
	{530, "5.7.57", EMAIL_OK,
         "The server sends only for clients that have logged in: set an emailAuthenticator"},
	{550, "5.7.60", EMAIL_OK, "The account may not send as this sender: change `from`, or grant Send As"},
	{554, "5.2.0", EMAIL_OK,
         "The mailbox has reached its sending limit: lower maxSendablePerDay, or wait"},
	{554, "5.2.2", EMAIL_OK, "The sender's mailbox is full, perhaps with sent mail: make room in it"},
	{432, "4.3.2", EMAIL_OK,
         "Too many connections of this mailbox at once: let fewer stations share the account"},
	{504, "5.7.4", EMAIL_OK, "The server offers logins only after Start TLS: set useStartTls"},
	/* Google and others */
	{535, "5.7.8", EMAIL_OK,
         "Check account and password; a mailbox with two-step verification needs an "
         "app password or an OAuth authenticator"},
	{534, "5.7.9", EMAIL_OK,
         "The mailbox needs an app password or an OAuth authenticator; its usual "
         "password is not taken"},
	{534, "", EMAIL_OK,
         "The mailbox wants another kind of login: an app password or an OAuth authenticator"},
	{535, "", EMAIL_OK,
         "Check account and password; many servers need an app password or an OAuth authenticator"},
	{538, "", EMAIL_OK, "The server takes this login over TLS only: set useSsl or useStartTls"},
	{530, "5.7.0", EMAIL_OK,
         "The server wants TLS or a login first: set useStartTls or useSsl, and an "
         "emailAuthenticator"},
	{530, "", EMAIL_OK,
         "The server wants TLS or a login first: set useStartTls or useSsl, and an "
         "emailAuthenticator"},
	/* everyone */
	{454, "", EMAIL_OK, "The server cannot do this at the moment: it is tried again later"},
	{421, "", EMAIL_OK,
         "The server is busy or limits connections: it is tried again later; if it lasts, "
         "poll less often or let fewer stations share the account"},
	{452, "", EMAIL_OK, "The server is short of space or limits recipients: it is tried again later"},
	{552, "", EMAIL_OK, "The message is larger than the server takes, or the mailbox is full"},
	{553, "", EMAIL_OK, "Check the address, and that the account may send as this sender (`from`)"},
	{551, "", EMAIL_OK, "The recipient has moved: use the address in the server's words"},
	{550, "5.1.1", EMAIL_OK, "There is no such mailbox: correct the recipient's address"},
	{554, "5.7.1", EMAIL_OK,
         "The server's policy refuses it: it may not relay for this station (set an emailAuthenticator, or "
         "have its "
         "address allowed there), or take the message for unwanted"},
	{550, "5.7.1", EMAIL_OK,
         "The server's policy refuses it: it may not relay for this station (set an emailAuthenticator, or "
         "have its "
         "address allowed there), or take the message for unwanted"},
	/* no reply to go by */
	{0, "", EMAIL_E_STARTTLS, "Use a port with Start TLS (587), or useSsl with port 465"},
	{0, "", EMAIL_E_MECHANISM,
         "Set useSsl or useStartTls, or change emailAuthenticator.saslMechanism to "
         "what the server offers"},
	{0, "", EMAIL_E_LOGIN, "Check account and password"},
};

void
email__remedy(email_error *e)
{
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].reply && table[i].reply != e->reply)
			continue;
		if (table[i].enhanced[0] && strcmp(table[i].enhanced, e->enhanced) != 0)
			continue;
		if (table[i].code != EMAIL_OK && table[i].code != e->code)
			continue;
		email__error_remedy(e, "%s", table[i].text);
		return;
	}
}

/* The same where a token was shown: Microsoft 365 says no more than this, whichever of its switches is missing. */
static const struct {
	const char *enhanced;
	email_code code;
	const char *text;
} token_table[] = {
	{"5.7.3", EMAIL_E_LOGIN,
         "Check that account is the mailbox's address, SMTP AUTH allowed for tenant and mailbox, the "
         "client's "
         "permission (SMTP.SendAsApp, with the administrator's consent), and its service principal's "
         "permission for "
         "the mailbox (by the object id of the enterprise application)"},
	{"5.7.139", EMAIL_E_LOGIN,
         "SMTP AUTH is switched off for the tenant or the mailbox, or a policy blocks it: it has to be "
         "allowed for "
         "both, for logins by OAuth too"},
	{"", EMAIL_E_LOGIN,
         "Check that the token is for the mailbox in account, and its scope and permission at the provider "
         "(Google: https://mail.google.com/; Microsoft 365: IMAP.AccessAsApp, POP.AccessAsApp, "
         "SMTP.SendAsApp, and "
         "the service principal's permission for the mailbox)"},
	{"5.5.6", EMAIL_E_MECHANISM, /* RFC 4954 4 */
         "The token is longer than the server takes: have the provider put less into it, such as groups and "
         "roles"},
	{"", EMAIL_E_MECHANISM,
         "The server takes no OAuth token here: check hostname and port, or use another type of "
         "authenticator"},
};

void
email__remedy_token(email_error *e)
{
	size_t i;

	for (i = 0; i < sizeof token_table / sizeof *token_table; i++)
		if (token_table[i].code == e->code &&
		    (!token_table[i].enhanced[0] || strcmp(token_table[i].enhanced, e->enhanced) == 0))
			break;
	if (i == sizeof token_table / sizeof *token_table)
		return;
	e->remedy[0] = '\0';
	email__error_remedy(e, "%s", token_table[i].text);
}

static int
begins(const unsigned char *p, size_t n, const char *with)
{
	size_t len = strlen(with);

	return n >= len && memcmp(p, with, len) == 0;
}

void
email__remedy_greeting(email_error *e, const char *wanted, const unsigned char *first, size_t n)
{
	/* RFC 8446 5.1: a record of type alert (21) or handshake (22), version 3.x */
	if (n && (first[0] == 21 || first[0] == 22) && (n == 1 || first[1] == 3))
		email__error_remedy(e, "The port speaks TLS from the first byte: set useSsl");
	else if (begins(first, n, "* ") && strcmp(wanted, "IMAP") != 0)
		email__error_remedy(e, "An IMAP server answers on this port, not %s: check hostname and port",
		                    wanted);
	else if ((begins(first, n, "+OK") || begins(first, n, "-ERR")) && strcmp(wanted, "POP3") != 0)
		email__error_remedy(e, "A POP3 server answers on this port, not %s: check hostname and port",
		                    wanted);
	else if (begins(first, n, "220") && strcmp(wanted, "SMTP") != 0)
		email__error_remedy(e, "An SMTP server answers on this port, not %s: check hostname and port",
		                    wanted);
	else if (begins(first, n, "HTTP/"))
		email__error_remedy(e, "A web server answers on this port, not %s: check hostname and port",
		                    wanted);
	else if (begins(first, n, "SSH-"))
		email__error_remedy(e, "An SSH server answers on this port, not %s: check hostname and port",
		                    wanted);
	else
		email__error_remedy(e, "Check hostname and port: what answers is not %s", wanted);
}
