/* SPDX-License-Identifier: MIT */
#include "trust/host.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "codec/idna.h"
#include "trust/verdict.h"

#define LABEL_MAX 63
#define NAME_MAX_OCTETS 253

/* --- addresses --- */

/* Decimal, 1 to 3 digits, no leading zero: "010" is eight to some readers and ten to others. */
static size_t
parse_ipv4(const char *s, size_t n, unsigned char *out)
{
	size_t at = 0, part, digits;
	unsigned value;

	for (part = 0; part < 4; part++) {
		if (part && (at == n || s[at++] != '.'))
			return 0;
		for (value = 0, digits = 0; at < n && digits < 3 && email__is_digit(s[at]); at++, digits++)
			value = value * 10 + (unsigned)(s[at] - '0');
		if (digits == 0 || value > 255 || (digits > 1 && s[at - digits] == '0'))
			return 0;
		out[part] = (unsigned char)value;
	}
	return at == n ? 4 : 0;
}

/* Groups of one side of the "::"; bytes written, or 17 for what is no such thing. */
static size_t
parse_groups(const char *s, size_t n, bool last, unsigned char *out, size_t room)
{
	size_t at = 0, used = 0, digits;
	unsigned value;

	while (at < n) {
		const char *colon = memchr(s + at, ':', n - at);
		size_t len = colon ? (size_t)(colon - s) - at : n - at;

		if (!colon && last && memchr(s + at, '.', len))
			return room - used >= 4 && parse_ipv4(s + at, len, out + used) ? used + 4 : 17;
		if (len == 0 || len > 4 || room - used < 2)
			return 17;
		for (value = 0, digits = 0; digits < len; digits++) {
			int d = email__hex_value(s[at + digits]);

			if (d < 0)
				return 17;
			value = value << 4 | (unsigned)d;
		}
		out[used++] = (unsigned char)(value >> 8);
		out[used++] = (unsigned char)value;
		at += len;
		if (colon && ++at == n)
			return 17;
	}
	return used;
}

static size_t
parse_ipv6(const char *s, size_t n, unsigned char out[16])
{
	unsigned char head[16], tail[16];
	const char *gap = NULL;
	size_t i, before, after;

	for (i = 0; i + 1 < n && !gap; i++)
		if (s[i] == ':' && s[i + 1] == ':')
			gap = s + i;
	if (!gap) {
		before = parse_groups(s, n, true, out, 16);
		return before == 16 ? 16 : 0;
	}
	before = parse_groups(s, (size_t)(gap - s), false, head, 16);
	after = parse_groups(gap + 2, n - (size_t)(gap - s) - 2, true, tail, 16);
	/* RFC 4291 2.2: the gap stands for one group at least */
	if (before > 14 || after > 14 || before + after > 14)
		return 0;
	memset(out, 0, 16);
	if (before)
		memcpy(out, head, before);
	if (after)
		memcpy(out + 16 - after, tail, after);
	return 16;
}

/* A zone (RFC 4007 11) says which network to ask, not who answers: it is no part of the address, and
 * only link-local ones have it. */
static bool
cut_zone(const char *s, size_t *n)
{
	const char *zone = memchr(s, '%', *n);

	if (!zone)
		return true;
	if (*n < 4 || email__lower(s[0]) != 'f' || email__lower(s[1]) != 'e' || !strchr("89abAB", s[2]) ||
	    zone + 1 == s + *n)
		return false;
	*n = (size_t)(zone - s);
	return true;
}

size_t
email__ip_parse(const char *text, unsigned char bytes[16])
{
	size_t n = strlen(text), found;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		n -= 2;
		return cut_zone(++text, &n) ? parse_ipv6(text, n, bytes) : 0;
	}
	found = parse_ipv4(text, n, bytes);
	return found || !cut_zone(text, &n) ? found : parse_ipv6(text, n, bytes);
}

/* RFC 5952 4: lower case, no leading zeros, the longest run of two zero groups or more cut, the first. */
void
email__ip_write(const unsigned char *b, size_t n, char *out, size_t size)
{
	int group[8], i, run, start = -1, longest = 1;
	size_t used = 0;

	if (n == 4) {
		snprintf(out, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return;
	}
	for (i = 0; i < 8; i++)
		group[i] = b[2 * i] << 8 | b[2 * i + 1];
	for (i = 0; i < 8; i += run ? run : 1) {
		for (run = 0; i + run < 8 && group[i + run] == 0; run++)
			;
		if (run > longest) {
			longest = run;
			start = i;
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == start) {
			used += (size_t)snprintf(out + used, size - used, "::");
			i += longest - 1;
			continue;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%x",
		                         i && !(start >= 0 && i == start + longest) ? ":" : "",
		                         (unsigned)group[i]);
	}
}

/* --- names --- */

/* Letters, digits, hyphens within, and the underscores that local networks have (and mail domains have not). */
static bool
label_valid(const char *label, size_t n)
{
	size_t i;

	if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
		return false;
	for (i = 0; i < n; i++)
		if (!email__is_alpha(label[i]) && !email__is_digit(label[i]) && label[i] != '-' &&
		    label[i] != '_')
			return false;
	return true;
}

static bool
ascii_name(const char *host, size_t n, char *out)
{
	size_t at, start = 0;

	if (n > NAME_MAX_OCTETS)
		return false;
	for (at = 0; at <= n; at++) {
		if (at < n && host[at] != '.') {
			out[at] = email__lower(host[at]);
			continue;
		}
		if (!label_valid(host + start, at - start))
			return false;
		out[at] = '.';
		start = at + 1;
	}
	out[n] = '\0';
	return true;
}

static bool
put_name(const char *host, size_t n, char out[EMAIL__HOST_MAX])
{
	const char *why;
	size_t i;

	if (n && host[n - 1] == '.') /* RFC 1034 3.1: the root's; certificates never have it */
		n--;
	for (i = 0; i < n; i++)
		if (host[i] & 0x80)
			return email__idna_to_ascii(host, n, out, &why) == EMAIL_OK &&
			       strlen(out) <= NAME_MAX_OCTETS;
	return ascii_name(host, n, out);
}

/* RFC 1123 2.1 and the WHATWG rule: a last label of digits (or 0x...) is a number that somebody's
 * resolver would read as an address. */
static bool
ends_in_number(const char *name)
{
	const char *label = strrchr(name, '.');
	size_t i = 0;

	label = label ? label + 1 : name;
	if (label[0] == '0' && label[1] == 'x') {
		for (i = 2; email__hex_value(label[i]) >= 0; i++)
			;
		return label[i] == '\0';
	}
	while (email__is_digit(label[i]))
		i++;
	return label[i] == '\0';
}

email_code
email__host_canonical(const char *host, char out[EMAIL__HOST_MAX], bool *address)
{
	unsigned char bytes[16];
	size_t n = email__ip_parse(host, bytes);

	out[0] = '\0';
	if (address)
		*address = n != 0;
	if (n) {
		email__ip_write(bytes, n, out, EMAIL__HOST_MAX);
		return EMAIL_OK;
	}
	if (strlen(host) < 4 * EMAIL__HOST_MAX && put_name(host, strlen(host), out) && !ends_in_number(out))
		return EMAIL_OK;
	out[0] = '\0';
	return EMAIL_E_VALUE;
}
