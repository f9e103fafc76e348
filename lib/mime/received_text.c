/* SPDX-License-Identifier: MIT */
/* Contents of parts: decoded into a sink, a file, a digest; and texts, as one string. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "mime/decode.h"
#include "mime/message.h"
#include "mime/tree_state.h"
#include "os/file.h"

static email_code
push(void *context, const void *bytes, size_t n)
{
	return email__decode_push(context, bytes, n);
}

/* `charset` NULL: bytes as they are. */
static email_code
decode(email__tree *t, unsigned number, const char *charset, email_sink_fn sink, void *context)
{
	const email__node *n = &t->node[number];
	email__decode d;
	email_code rc;

	if (n->part.has_parts)
		return email__tree_bytes(t, n->body_at, n->end_at, sink, context);
	email__decode_begin(&d, n->encoding, charset, sink, context);
	rc = email__tree_bytes(t, n->body_at, n->end_at, push, &d);
	if (rc == EMAIL_OK)
		rc = email__decode_end(&d);
	email__tree_defects(t, d.defects, number);
	email__decode_dispose(&d);
	return rc;
}

email_code
email__tree_content(email__tree *t, unsigned number, bool utf8, email_sink_fn sink, void *context)
{
	const email_part *part = &t->node[number].part;
	bool text = strncmp(part->type, "text/", 5) == 0;

	return decode(t, number, utf8 && text ? part->charset : NULL, sink, context);
}

/* --- a text as one string --- */

typedef struct plain {
	email__buf *out;
	bool markup;   /* it goes into HTML: what would be markup there is not to be */
	bool after_cr; /* whose line end is written already */
	bool c2;       /* the first byte of U+0080 to U+00BF is held: up to U+009F they are controls */
} plain;

/* At the bound, EMAIL_E_LIMIT ends the reading. */
static email_code
add(plain *p, const void *bytes, size_t n)
{
	size_t left = EMAIL__TEXT_READ_MAX - email__buf_len(p->out);
	email_code rc = email__buf_add(p->out, bytes, n < left ? n : left);

	if (rc)
		return EMAIL_E_MEMORY;
	return n > left ? EMAIL_E_LIMIT : EMAIL_OK;
}

static email_code
add_run(plain *p, const unsigned char *s, size_t n)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;"};
	email_code rc = EMAIL_OK;
	size_t i, from = 0;

	for (i = 0; i < n && p->markup && rc == EMAIL_OK; i++) {
		const char *at = s[i] ? strchr("&<>", s[i]) : NULL;
		const char *entity = at ? entities[s[i] == '&' ? 0 : s[i] == '<' ? 1 : 2] : NULL;

		if (!entity)
			continue;
		rc = add(p, s + from, i - from);
		rc = rc ? rc : add(p, entity, strlen(entity));
		from = i + 1;
	}
	return rc ? rc : add(p, s + from, n - from);
}

static bool
is_ordinary(unsigned char c)
{
	return (c >= ' ' && c != 0x7f && c != 0xc2) || c == '\t';
}

/* What is no ordinary character. */
static email_code
add_odd(plain *p, unsigned char c)
{
	bool second = c == '\n' && p->after_cr;

	p->after_cr = c == '\r';
	p->c2 = c == 0xc2;
	return (c == '\n' && !second) || c == '\r' ? add(p, "\n", 1) : EMAIL_OK;
}

static email_code
add_plain(void *context, const void *bytes, size_t n)
{
	plain *p = context;
	const unsigned char *at = bytes, *end = at + n, *run;
	email_code rc = EMAIL_OK;

	while (at < end && rc == EMAIL_OK) {
		if (p->c2) {
			p->c2 = false;
			if (*at < 0xa0)
				at++;
			else
				rc = add(p, "\xc2", 1);
			/* its second byte is the first of a run */
		}
		for (run = at; at < end && is_ordinary(*at); at++)
			;
		if (rc == EMAIL_OK && at > run) {
			p->after_cr = false;
			rc = add_run(p, run, (size_t)(at - run));
		}
		if (rc == EMAIL_OK && at < end)
			rc = add_odd(p, *at++);
	}
	return rc;
}

/* Cut anywhere, it ends in the middle of a character perhaps. */
static void
drop_part_character(email__buf *b)
{
	size_t n = email__buf_len(b), k;
	unsigned long c;

	for (k = 1; k <= 4 && k <= n; k++) {
		unsigned char *last = email__buf_head(b) + n - k;

		if ((*last & 0xc0) == 0x80)
			continue;
		if (!email__utf8_decode(last, k, &c))
			b->end -= k;
		return;
	}
}

/* Behind what there is; at the bound it is cut. */
static email_code
add_part(email__tree *t, unsigned number, plain *p)
{
	email_code rc;

	p->after_cr = p->c2 = false;
	rc = decode(t, number, t->node[number].part.charset, add_plain, p);
	if (rc != EMAIL_E_LIMIT)
		return rc;
	drop_part_character(p->out);
	email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_TEXT_TOO_LONG, number);
	return EMAIL_OK;
}

