/* SPDX-License-Identifier: MIT */
#include "service/sealkey.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/wipe.h"
#include "os/file.h"

#define SIZE EMAIL_SEAL_KEY_SIZE
/* Digits, and CRLF. */
#define FILE_MAX (2 * SIZE + 2)

static email_code
refuse(const char *path, const char *why, email_error *e)
{
	char shown[160];

	email__printable(shown, sizeof shown, path, strlen(path));
	email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE, "the seal key's file %s %s", shown, why);
	email__error_remedy(e, "expected 32 random bytes, or 64 hexadecimal digits, mode 0600");
	email__error_place(e, path, 0);
	return EMAIL_E_SECRET;
}

static bool
from_digits(const unsigned char *digits, size_t n, unsigned char *key)
{
	size_t i;

	if (n > 2 * SIZE && digits[n - 1] == '\n')
		n--;
	if (n > 2 * SIZE && digits[n - 1] == '\r')
		n--;
	if (n != 2 * SIZE)
		return false;
	for (i = 0; i < n; i += 2) {
		int high = email__hex_value((char)digits[i]), low = email__hex_value((char)digits[i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i / 2] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static email_code
from_file(const char *path, unsigned char *key, email_error *e)
{
	email_error why = {0};
	email__buf bytes;
	email_code rc;

	email__buf_init(&bytes, FILE_MAX);
	bytes.secret = true;
	rc = email__file_read(path, &bytes, &why);
	if (rc == EMAIL_E_MEMORY) {
		email__error_memory(e, EMAIL_STAGE_NONE);
	} else if (rc && rc != EMAIL_E_LIMIT) {
		rc = refuse(path, "could not be read", e);
		if (e)
			e->os = why.os;
	} else if (!rc && !email__file_private(path)) {
		rc = refuse(path, "may be used by others than its owner", e);
	} else if (!rc && email__buf_len(&bytes) == SIZE) {
		memcpy(key, email__buf_head(&bytes), SIZE);
	} else if (rc || !from_digits(email__buf_head(&bytes), email__buf_len(&bytes), key)) {
		rc = refuse(path, "holds no key", e);
	}
	email__buf_dispose(&bytes);
	return rc;
}

email_code
email__seal_source_key(const email__seal_source *source, unsigned char *key, email_error *e)
{
	email_code rc = EMAIL_OK;

	if (source->path)
		rc = from_file(source->path, key, e);
	else if (!source->ask)
		return EMAIL_E_UNKNOWN;
	else if (!source->ask(source->context, key))
		rc = email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE,
		                      "the application does not give the key that secrets are sealed under");
	if (rc)
		email__wipe(key, SIZE);
	return rc;
}

void
email__seal_source_dispose(email__seal_source *source)
{
	email__free(source->path);
	memset(source, 0, sizeof *source);
}
