/* SPDX-License-Identifier: MIT */
/*
 * XML property sheets as trees that can be read, edited in place, and written. The only room that sees
 * libxml2. Knows nothing of accounts or trust: they give the names their meaning.
 *
 * Hostile input is refused before it costs: size, depth, attributes and elements are bounded, a DOCTYPE
 * is an error, nothing outside is ever opened. What a person wrote (comments, order, indentation) stays.
 */
#ifndef EMAIL__SHEET_SHEET_H
#define EMAIL__SHEET_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/error.h>

#include "base/buf.h"

typedef struct email__sheet email__sheet;
/* An element; belongs to the sheet, valid until it is removed. */
typedef struct email__node email__node;

/* Parses; root element and namespace must be these. `name` is the file's name for errors (file, line).
 * `max` bounds the bytes. Errors: EMAIL_E_SHEET, EMAIL_E_MEMORY. */
email_code email__sheet_parse(const void *bytes, size_t n, size_t max, const char *name, const char *root,
                              const char *ns, email__sheet **sheet, email_error *e);
/* An empty one. NULL: no memory. */
email__sheet *email__sheet_new(const char *root, const char *ns);
void email__sheet_free(email__sheet *sheet);
/* XML declaration, UTF-8, LF. A sheet that this wrote and parsed again gives the same bytes. */
email_code email__sheet_write(email__sheet *sheet, email__buf *out);

email__node *email__sheet_root(email__sheet *sheet);
/* Child elements in document order; NULL past the last. */
email__node *email__node_first(email__node *node);
email__node *email__node_next(email__node *node);
const char *email__node_name(const email__node *node);
int email__node_line(const email__node *node);
/* The attribute's text, or NULL. */
const char *email__node_attribute(const email__node *node, const char *name);
/* The i-th attribute's name, NULL past the last: so that unknown ones are refused. */
const char *email__node_attribute_at(const email__node *node, size_t i);
/* True where it holds elements. */
bool email__node_has_children(const email__node *node);
/* True where it holds text of its own, white space aside: what an element of elements must not. */
bool email__node_has_text(const email__node *node);
/* The text of an element without child elements, white space at both ends trimmed, into `out` (cleared
 * first). EMAIL_E_SHEET: it has child elements, or is over out->max. */
email_code email__node_text(const email__node *node, email__buf *out);

/* Text as given; control characters other than tab and LF are EMAIL_E_VALUE. */
email_code email__node_set_text(email__node *node, const char *text);
/* NULL removes the attribute. */
email_code email__node_set_attribute(email__node *node, const char *name, const char *value);
/* A new element in `parent`, before `before` (NULL: last), indented like its neighbours. NULL: no memory. */
email__node *email__node_add(email__node *parent, email__node *before, const char *name);
/* Removes the element and the white space that indented it. */
void email__node_remove(email__node *node);

#endif
