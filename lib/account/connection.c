/* SPDX-License-Identifier: MIT */
#include "account/connection.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "os/clock.h"
#include "trust/keys.h"

bool
email__connection_new(email_account *account)
{
	email__connection *c = email__new(email__connection);

	if (!c)
		return false;
	if (!email__mutex_init(&c->lock)) {
		email__free(c);
		return false;
	}
	email__buf_init(&c->user, EMAIL__TEXT_MAX);
	email__buf_init(&c->password, EMAIL__SECRET_MAX + 2);
	c->user.secret = c->password.secret = true;
	email__buf_init(&c->client_pem, EMAIL__CHAIN_MAX * 2 * EMAIL__CERTIFICATE_MAX + 1);
	c->client_pem.secret = true;
	email__tokens_init(&c->tokens);
	c->op.account = account;
	account->connection = c;
	return true;
}

void
email__connection_free(email_account *account)
{
	email__connection *c = account->connection;

	if (!c)
		return;
	email__connection_drop(account);
	email__resumable_drop(&c->resumable);
	email__buf_dispose(&c->client_pem);
	email__buf_dispose(&c->user);
	email__buf_dispose(&c->password);
	email_report_free(c->op.report);
	email__poll_dispose(&c->poll);
	email__tokens_dispose(&c->tokens);
	email__free(c->recipients);
	email__mutex_dispose(&c->lock);
	email__free(c);
	account->connection = NULL;
}

bool
email__connection_cancelled(email_account *account)
{
	email__connection *c = account->connection;
	bool is;

	email__mutex_lock(&c->lock);
	is = c->cancelled;
	email__mutex_unlock(&c->lock);
	return is;
}

/* What the connection leaves behind for the next one, if all of its verdict was "chain accepted". */
static void
keep_tls(email__connection *c, email__session *session)
{
	email__tls_session *tls = session ? email__session_take_tls(session) : NULL;

	if (session && email__session_tls_began(session))
		email__resumable_drop(&c->resumable);
	if (tls && c->verdict.kind == EMAIL__CHAIN_ACCEPTED)
		email__resumable_keep(&c->resumable, &c->key, tls, c->judged_at, c->good_until);
	else
		email__tls_session_free(tls);
}

void
email__connection_drop(email_account *account)
{
	email__connection *c = account->connection;
	email__session *session;

	email__mutex_lock(&c->lock);
	session = c->session;
	c->session = NULL;
	email__mutex_unlock(&c->lock);
	if (c->engine.http)
		email__tls_session_free(session ? email__session_take_tls(session) : NULL);
	else
		keep_tls(c, session);
	email__session_free(session);
	email__engine_free(&c->engine);
	c->kept = false;
	email__buf_clear(&c->user);
	email__buf_clear(&c->password);
}

/* Mails on a kept connection do not each look at the files of the stores: that would cost more than the mail.
 * A new connection does. */
#define LOOK_MS 1000

bool
email__connection_usable(email_account *account)
{
	email__connection *c = account->connection;
	int64_t now = email__clock_ms();
	bool look = now - c->looked_at >= LOOK_MS;

	if (!c->session || c->key.changes != account->changes)
		return false;
	if (c->engine.read_only && !email__poll_read_only(&c->poll))
		return false;
	if (look)
		c->looked_at = now;
	/* a drain begins with several mails on their way: it is worth a look whether anybody is there */
	if (c->op.kind == EMAIL__OP_DRAIN)
		email__session_look(c->session);
	return c->key.generation == email__trust_generation(email__account_trust(account), look) &&
	       email__session_alive(c->session);
}

/* Once a fingerprint, and whether or not debug is set: somebody has to look at it. */
static void
tell_first_seen(const email__connection *c)
{
	const email_account *account = c->op.account;
	const email_certificate *k = &c->verdict.certificate;
	bool changed = c->verdict.approval == EMAIL_APPROVAL_KEY_CHANGED;
	char line[512];

	snprintf(line, sizeof line, "Allowed Hosts: %s %s port %d, SHA-256 %s, public key SHA-256 %s",
	         changed ? "another key at" : "new entry for", c->key.host, c->key.port, k->sha256,
	         k->public_key_sha256);
	email__account_tell(account, EMAIL_EVENT_TRUST, changed ? "keyChanged" : "no", line);
	if (!account->log)
		return;
	account->log(account->log_context, account->name, '*', line);
}

