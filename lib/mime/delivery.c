/* SPDX-License-Identifier: MIT */
/*
 * Delivery reports (RFC 3464, RFC 6533): the fields of each recipient, and the Message-ID of the mail that they
 * are about. Reports wrapped by mailing lists, without their multipart/report, or with the recipient's fields
 * beside the message's own are read as well.
 */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mime/message.h"
#include "mime/received.h"
#include "mime/text.h"
#include "mime/tree_state.h"

/* --- the fields --- */

/* One group of fields; of the message, of a recipient, or of both where nobody parted them. */
typedef struct group {
	const char *final, *original, *action, *status, *diagnostic, *remote, *envelope_id;
} group;

typedef enum kind {
	PLAIN,
	TYPED, /* "type; value" (RFC 3464 2.1.2): the value */
	ADDRESS,
	SERVER, /* "type; name": the name */
	WORD,   /* lower case */
	STATUS
} kind;

static const struct {
	const char *name;
	kind kind;
	size_t place;
} fields[] = {
	{"Original-Envelope-Id", PLAIN, offsetof(group, envelope_id)}, /* RFC 3464 2.2.1 */
	{"Original-Recipient", ADDRESS, offsetof(group, original)},    /* 2.3.1 */
	{"Final-Recipient", ADDRESS, offsetof(group, final)},          /* 2.3.2 */
	{"Action", WORD, offsetof(group, action)},                     /* 2.3.3 */
	{"Status", STATUS, offsetof(group, status)},                   /* 2.3.4 */
	{"Remote-MTA", SERVER, offsetof(group, remote)},               /* 2.3.5 */
	{"Diagnostic-Code", TYPED, offsetof(group, diagnostic)},       /* 2.3.6 */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void
trim(const char **s, size_t *n)
{
	for (; *n && is_blank(**s); ++*s)
		--*n;
	while (*n && is_blank((*s)[*n - 1]))
		--*n;
}

const char *
email__squeeze(email__arena *a, const char *s, size_t n)
{
	char *text = email__arena_text(a, s, n), *to = text;
	size_t i;

	for (i = 0; text && i < n; i++)
		if (!is_blank(s[i]))
			*to++ = s[i];
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	if (text)
		to[to > text && to[-1] == ' ' ? -1 : 0] = '\0';
	return text;
}

/* The code point of "\x{10FFFF}" (RFC 6533 3, utf-8-addr-xtext), and its length there; 0: it is none. */
static size_t
embedded(const char *s, size_t n, unsigned long *c)
{
	size_t i;

	if (n < 5 || memcmp(s, "\\x{", 3) != 0)
		return 0;
	*c = 0;
	for (i = 3; i < n && i < 9 && s[i] != '}'; i++) {
		char digit = email__lower(s[i]);

		if (!email__is_digit(digit) && !(digit >= 'a' && digit <= 'f'))
			return 0;
		*c = *c * 16 + (unsigned long)(email__is_digit(digit) ? digit - '0' : digit - 'a' + 10);
	}
	/* as other texts: no control characters */
	return i > 3 && i < n && s[i] == '}' && *c >= 0xa0 ? i + 1 : 0;
}

/* The length without a comment at the end (RFC 3464 2.1.1 takes RFC 822's). */
static size_t
without_comment(const char *s, size_t n)
{
	size_t depth = 0, at = n;

	if (n == 0 || s[n - 1] != ')')
		return n;
	do {
		at--;
		depth += s[at] == ')';
		depth -= s[at] == '(';
	} while (depth && at);
	if (depth)
		return n;
	while (at && is_blank(s[at - 1]))
		at--;
	return at;
}

/* Some write "<a@b>", where the field has room for the address alone. */
static const char *
address(email__arena *a, const char *s, size_t n)
{
	char *text, *to;
	unsigned long c;

	if (n > 1 && s[0] == '<' && s[n - 1] == '>') {
		s++;
		n -= 2;
	}
	if (!(text = to = email__arena_text(a, s, n)))
		return NULL;
	while (n) {
		size_t used = embedded(s, n, &c);
		size_t size = used ? email__utf8_encode(c, (unsigned char *)to) : 0;

		if (size == 0) {
			*to = *s;
			used = size = 1;
		}
		s += used;
		n -= used;
		to += size;
	}
	*to = '\0';
	return text;
}

/* The length of a status code at s (RFC 3463 2: class, subject and detail, of 1, 1 to 3 and 1 to 3 digits); 0: there is
 * none. */
static size_t
status_size(const char *s, size_t n)
{
	size_t at, k, digits;

	if (n < 5 || (s[0] != '2' && s[0] != '4' && s[0] != '5'))
		return 0;
	for (at = 1, k = 0; k < 2; k++) {
		if (at == n || s[at++] != '.')
			return 0;
		for (digits = 0; at < n && email__is_digit(s[at]); digits++)
			at++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	/* an address goes on */
	return at + 1 < n && s[at] == '.' && email__is_digit(s[at + 1]) ? 0 : at;
}

const char *
email__status_find(email__arena *a, const char *text, size_t n)
{
	size_t i, size;

	for (i = 0; i < n; i++)
		if ((i == 0 || (!email__is_digit(text[i - 1]) && text[i - 1] != '.')) &&
		    (size = status_size(text + i, n - i)) > 0)
			return email__arena_text(a, text + i, size);
	return "";
}

static const char *
word(email__arena *a, const char *s, size_t n)
{
	size_t i = 0;
	char *text;

	while (i < n && (email__is_alpha(s[i]) || s[i] == '-'))
		i++;
	if ((text = email__arena_text(a, s, i)))
		while (i--)
			text[i] = email__lower(text[i]);
	return text;
}

/* NULL: no memory. */
static const char *
value_of(email__tree *t, unsigned number, kind is, const char *s, size_t n)
{
	uint64_t defects = 0;
	const char *text, *semicolon;

	if (email__tree_full(t, number))
		return "";
	text = email__text_read(&t->arena, s, n, &defects);
	email__tree_defects(t, defects, number);
	if (!text)
		return NULL;
	semicolon = is == TYPED || is == ADDRESS || is == SERVER ? strchr(text, ';') : NULL;
	if (semicolon)
		text = semicolon + 1;
	n = strlen(text);
	trim(&text, &n);
	switch (is) {
	case PLAIN:
	case TYPED: return email__squeeze(&t->arena, text, n);
	case ADDRESS: return address(&t->arena, text, without_comment(text, n));
	case SERVER: return email__squeeze(&t->arena, text, without_comment(text, n));
	case WORD: return word(&t->arena, text, n);
	case STATUS: return email__status_find(&t->arena, text, n);
	}
	return text;
}

/* --- the groups --- */

email_delivery *
email__deliveries_add(email__deliveries *list, email__tree *t)
{
	email_delivery *more;

	if (list->count >= EMAIL__RECIPIENTS_MAX) {
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_TOO_MANY_ADDRESSES, 0);
		return NULL;
	}
	more = email__arena_grow(&t->arena, list->item, list->count, &list->room, sizeof *more);
	if (!more) {
		email__error_memory(t->error, EMAIL_STAGE_NONE);
		return NULL;
	}
	list->item = more;
	list->item[list->count] = (email_delivery){"", "", "", "", "", "", "", ""};
	return &list->item[list->count++];
}

/* The field of one to many lines at s, n bytes without the last line end. */
static email_code
add_field(email__tree *t, unsigned number, group *g, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	size_t name_n = colon ? (size_t)(colon - s) : 0, i;

	while (name_n && is_blank(s[name_n - 1]))
		name_n--;
	if (name_n == 0) {
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_REPORT, number);
		return EMAIL_OK;
	}
	for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const char **place = (const char **)(void *)((char *)g + fields[i].place);

		if (strlen(fields[i].name) != name_n || !email__str_equal_n(fields[i].name, s, name_n))
			continue;
		/* the first counts */
		if (!*place &&
		    !(*place = value_of(t, number, fields[i].kind, colon + 1, n - (size_t)(colon + 1 - s))))
			return email__error_memory(t->error, EMAIL_STAGE_NONE);
	}
	return EMAIL_OK;
}

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

