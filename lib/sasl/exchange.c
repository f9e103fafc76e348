/* SPDX-License-Identifier: MIT */
/* The response lives in one secret buffer, and in `out` behind the writer; both are wiped once it is
 * written. */
#include "sasl/exchange.h"

#include "base/error.h"
#include "base/limits.h"
#include "codec/base64.h"

void
email__exchange_init(email__exchange *x)
{
	email__buf_init(&x->response, EMAIL__SASL_RESPONSE_MAX);
	x->response.secret = true;
	x->challenges = 0;
	email__sasl_end(&x->sasl);
}

void
email__exchange_end(email__exchange *x)
{
	email__buf_dispose(&x->response);
	email__exchange_init(x);
}

static email_code
refuse(const char *offered, const char *wanted, bool tls, email_error *e)
{
	if (offered[0] == '\0')
		return email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                        "the server offers no login%s",
		                        tls ? "" : " on a connection without TLS");
	if (email__sasl_choose(offered, wanted, true))
		return email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                        "the login would show the password to whoever reads the connection");
	if (wanted)
		return email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
		                        "%s is not among the logins that the server offers", wanted);
	return email__error_set(e, EMAIL_E_MECHANISM, EMAIL_STAGE_AUTHENTICATE,
	                        "none of the logins that the server offers is known");
}

email_code
email__exchange_choose(email__exchange *x, const char *offered, const char *wanted, bool tls, bool clear_ok,
                       const email__credentials *c, email_error *e)
{
	const email__mechanism *m = email__sasl_choose(offered, wanted, clear_ok);

	if (!m)
		return refuse(offered, wanted, tls, e);
	if (email__sasl_start(&x->sasl, m, c))
		return email__error_set(e, EMAIL_E_LOGIN, EMAIL_STAGE_AUTHENTICATE,
		                        "the account's user name is empty");
	x->challenges = 0;
	return EMAIL_OK;
}

static email_code
respond(email__exchange *x, const void *challenge, size_t n)
{
	email_code rc;

	email__buf_clear(&x->response);
	if ((rc = email__sasl_respond(&x->sasl, challenge, n, &x->response)))
		return rc;
	/* a buffer that was never filled has no place, and NULL means no response to the writer */
	return x->response.data ? EMAIL_OK : email__buf_reserve(&x->response, 1);
}

email_code
email__exchange_initial(email__exchange *x, size_t room, bool *has)
{
	const email__mechanism *m = x->sasl.mechanism;
	const email__credentials *c = x->sasl.credentials;
	email_code rc;

	*has = false;
	if (!m->client_first)
		return EMAIL_OK;
	if ((rc = respond(x, NULL, 0)))
		return rc;
	if (EMAIL__BASE64_LEN(email__buf_len(&x->response)) <= room) {
		*has = true;
		return EMAIL_OK;
	}
	/* too long for one line with the verb: in two steps, from the beginning */
	email__buf_clear(&x->response);
	return email__sasl_start(&x->sasl, m, c);
}

email_code
email__exchange_challenge(email__exchange *x, const char *base64, size_t n)
{
	unsigned char decoded[EMAIL__SASL_CHALLENGE_MAX];
	email_code rc;

	for (; n && *base64 == ' '; base64++)
		n--;
	while (n && base64[n - 1] == ' ')
		n--;
	if (n / 4 * 3 > sizeof decoded || ++x->challenges > EMAIL__SASL_CHALLENGES_MAX ||
	    email__base64_decode(decoded, &n, base64, n))
		return EMAIL_E_PROTOCOL;
	rc = respond(x, decoded, n);
	return rc == EMAIL_E_MEMORY || rc == EMAIL_E_LIMIT || rc == EMAIL_OK ? rc : EMAIL_E_PROTOCOL;
}

email_code
email__exchange_accept(email__exchange *x)
{
	return email__sasl_accept(&x->sasl);
}
