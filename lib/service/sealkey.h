/* SPDX-License-Identifier: MIT */
/* Where the key that secrets are sealed under comes from: the application, or a file. It is never kept. */
#ifndef EMAIL__SERVICE_SEALKEY_H
#define EMAIL__SERVICE_SEALKEY_H

#include <emailservice/service.h>

typedef struct email__seal_source {
	email_seal_key_fn ask; /* NULL: */
	void *context;
	char *path; /* of a file; NULL: there is no key */
} email__seal_source;

/* EMAIL_SEAL_KEY_SIZE bytes, which the caller wipes. EMAIL_E_UNKNOWN: there is no key, which is told to nobody;
 * EMAIL_E_SECRET: it is not to be had; EMAIL_E_MEMORY. */
email_code email__seal_source_key(const email__seal_source *source, unsigned char *key, email_error *e);
void email__seal_source_dispose(email__seal_source *source);

#endif
