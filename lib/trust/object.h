/* SPDX-License-Identifier: MIT */
/* The trust object: the record, its sheet, and how several threads and processes share it. */
#ifndef EMAIL__TRUST_OBJECT_H
#define EMAIL__TRUST_OBJECT_H

#include <emailservice/trust.h>

#include "os/file.h"
#include "os/mutex.h"
#include "trust/when.h"
#include "trust/record.h"

struct email_trust {
	email__mutex mutex;
	char *folder, *path, *lock_path; /* NULL: kept in memory */
	email__record record;
	bool loaded; /* `stamp` is of the file that the record came from */
	email__file_stamp stamp;
	email_error fault; /* the sheet cannot be read; EMAIL_OK: none */
	email_error error; /* the last failure of a public call */
	unsigned long generation;
	uint64_t digest; /* of what the generation stands for */
	email__file_stamp store_stamp, crl_stamp;
	bool clock_good;
	bool transient; /* nothing is recorded: for a connection without a trust object */
	email_challenge_fn challenge;
	void *challenge_context;
};

/* What a public call that reads begins with: takes the mutex, clears the error, and looks at the sheet as it stands;
 * the code says why it cannot be read. The caller lets the mutex go. */
email_code email__trust_begin(email_trust *trust);

/* The mutex is held by the caller for all of these. */

/* Reads the sheet again where another process replaced it. EMAIL_OK also with a fault standing (see
 * trust->fault); EMAIL_E_MEMORY. */
email_code email__trust_refresh(email_trust *trust, email_error *e);

/*
 * A transaction: lock file, the sheet as it stands now, the change, atomic save. The change works on
 * trust->record and either does all or returns an error. Nothing another process wrote is lost.
 * Errors: EMAIL_E_SHEET (a fault stands; the file is left alone), EMAIL_E_FILE, EMAIL_E_MEMORY, and the change's.
 */
typedef email_code (*email__change_fn)(email_trust *trust, void *context);
email_code email__trust_change(email_trust *trust, email__change_fn change, void *context, email_error *e);

email__when email__trust_when(const email_trust *trust, int64_t now);
/* A path of the sheet's: relative to it. The caller frees; NULL: no memory. */
char *email__trust_beside(const email_trust *trust, const char *path);

#endif
