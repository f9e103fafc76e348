/* SPDX-License-Identifier: MIT */
/*
 * What mbedTLS alone says of chains, to be put beside `emailctl verify --batch`: the same cases, the same
 * answers, its own path building, names and profile, and the usages that its TLS layer looks at.
 */
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* mbedTLS asks the machine's clock: its answer on dates is replaced by one for the case's time. */
static int
at_time(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	const mbedtls_x509_time *now = context;

	(void)depth;
	if (now->year == 0)
		return 0;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
	if (mbedtls_x509_time_cmp(&crt->valid_to, now) < 0)
		*flags |= MBEDTLS_X509_BADCERT_EXPIRED;
	if (mbedtls_x509_time_cmp(&crt->valid_from, now) > 0)
		*flags |= MBEDTLS_X509_BADCERT_FUTURE;
	return 0;
}

static void
add(mbedtls_x509_crt *list, const json_t *pem)
{
	const char *text = json_string_value(pem);

	if (text)
		(void)mbedtls_x509_crt_parse(list, (const unsigned char *)text, strlen(text) + 1);
}

static int
accepted(const json_t *c)
{
	static const char server_auth[] = MBEDTLS_OID_SERVER_AUTH;
	mbedtls_x509_crt chain, roots;
	mbedtls_x509_time now = {0};
	const char *time = json_string_value(json_object_get(c, "time"));
	uint32_t flags = 0;
	size_t i;
	int ok;

	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&roots);
	if (time && sscanf(time, "%d-%d-%dT%d:%d:%dZ", &now.year, &now.mon, &now.day, &now.hour, &now.min,
	                   &now.sec) != 6)
		now.year = 0;
	add(&chain, json_object_get(c, "leaf"));
	ok = chain.raw.p != NULL;
	for (i = 0; i < json_array_size(json_object_get(c, "intermediates")); i++)
		add(&chain, json_array_get(json_object_get(c, "intermediates"), i));
	for (i = 0; i < json_array_size(json_object_get(c, "roots")); i++)
		add(&roots, json_array_get(json_object_get(c, "roots"), i));
	ok = ok &&
	     mbedtls_x509_crt_verify(&chain, &roots, NULL, json_string_value(json_object_get(c, "host")),
	                             &flags, at_time, &now) == 0 &&
	     mbedtls_x509_crt_check_extended_key_usage(&chain, server_auth, sizeof server_auth - 1) == 0;
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&roots);
	return ok;
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	if (psa_crypto_init() != PSA_SUCCESS)
		return 71;
	while (getline(&line, &size, stdin) > 0) {
		json_t *c = json_loads(line, 0, NULL), *answer;
		char *text;

		if (!c)
			return 65;
		answer = json_pack("{s:O,s:s,s:[]}", "id", json_object_get(c, "id"), "verdict",
		                   accepted(c) ? "ACCEPT" : "REFUSE", "reasons");
		puts(text = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER));
		free(text);
		json_decref(answer);
		json_decref(c);
	}
	free(line);
	return 0;
}
