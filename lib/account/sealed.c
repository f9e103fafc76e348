/* SPDX-License-Identifier: MIT */
#include "account/sealed.h"

#include <string.h>

#include "account/accept.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/wipe.h"
#include "codec/base64.h"
#include "crypto/seal.h"

_Static_assert(EMAIL__BASE64_LEN(EMAIL__SECRET_MAX + EMAIL__SEAL_MORE) == EMAIL__SEALED_MAX,
               "EMAIL__SEALED_MAX");

#define PURPOSE "urn:emailservice:sealed-secret:1"

/* Three texts, each with its NUL, which none of them can hold. */
static email_code
bind(email__buf *bound, const char *name, const char *property)
{
	email_code rc;

	email__buf_init(bound, EMAIL__SEAL_BOUND_MAX);
	if ((rc = email__buf_add(bound, PURPOSE, sizeof PURPOSE)) ||
	    (rc = email__buf_add(bound, name, strlen(name) + 1)))
		return rc;
	return email__buf_add(bound, property, strlen(property) + 1);
}

static email_code
key_of(const email_account *account, unsigned char key[EMAIL__SEAL_KEY], email_error *e)
{
	return account->owner && account->owner->seal_key
	               ? account->owner->seal_key(account->owner->service, key, e)
	               : EMAIL_E_UNKNOWN;
}

/* --- opening --- */

static email_code
explain(email_code rc, const char *property, email_error *e)
{
	const char *why =
		rc == EMAIL_E_UNKNOWN ? "was sealed under another key"
		: rc == EMAIL_E_SECRET
			? "cannot be unsealed: it was changed, or sealed for another account or property"
			: "is sealed in no form that this version knows";

	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_NONE);
	if (rc == EMAIL_E_TLS)
		return email__error_set(e, rc, EMAIL_STAGE_NONE,
		                        "%s cannot be unsealed: the TLS library fails", property);
	email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE, "%s %s", property, why);
	email__error_remedy(e, "%s",
	                    rc == EMAIL_E_UNKNOWN ? "give the key that it was sealed under, or set it anew"
	                                          : "set it anew");
	return EMAIL_E_SECRET;
}

static email_code
no_key(const char *property, email_error *e)
{
	email__error_set(e, EMAIL_E_SECRET, EMAIL_STAGE_NONE, "%s is sealed, and there is no seal key",
	                 property);
	email__error_remedy(e,
	                    "give the key that it was sealed under (emailctl: --seal-key), or set it anew");
	return EMAIL_E_SECRET;
}

static email_code
unseal(const unsigned char *key, const email__buf *bound, const char *text, email__buf *out)
{
	size_t n = strlen(text);
	email__buf blob;
	unsigned char *bytes, *room;
	email_code rc = EMAIL_E_MEMORY;

	email__buf_init(&blob, EMAIL__SEALED_MAX);
	if (!(bytes = email__buf_room(&blob, n / 4 * 3 + 1)))
		goto out;
	if (email__base64_decode(bytes, &n, text, n) || n < EMAIL__SEAL_MORE ||
	    n > EMAIL__SECRET_MAX + EMAIL__SEAL_MORE) {
		rc = EMAIL_E_VALUE;
		goto out;
	}
	rc = EMAIL_E_MEMORY;
	/* one byte more: even an empty buffer has a place then */
	if (!(room = email__buf_room(out, n - EMAIL__SEAL_MORE + 1)))
		goto out;
	rc = email__unseal(key, email__buf_head(bound), email__buf_len(bound), bytes, n, room);
	if (rc == EMAIL_OK)
		email__buf_added(out, n - EMAIL__SEAL_MORE);
out:
	email__buf_dispose(&blob);
	return rc;
}

email_code
email__sealed_open(const email_account *account, const char *name, const char *property,
                   const email__secret *secret, email__buf *out, email_error *e)
{
	unsigned char key[EMAIL__SEAL_KEY];
	email_code rc = key_of(account, key, e);
	email__buf bound;

	if (rc == EMAIL_E_UNKNOWN)
		return no_key(property, e);
	if (rc)
		return rc;
	if ((rc = bind(&bound, name, property)) || (rc = unseal(key, &bound, secret->text, out)))
		rc = explain(rc, property, e);
	email__buf_dispose(&bound);
	email__wipe(key, sizeof key);
	return rc;
}

/* --- sealing --- */

static email_code
seal(const unsigned char *key, const email__buf *bound, email__secret *secret)
{
	/* what is sealed is there: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	size_t n = strlen(secret->text), sealed = n + EMAIL__SEAL_MORE;
	email__buf blob, text;
	unsigned char *bytes, *room;
	email_code rc = EMAIL_E_MEMORY;

	email__buf_init(&blob, sealed);
	email__buf_init(&text, EMAIL__BASE64_LEN(sealed) + 1);
	if (!(bytes = email__buf_room(&blob, sealed)) ||
	    !(room = email__buf_room(&text, EMAIL__BASE64_LEN(sealed) + 1)))
		goto out;
	if ((rc = email__seal(key, email__buf_head(bound), email__buf_len(bound), secret->text, n, bytes)))
		goto out;
	room[email__base64_encode((char *)room, bytes, sealed)] = '\0';
	rc = email__secret_keep(secret, EMAIL__SECRET_SEALED, (const char *)room);
out:
	email__buf_dispose(&text);
	email__buf_dispose(&blob);
	return rc;
}

email_code
email__sealed_make(const email_account *account, const char *name, const char *property,
                   email__secret *secret, email_error *e)
{
	unsigned char key[EMAIL__SEAL_KEY];
	email__secret_origin origin = secret->origin;
	email_code rc = key_of(account, key, e);
	email__buf bound;

	if (rc)
		return rc;
	if ((rc = bind(&bound, name, property)) || (rc = seal(key, &bound, secret))) {
		if (rc == EMAIL_E_MEMORY)
			email__error_memory(e, EMAIL_STAGE_NONE);
		else
			rc = email__error_set(e, EMAIL_E_TLS, EMAIL_STAGE_NONE,
			                      "%s cannot be sealed: the TLS library fails", property);
	}
	secret->origin = origin;
	email__buf_dispose(&bound);
	email__wipe(key, sizeof key);
	return rc;
}

email_code
email__sealed_rename(const email_account *account, const char *new_name, const char *property,
                     email__secret *secret, email_error *e)
{
	email__secret fresh = {.kind = EMAIL__SECRET_NONE};
	email__secret_origin origin = secret->origin;
	const char *text;
	email__buf clear;
	email_code rc;

	email__buf_init(&clear, EMAIL__SECRET_MAX + 2);
	clear.secret = true;
	rc = email__sealed_open(account, account->name, property, secret, &clear, e);
	if (rc == EMAIL_OK &&
	    (!(text = email__buf_text(&clear)) || email__secret_keep(&fresh, EMAIL__SECRET_VALUE, text)))
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
	if (rc == EMAIL_OK)
		rc = email__sealed_make(account, new_name, property, &fresh, e);
	email__buf_dispose(&clear);
	if (rc) {
		email__secret_dispose(&fresh);
		/* the key went between the two: as if it had never been there */
		return rc == EMAIL_E_UNKNOWN ? no_key(property, e) : rc;
	}
	email__secret_dispose(secret);
	*secret = fresh;
	secret->origin = origin;
	return EMAIL_OK;
}