/* The only judge of a TLS peer. Runs inside the handshake. */
static email_code
judge(void *context, const email__chain *chain)
{
	email__connection *c = context;
	email_code rc;

	c->judged = true;
	email__error_clear(&c->trust_error);
	rc = email__trust_judge(c->trust, c->key.host, c->key.port, chain, &c->verdict, &c->trust_error);
	c->judged_at = email__clock_wall();
	c->good_until = c->verdict.good_until;
	if (c->verdict.first_seen)
		tell_first_seen(c);
	return rc;
}

static void
transcript(void *context, char who, const char *line, size_t n)
{
	email_account *account = context;
	char text[EMAIL__SMTP_LINE_MAX];

	if (!account->log)
		return;
	email__printable(text, sizeof text, line, n);
	account->log(account->log_context, account->name, who, text);
}

static void
told(email_operation *op, email_stage stage, bool ok, const char *detail, const char *remedy)
{
	email_test_step step = {.stage = stage, .ok = ok, .detail = detail, .remedy = remedy};
	int64_t now = email__clock_ms();

	if (!op->on_step)
		return;
	step.milliseconds = (long)(now - op->step_began);
	op->step_began = now;
	op->on_step(op->step_context, &step);
}

void
email__connection_step_failed(email_account *account)
{
	const email_error *e = &account->error;

	told(&account->connection->op, e->stage, false, e->text, e->remedy);
}

void
email__connection_token_told(email_account *account, long seconds)
{
	char detail[64];

	if (seconds < 0)
		snprintf(detail, sizeof detail, "a token");
	else
		snprintf(detail, sizeof detail, "a token, good for %ld s", seconds);
	told(&account->connection->op, EMAIL_STAGE_TOKEN, true, detail, "");
}

/* A stage ended well: said by session and engine alike. */
static void
ended(void *context, email_stage stage, const char *detail)
{
	email_account *account = context;
	email__connection *c = account->connection;
	char line[512];

	if (account->log && account->v.debug) {
		email__printable(line, sizeof line, detail, strlen(detail));
		account->log(account->log_context, account->name, '*', line);
	}
	/* of a token's request only its end is a stage */
	if (c->engine.http)
		return;
	told(&c->op, stage, true, detail, "");
	/* not asked, it was resumed: by the verdict of the connection that it comes from */
	if (stage == EMAIL_STAGE_TLS_HANDSHAKE && !c->judged)
		c->verdict.kind = EMAIL__CHAIN_ACCEPTED;
	if (stage == EMAIL_STAGE_TLS_HANDSHAKE)
		c->binding = *email__session_binding(c->session);
	if (stage == EMAIL_STAGE_TLS_HANDSHAKE)
		told(&c->op, EMAIL_STAGE_TRUST, true,
		     c->verdict.kind == EMAIL__EXEMPTION_ACCEPTED ? "exemption in Allowed Hosts"
		                                                  : "chain accepted",
		     "");
}

static email_code
make_engine(email_account *account, email__connection *c)
{
	const email__credentials *credentials =
		account->v.auth_type == EMAIL__AUTH_NONE ? NULL : &c->credentials;
	email__mailbox_events events = email__poll_events(&c->poll);
	email__link *link;

	if (email__engine_make(&c->engine, account, credentials, &events, email__poll_read_only(&c->poll)))
		return email__error_memory(&account->error, EMAIL_STAGE_CONNECT);
	link = c->engine.link;
	link->ended = ended;
	link->ended_context = account;
	if (account->log && account->v.debug) {
		link->log = transcript;
		link->log_context = account;
	}
	return EMAIL_OK;
}

static email_code
read_client_key(email_account *account, email__connection *c)
{
	email_code rc;

	email__buf_clear(&c->client_pem);
	c->key.client = 0;
	if (account->v.client_certificate[0] == '\0')
		return EMAIL_OK;
	rc = email__trust_client_key(c->trust, account->v.client_certificate, &c->client_pem,
	                             &account->error);
	if (rc)
		return rc;
	/* another certificate under the same alias is another client */
	c->key.client = email__hash(email__buf_head(&c->client_pem), email__buf_len(&c->client_pem));
	c->client.certificates = c->client.key = email__buf_head(&c->client_pem);
	c->client.certificates_len = c->client.key_len = email__buf_len(&c->client_pem);
	return EMAIL_OK;
}

/* The session that may be resumed, with the times of the verdict that it stands for. */
static const email__tls_session *
lend(email__connection *c)
{
	const email__tls_session *tls = email__resumable_lend(&c->resumable, &c->key, email__clock_wall(),
	                                                      email__trust_clock_unset(c->trust));

	c->judged_at = c->resumable.judged;
	c->good_until = c->resumable.good_until;
	return tls;
}

