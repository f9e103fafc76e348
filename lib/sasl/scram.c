/* SPDX-License-Identifier: MIT */
/*
 * SCRAM (RFC 5802, RFC 7677): the password is proven without being shown, and the server proves that it knows it too.
 *
 *     client   gs2-header  n=USER,r=NONCE
 *     server   r=NONCE+theirs,s=SALT,i=ITERATIONS
 *     client   c=gs2-header and binding,r=...,p=PROOF
 *     server   v=SIGNATURE, or e=why not
 *     client   (empty)
 *
 * The header says how the connection is bound: "p=TYPE" where it is; "y" where it could have been, but the server did not
 * offer it: one that did offer it refuses then, since somebody took it out of the list (RFC 5802 6); "n" where we cannot,
 * or were told by name not to.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/wipe.h"
#include "codec/base64.h"
#include "sasl/mechanisms.h"
#include "sasl/prep.h"

/* The three messages of AuthMessage; a server's first is some hundred bytes. */
#define TRANSCRIPT_MAX 16384
#define SALT_MAX EMAIL__PBKDF2_SALT_MAX
/* gs2 header and binding, and their base64. */
#define BOUND_MAX (40 + EMAIL__BINDING_MAX)

static bool
plus_offered(const char *offered)
{
	return email__sasl_listed(offered, "SCRAM-SHA-1-PLUS") ||
	       email__sasl_listed(offered, "SCRAM-SHA-256-PLUS");
}

email_code
email__scram_start(email__sasl *s, const char *offered)
{
	const email__binding *b =
		s->credentials->binding && s->credentials->binding->type ? s->credentials->binding : NULL;
	const bool binds = s->mechanism->binds;
	unsigned char random[EMAIL__SCRAM_NONCE];
	email_code rc;

	if (binds && !b)
		return EMAIL_E_USAGE;
	rc = email__crypto_random(random, sizeof random);
	if (rc)
		return rc;
	s->nonce[email__base64_encode(s->nonce, random, sizeof random)] = '\0';
	email__buf_init(&s->transcript, TRANSCRIPT_MAX);
	s->transcript.secret = true;
	if (binds)
		snprintf(s->gs2, sizeof s->gs2, "p=%s,,", b->type);
	else
		snprintf(s->gs2, sizeof s->gs2, "%s,,",
		         b && email__str_equal(b->type, EMAIL__BINDING_SURE) && !plus_offered(offered) ? "y"
		                                                                                       : "n");
	s->binding = binds ? b : NULL;
	return EMAIL_OK;
}

/* --- the first message --- */

/* saslname (RFC 5802 5.1): prepared, "," and "=" escaped. */
static email_code
add_name(email__buf *out, const char *user)
{
	email__buf name;
	email_code rc;
	size_t i;

	email__buf_init(&name, TRANSCRIPT_MAX);
	rc = email__sasl_prep(&name, user);
	for (i = 0; rc == EMAIL_OK && i < email__buf_len(&name); i++) {
		char c = (char)email__buf_head(&name)[i];

		rc = c == ','   ? email__buf_adds(out, "=2C")
		     : c == '=' ? email__buf_adds(out, "=3D")
		                : email__buf_add(out, &c, 1);
	}
	email__buf_dispose(&name);
	return rc;
}

static email_code
client_first(email__sasl *s, email__buf *response)
{
	email_code rc;

	if ((rc = email__buf_adds(&s->transcript, "n=")) ||
	    (rc = add_name(&s->transcript, s->credentials->user)) ||
	    (rc = email__buf_addf(&s->transcript, ",r=%s", s->nonce)) ||
	    (rc = email__buf_adds(response, s->gs2)))
		return rc;
	return email__buf_add(response, email__buf_head(&s->transcript), email__buf_len(&s->transcript));
}

/* --- the server's first message --- */

typedef struct server_first {
	const char *nonce;
	size_t nonce_n;
	unsigned char salt[SALT_MAX];
	size_t salt_n;
	uint32_t iterations;
} server_first;

