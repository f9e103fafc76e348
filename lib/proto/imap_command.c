/* SPDX-License-Identifier: MIT */
#include "proto/imap_command.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/utf7.h"
#include "proto/line.h"

/* --- sets --- */

void
email__imap_set_start(email__imap_set *set)
{
	set->n = 0;
	set->low = set->high = 0;
}

static size_t
digits(char out[20], uint64_t v)
{
	size_t at = 20;

	do
		out[--at] = (char)('0' + v % 10);
	while (v /= 10);
	memmove(out, out + at, 20 - at);
	return 20 - at;
}

static void
write_range(email__imap_set *set)
{
	if (set->low == 0)
		return;
	if (set->n)
		set->text[set->n++] = ',';
	set->n += digits(set->text + set->n, set->low);
	if (set->high > set->low) {
		set->text[set->n++] = ':';
		if (set->high == UINT32_MAX) /* "*", the last one, is what everybody knows */
			set->text[set->n++] = '*';
		else
			set->n += digits(set->text + set->n, set->high);
	}
	set->low = 0;
}

/* "4294967295:4294967295," twice, the room that digits() takes, and the NUL. */
#define RANGE_ROOM 64

bool
email__imap_set_add(email__imap_set *set, uint32_t low, uint32_t high)
{
	if (set->low && low == set->high + 1 && set->high != UINT32_MAX) {
		set->high = high;
		return true;
	}
	if (sizeof set->text - set->n < RANGE_ROOM + RANGE_ROOM)
		return false;
	write_range(set);
	set->low = low;
	set->high = high;
	return true;
}

const char *
email__imap_set_text(email__imap_set *set)
{
	write_range(set);
	set->text[set->n] = '\0';
	return set->text;
}

/* --- output --- */

/* RFC 3501 9, quoted: the text has no CR, LF, NUL. */
static void
add_quoted(line *l, const char *s)
{
	adds(l, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			adds(l, "\\");
		add(l, s, 1);
	}
	adds(l, "\"");
}

static line
begin(email__link *link, uint32_t tag, const char *verb)
{
	line l = line_begin(link, EMAIL__IMAP_COMMAND_ROOM);

	adds(&l, "A");
	add_number(&l, tag);
	adds(&l, " ");
	adds(&l, verb);
	return l;
}

/* A login had its memory before it began. */
static email_code
finish(line *l, const char *masked)
{
	const email__buf *out = &l->link->out;
	bool room = !out->secret && email__buf_left(out) >= EMAIL__IMAP_COMMAND_ROOM;
	email_code rc = line_finish(l, masked);

	return rc == EMAIL_E_LIMIT && room ? EMAIL_E_MEMORY : rc;
}

/* --- the session's commands --- */

email_code
email__imap_put_verb(email__link *link, uint32_t tag, const char *verb)
{
	line l = begin(link, tag, verb);

	return finish(&l, NULL);
}

email_code
email__imap_put_line(email__link *link, const char *text)
{
	line l = line_begin(link, EMAIL__IMAP_COMMAND_ROOM);

	adds(&l, text);
	return finish(&l, NULL);
}

email_code
email__imap_put_id(email__link *link, uint32_t tag, const char *name, const char *version)
{
	line l = begin(link, tag, "ID (\"name\" ");

	add_quoted(&l, name);
	adds(&l, " \"version\" ");
	add_quoted(&l, version);
	adds(&l, ")");
	return finish(&l, NULL);
}

email_code
email__imap_put_enable(email__link *link, uint32_t tag, bool utf8, bool rev2)
{
	line l = begin(link, tag, "ENABLE");

	if (rev2)
		adds(&l, " IMAP4rev2");
	if (utf8)
		adds(&l, " UTF8=ACCEPT");
	return finish(&l, NULL);
}

/* --- the login --- */

/* RFC 3501 9, auth-type: an atom. RFC 4422 3.1 has letters, digits, "-" and "_", at most 20. */
static bool
mechanism_valid(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (!email__is_alpha(name[n]) && !email__is_digit(name[n]) && name[n] != '-' &&
		    name[n] != '_')
			return false;
	return n > 0 && n <= 40;
}

