/* SPDX-License-Identifier: MIT */
#include "token/json.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

struct email__json {
	json_t *root;
	/* the blanked values: between the quotes, escapes and all. A blank is the index here, and xs. */
	struct {
		const char *at;
		size_t n;
	} secret[EMAIL__JSON_SECRETS_MAX];
	size_t secrets;
};

static const char *const secret_names[] = {"access_token", "refresh_token", "id_token", "device_code"};

static email_code
refuse(const char **why, email_code code, const char *sentence)
{
	*why = sentence;
	return code;
}

/* --- blanking --- */

static bool
is_secret(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof secret_names / sizeof *secret_names; i++)
		if (strlen(secret_names[i]) == n && memcmp(name, secret_names[i], n) == 0)
			return true;
	return false;
}

/* Is what stands before `at` a name: does a colon follow? */
static bool
before_colon(const char *p, size_t n, size_t at)
{
	while (at < n && (p[at] == ' ' || p[at] == '\t' || p[at] == '\r' || p[at] == '\n'))
		at++;
	return at < n && p[at] == ':';
}

static email_code
blank(email__json *j, const char *p, char *copy, size_t from, size_t n, const char **why)
{
	if (n == 0)
		return EMAIL_OK;
	if (j->secrets == EMAIL__JSON_SECRETS_MAX)
		return refuse(why, EMAIL_E_LIMIT, "it has too many tokens");
	j->secret[j->secrets].at = p + from;
	j->secret[j->secrets].n = n;
	memset(copy + from, 'x', n);
	copy[from] = (char)('0' + j->secrets++);
	return EMAIL_OK;
}

/* Goes through the text by its strings and brackets; whether the rest is JSON is jansson's to say. */
static email_code
blank_secrets(email__json *j, const char *p, size_t n, char *copy, const char **why)
{
	size_t depth = 0, i, from;
	bool secret = false; /* the value that comes is one */
	email_code rc;

	for (i = 0; i < n; i++) {
		if (p[i] == '{' || p[i] == '[') {
			secret = false;
			if (++depth > EMAIL__JSON_DEPTH_MAX)
				return refuse(why, EMAIL_E_LIMIT, "it is nested too deeply");
		} else if (p[i] == '}' || p[i] == ']') {
			depth -= depth > 0;
		} else if (p[i] == ',') {
			secret = false;
		} else if (p[i] == '"') {
			for (from = ++i; i < n && p[i] != '"'; i++)
				i += p[i] == '\\';
			if (i >= n)
				return refuse(why, EMAIL_E_PROTOCOL, "it is cut off");
			if (before_colon(p, n, i + 1)) {
				/* in no other spelling does a secret get past */
				if (memchr(p + from, '\\', i - from))
					return refuse(why, EMAIL_E_PROTOCOL, "a name in it has escapes");
				secret = is_secret(p + from, i - from);
			} else if (secret && (rc = blank(j, p, copy, from, i - from, why))) {
				return rc;
			}
		}
	}
	return EMAIL_OK;
}

/* --- reading --- */

static email_code
parse(email__json *j, const char *text, size_t n, const char **why)
{
	json_error_t error;
	enum json_error_code code;

	j->root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(j->root))
		return EMAIL_OK;
	if (j->root)
		return refuse(why, EMAIL_E_PROTOCOL, "it is no object");
	code = json_error_code(&error);
	if (code == json_error_out_of_memory)
		return refuse(why, EMAIL_E_MEMORY, "out of memory");
	if (code == json_error_duplicate_key)
		return refuse(why, EMAIL_E_PROTOCOL, "a name stands in it twice");
	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		return refuse(why, EMAIL_E_PROTOCOL, "a NUL is in it");
	if (code == json_error_premature_end_of_input)
		return refuse(why, EMAIL_E_PROTOCOL, "it is cut off");
	return refuse(why, EMAIL_E_PROTOCOL, "it is no valid JSON");
}

email_code
email__json_read(const void *text, size_t n, email__json **json, const char **why)
{
	email__json *j = email__new(email__json);
	char *copy = email__alloc(n ? n : 1);
	email_code rc;

	*json = NULL;
	if (!j || !copy) {
		rc = refuse(why, EMAIL_E_MEMORY, "out of memory");
		goto out;
	}
	if (n)
		memcpy(copy, text, n);
	if ((rc = blank_secrets(j, text, n, copy, why)) || (rc = parse(j, copy, n, why)))
		goto out;
	*json = j;
	j = NULL;
out:
	email__free(copy);
	email__json_free(j);
	return rc;
}