/* The attribute `name` at the front of *p, which moves behind it. */
static bool
attribute(const char **p, const char *end, char name, const char **value, size_t *n)
{
	const char *comma;

	if (end - *p < 2 || (*p)[0] != name || (*p)[1] != '=')
		return false;
	*value = *p + 2;
	comma = memchr(*value, ',', (size_t)(end - *value));
	*n = (size_t)((comma ? comma : end) - *value);
	*p = comma ? comma + 1 : end;
	return true;
}

static bool
printable(const char *s, size_t n)
{
	for (; n; n--, s++)
		if (*s < 0x21 || *s > 0x7E)
			return false;
	return true;
}

static email_code
read_iterations(const email__sasl *s, const char *text, size_t n, uint32_t *iterations)
{
	uint32_t most = s->credentials->max_iterations;
	char number[12];
	int64_t value;

	if (n == 0 || n >= sizeof number)
		return n ? EMAIL_E_LIMIT : EMAIL_E_PROTOCOL;
	memcpy(number, text, n);
	number[n] = '\0';
	if (!email__str_number(number, 1, INT64_MAX, &value))
		return EMAIL_E_PROTOCOL;
	if (most == 0 || most > EMAIL__SCRAM_ITERATIONS_MAX)
		most = EMAIL__SCRAM_ITERATIONS_MAX;
	if (value < EMAIL__SCRAM_ITERATIONS_MIN || value > most)
		return EMAIL_E_LIMIT;
	*iterations = (uint32_t)value;
	return EMAIL_OK;
}

/* An "m=" in front is an extension that must be understood (RFC 5802 5.1): nonce() is not found then. */
static email_code
read_first(const email__sasl *s, const char *p, size_t n, server_first *f)
{
	const char *end = p + n, *value;
	size_t own = strlen(s->nonce), len;

	if (!attribute(&p, end, 'r', &f->nonce, &f->nonce_n) || f->nonce_n <= own ||
	    memcmp(f->nonce, s->nonce, own) != 0 || !printable(f->nonce, f->nonce_n))
		return EMAIL_E_PROTOCOL;
	if (!attribute(&p, end, 's', &value, &len) || len == 0 || len / 4 * 3 > sizeof f->salt ||
	    email__base64_decode(f->salt, &f->salt_n, value, len) || f->salt_n == 0)
		return EMAIL_E_PROTOCOL;
	if (!attribute(&p, end, 'i', &value, &len))
		return EMAIL_E_PROTOCOL;
	return read_iterations(s, value, len, &f->iterations);
}

/* --- the proof --- */

/* "c=" of the final message: header and binding in base64. */
static email_code
add_bound(email__sasl *s, email__buf *out)
{
	unsigned char bound[BOUND_MAX];
	char text[EMAIL__BASE64_LEN(BOUND_MAX)];
	size_t n = strlen(s->gs2);
	email_code rc;

	memcpy(bound, s->gs2, n);
	if (s->binding) {
		memcpy(bound + n, s->binding->data, s->binding->n);
		n += s->binding->n;
	}
	if ((rc = email__buf_adds(out, "c=")))
		return rc;
	return email__buf_add(out, text, email__base64_encode(text, bound, n));
}

