/* SPDX-License-Identifier: MIT */
#include "trust/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "trust/path.h"
#include "trust/record.h"

static const char *const names[] = {
#define X(name, text, waivable) text,
	EMAIL_REASONS(X)
#undef X
};

/* In the order of EMAIL_REASONS. */
static const char *const words[] = {
	"it is malformed",
	"the server's signature on the handshake is bad",
	"a key in the chain is too weak (RSA below 2048, curves below 256 bits, or of another kind)",
	"a signature in the chain is too weak (SHA-1, MD5, or of another kind)",
	"it demands an extension that is not known",
	"it has been revoked",
	"no root in the trust stores issued it",
	"it is self-signed",
	"the trust stores hold no usable root",
	"the chain is longer than a CA in it allows",
	"a CA in the chain may not issue for this name",
	"a CA in the chain has a constraint that is not supported",
	"it, or a CA in the chain, is not made for TLS servers",
	"it is a CA's certificate and not a server's",
	"its version is not 3",
	"it is for another name",
	"its name stands in the common name only, which no longer counts",
	"it, or a CA in the chain, has expired",
	"it, or a CA in the chain, is not valid yet",
	"the clock is not set",
	"the chain is too long",
};
_Static_assert(sizeof words / sizeof *words == EMAIL_REASON_COUNT, "a sentence for each reason");

const char *
email_reason_name(unsigned i)
{
	return i < EMAIL_REASON_COUNT ? names[i] : NULL;
}

void
email__reasons_text(email_reasons reasons, char *out, size_t size)
{
	size_t used = 0, n;
	unsigned i;

	out[0] = '\0';
	for (i = 0; i < EMAIL_REASON_COUNT; i++) {
		if (!(reasons >> i & 1))
			continue;
		n = strlen(words[i]) + (used ? 2 : 0);
		if (used + n >= size)
			break;
		snprintf(out + used, size - used, "%s%s", used ? ", " : "", words[i]);
		used += n;
	}
}

static email_code
explain_clock(const email__when *when, email_error *e)
{
	char now[24], floor[24];
	email_code rc;

	email__time_write(when->now, now);
	email__time_write(when->floor, floor);
	rc = email__error_set(
		e, EMAIL_E_CLOCK, EMAIL_STAGE_TRUST,
		"the clock is not set: it says %s, which is before %s, so that no certificate can be judged",
		now, floor);
	email__error_remedy(e, "set the clock (NTP, or by hand), or set clockPolicy to Floor");
	return rc;
}

/* What was decided about the row, or is to be decided. */
static const char *
standing(const email__verdict *verdict)
{
	if (!verdict->recorded)
		return "";
	switch (verdict->approval) {
	case EMAIL_APPROVAL_NO: return "; it is recorded in Allowed Hosts";
	case EMAIL_APPROVAL_YES: return "; its approval has ended";
	case EMAIL_APPROVAL_KEY_CHANGED: return "; its key is not the one that was approved";
	case EMAIL_APPROVAL_REJECTED: return "; it was rejected";
	}
	return "";
}

static void
add_remedy(const char *place, const email__verdict *verdict, email_error *e)
{
	const char *sha = verdict->certificate.sha256;

	if (verdict->reasons & email__reasons_hard()) {
		email__error_remedy(e, "the server needs another certificate; this cannot be approved");
		return;
	}
	if (!verdict->recorded) {
		email__error_remedy(e, "import the root that issued it: emailctl trust import FILE");
		return;
	}
	switch (verdict->approval) {
	case EMAIL_APPROVAL_NO:
	case EMAIL_APPROVAL_YES:
		email__error_remedy(
			e,
			"compare its SHA-256 with the server's and approve it: emailctl hosts approve %s "
			"--sha256 %s; or import the root that issued it: emailctl trust import FILE",
			place, sha);
		break;
	case EMAIL_APPROVAL_KEY_CHANGED:
		email__error_remedy(e,
		                    "find out why the key changed (emailctl hosts view %s), then: emailctl "
		                    "hosts accept-key "
		                    "%s --sha256 %s",
		                    place, place, sha);
		break;
	case EMAIL_APPROVAL_REJECTED:
		email__error_remedy(
			e, "where that was wrong: emailctl hosts unapprove %s --sha256 %s, or delete", place,
			sha);
		break;
	}
}

email_code
email__explain(const char *host, int port, const email__verdict *verdict, const email__when *when,
               email_error *e)
{
	char place[300], why[200];
	email_code rc;

	if (verdict->reasons & EMAIL_REASON(CLOCK) && !(verdict->reasons & email__reasons_hard()))
		return explain_clock(when, e);
	if (strchr(host, ':'))
		snprintf(place, sizeof place, "[%.255s]:%d", host, port);
	else
		snprintf(place, sizeof place, "%.255s:%d", host, port);
	email__reasons_text(verdict->reasons & ~EMAIL_REASON(CLOCK), why, sizeof why);
	rc = port ? email__error_set(e, EMAIL_E_TRUST, EMAIL_STAGE_TRUST,
	                             "the certificate of %.80s port %d is not trusted: %s%s", host, port, why,
	                             standing(verdict))
	          : email__error_set(e, EMAIL_E_TRUST, EMAIL_STAGE_TRUST,
	                             "the certificate is not to be trusted for %.80s: %s", host, why);
	add_remedy(place, verdict, e);
	return rc;
}
