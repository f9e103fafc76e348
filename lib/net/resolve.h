/* SPDX-License-Identifier: MIT */
/*
 * Looking up a host name without being blocked by it: getaddrinfo(3) runs in a thread of its own, whose
 * result stands in shared memory that the last of the two frees. A look-up that hangs past its session's
 * deadline is left behind; no more than EMAIL__LOOKUPS_MAX may hang at a time.
 */
#ifndef EMAIL__NET_RESOLVE_H
#define EMAIL__NET_RESOLVE_H

#include "net/socket.h"

typedef struct email__lookup email__lookup;

/* An address literal (an IPv6 one may have a zone): its address, at once. False: it is a name. */
bool email__resolve_literal(const char *host, int port, email__addresses *found);

/* NULL with *e: EMAIL_E_MEMORY, EMAIL_E_RESOLVE (too many hang; no thread or descriptor to be had). */
email__lookup *email__lookup_start(const char *host, int port, email_error *e);
/* Readable once it is over. Shutting it down wakes who waits for it. */
int email__lookup_fd(const email__lookup *l);
bool email__lookup_over(const email__lookup *l);
/* Once it is over. EMAIL_E_RESOLVE; one address at least where EMAIL_OK. */
email_code email__lookup_result(const email__lookup *l, email__addresses *found, email_error *e);
/* Lets go of it; the descriptor is the caller's to close. */
void email__lookup_free(email__lookup *l);

/* Look-ups that are under way, those left behind included. */
int email__lookups_running(void);

/* How names are looked up: fills `found`, and returns 0 or one of getaddrinfo's codes. NULL: getaddrinfo.
 * It is called in the look-up's thread. For tests; set before any look-up. */
typedef int (*email__resolver_fn)(const char *host, int port, email__addresses *found);
void email__resolve_set(email__resolver_fn resolver);

#endif
