/* SPDX-License-Identifier: MIT */
/*
 * The tree of a message that was read: one pass of the event parser keeps the fields of every part as they
 * stand, and where the bodies lie. Everything else is decoded when it is asked for, and kept. One
 * allocation for the object, and the arena's chunks.
 */
#ifndef EMAIL__MIME_TREE_H
#define EMAIL__MIME_TREE_H

#include <emailservice/parse.h>

#include "base/arena.h"
#include "base/reader.h"

typedef struct email__tree email__tree;

/* Reads the whole of it; the reader must outlive the tree, and give the same bytes again. `old` is the tree of
 * another message, whose memory is used again, or NULL; it is gone then, with or without an error.
 * Errors: NULL; EMAIL_E_MEMORY, or what the reader says. */
email__tree *email__tree_read(email__tree *old, const email__reader *reader, email_error *e);
void email__tree_free(email__tree *t);

#endif
