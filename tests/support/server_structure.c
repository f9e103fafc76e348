/* SPDX-License-Identifier: MIT */
/*
 * What a message is made of, as far as BODYSTRUCTURE and sections need it (RFC 3501 6.4.5, 7.4.2): a part has a header
 * and a body, and a multipart's body has parts between its boundary's lines.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server_internal.h"

#define DEPTH_MAX 32

typedef struct span {
	const unsigned char *p;
	size_t n;
} span;

typedef struct part {
	span header, body; /* the header with its empty line */
	char type[64], subtype[64], boundary[128], name[128], encoding[32], disposition[32], file[128];
} part;

/* --- headers --- */

/* The value of a field, unfolded; "" where it is missing. */
static void
field(span header, const char *name, char *out, size_t size)
{
	size_t len = strlen(name), n = 0, at = 0;
	bool inside = false;

	while (at < header.n) {
		const unsigned char *line = header.p + at, *nl = memchr(line, '\n', header.n - at);
		size_t end = nl ? (size_t)(nl - line) + 1 : header.n - at;
		size_t from = 0;
		if (!inside || (*line != ' ' && *line != '\t')) {
			inside = n == 0 && end > len && strncasecmp((const char *)line, name, len) == 0 &&
			         line[len] == ':';
			from = inside ? len + 1 : 0;
		}
		for (size_t i = from; inside && i < end && n + 1 < size; i++)
			if (line[i] != '\r' && line[i] != '\n' && (n || line[i] != ' '))
				out[n++] = (char)line[i];
		at += end;
	}
	out[n] = '\0';
}

static void
parameter(const char *value, const char *name, char *out, size_t size)
{
	size_t len = strlen(name), n = 0;

	out[0] = '\0';
	for (const char *p = value; (p = strchr(p, ';')) != NULL;) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, name, len) != 0 || p[len] != '=')
			continue;
		p += len + 1;
		if (*p == '"')
			for (p++; *p && *p != '"' && n + 1 < size; p++)
				out[n++] = *p;
		else
			for (; *p && !strchr("; \t", *p) && n + 1 < size; p++)
				out[n++] = *p;
		out[n] = '\0';
		return;
	}
}

/* The first word of a value: up to any of `ends`. */
static void
first_word(const char *value, const char *ends, char *out, size_t size)
{
	(void)snprintf(out, size, "%.*s", (int)strcspn(value, ends), value);
}

static part
read_part(span all)
{
	part m = {.header = {all.p, all.n}, .body = {all.p + all.n, 0}};
	char value[512];
	const char *slash;
	size_t at = 0;

	while (at < all.n) {
		const unsigned char *nl = memchr(all.p + at, '\n', all.n - at);
		size_t end = nl ? (size_t)(nl - all.p) + 1 : all.n;
		bool empty = end - at <= 2 && nl;
		at = end;
		if (empty) {
			m.header.n = at;
			m.body = (span){all.p + at, all.n - at};
			break;
		}
	}
	field(m.header, "Content-Type", value, sizeof value);
	first_word(*value ? value : "text/plain", "/; ", m.type, sizeof m.type);
	slash = strchr(value, '/');
	first_word(slash ? slash + 1 : "plain", "; ", m.subtype, sizeof m.subtype);
	parameter(value, "boundary", m.boundary, sizeof m.boundary);
	parameter(value, "name", m.name, sizeof m.name);
	field(m.header, "Content-Transfer-Encoding", value, sizeof value);
	first_word(*value ? value : "7bit", "; ", m.encoding, sizeof m.encoding);
	field(m.header, "Content-Disposition", value, sizeof value);
	first_word(value, "; ", m.disposition, sizeof m.disposition);
	parameter(value, "filename", m.file, sizeof m.file);
	return m;
}

