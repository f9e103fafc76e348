/* SPDX-License-Identifier: MIT */
/*
 * From left to right, once. What is decoded goes to the end of the arena as UTF-8; a last pass over it takes
 * control characters away, wherever they came from: the field, an encoded word, a charset's table.
 */
#include "mime/text.h"

#include <emailservice/parse.h>

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "codec/lex.h"
#include "codec/unbase64.h"
#include "os/charset.h"

/* Charset and language of an encoded word. RFC 2047 2 gives the whole word 75 characters. */
#define CHARSET_MAX 75
/* Decoded in pieces, so that a long word needs no memory of its own. */
#define PIECE 256

typedef struct text {
	email__arena *a;
	uint64_t *defects;
	char *start;
	size_t n, room;
	email_code rc; /* the first failure; nothing is written after it */
	/* Of the encoded words now going on, so that a character may lie in two of them; name NULL: none. */
	email__charset charset;
	const char *name;
	size_t name_n;
} text;

typedef struct word {
	const char *charset, *content;
	size_t charset_n, content_n;
	bool base64;
} word;

static void
defect(text *t, email_defect d)
{
	*t->defects |= UINT64_C(1) << d;
}

/* The sink of charsets; room doubles, so that all moving together is linear. */
static email_code
put(void *context, const void *bytes, size_t n)
{
	text *t = context;

	if (t->rc == EMAIL_OK && n >= t->room - t->n) {
		size_t room = (t->n + n) * 2 + 1;
		char *start = email__arena_room(t->a, room, t->n);

		if (!start)
			return t->rc = EMAIL_E_MEMORY;
		t->start = start;
		t->room = room;
	}
	if (t->rc == EMAIL_OK && n) {
		memcpy(t->start + t->n, bytes, n);
		t->n += n;
	}
	return t->rc;
}

static void
begin_charset(text *t, const char *name, size_t n)
{
	email__charset_begin(&t->charset, name, n);
	if (t->charset.unknown)
		defect(t, EMAIL_DEFECT_UNKNOWN_CHARSET);
	t->name = name;
	t->name_n = n;
}

static void
end_charset(text *t)
{
	if (!t->name)
		return;
	email__charset_end(&t->charset, put, t);
	if (t->charset.broken && !t->charset.unknown)
		defect(t, EMAIL_DEFECT_CHARSET);
	email__charset_dispose(&t->charset);
	t->name = NULL;
}

/* --- what stands as it is --- */

/* Bytes over 127 that are no UTF-8: how most programs that knew nothing of charsets wrote. */
static size_t
put_8bit(text *t, const unsigned char *s, size_t n)
{
	email__charset c;
	unsigned long code;
	size_t bad = 0;

	while (bad < n && email__utf8_decode(s + bad, n - bad, &code) == 0)
		bad++;
	if (bad) {
		defect(t, EMAIL_DEFECT_HEADER_8BIT);
		email__charset_begin(&c, "windows-1252", 12);
		if (email__charset_push(&c, s, bad, put, t) == EMAIL_OK)
			email__charset_end(&c, put, t);
		email__charset_dispose(&c);
	}
	return bad;
}

/* One line of a field, without its line end. */
static void
put_line(text *t, const unsigned char *s, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t run = email__utf8_run(s + at, n - at);

		put(t, s + at, run);
		at += run;
		at += put_8bit(t, s + at, n - at);
	}
}

/* Unfolded (RFC 5322 2.2.3). The tab that some fold with was a space before. */
static void
put_plain(text *t, const char *s, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t from = at;

		while (at < n && s[at] != '\r' && s[at] != '\n')
			at++;
		put_line(t, (const unsigned char *)s + from, at - from);
		while (at < n && (s[at] == '\r' || s[at] == '\n'))
			at++;
		if (at == n)
			return;
		if (s[at] == ' ' || s[at] == '\t') {
			put(t, " ", 1);
			at++;
		} else {
			put(t, "\n", 1); /* no fold: a control character like others */
		}
	}
}

