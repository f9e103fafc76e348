/* SPDX-License-Identifier: MIT */
/*
 * Many hands at one queue (Q12): two processes that queue, two that would be its worker, and a person who cancels and queues
 * again; each is killed at any time, and another takes its place.
 */
#ifndef EMAIL_CRASH_HANDS_H
#define EMAIL_CRASH_HANDS_H

/* For so many milliseconds; then what is left is recovered and sent, and the whole is held to the contract. Returns how often
 * that was broken, each told on standard error. */
int hands_run(const char *folder, unsigned seed, long ms);

#endif
