/* SPDX-License-Identifier: MIT */
#include "sheet/scan.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"

typedef struct scan {
	const char *p, *end;
	size_t depth, nodes;
	email_error *e;
} scan;

static email_code
refuse(scan *s, const char *sentence)
{
	return email__error_set(s->e, EMAIL_E_SHEET, EMAIL_STAGE_SHEET, "%s", sentence);
}

static bool
at(const scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

/* Goes behind `word`; false where there is none: the place then stays, for the line. */
static bool
skip_past(scan *s, const char *word)
{
	const char *from = s->p;
	size_t n = strlen(word);

	for (; (size_t)(s->end - s->p) >= n; s->p++) {
		if (memcmp(s->p, word, n) == 0) {
			s->p += n;
			return true;
		}
	}
	s->p = from;
	return false;
}

/* XML 1.0 2.3, a superset: any character over 127 may stand in a name; the parser knows better. */
static bool
is_name(char c, bool first)
{
	if (email__is_alpha(c) || c == '_' || c == ':' || (unsigned char)c >= 0x80)
		return true;
	return !first && (email__is_digit(c) || c == '-' || c == '.');
}

static email_code
name(scan *s)
{
	const char *from = s->p;

	if (s->p == s->end || !is_name(*s->p, true))
		return refuse(s, "a '<' that starts no tag: write it as &lt;");
	while (s->p < s->end && is_name(*s->p, false))
		s->p++;
	if (s->p - from > EMAIL__SHEET_NAME_MAX)
		return refuse(s, "a name in the sheet is too long");
	return EMAIL_OK;
}

/* name="value", XML 1.0 3.1 [41]. */
static email_code
attribute(scan *s)
{
	const char *from, *close;
	email_code rc = name(s);

	if (rc)
		return rc;
	skip_space(s);
	if (s->p == s->end || *s->p != '=')
		return refuse(s, "an attribute has no value");
	s->p++;
	skip_space(s);
	if (s->p == s->end || (*s->p != '"' && *s->p != '\''))
		return refuse(s, "an attribute's value is not in quotes");
	from = s->p + 1;
	close = memchr(from, *s->p, (size_t)(s->end - from));
	if (!close)
		return refuse(s, "the quote of an attribute's value is never closed");
	if (memchr(from, '<', (size_t)(close - from)))
		return refuse(s, "a '<' in an attribute's value: write it as &lt;");
	s->p = close + 1;
	return EMAIL_OK;
}

/* Behind the '<' of a start tag or an empty element's tag, XML 1.0 3.1 [40], [44]. */
static email_code
start_tag(scan *s)
{
	size_t attributes = 0;
	email_code rc = name(s);

	if (rc)
		return rc;
	for (;;) {
		const char *before = s->p;

		skip_space(s);
		if (at(s, "/>")) {
			s->p += 2;
			return EMAIL_OK;
		}
		if (at(s, ">")) {
			s->p++;
			if (++s->depth > EMAIL__SHEET_DEPTH_MAX)
				return refuse(s, "elements are nested too deep");
			return EMAIL_OK;
		}
		if (s->p == s->end)
			return refuse(s, "the sheet ends in the middle of a tag");
		if (s->p == before)
			return refuse(s, "a tag holds a character that does not belong there");
		if (++attributes > EMAIL__SHEET_ATTRIBUTES_MAX)
			return refuse(s, "an element has too many attributes");
		if ((rc = attribute(s)))
			return rc;
	}
}

/* Behind "</", XML 1.0 3.1 [42]. */
static email_code
end_tag(scan *s)
{
	email_code rc = name(s);

	if (rc)
		return rc;
	skip_space(s);
	if (!at(s, ">"))
		return refuse(s, "an end tag is not closed");
	s->p++;
	if (s->depth == 0)
		return refuse(s, "an end tag without its start tag");
	s->depth--;
	return EMAIL_OK;
}

static email_code
comment(scan *s)
{
	s->p += strlen("<!--");
	/* "--" may stand at the end only (XML 1.0 2.5), which makes the end one and the same for everybody */
	if (!skip_past(s, "--"))
		return refuse(s, "a comment is never closed");
	if (!at(s, ">"))
		return refuse(s, "\"--\" inside a comment");
	s->p++;
	return EMAIL_OK;
}

static email_code
instruction(scan *s)
{
	email_code rc;

	s->p += strlen("<?");
	if ((rc = name(s)))
		return rc;
	return skip_past(s, "?>") ? EMAIL_OK : refuse(s, "a processing instruction is never closed");
}

static email_code
section(scan *s)
{
	if (s->depth == 0)
		return refuse(s, "text outside the root element");
	s->p += strlen("<![CDATA[");
	return skip_past(s, "]]>") ? EMAIL_OK : refuse(s, "a CDATA section is never closed");
}

static email_code
markup(scan *s)
{
	if (at(s, "</")) {
		s->p += 2;
		return end_tag(s);
	}
	if (++s->nodes > EMAIL__SHEET_NODES_MAX)
		return refuse(s, "the sheet has too many elements");
	if (at(s, "<!--"))
		return comment(s);
	if (at(s, "<![CDATA["))
		return section(s);
	if (at(s, "<!"))
		return refuse(s, "a DOCTYPE is not allowed in a sheet");
	if (at(s, "<?"))
		return instruction(s);
	s->p++;
	return start_tag(s);
}

/* The declared encoding is UTF-8, or there is none: nothing else may decide what the bytes mean. */
static email_code
declaration(scan *s)
{
	static const char key[] = "encoding", want[] = "UTF-8";
	const char *close, *p;

	if (!at(s, "<?xml") || (size_t)(s->end - s->p) < 6 || !is_space(s->p[5]))
		return EMAIL_OK;
	close = memchr(s->p, '>', (size_t)(s->end - s->p));
	if (!close || close[-1] != '?')
		return refuse(s, "the XML declaration is never closed");
	for (p = s->p; p + sizeof key <= close && memcmp(p, key, sizeof key - 1) != 0; p++)
		;
	if (p + sizeof key > close)
		return EMAIL_OK;
	p += sizeof key - 1;
	while (p < close && (is_space(*p) || *p == '='))
		p++;
	if (close - p < 7 || (*p != '"' && *p != '\'') || !email__str_equal_n(p + 1, want, sizeof want - 1) ||
	    p[sizeof want] != *p)
		return refuse(s, "the sheet must be in UTF-8");
	return EMAIL_OK;
}

/* UTF-8 without NUL, whole; the place is the first byte that is neither. */
static email_code
characters(scan *s)
{
	const char *from = s->p;
	unsigned long c;

	while (s->p < s->end) {
		size_t len = email__utf8_decode((const unsigned char *)s->p, (size_t)(s->end - s->p), &c);

		if (len == 0 || c == 0)
			return refuse(s, "the sheet must be in UTF-8");
		s->p += len;
	}
	s->p = from;
	return EMAIL_OK;
}

static email_code
document(scan *s)
{
	email_code rc;

	if (at(s, "\xEF\xBB\xBF"))
		s->p += 3;
	if ((rc = characters(s)) || (rc = declaration(s)))
		return rc;
	while (s->p < s->end) {
		const char *next = memchr(s->p, '<', (size_t)(s->end - s->p));

		if (!next)
			break;
		s->p = next;
		if ((rc = markup(s)))
			return rc;
	}
	return s->depth ? refuse(s, "the sheet ends before its root element does") : EMAIL_OK;
}

email_code
email__sheet_scan(const void *bytes, size_t n, int *line, email_error *e)
{
	scan s = {bytes, (const char *)bytes + n, 0, 0, e};
	email_code rc = document(&s);
	const char *p;

	*line = 1;
	if (rc)
		for (p = bytes; p < s.p; p++)
			*line += *p == '\n';
	return rc;
}
