/* SPDX-License-Identifier: MIT */
#include "trust/pem.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/wipe.h"
#include "codec/base64.h"

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

void
email__pem_init(email__pem *pem, email__pem_fn block, void *context)
{
	memset(pem, 0, sizeof *pem);
	pem->block = block;
	pem->context = context;
	email__buf_init(&pem->body, 0);
	email__buf_init(&pem->der, 0);
}

void
email__pem_dispose(email__pem *pem)
{
	pem->body.secret = true; /* a private key may have passed */
	email__buf_dispose(&pem->body);
	email__buf_dispose(&pem->der);
	email__wipe(pem->line, sizeof pem->line);
}

/* The label of a boundary line, or false. */
static bool
boundary(const char *line, size_t n, const char *start, char *label, size_t size)
{
	size_t head = strlen(start), tail = strlen(DASHES);

	if (n < head + tail || memcmp(line, start, head) != 0 || memcmp(line + n - tail, DASHES, tail) != 0 ||
	    n - head - tail >= size)
		return false;
	memcpy(label, line + head, n - head - tail);
	label[n - head - tail] = '\0';
	return true;
}

static email__pem_kind
kind_of(const char *label)
{
	size_t n = strlen(label);

	if (strcmp(label, "CERTIFICATE") == 0 || strcmp(label, "X509 CERTIFICATE") == 0)
		return EMAIL__PEM_CERTIFICATE;
	if (strcmp(label, "X509 CRL") == 0)
		return EMAIL__PEM_CRL;
	if (n >= 11 && strcmp(label + n - 11, "PRIVATE KEY") == 0)
		return EMAIL__PEM_PRIVATE_KEY;
	return EMAIL__PEM_OTHER;
}

static void
start_block(email__pem *pem)
{
	size_t max = kind_of(pem->label) == EMAIL__PEM_CRL ? EMAIL__CRL_MAX : EMAIL__CERTIFICATE_MAX;

	pem->inside = true;
	pem->spoiled = false;
	pem->body.max = EMAIL__BASE64_LEN(max) + 1; /* line ends are not held */
	pem->der.max = max + 3;
	email__buf_clear(&pem->body);
}

static email_code
finish_block(email__pem *pem)
{
	email__pem_kind kind = kind_of(pem->label);
	size_t len = email__buf_len(&pem->body), n;
	unsigned char *out;
	email_code rc;

	pem->inside = false;
	pem->blocks++;
	if (kind == EMAIL__PEM_PRIVATE_KEY) /* that there is one is all that anybody may know */
		return pem->block(pem->context, kind, email__span_of("", 0));
	email__buf_clear(&pem->der);
	if (!pem->spoiled && (rc = email__buf_reserve(&pem->der, len / 4 * 3 + 1)) == EMAIL_E_MEMORY)
		return rc;
	out = pem->der.data;
	if (pem->spoiled || len == 0 ||
	    email__base64_decode(out, &n, (const char *)email__buf_head(&pem->body), len)) {
		pem->skipped++;
		return EMAIL_OK;
	}
	return pem->block(pem->context, kind, email__span_of(out, n));
}

/* A line of a block's body. Too much of it spoils this block and no other. */
static email_code
add_body(email__pem *pem)
{
	email_code rc = pem->spoiled ? EMAIL_OK : email__buf_add(&pem->body, pem->line, pem->line_len);

	if (rc != EMAIL_E_LIMIT)
		return rc;
	pem->spoiled = true;
	email__buf_clear(&pem->body);
	return EMAIL_OK;
}

static email_code
take_line(email__pem *pem)
{
	char label[sizeof pem->label];
	size_t n = pem->line_len;

	while (n && (pem->line[n - 1] == ' ' || pem->line[n - 1] == '\t' || pem->line[n - 1] == '\r'))
		n--;
	pem->line_len = n;
	if (!pem->inside) {
		if (boundary(pem->line, n, BEGIN, pem->label, sizeof pem->label))
			start_block(pem);
		return EMAIL_OK;
	}
	if (boundary(pem->line, n, END, label, sizeof label) && strcmp(label, pem->label) == 0)
		return finish_block(pem);
	/* a BEGIN before the END: the block before was cut off */
	if (boundary(pem->line, n, BEGIN, label, sizeof label))
		return EMAIL_E_CERTIFICATE;
	return add_body(pem);
}

