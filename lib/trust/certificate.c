/* SPDX-License-Identifier: MIT */
#include "trust/certificate.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"

#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_SERVER_AUTH "\x2B\x06\x01\x05\x05\x07\x03\x01"
#define OID_ANY_PURPOSE "\x55\x1D\x25\x00"

/* --- extensions (RFC 5280 4.2), one reader each; false: malformed --- */

static bool
read_basic(email__span value, bool critical, email__cert *cert)
{
	email__span seq, v;

	(void)critical;
	cert->has_basic = true;
	if (!email__der_take(&value, EMAIL__DER_SEQUENCE, &seq) || value.n)
		return false;
	if (email__der_take(&seq, EMAIL__DER_BOOLEAN, &v)) {
		if (v.n != 1)
			return false;
		cert->ca = v.p[0] != 0;
	}
	if (email__der_take(&seq, EMAIL__DER_INTEGER, &v) && !email__der_small(v, &cert->path_length))
		return false;
	return seq.n == 0;
}

static bool
read_usage(email__span value, bool critical, email__cert *cert)
{
	email__span bits;

	(void)critical;
	cert->has_usage = true;
	if (!email__der_take(&value, EMAIL__DER_BIT_STRING, &bits) || value.n || bits.n < 1 || bits.p[0] > 7)
		return false;
	cert->usage = bits.n > 1 ? bits.p[1] : 0;
	return true;
}

static bool
read_purpose(email__span value, bool critical, email__cert *cert)
{
	email__span seq, oid;

	(void)critical;
	cert->has_purpose = true;
	if (!email__der_take(&value, EMAIL__DER_SEQUENCE, &seq) || value.n || seq.n == 0)
		return false;
	while (seq.n) {
		if (!email__der_take(&seq, EMAIL__DER_OID, &oid))
			return false;
		if (EMAIL__SPAN_IS(oid, OID_SERVER_AUTH) || EMAIL__SPAN_IS(oid, OID_ANY_PURPOSE))
			cert->server_auth = true;
	}
	return true;
}

/* Each name's form and length are looked at here, so that who walks them later need not. */
static bool
read_names(email__span value, bool critical, email__cert *cert)
{
	email__span rest;
	email__der d;

	(void)critical;
	cert->has_names = true;
	if (!email__der_take(&value, EMAIL__DER_SEQUENCE, &cert->names) || value.n || cert->names.n == 0)
		return false;
	for (rest = cert->names; rest.n;) {
		if (!email__der_next(&rest, &d) || (d.tag & 0xC0) != 0x80)
			return false;
		if (d.tag == EMAIL__DER_CONTEXT(7) && d.value.n != 4 && d.value.n != 16)
			return false;
	}
	return true;
}

static bool
read_constraints(email__span value, bool critical, email__cert *cert)
{
	cert->has_constraints = true;
	cert->loose_constraint = !critical;
	return email__der_take(&value, EMAIL__DER_SEQUENCE, &cert->constraints) && value.n == 0 &&
	       cert->constraints.n > 0;
}

/* 4.2.1.11: without requireExplicitPolicy, policies refuse nobody who asks for any policy. One that is not
 * critical, as it must be, was made by somebody who meant who knows what. */
static bool
read_policy_constraints(email__span value, bool critical, email__cert *cert)
{
	email__span seq;

	if (!email__der_take(&value, EMAIL__DER_SEQUENCE, &seq) || value.n || seq.n == 0)
		return false;
	cert->explicit_policy = !critical || email__der_at(&seq, EMAIL__DER_CONTEXT(0));
	return true;
}

/* certificatePolicies, policyMappings, inhibitAnyPolicy: see read_policy_constraints(). */
static bool
read_policies(email__span value, bool critical, email__cert *cert)
{
	(void)critical;
	(void)cert;
	return value.n > 0;
}

