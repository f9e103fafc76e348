/* SPDX-License-Identifier: MIT */
#include "support/replay_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/base64.h"
#include "crypto/mac.h"

/* --- a nonce that is known, and no second for each of some thousand runs --- */

/* The linker puts these in the place of the library's own: see the Makefile. */
email_code __wrap_email__crypto_random(void *out, size_t n);
email_code __real_email__crypto_random(void *out, size_t n);
email_code __wrap_email__pbkdf2(email__algorithm algorithm, const void *password, size_t password_n,
                                const void *salt, size_t salt_n, uint32_t iterations, unsigned char *out);
email_code __real_email__pbkdf2(email__algorithm algorithm, const void *password, size_t password_n,
                                const void *salt, size_t salt_n, uint32_t iterations, unsigned char *out);

static const char *nonce;

email_code
__wrap_email__crypto_random(void *out, size_t n)
{
	size_t got;

	if (!nonce)
		return __real_email__crypto_random(out, n);
	if (strlen(nonce) != EMAIL__BASE64_LEN(n) || email__base64_decode(out, &got, nonce, strlen(nonce)) ||
	    got != n)
		abort();
	return EMAIL_OK;
}

/* What was asked for last, in one piece, and its answer. */
static struct {
	unsigned char asked[300];
	size_t n;
	unsigned char out[EMAIL__MAC_MAX];
} last;

email_code
__wrap_email__pbkdf2(email__algorithm algorithm, const void *password, size_t password_n, const void *salt,
                     size_t salt_n, uint32_t iterations, unsigned char *out)
{
	unsigned char asked[sizeof last.asked] = {0};
	size_t n = 16 + password_n + salt_n;
	email_code rc;

	if (n > sizeof asked)
		return __real_email__pbkdf2(algorithm, password, password_n, salt, salt_n, iterations, out);
	asked[0] = (unsigned char)algorithm;
	asked[1] = (unsigned char)password_n;
	memcpy(asked + 8, &iterations, sizeof iterations);
	memcpy(asked + 16, password, password_n);
	memcpy(asked + 16 + password_n, salt, salt_n);
	if (n != last.n || memcmp(asked, last.asked, n) != 0) {
		rc = __real_email__pbkdf2(algorithm, password, password_n, salt, salt_n, iterations,
		                          last.out);
		last.n = rc ? 0 : n;
		memcpy(last.asked, asked, n);
		if (rc)
			return rc;
	}
	memcpy(out, last.out, email__mac_size(algorithm));
	return EMAIL_OK;
}

/* --- spelling --- */

/* TEXT of the header, up to `end`; a string to be freed, *n bytes. */
static char *
spell(const char *p, const char *end, size_t *n)
{
	char *out = NULL, *longer;

	for (*n = 0; p < end;) {
		unsigned long count = 1;
		const char *piece = p, *next = p + 1, *star;
		size_t len = 1, i;

		if (p[0] == '^' && p[1] == 'A') {
			piece = "\1";
			next = p + 2;
		} else if (p[0] == '<' && (count = strtoul(p + 1, (char **)(void *)&star, 10)) &&
		           *star == '*' && strchr(star, '>')) {
			piece = star + 1;
			len = (size_t)(strchr(star, '>') - piece);
			next = piece + len + 1;
		} else
			count = 1;
		longer = realloc(out, *n + count + 1);
		if (!longer)
			abort();
		out = longer;
		for (i = 0; i < count; i++)
			out[(*n)++] = piece[i % len];
		p = next;
	}
	longer = realloc(out, *n + 1);
	if (!longer)
		abort();
	out = longer;
	out[*n] = '\0';
	return out;
}

char *
email_test_login_line(const char *line)
{
	const char *from = strstr(line, "base64("), *end = from ? strrchr(from, ')') : NULL;
	size_t n, head;
	char *text, *out;

	if (!end)
		return strdup(line);
	head = (size_t)(from - line);
	text = spell(from + strlen("base64("), end, &n);
	out = malloc(head + EMAIL__BASE64_LEN(n) + strlen(end + 1) + 1);
	memcpy(out, line, head);
	head += email__base64_encode(out + head, text, n);
	memcpy(out + head, end + 1, strlen(end + 1) + 1);
	free(text);
	return out;
}

bool
email_test_login_leaks(const char *line)
{
	static const char *const secrets[] = {"secret", "c2VjcmV0", "NlY3JldA", "zZWNyZX",
	                                      "toktok", "dG9rdG9r", "a3Rva3Rv", "b2t0b2t0"};
	size_t i;

	for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strstr(line, secrets[i]))
			return true;
	return false;
}

/* --- config --- */

void
email_test_login_init(email_test_login *l)
{
	memset(l, 0, sizeof *l);
	l->credentials.user = l->credentials.password = "";
}

static bool
value(char *word, const char *name, char **v)
{
	size_t n = strlen(name);

	*v = word + n;
	return strncmp(word, name, n) == 0;
}

bool
email_test_login_word(email_test_login *l, char *word)
{
	size_t n;
	char *v;

	if (value(word, "user=", &v)) {
		l->credentials.user = v;
		l->given = true;
	} else if (value(word, "password=", &v)) {
		l->credentials.password = v;
	} else if (value(word, "token=", &v)) {
		l->token = spell(v, v + strlen(v), &n);
		l->credentials.password = l->token;
		l->credentials.kind = EMAIL__CREDENTIAL_TOKEN;
	} else if (value(word, "host=", &v) && strchr(v, ':')) {
		l->credentials.port = atoi(strchr(v, ':') + 1);
		*strchr(v, ':') = '\0';
		l->credentials.host = v;
	} else if (value(word, "nonce=", &v)) {
		l->nonce = v;
	} else if (value(word, "binding=", &v)) {
		l->binding.type = v;
		for (l->binding.n = 0; l->binding.n < 32; l->binding.n++)
			l->binding.data[l->binding.n] = (unsigned char)l->binding.n;
		l->credentials.binding = &l->binding;
	} else
		return false;
	return true;
}

void
email_test_login_begin(const email_test_login *l)
{
	nonce = l->nonce;
}

void
email_test_login_free(email_test_login *l)
{
	free(l->token);
	nonce = NULL;
}