email_code
email__pem_push(email__pem *pem, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t i;
	email_code rc;

	for (i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (pem->line_len < sizeof pem->line) {
				pem->line[pem->line_len++] = p[i];
			} else if (!pem->inside) {
				pem->line_cut = true; /* text between blocks: no boundary is that long */
			} else if ((rc = add_body(pem))) {
				return rc;
			} else {
				pem->line[0] = p[i];
				pem->line_len = 1;
			}
			continue;
		}
		if (pem->line_cut)
			pem->line_len = 0;
		pem->line_cut = false;
		rc = take_line(pem);
		pem->line_len = 0;
		if (rc)
			return rc;
	}
	return EMAIL_OK;
}

email_code
email__pem_end(email__pem *pem)
{
	email_code rc = pem->line_len && !pem->line_cut ? take_line(pem) : EMAIL_OK;

	pem->line_len = 0;
	return rc ? rc : pem->inside ? EMAIL_E_CERTIFICATE : EMAIL_OK;
}

/* A certificate's first field is a SEQUENCE that starts with [0] or the serial number; a CRL's starts
 * with a version or the algorithm (RFC 5280 5.1), and has a time where a certificate has a Name. */
static bool
looks_like_crl(email__span der)
{
	email__span seq, tbs, skip;

	return email__der_take(&der, EMAIL__DER_SEQUENCE, &seq) &&
	       email__der_take(&seq, EMAIL__DER_SEQUENCE, &tbs) &&
	       (email__der_take(&tbs, EMAIL__DER_INTEGER, &skip) || true) &&
	       email__der_take(&tbs, EMAIL__DER_SEQUENCE, &skip) &&
	       email__der_take(&tbs, EMAIL__DER_SEQUENCE, &skip) &&
	       (email__der_at(&tbs, EMAIL__DER_UTC_TIME) || email__der_at(&tbs, EMAIL__DER_GENERALIZED_TIME));
}

email_code
email__pem_read(const void *bytes, size_t n, email__pem_fn block, void *context, size_t *skipped)
{
	email__span in = email__span_of(bytes, n);
	email__pem pem;
	email__der d;
	email_code rc;

	*skipped = 0;
	if (n && in.p[0] == EMAIL__DER_SEQUENCE) {
		if (!email__der_next(&in, &d) || in.n)
			return EMAIL_E_CERTIFICATE;
		return block(context, looks_like_crl(d.whole) ? EMAIL__PEM_CRL : EMAIL__PEM_CERTIFICATE,
		             d.whole);
	}
	email__pem_init(&pem, block, context);
	if ((rc = email__pem_push(&pem, bytes, n)) == EMAIL_OK)
		rc = email__pem_end(&pem);
	*skipped = pem.skipped;
	email__pem_dispose(&pem);
	return rc;
}

email_code
email__pem_write(email__span der, char *out, size_t size)
{
	static const char head[] = BEGIN "CERTIFICATE" DASHES "\n", tail[] = END "CERTIFICATE" DASHES "\n";
	size_t lines = (der.n + 47) / 48, at, used = sizeof head - 1;

	if (size < sizeof head - 1 + EMAIL__BASE64_LEN(der.n) + lines + sizeof tail)
		return EMAIL_E_LIMIT;
	memcpy(out, head, used);
	for (at = 0; at < der.n; at += 48) {
		used += email__base64_encode(out + used, der.p + at, der.n - at < 48 ? der.n - at : 48);
		out[used++] = '\n';
	}
	memcpy(out + used, tail, sizeof tail);
	return EMAIL_OK;
}
