/* SPDX-License-Identifier: MIT */
/*
 * The one verdict on a server, asked by every TLS connection: chain accepted, exemption accepted, or
 * refused with reasons (model: trust, rules 1 to 6, in their order).
 */
#ifndef EMAIL__TRUST_VERDICT_H
#define EMAIL__TRUST_VERDICT_H

#include <emailservice/trust.h>

#include "tls/tls.h"

typedef enum email__verdict_kind {
	EMAIL__REFUSED, /* the zero value refuses */
	EMAIL__CHAIN_ACCEPTED,
	EMAIL__EXEMPTION_ACCEPTED
} email__verdict_kind;

typedef struct email__verdict {
	email__verdict_kind kind;
	email_reasons reasons;         /* of a refusal, or what the exemption waives */
	bool recorded;                 /* an entry stands in Allowed Hosts now, to be approved */
	bool first_seen;               /* this fingerprint made a new entry: raise the event */
	email_approval approval;       /* of the entry that decided, where one did */
	email_certificate certificate; /* the leaf, described */
	int64_t good_until;            /* of an accepted chain: the first end in its path */
} email__verdict;

/*
 * Judges a chain for a host (as configured) and port. `trust` NULL: the System Trust Store alone, nothing
 * recorded. Fills `verdict` always; EMAIL_OK where it accepts, else EMAIL_E_TRUST, EMAIL_E_CLOCK (clock not
 * set: temporary, no entry), EMAIL_E_MEMORY, EMAIL_E_SHEET..., with a sentence and a remedy in `error`.
 */
email_code email__trust_judge(email_trust *trust, const char *host, int port, const email__chain *chain,
                              email__verdict *verdict, email_error *error);

/* The challenge's answer for the refused entry, if the application gave a callback: true where it was
 * approved, so that connecting again makes sense. Called between connections, never inside a handshake. */
bool email__trust_challenge(email_trust *trust, const char *host, int port, const email__verdict *verdict);

/* The trust sheet could not be read when it was last looked at, so that no exemption counts: true, and why
 * in `why`. */
bool email__trust_fault(email_trust *trust, email_error *why);

/* The revocation lists as they stand: one is past its next update. Errors: those of reading crlFile. */
email_code email__trust_crl_state(email_trust *trust, bool *outdated, email_error *e);

/* The clock is below the floor, and nobody vouches for it (rule 4). */
bool email__trust_clock_unset(email_trust *trust);

/* Changes whenever a store or an exemption does: kept connections from before are closed. With `look` the files are
 * looked at for what others have changed; without, what this object did itself counts. */
unsigned long email__trust_generation(email_trust *trust, bool look);

/* The canonical form of a configured host (RFC 9525): A-labels, lower case, no trailing dot; or an
 * address in its one spelling. EMAIL_E_VALUE: not a host. *address: it is an IP address. */
email_code email__host_canonical(const char *host, char out[EMAIL__HOST_MAX], bool *address);

#endif
