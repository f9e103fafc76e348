/* SPDX-License-Identifier: MIT */
#include "trust/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "os/clock.h"
#include "trust/certificate.h"
#include "trust/object.h"
#include "trust/pem.h"

#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define KEY_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define KEY_RNG
#endif

#define KEY_TEXT_MAX 16384 /* RSA with 8192 bits has 6,500 bytes */
#define FILE_MAX (EMAIL__CHAIN_MAX * 2 * EMAIL__CERTIFICATE_MAX)

static bool
alias_valid(const char *alias)
{
	size_t n = strlen(alias), i;

	for (i = 0; i < n; i++)
		if (!email__is_alpha(alias[i]) && !email__is_digit(alias[i]) && !strchr("._-", alias[i]))
			return false;
	return n > 0 && n <= 64 && alias[0] != '.' && alias[0] != '-';
}

/* NULL: no folder, or no memory. */
static char *
path_of(const email_trust *trust, const char *alias)
{
	char name[80], *folder, *path;

	snprintf(name, sizeof name, "%s.pem", alias);
	folder = trust->folder ? email__path_join(trust->folder, "keys") : NULL;
	path = folder && *alias ? email__path_join(folder, name) : NULL;
	if (!*alias)
		return folder;
	email__free(folder);
	return path;
}

static email_code
no_such_key(const char *alias, email_error *e)
{
	email__error_clear(e);
	email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_TRUST, "the User Key Store has no %.64s",
	                 alias_valid(alias) ? alias : "key of that name");
	email__error_remedy(e, "see emailctl keys list");
	return EMAIL_E_UNKNOWN;
}

email_code
email__trust_client_key(email_trust *trust, const char *alias, email__buf *pem, email_error *e)
{
	email_error own = {0};
	char *path = NULL;
	email_code rc;

	if (!trust || !trust->folder || !alias_valid(alias))
		return no_such_key(alias, e);
	if (!(path = path_of(trust, alias)))
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	rc = email__file_read(path, pem, &own);
	email__free(path);
	if (rc == EMAIL_E_FILE && own.os == ENOENT)
		return no_such_key(alias, e);
	if (rc == EMAIL_OK && (rc = email__buf_add(pem, "", 1)))
		return email__error_memory(e, EMAIL_STAGE_TRUST);
	if (rc)
		*e = own;
	return rc;
}

/* Chain and key as one text. EMAIL_E_CERTIFICATE: they do not parse, or do not belong together. */
static email_code
bring_together(mbedtls_x509_crt *chain, mbedtls_pk_context *key, const email_key_import *in, email__buf *out)
{
	const unsigned char *password = (const unsigned char *)in->password;
	size_t room = 2 * EMAIL__CERTIFICATE_MAX;
	const mbedtls_x509_crt *c;
	unsigned char *at;

	/* sizes count a NUL behind a PEM's text */
	if (mbedtls_x509_crt_parse(chain, in->certificates, in->certificates_size) ||
	    mbedtls_pk_parse_key(key, in->key, in->key_size, password,
	                         password ? strlen(in->password) : 0 KEY_RNG) ||
	    mbedtls_pk_check_pair(&chain->pk, key KEY_RNG))
		return EMAIL_E_CERTIFICATE;
	for (c = chain; c && c->raw.p; c = c->next) {
		if (!(at = email__buf_room(out, room)))
			return EMAIL_E_MEMORY;
		if (email__pem_write(email__span_of(c->raw.p, c->raw.len), (char *)at, room))
			return EMAIL_E_CERTIFICATE;
		email__buf_added(out, strlen((char *)at));
	}
	if (!(at = email__buf_room(out, KEY_TEXT_MAX)))
		return EMAIL_E_MEMORY;
	if (mbedtls_pk_write_key_pem(key, at, KEY_TEXT_MAX))
		return EMAIL_E_CERTIFICATE;
	email__buf_added(out, strlen((char *)at));
	return EMAIL_OK;
}

static email_code
save_key(email_trust *trust, const char *alias, const email__buf *text)
{
	email_error *e = &trust->error;
	char *folder = path_of(trust, ""), *path = path_of(trust, alias);
	email_code rc =
		folder && path ? email__folder_make(folder, e) : email__error_memory(e, EMAIL_STAGE_TRUST);

	if (rc == EMAIL_OK && email__file_exists(path))
		rc = email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TRUST, "the alias %s is taken", alias);
	if (rc == EMAIL_OK)
		rc = email__file_save(path, email__buf_head(text), email__buf_len(text), true, e);
	email__free(folder);
	email__free(path);
	return rc;
}

