/* SPDX-License-Identifier: MIT */
#include "mime/lines.h"

#include <string.h>

#include "base/limits.h"

/* Bytes that are counted at a time: a length that compilers turn into vector code, and that a byte counts. */
#define BLOCK 64

bool
email__lines_next(email__lines *l)
{
	const char *lf;

	while (l->line < l->end && (lf = memchr(l->line, '\n', (size_t)(l->end - l->line)))) {
		bool crlf = lf > l->line && lf[-1] == '\r';

		l->hold = lf - crlf;
		l->crlf += crlf;
		l->bare_lf |= !crlf;
		l->too_long |= (size_t)(l->hold - l->line) + l->before > EMAIL__LINE_MAX;
		l->before = 0;
		l->line = lf + 1;
		if (l->end - l->line >= 2 && l->line[0] == '-' && l->line[1] == '-')
			return true;
	}
	return false;
}

size_t
email__lines_crs(const char *s, size_t n, bool *nul)
{
	size_t crs = 0;

	*nul = false;
	for (; n >= BLOCK; s += BLOCK, n -= BLOCK) {
		unsigned char cr = 0, zero = 0;
		size_t i;

		for (i = 0; i < BLOCK; i++) {
			cr = (unsigned char)(cr + (s[i] == '\r'));
			zero |= s[i] == '\0';
		}
		crs += cr;
		*nul |= zero;
	}
	for (; n; s++, n--) {
		crs += *s == '\r';
		*nul |= *s == '\0';
	}
	return crs;
}
