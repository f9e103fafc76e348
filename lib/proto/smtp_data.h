/* SPDX-License-Identifier: MIT */
/*
 * A message on its way into the wire's own form: every line ends in CRLF, whatever it ended in before,
 * and only then is a dot at the beginning of a line doubled (RFC 5321 4.5.2). The order matters: a server
 * must never see a bare CR or LF, since some take one as the end of the data ("SMTP smuggling").
 */
#ifndef EMAIL__PROTO_SMTP_DATA_H
#define EMAIL__PROTO_SMTP_DATA_H

#include <stdbool.h>

#include "base/source.h"

/* At most what _end() writes: CRLF . CRLF */
#define EMAIL__SMTP_DATA_TAIL 5

typedef struct email__smtp_data {
	bool stuff;      /* for DATA: dots are doubled, and a dot ends it; for BDAT neither */
	bool line_start; /* what comes next begins a line */
	bool after_cr;   /* a CR came last and went out as CRLF: a LF that follows is part of it */
	bool ended;
	int ahead; /* a byte that was read to see whether the source goes on, or -1 */
} email__smtp_data;

void email__smtp_data_start(email__smtp_data *d, bool stuff);
/*
 * Writes n bytes of `in` to `out` and returns how many became of them: 2 * n at most. `out` may lie in
 * front of `in` in one block, with n bytes or more between them.
 */
size_t email__smtp_data_put(email__smtp_data *d, unsigned char *out, const unsigned char *in, size_t n);
/* What ends the message: the end of its last line where that has none, and the dot. */
size_t email__smtp_data_end(email__smtp_data *d, unsigned char *out);
/*
 * Fills room[0, size) from the source as far as it goes, the end of the message with it where it comes
 * that soon (d->ended): it looks one byte ahead, so that an end is never left to travel alone. `size` is
 * 64 at least. Errors: the source's.
 */
email_code email__smtp_data_fill(email__smtp_data *d, const email__source *source, unsigned char *room,
                                 size_t size, size_t *used);

#endif
