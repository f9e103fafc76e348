/* SPDX-License-Identifier: MIT */
/*
 * Trust: which servers an account may talk to.
 *
 * System Trust Store (the operating system's roots, read-only), User Trust Store (roots that a person
 * imported), Allowed Hosts (exemptions for one key at one host and port, approved by a person). One
 * function gives the verdict for every TLS connection; a refused server never gets a byte of protocol.
 * There is no trust on first use: an unknown certificate makes an unapproved entry and an error.
 *
 * An email_trust may be used by several threads, and its sheet by several processes.
 */
#ifndef EMAILSERVICE_TRUST_H
#define EMAILSERVICE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <emailservice/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_trust email_trust;

/* A certificate, described. Texts are printable, cut where too long. */
typedef struct email_certificate {
	char alias[65]; /* in a store; "" elsewhere */
	char subject[257];
	char issued_by[257];
	int64_t not_before, not_after; /* seconds since 1970 */
	char key_algorithm[16];        /* "RSA", "EC", ... */
	int key_size;                  /* bits */
	char signature_algorithm[32];  /* "SHA256withRSA", ... */
	int signature_size;            /* bits */
	bool valid;                    /* today lies between its dates */
	bool self_signed;
	char sha256[65];            /* of the certificate; lower case hex */
	char public_key_sha256[65]; /* of its SubjectPublicKeyInfo: the pin */
} email_certificate;

typedef enum email_approval {
	EMAIL_APPROVAL_NO,
	EMAIL_APPROVAL_YES,
	EMAIL_APPROVAL_KEY_CHANGED, /* an approved host showed another key; the old approval stays */
	EMAIL_APPROVAL_REJECTED
} email_approval;

/* Why a certificate did not verify; the spelling that users see is the second column, the third says
 * whether an exemption can waive it (model: trust, rules 1 to 5). */
#define EMAIL_REASONS(X) \
	X(MALFORMED, "malformed", false) \
	X(HANDSHAKE, "handshakeSignature", false) \
	X(WEAK_KEY, "weakKey", false) \
	X(WEAK_SIGNATURE, "weakSignature", false) \
	X(CRITICAL_EXTENSION, "unknownCriticalExtension", false) \
	X(REVOKED, "revoked", false) \
	X(UNKNOWN_ISSUER, "unknownIssuer", true) \
	X(SELF_SIGNED, "selfSigned", true) \
	X(NO_ROOTS, "noUsableRoot", true) \
	X(PATH_LENGTH, "pathLength", true) \
	X(NAME_CONSTRAINTS, "nameConstraints", true) \
	X(UNSUPPORTED_CONSTRAINT, "unsupportedConstraint", true) \
	X(PURPOSE, "purpose", true) \
	X(CA_AS_LEAF, "caAsLeaf", true) \
	X(VERSION, "certificateVersion", true) \
	X(NAME, "nameMismatch", true) \
	X(NAME_CN_ONLY, "nameInCommonNameOnly", true) \
	X(EXPIRED, "expired", true) \
	X(NOT_YET_VALID, "notYetValid", true) \
	X(CLOCK, "clockNotSet", true) \
	X(CHAIN_TOO_LONG, "chainTooLong", true)

enum {
#define X(name, text, waivable) EMAIL_REASON_INDEX_##name,
	EMAIL_REASONS(X)
#undef X
		EMAIL_REASON_COUNT
};
/* A set of reasons: bit i is the i-th row. */
typedef uint32_t email_reasons;
#define EMAIL_REASON(name) ((email_reasons)1 << EMAIL_REASON_INDEX_##name)
/* The spelling of the i-th reason, 0..EMAIL_REASON_COUNT-1; NULL beyond. */
EMAIL_API const char *email_reason_name(unsigned i);

/* A row of Allowed Hosts. */
typedef struct email_allowed_host {
	char host[256]; /* as configured, canonical: A-labels, lower case, or an address */
	int port;
	email_approval approval;
	email_certificate certificate;
	email_reasons reasons;                       /* what did not verify when it was seen */
	int64_t created, approved, until, last_seen; /* seconds since 1970; 0: never, or no end */
	long count;                                  /* how often it was seen */
	bool redundant; /* a store verifies the host, or this certificate for it, now */
} email_allowed_host;

