/* SPDX-License-Identifier: MIT */
/* What everything that uses PSA needs first. */
#ifndef EMAIL__CRYPTO_CRYPTO_H
#define EMAIL__CRYPTO_CRYPTO_H

#include <emailservice/error.h>

/*
 * Makes PSA ready; cheap when it is, so every user calls it and nobody keeps a flag. There is no opposite:
 * PSA's state belongs to the whole process, and the application may use it too.
 * Errors: EMAIL_E_MEMORY, EMAIL_E_TLS (no entropy).
 */
email_code email__crypto_init(email_error *e, email_stage stage);

#endif
