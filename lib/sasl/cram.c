/* SPDX-License-Identifier: MIT */
/* CRAM-MD5 (RFC 2195): the user's name, and HMAC-MD5 of the challenge under the password, in hexadecimal. */
#include <string.h>

#include "base/wipe.h"
#include "sasl/mechanisms.h"

email_code
email__cram_md5(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	const email__credentials *c = s->credentials;
	unsigned char digest[EMAIL__MAC_MAX];
	email_code rc;
	size_t i;

	/* a server that sends nothing to be hashed would get the same answer each time */
	if (n == 0)
		return EMAIL_E_PROTOCOL;
	if ((rc = email__hmac(EMAIL__MD5, c->password, strlen(c->password), challenge, n, digest)) ||
	    (rc = email__buf_addf(response, "%s ", c->user)))
		return rc;
	for (i = 0; i < email__mac_size(EMAIL__MD5) && rc == EMAIL_OK; i++)
		rc = email__buf_addf(response, "%02x", digest[i]);
	email__wipe(digest, sizeof digest);
	s->proven = true;
	return rc;
}
