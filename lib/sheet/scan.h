/* SPDX-License-Identifier: MIT */
/*
 * A look at a sheet's bytes before libxml2 sees them, in one pass: it is there because libxml2 2.9 gathers
 * an element's attributes, at a cost that grows with their square, before it tells anybody, and takes
 * texts of any length. What this lets through has tags, comments and quotes whose borders nobody can read
 * in another way, so that the counts hold for the parser behind it too.
 */
#ifndef EMAIL__SHEET_SCAN_H
#define EMAIL__SHEET_SCAN_H

#include <stddef.h>

#include <emailservice/error.h>

/*
 * EMAIL_OK, or EMAIL_E_SHEET with a sentence and *line (from 1): not UTF-8, declared as something else, a
 * NUL, a DOCTYPE, a tag that is not whole, or one of the EMAIL__SHEET_..._MAX exceeded. Whether tags
 * match, and what names mean, is left to the parser.
 */
email_code email__sheet_scan(const void *bytes, size_t n, int *line, email_error *e);

#endif
