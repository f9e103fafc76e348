/* SPDX-License-Identifier: MIT */
#include "account/properties.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * How a row is written: kinds, name, default, [range,] field of the values, meaning. Each macro below is
 * one type; what a type needs beyond that (range, least, most) is said in the row and nowhere else.
 */
/* clang-format off */
#define OUT 1
#define IN 2
#define BOTH 3

#define ROW(K, NAME, AUTH, WORD, DEFAULT, RANGE, RO, MEANING)                                          \
	.p = {NAME, WORD, DEFAULT, RANGE, MEANING, RO, false, ((K) & OUT) != 0, ((K) & IN) != 0, AUTH}
#define BOOLEAN(K, NAME, DEFAULT, FIELD, MEANING)                                                      \
	{ROW(K, NAME, "", "boolean", DEFAULT, "", false, MEANING),                                     \
	 .type = EMAIL__TYPE_BOOLEAN, .offset = V(FIELD)}
#define NUMBER(K, NAME, WORD, DEFAULT, LEAST, MOST, FIELD, MEANING)                                    \
	{ROW(K, NAME, "", WORD, DEFAULT, #LEAST ".." #MOST, false, MEANING),                           \
	 .type = EMAIL__TYPE_INTEGER, .offset = V(FIELD), .least = (LEAST), .most = (MOST)}
/* -1 stands for "none" or "automatic" */
#define NUMBER_OR_NONE(K, NAME, WORD, DEFAULT, LEAST, MOST, FIELD, MEANING)                            \
	{ROW(K, NAME, "", WORD, DEFAULT, "-1, " #LEAST ".." #MOST, false, MEANING),                    \
	 .type = EMAIL__TYPE_INTEGER, .offset = V(FIELD), .least = (LEAST), .most = (MOST), .minus_one = true}
/* Ten years are more than any of these means, and far from where milliseconds overflow. */
#define TEN_YEARS INT64_C(315360000000)
#define DURATION(K, NAME, DEFAULT, FIELD, MEANING)                                                     \
	{ROW(K, NAME, "", "duration", DEFAULT, "PT1S..P3650D", false, MEANING),                        \
	 .type = EMAIL__TYPE_DURATION, .offset = V(FIELD), .least = 1000, .most = TEN_YEARS}
#define DURATION_OR_OFF(K, NAME, DEFAULT, FIELD, MEANING)                                              \
	{ROW(K, NAME, "", "duration", DEFAULT, "PT0S..P3650D", false, MEANING),                        \
	 .type = EMAIL__TYPE_DURATION, .offset = V(FIELD), .least = 0, .most = TEN_YEARS}
#define ENUM(K, NAME, DEFAULT, NAMES, FIELD, MEANING)                                                  \
	{ROW(K, NAME, "", "enum", DEFAULT, NAMES, false, MEANING),                                     \
	 .type = EMAIL__TYPE_ENUM, .offset = V(FIELD)}
#define TEXT(K, NAME, WORD, TYPE, DEFAULT, LEAST, MOST, FIELD, MEANING)                                \
	{ROW(K, NAME, "", WORD, DEFAULT, "", false, MEANING),                                          \
	 .type = EMAIL__TYPE_##TYPE, .offset = V(FIELD), .least = (LEAST), .most = (MOST)}
/* text, where the store is Imap */
#define IMAP_TEXT(NAME, DEFAULT, LEAST, FIELD, MEANING)                                                \
	{ROW(IN, NAME, "", "text", DEFAULT, "", false, MEANING),                                       \
	 .type = EMAIL__TYPE_TEXT, .offset = V(FIELD), .least = (LEAST), .most = EMAIL__TEXT_MAX, .imap = true}
#define IMAP_BOOLEAN(NAME, DEFAULT, FIELD, MEANING)                                                    \
	{ROW(IN, NAME, "", "boolean", DEFAULT, "", false, MEANING),                                    \
	 .type = EMAIL__TYPE_BOOLEAN, .offset = V(FIELD), .imap = true}
/* fields of authenticators: AUTH names the types that have it */
#define AUTH_TEXT(AUTH, FIELD_NAME, WORD, TYPE, FIELD, MEANING)                                        \
	{ROW(BOTH, EMAIL__AUTHENTICATOR "." FIELD_NAME, AUTH, WORD, "", "", false, MEANING),           \
	 .type = EMAIL__TYPE_##TYPE, .offset = V(FIELD), .most = EMAIL__TEXT_MAX}
#define AUTH_BOOLEAN(AUTH, FIELD_NAME, FIELD, MEANING)                                                 \
	{ROW(BOTH, EMAIL__AUTHENTICATOR "." FIELD_NAME, AUTH, "boolean", "false", "", false, MEANING), \
	 .type = EMAIL__TYPE_BOOLEAN, .offset = V(FIELD)}
#define AUTH_TIME(AUTH, FIELD_NAME, FIELD, MEANING)                                                    \
	{ROW(BOTH, EMAIL__AUTHENTICATOR "." FIELD_NAME, AUTH, "time", "", "", false, MEANING),         \
	 .type = EMAIL__TYPE_TIME, .offset = V(FIELD)}
#define AUTH_WORD(AUTH, FIELD_NAME, DEFAULT, NAMES, FIELD, MEANING)                                    \
	{ROW(BOTH, EMAIL__AUTHENTICATOR "." FIELD_NAME, AUTH, "enum", DEFAULT, NAMES, false, MEANING), \
	 .type = EMAIL__TYPE_WORD, .offset = V(FIELD)}
#define AUTH_SECRET(AUTH, FIELD_NAME, FIELD, MEANING)                                                  \
	{.p = {EMAIL__AUTHENTICATOR "." FIELD_NAME, "secret", "", "", MEANING, false, true, true,      \
	       true, AUTH},                                                                            \
	 .type = EMAIL__TYPE_SECRET, .offset = V(FIELD), .most = EMAIL__SECRET_MAX}
#define AUTH_COMPUTED(AUTH, FIELD_NAME, WORD, TYPE, FUNCTION, MEANING)                                  \
	{ROW(BOTH, EMAIL__AUTHENTICATOR "." FIELD_NAME, AUTH, WORD, "", "", true, MEANING),            \
	 .type = EMAIL__TYPE_##TYPE, .compute = (FUNCTION)}
/* read-only */
#define STATUS(K, NAME, WORD, TYPE, DEFAULT, FIELD, MEANING)                                           \
	{ROW(K, NAME, "", WORD, DEFAULT, "", true, MEANING),                                           \
	 .type = EMAIL__TYPE_##TYPE, .offset = V(FIELD)}
/* of accounts whose authenticator is one of AUTH */
#define AUTH_STATUS(AUTH, NAME, WORD, TYPE, FIELD, MEANING)                                            \
	{ROW(BOTH, NAME, AUTH, WORD, "", "", true, MEANING),                                           \
	 .type = EMAIL__TYPE_##TYPE, .offset = V(FIELD)}
#define COMPUTED(K, NAME, WORD, TYPE, DEFAULT, RANGE, FUNCTION, MEANING)                               \
	{ROW(K, NAME, "", WORD, DEFAULT, RANGE, true, MEANING),                                        \
	 .type = EMAIL__TYPE_##TYPE, .compute = (FUNCTION)}

#define AUTH_TYPES                                                                                     \
	"none basic oAuthClientSecret oAuthClientCertificate oAuthRefreshToken external callback"
#define OAUTH "oAuthClientSecret oAuthClientCertificate oAuthRefreshToken"
#define SASL_NAMES                                                                                     \
	"Auto PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS "     \
	"XOAUTH2 OAUTHBEARER"
#define TLS_NAMES "TLSv1.0+ TLSv1.1+ TLSv1.2+ TLSv1.3"

/* The enumerations of the headers are indices into the names: keep both in step. */
_Static_assert(EMAIL_TLS_1_0 == 0 && EMAIL_TLS_1_3 == 3, "TLS_NAMES");
_Static_assert(EMAIL__AUTH_NONE == 0 && EMAIL__AUTH_CALLBACK == 6, "AUTH_TYPES");
_Static_assert(EMAIL_STORE_IMAP == 0 && EMAIL_STORE_POP3 == 1, "Imap Pop3");

#define V(FIELD) offsetof(email__values, FIELD)
static const email__property account_rows[] = {
	TEXT(BOTH, "name", "name", NAME, "", 1, 64, name, "names the account within its service"),
	BOOLEAN(BOTH, "enabled", "true", enabled, "false refuses everything but a test"),
	TEXT(BOTH, "clientCertificate", "alias", TEXT, "", 0, EMAIL__TEXT_MAX, client_certificate,
	     "alias in the User Key Store, shown where the server asks for a certificate"),
	COMPUTED(BOTH, "clientCertificateNotAfter", "time", TIME, "", "", email__client_certificate_end,
	     "when that certificate ends"),
	TEXT(BOTH, "hostname", "host", HOST, "", 0, EMAIL__DOMAIN_MAX, hostname,
	     "the mail server: a host name, or an IPv4 or IPv6 address"),
	NUMBER_OR_NONE(BOTH, "port", "port", "-1", 1, 65535, port,
	     "-1: the usual one for store and switches"),
	COMPUTED(BOTH, "effectivePort", "port", INTEGER, "", "1..65535", email__effective_port,
	     "the port that a session uses"),
	BOOLEAN(BOTH, "useSsl", "true", use_ssl, "TLS before the first protocol byte; not with useStartTls"),
	BOOLEAN(BOTH, "useStartTls", "false", use_start_tls,
	     "connect in the clear, then upgrade or end; not with useSsl"),
	ENUM(BOTH, "tlsMinProtocol", "TLSv1.2+", TLS_NAMES, tls_min_protocol,
	     "no session below this version"),
	COMPUTED(BOTH, "effectiveTlsMinProtocol", "enum", ENUM, "", TLS_NAMES, email__effective_tls_min,
	     "the higher of tlsMinProtocol and the TLS library's own floor"),
	ENUM(BOTH, EMAIL__AUTHENTICATOR_TYPE, "none", AUTH_TYPES, auth_type, "how the account logs in"),
	AUTH_TEXT(OAUTH, "authServerMetadataEndpoint", "url", URL, auth_metadata_endpoint,
	     "where the authorization server describes itself"),
	AUTH_TEXT(OAUTH, "tokenEndpoint", "url", URL, auth_token_endpoint,
	     "where tokens are had; wins over the metadata's"),
	AUTH_TEXT("basic " OAUTH " external callback", "account", "text", TEXT, auth_account, "the user's name"),
	AUTH_SECRET("basic", "password", auth_password, "the user's password"),
	AUTH_TEXT(OAUTH, "clientId", "text", TEXT, auth_client_id, "the station's application id"),
	AUTH_TEXT(OAUTH, "scope", "text", TEXT, auth_scope, "what is asked for, separated by spaces"),
	AUTH_SECRET("oAuthClientSecret oAuthRefreshToken", "clientSecret", auth_client_secret,
	     "the application's secret"),
	AUTH_TIME("oAuthClientSecret oAuthRefreshToken", "clientSecretNotAfter", auth_client_secret_not_after,
	     "when that secret ends, as its issuer said; for findings alone"),
	AUTH_TEXT("oAuthClientCertificate", "clientCertificate", "alias", TEXT, auth_certificate,
	     "alias in the User Key Store, whose key signs the request"),
	AUTH_COMPUTED("oAuthClientCertificate", "clientCertificateNotAfter", "time", TIME, email__auth_certificate_end,
	     "when that certificate ends"),
	AUTH_SECRET("oAuthClientCertificate", "privateKeyPassword", auth_private_key_password,
	     "opens that key, where it is encrypted"),
	AUTH_BOOLEAN("oAuthClientCertificate", "useJWTBearerAssertion", auth_use_jwt_bearer_assertion,
	     "the JWT bearer grant in place of client credentials"),
	AUTH_SECRET("oAuthRefreshToken", "refreshToken", auth_refresh_token,
	     "for a mailbox that a person signed in to once"),
	AUTH_WORD("basic " OAUTH " callback", "saslMechanism", "Auto", SASL_NAMES, auth_mechanism,
	     "Auto: the strongest that both sides have and the connection may carry"),
	BOOLEAN(BOTH, "allowPlaintextLogin", "false", allow_plaintext_login,
	     "true lets a password cross a connection in the clear"),
	DURATION(BOTH, "pollrate", "PT1M", pollrate,
	     "outgoing: how often the queue is worked; incoming: how often the mailbox is read"),
	DURATION(BOTH, "connectionTimeout", "PT10S", connection_timeout,
	     "name look-up, connect, TLS and greeting, together"),
	DURATION(BOTH, "responseTimeout", "PT1M", response_timeout,
	     "longest silence of the server within a session"),
	TEXT(BOTH, "localAddress", "text", TEXT, "", 0, EMAIL__TEXT_MAX, local_address,
	     "address or interface name that connections start from"),
	BOOLEAN(BOTH, "debug", "false", debug, "the protocol goes to the log, secrets masked"),
	COMPUTED(BOTH, "status", "status", STATUS, "unverified", "", email__effective_status,
	     "ok after a real session; down, disabled, fault, unverified"),
	STATUS(BOTH, "faultCause", "text", TEXT, "", fault_cause, "why the status is fault"),
	STATUS(BOTH, "lastPollSuccess", "time", TIME, "", last_poll_success, "last poll that went well"),
	STATUS(BOTH, "lastPollFailure", "time", TIME, "", last_poll_failure, "last poll that failed"),
	STATUS(BOTH, "lastPollFailureCause", "text", TEXT, "", last_poll_failure_cause, "and why"),
	STATUS(BOTH, "tlsVersion", "text", TEXT, "", tls_version, "of the last session"),
	STATUS(BOTH, "tlsCipherSuite", "text", TEXT, "", tls_cipher_suite, "of the last session"),
	STATUS(BOTH, "serverCertificateNotAfter", "time", TIME, "", server_certificate_not_after,
	     "when the certificate of the last session ends"),
	AUTH_STATUS(OAUTH, "tokenExpires", "time", TIME, token_expires, "when the last OAuth token ends"),

	ENUM(OUT, "transport", "Smtp", "Smtp", transport, "the protocol that mail goes out by"),
	TEXT(OUT, "ehloName", "host", EHLO, "", 0, EMAIL__DOMAIN_MAX, ehlo_name,
	     "how the station names itself; empty: the address of the connection"),
	DURATION(OUT, "dataTimeout", "PT10M", data_timeout,
	     "wait for the reply to the end of the data (RFC 5321 4.5.3.2.6)"),
	TEXT(OUT, "from", "address", ADDRESS, "", 0, EMAIL__TEXT_MAX, from,
	     "the author where a message names none"),
	TEXT(OUT, "replyTo", "address", ADDRESS, "", 0, EMAIL__TEXT_MAX, reply_to,
	     "where answers go, where a message does not say"),
	BOOLEAN(OUT, "persistent", "true", persistent,
	     "the queue survives a stop or power loss; needs a state folder"),
	TEXT(OUT, "persistenceDirectory", "path", TEXT, "", 0, EMAIL__TEXT_MAX, persistence_directory,
	     "where the queue is kept; empty: queue/NAME in the state folder"),
	NUMBER(OUT, "maxPersistedEmailSize", "KiB", "25000", 1, 4194303, max_persisted_email_size,
	     "a larger mail is refused when queued"),
	BOOLEAN(OUT, "allowDisabledQueueing", "false", allow_disabled_queueing,
	     "mail may wait while enabled is false"),
	NUMBER(OUT, "maxQueueSize", "integer", "100", 1, 1000000, max_queue_size, "mails that may wait"),
	ENUM(OUT, "overflowPolicy", "RefuseNew", "RefuseNew DropOldest", overflow_policy,
	     "what gives way in a full queue"),
	NUMBER_OR_NONE(OUT, "maxSendablePerDay", "integer", "100", 1, 1000000000, max_sendable_per_day,
	     "-1: no cap; the queue holds back what is over it until the next local day"),
	NUMBER(OUT, "urgentReserve", "percent", "10", 0, 90, urgent_reserve,
	     "part of the caps kept for priority 8 and 9"),
	NUMBER_OR_NONE(OUT, "maxSendablePerMinute", "integer", "-1", 1, 1000000000, max_sendable_per_minute,
	     "-1: no cap"),
	DURATION_OR_OFF(OUT, "suppressWithin", "PT0S", suppress_within,
	     "the same subject to the same recipients within this time is refused; PT0S: off"),
	NUMBER(OUT, "digestAbove", "integer", "0", 0, 1000000000, digest_above,
	     "above so many a minute one digest stands for them; 0: off"),
	DURATION(OUT, "expireAfter", "P2D", expire_after, "older queued mail goes to the dead letters"),
	TEXT(OUT, "failoverAccount", "text", TEXT, "", 0, EMAIL__NAME_MAX, failover_account,
	     "the outgoing account that takes over while this one is down"),
	STATUS(OUT, "queueSize", "integer", INTEGER, "0", queue_size, "mails that wait"),
	STATUS(OUT, "numberSent", "integer", INTEGER, "0", number_sent, "mails sent"),
	STATUS(OUT, "numberDiscarded", "integer", INTEGER, "0", number_discarded, "mails discarded"),
	STATUS(OUT, "lastSendSuccess", "time", TIME, "", last_send_success, "last mail that went out"),
	STATUS(OUT, "lastSendFailure", "time", TIME, "", last_send_failure, "last mail that failed"),
	STATUS(OUT, "lastSendFailureCause", "text", TEXT, "", last_send_failure_cause, "and why"),
	STATUS(OUT, "lastDiscard", "time", TIME, "", last_discard, "last mail discarded"),
	STATUS(OUT, "lastDiscardCause", "text", TEXT, "", last_discard_cause, "and why"),

	ENUM(IN, "store", "Imap", "Imap Pop3", store, "the protocol that the mailbox is read by"),
	IMAP_TEXT("folder", "INBOX", 1, folder, "the folder that is read"),
	ENUM(IN, "deliveryPolicy", "MarkAsRead", "Delete MarkAsRead MarkAsUnread", delivery_policy,
	     "what happens on the server to a message that the handler accepted"),
	ENUM(IN, "emailToRead", "UnreadEmail", "UnreadEmail AllEmail", email_to_read,
	     "which messages are handed over"),
	NUMBER(IN, "incomingEmailSizeLimit", "KiB", "25000", 1, 4194303, incoming_email_size_limit,
	     "a larger message is reported by its header only, and left"),
	NUMBER(IN, "sizeLimitPerPoll", "KiB", "25000", 1, 4194303, size_limit_per_poll,
	     "the rest waits for the next poll"),
	BOOLEAN(IN, "ignoreAttachments", "false", ignore_attachments, "attachments are left out"),
	IMAP_TEXT("processedFolder", "", 0, processed_folder, "where accepted messages are moved to"),
	IMAP_BOOLEAN("useIdle", "true", use_idle, "IMAP IDLE between polls, where offered"),
	STATUS(IN, "numberReceived", "integer", INTEGER, "0", number_received, "messages handed over"),
	STATUS(IN, "lastReceived", "time", TIME, "", last_received, "last message handed over"),
};
#undef V

#define V(FIELD) offsetof(email__service_values, FIELD)
static const email__property service_rows[] = {
	BOOLEAN(0, "enabled", "true", enabled, "false: no polling and no queue work, for any account"),
	STATUS(0, "status", "status", STATUS, "unverified", status_bits, "the worst of its accounts"),
	STATUS(0, "faultCause", "text", TEXT, "", fault_cause, "of that account"),
	TEXT(0, "stateFolder", "path", TEXT, "state", 1, EMAIL__TEXT_MAX, state_folder,
	     "trust sheet, queues and counters; relative to the sheet"),
};
#undef V

/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
_Static_assert(COUNT(account_rows) <= EMAIL__PROPERTIES_MAX, "email__change.seen");

const email__table email__account_table = {account_rows, COUNT(account_rows)};
const email__table email__service_table = {service_rows, COUNT(service_rows)};

const email_property *
email_property_at(size_t i)
{
	if (i < COUNT(account_rows))
		return &account_rows[i].p;
	i -= COUNT(account_rows);
	return i < COUNT(service_rows) ? &service_rows[i].p : NULL;
}

const char *
email__property_field(const email__property *row)
{
	static const char prefix[] = EMAIL__AUTHENTICATOR ".";
	size_t n = sizeof prefix - 1;

	return strncmp(row->p.name, prefix, n) == 0 ? row->p.name + n : NULL;
}

const email__property *
email__table_find(const email__table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (strcmp(table->row[i].p.name, name) == 0)
			return &table->row[i];
	return NULL;
}

size_t
email__table_index(const email__table *table, const email__property *row)
{
	return (size_t)(row - table->row);
}

bool
email__property_of_kind(const email__property *row, email_account_kind kind)
{
	return kind == EMAIL_OUTGOING ? row->p.outgoing : row->p.incoming;
}

const char *
email__words_at(const char *words, int64_t i, size_t *n)
{
	for (; *words; i--) {
		size_t len = strcspn(words, " ");

		if (i == 0) {
			*n = len;
			return words;
		}
		words += len;
		words += *words == ' ';
	}
	return NULL;
}

int
email__words_index(const char *words, const char *word)
{
	size_t n;
	int i;

	for (i = 0; (words = email__words_at(words, i > 0, &n)); i++)
		if (strlen(word) == n && memcmp(words, word, n) == 0)
			return i;
	return -1;
}

const char *
email__authenticator_name(int64_t type)
{
	static const char *const names[] = {
		"none",     "basic",   "oAuthClientSecret", "oAuthClientCertificate", "oAuthRefreshToken",
		"external", "callback"};

	return type >= 0 && (size_t)type < COUNT(names) ? names[type] : "";
}

bool
email__property_of_authenticator(const email__property *row, int64_t type)
{
	return row->p.authenticators[0] == '\0' ||
	       email__words_index(row->p.authenticators, email__authenticator_name(type)) >= 0;
}

void
email__property_expected(const email__property *row, char *out, size_t size)
{
	static const char *const sentence[EMAIL__TYPE_COUNT] = {
		[EMAIL__TYPE_BOOLEAN] = "true or false",
		[EMAIL__TYPE_INTEGER] = "a number: ",
		[EMAIL__TYPE_DURATION] = "a duration such as PT30S: ",
		[EMAIL__TYPE_ENUM] = "one of ",
		[EMAIL__TYPE_WORD] = "one of ",
		[EMAIL__TYPE_TEXT] =
			"text without control characters or white space at its ends, at most 4096 bytes",
		[EMAIL__TYPE_NAME] = "1 to 64 bytes, no '/' or control character, no leading '.' or '-'",
		[EMAIL__TYPE_HOST] = "a host name or an IP address, without port",
		[EMAIL__TYPE_EHLO] = "a host name or an address literal such as [192.0.2.1]",
		[EMAIL__TYPE_ADDRESS] = "an address such as Plant room <plant@example.com>",
		[EMAIL__TYPE_URL] = "an address that begins with https://",
		[EMAIL__TYPE_SECRET] =
			"env:NAME, file:PATH or value:TEXT, at most 16384 bytes, or sealed:BASE64",
		[EMAIL__TYPE_TIME] = "a time such as 2026-11-24T08:30:00Z, or a date: 2026-11-24",
		[EMAIL__TYPE_STATUS] = "a status",
	};

	snprintf(out, size, "%s%s", sentence[row->type], row->p.range);
}

/* Three edits at most, and never more than half of the word: further off it would be a guess. */
#define NEAR 3

static unsigned
unlike(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned limit = n / 2 < NEAR ? (unsigned)(n / 2) : NEAR;
	unsigned d = email__str_distance(a, b, limit);

	return d <= limit ? d : NEAR + 1;
}

const char *
email__table_nearest(const email__table *table, int kind, bool field, const char *name)
{
	const char *best = NULL;
	unsigned least = NEAR + 1;
	size_t i;

	for (i = 0; i < table->count; i++) {
		const email__property *row = &table->row[i];
		const char *known = field ? email__property_field(row) : row->p.name;
		unsigned d;

		if (!known || (kind >= 0 && !email__property_of_kind(row, (email_account_kind)kind)))
			continue;
		d = unlike(known, name);
		if (d < least) {
			least = d;
			best = known;
		}
	}
	return best;
}

void
email__words_nearest(const char *words, const char *word, char *out, size_t size)
{
	unsigned least = NEAR + 1;
	size_t n;

	out[0] = '\0';
	for (; (words = email__words_at(words, 0, &n)); words += n, words += *words == ' ') {
		char known[64];
		unsigned d;

		snprintf(known, sizeof known, "%.*s", (int)n, words);
		d = unlike(known, word);
		if (d < least) {
			least = d;
			snprintf(out, size, "%s", known);
		}
	}
}
