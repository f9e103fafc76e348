/* SPDX-License-Identifier: MIT */
/*
 * The System Trust Store: a bundle or a folder of the operating system, read when a root is needed and
 * never kept. A file that is cut off, or cannot be read, or a want of memory is an error and never a
 * smaller store.
 */
#ifndef EMAIL__TRUST_STORE_H
#define EMAIL__TRUST_STORE_H

#include "trust/path.h"

/* What a load found. */
typedef struct email__store_count {
	size_t loaded, skipped;
	char why[96]; /* of the first one skipped */
} email__store_count;

/* The path to read: `setting`, or where it is empty the first place that a known system has. NULL: none. */
const char *email__store_path(const char *setting);
const char *email__store_find(bool (*exists)(const char *path));

/* Visits every certificate that parses, until the callback returns anything but EMAIL_OK. */
typedef email_code (*email__store_fn)(void *context, const email__cert *cert);
email_code email__store_visit(const char *path, email__store_fn visit, void *context,
                              email__store_count *count, email_error *e);

/* Copies that a pool points into. */
typedef struct email__anchors {
	unsigned char *der[EMAIL__POOL_MAX];
	size_t count;
} email__anchors;

/* Adds to the pool the roots that issued something in it, or that are in it. */
email_code email__store_lookup(const char *path, email__pool *pool, email__anchors *anchors,
                               email__store_count *count, email_error *e);
void email__anchors_dispose(email__anchors *anchors);

#endif
