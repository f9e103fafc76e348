/* SPDX-License-Identifier: MIT */
/*
 * Runs a golden IMAP dialogue against the engine, as a driver would, in any way of cutting the bytes. A transcript
 * is text as in support/replay.h, with these lines:
 *
 *     config starttls tls plaintext mechanism=NAME folder=NAME readonly processed=NAME; user=.. as there
 *     S: S- C: C- T X session CODE [STAGE] flights N says TEXT                   as there
 *     > list all|unseen FROM               > fetch whole|header|texts|from=N UID,UID..
 *     > settle|move left|seen|unseen|deleted UID,UID..                           > wait   > wake   > poll   > quit
 *     on UID begin|data|end CODE           the event returns that
 *     on UID settle FATE, on UID move FATE asked for inside its `end`
 *     = event                              what the caller is told: all of it, in order:
 *         listed UID SIZE|- seen|unseen DATE NAME    begin UID    end UID CODE    settled UID CODE    news
 *     =| line, =- raw                      the data that it gets
 */
#ifndef EMAIL_TEST_REPLAY_IMAP_H
#define EMAIL_TEST_REPLAY_IMAP_H

#include "support/replay.h"

typedef struct email_test_imap email_test_imap;

/* NULL with a complaint on standard error. */
email_test_imap *email_test_imap_load(const char *path);
void email_test_imap_free(email_test_imap *t);
/* Bytes that the server says in all. */
size_t email_test_imap_size(const email_test_imap *t);
/* NULL where all went as written down (where cut or lenient: where nothing false was told), else what did not. */
const char *email_test_imap_replay(email_test_imap *t, const email_test_how *how);

#endif
