/* SPDX-License-Identifier: MIT */
/*
 * What is legal but probably wrong (model 1): three tables, one of ports, one of the account alone, one
 * of its rows in Allowed Hosts. Nothing is connected.
 */
#include <stdio.h>
#include <string.h>

#include "account/properties.h"
#include "account/value.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "trust/keys.h"
#include "trust/verdict.h"

#define DAY INT64_C(86400)
#define SOON (30 * DAY)

typedef struct check {
	email_account *account;
	email_finding_fn report;
	void *context;
	int64_t now;
	char host[EMAIL__HOST_MAX]; /* canonical, "" where there is none */
	int port;
} check;

static void
report(const check *c, const char *code, const char *property, const char *text, const char *remedy)
{
	email_finding finding = {code, property, text, remedy};

	c->report(c->context, &finding);
}

/* --- ports --- */

enum { SSL = 1, START_TLS = 2, NEITHER = 4, ANY = 7 };
enum { SMTP = 1, IMAP = 2, POP3 = 4, ALL = 7 };

static const struct {
	int port, security, protocol;
	const char *code, *property, *text, *remedy;
} ports[] = {
	{587, SSL, ALL, "port587UseSsl", "useStartTls", "port 587 expects STARTTLS, but useSsl is set",
         "set useStartTls to true, or port to 465"},
	{465, START_TLS, ALL, "port465UseStartTls", "useSsl",
         "port 465 expects TLS from the first byte, but useStartTls is set",
         "set useSsl to true, or port to 587"},
	{993, ANY, POP3, "port993Pop3", "store", "port 993 is IMAP's, but store is Pop3",
         "set store to Imap, or port to 995"},
	{995, ANY, IMAP, "port995Imap", "store", "port 995 is POP3's, but store is Imap",
         "set store to Pop3, or port to 993"},
	{25, SSL, ALL, "port25UseSsl", "port", "port 25 begins in the clear, but useSsl is set",
         "set port to -1 (465), or useStartTls to true"},
	{110, SSL, ALL, "port110UseSsl", "port", "port 110 begins in the clear, but useSsl is set",
         "set port to -1 (995), or useStartTls to true"},
	{143, SSL, ALL, "port143UseSsl", "port", "port 143 begins in the clear, but useSsl is set",
         "set port to -1 (993), or useStartTls to true"},
	{465, NEITHER, ALL, "port465NoTls", "useSsl",
         "port 465 expects TLS from the first byte, but useSsl is not set", "set useSsl to true"},
	{587, NEITHER, ALL, "port587NoTls", "useStartTls",
         "port 587 expects STARTTLS, but useStartTls is not set", "set useStartTls to true"},
	{993, NEITHER, ALL, "port993NoTls", "useSsl",
         "port 993 expects TLS from the first byte, but useSsl is not set", "set useSsl to true"},
	{995, NEITHER, ALL, "port995NoTls", "useSsl",
         "port 995 expects TLS from the first byte, but useSsl is not set", "set useSsl to true"},
	{993, START_TLS, ALL, "port993UseStartTls", "useSsl",
         "port 993 expects TLS from the first byte, but useStartTls is set",
         "set useSsl to true, or port to 143"},
	{995, START_TLS, ALL, "port995UseStartTls", "useSsl",
         "port 995 expects TLS from the first byte, but useStartTls is set",
         "set useSsl to true, or port to 110"},
};

