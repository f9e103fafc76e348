/* SPDX-License-Identifier: MIT */
/* Letters that can be told apart by their bytes, for the tests of a queue with many mails, many hands, or no room. */
#ifndef EMAIL_CRASH_LETTERS_H
#define EMAIL_CRASH_LETTERS_H

#include "queue/spool.h"

/* The time of this machine, in a boot that is always the same. */
#define LETTERS_BOOT "aaaaaaaaaaaaaaaa"
email__now letters_now(void);

/* Queues letter number n: its subject is the number, its bytes (`size` of them) tell it. */
email_code letters_put(email__spool *s, int n, int priority, const char *key, size_t recipients, size_t size,
                       char *id, email_error *e);
/* The number of one that is on its way, or waits; -1: none of ours. */
int letters_number(const email__mailfile *mail);
/* Reads it as a server does. False: these are not the bytes that were queued. */
bool letters_intact(email__attempt *a, int n, size_t size);

/* The files in FOLDER/area. */
size_t letters_files(const char *folder, const char *area);

#endif
