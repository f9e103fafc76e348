/* SPDX-License-Identifier: MIT */
/* What a server sends: certificates and revocation lists, described, named, constrained by themselves. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trust/constraints.h"
#include "trust/crl.h"
#include "trust/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__cert cert;
	email__crl crl;
	email__span subject;
	email__reference reference;
	char text[257];
	long checks = 1000;

	if (email__crl_parse(email__span_of(data, size), &crl))
		(void)email__crl_lists(&crl, email__span_of("\x01", 1));
	if (!email__cert_parse(email__span_of(data, size), &cert))
		return 0;
	if (!email__cert_subject(cert.der, &subject) || !email__span_equal(subject, cert.subject))
		abort();
	email__name_text(cert.subject, text, sizeof text);
	if (strlen(text) >= sizeof text || !email__reference_parse("mail.example.com", &reference))
		abort();
	(void)email__names_judge(&cert, &reference);
	if (cert.has_constraints)
		(void)email__constraints_judge(&cert, &cert, &checks);
	return 0;
}