static const struct {
	unsigned char oid[3];
	bool (*read)(email__span value, bool critical, email__cert *cert);
} extensions[] = {
	{{0x55, 0x1D, 0x13}, read_basic},       {{0x55, 0x1D, 0x0F}, read_usage},
	{{0x55, 0x1D, 0x25}, read_purpose},     {{0x55, 0x1D, 0x11}, read_names},
	{{0x55, 0x1D, 0x1E}, read_constraints}, {{0x55, 0x1D, 0x24}, read_policy_constraints},
	{{0x55, 0x1D, 0x20}, read_policies},    {{0x55, 0x1D, 0x21}, read_policies},
	{{0x55, 0x1D, 0x36}, read_policies},
};
#define EXTENSION_KINDS (sizeof extensions / sizeof *extensions)

static bool
read_known_extension(email__span oid, email__span value, bool critical, email__cert *cert)
{
	size_t i;

	for (i = 0; i < EXTENSION_KINDS; i++)
		if (email__span_equal(oid, email__span_of(extensions[i].oid, sizeof extensions[i].oid)))
			return extensions[i].read(value, critical, cert);
	if (critical)
		cert->unknown_critical = true;
	return true;
}

/* 4.2: no extension twice. Their number is small in any honest certificate, so the square does not hurt. */
static bool
seen_before(email__span list, const unsigned char *end, email__span oid)
{
	email__span ext, other;

	while (list.p < end && email__der_take(&list, EMAIL__DER_SEQUENCE, &ext))
		if (email__der_take(&ext, EMAIL__DER_OID, &other) && email__span_equal(other, oid))
			return true;
	return false;
}

static bool
read_extensions(email__span tagged, email__cert *cert)
{
	email__span list, rest, ext, oid, flag, value;
	unsigned count = 0;

	if (!email__der_take(&tagged, EMAIL__DER_SEQUENCE, &list) || tagged.n || list.n == 0)
		return false;
	for (rest = list; rest.n;) {
		const unsigned char *here = rest.p;
		bool critical = false;

		if (++count > EMAIL__EXTENSIONS_MAX || !email__der_take(&rest, EMAIL__DER_SEQUENCE, &ext) ||
		    !email__der_take(&ext, EMAIL__DER_OID, &oid))
			return false;
		if (email__der_take(&ext, EMAIL__DER_BOOLEAN, &flag)) {
			if (flag.n != 1)
				return false;
			critical = flag.p[0] != 0;
		}
		if (!email__der_take(&ext, EMAIL__DER_OCTET_STRING, &value) || ext.n ||
		    seen_before(list, here, oid) || !read_known_extension(oid, value, critical, cert))
			return false;
	}
	return true;
}

/* --- the certificate --- */

static bool
read_version(email__span *tbs, int *version)
{
	email__span tagged, v;
	int n;

	*version = 1;
	if (!email__der_take(tbs, EMAIL__DER_CONTEXT_HOLDS(0), &tagged))
		return true;
	if (!email__der_take(&tagged, EMAIL__DER_INTEGER, &v) || tagged.n || !email__der_small(v, &n) ||
	    n > 2)
		return false;
	*version = n + 1;
	return true;
}

static bool
read_tbs(email__span tbs, email__span *inner_algorithm, email__cert *cert)
{
	email__span validity, unused;

	if (!read_version(&tbs, &cert->version) ||
	    !email__der_take(&tbs, EMAIL__DER_INTEGER, &cert->serial) || cert->serial.n == 0 ||
	    !email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, inner_algorithm) ||
	    !email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, &cert->issuer) ||
	    !email__der_take(&tbs, EMAIL__DER_SEQUENCE, &validity) ||
	    !email__der_time(&validity, &cert->not_before) || !email__der_time(&validity, &cert->not_after) ||
	    validity.n || !email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, &cert->subject) ||
	    !email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, &cert->spki))
		return false;
	/* unique identifiers: allowed, of no use to anyone (4.1.2.8) */
	email__der_take(&tbs, EMAIL__DER_CONTEXT(1), &unused);
	email__der_take(&tbs, EMAIL__DER_CONTEXT(2), &unused);
	if (email__der_take(&tbs, EMAIL__DER_CONTEXT_HOLDS(3), &unused) && !read_extensions(unused, cert))
		return false;
	/* 4.1.2.4: an issuer has a name */
	return tbs.n == 0 && cert->issuer.n > 2;
}

