/* SPDX-License-Identifier: MIT */
/* For every row of the property table: texts that it takes, and texts that it must refuse. */
#ifndef EMAIL_TEST_SAMPLES_H
#define EMAIL_TEST_SAMPLES_H

#include "account/properties.h"

/* A good text that is not the default, in its canonical form (where there is one: transport has one word).
 * Valid until the next call. */
const char *email_test_good(const email__property *row);
/* The i-th bad text; NULL past the last. Valid until the next call. */
const char *email_test_bad(const email__property *row, size_t i);
/* An authenticator type that has this row; "none" for rows that are no authenticator's. */
const char *email_test_authenticator(const email__property *row);

#endif
