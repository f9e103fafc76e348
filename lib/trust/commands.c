/* SPDX-License-Identifier: MIT */
/* What a person does with Allowed Hosts, and the trust sheet's own properties. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "trust/again.h"
#include "trust/object.h"
#include "trust/pem.h"
#include "trust/verdict.h"

/* --- Allowed Hosts --- */

struct command {
	char host[EMAIL__HOST_MAX];
	int port;
	const char *sha256;
	int64_t now, until;
	email_approval approval;
	email_code (*act)(email__hosts *hosts, email__row *row, const struct command *c);
	size_t removed;
};

static email_code
approve(email__hosts *hosts, email__row *row, const struct command *c)
{
	(void)hosts;
	email__hosts_approve(row, c->now, c->until);
	return EMAIL_OK;
}

static email_code
refuse(email__hosts *hosts, email__row *row, const struct command *c)
{
	email__hosts_refuse(hosts, row, c->approval);
	return EMAIL_OK;
}

static email_code
accept_key(email__hosts *hosts, email__row *row, const struct command *c)
{
	return email__hosts_accept(hosts, row, c->now);
}

static email_code
delete_row(email__hosts *hosts, email__row *row, const struct command *c)
{
	(void)c;
	email__hosts_delete(hosts, row);
	return EMAIL_OK;
}

static email_code
change_row(email_trust *trust, void *context)
{
	const struct command *c = context;
	email__row *row;
	email_code rc = email__hosts_pick(&trust->record.hosts, c->host, c->port, c->sha256, &row);

	return rc ? rc : c->act(&trust->record.hosts, row, c);
}

/* The sentence for what a person typed wrongly. */
static email_code
explain(email_trust *trust, const struct command *c, email_code rc)
{
	email_error *e = &trust->error;

	if (rc != EMAIL_E_UNKNOWN && rc != EMAIL_E_VALUE)
		return rc;
	email__error_clear(e);
	if (rc == EMAIL_E_UNKNOWN) {
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "Allowed Hosts has no %s port %d", c->host,
		                 c->port);
		email__error_remedy(e, "see emailctl hosts list");
	} else if (!c->sha256) {
		email__error_set(e, rc, EMAIL_STAGE_TRUST,
		                 "the SHA-256 of the certificate or key is needed for %s port %d", c->host,
		                 c->port);
		email__error_remedy(
			e, "see emailctl hosts list, compare with the server's, and quote it with --sha256");
	} else if (c->act == accept_key) {
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s port %d has no changed key with that SHA-256",
		                 c->host, c->port);
	} else {
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "no certificate of %s port %d has that SHA-256",
		                 c->host, c->port);
		email__error_remedy(e,
		                    "see emailctl hosts list: what is approved must be what was looked at");
	}
	return rc;
}

static email_code
run(email_trust *trust, struct command *c, const char *host, int port, const char *sha256)
{
	bool quote = c->act == approve || c->act == accept_key;
	email_code rc;

	c->port = port;
	c->sha256 = sha256;
	c->now = email__clock_wall();
	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	if (email__host_canonical(host, c->host, NULL))
		rc = email__error_set(&trust->error, EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST,
		                      "that is no host name and no address");
	else if (quote && !sha256)
		rc = explain(trust, c, EMAIL_E_VALUE);
	else
		rc = explain(trust, c, email__trust_change(trust, change_row, c, &trust->error));
	email__mutex_unlock(&trust->mutex);
	return rc;
}

email_code
email_trust_approve(email_trust *trust, const char *host, int port, const char *sha256, int64_t until)
{
	struct command c = {.act = approve, .until = until};

	return run(trust, &c, host, port, sha256);
}

email_code
email_trust_reject(email_trust *trust, const char *host, int port, const char *sha256)
{
	struct command c = {.act = refuse, .approval = EMAIL_APPROVAL_REJECTED};

	return run(trust, &c, host, port, sha256);
}

email_code
email_trust_unapprove(email_trust *trust, const char *host, int port, const char *sha256)
{
	struct command c = {.act = refuse, .approval = EMAIL_APPROVAL_NO};

	return run(trust, &c, host, port, sha256);
}

email_code
email_trust_accept_key(email_trust *trust, const char *host, int port, const char *sha256)
{
	struct command c = {.act = accept_key};

	return run(trust, &c, host, port, sha256);
}

email_code
email_trust_delete_host(email_trust *trust, const char *host, int port, const char *sha256)
{
	struct command c = {.act = delete_row};

	return run(trust, &c, host, port, sha256);
}

static email_code
prune(email_trust *trust, void *context)
{
	email_code rc = email__hosts_judge_again(trust, email__clock_wall(), false);

	if (rc == EMAIL_OK)
		*(size_t *)context = email__hosts_prune(&trust->record.hosts);
	return rc;
}

email_code
email_trust_prune(email_trust *trust, size_t *removed)
{
	size_t n = 0;
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	rc = email__trust_change(trust, prune, &n, &trust->error);
	email__mutex_unlock(&trust->mutex);
	if (removed)
		*removed = rc ? 0 : n;
	return rc;
}