email_code
email__imap_put_auth(email__link *link, uint32_t tag, const char *mechanism, const void *response, size_t n)
{
	char masked[100] = "AUTHENTICATE ";
	email_code rc;
	line l;

	if (!mechanism_valid(mechanism))
		return EMAIL_E_VALUE;
	if ((rc = email__link_login(link, EMAIL__IMAP_COMMAND_ROOM)))
		return rc;
	l = line_begin(link, EMAIL__IMAP_COMMAND_ROOM);
	memcpy(masked + 13, mechanism, strlen(mechanism) + 1);
	adds(&l, "A");
	add_number(&l, tag);
	adds(&l, " AUTHENTICATE ");
	adds(&l, mechanism);
	if (response) {
		memcpy(masked + strlen(masked), " ****", 6);
		adds(&l, n ? " " : " ="); /* RFC 4959 3: an empty initial response */
		add_base64(&l, response, n);
	}
	return finish(&l, masked);
}

email_code
email__imap_put_response(email__link *link, const void *response, size_t n)
{
	size_t most = EMAIL__BASE64_LEN(n) + 2;
	email_code rc = n > EMAIL__SASL_RESPONSE_MAX ? EMAIL_E_LIMIT : email__link_login(link, most);
	line l;

	if (rc)
		return rc;
	l = line_begin(link, most);
	add_base64(&l, response, n);
	return finish(&l, "****");
}

static bool
ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7F)
			return false;
	return true;
}

/* A string of a login into `b`: where it is a literal, the part in front of it ends with its "{n}". */
static email_code
add_string(email__imap_rest *r, const char *s, bool plus)
{
	email_code rc;

	if (ascii(s)) {
		rc = email__buf_adds(&r->text, "\"");
		for (; *s && !rc; s++) {
			rc = *s == '"' || *s == '\\' ? email__buf_adds(&r->text, "\\") : EMAIL_OK;
			rc = rc ? rc : email__buf_add(&r->text, s, 1);
		}
		return rc ? rc : email__buf_adds(&r->text, "\"");
	}
	if (email__str_breaks_line(s, strlen(s)))
		return EMAIL_E_VALUE; /* a literal could carry it, but no login ever held one */
	rc = email__buf_addf(&r->text, "{%zu%s}\r\n", strlen(s), plus ? "+" : "");
	if (!rc && !plus)
		r->lengths[r->parts++] = email__buf_len(&r->text);
	return rc ? rc : email__buf_adds(&r->text, s);
}

void
email__imap_rest_end(email__imap_rest *r)
{
	r->text.secret = true;
	email__buf_dispose(&r->text);
	email__buf_init(&r->text, EMAIL__IMAP_LOGIN_MAX);
	r->text.secret = true;
	r->parts = r->at = 0;
}

static email_code
put_part(email__link *link, email__imap_rest *r, size_t end)
{
	size_t done = r->at ? r->lengths[r->at - 1] : 0, n = end - done;
	email_code rc = email__link_login(link, n);
	line l;

	if (rc)
		return rc;
	l = line_begin(link, n);
	add(&l, (const char *)r->text.data + done, n - 2); /* finish() writes the line's end */
	return finish(&l, r->at ? "****" : "LOGIN ****");
}

email_code
email__imap_put_login(email__link *link, uint32_t tag, const char *user, const char *password, bool plus,
                      email__imap_rest *r)
{
	email_code rc;

	email__imap_rest_end(r);
	rc = email__buf_addf(&r->text, "A%lu LOGIN ", (unsigned long)tag);
	rc = rc ? rc : add_string(r, user, plus);
	rc = rc ? rc : email__buf_adds(&r->text, " ");
	rc = rc ? rc : add_string(r, password, plus);
	rc = rc ? rc : email__buf_adds(&r->text, "\r\n");
	rc = rc ? rc : put_part(link, r, r->parts ? r->lengths[0] : email__buf_len(&r->text));
	if (rc || r->parts == 0)
		email__imap_rest_end(r);
	return rc;
}