/* ClientProof into `proof`, ServerSignature into s->verifier (RFC 5802 3). */
static email_code
prove(email__sasl *s, email__algorithm a, const server_first *f, unsigned char proof[EMAIL__MAC_MAX])
{
	unsigned char salted[EMAIL__MAC_MAX], stored[EMAIL__MAC_MAX], key[EMAIL__MAC_MAX];
	size_t size = email__mac_size(a), i;
	email__buf password;
	email_code rc;

	email__buf_init(&password, TRANSCRIPT_MAX);
	password.secret = true;
	if ((rc = email__sasl_prep(&password, s->credentials->password)) ||
	    (rc = email__pbkdf2(a, email__buf_head(&password), email__buf_len(&password), f->salt, f->salt_n,
	                        f->iterations, salted)) ||
	    (rc = email__hmac(a, salted, size, "Client Key", 10, proof)) ||
	    (rc = email__hash_of(a, proof, size, stored)) ||
	    (rc = email__hmac(a, stored, size, email__buf_head(&s->transcript),
	                      email__buf_len(&s->transcript), key)))
		goto out;
	for (i = 0; i < size; i++)
		proof[i] ^= key[i];
	if ((rc = email__hmac(a, salted, size, "Server Key", 10, key)) == EMAIL_OK)
		rc = email__hmac(a, key, size, email__buf_head(&s->transcript),
		                 email__buf_len(&s->transcript), s->verifier);
out:
	email__buf_dispose(&password);
	email__wipe(salted, sizeof salted);
	email__wipe(stored, sizeof stored);
	email__wipe(key, sizeof key);
	return rc;
}

static email_code
client_final(email__sasl *s, email__algorithm a, const char *challenge, size_t n, email__buf *response)
{
	unsigned char proof[EMAIL__MAC_MAX];
	char text[EMAIL__BASE64_LEN(EMAIL__MAC_MAX)];
	email__buf *t = &s->transcript;
	server_first f;
	size_t from;
	email_code rc;

	if ((rc = read_first(s, challenge, n, &f)) || (rc = email__buf_addf(t, ",")) ||
	    (rc = email__buf_add(t, challenge, n)) || (rc = email__buf_addf(t, ",")))
		return rc;
	from = email__buf_len(t);
	if ((rc = add_bound(s, t)) || (rc = email__buf_adds(t, ",r=")) ||
	    (rc = email__buf_add(t, f.nonce, f.nonce_n)) || (rc = prove(s, a, &f, proof)))
		goto out;
	if ((rc = email__buf_add(response, email__buf_head(t) + from, email__buf_len(t) - from)) ==
	            EMAIL_OK &&
	    (rc = email__buf_adds(response, ",p=")) == EMAIL_OK)
		rc = email__buf_add(response, text, email__base64_encode(text, proof, email__mac_size(a)));
out:
	email__wipe(proof, sizeof proof);
	email__wipe(text, sizeof text);
	return rc;
}

/* --- the server's proof --- */

static email_code
check_server(email__sasl *s, email__algorithm a, const char *challenge, size_t n)
{
	unsigned char signature[EMAIL__MAC_MAX + 3];
	const char *p = challenge, *end = challenge + n, *value;
	size_t len, size = email__mac_size(a);

	if (attribute(&p, end, 'e', &value, &len)) {
		email__sasl_said(s, value, len);
		return EMAIL_E_LOGIN;
	}
	if (!attribute(&p, end, 'v', &value, &len))
		return EMAIL_E_PROTOCOL;
	if (len != EMAIL__BASE64_LEN(size) || email__base64_decode(signature, &len, value, len) ||
	    len != size || !email__equal_secret(signature, s->verifier, size)) {
		email__sasl_said(s, "the server does not know the password: its signature is wrong", 61);
		return EMAIL_E_LOGIN;
	}
	s->proven = true;
	return EMAIL_OK;
}

static email_code
respond(email__sasl *s, email__algorithm a, const unsigned char *challenge, size_t n, email__buf *response)
{
	switch (s->step) {
	case 0: return client_first(s, response);
	case 1: return client_final(s, a, (const char *)challenge, n, response);
	case 2: return check_server(s, a, (const char *)challenge, n);
	}
	return EMAIL_E_PROTOCOL;
}

email_code
email__scram_sha1(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	return respond(s, EMAIL__SHA1, challenge, n, response);
}

email_code
email__scram_sha256(email__sasl *s, const unsigned char *challenge, size_t n, email__buf *response)
{
	return respond(s, EMAIL__SHA256, challenge, n, response);
}