void
email__json_free(email__json *json)
{
	if (!json)
		return;
	json_decref(json->root);
	email__free(json);
}

/* --- getters --- */

/* The value, or NULL with the code that says why there is none. */
static const json_t *
find(const email__json *j, const char *name, email_code *rc)
{
	const json_t *value = json_object_get(j->root, name);

	*rc = !value || json_is_null(value) ? EMAIL_E_UNKNOWN : EMAIL_OK;
	return *rc ? NULL : value;
}

static email_code
find_text(const email__json *j, const char *name, const char **text)
{
	email_code rc;
	const json_t *value = find(j, name, &rc);

	if (rc)
		return rc;
	*text = json_string_value(value);
	return *text ? EMAIL_OK : EMAIL_E_PROTOCOL;
}

email_code
email__json_text(const email__json *json, const char *name, char *out, size_t size)
{
	const char *text;
	email_code rc = find_text(json, name, &text);

	if (rc)
		return rc;
	if (strlen(text) >= size)
		return EMAIL_E_LIMIT;
	memcpy(out, text, strlen(text) + 1);
	return EMAIL_OK;
}

email_code
email__json_words(const email__json *json, const char *name, char *out, size_t size)
{
	const char *text;
	email_code rc = find_text(json, name, &text);

	if (rc == EMAIL_OK)
		email__printable(out, size, text, strlen(text));
	return rc;
}

/* The character at *p, escaped or not; 0 where it is none that a token may hold: VCHAR (RFC 6749 A.12). */
static unsigned char
visible(const char **p, const char *end)
{
	const char *q = *p;
	int c = (unsigned char)*q++, i;

	if (c == '\\') {
		c = q < end ? (unsigned char)*q++ : 0;
		if (c == 'u' && end - q >= 4) {
			for (c = 0, i = 0; i < 4 && c >= 0; i++, q++)
				c = email__hex_value(*q) < 0 ? -1 : c * 16 + email__hex_value(*q);
		} else if (c != '"' && c != '\\' && c != '/') {
			c = 0;
		}
	}
	*p = q;
	return c > 0x20 && c < 0x7F ? (unsigned char)c : 0;
}

email_code
email__json_secret(const email__json *json, const char *name, email__buf *out)
{
	const char *value, *p, *end;
	email_code rc = find_text(json, name, &value);
	size_t index, had = email__buf_len(out);
	unsigned char c;

	if (rc)
		return rc;
	index = (size_t)(value[0] - '0');
	if (value[0] < '0' || index >= json->secrets) /* "" */
		return EMAIL_E_PROTOCOL;
	p = json->secret[index].at;
	end = p + json->secret[index].n;
	/* all of it at once, so that no part is left behind by growing */
	if (email__buf_left(out) < (size_t)(end - p) && !memchr(p, '\\', (size_t)(end - p)))
		return EMAIL_E_LIMIT;
	while (p < end && rc == EMAIL_OK) {
		c = visible(&p, end);
		rc = c ? email__buf_add(out, &c, 1) : EMAIL_E_PROTOCOL;
	}
	if (rc)
		out->end = out->start + had;
	return rc;
}

email_code
email__json_seconds(const email__json *json, const char *name, int64_t most, int64_t *out)
{
	email_code rc;
	const json_t *value = find(json, name, &rc);
	int64_t number;
	double real;

	if (rc)
		return rc;
	if (json_is_integer(value)) {
		number = json_integer_value(value);
	} else if (json_is_real(value)) {
		real = json_real_value(value);
		number = real < 0 ? 0 : real > (double)most ? most : (int64_t)real;
	} else if (!json_is_string(value) ||
	           !email__str_number(json_string_value(value), INT64_MIN, INT64_MAX, &number)) {
		return EMAIL_E_PROTOCOL;
	}
	*out = number < 0 ? 0 : number > most ? most : number;
	return EMAIL_OK;
}

email_code
email__json_has(const email__json *json, const char *name, const char *text)
{
	email_code rc;
	const json_t *value = find(json, name, &rc);
	size_t i;

	if (rc)
		return rc;
	if (!json_is_array(value))
		return EMAIL_E_PROTOCOL;
	for (i = 0; i < json_array_size(value); i++) {
		const char *item = json_string_value(json_array_get(value, i));

		if (item && strcmp(item, text) == 0)
			return EMAIL_OK;
	}
	return EMAIL_E_UNKNOWN;
}