bool
email__cert_parse(email__span der, email__cert *cert)
{
	email__span in = der, seq, tbs, inner, outer, bits, rest;

	memset(cert, 0, sizeof *cert);
	cert->path_length = -1;
	cert->der = der;
	if (der.n > EMAIL__CERTIFICATE_MAX || !email__der_take(&in, EMAIL__DER_SEQUENCE, &seq) || in.n ||
	    !email__der_take_whole(&seq, EMAIL__DER_SEQUENCE, &cert->tbs) ||
	    !email__der_take_whole(&seq, EMAIL__DER_SEQUENCE, &outer) ||
	    !email__der_take(&seq, EMAIL__DER_BIT_STRING, &bits) || seq.n || bits.n < 1 || bits.p[0] != 0)
		return false;
	cert->signature = email__span_of(bits.p + 1, bits.n - 1);
	rest = cert->tbs;
	return email__der_take(&rest, EMAIL__DER_SEQUENCE, &tbs) && read_tbs(tbs, &inner, cert) &&
	       /* 4.1.1.2: what is signed and what is said beside it must be the same */
	       email__span_equal(inner, outer) && email__sigalg_parse(outer, &cert->sigalg) &&
	       email__key_parse(cert->spki, &cert->key) &&
	       /* 4.1.2.6: a CA has a name too */
	       !(cert->ca && cert->subject.n <= 2);
}

bool
email__cert_subject(email__span der, email__span *subject)
{
	email__span seq, tbs, skip;
	int version;

	return email__der_take(&der, EMAIL__DER_SEQUENCE, &seq) &&
	       email__der_take(&seq, EMAIL__DER_SEQUENCE, &tbs) && read_version(&tbs, &version) &&
	       email__der_take(&tbs, EMAIL__DER_INTEGER, &skip) &&
	       email__der_take(&tbs, EMAIL__DER_SEQUENCE, &skip) &&
	       email__der_take(&tbs, EMAIL__DER_SEQUENCE, &skip) &&
	       email__der_take(&tbs, EMAIL__DER_SEQUENCE, &skip) &&
	       email__der_take_whole(&tbs, EMAIL__DER_SEQUENCE, subject);
}

bool
email__cert_self_issued(const email__cert *cert)
{
	return email__span_equal(cert->issuer, cert->subject);
}

bool
email__cert_self_signed(const email__cert *cert)
{
	return email__cert_self_issued(cert) &&
	       (cert->sigalg.weak || email__cert_signed_by(cert, cert) == EMAIL_OK);
}

email_code
email__cert_signed_by(const email__cert *cert, const email__cert *issuer)
{
	return email__signature_verify(&issuer->key, &cert->sigalg, cert->tbs, cert->signature);
}

/* --- for people --- */

/* Attribute types with a short name (RFC 4514 3, and what certificates of devices have). */
static const struct {
	const char *oid;
	size_t len;
	const char *name;
} attributes[] = {
	{"\x55\x04\x03", 3, "CN"},
	{"\x55\x04\x06", 3, "C"},
	{"\x55\x04\x07", 3, "L"},
	{"\x55\x04\x08", 3, "ST"},
	{"\x55\x04\x0A", 3, "O"},
	{"\x55\x04\x0B", 3, "OU"},
	{"\x55\x04\x05", 3, "serialNumber"},
	{"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19", 10, "DC"},
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01", 9, "emailAddress"},
};

