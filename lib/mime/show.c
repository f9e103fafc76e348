/* SPDX-License-Identifier: MIT */
/*
 * Which parts a message shows, and which are attachments.
 *
 *     multipart/alternative   of each kind the last one that there is (RFC 2046 5.1.4: the best is last)
 *     multipart/related       the part that start= names, else the first (RFC 2387 3.2); where that shows
 *                             nothing, as an image set first, what any other multipart would
 *     multipart/mixed         all that has something to show, in order, but for further parts with a file name;
 *                             what has no HTML goes into the HTML as the text that it is, if there is any HTML
 *     any other multipart     the first part that has something to show; of signed and report that is what
 *                             people see above the rest
 *     a message in the mail   nothing: it is an attachment, whole
 *
 * A multipart that could not be opened is shown as the text that it is.
 */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "mime/filename.h"
#include "mime/parameter.h"
#include "mime/text.h"
#include "mime/tree_state.h"
#include "mime/type.h"

/* --- what a part says of itself --- */

/* "<id>" without its brackets, or what stands there. */
static const char *
content_id(email__tree *t, unsigned number)
{
	email__field *f = email__tree_field(t, number, "Content-ID");
	const char *id = f ? email__tree_value(t, number, f) : "", *from, *to;

	if (!id)
		return NULL;
	from = strchr(id, '<');
	to = from ? strchr(from, '>') : NULL;
	from = to ? from + 1 : id + strspn(id, " \t");
	return email__arena_text(&t->arena, from, to ? (size_t)(to - from) : strcspn(from, " \t"));
}

/* A parameter of a field; "" where either is missing, NULL: no memory. */
static const char *
parameter(email__tree *t, unsigned number, const char *field, const char *name)
{
	email__field *f = email__tree_field(t, number, field);
	uint64_t defects = 0;
	bool memory = false;
	const char *value;

	if (!f || email__tree_full(t, number))
		return "";
	value = email__parameter_read(&t->arena, email__field_value(f), f->value_n, name, &defects, &memory);
	email__tree_defects(t, defects, number);
	return value || memory ? value : "";
}

/* RFC 2183 2.3; older mailers have it as a name of the type only. */
static const char *
file_name(email__tree *t, unsigned number)
{
	const char *name = parameter(t, number, "Content-Disposition", "filename");
	bool changed = false;

	if (name && !name[0])
		name = parameter(t, number, "Content-Type", "name");
	if (!name || !name[0])
		return name;
	name = email__filename_safe(&t->arena, name, &changed);
	if (changed)
		email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_FILE_NAME, number);
	return name;
}

static const char *
disposition(email__tree *t, unsigned number)
{
	email__field *f = email__tree_field(t, number, "Content-Disposition");

	return f && !email__tree_full(t, number)
	               ? email__parameter_value(&t->arena, email__field_value(f), f->value_n)
	               : "";
}

email__node *
email__tree_view(email__tree *t, unsigned number)
{
	email__node *n = &t->node[number];
	const char *said, *name, *id;

	if (n->viewed)
		return n;
	said = disposition(t, number);
	name = said ? file_name(t, number) : NULL;
	id = name ? content_id(t, number) : NULL;
	if (!id) {
		email__error_memory(t->error, EMAIL_STAGE_NONE);
		return NULL;
	}
	/* RFC 2183 2.8: what is not known is an attachment */
	n->part.disposition = !said[0] || strcmp(said, "inline") == 0 ? said : "attachment";
	n->part.file_name = name;
	n->part.content_id = id;
	n->viewed = true;
	return n;
}

/* --- the choice --- */

/* Of each kind the first part and the last one, linked by node.also[]. */
typedef struct choice {
	int part[EMAIL__SHOW_COUNT];
	unsigned last[EMAIL__SHOW_COUNT];
} choice;

static const choice nothing = {{-1, -1}, {0, 0}};

static void
add(email__tree *t, choice *c, unsigned kind, unsigned number)
{
	if (c->part[kind] < 0)
		c->part[kind] = (int)number;
	else
		t->node[c->last[kind]].also[kind] = number;
	c->last[kind] = number;
	t->node[number].also[kind] = 0;
}