/*
 * The challenge: shown a certificate that did not verify, a person answers. It is called by the thread
 * that sends, between two connections, so it may take its time, and may call email_trust_list_hosts() to
 * show what was approved before beside a key that changed.
 */
typedef enum email_answer { EMAIL_ANSWER_LATER, EMAIL_ANSWER_APPROVE, EMAIL_ANSWER_REJECT } email_answer;
typedef email_answer (*email_challenge_fn)(void *context, const email_allowed_host *entry);

/*
 * A trust object without stores on disk: System Trust Store found, User Trust Store and Allowed Hosts
 * empty and kept in memory. NULL: no memory. A service has its own (email_service_trust()).
 */
EMAIL_API email_trust *email_trust_new(void);
EMAIL_API void email_trust_free(email_trust *trust);
/*
 * Keeps User Trust Store and Allowed Hosts in FOLDER/trust.xml; the folder is made, 0700, when first
 * needed. A sheet that cannot be read means no exemptions and a fault, and is never overwritten.
 * Errors: EMAIL_E_SHEET, EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_trust_open(email_trust *trust, const char *folder);
EMAIL_API void email_trust_set_challenge(email_trust *trust, email_challenge_fn challenge, void *context);
/* The application knows the time to be good (NTP, a time master): no floor is applied. */
EMAIL_API void email_trust_set_clock_good(email_trust *trust, bool good);

/* The trust sheet's own properties by name: systemTrustStore, clockPolicy, crlFile, and clockFloor ("" resets
 * it). Saved at once. Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE, EMAIL_E_LIMIT (get), and those of open. */
EMAIL_API email_code email_trust_set(email_trust *trust, const char *property, const char *text);
EMAIL_API email_code email_trust_get(email_trust *trust, const char *property, char *text, size_t size);

/* Is a revocation list of crlFile past its next update (a finding: it still says who is revoked)? False
 * where crlFile is not set. Errors: EMAIL_E_FILE, EMAIL_E_CERTIFICATE (no list that can be read: no server
 * is accepted then), EMAIL_E_SHEET, EMAIL_E_MEMORY. */
EMAIL_API email_code email_trust_crl_outdated(email_trust *trust, bool *outdated);

/* Visits every entry; the callback returns false to stop. Pointers are valid during the call only. */
typedef bool (*email_certificate_fn)(void *context, const email_certificate *certificate);
typedef bool (*email_allowed_host_fn)(void *context, const email_allowed_host *entry);
EMAIL_API email_code email_trust_list_system(email_trust *trust, email_certificate_fn visit, void *context);
EMAIL_API email_code email_trust_list_user(email_trust *trust, email_certificate_fn visit, void *context);
EMAIL_API email_code email_trust_list_hosts(email_trust *trust, email_allowed_host_fn visit, void *context);

/*
 * What the System Trust Store holds, read now: how many certificates can be used, how many were left out
 * and why the first of them was.
 * Errors: EMAIL_E_CERTIFICATE (a block that is cut off), EMAIL_E_FILE, EMAIL_E_LIMIT, EMAIL_E_MEMORY.
 */
typedef struct email_store_report {
	char path[256]; /* "": no store was found */
	size_t loaded, skipped;
	char why[96];
} email_store_report;
EMAIL_API email_code email_trust_report_system(email_trust *trust, email_store_report *report);

/*
 * Imports roots into the User Trust Store from PEM (one or many) or DER. `alias` may be NULL (made from
 * the subject). All or nothing. `imported` may be NULL.
 * Errors: EMAIL_E_CERTIFICATE (no certificate, a private key, a cut-off block: nothing is imported),
 *         EMAIL_E_VALUE (alias taken or not valid), EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_trust_import(email_trust *trust, const void *bytes, size_t size, const char *alias,
                                        size_t *imported);
/* The certificate as PEM into `pem` (at most size bytes with the NUL). Errors: EMAIL_E_UNKNOWN, EMAIL_E_LIMIT. */
EMAIL_API email_code email_trust_export(email_trust *trust, const char *alias, char *pem, size_t size);
EMAIL_API email_code email_trust_delete(email_trust *trust, const char *alias);

