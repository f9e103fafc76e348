/* SPDX-License-Identifier: MIT */
#include "trust/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/file.h"
#include "trust/pem.h"

#define PIECE 4096

/* Bundles before folders: a folder holds each root under several names. */
static const char *const places[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, OpenWrt ca-bundle */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",      /* Alpine without the bundle, musl systems */
	"/etc/ssl/ca-bundle.pem", /* SUSE */
	"/etc/ssl/certs",         /* OpenWrt ca-certificates: one file a root */
};

const char *
email__store_find(bool (*exists)(const char *path))
{
	size_t i;

	for (i = 0; i < sizeof places / sizeof *places; i++)
		if (exists(places[i]))
			return places[i];
	return NULL;
}

const char *
email__store_path(const char *setting)
{
	return setting && *setting ? setting : email__store_find(email__file_exists);
}

/* --- reading --- */

struct visitor {
	email__store_fn visit;
	void *context;
	email__store_count *count;
	const char *folder; /* or NULL */
	email_error *e;
	email_code rc;
};

static void
skip(struct visitor *v, const char *why)
{
	if (v->count->skipped++ == 0)
		snprintf(v->count->why, sizeof v->count->why, "%s", why);
}

static email_code
take_block(void *context, email__pem_kind kind, email__span der)
{
	struct visitor *v = context;
	email__cert cert;

	if (kind != EMAIL__PEM_CERTIFICATE) {
		if (kind == EMAIL__PEM_PRIVATE_KEY)
			skip(v, "a private key");
		return EMAIL_OK;
	}
	if (!email__cert_parse(der, &cert)) {
		skip(v, "a certificate that is not well formed");
		return EMAIL_OK;
	}
	v->count->loaded++;
	return v->visit(v->context, &cert);
}

/* A file in DER is read whole, being one certificate. */
static email_code
read_der(struct visitor *v, const char *path)
{
	email__buf bytes;
	size_t skipped;
	email_code rc;

	email__buf_init(&bytes, EMAIL__CERTIFICATE_MAX);
	if ((rc = email__file_read(path, &bytes, v->e)) == EMAIL_OK)
		rc = email__pem_read(email__buf_head(&bytes), email__buf_len(&bytes), take_block, v,
		                     &skipped);
	email__buf_dispose(&bytes);
	return rc;
}

static email_code
read_pieces(struct visitor *v, email__file *file, const char *path)
{
	unsigned char piece[PIECE];
	email__pem pem;
	long long total = 0;
	size_t got;
	email_code rc;

	email__pem_init(&pem, take_block, v);
	while ((rc = email__file_next(file, piece, sizeof piece, &got)) == EMAIL_OK && got) {
		if (total == 0 && piece[0] == EMAIL__DER_SEQUENCE) {
			email__pem_dispose(&pem);
			return read_der(v, path);
		}
		if ((total += (long long)got) > EMAIL__BUNDLE_MAX) {
			rc = email__error_set(v->e, EMAIL_E_LIMIT, EMAIL_STAGE_TRUST, "%s is too large",
			                      path);
			break;
		}
		if ((rc = email__pem_push(&pem, piece, got)))
			break;
	}
	if (rc == EMAIL_OK)
		rc = email__pem_end(&pem);
	while (pem.skipped-- > 0)
		skip(v, "a block that is not base64, or too large");
	email__pem_dispose(&pem);
	return rc;
}

static email_code
read_file(struct visitor *v, const char *path)
{
	email__file *file = NULL;
	email_code rc = email__file_open(path, &file, v->e);

	if (rc == EMAIL_OK) {
		rc = read_pieces(v, file, path);
		email__file_close(file);
	}
	if (rc == EMAIL_E_CERTIFICATE) {
		email__error_set(v->e, rc, EMAIL_STAGE_TRUST,
		                 "%s is cut off: a certificate begins and does not end", path);
		email__error_remedy(v->e, "restore the file, or set systemTrustStore to a good one");
	} else if (rc == EMAIL_E_MEMORY) {
		email__error_memory(v->e, EMAIL_STAGE_TRUST);
	} else if (rc) {
		email__error_set(v->e, rc, EMAIL_STAGE_TRUST, "%s cannot be read", path);
	}
	return rc;
}

static bool
visit_name(void *context, const char *name)
{
	struct visitor *v = context;
	char *path;

	if (name[0] == '.')
		return true;
	path = email__path_join(v->folder, name);
	v->rc = path ? read_file(v, path) : email__error_memory(v->e, EMAIL_STAGE_TRUST);
	/* a folder in the folder is somebody else's: Java's, on Debian */
	if (v->rc == EMAIL_E_FILE && v->e->os == EISDIR) {
		email__error_clear(v->e);
		v->rc = EMAIL_OK;
	}
	/* a dangling link in a folder of links is a root less, and not one that anybody has cut off */
	if (v->rc == EMAIL_E_FILE && !email__file_exists(path)) {
		email__error_clear(v->e);
		skip(v, "a link that leads nowhere");
		v->rc = EMAIL_OK;
	}
	email__free(path);
	return v->rc == EMAIL_OK;
}

email_code
email__store_visit(const char *path, email__store_fn visit, void *context, email__store_count *count,
                   email_error *e)
{
	email_error own = {0};
	struct visitor v = {visit, context, count, NULL, e ? e : &own, EMAIL_OK};
	email__file *file = NULL;
	email_code rc;

	memset(count, 0, sizeof *count);
	if (email__file_open(path, &file, NULL) == EMAIL_OK) {
		email__file_close(file);
		return read_file(&v, path);
	}
	v.folder = path;
	rc = email__folder_visit(path, visit_name, &v, v.e);
	return rc ? rc : v.rc;
}

/* --- looking up --- */

struct lookup {
	email__pool *pool;
	email__anchors *anchors;
};

/* A pool that is full already has more issuers of one name than signatures that will be tried. */
static email_code
take_root(void *context, const email__cert *root)
{
	struct lookup *l = context;
	unsigned char *copy;

	if (!email__pool_wants(l->pool, root) || email__pool_anchor(l->pool, root->der) ||
	    l->pool->count == EMAIL__POOL_MAX || l->anchors->count == EMAIL__POOL_MAX)
		return EMAIL_OK;
	if (!(copy = email__alloc(root->der.n)))
		return EMAIL_E_MEMORY;
	memcpy(copy, root->der.p, root->der.n);
	l->anchors->der[l->anchors->count++] = copy;
	email__pool_add(l->pool, email__span_of(copy, root->der.n), true);
	return EMAIL_OK;
}

email_code
email__store_lookup(const char *path, email__pool *pool, email__anchors *anchors, email__store_count *count,
                    email_error *e)
{
	struct lookup l = {pool, anchors};

	return email__store_visit(path, take_root, &l, count, e);
}

void
email__anchors_dispose(email__anchors *anchors)
{
	size_t i;

	for (i = 0; i < anchors->count; i++)
		email__free(anchors->der[i]);
	anchors->count = 0;
}
