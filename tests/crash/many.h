/* SPDX-License-Identifier: MIT */
/* A queue of many mails: how long it takes to queue, start, look, send and clear, with bounds; how much memory; in which order. */
#ifndef EMAIL_CRASH_MANY_H
#define EMAIL_CRASH_MANY_H

/* Returns how many bounds were broken, each told on standard error. */
int many_run(const char *folder, unsigned letters);

#endif