/* The parts of one kind of a branch behind those of a kind of what there is. */
static void
join(email__tree *t, choice *c, unsigned kind, const choice *branch, unsigned from)
{
	unsigned i, next = branch->part[from] >= 0 ? (unsigned)branch->part[from] : 0;

	if (branch->part[from] < 0)
		return;
	do {
		i = next;
		next = t->node[i].also[from];
		add(t, c, kind, i);
	} while (i != branch->last[from]);
}

static bool
is_empty(const choice *c)
{
	return c->part[EMAIL__SHOW_TEXT] < 0 && c->part[EMAIL__SHOW_HTML] < 0;
}

static email_code
choose_leaf(email__tree *t, unsigned number, choice *c)
{
	const email__node *n = email__tree_view(t, number);
	const char *type;

	if (!n)
		return EMAIL_E_MEMORY;
	type = n->part.type;
	if (strcmp(n->part.disposition, "attachment") == 0)
		return EMAIL_OK;
	if (strcmp(type, "text/plain") == 0 || strncmp(type, "multipart/", 10) == 0)
		add(t, c, EMAIL__SHOW_TEXT, number);
	else if (strcmp(type, "text/html") == 0)
		add(t, c, EMAIL__SHOW_HTML, number);
	return EMAIL_OK;
}

static email_code
related_root(email__tree *t, unsigned number, unsigned *root)
{
	const char *start = parameter(t, number, "Content-Type", "start");
	const email__node *n;
	size_t size;
	unsigned i;

	*root = t->node[number].first;
	if (!start)
		return email__error_memory(t->error, EMAIL_STAGE_NONE);
	start += *start == '<';
	size = strcspn(start, ">");
	for (i = size ? *root : 0; i; i = n->next) {
		if (!(n = email__tree_view(t, i)))
			return EMAIL_E_MEMORY;
		if (strlen(n->part.content_id) == size && memcmp(n->part.content_id, start, size) == 0) {
			*root = i;
			break;
		}
	}
	return EMAIL_OK;
}

static email_code choose(email__tree *t, unsigned number, choice *c);

static email_code
choose_alternative(email__tree *t, unsigned number, choice *c)
{
	email_code rc = EMAIL_OK;
	unsigned i, k;

	for (i = t->node[number].first; i && rc == EMAIL_OK; i = t->node[i].next) {
		choice branch = nothing;

		rc = choose(t, i, &branch);
		for (k = 0; k < EMAIL__SHOW_COUNT; k++) {
			/* a text within a form that has HTML may be what stands below that: it is no better one */
			bool beside = k == EMAIL__SHOW_TEXT && branch.part[EMAIL__SHOW_HTML] >= 0;

			if (branch.part[k] < 0 || (beside && c->part[k] >= 0))
				continue;
			c->part[k] = branch.part[k];
			c->last[k] = branch.last[k];
		}
	}
	return rc;
}

static email_code
choose_mixed(email__tree *t, unsigned number, choice *c)
{
	bool html = false;
	unsigned i;

	for (i = t->node[number].first; i; i = t->node[i].next) {
		const email__node *n = email__tree_view(t, i);
		choice branch = nothing;
		email_code rc;

		if (!n)
			return EMAIL_E_MEMORY;
		/* what somebody sent besides: a file, or several parts that are one attachment (RFC 2183 2.10) */
		if (!is_empty(c) && (n->first ? strcmp(n->part.disposition, "attachment") == 0
		                              : n->part.file_name[0] != '\0'))
			continue;
		if ((rc = choose(t, i, &branch)))
			return rc;
		html = html || branch.part[EMAIL__SHOW_HTML] >= 0;
		join(t, c, EMAIL__SHOW_HTML, &branch,
		     branch.part[EMAIL__SHOW_HTML] >= 0 ? EMAIL__SHOW_HTML : EMAIL__SHOW_TEXT);
		join(t, c, EMAIL__SHOW_TEXT, &branch, EMAIL__SHOW_TEXT);
	}
	if (!html)
		c->part[EMAIL__SHOW_HTML] = -1;
	return EMAIL_OK;
}

