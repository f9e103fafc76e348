/* SPDX-License-Identifier: MIT */
/*
 * Several properties at once, all or none: the work is done on a copy of the values, which takes the
 * place of the account's at the end. A sheet, set, unset and the typed setters all come this way, so
 * that the rules between properties stand in one place.
 */
#ifndef EMAIL__ACCOUNT_CHANGE_H
#define EMAIL__ACCOUNT_CHANGE_H

#include "account/properties.h"
#include "base/limits.h"

typedef struct email__change {
	email_account *account;
	email__values v;
	bool seen[EMAIL__PROPERTIES_MAX];
	bool says_ssl, says_start_tls; /* somebody asked for it, in so many words */
	bool ssl_by_default;           /* useSsl went back to its default: what Start TLS leaves */
} email__change;

/* EMAIL_E_MEMORY, with nothing to end. */
email_code email__change_begin(email__change *change, email_account *account);
/*
 * Sets one property; text NULL: back to its default. The authenticator's type must come before its fields.
 * Errors: EMAIL_E_UNKNOWN (not this kind's), EMAIL_E_VALUE (not valid, read-only, said twice, not this
 * authenticator's, both useSsl and useStartTls), EMAIL_E_SECRET (a new name, for which what is sealed
 *         cannot be sealed anew), EMAIL_E_MEMORY; e->property is filled.
 */
email_code email__change_put(email__change *change, const email__property *row, const char *text,
                             email_error *e);
/* Takes the new values, or throws them away. */
void email__change_commit(email__change *change);
void email__change_abandon(email__change *change);

#endif
