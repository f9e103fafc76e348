/* SPDX-License-Identifier: MIT */
/* What IMAP asks of an open folder: FETCH, SEARCH, STORE, EXPUNGE, MOVE and COPY, all by UID. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server_internal.h"

static bool
syntax(conn *c, const char *what)
{
	email_test_violation(c, what);
	return email_test_replyf(c, "syntax", "{tag} BAD %s", what) > 0;
}

/* --- sets --- */

/* Whether RFC 3501 9's sequence-set has n; `most` is what a star stands for. */
static bool
within(const char *set, uint32_t n, uint32_t most)
{
	while (*set) {
		char *end;
		uint32_t low = *set == '*' ? most : (uint32_t)strtoul(set, &end, 10), high;
		set += *set == '*' ? 1 : strspn(set, "0123456789");
		high = low;
		if (*set == ':') {
			set++;
			high = *set == '*' ? most : (uint32_t)strtoul(set, &end, 10);
			set += *set == '*' ? 1 : strspn(set, "0123456789");
		}
		if ((n >= low && n <= high) || (n >= high && n <= low))
			return true;
		if (*set++ != ',')
			return false;
	}
	return false;
}

/* The set from the front of *p, ended by a NUL; NULL: none, after a BAD. */
static char *
take_set(conn *c, char **p)
{
	char *set = *p;
	size_t n = strspn(set, "0123456789:,*");

	if (n == 0 || (set[n] && set[n] != ' ') || set[0] == '0') {
		(void)syntax(c, "a set of messages");
		return NULL;
	}
	*p = set + n + (set[n] == ' ');
	set[n] = '\0';
	return set;
}

static uint32_t
last_uid(const conn *c)
{
	return c->box.n ? c->box.m[c->box.n - 1].uid : 0;
}

static bool
chosen(const conn *c, const box_message *m, const char *set)
{
	return !m->gone && within(set, m->uid, last_uid(c));
}

/* A message's number as the client counts: those that were expunged do not count. */
static size_t
number_of(const conn *c, const box_message *m)
{
	size_t n = 0;

	for (const box_message *i = c->box.m; i <= m; i++)
		n += !i->gone;
	return n;
}

static bool
has_flag(const box_message *m, char letter)
{
	return strchr(m->flags, letter) != NULL;
}

/* --- SEARCH --- */

/* One key from the front of *p: whether the message meets it. False in *ok: none that is known. */
static bool
meets(const conn *c, char **p, const box_message *m, bool *ok)
{
	size_t n = strcspn(*p, " ");
	char key[32];

	if (strspn(*p, "0123456789:,*") == n && n > 0) {
		bool in = within(*p, (uint32_t)(m - c->box.m) + 1, (uint32_t)c->box.n);
		*p += n;
		return in;
	}
	(void)snprintf(key, sizeof key, "%.*s", n < 31 ? (int)n : 31, *p);
	*p += n;
	if (strcasecmp(key, "NOT") == 0 && **p == ' ') {
		++*p;
		return !meets(c, p, m, ok);
	}
	if (strcasecmp(key, "UID") == 0 && **p == ' ') {
		bool in = within(++*p, m->uid, last_uid(c));
		*p += strcspn(*p, " ");
		return in;
	}
	if (strcasecmp(key, "ALL") == 0)
		return true;
	if (strcasecmp(key, "SEEN") == 0)
		return has_flag(m, 'S');
	if (strcasecmp(key, "UNSEEN") == 0)
		return !has_flag(m, 'S');
	if (strcasecmp(key, "DELETED") == 0)
		return has_flag(m, 'T');
	if (strcasecmp(key, "UNDELETED") == 0)
		return !has_flag(m, 'T');
	*ok = false;
	return false;
}

static bool
found(conn *c, char *keys, const box_message *m, bool *ok)
{
	bool in = !m->gone;

	for (char *p = keys; *p && *ok; p += *p == ' ')
		in = meets(c, &p, m, ok) && in;
	return in;
}

