/* SPDX-License-Identifier: MIT */
/*
 * The lines of a body, as fast as they can be passed over: from one that begins with "--", and so may be a
 * boundary (RFC 2046 5.1.1), to the next, with what is wrong with those between.
 */
#ifndef EMAIL__MIME_LINES_H
#define EMAIL__MIME_LINES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email__lines {
	const char *line; /* begins here, or goes on here where it began earlier */
	const char *end;  /* of what there is */
	const char *hold; /* where the line before `line` ends, in front of its line end */
	size_t before;    /* bytes of `line` that came earlier */
	/* of the lines passed: */
	size_t crlf;   /* that end in CRLF */
	bool bare_lf;  /* one ends in LF */
	bool too_long; /* one is longer than RFC 5322 2.1.1 allows */
} email__lines;

/* `s` is where line and hold stand. */
static inline void
email__lines_init(email__lines *l, const char *s, size_t n, size_t before)
{
	*l = (email__lines){s, s + n, s, before, 0, false, false};
}

/* To the next line whose first two bytes are "--", behind a line end. False: none, `line` is the last one,
 * without a line end, and maybe empty. */
bool email__lines_next(email__lines *l);
/* How many CRs there are, and whether a NUL. */
size_t email__lines_crs(const char *s, size_t n, bool *nul);

#endif
