/* SPDX-License-Identifier: MIT */
/*
 * Every kind but words is a list of items; check and write walk it with the same two steps, and differ in
 * what they do with an item.
 */
#include "mime/structured.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/fold.h"

/* An item never folds: it must fit on a line behind a name (RFC 5322 2.1.1). */
#define ITEM_MAX (EMAIL__LINE_MAX - EMAIL__FOLD_WIDTH)

static const email__structured fields[] = {
	{"Sender", EMAIL__VALUE_ADDRESSES, true, NULL},
	{"Resent-From", EMAIL__VALUE_ADDRESSES, false, NULL},
	{"Resent-Sender", EMAIL__VALUE_ADDRESSES, false, NULL},
	{"Resent-To", EMAIL__VALUE_ADDRESSES, false, NULL},
	{"Resent-Cc", EMAIL__VALUE_ADDRESSES, false, NULL},
	{"Disposition-Notification-To", EMAIL__VALUE_ADDRESSES, true, NULL},
	{"Errors-To", EMAIL__VALUE_ADDRESSES, true, NULL},
	{"Return-Receipt-To", EMAIL__VALUE_ADDRESSES, true, NULL},
	{"Mail-Followup-To", EMAIL__VALUE_ADDRESSES, true, NULL},
	{"Mail-Reply-To", EMAIL__VALUE_ADDRESSES, true, NULL},
	/* RFC 5322 3.6.4, 3.6.6; RFC 5536 3.2.12; RFC 3464 2.3 */
	{"In-Reply-To", EMAIL__VALUE_IDS, true, NULL},
	{"References", EMAIL__VALUE_IDS, true, NULL},
	{"Resent-Message-ID", EMAIL__VALUE_IDS, false, NULL},
	{"Original-Message-ID", EMAIL__VALUE_IDS, true, NULL},
	{"Supersedes", EMAIL__VALUE_IDS, true, NULL},
	/* RFC 2369 3, each at most once; RFC 2919; RFC 8058 3.1 */
	{"List-Help", EMAIL__VALUE_LINKS, true, NULL},
	{"List-Unsubscribe", EMAIL__VALUE_LINKS, true, NULL},
	{"List-Subscribe", EMAIL__VALUE_LINKS, true, NULL},
	{"List-Post", EMAIL__VALUE_LINKS, true, "NO"},
	{"List-Owner", EMAIL__VALUE_LINKS, true, NULL},
	{"List-Archive", EMAIL__VALUE_LINKS, true, NULL},
	{"List-Id", EMAIL__VALUE_WORDS, true, NULL},
	{"List-Unsubscribe-Post", EMAIL__VALUE_WORDS, true, "List-Unsubscribe=One-Click"},
	/* RFC 2156 5.3.4 and .6; RFC 3834 5 */
	{"Importance", EMAIL__VALUE_WORDS, true, "high|normal|low"},
	{"Priority", EMAIL__VALUE_WORDS, true, "urgent|normal|non-urgent"},
	{"X-Priority", EMAIL__VALUE_KEYWORD, true, NULL},
	{"Sensitivity", EMAIL__VALUE_KEYWORD, true, NULL},
	{"Precedence", EMAIL__VALUE_KEYWORD, true, NULL},
	{"Auto-Submitted", EMAIL__VALUE_KEYWORD, true, NULL},
	{"X-Auto-Response-Suppress", EMAIL__VALUE_WORDS, true, NULL},
	{"Resent-Date", EMAIL__VALUE_WORDS, false, NULL},
	{"Expires", EMAIL__VALUE_WORDS, true, NULL},
	{"Reply-By", EMAIL__VALUE_WORDS, true, NULL},
};

const email__structured *
email__structured_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof fields / sizeof *fields; i++)
		if (email__str_equal(name, fields[i].name))
			return &fields[i];
	return NULL;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_white(const char *s)
{
	while (is_white(*s))
		s++;
	return s;
}

/* The end of "<...>" in printable ASCII; NULL where there is none at `s`. What is in an id is its maker's
 * affair: an answer must be able to name whatever it answers. */
static const char *
bracketed(const char *s)
{
	const char *from = s;

	if (*s++ != '<')
		return NULL;
	while (*s > ' ' && *s <= '~' && *s != '<' && *s != '>')
		s++;
	return *s == '>' && s - from > 1 && s - from < ITEM_MAX ? s + 1 : NULL;
}