bool
email_test_imap_search(conn *c, char *arguments)
{
	bool extended = strncasecmp(arguments, "RETURN (ALL) ", 13) == 0, ok = true;
	char *text = calloc(1, c->box.n * 12 + 13);
	const char *said;
	size_t n = 0;

	if (extended && !email_test_offers(c, "ESEARCH", "ESEARCH"))
		ok = false;
	if (extended)
		arguments += 13;
	for (size_t i = 0; text && ok && i < c->box.n; i++)
		if (found(c, arguments, &c->box.m[i], &ok))
			n += (size_t)snprintf(text + n, 13, "%s%lu", n ? extended ? "," : " " : "",
			                      (unsigned long)c->box.m[i].uid);
	if (!ok || !text) {
		free(text);
		return syntax(c, "SEARCH");
	}
	said = email_test_text(c, "found", NULL, text);
	if (extended)
		ok = email_test_puts(c, "* ESEARCH (TAG \"") && email_test_puts(c, c->tag) &&
		     email_test_puts(c, *said ? "\") UID ALL " : "\") UID");
	else
		ok = email_test_puts(c, *said ? "* SEARCH " : "* SEARCH");
	email_test_log(c, "> .. %s %.200s", extended ? "ESEARCH" : "SEARCH", said);
	ok = ok && email_test_puts(c, said) && email_test_puts(c, "\r\n");
	free(text);
	return ok && email_test_reply(c, "search", NULL, "{tag} OK Searched") > 0;
}

/* --- FETCH --- */

/* A rule's text for this message, by UID. */
static const char *
bend(conn *c, const char *what, const box_message *m, const char *text)
{
	char uid[16];

	(void)snprintf(uid, sizeof uid, "%lu", (unsigned long)m->uid);
	return email_test_text(c, what, uid, text);
}

static void
name_flags(const box_message *m, char *text, size_t size)
{
	(void)snprintf(text, size, "(%s%s%s)", has_flag(m, 'S') ? "\\Seen" : "",
	               has_flag(m, 'S') && has_flag(m, 'T') ? " " : "", has_flag(m, 'T') ? "\\Deleted" : "");
}

/* "BODY[section]" and the literal behind it, for "BODY.PEEK[section]<from.length>" in `item`. */
static bool
put_section(conn *c, const box_message *m, const char *item, const unsigned char *p, size_t n)
{
	const char *open = strchr(item, '['), *close = open ? strchr(open, ']') : NULL;
	char section[128], name[192], usual[32], uid[16];
	const char *said;
	size_t start = 0, length;
	int64_t from = 0;

	(void)snprintf(section, sizeof section, "%.*s", close ? (int)(close - open - 1) : 0,
	               open ? open + 1 : "");
	(void)snprintf(name, sizeof name, "BODY[%s]", section);
	if (close && close[1] == '<') {
		char *end;
		unsigned long most;
		from = strtol(close + 2, &end, 10);
		most = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
		(void)snprintf(name, sizeof name, "BODY[%s]<%lld>", section, (long long)from);
		if (!email_test_section(p, n, section, &start, &length))
			length = 0;
		start += (size_t)from < length ? (size_t)from : length;
		length = (size_t)from < length ? length - (size_t)from : 0;
		length = length < most ? length : most;
	} else if (!email_test_section(p, n, section, &start, &length)) {
		return email_test_puts(c, name) && email_test_puts(c, " NIL");
	}
	(void)snprintf(usual, sizeof usual, "{%zu}", length);
	(void)snprintf(uid, sizeof uid, "%lu", (unsigned long)m->uid);
	said = bend(c, "literal", m, usual);
	email_test_log(c, "> .. %s %s", name, said);
	if (!email_test_puts(c, name) || !email_test_puts(c, " ") || !email_test_puts(c, said) ||
	    !email_test_puts(c, "\r\n") || !email_test_body(c, uid, p + start, length, false))
		return false;
	if (*section == '\0') {
		c->n.messages++;
		email_test_log(c, "message %lu %zu bytes", (unsigned long)m->uid, length);
	}
	return true;
}

/* One item of the list. False: the connection is over. */
static bool
put_item(conn *c, const box_message *m, const char *item, const unsigned char *p, size_t n)
{
	char text[8192], usual[32];

	if (strcasecmp(item, "UID") == 0) {
		(void)snprintf(usual, sizeof usual, "%lu", (unsigned long)m->uid);
		(void)snprintf(text, sizeof text, "UID %.64s", bend(c, "uid", m, usual));
	} else if (strcasecmp(item, "FLAGS") == 0) {
		name_flags(m, usual, sizeof usual);
		(void)snprintf(text, sizeof text, "FLAGS %.4000s", bend(c, "flags", m, usual));
	} else if (strcasecmp(item, "RFC822.SIZE") == 0) {
		(void)snprintf(usual, sizeof usual, "%llu", (unsigned long long)m->size);
		(void)snprintf(text, sizeof text, "RFC822.SIZE %.64s", bend(c, "size", m, usual));
	} else if (strcasecmp(item, "INTERNALDATE") == 0) {
		(void)snprintf(text, sizeof text, "INTERNALDATE %.128s",
		               bend(c, "internaldate", m, "\"23-Nov-2026 14:06:52 +0000\""));
	} else if (strcasecmp(item, "BODYSTRUCTURE") == 0) {
		(void)snprintf(text, sizeof text, "BODYSTRUCTURE ");
		email_test_structure(p, n, text + strlen(text), sizeof text - strlen(text));
		return email_test_puts(c, bend(c, "structure", m, text));
	} else {
		return put_section(c, m, item, p, n);
	}
	email_test_log(c, "> .. %.200s", text);
	return email_test_puts(c, text);
}