static email_code
start_session(email_account *account, const email__session_config *config)
{
	email__connection *c = account->connection;
	email__session *session = email__session_new(config, c->engine.link);

	if (!session)
		return email__error_memory(&account->error, EMAIL_STAGE_CONNECT);
	email__mutex_lock(&c->lock);
	c->session = session;
	if (c->cancelled)
		email__session_cancel(session);
	email__mutex_unlock(&c->lock);
	return EMAIL_OK;
}

/* What sessions with the mail server and with a token endpoint have in common. */
static email__session_config
session_config(email_account *account, bool address)
{
	email__connection *c = account->connection;

	return (email__session_config){
		.host = c->key.host,
		.port = c->key.port,
		.local_address = account->v.local_address,
		.tls = {.server_name = address ? NULL : c->key.host,
	                .min = (email_tls_version)account->v.tls_min_protocol,
	                .cap_1_2 = c->op.cap_1_2,
	                .judge = judge,
	                .judge_context = c},
		.connection_timeout_ms = (long)account->v.connection_timeout,
		.response_timeout_ms = (long)account->v.response_timeout,
		.data_timeout_ms = (long)account->v.data_timeout,
		.event = ended,
		.event_context = account,
	};
}

/* Whom this connection is to, by whose rules. */
static void
begin_judging(email_account *account)
{
	email__connection *c = account->connection;

	c->trust = email__account_trust(account);
	c->key.min = email_account_effective_tls_min_protocol(account);
	c->key.changes = account->changes;
	c->key.generation = email__trust_generation(c->trust, true);
	c->judged = false;
	memset(&c->verdict, 0, sizeof c->verdict);
}

email_code
email__connection_open(email_account *account)
{
	email__connection *c = account->connection;
	email__session_config config;
	bool address;
	email_code rc;

	email__connection_drop(account);
	if (account->v.hostname[0] == '\0') {
		rc = email__error_set(&account->error, EMAIL_E_VALUE, EMAIL_STAGE_RESOLVE,
		                      "hostname is empty");
		email__error_remedy(&account->error, "set the property hostname");
		return rc;
	}
	if ((rc = email__host_canonical(account->v.hostname, c->key.host, &address)))
		return email__error_set(&account->error, rc, EMAIL_STAGE_RESOLVE,
		                        "\"%s\" is no host name and no address", account->v.hostname);
	c->key.port = email_account_effective_port(account);
	begin_judging(account);
	if ((rc = read_client_key(account, c)) || (rc = email__credentials_read(account)) ||
	    (rc = make_engine(account, c)))
		goto out;
	config = session_config(account, address);
	config.tls_first = account->v.use_ssl;
	config.tls.client = email__buf_len(&c->client_pem) ? &c->client : NULL;
	config.tls.keep_session = true;
	config.tls.resume = lend(c);
	rc = start_session(account, &config);
out:
	if (rc)
		email__connection_drop(account);
	return rc;
}

/* The endpoint is a server like any other: the same rules of trust, the same minimum, no client certificate. */
email_code
email__connection_open_web(email_account *account, const email__web_request *request)
{
	email__connection *c = account->connection;
	email__session_config config;
	bool address;
	email_code rc;

	email__connection_drop(account);
	if ((rc = email__host_canonical(request->host, c->key.host, &address)))
		return email__error_set(&account->error, rc, EMAIL_STAGE_TOKEN,
		                        "\"%.200s\" is no host name and no address", request->host);
	c->key.port = request->port;
	begin_judging(account);
	if (email__engine_make_web(&c->engine, request))
		return email__error_memory(&account->error, EMAIL_STAGE_TOKEN);
	if (account->log && account->v.debug) {
		c->engine.link->log = transcript;
		c->engine.link->log_context = account;
	}
	config = session_config(account, address);
	config.tls_first = true;
	rc = start_session(account, &config);
	if (rc)
		email__connection_drop(account);
	return rc;
}

bool
email__connection_failed(email_account *account)
{
	email__connection *c = account->connection;

	if (c->judged && c->verdict.kind == EMAIL__REFUSED) {
		account->error = c->trust_error;
		if (!c->op.asked && c->trust_error.code == EMAIL_E_TRUST) {
			c->op.asked = true;
			if (email__trust_challenge(c->trust, c->key.host, c->key.port, &c->verdict)) {
				email__error_clear(&account->error);
				return true;
			}
		}
		return false;
	}
	if (email__session_retry_1_2(c->session) && !c->op.cap_1_2) {
		c->op.cap_1_2 = true;
		return true;
	}
	account->error = *email__session_error(c->session);
	return false;
}