static void
check_ports(const check *c)
{
	const email__values *v = &c->account->v;
	int security = v->use_ssl ? SSL : v->use_start_tls ? START_TLS : NEITHER;
	int protocol = c->account->kind == EMAIL_OUTGOING ? SMTP : v->store == EMAIL_STORE_IMAP ? IMAP : POP3;
	size_t i;

	for (i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (c->port == ports[i].port && (security & ports[i].security) &&
		    (protocol & ports[i].protocol))
			report(c, ports[i].code, ports[i].property, ports[i].text, ports[i].remedy);
}

/* --- the account alone --- */

static bool
no_hostname(const check *c)
{
	return c->account->v.hostname[0] == '\0';
}

static bool
login_in_clear(const check *c)
{
	const email__values *v = &c->account->v;

	return v->auth_type != EMAIL__AUTH_NONE && !v->use_ssl && !v->use_start_tls;
}

static bool
login_refused(const check *c)
{
	return login_in_clear(c) && !c->account->v.allow_plaintext_login;
}

static bool
login_exposed(const check *c)
{
	return login_in_clear(c) && c->account->v.allow_plaintext_login;
}

static bool
deletes_unread(const check *c)
{
	const email_account *a = c->account;
	const email__property *row = email__table_find(&email__account_table, "deliveryPolicy");

	return a->kind == EMAIL_INCOMING && !a->has_handler &&
	       a->v.delivery_policy == email__words_index(row->p.range, "Delete");
}

static const struct {
	bool (*found)(const check *c);
	const char *code, *property, *text, *remedy;
} findings[] = {
	{no_hostname, "emptyHostname", "hostname", "no mail server is named",
         "set hostname to the name that the provider gives"},
	{login_refused, "credentialsInClear", "useSsl",
         "the account logs in, but its connection is in the clear: only a login that hides the password will "
         "be tried",
         "set useSsl or useStartTls to true"},
	{login_exposed, "credentialsInClear", "allowPlaintextLogin",
         "the password crosses the network in the clear, because allowPlaintextLogin is set",
         "set useSsl or useStartTls to true, and allowPlaintextLogin to false"},
	{deletes_unread, "deleteWithoutHandler", "deliveryPolicy",
         "deliveryPolicy is Delete, but no handler takes the mail",
         "set a handler, or deliveryPolicy to MarkAsRead"},
};

static void
check_account(const check *c)
{
	size_t i;

	for (i = 0; i < sizeof findings / sizeof findings[0]; i++)
		if (findings[i].found(c))
			report(c, findings[i].code, findings[i].property, findings[i].text,
			       findings[i].remedy);
}

/* --- what ends --- */

typedef struct ending {
	const char *ended, *soon; /* codes */
	const char *property, *what, *remedy;
} ending;

/* The last third of a life, and at most 30 days; those alone where the beginning is not known (0). */
static int64_t
window(int64_t begin, int64_t end)
{
	return begin && begin < end && (end - begin) / 3 < SOON ? (end - begin) / 3 : SOON;
}

/* `end` 0: not known. */
static void
check_end(const check *c, const ending *x, int64_t begin, int64_t end)
{
	int64_t left = end - c->now, days = (left < 0 ? -left : left) / DAY;
	char text[192], time[EMAIL__TIME_TEXT];

	if (end == 0 || left > window(begin, end))
		return;
	email__time_write(end, time);
	if (left <= 0)
		snprintf(text, sizeof text, "%s ended %lld day%s ago (%s)", x->what, (long long)days,
		         days == 1 ? "" : "s", time);
	else
		snprintf(text, sizeof text, "%s ends in %lld day%s (%s)", x->what, (long long)days,
		         days == 1 ? "" : "s", time);
	report(c, left <= 0 ? x->ended : x->soon, x->property, text, x->remedy);
}

static void
check_client_certificate(const check *c, const char *property, const char *alias)
{
	const ending ends = {
		"clientCertificateEnded", "clientCertificateEndsSoon", property, "the client certificate",
		"import a new one under another alias (emailctl keys import), and set the property to it"};
	email_certificate leaf;
	email_error why = {0};
	email_code rc = email__trust_client_leaf(email__account_trust(c->account), alias, &leaf, &why);

	if (rc == EMAIL_OK)
		check_end(c, &ends, leaf.not_before, leaf.not_after);
	else if (rc == EMAIL_E_UNKNOWN)
		report(c, "clientCertificateMissing", property, why.text,
		       "import it (emailctl keys import), or set the property to an alias that emailctl keys "
		       "list shows");
	else if (rc != EMAIL_E_MEMORY)
		report(c, "clientCertificateUnreadable", property, why.text,
		       "delete it (emailctl keys delete), and import it anew (emailctl keys import)");
}

static void
check_ends(const check *c)
{
	static const ending
		server = {"certificateEndsSoon", "certificateEndsSoon", "serverCertificateNotAfter",
	                  "the certificate that the server showed last",
	                  "ask whoever runs the server to renew it"},
		secret = {"clientSecretEnded", "clientSecretEndsSoon",
	                  EMAIL__AUTHENTICATOR ".clientSecretNotAfter", "the client secret",
	                  "have a new one made, and set clientSecret and clientSecretNotAfter to it"};
	const email__values *v = &c->account->v;

	check_end(c, &server, v->server_certificate_not_before, v->server_certificate_not_after);
	check_end(c, &secret, 0, v->auth_client_secret_not_after);
	if (v->client_certificate[0])
		check_client_certificate(c, "clientCertificate", v->client_certificate);
	if (v->auth_certificate[0])
		check_client_certificate(c, EMAIL__AUTHENTICATOR ".clientCertificate", v->auth_certificate);
}

/* --- its secrets --- */

static void
check_secret(const check *c, const email__property *row, const email__secret *secret)
{
	email_error why = {0};
	email__buf text;

	if (secret->kind == EMAIL__SECRET_VALUE)
		report(c, "secretInClear", row->p.name, "the secret is kept in the clear",
		       "keep it in a file of its own or the environment (file:PATH, env:NAME), or sealed: "
		       "set a seal key, "
		       "and save the sheet");
	if (secret->kind != EMAIL__SECRET_SEALED)
		return;
	email__buf_init(&text, EMAIL__SECRET_MAX + 2);
	text.secret = true;
	if (email__secret_read(c->account, secret, &text, &why) && why.code != EMAIL_E_MEMORY)
		report(c, "sealedSecretUnreadable", row->p.name, why.text,
		       why.remedy[0] ? why.remedy : "set it anew");
	email__buf_dispose(&text);
}

static void
check_secrets(const check *c)
{
	size_t i;

	for (i = 0; i < email__account_table.count; i++) {
		const email__property *row = &email__account_table.row[i];

		if (row->p.secret)
			check_secret(c, row, email__value_secret(row, &c->account->v));
	}
}

/* --- its approved rows in Allowed Hosts --- */

static bool
is_redundant(const check *c, const email_allowed_host *h)
{
	(void)c;
	return h->redundant;
}

static bool
approval_ends(const check *c, const email_allowed_host *h)
{
	return h->until != 0 && h->until - c->now <= SOON;
}

static bool
exempted_ends(const check *c, const email_allowed_host *h)
{
	return h->certificate.not_after - c->now <= SOON;
}

static const struct {
	bool (*found)(const check *c, const email_allowed_host *h);
	const char *code, *what, *remedy;
} exemptions[] = {
	{is_redundant, "exemptionRedundant", "is no longer needed: a root verifies the server now",
         "remove it: hosts prune"},
	{approval_ends, "exemptionEndsSoon", "has ended or ends within 30 days",
         "approve it again, or import the root that verifies the server"},
	{exempted_ends, "exemptedCertificateEndsSoon",
         "is for a certificate that has ended or ends within 30 days",
         "ask whoever runs the server to renew it"},
};

static bool
check_exemption(void *context, const email_allowed_host *h)
{
	const check *c = context;
	char text[EMAIL__HOST_MAX + 160];
	size_t i;

	if (h->approval != EMAIL_APPROVAL_YES || h->port != c->port || strcmp(h->host, c->host) != 0)
		return true;
	for (i = 0; i < sizeof exemptions / sizeof exemptions[0]; i++) {
		if (!exemptions[i].found(c, h))
			continue;
		snprintf(text, sizeof text, "the exemption for %s port %d %s", h->host, h->port,
		         exemptions[i].what);
		report(c, exemptions[i].code, "hostname", text, exemptions[i].remedy);
	}
	return true;
}

static void
check_revocation(const check *c, email_trust *trust)
{
	email_error e = {0};
	bool outdated;
	email_code rc = email__trust_crl_state(trust, &outdated, &e);

	if (outdated)
		report(c, "revocationListOutdated", "hostname",
		       "a revocation list in crlFile is past its next update",
		       "renew the file that the trust sheet's crlFile names");
	else if (rc == EMAIL_E_FILE || rc == EMAIL_E_CERTIFICATE || rc == EMAIL_E_LIMIT)
		report(c, "revocationListUnreadable", "hostname", e.text, e.remedy);
}

static email_code
check_trust(check *c)
{
	email_trust *trust = email__account_trust(c->account);
	email_error why = {0};
	email_code rc;

	if (!trust)
		return EMAIL_OK;
	check_revocation(c, trust);
	rc = email_trust_list_hosts(trust, check_exemption, c);
	if (rc && email__trust_fault(trust, &why)) {
		report(c, "trustSheetUnreadable", "stateFolder", why.text, why.remedy);
		return EMAIL_OK;
	}
	if (rc)
		email__error_set(&c->account->error, rc, EMAIL_STAGE_TRUST,
		                 "Allowed Hosts could not be read: %s", email_trust_error(trust)->text);
	return rc;
}

email_code
email_account_check(email_account *account, email_finding_fn on_finding, void *context)
{
	check c = {.account = account, .report = on_finding, .context = context};
	bool address;

	email__error_clear(&account->error);
	if (!on_finding)
		return email__error_set(&account->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                        "no function takes the findings");
	c.now = email__clock_wall();
	c.port = email_account_effective_port(account);
	if (email__host_canonical(account->v.hostname, c.host, &address))
		c.host[0] = '\0';
	check_ports(&c);
	check_account(&c);
	check_ends(&c);
	check_secrets(&c);
	return check_trust(&c);
}
