/* SPDX-License-Identifier: MIT */
/*
 * What a power cut may leave, by a model weaker than any file system: of what was done and not synced, each write is kept,
 * dropped or half kept, each name made, removed or moved or not, whatever came first. A name that moves from one folder to
 * another may be in both, and where the old folder was synced and the new one was not, in neither.
 */
#ifndef EMAIL_CRASH_STATES_H
#define EMAIL_CRASH_STATES_H

#include "crash/fault.h"

/* Called for each state that differs from those before, built under `parent`; `op`: so many operations had been done when the
 * power failed. False stops. */
typedef bool (*states_visit)(void *context, unsigned long op, const char *label);

/* `root`: the inode that stood for `parent` when the operations were recorded. Every state where there are no more than
 * `most` at a point, else a choice, of which the least is that all is kept, dropped, half kept; cuts from operation `from` on.
 * `journal`: a name moves between folders in one step, as it does on file systems that have one. Returns how many were
 * visited. */
unsigned long states_build(fault_op *ops, size_t n, uint64_t root, const char *parent, size_t from,
                           unsigned most, bool journal, states_visit visit, void *context);
/* Does the sync of this inode, before operation `at`, make anything durable that is not? */
bool states_sync_matters(const fault_op *ops, size_t at, uint64_t inode);

#endif
