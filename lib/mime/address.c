/* SPDX-License-Identifier: MIT */
/*
 * One pass from left to right, no recursion, no going back: a mailbox's words are read as a phrase, and
 * what follows them ('@', '<', ':') tells what they were. Comments are counted, not nested calls.
 */
#include "mime/address.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "codec/idna.h"
#include "codec/word.h"

typedef struct parser {
	const char *text;
	size_t at, n;
	email__buf name; /* the phrase so far, decoded */
	email__buf word; /* the last word: the local part, where '@' follows */
	unsigned words;
	bool keep_groups;
	bool after_encoded; /* the last word was an encoded one: white space before the next falls away */
	email_error *e;
} parser;

static email_code
fail(parser *p, size_t at, const char *what)
{
	return email__error_set(p->e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "%s, at character %zu", what,
	                        at + 1);
}

static email_code
keep(parser *p, email_code rc)
{
	if (rc == EMAIL_E_MEMORY)
		return email__error_memory(p->e, EMAIL_STAGE_NONE);
	if (rc)
		return email__error_set(p->e, rc, EMAIL_STAGE_NONE, "a name is too long, at character %zu",
		                        p->at + 1);
	return EMAIL_OK;
}

static char
peek(const parser *p)
{
	return p->at < p->n ? p->text[p->at] : '\0';
}

/* What no address holds, in any part: controls, and what is not UTF-8. So the grammar below need not ask. */
static email_code
check_characters(parser *p)
{
	size_t at = 0;

	while (at < p->n) {
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)p->text + at, p->n - at, &c);

		if (step == 0)
			return fail(p, at, "an address is not UTF-8");
		if ((c < ' ' && c != '\t') || (c >= 0x7F && c < 0xA0))
			return fail(p, at, "an address has a control character");
		at += step;
	}
	return EMAIL_OK;
}

/* CFWS (RFC 5322 3.2.2): white space and comments, however deep. */
static email_code
skip(parser *p)
{
	size_t depth = 0, opened = 0;

	for (; p->at < p->n; p->at++) {
		char c = p->text[p->at];

		if (c == '(') {
			if (depth++ == 0)
				opened = p->at;
		} else if (depth == 0) {
			if (c != ' ' && c != '\t')
				break;
		} else if (c == ')') {
			depth--;
		} else if (c == '\\' && p->at + 1 < p->n) {
			p->at++;
		}
	}
	return depth ? fail(p, opened, "a comment is not closed") : EMAIL_OK;
}

