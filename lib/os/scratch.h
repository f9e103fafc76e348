/* SPDX-License-Identifier: MIT */
/*
 * Bytes put aside for a while, to be read again from any place: in memory while they are few, beyond that in a
 * file without a name, which is gone when the process is. A message that is received lies here while the handler
 * looks at it, so that the largest one takes no more memory than a small one.
 */
#ifndef EMAIL__OS_SCRATCH_H
#define EMAIL__OS_SCRATCH_H

#include "base/buf.h"
#include "base/reader.h"

typedef struct email__scratch {
	email__buf memory; /* all of it, or what waits to be written */
	char *folder;
	int fd; /* -1: nothing is in the file */
	uint64_t written;
} email__scratch;

/* `folder` is where the file goes (NULL: $TMPDIR, else /tmp); copied. At most `memory` bytes, one at
 * least, stay in memory. EMAIL_E_MEMORY. */
email_code email__scratch_init(email__scratch *s, const char *folder, size_t memory);
void email__scratch_dispose(email__scratch *s);
/* Empty again; memory and file stay for the next, which is written over it. */
void email__scratch_clear(email__scratch *s);
/* Empty again; memory and file go, until something is added. */
void email__scratch_rest(email__scratch *s);
/* Errors: EMAIL_E_FILE (no room on the disk), EMAIL_E_MEMORY. */
email_code email__scratch_add(email__scratch *s, const void *bytes, size_t n, email_error *e);
/* What was added, for reading until the next _add, _clear or _dispose. Errors: EMAIL_E_FILE. */
email_code email__scratch_reader(email__scratch *s, email__reader *reader, email_error *e);

#endif