/* --- encoded words (RFC 2047) --- */

/* The length of "=?charset?X?", whatever letter X is; else 0. */
static size_t
prefix(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2 || s[0] != '=' || s[1] != '?')
		return 0;
	while (i < n && i <= CHARSET_MAX + 1 && s[i] > ' ' && s[i] < 0x7F && s[i] != '?' && s[i] != '=')
		i++;
	if (i == 2 || n - i < 3 || s[i] != '?' || s[i + 2] != '?')
		return 0;
	return i + 3;
}

size_t
email__text_word(const char *s, size_t n)
{
	size_t len = prefix(s, n);
	char letter = len ? email__lower(s[len - 2]) : '\0';

	return letter == 'q' || letter == 'b' ? len : 0;
}

/* The next "=?"; n where there is none. */
static size_t
next_mark(const char *s, size_t n, size_t at)
{
	while (at + 1 < n) {
		const char *p = memchr(s + at, '=', n - 1 - at);

		if (!p)
			return n;
		at = (size_t)(p - s);
		if (p[1] == '?')
			return at;
		at++;
	}
	return n;
}

/* The next "?="; n where there is none. */
static size_t
next_end(const char *s, size_t n, size_t at)
{
	for (; at + 1 < n; at++) {
		const char *p = memchr(s + at, '?', n - 1 - at);

		if (!p)
			return n;
		at = (size_t)(p - s);
		if (p[1] == '=')
			return at;
	}
	return n;
}

/*
 * At a "=?": the encoded word, and *at goes behind it. False where there is none; then *at goes to where one
 * may be next, lest a flood of beginnings takes quadratic time: no end for one is none for the others. Length and
 * white space inside do not matter; another word that begins inside does.
 */
static bool
read_word(text *t, const char *s, size_t n, size_t *at, word *w)
{
	size_t begin = *at, len = prefix(s + begin, n - begin), end, i;
	const char *language;

	*at += len ? len : 2;
	if (len == 0)
		return false;
	if (email__text_word(s + begin, n - begin) == 0) {
		defect(t, EMAIL_DEFECT_ENCODED_WORD);
		return false;
	}
	end = next_end(s, n, begin + len);
	if (end == n)
		*at = n;
	for (i = begin + len; end < n && i + 2 < end; i++)
		if (email__is_white(s[i]) && s[i + 1] == '=' && s[i + 2] == '?')
			*at = i + 1;
	if (end == n || *at > begin + len) {
		defect(t, EMAIL_DEFECT_ENCODED_WORD);
		return false;
	}
	w->charset = s + begin + 2;
	w->charset_n = len - 5;
	if ((language = memchr(w->charset, '*', w->charset_n))) /* RFC 2231 5 */
		w->charset_n = (size_t)(language - w->charset);
	w->base64 = email__lower(s[begin + len - 2]) == 'b';
	w->content = s + begin + len;
	w->content_n = end - begin - len;
	*at = end + 2;
	return true;
}

/* A fold in the word is none of it; what is no code stays as it is. */
static void
put_q(text *t, const char *s, size_t n)
{
	unsigned char out[PIECE];
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		int high = s[i] == '=' && n - i > 2 ? email__hex_value(s[i + 1]) : -1;
		int low = high >= 0 ? email__hex_value(s[i + 2]) : -1;

		if (s[i] == '\r' || s[i] == '\n')
			continue;
		if (low >= 0) {
			out[used++] = (unsigned char)(high << 4 | low);
			i += 2;
		} else {
			if (s[i] == '=')
				defect(t, EMAIL_DEFECT_ENCODED_WORD);
			out[used++] = s[i] == '_' ? ' ' : (unsigned char)s[i];
		}
		if (used == sizeof out) {
			email__charset_push(&t->charset, out, used, put, t);
			used = 0;
		}
	}
	email__charset_push(&t->charset, out, used, put, t);
}