email_code
email_trust_list_hosts(email_trust *trust, email_allowed_host_fn visit, void *context)
{
	email_allowed_host entry;
	int64_t now = email__clock_wall();
	size_t i;
	email_code rc = email__trust_begin(trust);

	/* the operating system's store may have changed since a connection looked at it */
	if (rc == EMAIL_OK && (rc = email__hosts_judge_again(trust, now, false)))
		email__error_memory(&trust->error, EMAIL_STAGE_TRUST);
	for (i = 0; rc == EMAIL_OK && i < trust->record.hosts.count; i++) {
		if ((rc = email__row_describe(&trust->record.hosts.list[i], now, &entry)))
			email__error_memory(&trust->error, EMAIL_STAGE_TRUST);
		else if (!visit(context, &entry))
			break;
	}
	email__mutex_unlock(&trust->mutex);
	return rc;
}

email_code
email_trust_export_host(email_trust *trust, const char *host, int port, const char *sha256, char *pem,
                        size_t size)
{
	struct command c = {.port = port, .sha256 = sha256};
	email__row *row;
	email_code rc = email__trust_begin(trust);

	if (rc == EMAIL_OK && email__host_canonical(host, c.host, NULL))
		rc = EMAIL_E_UNKNOWN;
	if (rc == EMAIL_OK)
		rc = email__hosts_pick(&trust->record.hosts, c.host, port, sha256, &row);
	if (rc == EMAIL_OK)
		rc = email__pem_write(email__span_of(row->der, row->der_len), pem, size);
	if ((rc = explain(trust, &c, rc)))
		email__error_set(&trust->error, rc, EMAIL_STAGE_TRUST, "%s", email_code_text(rc));
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* --- properties --- */

struct setting {
	const char *property, *text;
	char *copy;
	int64_t seconds;
};

static email_code
change_setting(email_trust *trust, void *context)
{
	struct setting *s = context;
	email__record *r = &trust->record;
	char **slot;

	if (strcmp(s->property, "clockPolicy") == 0) {
		r->floor_policy = strcmp(s->text, "Floor") == 0;
		return EMAIL_OK;
	}
	if (strcmp(s->property, "clockFloor") == 0) {
		r->clock_floor = s->seconds;
		return EMAIL_OK;
	}
	slot = strcmp(s->property, "crlFile") == 0 ? &r->crl_file : &r->system_store;
	email__free(*slot);
	*slot = s->copy;
	s->copy = NULL;
	return email__hosts_judge_again(trust, email__clock_wall(), true);
}

static const char *const properties[] = {"systemTrustStore", "clockPolicy", "crlFile", "clockFloor"};

static bool
is_property(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof properties / sizeof *properties; i++)
		if (strcmp(name, properties[i]) == 0)
			return true;
	return false;
}

/* What is wrong with the value, or NULL. */
static const char *
check_setting(struct setting *s)
{
	size_t n = strlen(s->text), i;

	if (strcmp(s->property, "clockPolicy") == 0)
		return !n || strcmp(s->text, "Refuse") == 0 || strcmp(s->text, "Floor") == 0
		               ? NULL
		               : "it is Refuse or Floor";
	if (strcmp(s->property, "clockFloor") == 0)
		return !n || email__time_read(s->text, &s->seconds)
		               ? NULL
		               : "it is a time like 2026-11-24T08:30:00Z, or empty";
	for (i = 0; i < n; i++)
		if ((unsigned char)s->text[i] < 0x20)
			return "a path has no control characters";
	return n > EMAIL__TEXT_MAX ? "it is too long" : NULL;
}

static email_code
set_locked(email_trust *trust, struct setting *s)
{
	const char *wrong;
	email_error *e = &trust->error;
	email_code rc;

	if (!is_property(s->property)) {
		rc = email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST,
		                      "the trust sheet has no property of that name");
		email__error_remedy(e, "it has systemTrustStore, clockPolicy, crlFile and clockFloor");
		return rc;
	}
	if ((wrong = check_setting(s)) != NULL) {
		snprintf(e->property, sizeof e->property, "%s", s->property);
		return email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TRUST, "%s: %s", s->property, wrong);
	}
	if (*s->text && !(s->copy = email__strdup(s->text)))
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	rc = email__trust_change(trust, change_setting, s, e);
	email__free(s->copy);
	return rc;
}

email_code
email_trust_set(email_trust *trust, const char *property, const char *text)
{
	struct setting s = {.property = property, .text = text ? text : ""};
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	rc = set_locked(trust, &s);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

email_code
email_trust_get(email_trust *trust, const char *property, char *text, size_t size)
{
	const email__record *r = &trust->record;
	char floor[24] = "";
	const char *value = "";
	email_code rc = email__trust_begin(trust);

	if (rc == EMAIL_OK && !is_property(property))
		rc = email__error_set(&trust->error, EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST,
		                      "the trust sheet has no property of that name");
	if (rc == EMAIL_OK) {
		if (r->clock_floor)
			email__time_write(r->clock_floor, floor);
		if (strcmp(property, "clockPolicy") == 0)
			value = r->floor_policy ? "Floor" : "Refuse";
		else if (strcmp(property, "clockFloor") == 0)
			value = floor;
		else if (strcmp(property, "crlFile") == 0)
			value = r->crl_file ? r->crl_file : "";
		else
			value = r->system_store ? r->system_store : "";
		if (strlen(value) >= size)
			rc = email__error_set(&trust->error, EMAIL_E_LIMIT, EMAIL_STAGE_TRUST,
			                      "the buffer is too small");
		else
			memcpy(text, value, strlen(value) + 1);
	}
	email__mutex_unlock(&trust->mutex);
	return rc;
}