/* A group is over: a recipient, where it names one. */
static email_code
end_group(email__tree *t, unsigned number, group *g, email__deliveries *list, const char **envelope_id)
{
	static const char *const actions[] = {"failed", "delayed", "delivered", "relayed", "expanded"};
	email_delivery *d;
	bool known = false;
	size_t i;

	if (g->envelope_id && !(*envelope_id)[0])
		*envelope_id = g->envelope_id;
	if (g->final || g->original || g->action || g->status) {
		if (!(d = email__deliveries_add(list, t)))
			return list->count < EMAIL__RECIPIENTS_MAX ? EMAIL_E_MEMORY : EMAIL_OK;
		d->recipient = g->final && g->final[0] ? g->final : or_empty(g->original);
		d->original_recipient = or_empty(g->original);
		d->action = or_empty(g->action);
		d->status = or_empty(g->status);
		d->diagnostic = or_empty(g->diagnostic);
		d->remote = or_empty(g->remote);
		for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
			known = known || strcmp(d->action, actions[i]) == 0;
		/* the three that each recipient must have (RFC 3464 2.3) */
		if (!known || !d->status[0] || !d->recipient[0])
			email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_REPORT, number);
	}
	*g = (group){0};
	return EMAIL_OK;
}

/* A line of white space ends a group; one that begins with it goes on with the field before. */
static email_code
read_status(email__tree *t, unsigned number, const char *text, email__deliveries *list,
            const char **envelope_id)
{
	group g = {0};
	email_code rc = EMAIL_OK;

	while (*text && rc == EMAIL_OK) {
		size_t n = strcspn(text, "\n");

		if (strspn(text, " \t") == n) {
			rc = end_group(t, number, &g, list, envelope_id);
		} else {
			while (text[n] && (text[n + 1] == ' ' || text[n + 1] == '\t')) {
				size_t more = strcspn(text + n + 1, "\n");

				if (strspn(text + n + 1, " \t") == more)
					break;
				n += more + 1;
			}
			rc = add_field(t, number, &g, text, n);
		}
		text += n + (text[n] == '\n');
	}
	return rc ? rc : end_group(t, number, &g, list, envelope_id);
}

