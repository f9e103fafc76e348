/* SPDX-License-Identifier: MIT */
/*
 * What the event parser says of a message, written down in a form that does not depend on how the message
 * was cut into pieces; and whether it kept its promises meanwhile: parts begin and end in pairs, positions
 * grow and stay inside, data is what the message holds there, bounds hold, a defect is told once.
 */
#ifndef EMAIL_TEST_EVENTS_H
#define EMAIL_TEST_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "mime/parse.h"

typedef struct email_test_events {
	email__parse parse;
	char *text; /* ends in NUL */
	size_t text_n, text_room;
	const char *broken; /* the promise that was not kept, or NULL */
	size_t calls;       /* of data */
	email_code rc;
	size_t fail_at; /* the event that returns EMAIL_E_CANCELLED, from 1; 0: none */

	const char *bytes;
	size_t size, at, data_at;
	unsigned parts, depth;
	size_t events, fields, header_n;
	bool leaf;
	unsigned stack[EMAIL__DEPTH_MAX + 2];
	int told[EMAIL_DEFECT_COUNT]; /* the part, or -1 */
} email_test_events;

/*
 *     part 1 of 0 @92
 *     Content-Type: text/html; charset=UTF-8
 *     = text/html utf-8 base64 @132
 *     [content as it is]              or [1234 bytes]
 *     end 1 @136
 *     ! endBoundary 0                 all of them at the end
 */
void email_test_events_init(email_test_events *r);
/* Pieces of `chunk` bytes (0: one piece), or where `seed` is not 0 of random sizes up to that. The message is
 * passed in copies of exactly the pieces' sizes where `copy`. */
void email_test_events_run(email_test_events *r, const void *bytes, size_t size, size_t chunk, unsigned seed,
                           bool copy);
void email_test_events_dispose(email_test_events *r);

#endif
