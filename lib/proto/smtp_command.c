/* SPDX-License-Identifier: MIT */
#include "proto/smtp_command.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/base64.h"

/* --- grammar --- */

/* RFC 5321 4.1.2: atext (RFC 5322 3.2.3), and with RFC 6531 3.3 what is not ASCII. */
static bool
is_atext(unsigned char c, bool utf8)
{
	static const char others[] = "!#$%&'*+-/=?^_`{|}~";

	if (email__is_alpha((char)c) || email__is_digit((char)c))
		return true;
	return c > 127 ? utf8 : c != '\0' && strchr(others, c) != NULL;
}

/* The local part, an atom with dots between, or a quoted string: where it ends, or NULL. */
static const char *
local_part(const char *p, bool utf8)
{
	const char *start = p;

	if (*p == '"') {
		for (p++; *p != '"'; p++) {
			if (*p == '\\')
				p++;
			if ((unsigned char)*p < ' ' || *p == 127 || ((unsigned char)*p > 127 && !utf8))
				return NULL;
		}
		return p + 1;
	}
	for (;; p++) {
		if (*p == '.' && p > start && p[-1] != '.')
			continue;
		if (!is_atext((unsigned char)*p, utf8))
			break;
	}
	return p > start && p[-1] != '.' ? p : NULL;
}

/* Labels with dots between, or a literal in brackets, up to the end of the text. */
static bool
domain(const char *p, bool utf8)
{
	const char *start = p;

	if (*p == '[') {
		for (p++; *p > ' ' && *p < 127 && *p != '[' && *p != ']' && *p != '\\';)
			p++;
		return p > start + 1 && p[0] == ']' && p[1] == '\0';
	}
	for (; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '.' ? p == start || p[-1] == '.'
		             : !(email__is_alpha(*p) || email__is_digit(*p) || c == '-' || c == '_' || (c > 127 && utf8)))
			return false;
	}
	return p > start && p[-1] != '.' && p - start <= EMAIL__DOMAIN_MAX;
}

bool
email__smtp_domain_valid(const char *text)
{
	return strlen(text) <= EMAIL__DOMAIN_MAX && domain(text, false);
}