static const char *
attribute_name(email__span oid)
{
	size_t i;

	for (i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (email__span_equal(oid, email__span_of(attributes[i].oid, attributes[i].len)))
			return attributes[i].name;
	return "?";
}

/* A text that is cut where its room ends. */
struct line {
	char text[2048];
	size_t n;
};

static void
put(struct line *line, const char *p, size_t n)
{
	if (n > sizeof line->text - line->n)
		n = sizeof line->text - line->n;
	memcpy(line->text + line->n, p, n);
	line->n += n;
}

/* A DirectoryString's characters as UTF-8, T61 read as Latin-1 as everybody does. What separates
 * attributes is escaped (RFC 4514 2.4), so that a value cannot pass for two. */
static void
put_value(struct line *line, const email__der *value)
{
	size_t step = value->tag == EMAIL__DER_BMP_STRING ? 2 : 1, i;
	bool recode = value->tag == EMAIL__DER_BMP_STRING || value->tag == EMAIL__DER_T61_STRING;

	for (i = 0; i + step <= value->value.n; i += step) {
		unsigned char utf8[4] = {value->value.p[i]};
		unsigned long c = value->value.p[i];

		if (step == 2)
			c = c << 8 | value->value.p[i + 1];
		if (c && c < 0x80 && strchr(",+\"\\<>;", (int)c))
			put(line, "\\", 1);
		put(line, (const char *)utf8, recode ? email__utf8_encode(c, utf8) : 1);
	}
}

/* Walks the attributes of a Name; false at its end, and at what is broken. */
static bool
next_attribute(email__span *rdns, email__span *rdn, email__span *oid, email__der *value)
{
	email__span pair;

	if (rdn->n == 0 && !email__der_take(rdns, EMAIL__DER_SET, rdn))
		return false;
	return email__der_take(rdn, EMAIL__DER_SEQUENCE, &pair) &&
	       email__der_take(&pair, EMAIL__DER_OID, oid) && email__der_next(&pair, value);
}

void
email__name_text(email__span name, char *out, size_t size)
{
	struct line line;
	email__span rdns = {0}, rdn = {0}, oid;
	email__der value;

	line.n = 0;
	email__der_take(&name, EMAIL__DER_SEQUENCE, &rdns);
	while (next_attribute(&rdns, &rdn, &oid, &value)) {
		const char *attribute = attribute_name(oid);

		if (line.n)
			put(&line, ", ", 2);
		put(&line, attribute, strlen(attribute));
		put(&line, "=", 1);
		put_value(&line, &value);
	}
	email__printable(out, size, line.text, line.n);
}

bool
email__name_common(email__span name, email__span *common)
{
	email__span rdns = {0}, rdn = {0}, oid;
	email__der value;
	bool found = false;

	email__der_take(&name, EMAIL__DER_SEQUENCE, &rdns);
	while (next_attribute(&rdns, &rdn, &oid, &value))
		if (EMAIL__SPAN_IS(oid, OID_COMMON_NAME)) {
			*common = value.value;
			found = true;
		}
	return found;
}

email_code
email__cert_describe(const email__cert *cert, int64_t now, email_certificate *out)
{
	email_code rc;

	memset(out, 0, sizeof *out);
	email__name_text(cert->subject, out->subject, sizeof out->subject);
	email__name_text(cert->issuer, out->issued_by, sizeof out->issued_by);
	out->not_before = cert->not_before;
	out->not_after = cert->not_after;
	snprintf(out->key_algorithm, sizeof out->key_algorithm, "%s", cert->key.name);
	out->key_size = cert->key.bits;
	snprintf(out->signature_algorithm, sizeof out->signature_algorithm, "%s", cert->sigalg.name);
	out->signature_size = (int)cert->signature.n * 8;
	out->valid = cert->not_before <= now && now <= cert->not_after;
	out->self_signed = email__cert_self_signed(cert);
	if ((rc = email__fingerprint(cert->der, out->sha256)) == EMAIL_OK)
		rc = email__fingerprint(cert->spki, out->public_key_sha256);
	return rc;
}
