/* SPDX-License-Identifier: MIT */
#include "token/url.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "codec/idna.h"

/* Where what a path or query may hold ends (RFC 3986 3.3, 3.4). */
static const char *
path_end(const char *p)
{
	static const char also[] = "-._~!$&'()*+,;=:@/?";

	for (;; p++) {
		if (*p == '%' && email__hex_value(p[1]) >= 0 && email__hex_value(p[2]) >= 0)
			p += 2;
		else if (!*p || (!email__is_alpha(*p) && !email__is_digit(*p) && !strchr(also, *p)))
			return p;
	}
}

/* "[2001:db8::1]": its characters only. Whether it is an address shows whoever connects. */
static const char *
literal(const char *p, email__url *url)
{
	size_t n = strspn(p + 1, "0123456789abcdefABCDEF:."), i;

	if (n == 0 || n >= sizeof url->host || p[n + 1] != ']' || !memchr(p + 1, ':', n))
		return NULL;
	for (i = 0; i < n; i++)
		url->host[i] = email__lower(p[1 + i]);
	url->host[n] = '\0';
	return p + n + 2;
}

static email_code
refuse(const char **why, const char *reason)
{
	*why = reason;
	return EMAIL_E_VALUE;
}

/* ":443", or nothing, up to `end`. */
static email_code
port(const char *p, const char *end, email__url *url, const char **why)
{
	char digits[6];
	size_t n = (size_t)(end - p);
	int64_t value = 443;

	if (n) {
		if (*p != ':' || n < 2 || n > sizeof digits)
			return refuse(why, "it has no valid port");
		memcpy(digits, p + 1, n - 1);
		digits[n - 1] = '\0';
		if (!email__str_number(digits, 1, 65535, &value))
			return refuse(why, "it has no valid port");
	}
	url->port = (int)value;
	return EMAIL_OK;
}

email_code
email__url_parse(const char *text, email__url *url, const char **why)
{
	const char *p, *end, *host_end;
	email_code rc;

	if (strlen(text) > EMAIL__URL_MAX)
		return refuse(why, "it is too long");
	if (strlen(text) < 8 || !email__str_equal_n(text, "https://", 8))
		return refuse(why, "it does not begin with https://");
	p = text + 8;
	end = p + strcspn(p, "/?#");
	if (memchr(p, '@', (size_t)(end - p)))
		return refuse(why, "it has a user name");
	if (*p == '[') {
		if (!(host_end = literal(p, url)))
			return refuse(why, "it has no valid address in its brackets");
	} else {
		host_end = memchr(p, ':', (size_t)(end - p));
		host_end = host_end ? host_end : end;
		if ((rc = email__idna_to_ascii(p, (size_t)(host_end - p), url->host, why)))
			return rc;
	}
	if ((rc = port(host_end, end, url, why)))
		return rc;
	if (strchr(end, '#'))
		return refuse(why, "it has a fragment");
	if (*path_end(end))
		return refuse(why, "it has a character that must be written as %XX");
	/* "https://host?query" has an empty path (RFC 9110 4.2.3) */
	url->path[0] = '/';
	memcpy(url->path + (*end != '/'), end, strlen(end) + 1);
	return EMAIL_OK;
}