bool
email__smtp_address_valid(const char *address, bool utf8)
{
	const char *at;

	if (strlen(address) > EMAIL__ADDRESS_MAX)
		return false;
	if (email__str_equal(address, "postmaster")) /* RFC 5321 4.1.1.3 */
		return true;
	at = local_part(address, utf8);
	return at && *at == '@' && domain(at + 1, utf8);
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

/* A command being put together in `out`, which it leaves again where something does not fit. */
typedef struct line {
	email__link *link;
	size_t start, len;
	email_code code;
} line;

static line
begin(email__link *link)
{
	return (line){link, 0, 0, EMAIL_OK};
}

static void
add(line *l, const char *p, size_t n)
{
	if (l->code == EMAIL_OK)
		l->code = email__buf_add(&l->link->out, p, n);
	if (l->code == EMAIL_OK)
		l->len += n;
}

static void
adds(line *l, const char *s)
{
	add(l, s, strlen(s));
}

static void
add_number(line *l, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	add(l, digits + at, sizeof digits - at);
}

/* RFC 3461 4: + and = become +HH. The text is printable. */
static void
add_xtext(line *l, const char *s)
{
	for (; *s; s++)
		if (*s == '+')
			adds(l, "+2B");
		else if (*s == '=')
			adds(l, "+3D");
		else
			add(l, s, 1);
}

/* `masked`: what the transcript shows instead, or NULL. */
static email_code
finish(line *l, const char *masked)
{
	email__link *link = l->link;

	if (l->code == EMAIL_OK && email__str_breaks_line((const char *)link->out.data + link->out.end - l->len, l->len))
		l->code = EMAIL_E_VALUE;
	if (l->code == EMAIL_OK && l->len + 2 > EMAIL__SMTP_COMMAND_MAX)
		l->code = EMAIL_E_LIMIT;
	if (l->code == EMAIL_OK && link->log) {
		if (masked)
			email__smtp_log(link, 'C', masked, strlen(masked));
		else
			email__smtp_log(link, 'C', (const char *)link->out.data + link->out.end - l->len, l->len);
	}
	add(l, "\r\n", 2);
	if (l->code == EMAIL_OK)
		link->sent += l->len;
	else
		link->out.end -= l->len;
	return l->code;
}

void
email__smtp_log(email__link *link, char who, const char *text, size_t n)
{
	char printable[1024];

	if (!link->log)
		return;
	email__printable(printable, sizeof printable, text, n);
	link->log(link->log_context, who, printable, strlen(printable));
}

/* --- commands --- */

email_code
email__smtp_put_hello(email__link *link, const char *verb, const char *name)
{
	line l = begin(link);

	if (!email__smtp_domain_valid(name))
		return EMAIL_E_VALUE;
	adds(&l, verb);
	adds(&l, " ");
	adds(&l, name);
	return finish(&l, NULL);
}

email_code
email__smtp_put_verb(email__link *link, const char *verb)
{
	line l = begin(link);

	adds(&l, verb);
	return finish(&l, NULL);
}

email_code
email__smtp_put_mail(email__link *link, const email__smtp_mail *mail, const email__smtp_capabilities *can)
{
	line l = begin(link);

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
	return finish(&l, NULL);
}

static void
add_notify(line *l, unsigned dsn)
{
	static const struct {
		unsigned bit;
		const char *name;
	} words[] = {{EMAIL_DSN_SUCCESS, "SUCCESS"}, {EMAIL_DSN_FAILURE, "FAILURE"}, {EMAIL_DSN_DELAY, "DELAY"}};
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

email_code
email__smtp_put_rcpt(email__link *link, const char *address, const email__smtp_mail *mail,
                     const email__smtp_capabilities *can)
{
	line l = begin(link);

	if (!email__smtp_address_valid(address, mail->utf8))
		return EMAIL_E_VALUE;
	adds(&l, "RCPT TO:<");
	adds(&l, address);
	adds(&l, ">");
	if (can->dsn)
		add_notify(&l, mail->dsn);
	return finish(&l, NULL);
}

/* Straight into `out`: no copy of a secret stays elsewhere. */
static void
add_base64(line *l, const void *p, size_t n)
{
	size_t len = EMAIL__BASE64_LEN(n);
	unsigned char *room = len <= EMAIL__SMTP_COMMAND_MAX ? email__buf_room(&l->link->out, len) : NULL;

	l->link->out.secret = true;
	if (!room) {
		l->code = EMAIL_E_LIMIT;
		return;
	}
	email__base64_encode((char *)room, p, n);
	email__buf_added(&l->link->out, len);
	l->len += len;
}

email_code
email__smtp_put_auth(email__link *link, const char *mechanism, const void *response, size_t n)
{
	char masked[64] = "AUTH ";
	line l = begin(link);

	if (!email__smtp_domain_valid(mechanism) || strlen(mechanism) > 40) /* RFC 4422 3.1: letters, digits, - and _ */
		return EMAIL_E_VALUE;
	memcpy(masked + 5, mechanism, strlen(mechanism));
	adds(&l, "AUTH ");
	adds(&l, mechanism);
	if (response) {
		memcpy(masked + 5 + strlen(mechanism), " ****", 5);
		adds(&l, n ? " " : " ="); /* RFC 4954 4: an empty initial response */
		add_base64(&l, response, n);
	}
	return finish(&l, masked);
}

email_code
email__smtp_put_response(email__link *link, const void *response, size_t n)
{
	line l = begin(link);

	add_base64(&l, response, n);
	return finish(&l, "****");
}

static void
log_body(email__link *link, size_t n)
{
	char text[48] = "(", *p = text + 1;
	char digits[20];
	size_t at = sizeof digits;

	if (!link->log)
		return;
	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	memcpy(p, digits + at, sizeof digits - at);
	p += sizeof digits - at;
	memcpy(p, " bytes of message)", 18);
	link->log(link->log_context, 'C', text, (size_t)(p + 18 - text));
}

void
email__smtp_put_body(email__link *link, size_t n)
{
	email__buf_added(&link->out, n);
	link->sent += n;
	if (n)
		log_body(link, n);
}

void
email__smtp_put_chunk(email__link *link, size_t n, bool last)
{
	unsigned char *body = link->out.data + link->out.end + EMAIL__SMTP_CHUNK_HEAD;
	line l = begin(link);

	adds(&l, "BDAT ");
	add_number(&l, n);
	if (last)
		adds(&l, " LAST");
	finish(&l, NULL);
	memmove(link->out.data + link->out.end, body, n);
	email__smtp_put_body(link, n);
}