/* atext of RFC 5322 3.2.3 and RFC 6532 3.2, and the dot, which the old phrase has too. */
static bool
is_atom(char c)
{
	return email__is_alpha(c) || email__is_digit(c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static email_code
read_atom(parser *p)
{
	size_t from = p->at;

	while (is_atom(peek(p)))
		p->at++;
	return keep(p, email__buf_add(&p->word, p->text + from, p->at - from));
}

static email_code
read_quoted(parser *p)
{
	size_t from = p->at++;

	for (; p->at < p->n && p->text[p->at] != '"'; p->at++) {
		email_code rc;

		if (p->text[p->at] == '\\' && p->at + 1 < p->n)
			p->at++;
		if ((rc = keep(p, email__buf_add(&p->word, p->text + p->at, 1))))
			return rc;
	}
	if (p->at == p->n)
		return fail(p, from, "a quotation mark is not closed");
	p->at++;
	return EMAIL_OK;
}

/* The word joins the name: behind a space, save between two encoded words (RFC 2047 6.2). */
static email_code
name_add(parser *p, bool quoted)
{
	email__buf decoded;
	email_code rc = EMAIL_OK;
	bool encoded;

	email__buf_init(&decoded, EMAIL__WORD_MAX * 2);
	encoded = !quoted && email__word_decode((const char *)email__buf_head(&p->word),
	                                        email__buf_len(&p->word), &decoded, &rc);
	if (rc == EMAIL_OK && p->words && !(encoded && p->after_encoded))
		rc = email__buf_add(&p->name, " ", 1);
	if (rc == EMAIL_OK) {
		const email__buf *from = encoded ? &decoded : &p->word;

		rc = email__buf_add(&p->name, email__buf_head(from), email__buf_len(from));
	}
	p->after_encoded = encoded;
	email__buf_dispose(&decoded);
	return keep(p, rc);
}

/* phrase, or a local part: words up to what is none. */
static email_code
read_words(parser *p, bool *quoted)
{
	email_code rc;

	email__buf_clear(&p->name);
	p->words = 0;
	p->after_encoded = false;
	for (;;) {
		if ((rc = skip(p)))
			return rc;
		*quoted = p->words ? *quoted : false;
		if (peek(p) != '"' && !is_atom(peek(p)))
			return EMAIL_OK;
		email__buf_clear(&p->word);
		*quoted = peek(p) == '"';
		rc = *quoted ? read_quoted(p) : read_atom(p);
		if (rc || (rc = name_add(p, *quoted)))
			return rc;
		p->words++;
	}
}

bool
email__address_is_dot_atom(const char *s, size_t n)
{
	size_t i;

	if (n == 0 || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (i = 0; i < n; i++)
		if (!is_atom(s[i]) || (s[i] == '.' && s[i + 1] == '.' && i + 1 < n))
			return false;
	return true;
}

/* What turns or hides text is no part of an address that a person must be able to read. */
static bool
is_hidden(unsigned long c)
{
	return (c >= 0x7F && c <= 0xA0) || (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
	       (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF;
}

/* The word just read as a local part (RFC 5321 4.1.2), quoted only where it must be. */
static email_code
write_local(parser *p, size_t from, bool quoted, char out[EMAIL__ADDRESS_MAX], size_t *written, bool *utf8)
{
	const char *s = (const char *)email__buf_head(&p->word);
	size_t n = email__buf_len(&p->word), i, len = 0;
	bool dot_atom = email__address_is_dot_atom(s, n);

	if (n == 0 || (!quoted && !dot_atom))
		return fail(p, from, n ? "a dot is misplaced before '@'" : "there is nothing before '@'");
	if (n > EMAIL__LOCAL_PART_MAX)
		return fail(p, from, "what stands before '@' is longer than 64");
	for (i = 0; i < n;) {
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)s + i, n - i, &c);

		if (step == 0 || is_hidden(c) || c == '\t')
			return fail(p, from, "an address has a character that cannot be seen");
		if (c >= 0x80)
			*utf8 = true;
		i += step;
	}
	if (!dot_atom)
		out[len++] = '"';
	for (i = 0; i < n; i++) {
		if (!dot_atom && (s[i] == '"' || s[i] == '\\'))
			out[len++] = '\\';
		out[len++] = s[i];
	}
	if (!dot_atom)
		out[len++] = '"';
	if (len > EMAIL__LOCAL_PART_MAX)
		return fail(p, from, "what stands before '@' is longer than 64");
	out[len++] = '@';
	*written = len;
	return EMAIL_OK;
}

/* address-literal of RFC 5321 4.1.3: an IPv4 or IPv6 address; the server judges its digits. */
static email_code
read_literal(parser *p, char *out, size_t *written)
{
	const char *s = p->text + p->at + 1, *end = memchr(s, ']', p->n - p->at - 1);
	size_t n = end ? (size_t)(end - s) : 0, i;
	bool six = n > 5 && email__str_equal_n(s, "IPv6:", 5), colon = false;

	if (!end || n < 2 || n > 60)
		return fail(p, p->at, "'[' begins an address such as [192.0.2.1], and this is none");
	for (i = six ? 5 : 0; i < n; i++) {
		char c = email__lower(s[i]);

		colon |= c == ':';
		if (!email__is_digit(c) && c != '.' && !(six && (c == ':' || (c >= 'a' && c <= 'f'))))
			return fail(p, p->at + 1 + i,
			            "'[' begins an address such as [192.0.2.1], and this is none");
	}
	if (six != colon)
		return fail(p, p->at,
		            "'[IPv6:' begins an address such as [IPv6:2001:db8::1], and this is none");
	memcpy(out, s - 1, n + 2);
	*written = n + 2;
	p->at += n + 2;
	return EMAIL_OK;
}

static email_code
read_domain(parser *p, char *out, size_t *written)
{
	char domain[EMAIL__DOMAIN_MAX + 1];
	const char *why;
	email_code rc;
	size_t from;

	if ((rc = skip(p)))
		return rc;
	from = p->at;
	if (peek(p) == '[')
		return read_literal(p, out, written);
	while (is_atom(peek(p)))
		p->at++;
	if (p->at == from)
		return fail(p, from, "a domain is missing behind '@'");
	if (email__idna_to_ascii(p->text + from, p->at - from, domain, &why))
		return email__error_set(p->e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE,
		                        "the domain at character %zu is not valid: %s", from + 1, why);
	*written = strlen(domain);
	memcpy(out, domain, *written);
	return EMAIL_OK;
}

/* The local part stands in p->word; p->at is at '@'. */
static email_code
read_spec(parser *p, size_t from, bool quoted, email__address *a)
{
	char out[EMAIL__ADDRESS_MAX + EMAIL__LOCAL_PART_MAX * 2];
	size_t local = 0, domain = 0;
	email_code rc;

	if ((rc = write_local(p, from, quoted, out, &local, &a->utf8)))
		return rc;
	p->at++;
	if ((rc = read_domain(p, out + local, &domain)) || (rc = skip(p)))
		return rc;
	if (peek(p) == '@')
		return fail(p, p->at, "an address has two '@'");
	a->address = email__strndup(out, local + domain);
	return a->address ? EMAIL_OK : email__error_memory(p->e, EMAIL_STAGE_NONE);
}

/* angle-addr; p->at is at '<'. */
static email_code
read_angle(parser *p, email__address *a)
{
	size_t opened = p->at++, from;
	bool quoted = false;
	email_code rc;

	if ((rc = skip(p)))
		return rc;
	from = p->at;
	if (peek(p) == '@')
		return fail(p, from,
		            "there is nothing before '@' (a source route, RFC 5322 4.4, is not taken)");
	email__buf_clear(&p->word);
	if (peek(p) == '"') {
		quoted = true;
		rc = read_quoted(p);
	} else {
		rc = read_atom(p);
	}
	if (rc || (rc = skip(p)))
		return rc;
	if (peek(p) != '@')
		return fail(p, p->at, "'@' is missing");
	if ((rc = read_spec(p, from, quoted, a)))
		return rc;
	if (peek(p) != '>')
		return fail(p, p->at < p->n ? p->at : opened,
		            p->at < p->n ? "'>' is missing" : "'<' is not closed");
	p->at++;
	return skip(p);
}

/* Behind the words that read_words() took. */
static email_code
read_mailbox(parser *p, size_t from, bool quoted, email__address *a)
{
	email_code rc;

	if (peek(p) == '@') {
		if (p->words > 1)
			return fail(p, from,
			            "a name stands before an address that is not within '<' and '>'");
		if (p->words == 0)
			email__buf_clear(&p->word);
		return read_spec(p, from, quoted, a);
	}
	if (peek(p) != '<')
		return fail(p, p->words ? p->at : from,
		            p->words ? "'@' is missing" : "an address is missing");
	if (email__buf_len(&p->name)) {
		a->name = email__strndup((const char *)email__buf_head(&p->name), email__buf_len(&p->name));
		if (!a->name)
			return email__error_memory(p->e, EMAIL_STAGE_NONE);
	}
	if ((rc = read_angle(p, a)))
		return rc;
	return EMAIL_OK;
}

static email_code
append(parser *p, email__address_list *list, const email__address *a)
{
	bool mailbox = a->kind == EMAIL__ADDRESS_MAILBOX;

	/* a group takes two places */
	if (mailbox ? list->mailboxes >= EMAIL__RECIPIENTS_MAX
	            : list->count - list->mailboxes >= 2 * EMAIL__RECIPIENTS_MAX)
		return email__error_set(p->e, EMAIL_E_LIMIT, EMAIL_STAGE_NONE, "more than %d addresses",
		                        EMAIL__RECIPIENTS_MAX);
	/* grows at powers of two, which the count alone tells */
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? list->count * 2 : 1;
		email__address *more = email__realloc(list->item, room * sizeof *more);

		if (!more)
			return email__error_memory(p->e, EMAIL_STAGE_NONE);
		list->item = more;
	}
	list->item[list->count++] = *a;
	list->mailboxes += mailbox;
	return EMAIL_OK;
}

/* Behind the phrase that names it, or at its end. */
static email_code
add_group(parser *p, email__address_kind kind, email__address_list *list)
{
	email__address a = {.kind = kind};
	email_code rc;

	if (!p->keep_groups)
		return EMAIL_OK;
	if (kind == EMAIL__ADDRESS_GROUP) {
		size_t n = email__buf_len(&p->name);

		a.name = n ? email__strndup((const char *)email__buf_head(&p->name), n) : email__strdup("");
		if (!a.name)
			return email__error_memory(p->e, EMAIL_STAGE_NONE);
	}
	if ((rc = append(p, list, &a)))
		email__address_dispose(&a);
	return rc;
}

static email_code
read_one(parser *p, size_t from, bool quoted, email__address_list *list)
{
	email__address a = {0};
	email_code rc = read_mailbox(p, from, quoted, &a);

	if (rc == EMAIL_OK)
		rc = append(p, list, &a);
	if (rc)
		email__address_dispose(&a);
	return rc;
}

/* address-list of RFC 5322 3.4. */
static email_code
read_list(parser *p, email__address_list *list)
{
	bool in_group = false, quoted = false;
	email_code rc;

	for (;;) {
		size_t from;

		if ((rc = skip(p)))
			return rc;
		from = p->at;
		if ((rc = read_words(p, &quoted)))
			return rc;
		if (peek(p) == ':' && p->words && !in_group) {
			p->at++;
			in_group = true;
			if ((rc = add_group(p, EMAIL__ADDRESS_GROUP, list)) || (rc = skip(p)))
				return rc;
			if (peek(p) != ';')
				continue;
		} else if ((rc = read_one(p, from, quoted, list))) {
			return rc;
		}
		if (in_group && peek(p) == ';') {
			in_group = false;
			p->at++;
			if ((rc = add_group(p, EMAIL__ADDRESS_GROUP_END, list)) || (rc = skip(p)))
				return rc;
		}
		if (p->at == p->n)
			return in_group ? fail(p, p->at, "';' is missing at the end of a group") : EMAIL_OK;
		if (peek(p) != ',')
			return fail(p, p->at, "an address ends, and something else follows it");
		p->at++;
	}
}

static email_code
parse(const char *text, bool keep_groups, email__address_list *list, email_error *e)
{
	parser p = {.text = text, .n = strlen(text), .keep_groups = keep_groups, .e = e};
	size_t before = list->count;
	email_code rc;

	email__buf_init(&p.name, EMAIL__HEADER_VALUE_MAX);
	email__buf_init(&p.word, EMAIL__HEADER_VALUE_MAX);
	if ((rc = check_characters(&p)) == EMAIL_OK)
		rc = read_list(&p, list);
	if (rc)
		email__address_list_cut(list, before);
	email__buf_dispose(&p.name);
	email__buf_dispose(&p.word);
	return rc;
}

email_code
email__address_parse(const char *text, email__address_list *list, email_error *e)
{
	return parse(text, false, list, e);
}

email_code
email__address_parse_groups(const char *text, email__address_list *list, email_error *e)
{
	return parse(text, true, list, e);
}

email_code
email__address_parse_one(const char *text, email__address *address, email_error *e)
{
	email__address_list list = {0};
	email_code rc = email__address_parse(text, &list, e);

	if (rc == EMAIL_OK && list.count == 1 && list.item) {
		*address = list.item[0];
		list.count = list.mailboxes = 0;
	} else if (rc == EMAIL_OK) {
		rc = email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "one address is wanted, not %zu",
		                      list.count);
	}
	email__address_list_dispose(&list);
	return rc;
}

void
email__address_dispose(email__address *address)
{
	email__free(address->name);
	email__free(address->address);
	memset(address, 0, sizeof *address);
}

void
email__address_list_cut(email__address_list *list, size_t count)
{
	while (list->count > count) {
		email__address *last = &list->item[--list->count];

		list->mailboxes -= last->kind == EMAIL__ADDRESS_MAILBOX;
		email__address_dispose(last);
	}
}

void
email__address_list_dispose(email__address_list *list)
{
	email__address_list_cut(list, 0);
	email__free(list->item);
	list->item = NULL;
}
