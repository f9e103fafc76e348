/* SPDX-License-Identifier: MIT */
/*
 * Reaching a host: look-up, then its addresses raced as RFC 8305 says, both families in turn, a new attempt
 * each 250 ms or as soon as one fails. The first that connects wins, the others are closed. The caller has the
 * clock of the whole; nothing here waits.
 */
#ifndef EMAIL__NET_DIAL_H
#define EMAIL__NET_DIAL_H

#include <poll.h>
#include <stdint.h>

#include "net/cancel.h"
#include "net/socket.h"

typedef struct email__dial email__dial;

typedef enum email__dial_state {
	EMAIL__DIAL_BUSY,
	EMAIL__DIAL_CONNECTED,
	EMAIL__DIAL_FAILED
} email__dial_state;

/* At most this many descriptors are waited for. */
#define EMAIL__DIAL_FDS EMAIL__ADDRESSES_MAX

/* `local`: address or interface to bind to; "" for none. Host, local and cancel must outlive it. NULL: no
 * memory. */
email__dial *email__dial_new(const char *host, int port, const char *local, email__cancel *cancel);
/* Closes what is left of it. */
void email__dial_free(email__dial *d);

/* Goes as far as it can. `polled` is what email__dial_fds() filled and poll(2) answered, or NULL: it looks
 * for itself. Errors: EMAIL_E_RESOLVE, EMAIL_E_CONNECT, EMAIL_E_MEMORY. */
email__dial_state email__dial_step(email__dial *d, const struct pollfd *polled, size_t count, email_error *e);
/* What to wait for: descriptors (returns how many), and when to step in any case (monotonic milliseconds;
 * INT64_MAX: no need). */
size_t email__dial_fds(const email__dial *d, struct pollfd fds[EMAIL__DIAL_FDS]);
int64_t email__dial_next(const email__dial *d);
/* The caller's deadline passed: the error that says so. */
email_code email__dial_timeout(const email__dial *d, long ms, email_error *e);

/* Once it is connected: the descriptor, which stays in the list of `cancel`, is the caller's. */
int email__dial_take(email__dial *d);
/* The address it goes to, "192.0.2.1 port 465"; and how many addresses the host has (0: a literal). */
void email__dial_peer(const email__dial *d, char out[EMAIL__ADDRESS_TEXT + 16]);
size_t email__dial_found(const email__dial *d);
/* The look-up is over. */
bool email__dial_resolved(const email__dial *d);

#endif
