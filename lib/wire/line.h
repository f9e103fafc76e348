/* SPDX-License-Identifier: MIT */
/*
 * Lines as servers send them. A line ends in CRLF; a bare LF is taken as an end too, since some devices
 * send nothing else and no reply means something else for it. A CR anywhere but before the LF is refused:
 * it can hide a second line from whoever reads the transcript.
 */
#ifndef EMAIL__WIRE_LINE_H
#define EMAIL__WIRE_LINE_H

#include "base/buf.h"

/*
 * Takes one whole line from the front of `in`: *line and *n without its end, valid until the next append
 * to `in`. EMAIL_OK with *line NULL: none is whole yet.
 * Errors: EMAIL_E_LIMIT: more than `max` bytes (its end counted) and no end of line;
 *         EMAIL_E_PROTOCOL: a bare CR.
 */
email_code email__line_next(email__buf *in, size_t max, const char **line, size_t *n);

#endif