email_code
email__imap_put_rest(email__link *link, email__imap_rest *r)
{
	bool last = ++r->at == r->parts;
	email_code rc = put_part(link, r, last ? email__buf_len(&r->text) : r->lengths[r->at]);

	if (rc || last)
		email__imap_rest_end(r);
	return rc;
}

/* --- folders --- */

bool
email__imap_folder_plain(const char *folder)
{
	return ascii(folder) && !strchr(folder, '&');
}

static void
add_folder(line *l, const char *folder, bool utf8, email_code *rc)
{
	char name[EMAIL__IMAP_FOLDER_MAX];

	*rc = email__utf7_encode(name, sizeof name, folder);
	if (*rc == EMAIL_OK)
		add_quoted(l, utf8 ? folder : name);
}

email_code
email__imap_put_folder(email__link *link, uint32_t tag, const char *verb, const char *folder, bool utf8)
{
	line l = begin(link, tag, verb);
	email_code rc;

	adds(&l, " ");
	add_folder(&l, folder, utf8, &rc);
	return rc ? rc : finish(&l, NULL);
}

email_code
email__imap_put_move(email__link *link, uint32_t tag, const char *verb, const char *set, const char *folder,
                     bool utf8)
{
	line l = begin(link, tag, "UID ");
	email_code rc;

	adds(&l, verb);
	adds(&l, " ");
	adds(&l, set);
	adds(&l, " ");
	add_folder(&l, folder, utf8, &rc);
	return rc ? rc : finish(&l, NULL);
}

/* --- messages --- */

email_code
email__imap_put_search(email__link *link, uint32_t tag, uint32_t first, uint32_t last, uint32_t from,
                       bool esearch)
{
	line l = begin(link, tag, esearch ? "UID SEARCH RETURN (ALL) " : "UID SEARCH ");

	add_number(&l, first);
	adds(&l, ":");
	add_number(&l, last);
	if (from > 1) {
		adds(&l, " UID ");
		add_number(&l, from);
		adds(&l, ":*");
	}
	adds(&l, " UNSEEN UNDELETED");
	return finish(&l, NULL);
}

email_code
email__imap_put_search_others(email__link *link, uint32_t tag, const char *set)
{
	line l = begin(link, tag, "UID SEARCH DELETED NOT UID ");

	adds(&l, set);
	return finish(&l, NULL);
}

email_code
email__imap_put_fetch(email__link *link, uint32_t tag, const char *set, const char *items)
{
	line l = begin(link, tag, "UID FETCH ");

	adds(&l, set);
	adds(&l, " ");
	adds(&l, items);
	return finish(&l, NULL);
}

email_code
email__imap_put_section(email__link *link, uint32_t tag, uint32_t uid, const char *section)
{
	line l = begin(link, tag, "UID FETCH ");

	add_number(&l, uid);
	adds(&l, " (UID BODY.PEEK[");
	adds(&l, section);
	adds(&l, "])");
	return finish(&l, NULL);
}

/* As many bytes as a server surely takes for a number (RFC 3501 9: 32 bits; some have 31): all that is left. */
email_code
email__imap_put_partial(email__link *link, uint32_t tag, const char *set, uint64_t offset)
{
	line l = begin(link, tag, "UID FETCH ");

	adds(&l, set);
	adds(&l, " (UID BODY.PEEK[]<");
	add_number(&l, offset);
	adds(&l, ".2147483647>)");
	return finish(&l, NULL);
}

email_code
email__imap_put_store(email__link *link, uint32_t tag, const char *set, const char *change, const char *flag)
{
	line l = begin(link, tag, "UID STORE ");

	adds(&l, set);
	adds(&l, " ");
	adds(&l, change);
	adds(&l, "FLAGS.SILENT (");
	adds(&l, flag);
	adds(&l, ")");
	return finish(&l, NULL);
}

email_code
email__imap_put_expunge(email__link *link, uint32_t tag, const char *set)
{
	line l = begin(link, tag, "UID EXPUNGE ");

	adds(&l, set);
	return finish(&l, NULL);
}