#define ITEMS_MAX 16

/* "(UID BODY.PEEK[1])" in place; the number of items, 0: not understood. */
static size_t
split_items(conn *c, char *text, char *items[ITEMS_MAX])
{
	size_t n = 0, len = strlen(text);

	if (*text == '(' && len > 1 && text[len - 1] == ')') {
		text[len - 1] = '\0';
		text++;
	}
	while (*text && n < ITEMS_MAX) {
		char *close = strchr(text, '['), *end = text + strcspn(text, " ");
		if (close && close < end && (close = strchr(close, ']')) != NULL)
			end = close + strcspn(close, " "); /* a section may have spaces */
		items[n++] = text;
		text = end;
		if (*text)
			*text++ = '\0';
	}
	for (size_t i = 0; i < n; i++) {
		static const char *const known[] = {"UID", "FLAGS", "RFC822.SIZE", "INTERNALDATE",
		                                    "BODYSTRUCTURE"};
		size_t k = 0;
		while (k < 5 && strcasecmp(items[i], known[k]) != 0)
			k++;
		if (strncasecmp(items[i], "BODY[", 5) == 0)
			email_test_violation(c, "BODY without PEEK, which marks as read");
		else if (k == 5 && strncasecmp(items[i], "BODY.PEEK[", 10) != 0)
			return 0;
	}
	return n;
}

static bool
put_message(conn *c, const box_message *m, char *const items[], size_t n)
{
	size_t length = 0;
	unsigned char *p = NULL;
	const char *line = bend(c, "line", m, NULL);
	char start[48];
	bool ok;

	if (line)
		return email_test_putf(c, "%s", line);
	for (size_t i = 0; i < n && !p; i++)
		if (strncasecmp(items[i], "BODY", 4) == 0 && (p = email_test_box_read(c, m, &length)) == NULL)
			return email_test_putf(c, "* NO Cannot read it");
	(void)snprintf(start, sizeof start, "* %zu FETCH (", number_of(c, m));
	ok = email_test_puts(c, start);
	for (size_t i = 0; ok && i < n; i++)
		ok = (i == 0 || email_test_puts(c, " ")) && put_item(c, m, items[i], p, length);
	free(p);
	return ok && email_test_puts(c, ")\r\n");
}

bool
email_test_imap_fetch(conn *c, char *arguments)
{
	char *set = take_set(c, &arguments), *items[ITEMS_MAX];
	size_t n;

	if (!set)
		return !c->broken;
	if ((n = split_items(c, arguments, items)) == 0)
		return syntax(c, "FETCH");
	for (size_t i = 0; i < c->box.n; i++)
		if (chosen(c, &c->box.m[i], set) && !put_message(c, &c->box.m[i], items, n))
			return false;
	return email_test_reply(c, "fetch", NULL, "{tag} OK Fetched") > 0;
}

/* --- what changes --- */

static bool
writable(conn *c, const char *what)
{
	if (!c->read_only)
		return true;
	email_test_violation(c, what);
	return false;
}

/* "+FLAGS.SILENT (\Seen)": the letters it names into `letters`; '+', '-'; 0: not understood. */
static char
read_store(const char *p, char letters[3], bool *silent)
{
	char sign = *p, *to = letters;

	if ((sign != '+' && sign != '-') || strncasecmp(p + 1, "FLAGS", 5) != 0)
		return 0;
	p += 6;
	*silent = strncasecmp(p, ".SILENT", 7) == 0;
	p += *silent ? 7 : 0;
	if (*p != ' ')
		return 0;
	for (p += strspn(p, " ("); *p && *p != ')'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " )");
		if (to == letters + 2)
			return 0;
		if (n == 5 && strncasecmp(p, "\\Seen", n) == 0)
			*to++ = 'S';
		else if (n == 8 && strncasecmp(p, "\\Deleted", n) == 0)
			*to++ = 'T';
		else
			return 0;
		p += n;
	}
	*to = '\0';
	return sign;
}

