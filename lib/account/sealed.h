/* SPDX-License-Identifier: MIT */
/*
 * Secrets sealed for one account and one of its properties, under the key of the account's service.
 *
 * Bound to a value is a constant that says what it is, the account's name and the property's: it opens nowhere else, so
 * that whoever can write a sheet cannot have one account's password sent to another's server. The service itself is
 * told by its key: sheets move between folders and stations, and two services that must not open each other's values
 * have two keys.
 */
#ifndef EMAIL__ACCOUNT_SEALED_H
#define EMAIL__ACCOUNT_SEALED_H

#include "account/account.h"

/*
 * What the secret, a sealed one, says, appended to `out`. `name` is the account's at the time it was sealed.
 * Errors: EMAIL_E_SECRET (no key, another key, changed, sealed for something else: `e` says which), EMAIL_E_MEMORY, EMAIL_E_TLS.
 */
email_code email__sealed_open(const email_account *account, const char *name, const char *property,
                              const email__secret *secret, email__buf *out, email_error *e);
/* Makes a secret that is kept as its text a sealed one. EMAIL_E_UNKNOWN: there is no key, which is told to nobody;
 * EMAIL_E_SECRET: the key is not to be had; EMAIL_E_MEMORY, EMAIL_E_TLS. The secret is then as it was. */
email_code email__sealed_make(const email_account *account, const char *name, const char *property,
                              email__secret *secret, email_error *e);
/* What was sealed for the account under its own name, sealed anew for its new one. Errors: as email__sealed_open(). */
email_code email__sealed_rename(const email_account *account, const char *new_name, const char *property,
                                email__secret *secret, email_error *e);

#endif
