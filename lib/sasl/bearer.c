/* SPDX-License-Identifier: MIT */
/*
 * Logins by an OAuth token: OAUTHBEARER (RFC 7628) and XOAUTH2, which came before it. A server that refuses the token
 * says why in a challenge, which has to be answered before it gives its verdict.
 */
#include <string.h>

#include "sasl/mechanisms.h"

#define CTRL_A "\1"

email_code
email__xoauth2(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	if (s->step == 0) {
		s->proven = true;
		return email__buf_addf(response, "user=%s" CTRL_A "auth=Bearer %s" CTRL_A CTRL_A,
		                       s->credentials->user, s->credentials->password);
	}
	email__sasl_said(s, challenge, n);
	return EMAIL_OK; /* the answer is empty */
}

/* A name in the header of GS2 (RFC 5801 4): "," and "=" are escaped. */
static email_code
add_name(email__buf *out, const char *name)
{
	email_code rc = EMAIL_OK;

	for (; *name && rc == EMAIL_OK; name++)
		rc = *name == ','   ? email__buf_adds(out, "=2C")
		     : *name == '=' ? email__buf_adds(out, "=3D")
		                    : email__buf_add(out, name, 1);
	return rc;
}

static email_code
first(email__sasl *s, email__buf *response)
{
	const email__credentials *c = s->credentials;
	email_code rc = email__buf_adds(response, "n,a=");

	rc = rc ? rc : add_name(response, c->user);
	rc = rc ? rc : email__buf_adds(response, "," CTRL_A);
	if (rc == EMAIL_OK && c->host)
		rc = email__buf_addf(response, "host=%s" CTRL_A "port=%d" CTRL_A, c->host, c->port);
	return rc ? rc : email__buf_addf(response, "auth=Bearer %s" CTRL_A CTRL_A, c->password);
}

email_code
email__oauthbearer(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	if (s->step == 0) {
		s->proven = true;
		return first(s, response);
	}
	email__sasl_said(s, challenge, n);
	return email__buf_adds(response, CTRL_A); /* RFC 7628 3.2.3 */
}
