/* SPDX-License-Identifier: MIT */
/*
 * What every client of the MIME benchmark does the same: one command line in, one line of JSON out. A
 * client is this and one file that knows its library.
 *
 *     CLIENT WORK FILE PASSES
 *
 * events, parse, decode: FILE is a mailbox (bench/mailbox.py), each message of which is read PASSES times.
 * attach, text: FILE is what is composed PASSES times: a message with it attached as base64; one with it
 * as its text, in quoted-printable. What comes out goes nowhere.
 */
#ifndef BENCH_MIME_H
#define BENCH_MIME_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bench_mime {
	BENCH_EVENTS, /* read without keeping: no tree */
	BENCH_PARSE,  /* to the tree */
	BENCH_DECODE, /* and the transfer encoding of every leaf undone */
	BENCH_ATTACH,
	BENCH_TEXT
} bench_mime;

/* What was found, so that all are seen to do the same work. */
typedef struct bench_found {
	unsigned long leaves; /* parts without parts in them */
	unsigned long bytes;  /* their decoded bytes; of what is composed, the bytes that came out */
} bench_found;

/* The client's own part: 0, or 1 where its library cannot do such work. */
int bench_mime_start(bench_mime work);
void bench_mime_read(bench_mime work, const char *message, size_t size, bench_found *found);
/* `data` is followed by a NUL. */
void bench_mime_compose(bench_mime work, const char *data, size_t size, bench_found *found);

#ifdef __cplusplus
}
#endif
#endif