/* Each part is looked at once, and they are no deeper than EMAIL__DEPTH_MAX. */
static email_code
choose(email__tree *t, unsigned number, choice *c)
{
	const email__node *n = &t->node[number];
	email_code rc = EMAIL_OK;
	unsigned i, root = 0;

	if (strncmp(n->part.type, "message/", 8) == 0)
		return EMAIL_OK;
	if (!n->first)
		return choose_leaf(t, number, c);
	if (strcmp(n->part.type, "multipart/alternative") == 0)
		return choose_alternative(t, number, c);
	if (strcmp(n->part.type, "multipart/mixed") == 0)
		return choose_mixed(t, number, c);
	if (strcmp(n->part.type, "multipart/related") == 0 &&
	    (rc = related_root(t, number, &root)) == EMAIL_OK)
		rc = choose(t, root, c);
	for (i = n->first; i && rc == EMAIL_OK && is_empty(c); i = t->node[i].next)
		if (i != root)
			rc = choose(t, i, c);
	return rc;
}

/* What HTML shows as a part of itself; a document it can only link to, and a person must see that it is there. */
static bool
is_embedded(const char *type)
{
	static const char *const types[] = {"image/", "audio/", "video/", "font/", "text/css"};
	size_t i;

	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (strncmp(type, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

/* A name without an extension says nothing. One of another kind than the type, or of none that is known, may be what
 * opens it: a program that calls itself an image is not hidden for that. */
static bool
is_named_so(const char *name, const char *type)
{
	const char *by_name = email__type_of_name(name);
	size_t n = strcspn(type, "/") + 1;

	if (!strchr(name, '.') || strcmp(by_name, type) == 0)
		return true;
	return strncmp(type, "text/", 5) != 0 && strncmp(by_name, type, n) == 0;
}

/* What HTML can show: parts beside it, or beside what it is in, in a multipart/related, that it can name
 * (RFC 2387 3.4, RFC 2557 8.2). */
static email_code
mark_shown(email__tree *t, unsigned html)
{
	email__node *n;
	unsigned at, i;

	for (at = html; at; at = t->node[at].part.parent) {
		const email__node *parent = &t->node[t->node[at].part.parent];

		if (strcmp(parent->part.type, "multipart/related") != 0)
			continue;
		for (i = parent->first; i; i = n->next) {
			if (!(n = email__tree_view(t, i)))
				return EMAIL_E_MEMORY;
			n->shown |= is_embedded(n->part.type) &&
			            is_named_so(n->part.file_name, n->part.type) &&
			            (n->part.content_id[0] || email__tree_field(t, i, "Content-Location"));
		}
	}
	return EMAIL_OK;
}

/* Takes the parts of a body as chosen. */
static email_code
settle(email__tree *t, unsigned kind, int first)
{
	unsigned i = first < 0 ? 0 : (unsigned)first;
	email_code rc;

	t->body[kind] = first;
	t->show[kind] = -1;
	if (first < 0)
		return EMAIL_OK;
	do {
		bool html = strcmp(t->node[i].part.type, "text/html") == 0;

		t->node[i].shown = true;
		if (t->show[kind] < 0 && html == (kind == EMAIL__SHOW_HTML))
			t->show[kind] = (int)i;
		if (html && (rc = mark_shown(t, i)))
			return rc;
	} while ((i = t->node[i].also[kind]));
	return EMAIL_OK;
}

email_code
email__tree_choose(email__tree *t)
{
	choice c = nothing;
	email_code rc;
	unsigned k;

	if (t->chosen)
		return EMAIL_OK;
	if ((rc = choose(t, 0, &c)))
		return rc;
	for (k = 0; k < EMAIL__SHOW_COUNT; k++)
		if ((rc = settle(t, k, c.part[k])))
			return rc;
	t->chosen = true;
	return EMAIL_OK;
}

/* Other forms of what is shown, that no form of ours is made for: AMP, a watch's HTML, RFC 1896 and its forebear. */
static bool
is_other_form(const email__tree *t, const email__node *n)
{
	static const char *const types[] = {"text/x-amp-html", "text/watch-html", "text/enriched",
	                                    "text/richtext"};
	size_t i;

	if (strcmp(t->node[n->part.parent].part.type, "multipart/alternative") != 0 || n->part.file_name[0])
		return false;
	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(n->part.type, types[i]) == 0)
			return t->body[EMAIL__SHOW_TEXT] >= 0 || t->body[EMAIL__SHOW_HTML] >= 0;
	return false;
}

bool
email__tree_attachment(const email__tree *t, unsigned number)
{
	const email__node *n = &t->node[number];

	if (n->within)
		return false;
	if (n->part.has_parts)
		return strncmp(n->part.type, "message/", 8) == 0;
	if (strcmp(n->part.disposition, "attachment") == 0)
		return true;
	return !n->shown && !is_other_form(t, n);
}
