/* SPDX-License-Identifier: MIT */
#include "proto/smtp_command.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "proto/line.h"

/* --- grammar --- */

/* What a byte may be part of. */
enum { ATEXT = 1, LABEL = 2 };

#define X1 ATEXT
#define X2 (ATEXT | LABEL)
/* atext of RFC 5322 3.2.3; letters, digits, - and _ of a domain. */
static const unsigned char kind[256] = {
	['!'] = X1, ['#'] = X1, ['$'] = X1, ['%'] = X1, ['&'] = X1, ['\''] = X1, ['*'] = X1, ['+'] = X1,
	['-'] = X2, ['/'] = X1, ['='] = X1, ['?'] = X1, ['^'] = X1, ['_'] = X2,  ['`'] = X1, ['{'] = X1,
	['|'] = X1, ['}'] = X1, ['~'] = X1, ['0'] = X2, ['1'] = X2, ['2'] = X2,  ['3'] = X2, ['4'] = X2,
	['5'] = X2, ['6'] = X2, ['7'] = X2, ['8'] = X2, ['9'] = X2, ['A'] = X2,  ['B'] = X2, ['C'] = X2,
	['D'] = X2, ['E'] = X2, ['F'] = X2, ['G'] = X2, ['H'] = X2, ['I'] = X2,  ['J'] = X2, ['K'] = X2,
	['L'] = X2, ['M'] = X2, ['N'] = X2, ['O'] = X2, ['P'] = X2, ['Q'] = X2,  ['R'] = X2, ['S'] = X2,
	['T'] = X2, ['U'] = X2, ['V'] = X2, ['W'] = X2, ['X'] = X2, ['Y'] = X2,  ['Z'] = X2, ['a'] = X2,
	['b'] = X2, ['c'] = X2, ['d'] = X2, ['e'] = X2, ['f'] = X2, ['g'] = X2,  ['h'] = X2, ['i'] = X2,
	['j'] = X2, ['k'] = X2, ['l'] = X2, ['m'] = X2, ['n'] = X2, ['o'] = X2,  ['p'] = X2, ['q'] = X2,
	['r'] = X2, ['s'] = X2, ['t'] = X2, ['u'] = X2, ['v'] = X2, ['w'] = X2,  ['x'] = X2, ['y'] = X2,
	['z'] = X2,
};
#undef X1
#undef X2

/* Words of these bytes with single dots between: where they end, or NULL. RFC 6531 3.3: with `utf8` also
 * of what is not ASCII. */
static const char *
dotted(const char *p, unsigned of, bool utf8)
{
	const char *start;

	for (;;) {
		start = p;
		do
			while (kind[(unsigned char)*p] & of)
				p++;
		while ((unsigned char)*p > 127 && utf8 && p++);
		if (p == start)
			return NULL;
		if (*p != '.')
			return p;
		p++;
	}
}

/* The local part of RFC 5321 4.1.2, dotted atoms or a quoted string: where it ends, or NULL. */
static const char *
local_part(const char *p, bool utf8)
{
	if (*p != '"')
		return dotted(p, ATEXT, utf8);
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if ((unsigned char)*p < ' ' || *p == 127 || ((unsigned char)*p > 127 && !utf8))
			return NULL;
	}
	return p + 1;
}

/* Labels, or a literal in brackets, up to the end of the text. */
static bool
domain(const char *text, bool utf8)
{
	const char *p = text;

	if (*p != '[') {
		p = dotted(p, LABEL, utf8);
		return p && *p == '\0' && p - text <= EMAIL__DOMAIN_MAX;
	}
	for (p++; *p > ' ' && *p < 127 && *p != '[' && *p != ']' && *p != '\\';)
		p++;
	return p > text + 1 && p[0] == ']' && p[1] == '\0' && p - text <= EMAIL__DOMAIN_MAX;
}

bool
email__smtp_domain_valid(const char *text)
{
	return domain(text, false);
}