static void
put_b(text *t, const char *s, size_t n)
{
	unsigned char out[EMAIL__UNBASE64_ROOM(PIECE)];
	email__unbase64 u;
	size_t at, len;

	email__unbase64_init(&u);
	for (at = 0; at < n; at += len) {
		len = n - at < PIECE ? n - at : PIECE;
		email__charset_push(&t->charset, out, email__unbase64_push(&u, out, s + at, len), put, t);
	}
	email__charset_push(&t->charset, out, email__unbase64_end(&u, out), put, t);
	if (u.foreign || u.cut)
		defect(t, EMAIL_DEFECT_ENCODED_WORD);
}

static void
put_word(text *t, const word *w)
{
	if (!t->name || t->name_n != w->charset_n || !email__str_equal_n(t->name, w->charset, w->charset_n)) {
		end_charset(t);
		begin_charset(t, w->charset, w->charset_n);
	}
	if (w->base64)
		put_b(t, w->content, w->content_n);
	else
		put_q(t, w->content, w->content_n);
}

static bool
is_blank(const char *s, size_t n)
{
	while (n && email__is_white(s[n - 1]))
		n--;
	return n == 0;
}

/* White space between two words falls away (RFC 2047 6.2). */
static void
put_all(text *t, const char *s, size_t n)
{
	size_t plain = 0, at = 0;

	while (t->rc == EMAIL_OK && (at = next_mark(s, n, at)) < n) {
		size_t begin = at;
		word w;

		if (!read_word(t, s, n, &at, &w))
			continue;
		if (!t->name || !is_blank(s + plain, begin - plain)) {
			end_charset(t);
			put_plain(t, s + plain, begin - plain);
		}
		put_word(t, &w);
		plain = at;
	}
	end_charset(t);
	put_plain(t, s + plain, n - plain);
}

/* --- what came of it --- */

/* Of what ends a line (U+0085, U+2028, U+2029 too) one space is left, of other controls nothing. */
static void
clean(text *t)
{
	size_t from = 0, to = 0, step;
	bool ended = false;

	for (; from < t->n; from += step) {
		unsigned long c = 0;
		bool end;

		step = email__utf8_decode((unsigned char *)t->start + from, t->n - from, &c);
		end = (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
		if (step == 0 || end || (c < ' ' && c != '\t') || (c >= 0x7F && c < 0xA0)) {
			defect(t, EMAIL_DEFECT_HEADER_CONTROL);
			if (end && !ended)
				t->start[to++] = ' ';
			step += step == 0;
			ended |= end;
			continue;
		}
		memmove(t->start + to, t->start + from, step);
		to += step;
		ended = false;
	}
	t->n = to;
}

static const char *
finish(text *t)
{
	put(t, "", 0); /* room for the NUL */
	if (t->rc)
		return NULL;
	clean(t);
	t->start[t->n] = '\0';
	email__arena_commit(t->a, t->n + 1);
	return t->start;
}

/* Most fields are printable ASCII, and stay as they are. */
static bool
is_plain(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~' || (s[i] == '?' && i && s[i - 1] == '='))
			return false;
	return true;
}

const char *
email__text_read(email__arena *a, const char *value, size_t n, uint64_t *defects)
{
	while (n && email__is_white(*value)) {
		value++;
		n--;
	}
	while (n && email__is_white(value[n - 1]))
		n--;
	return email__text_read_phrase(a, value, n, defects);
}

const char *
email__text_read_phrase(email__arena *a, const char *value, size_t n, uint64_t *defects)
{
	text t = {.a = a, .defects = defects};

	if (is_plain(value, n))
		return email__arena_text(a, value, n);
	put_all(&t, value, n);
	return finish(&t);
}

const char *
email__text_from_charset(email__arena *a, const char *charset, size_t charset_n, const char *bytes, size_t n,
                         uint64_t *defects)
{
	text t = {.a = a, .defects = defects};

	begin_charset(&t, charset, charset_n);
	email__charset_push(&t.charset, bytes, n, put, &t);
	end_charset(&t);
	return finish(&t);
}