email_code
email_trust_import_key(email_trust *trust, const char *alias, const email_key_import *in)
{
	email_error *e = &trust->error;
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
	email__buf text;
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(e);
	mbedtls_x509_crt_init(&chain);
	mbedtls_pk_init(&key);
	email__buf_init(&text, FILE_MAX);
	text.secret = true;
	if (!alias_valid(alias) || !trust->folder)
		rc = email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TRUST,
		                      trust->folder ? "an alias is 1 to 64 letters, digits, '.', '_' and '-'"
		                                    : "there is no state folder to keep keys in");
	else if ((rc = email__crypto_init(e, EMAIL_STAGE_TRUST)) == EMAIL_OK &&
	         (rc = bring_together(&chain, &key, in, &text)) == EMAIL_OK)
		rc = save_key(trust, alias, &text);
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_TRUST,
		                 rc == EMAIL_E_CERTIFICATE
		                         ? "certificate and key cannot be read, or do not belong together"
		                         : "%s",
		                 email_code_text(rc));
	else
		trust->generation++;
	email__buf_dispose(&text);
	mbedtls_x509_crt_free(&chain);
	mbedtls_pk_free(&key);
	email__mutex_unlock(&trust->mutex);
	return rc;
}

/* --- listing and deleting --- */

struct leaf {
	email_certificate certificate;
	bool any;
};

static email_code
take_leaf(void *context, email__pem_kind kind, email__span der)
{
	struct leaf *l = context;
	email__cert cert;

	if (kind != EMAIL__PEM_CERTIFICATE || l->any)
		return EMAIL_OK;
	l->any = true;
	return email__cert_parse(der, &cert)
	               ? email__cert_describe(&cert, email__clock_wall(), &l->certificate)
	               : EMAIL_E_CERTIFICATE;
}

static email_code
read_leaf(email_trust *trust, const char *alias, struct leaf *l, email_error *e)
{
	size_t skipped;
	email__buf pem;
	email_code rc;

	email__buf_init(&pem, FILE_MAX + 1);
	pem.secret = true;
	l->any = false;
	rc = email__trust_client_key(trust, alias, &pem, e);
	if (rc == EMAIL_OK &&
	    (rc = email__pem_read(email__buf_head(&pem), email__buf_len(&pem) - 1, take_leaf, l, &skipped)))
		email__error_set(e, rc, EMAIL_STAGE_TRUST, "%s in the User Key Store cannot be read: %s",
		                 alias, email_code_text(rc));
	email__buf_dispose(&pem);
	snprintf(l->certificate.alias, sizeof l->certificate.alias, "%s", alias);
	return rc;
}

email_code
email__trust_client_leaf(email_trust *trust, const char *alias, email_certificate *leaf, email_error *e)
{
	struct leaf l;
	email_code rc = read_leaf(trust, alias, &l, e);

	if (rc == EMAIL_OK && !l.any)
		return email__error_set(e, EMAIL_E_CERTIFICATE, EMAIL_STAGE_TRUST,
		                        "%s in the User Key Store has no certificate", alias);
	if (rc == EMAIL_OK)
		*leaf = l.certificate;
	return rc;
}

struct listing {
	email_trust *trust;
	email_certificate_fn visit;
	void *context;
	email_code rc;
};

static bool
list_key(void *context, const char *name)
{
	struct listing *l = context;
	size_t n = strlen(name);
	struct leaf leaf;
	char alias[65];

	if (n < 5 || n - 4 >= sizeof alias || strcmp(name + n - 4, ".pem") != 0)
		return true;
	snprintf(alias, sizeof alias, "%.*s", (int)(n - 4), name);
	if (!alias_valid(alias))
		return true;
	l->rc = read_leaf(l->trust, alias, &leaf, &l->trust->error);
	return l->rc == EMAIL_OK && (!leaf.any || l->visit(l->context, &leaf.certificate));
}

email_code
email_trust_list_keys(email_trust *trust, email_certificate_fn visit, void *context)
{
	struct listing l = {.trust = trust, .visit = visit, .context = context};
	char *folder;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	folder = path_of(trust, "");
	if (folder && email__file_exists(folder)) {
		email_code rc = email__folder_visit(folder, list_key, &l, &trust->error);

		l.rc = rc ? rc : l.rc;
	}
	if (l.rc)
		email__error_set(&trust->error, l.rc, EMAIL_STAGE_TRUST, "%s", email_code_text(l.rc));
	email__free(folder);
	email__mutex_unlock(&trust->mutex);
	return l.rc;
}

email_code
email_trust_delete_key(email_trust *trust, const char *alias)
{
	char *path;
	email_code rc;

	email__mutex_lock(&trust->mutex);
	email__error_clear(&trust->error);
	path = alias_valid(alias) ? path_of(trust, alias) : NULL;
	if (!path || !email__file_exists(path))
		rc = no_such_key(alias, &trust->error);
	else if ((rc = email__file_remove(path, &trust->error)) == EMAIL_OK)
		trust->generation++;
	email__free(path);
	email__mutex_unlock(&trust->mutex);
	return rc;
}