bool
email__smtp_address_valid(const char *address, bool utf8)
{
	const char *at = local_part(address, utf8);

	if (!at || at - address > EMAIL__LOCAL_PART_MAX)
		return false;
	if (*at == '@')
		return domain(at + 1, utf8);
	return email__str_equal(address, "postmaster"); /* RFC 5321 4.1.1.3 */
}

bool
email__smtp_envelope_id_valid(const char *id)
{
	size_t n = 0;

	for (; id[n] > ' ' && id[n] <= '~'; n++)
		if (n == 100)
			return false;
	return n > 0 && id[n] == '\0';
}

/* --- output --- */

static void
add_hex(line *l, unsigned long v)
{
	char digits[8];
	size_t at = sizeof digits;

	while (v || at > sizeof digits - 2) {
		digits[--at] = "0123456789ABCDEF"[v % 16];
		v /= 16;
	}
	add(l, digits + at, sizeof digits - at);
}

static bool
is_xchar(unsigned long c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

/* RFC 3461 4: what is no xchar becomes +HH. The text is ASCII. */
static void
add_xtext(line *l, const char *s)
{
	for (; *s; s++)
		if (is_xchar((unsigned char)*s)) {
			add(l, s, 1);
		} else {
			adds(l, "+");
			add_hex(l, (unsigned char)*s);
		}
}

/* RFC 6533 3, utf-8-addr-xtext, which is safe everywhere: the same, but \x{HEX} by code point. */
static void
add_utf8_xtext(line *l, const char *s)
{
	size_t n = strlen(s), used;
	unsigned long c;

	for (; n; s += used, n -= used) {
		used = email__utf8_decode((const unsigned char *)s, n, &c);
		if (used == 0) {
			line_fail(l); /* not UTF-8: has no such form */
			return;
		}
		if (is_xchar(c) && c != '\\') {
			add(l, s, 1);
		} else {
			adds(l, "\\x{");
			add_hex(l, c);
			adds(l, "}");
		}
	}
}

/* --- commands --- */

email_code
email__smtp_put_hello(email__link *link, const char *verb, const char *name)
{
	line l = line_begin(link, EMAIL__SMTP_COMMAND_ROOM);

	if (!email__smtp_domain_valid(name))
		return EMAIL_E_VALUE;
	adds(&l, verb);
	adds(&l, " ");
	adds(&l, name);
	return line_finish(&l, NULL);
}

email_code
email__smtp_put_verb(email__link *link, const char *verb)
{
	line l = line_begin(link, 16);

	adds(&l, verb);
	return line_finish(&l, NULL);
}

email_code
email__smtp_put_mail(email__link *link, const email__smtp_mail *mail, const email__smtp_capabilities *can)
{
	line l = line_begin(link, EMAIL__SMTP_COMMAND_ROOM);

	if (mail->from[0] && !email__smtp_address_valid(mail->from, mail->utf8))
		return EMAIL_E_VALUE;
	if (mail->envelope_id && !email__smtp_envelope_id_valid(mail->envelope_id))
		return EMAIL_E_VALUE;
	adds(&l, "MAIL FROM:<");
	adds(&l, mail->from);
	adds(&l, ">");
	if (can->size && mail->size) {
		adds(&l, " SIZE=");
		add_number(&l, mail->size);
	}
	if (mail->eight_bit)
		adds(&l, " BODY=8BITMIME");
	if (mail->utf8)
		adds(&l, " SMTPUTF8");
	if (can->dsn && mail->dsn) {
		adds(&l, " RET=HDRS");
		if (mail->envelope_id) {
			adds(&l, " ENVID=");
			add_xtext(&l, mail->envelope_id);
		}
	}
	return line_finish(&l, NULL);
}

static void
add_notify(line *l, unsigned dsn)
{
	static const struct {
		unsigned bit;
		const char *name;
	} words[] = {
		{EMAIL_DSN_SUCCESS, "SUCCESS"}, {EMAIL_DSN_FAILURE, "FAILURE"}, {EMAIL_DSN_DELAY, "DELAY"}};
	const char *between = " NOTIFY=";
	size_t i;

	if (dsn & EMAIL_DSN_NEVER) {
		adds(l, " NOTIFY=NEVER");
		return;
	}
	for (i = 0; i < 3; i++)
		if (dsn & words[i].bit) {
			adds(l, between);
			adds(l, words[i].name);
			between = ",";
		}
}

/* RFC 3461 4.2: the address of RCPT itself, so that a report can say whom it was for, wherever it was forwarded to. 500
 * characters at most; one that would be longer goes without. */
static void
add_orcpt(line *l, const char *address)
{
	char text[500];
	line part = {NULL, text, text, text + sizeof text};
	const char *p = address;

	while (*p && (unsigned char)*p < 128)
		p++;
	adds(&part, *p ? "ORCPT=utf-8;" : "ORCPT=rfc822;");
	if (*p)
		add_utf8_xtext(&part, address);
	else
		add_xtext(&part, address);
	if (part.start) {
		adds(l, " ");
		add(l, text, (size_t)(part.p - text));
	}
}

email_code
email__smtp_put_rcpt(email__link *link, const char *address, const email__smtp_mail *mail,
                     const email__smtp_capabilities *can)
{
	line l = line_begin(link, EMAIL__SMTP_COMMAND_ROOM);

	if (!email__smtp_address_valid(address, mail->utf8))
		return EMAIL_E_VALUE;
	adds(&l, "RCPT TO:<");
	adds(&l, address);
	adds(&l, ">");
	if (can->dsn && mail->dsn) {
		add_notify(&l, mail->dsn);
		if (!(mail->dsn & EMAIL_DSN_NEVER))
			add_orcpt(&l, address);
	}
	return line_finish(&l, NULL);
}

email_code
email__smtp_put_auth(email__link *link, const char *mechanism, const void *response, size_t n)
{
	char masked[64] = "AUTH ";
	email_code rc;
	line l;

	if (!email__smtp_domain_valid(mechanism) ||
	    strlen(mechanism) > 40) /* RFC 4422 3.1: letters, digits, - and _ */
		return EMAIL_E_VALUE;
	if ((rc = email__link_login(link, EMAIL__SMTP_AUTH_MAX)))
		return rc;
	l = line_begin(link, EMAIL__SMTP_AUTH_MAX);
	memcpy(masked + 5, mechanism, strlen(mechanism));
	adds(&l, "AUTH ");
	adds(&l, mechanism);
	if (response) {
		memcpy(masked + 5 + strlen(mechanism), " ****", 5);
		adds(&l, n ? " " : " ="); /* RFC 4954 4: an empty initial response */
		add_base64(&l, response, n);
	}
	return line_finish(&l, masked);
}

email_code
email__smtp_put_response(email__link *link, const void *response, size_t n)
{
	size_t most = EMAIL__BASE64_LEN(n) + 2;
	email_code rc = n > EMAIL__SASL_RESPONSE_MAX ? EMAIL_E_LIMIT : email__link_login(link, most);
	line l;

	if (rc)
		return rc;
	l = line_begin(link, most);
	add_base64(&l, response, n);
	return line_finish(&l, "****");
}

void
email__smtp_put_body(email__link *link, size_t n)
{
	email__buf_added(&link->out, n);
	link->sent += n;
	if (n)
		email__link_log_body(link, 'C', n);
}

void
email__smtp_put_chunk(email__link *link, size_t n, bool last)
{
	unsigned char *body = link->out.data + link->out.end + EMAIL__SMTP_CHUNK_HEAD;
	line l = line_begin(link, EMAIL__SMTP_CHUNK_HEAD);

	adds(&l, "BDAT ");
	add_number(&l, n);
	if (last)
		adds(&l, " LAST");
	line_finish(&l, NULL);
	memmove(link->out.data + link->out.end, body, n);
	email__smtp_put_body(link, n);
}