/* --- which mail it was --- */

int
email__tree_find(const email__tree *t, const char *type, const char *or_type)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (!t->node[i].within &&
		    (strcmp(t->node[i].part.type, type) == 0 || strcmp(t->node[i].part.type, or_type) == 0))
			return (int)i;
	return -1;
}

/* The first id in the field of that name ("message-id:") of a header that stands in a text, quoted perhaps. *id stays as
 * it is where there is none. */
static email_code
id_in_text(email__tree *t, const char *text, const char *name, const char **id)
{
	size_t name_n = strlen(name);
	email__ids ids = {0};
	uint64_t ignored = 0;

	for (; *text; text += *text == '\n') {
		text += strspn(text, " \t>");
		if (email__str_equal_n(text, name, name_n)) {
			size_t n;

			text += name_n;
			n = strcspn(text, "\n");
			/* folded behind its name where it is long */
			if (strspn(text, " \t") == n && text[n])
				n += 1 + strcspn(text + n + 1, "\n");
			if (email__ids_read(&ids, &t->arena, text, n, &ignored))
				return email__error_memory(t->error, EMAIL_STAGE_NONE);
			if (ids.count) {
				*id = ids.item[0];
				return EMAIL_OK;
			}
		}
		text += strcspn(text, "\n");
	}
	return EMAIL_OK;
}

static email_code
id_in_part(email__tree *t, int number, const char *name, const char **id)
{
	email__buf text;
	email_code rc;

	email__buf_init(&text, EMAIL__TEXT_READ_MAX + 1);
	rc = email__tree_text(t, (unsigned)number, &text);
	if (rc == EMAIL_OK)
		rc = id_in_text(t, email__buf_text(&text), name, id);
	email__buf_dispose(&text);
	return rc;
}

