/* SPDX-License-Identifier: MIT */
/*
 * Runs a golden POP3 dialogue against the engine, as a driver would, in any way of cutting the bytes. A
 * transcript is text, one thing a line:
 *
 *     # a remark
 *     config starttls tls plaintext mechanism=NAME; user=.. and more: support/replay_login.h
 *            delete      the handler deletes each message at its end
 *            refuse=N    it refuses message N at its beginning     drop=N  at its first piece
 *            stop=N      it cancels at the beginning of N          halt=N  at the end of N
 *     S: a line of the server                  S- raw: \r \n \0 \e \\ are meant     repeat N TEXT  N such lines
 *     C: a line of the client                  C- raw
 *     T  the connection becomes a TLS one      X  the server closes
 *     > list [uids]     > fetch N,N.. [header]     > settle N deleted|left|seen     > noop     > quit
 *     = an event: "listed N UID SIZE", "begin N", "end N CODE", "settled N CODE"
 *     =| a line of message, CRLF added         =- raw
 *     session CODE [STAGE]                     what the link's error is in the end
 *     flights N                                says TEXT: part of the error's text or remedy
 *
 * Lines of one side that follow each other are one flight: the engine has to have written all of it, and
 * not a byte more, before the server's answer is fed. Requests are made where they stand, with the
 * engine ready. Events stand anywhere; their order among themselves counts.
 */
#ifndef EMAIL_TEST_POP3_REPLAY_H
#define EMAIL_TEST_POP3_REPLAY_H

#include "support/replay.h"

typedef struct email_test_pop3 email_test_pop3;

/* NULL with a complaint on standard error. */
email_test_pop3 *email_test_pop3_load(const char *path);
void email_test_pop3_free(email_test_pop3 *t);
/* Bytes that the server says in all. */
size_t email_test_pop3_size(const email_test_pop3 *t);
/* NULL where all went as written down (where cut or lenient: where nothing false was told), else what
 * did not. */
const char *email_test_pop3_replay(email_test_pop3 *t, const email_test_how *how);

#endif