/* scheme ":" of RFC 3986 3.1, behind the bracket, and something behind it. */
static bool
is_link(const char *s)
{
	const char *from = ++s;

	if (!email__is_alpha(*s))
		return false;
	while (email__is_alpha(*s) || email__is_digit(*s) || *s == '+' || *s == '-' || *s == '.')
		s++;
	return s > from && *s == ':' && s[1] != '>';
}

static bool
ids_valid(const char *s)
{
	do {
		if (!(s = bracketed(skip_white(s))))
			return false;
		s = skip_white(s);
	} while (*s);
	return true;
}

static bool
links_valid(const char *s)
{
	for (;;) {
		const char *from = skip_white(s);

		if (!(s = bracketed(from)) || !is_link(from))
			return false;
		s = skip_white(s);
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
}

/* One word behind another; none too long for a line. */
static bool
words_valid(const char *s)
{
	size_t run = 0;

	if (*skip_white(s) == '\0')
		return false;
	for (; *s; s++) {
		run = is_white(*s) ? 0 : run + 1;
		if (run > ITEM_MAX || (!is_white(*s) && (*s <= ' ' || *s > '~')))
			return false;
	}
	return true;
}

static bool
keyword_valid(const char *s)
{
	const char *from = s = skip_white(s);

	while (email__is_alpha(*s) || email__is_digit(*s) || *s == '-' || *s == '_')
		s++;
	if (s == from || !words_valid(from))
		return false;
	s = skip_white(s);
	return *s == '\0' || *s == ';' || *s == '(';
}

/* Whether the value is one of "a|b|c". */
static bool
is_one_of(const char *value, const char *list)
{
	size_t n = strlen(value), len;

	for (; *list; list += len, list += *list == '|') {
		len = strcspn(list, "|");
		if (len == n && email__str_equal_n(list, value, n))
			return true;
	}
	return false;
}

email_code
email__structured_check(const email__structured *field, const char *value, email_error *e)
{
	const char *want = "";
	bool good = false;

	switch (field->kind) {
	case EMAIL__VALUE_ADDRESSES: return EMAIL_OK;
	case EMAIL__VALUE_IDS:
		good = ids_valid(value);
		want = "ids like \"<left@right>\", with spaces between them";
		break;
	case EMAIL__VALUE_LINKS:
		good = links_valid(value);
		want = "links like \"<https://example.com/x>\", with commas between them";
		break;
	case EMAIL__VALUE_KEYWORD:
		good = keyword_valid(value);
		want = "a word";
		break;
	case EMAIL__VALUE_WORDS:
		good = !field->keywords && words_valid(value);
		want = field->keywords ? field->keywords : "printable ASCII";
		break;
	}
	if (good || (field->keywords && is_one_of(value, field->keywords)))
		return EMAIL_OK;
	return email__error_set(e, EMAIL_E_MESSAGE, EMAIL_STAGE_NONE, "%s takes %s", field->name, want);
}

/* Where an item ends: behind the comma of a link, else before white space or the next "<". */
static const char *
item_end(email__value_kind kind, const char *s)
{
	const char *end = s;

	while (*end && !is_white(*end) && !(kind == EMAIL__VALUE_IDS && end > s && *end == '<') &&
	       !(kind == EMAIL__VALUE_LINKS && end > s && end[-1] == '>'))
		end++;
	return end;
}

email_code
email__structured_write(email__buf *out, const email__structured *field, const char *value)
{
	const char *s = skip_white(value);
	email__fold f;

	email__fold_begin(&f, out, field->name);
	f.tail = field->kind == EMAIL__VALUE_LINKS;
	while (*s && !f.rc) {
		const char *end = item_end(field->kind, s);

		email__fold_word(&f, s, (size_t)(end - s));
		s = skip_white(end);
		if (field->kind == EMAIL__VALUE_LINKS && *s == ',') {
			email__fold_glue(&f, ",");
			s = skip_white(s + 1);
		}
	}
	return email__fold_end(&f);
}

/* Stricter than what others may have written. */
static bool
id_valid(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("<>()\\,;\"", s[i]))
			return false;
	return n > 0 && n <= EMAIL__MESSAGE_ID_MAX;
}

bool
email__message_id_valid(const char *id)
{
	size_t n = strlen(id);
	const char *at = strchr(id, '@');

	return n >= 5 && id[0] == '<' && id[n - 1] == '>' && id_valid(id + 1, n - 2) && at && at != id + 1 &&
	       at != id + n - 2 && !strchr(at + 1, '@');
}

bool
email__content_id_valid(const char *id)
{
	return id_valid(id, strlen(id));
}
