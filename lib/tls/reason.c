/* SPDX-License-Identifier: MIT */
#include "tls/reason.h"

#include <stddef.h>

#include <mbedtls/asn1.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509.h>
#include <psa/crypto.h>

/* Alerts that a mail server is known to send, RFC 8446 6.2 and (certificate_revoked...) RFC 5246 7.2. */
static const struct {
	int alert;
	const char *text, *remedy;
} alerts[] = {
	{MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "unexpected message", NULL},
	{MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC, "bad record", NULL},
	{MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "no cipher suite, curve or certificate in common",
         "let the server offer ECDHE with AES-GCM or ChaCha20-Poly1305, and an RSA or ECDSA certificate; set "
         "clientCertificate where it asks for one"},
	{MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "it did not like the client certificate",
         "set clientCertificate to one that the server accepts"},
	{MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "it does not support the client certificate",
         "set clientCertificate to one that the server accepts"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "the client certificate is revoked",
         "renew the client certificate"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "the client certificate has expired",
         "renew the client certificate"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "it did not like the client certificate",
         "set clientCertificate to one that the server accepts"},
	{MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER, "illegal parameter", NULL},
	{MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "it does not know the client certificate's issuer",
         "set clientCertificate to one that the server accepts"},
	{MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "access denied", NULL},
	{MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, "a message could not be decoded", NULL},
	{MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, "a signature did not verify", NULL},
	{MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "no TLS version in common",
         "lower tlsMinProtocol where the server cannot be updated; nothing below TLS 1.2 is spoken"},
	{MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, "it wants stronger cipher suites", NULL},
	{MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "internal error of the server", NULL},
	{MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, "it does not know this host name",
         "set hostname to a name that the server answers to"},
	{MBEDTLS_SSL_ALERT_MSG_NO_CERT, "it asks for a client certificate", "set clientCertificate"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED, "it asks for a client certificate", "set clientCertificate"},
};

/* By name, never by number: 4.x has other numbers for some. */
static const struct {
	int code;
	const char *text;
} codes[] = {
	{MBEDTLS_ERR_SSL_CONN_EOF, "the connection ended"},
	{MBEDTLS_ERR_SSL_INVALID_RECORD, "what came is no TLS record"},
	{MBEDTLS_ERR_SSL_INVALID_MAC, "a record was changed on its way"},
	{MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "a message out of turn"},
	{MBEDTLS_ERR_SSL_DECODE_ERROR, "a message could not be decoded"},
	{MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "a message holds an illegal parameter"},
	{MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "no cipher suite, curve or signature in common"},
	{MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "no TLS version in common"},
	{MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION, "an extension that was not asked for"},
	{MBEDTLS_ERR_SSL_BAD_CERTIFICATE, "the certificate is not fit for this use"},
	{MBEDTLS_ERR_NET_SEND_FAILED, "the connection broke"},
	{MBEDTLS_ERR_NET_RECV_FAILED, "the connection broke"},
};

const char *
email__tls_alert_text(int alert)
{
	size_t i;

	for (i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].alert == alert)
			return alerts[i].text;
	return "an alert";
}

const char *
email__tls_alert_remedy(int alert)
{
	size_t i;

	for (i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].alert == alert)
			return alerts[i].remedy;
	return NULL;
}

const char *
email__tls_code_text(int code)
{
	size_t i;

	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code)
			return codes[i].text;
	return email__tls_code_is_certificate(code) ? "a certificate could not be read" : "internal failure";
}

bool
email__tls_code_is_memory(int code)
{
	/* X.509 and key codes come as sums with a lower one in 3.6 */
	int high = -(-code & ~0x7F);

	return code == MBEDTLS_ERR_SSL_ALLOC_FAILED || code == PSA_ERROR_INSUFFICIENT_MEMORY ||
	       high == MBEDTLS_ERR_X509_ALLOC_FAILED || high == MBEDTLS_ERR_PK_ALLOC_FAILED ||
	       code == MBEDTLS_ERR_ASN1_ALLOC_FAILED;
}

bool
email__tls_code_is_certificate(int code)
{
	int high = -(-code & ~0x7F);

	/* the range of X.509's codes; 4.x also passes ASN.1's on as they are */
	return code == MBEDTLS_ERR_SSL_BAD_CERTIFICATE ||
	       (high <= MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE && high >= MBEDTLS_ERR_X509_FATAL_ERROR) ||
	       (code <= MBEDTLS_ERR_ASN1_OUT_OF_DATA && code >= MBEDTLS_ERR_ASN1_BUF_TOO_SMALL);
}

int
email__tls_alert_of(const mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_NUMBER >= 0x04010000
	return mbedtls_ssl_get_fatal_alert(ssl);
#elif MBEDTLS_VERSION_NUMBER < 0x04000000
	/* 3.6 has no call for it: the record that was just read is level and description */
	const unsigned char *message = ssl->MBEDTLS_PRIVATE(in_msg);

	return message && ssl->MBEDTLS_PRIVATE(in_msglen) == 2 ? message[1] : -1;
#else
	(void)ssl;
	return -1;
#endif
}
