/* SPDX-License-Identifier: MIT */
/*
 * What mbedTLS alone says of the cases that `emailctl verify --batch` reads: chain, name and extended key
 * usage of the leaf, as its TLS layer asks for them. To be compared with, not to be trusted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include "base/calendar.h"
#include "trust/record.h"

static time_t told;

/* mbedTLS has no time to be told: the C library's stands aside for the case's. */
time_t
time(time_t *out)
{
	if (out)
		*out = told;
	return told;
}

/* Adds a PEM text; one that mbedTLS cannot read is left out, and the chain has to do without. */
static int
add(mbedtls_x509_crt *list, const json_t *pem)
{
	const char *text = json_string_value(pem);

	return text ? mbedtls_x509_crt_parse(list, (const unsigned char *)text, strlen(text) + 1) : -1;
}

static void
add_all(mbedtls_x509_crt *list, const json_t *pems)
{
	size_t i;

	for (i = 0; i < json_array_size(pems); i++)
		(void)add(list, json_array_get(pems, i));
}

/* Empty: accepted. */
static void
verify(const json_t *c, char *why, size_t size)
{
	mbedtls_x509_crt chain, roots;
	const char *host = json_string_value(json_object_get(c, "host"));
	uint32_t flags = 0;
	int rc;

	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&roots);
	why[0] = '\0';
	if ((rc = add(&chain, json_object_get(c, "leaf"))) == 0) {
		add_all(&chain, json_object_get(c, "intermediates"));
		add_all(&roots, json_object_get(c, "roots"));
		rc = mbedtls_x509_crt_verify_with_profile(
			&chain, &roots, NULL, &mbedtls_x509_crt_profile_default, host, &flags, NULL, NULL);
		if (rc == 0 &&
		    mbedtls_x509_crt_check_extended_key_usage(&chain, MBEDTLS_OID_SERVER_AUTH,
		                                              MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)))
			rc = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
	}
	if (rc)
		snprintf(why, size, "mbedTLS -0x%04x, flags 0x%x", (unsigned)-rc, (unsigned)flags);
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&roots);
}

int
main(void)
{
	char *line = NULL, *text, why[80];
	size_t size = 0;

	if (psa_crypto_init() != PSA_SUCCESS)
		return 70;
	while (getline(&line, &size, stdin) > 0) {
		json_t *c = json_loads(line, 0, NULL), *answer;
		const char *when = json_string_value(json_object_get(c, "time"));
		int64_t seconds = 0;

		if (!c || !when || !email__time_read(when, &seconds))
			return 65;
		told = (time_t)seconds;
		verify(c, why, sizeof why);
		answer = json_pack("{s:O,s:s,s:[s]}", "id", json_object_get(c, "id"), "verdict",
		                   *why ? "REFUSE" : "ACCEPT", "reasons", why);
		if (!answer || !(text = json_dumps(answer, JSON_COMPACT)))
			return 71;
		puts(text);
		free(text);
		json_decref(answer);
		json_decref(c);
	}
	free(line);
	return 0;
}
