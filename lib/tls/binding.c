/* SPDX-License-Identifier: MIT */
#include "tls/binding.h"

#include <string.h>

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "base/str.h"
#include "crypto/mac.h"
#include "tls/context.h"

/* Signature algorithms of certificates by the contents of their OID, with the hash that the binding uses: SHA-256 in place
 * of MD5 and SHA-1. RSASSA-PSS has its hash in parameters, Ed25519 has none: both have no such binding. */
static const struct {
	const char *oid;
	size_t n;
	email__algorithm hash;
} signatures[] = {
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04", 9, EMAIL__SHA256}, /* md5WithRSAEncryption */
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05", 9, EMAIL__SHA256}, /* sha1WithRSAEncryption */
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B", 9, EMAIL__SHA256}, /* sha256WithRSAEncryption (RFC 8017) */
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C", 9, EMAIL__SHA384},
	{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D", 9, EMAIL__SHA512},
	{"\x2A\x86\x48\xCE\x3D\x04\x01", 7, EMAIL__SHA256},     /* ecdsa-with-SHA1 */
	{"\x2A\x86\x48\xCE\x3D\x04\x03\x02", 8, EMAIL__SHA256}, /* ecdsa-with-SHA256 (RFC 5758) */
	{"\x2A\x86\x48\xCE\x3D\x04\x03\x03", 8, EMAIL__SHA384},
	{"\x2A\x86\x48\xCE\x3D\x04\x03\x04", 8, EMAIL__SHA512},
};

static void
end_point(const mbedtls_ssl_context *ssl, email__binding *binding)
{
	const mbedtls_x509_crt *leaf = mbedtls_ssl_get_peer_cert(ssl);
	size_t i;

	for (i = 0; leaf && i < sizeof signatures / sizeof *signatures; i++)
		if (leaf->sig_oid.len == signatures[i].n &&
		    memcmp(leaf->sig_oid.p, signatures[i].oid, signatures[i].n) == 0 &&
		    email__hash_of(signatures[i].hash, leaf->raw.p, leaf->raw.len, binding->data) ==
		            EMAIL_OK) {
			binding->type = "tls-server-end-point";
			binding->n = email__mac_size(signatures[i].hash);
		}
}

#ifdef MBEDTLS_SSL_KEYING_MATERIAL_EXPORT
static void
exporter(mbedtls_ssl_context *ssl, email__binding *binding)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (mbedtls_ssl_export_keying_material(ssl, binding->data, 32, label, sizeof label - 1, NULL, 0, 0))
		return;
	binding->type = "tls-exporter";
	binding->n = 32;
}
#else
static void
exporter(mbedtls_ssl_context *ssl, email__binding *binding)
{
	(void)ssl;
	(void)binding;
}
#endif

void
email__tls_binding(email__tls *tls, email__binding *binding)
{
	const char *version = email__tls_version_name(tls);

	memset(binding, 0, sizeof *binding);
	if (email__tls_verdict(tls) != EMAIL_OK)
		return;
	if (email__str_equal(version, "TLSv1.3"))
		exporter(email__tls_context(tls), binding);
	else if (*version)
		end_point(email__tls_context(tls), binding);
}