/* From what was returned, or a receipt says; where nothing was, from what the report answers; else from its text. */
static email_code
original_id(email__tree *t, const char **id)
{
	static const char name[] = "message-id:";
	int whole = email__tree_find(t, "message/rfc822", "message/global");
	int header = email__tree_find(t, "text/rfc822-headers", "message/global-headers");
	int receipt = email__tree_find(t, "message/disposition-notification",
	                               "message/global-disposition-notification");
	email__ids ids = {0};
	email_code rc = EMAIL_OK;

	if (whole >= 0 && t->node[whole].first)
		rc = email__tree_ids(t, t->node[whole].first, "Message-ID", &ids);
	else if (whole >= 0)
		rc = id_in_part(t, whole, name, id);
	if (rc == EMAIL_OK && !ids.count && !(*id)[0] && header >= 0)
		rc = id_in_part(t, header, name, id);
	if (rc == EMAIL_OK && !ids.count && !(*id)[0] && receipt >= 0) /* RFC 8098 3.2.5 */
		rc = id_in_part(t, receipt, "original-message-id:", id);
	if (rc == EMAIL_OK && !ids.count && !(*id)[0])
		rc = email__tree_ids(t, 0, "In-Reply-To", &ids);
	if (ids.count)
		*id = ids.item[0];
	if (rc == EMAIL_OK && !(*id)[0] && t->show[EMAIL__SHOW_TEXT] >= 0)
		rc = id_in_part(t, t->show[EMAIL__SHOW_TEXT], name, id);
	return rc;
}

const char *
email__message_original_id(email_message *m)
{
	email__tree *t;
	const char *id = "";

	email__error_clear(&m->error);
	t = email__message_tree(m);
	return t && email__tree_choose(t) == EMAIL_OK && original_id(t, &id) == EMAIL_OK ? id : "";
}

/* --- the report --- */

static email_code
read_bounce(email__tree *t, email__deliveries *list)
{
	int number = t->show[EMAIL__SHOW_TEXT];
	email__buf text;
	email_code rc = EMAIL_OK;

	email__buf_init(&text, EMAIL__TEXT_READ_MAX + 1);
	if (number >= 0)
		rc = email__tree_text(t, (unsigned)number, &text);
	if (rc == EMAIL_OK)
		rc = email__bounce_read(t, number >= 0 ? email__buf_text(&text) : "", list);
	email__buf_dispose(&text);
	return rc;
}

email_code
email__tree_deliveries(email__tree *t)
{
	int number = email__tree_find(t, "message/delivery-status", "message/global-delivery-status");
	email__deliveries list = {0};
	const char *envelope_id = "", *id = "";
	email__buf text;
	email_code rc;
	size_t i;

	if (t->reported)
		return EMAIL_OK;
	email__buf_init(&text, EMAIL__TEXT_READ_MAX + 1);
	if ((rc = email__tree_choose(t)))
		goto out;
	if (number < 0 && email__bounce_likely(t) != EMAIL__BOUNCE_NO)
		rc = read_bounce(t, &list);
	else if (number >= 0 && (rc = email__tree_text(t, (unsigned)number, &text)) == EMAIL_OK)
		rc = read_status(t, (unsigned)number, email__buf_text(&text), &list, &envelope_id);
	if (rc == EMAIL_OK && number >= 0 && list.count == 0)
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_REPORT, (unsigned)number);
	if (rc == EMAIL_OK && list.count)
		rc = original_id(t, &id);
	if (rc)
		goto out;
	for (i = 0; i < list.count; i++) {
		list.item[i].envelope_id = envelope_id;
		list.item[i].original_id = id;
	}
	t->delivery = list.item;
	t->delivery_count = list.count;
	t->reported = true;
out:
	email__buf_dispose(&text);
	return rc;
}