static bool
store(conn *c, box_message *m, char sign, const char *letters, bool silent)
{
	char flags[16] = "", text[32], *to = flags;

	for (const char *f = "ST"; *f; f++) {
		bool named = strchr(letters, *f) != NULL;
		if (named ? sign == '+' : has_flag(m, *f))
			*to++ = *f;
	}
	*to = '\0';
	if (strcmp(flags, m->flags) != 0 && !email_test_box_flag(c, m, flags))
		return email_test_putf(c, "* NO The file system does not");
	name_flags(m, text, sizeof text);
	return silent || email_test_putf(c, "* %zu FETCH (UID %lu FLAGS %s)", number_of(c, m),
	                                 (unsigned long)m->uid, text);
}

bool
email_test_imap_store(conn *c, char *arguments)
{
	char *set = take_set(c, &arguments), letters[3], sign;
	bool silent = false;

	if (!set)
		return !c->broken;
	if ((sign = read_store(arguments, letters, &silent)) == 0)
		return syntax(c, "STORE, or one that replaces flags");
	if (!writable(c, "STORE behind EXAMINE"))
		return email_test_reply(c, "store", NULL, "{tag} NO [READ-ONLY] No") > 0;
	if (email_test_refused(c, "store"))
		return email_test_reply(c, "store", NULL, "{tag} NO") > 0;
	for (size_t i = 0; i < c->box.n; i++)
		if (chosen(c, &c->box.m[i], set) && !store(c, &c->box.m[i], sign, letters, silent))
			return false;
	return email_test_reply(c, "store", NULL, "{tag} OK Stored") > 0;
}

static bool
drop(conn *c, box_message *m)
{
	size_t number = number_of(c, m);

	if (!email_test_box_remove(c, m))
		return email_test_putf(c, "* NO The file system does not");
	m->gone = true;
	return email_test_putf(c, "* %zu EXPUNGE", number);
}

bool
email_test_imap_expunge(conn *c, char *arguments)
{
	char *set = take_set(c, &arguments);

	if (!set)
		return !c->broken;
	if (*arguments)
		return syntax(c, "UID EXPUNGE set");
	if (!writable(c, "EXPUNGE behind EXAMINE"))
		return email_test_reply(c, "expunge", NULL, "{tag} NO [READ-ONLY] No") > 0;
	if (email_test_refused(c, "expunge"))
		return email_test_reply(c, "expunge", NULL, "{tag} NO") > 0;
	for (size_t i = 0; i < c->box.n; i++) {
		box_message *m = &c->box.m[i];
		if (has_flag(m, 'T') && chosen(c, m, set) && !drop(c, m))
			return false;
	}
	return email_test_reply(c, "expunge", NULL, "{tag} OK Expunged") > 0;
}

static bool
transfer(conn *c, char *arguments, const char *stage, bool move)
{
	char *set = take_set(c, &arguments), folder[256], text[64];
	bool there = true;

	if (!set)
		return !c->broken;
	if (!email_test_imap_string(&arguments, folder, sizeof folder) || *arguments)
		return syntax(c, "a set and a folder");
	if (move && !writable(c, "MOVE behind EXAMINE"))
		return email_test_reply(c, stage, NULL, "{tag} NO [READ-ONLY] No") > 0;
	if (email_test_refused(c, stage))
		return email_test_reply(c, stage, NULL, "{tag} NO") > 0;
	for (size_t i = 0; there && i < c->box.n; i++) {
		box_message *m = &c->box.m[i];
		if (!chosen(c, m, set))
			continue;
		there = email_test_box_copy(c, m, folder);
		if (there && move && !drop(c, m))
			return false;
	}
	(void)snprintf(text, sizeof text,
	               there ? "{tag} OK Done" : "{tag} NO [TRYCREATE] There is no such folder");
	return email_test_reply(c, stage, NULL, text) > 0;
}

bool
email_test_imap_move(conn *c, char *arguments)
{
	return transfer(c, arguments, "move", true);
}

bool
email_test_imap_copy(conn *c, char *arguments)
{
	return transfer(c, arguments, "copy", false);
}