/* The next part of a multipart's body from *at on; false: there is none. */
static bool
next_part(const part *m, size_t *at, span *one)
{
	size_t len = strlen(m->boundary), start = 0, end = m->body.n;
	bool begun = false;

	while (*at < m->body.n) {
		const unsigned char *line = m->body.p + *at, *nl = memchr(line, '\n', m->body.n - *at);
		size_t next = nl ? (size_t)(nl - m->body.p) + 1 : m->body.n;
		bool mark = next - *at >= len + 2 && line[0] == '-' && line[1] == '-' &&
		            memcmp(line + 2, m->boundary, len) == 0;
		if (mark && begun) {
			end = *at >= 2 ? *at - 2 : 0; /* the CRLF before a boundary is its own */
			break;
		}
		if (mark && next - *at >= len + 4 && memcmp(line + 2 + len, "--", 2) == 0)
			return false;
		*at = next;
		if (mark) {
			begun = true;
			start = next;
		}
	}
	*one = (span){m->body.p + start, end > start ? end - start : 0};
	return begun;
}

static bool
is_multipart(const part *m)
{
	return strcasecmp(m->type, "multipart") == 0 && *m->boundary;
}

/* --- BODYSTRUCTURE --- */

static void add(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
add(char *out, size_t size, const char *format, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(out + n, size - n, format, ap);
	va_end(ap);
}

static void
add_disposition(const part *m, char *out, size_t size)
{
	if (!*m->disposition)
		add(out, size, " NIL");
	else if (*m->file)
		add(out, size, " (\"%s\" (\"FILENAME\" \"%s\"))", m->disposition, m->file);
	else
		add(out, size, " (\"%s\" NIL)", m->disposition);
}

static void
describe(span all, char *out, size_t size, unsigned depth)
{
	part m = read_part(all);
	size_t at = 0, lines = 0;
	span one;

	if (is_multipart(&m) && depth < DEPTH_MAX) {
		add(out, size, "(");
		while (next_part(&m, &at, &one))
			describe(one, out, size, depth + 1);
		add(out, size, " \"%s\" (\"BOUNDARY\" \"%s\")", m.subtype, m.boundary);
		add_disposition(&m, out, size);
		add(out, size, " NIL NIL)");
		return;
	}
	for (size_t i = 0; i < m.body.n; i++)
		lines += m.body.p[i] == '\n';
	add(out, size, "(\"%s\" \"%s\" ", m.type, m.subtype);
	if (*m.name)
		add(out, size, "(\"NAME\" \"%s\")", m.name);
	else
		add(out, size, "NIL");
	add(out, size, " NIL NIL \"%s\" %zu", m.encoding, m.body.n);
	if (strcasecmp(m.type, "text") == 0)
		add(out, size, " %zu", lines);
	add(out, size, " NIL");
	add_disposition(&m, out, size);
	add(out, size, " NIL NIL)");
}

void
email_test_structure(const unsigned char *p, size_t n, char *out, size_t size)
{
	out[0] = '\0';
	describe((span){p, n}, out, size, 0);
}

/* --- sections --- */

bool
email_test_section(const unsigned char *p, size_t n, const char *section, size_t *start, size_t *length)
{
	part m = read_part((span){p, n});
	span found = {p, n};
	bool numbered = false;

	for (; *section >= '1' && *section <= '9'; section += *section == '.') {
		char *end;
		unsigned long want = strtoul(section, &end, 10);
		size_t at = 0;
		section = end;
		numbered = true;
		if (!is_multipart(&m)) {
			if (want != 1)
				return false;
			found = m.body;
			continue;
		}
		for (unsigned long i = 0; i < want; i++)
			if (!next_part(&m, &at, &found))
				return false;
		m = read_part(found);
		found = m.body;
	}
	if (strcasecmp(section, numbered ? "MIME" : "HEADER") == 0)
		found = m.header;
	else if (!numbered && strcasecmp(section, "TEXT") == 0)
		found = m.body;
	else if (*section)
		return false;
	*start = (size_t)(found.p - p);
	*length = found.n;
	return true;
}