static email_code
finish(email__tree *t, email__buf *out, email_code rc)
{
	if (rc == EMAIL_OK && !email__buf_text(out))
		rc = EMAIL_E_MEMORY;
	if (rc)
		email__buf_dispose(out);
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(t->error, EMAIL_STAGE_NONE);
	return rc;
}

email_code
email__tree_text(email__tree *t, unsigned number, email__buf *out)
{
	plain p = {.out = out};

	email__buf_clear(out);
	return finish(t, out, add_part(t, number, &p));
}

/* What the markup around a text needs. */
static email_code
add_line(plain *p, const char *line)
{
	email_code rc = add(p, line, strlen(line));

	return rc == EMAIL_E_LIMIT ? EMAIL_OK : rc;
}

email_code
email__tree_body(email__tree *t, int which, email__buf *out)
{
	unsigned i = (unsigned)t->body[which];
	plain p = {.out = out};
	email_code rc = EMAIL_OK;

	email__buf_clear(out);
	do {
		size_t n = email__buf_len(out);

		p.markup = which == EMAIL__SHOW_HTML && strcmp(t->node[i].part.type, "text/html") != 0;
		if (n && email__buf_head(out)[n - 1] != '\n')
			rc = add_line(&p, "\n");
		rc = rc ? rc : add_line(&p, p.markup ? "<pre>" : "");
		rc = rc ? rc : add_part(t, i, &p);
		rc = rc ? rc : add_line(&p, p.markup ? "</pre>\n" : "");
	} while ((i = t->node[i].also[which]) && rc == EMAIL_OK);
	return finish(t, out, rc);
}

static int
shown(email_message *m, int which)
{
	email__tree *t;

	email__error_clear(&m->error);
	t = email__message_tree(m);
	return t && email__tree_choose(t) == EMAIL_OK ? t->show[which] : -1;
}

static const char *
text(email_message *m, int which)
{
	email__tree *t;

	if (shown(m, which) < 0)
		return NULL;
	t = m->tree;
	if (!t->text_read[which]) {
		if (email__tree_body(t, which, &t->text[which]))
			return NULL;
		t->text_read[which] = true;
	}
	return email__buf_text(&t->text[which]);
}

int
email_message_text_part(email_message *message)
{
	return shown(message, EMAIL__SHOW_TEXT);
}

int
email_message_html_part(email_message *message)
{
	return shown(message, EMAIL__SHOW_HTML);
}

const char *
email_message_text(email_message *message)
{
	return text(message, EMAIL__SHOW_TEXT);
}

const char *
email_message_html(email_message *message)
{
	return text(message, EMAIL__SHOW_HTML);
}

/* --- contents --- */

static email_code
enter(email_message *m, unsigned number)
{
	const email__tree *t;

	email__error_clear(&m->error);
	t = email__message_tree(m);
	if (t && number < t->count)
		return EMAIL_OK;
	if (m->unread)
		return m->unread;
	return email__error_set(&m->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
	                        m->received ? "there is no such part" : "the message was not read");
}

/* What the sink returned has no words yet. */
static email_code
leave(email_message *m, email_code rc)
{
	return rc ? email__error_set(&m->error, rc, EMAIL_STAGE_NONE, "%s", email_code_text(rc)) : EMAIL_OK;
}

email_code
email_message_part_read(email_message *message, unsigned number, bool utf8, email_sink_fn sink, void *context)
{
	email_code rc = enter(message, number);

	return rc ? rc : leave(message, email__tree_content(message->tree, number, utf8, sink, context));
}

email_code
email_message_read(email_message *message, email_sink_fn sink, void *context)
{
	const email__reader *reader = &message->reader;

	email__error_clear(&message->error);
	if (!message->received)
		return email__error_set(&message->error, EMAIL_E_USAGE, EMAIL_STAGE_NONE,
		                        "the message was not read");
	return leave(message, email__bytes(reader, 0, reader->size, sink, context, &message->error));
}

typedef struct saving {
	int fd;
	const char *path;
	email_error *error;
} saving;

static email_code
save(void *context, const void *bytes, size_t n)
{
	const saving *s = context;

	return email__file_append(s->fd, s->path, bytes, n, s->error);
}

email_code
email_message_part_save(email_message *message, unsigned number, const char *path)
{
	saving s = {.path = path, .error = &message->error};
	email_code rc = enter(message, number), done;

	if (rc || (rc = email__file_create(path, &s.fd, &message->error)))
		return rc;
	rc = email__tree_content(message->tree, number, false, save, &s);
	done = email__file_finish(s.fd, path, rc == EMAIL_OK, &message->error);
	return leave(message, rc ? rc : done);
}

static email_code
digest(void *context, const void *bytes, size_t n)
{
	return email__digest_push(context, bytes, n);
}

email_code
email_message_part_digest(email_message *message, unsigned number, char hex[EMAIL_DIGEST_SIZE])
{
	email__digest *d = NULL;
	email_code rc = enter(message, number);

	hex[0] = '\0';
	if (rc || (rc = email__digest_begin(&d, &message->error)))
		return rc;
	rc = email__tree_content(message->tree, number, false, digest, d);
	if (rc == EMAIL_OK)
		rc = email__digest_end(d, hex);
	email__digest_free(d);
	return leave(message, rc);
}