/*
 * User Key Store: a client certificate with its chain, and its key, under an alias for the account property
 * clientCertificate; in the state folder, 0600, and never to be exported. PEM (the NUL at its end counts in the
 * size) or DER; `password` of the key, or NULL.
 * Errors: EMAIL_E_CERTIFICATE (they do not parse, or do not belong together), EMAIL_E_VALUE (alias taken or not
 *         valid, no state folder), EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
typedef struct email_key_import {
	const unsigned char *certificates;
	size_t certificates_size;
	const unsigned char *key;
	size_t key_size;
	const char *password;
} email_key_import;
EMAIL_API email_code email_trust_import_key(email_trust *trust, const char *alias,
                                            const email_key_import *in);
/* Each leaf, with its alias. */
EMAIL_API email_code email_trust_list_keys(email_trust *trust, email_certificate_fn visit, void *context);
EMAIL_API email_code email_trust_delete_key(email_trust *trust, const char *alias);

/*
 * Allowed Hosts, by host and port. `sha256` (of certificate or public key; hex, case and colons free)
 * must be quoted to approve, so that what is approved is what was looked at; elsewhere it may be NULL
 * where the host and port have one row only. `until`: 0 or the second when the approval ends.
 * Errors: EMAIL_E_UNKNOWN (no such row), EMAIL_E_VALUE (fingerprint missing, wrong, or ambiguous),
 *         EMAIL_E_FILE, EMAIL_E_SHEET, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_trust_approve(email_trust *trust, const char *host, int port, const char *sha256,
                                         int64_t until);
EMAIL_API email_code email_trust_reject(email_trust *trust, const char *host, int port, const char *sha256);
EMAIL_API email_code email_trust_unapprove(email_trust *trust, const char *host, int port,
                                           const char *sha256);
/* The row "key changed" becomes the approved one, and the old one goes. */
EMAIL_API email_code email_trust_accept_key(email_trust *trust, const char *host, int port,
                                            const char *sha256);
EMAIL_API email_code email_trust_delete_host(email_trust *trust, const char *host, int port,
                                             const char *sha256);
/* Removes the rows that a store makes redundant; `removed` may be NULL. */
EMAIL_API email_code email_trust_prune(email_trust *trust, size_t *removed);
/* The certificate of a row as PEM. */
EMAIL_API email_code email_trust_export_host(email_trust *trust, const char *host, int port,
                                             const char *sha256, char *pem, size_t size);

/*
 * The verdict on a chain without Allowed Hosts, as a connection to `host` would have it. `chain` is PEM,
 * leaf first, or one DER. `roots` (PEM or DER) stand instead of the stores; NULL: those of `trust`, or of
 * the system where `trust` is NULL. `time` is a good clock; 0: the clock of the machine, as good as it is.
 * `reasons` (may be NULL): why not. `error` may be NULL.
 * Errors: EMAIL_E_TRUST (refused), EMAIL_E_CLOCK, EMAIL_E_CERTIFICATE (no PEM, cut off, roots that do not
 *         parse), EMAIL_E_VALUE (no host), EMAIL_E_FILE, EMAIL_E_SHEET, EMAIL_E_MEMORY.
 */
typedef struct email_verify {
	const char *host;
	const void *chain;
	size_t chain_size;
	const void *roots;
	size_t roots_size;
	int64_t time;
	int nanoseconds; /* behind that second, 0..999999999: a certificate ends with its last second */
} email_verify;
EMAIL_API email_code email_trust_verify(email_trust *trust, const email_verify *question,
                                        email_reasons *reasons, email_error *error);

/* The last failure. Valid until the next call on the object. */
EMAIL_API const email_error *email_trust_error(email_trust *trust);

#ifdef __cplusplus
}
#endif
#endif
