/* SPDX-License-Identifier: MIT */
/*
 * Valid runs go to the sink as they are, without a copy; what is replaced or translated is gathered in a buffer
 * on the stack. What iconv(3) says is looked at like UTF-8 that came in: no table of a system's can make
 * the output invalid.
 */
#include "os/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

enum { UTF8, ASCII, WINDOWS_1252, OTHER, UNKNOWN };

/*
 * Names without case, punctuation and a leading "x-": those known here, and those for which iconv's name is another.
 * Where a charset is called by the name of its smaller ancestor it is read as what is really meant,
 * as browsers do: ISO-8859-1 is windows-1252, GB2312 is GB18030, KS C 5601 is code page 949, Shift_JIS 932.
 */
static const struct {
	const char *squeezed;
	int kind;
	const char *iconv; /* where it is OTHER */
} names[] = {
	{"", UTF8, NULL},
	{"utf8", UTF8, NULL},
	{"utf8mb4", UTF8, NULL},
	{"unicode11utf8", UTF8, NULL},
	{"unicode20utf8", UTF8, NULL},
	{"cp65001", UTF8, NULL},
	{"usascii", ASCII, NULL},
	{"ascii", ASCII, NULL},
	{"us", ASCII, NULL},
	{"csascii", ASCII, NULL},
	{"iso646us", ASCII, NULL},
	{"ansix341968", ASCII, NULL},
	{"ansix341986", ASCII, NULL},
	{"cp367", ASCII, NULL},
	{"iso88591", WINDOWS_1252, NULL},
	{"iso885911987", WINDOWS_1252, NULL},
	{"isoir100", WINDOWS_1252, NULL},
	{"latin1", WINDOWS_1252, NULL},
	{"l1", WINDOWS_1252, NULL},
	{"csisolatin1", WINDOWS_1252, NULL},
	{"cp819", WINDOWS_1252, NULL},
	{"ansi", WINDOWS_1252, NULL},
	{"cp1252", WINDOWS_1252, NULL},
	{"gb2312", OTHER, "GB18030"},
	{"gb231280", OTHER, "GB18030"},
	{"csgb2312", OTHER, "GB18030"},
	{"csgb231280", OTHER, "GB18030"},
	{"isoir58", OTHER, "GB18030"},
	{"euccn", OTHER, "GB18030"},
	{"chinese", OTHER, "GB18030"},
	{"gbk", OTHER, "GB18030"},
	{"cp936", OTHER, "GB18030"},
	{"cp950", OTHER, "BIG5"},
	{"shiftjis", OTHER, "CP932"},
	{"sjis", OTHER, "CP932"},
	{"csshiftjis", OTHER, "CP932"},
	{"mskanji", OTHER, "CP932"},
	{"windows31j", OTHER, "CP932"},
	{"ksc5601", OTHER, "CP949"},
	{"ksc56011987", OTHER, "CP949"},
	{"ksc56011989", OTHER, "CP949"},
	{"csksc56011987", OTHER, "CP949"},
	{"isoir149", OTHER, "CP949"},
	{"korean", OTHER, "CP949"},
	{"euckr", OTHER, "CP949"},
	{"cseuckr", OTHER, "CP949"},
	{"iso88599", OTHER, "CP1254"},
	{"latin5", OTHER, "CP1254"},
	{"iso885911", OTHER, "CP874"},
	{"tis620", OTHER, "CP874"},
	/* RFC 1556: implicit and explicit direction; the characters are the same */
	{"iso88596e", OTHER, "ISO-8859-6"},
	{"iso88596i", OTHER, "ISO-8859-6"},
	{"iso88598e", OTHER, "ISO-8859-8"},
	{"iso88598i", OTHER, "ISO-8859-8"},
	{"logical", OTHER, "ISO-8859-8"},
	{"visual", OTHER, "ISO-8859-8"},
	{"unicode11utf7", OTHER, "UTF-7"},
	{"unicode20utf7", OTHER, "UTF-7"},
	{"macroman", OTHER, "MACINTOSH"},
	{"cp10000", OTHER, "MACINTOSH"},
	{"maccyrillic", OTHER, "MAC-CYRILLIC"},
	{"koi8", OTHER, "KOI8-R"},
	{"koi8ru", OTHER, "KOI8-U"},
	/* what depends on the machine or its locale is no charset */
	{"char", UNKNOWN, NULL},
	{"wchart", UNKNOWN, NULL},
	{"internal", UNKNOWN, NULL},
};

/* The makers of code pages, as they put themselves before the number. */
static const char *const makers[] = {"windows", "win", "ms", "dos", "oem", "ibm"};

/* 0x80 to 0x9F; the rest is as in ISO-8859-1. The five that are 0 are no characters: browsers make controls of
 * them, which a text must not hold. */
static const uint16_t windows_1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                          0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                          0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                          0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* What waits for the sink, or why it takes no more. */
typedef struct output {
	email__charset_sink sink;
	void *context;
	email_code rc;
	size_t n;
	unsigned char bytes[8192];
} output;

static void
open_output(output *o, email__charset_sink sink, void *context)
{
	o->sink = sink;
	o->context = context;
	o->rc = EMAIL_OK;
	o->n = 0;
}

static void
flush(output *o)
{
	if (o->n && o->rc == EMAIL_OK)
		o->rc = o->sink(o->context, o->bytes, o->n);
	o->n = 0;
}

static void
put(output *o, const unsigned char *p, size_t n)
{
	if (n > sizeof o->bytes - o->n)
		flush(o);
	if (n <= sizeof o->bytes / 8) {
		memcpy(o->bytes + o->n, p, n);
		o->n += n;
		return;
	}
	flush(o);
	if (o->rc == EMAIL_OK)
		o->rc = o->sink(o->context, p, n);
}

static void
put_replacement(email__charset *c, output *o)
{
	put(o, (const unsigned char *)"\xEF\xBF\xBD", 3);
	c->broken = true;
}

/* --- the names --- */

/* What some programs leave around a name: 'utf-8', "utf-8;". */
static void
trim(const char **name, size_t *n)
{
	static const char around[] = " \t'\",;";

	for (; *n && memchr(around, **name, sizeof around - 1); ++*name)
		--*n;
	while (*n && memchr(around, (*name)[*n - 1], sizeof around - 1))
		--*n;
}

/* Lower case, letters and digits alone; false where the name has what no name has. */
static bool
squeeze(char out[EMAIL__CHARSET_NAME_MAX + 1], const char *name, size_t n)
{
	size_t i, used = 0;

	if (n > EMAIL__CHARSET_NAME_MAX)
		return false;
	for (i = 0; i < n; i++) {
		char c = email__lower(name[i]);

		if (email__is_alpha(c) || email__is_digit(c))
			out[used++] = c;
		else if (c == '\0' || !strchr("._:+-", c))
			return false;
	}
	out[used] = '\0';
	return true;
}

/* "windows874" and the like are "cp874" to iconv; false for all others. */
static bool
code_page(char out[EMAIL__CHARSET_NAME_MAX + 1], const char *squeezed)
{
	size_t i, at;

	for (i = 0; i < sizeof makers / sizeof *makers; i++) {
		size_t len = strlen(makers[i]);

		if (strncmp(squeezed, makers[i], len) != 0 || !squeezed[len])
			continue;
		for (at = len; email__is_digit(squeezed[at]); at++)
			;
		if (squeezed[at])
			continue;
		memcpy(out, "cp", 2);
		memcpy(out + 2, squeezed + len, at - len + 1);
		return true;
	}
	return false;
}

/* Descriptors are opened by names of letters, digits and "._:+-" alone: no "//TRANSLIT" gets in. */
static bool
open_iconv(email__charset *c, const char *name)
{
	iconv_t cd = iconv_open("UTF-8", name);

	if (cd == (iconv_t)-1)
		return false;
	c->iconv = cd;
	c->kind = OTHER;
	return true;
}

static bool
look_up(email__charset *c, const char *squeezed)
{
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].squeezed, squeezed) == 0) {
			c->kind = names[i].kind;
			return c->kind != OTHER || open_iconv(c, names[i].iconv);
		}
	return false;
}

/* Bytes of what is skipped where it is none of the charset's: whole units, so that the next is not misread. */
static size_t
unit_of(const char *squeezed)
{
	if (strstr(squeezed, "utf16") || strstr(squeezed, "ucs2") || strcmp(squeezed, "unicode") == 0)
		return 2;
	return strstr(squeezed, "utf32") || strstr(squeezed, "ucs4") ? 4 : 1;
}

void
email__charset_begin(email__charset *c, const char *name, size_t n)
{
	char given[EMAIL__CHARSET_NAME_MAX + 1],
		squeezed[EMAIL__CHARSET_NAME_MAX + 1] = "", page[EMAIL__CHARSET_NAME_MAX + 1];
	const char *key = squeezed;

	*c = (email__charset){.kind = UNKNOWN, .begins = true};
	trim(&name, &n);
	if (squeeze(squeezed, name, n)) {
		memcpy(given, name, n);
		given[n] = '\0';
		if (strncmp(given, "x-", 2) == 0 || strncmp(given, "X-", 2) == 0)
			key++;
		if (!code_page(page, key))
			memcpy(page, key, strlen(key) + 1);
		c->unit = unit_of(key);
		c->shifts = c->unit > 1 || strncmp(page, "iso2022", 7) == 0;
		c->stepwise = strstr(page, "utf7") != NULL;
		/* small systems may have the ancestor alone, hence also the name as it is given */
		if (!look_up(c, page) && !open_iconv(c, given) && !open_iconv(c, key) && !open_iconv(c, page))
			c->kind = UNKNOWN;
	}
	c->unknown = c->kind == UNKNOWN;
	c->named = n > 0 && c->kind != ASCII;
}

void
email__charset_dispose(email__charset *c)
{
	if (c->iconv)
		iconv_close(c->iconv);
	c->iconv = NULL;
}

void
email__charset_guess(email__charset *c)
{
	c->guesses = !c->named;
}

/* --- the bytes --- */

/* Each of these returns how many bytes it used: all, or up to a character that is not whole. */

/* windows-1252 */
static size_t
from_bytes(email__charset *c, output *o, const unsigned char *p, size_t n)
{
	unsigned char out[4];
	size_t at = 0;

	while (at < n) {
		size_t run = email__utf8_ascii_run(p + at, n - at);
		unsigned long code;

		put(o, p + at, run);
		for (at += run; at < n && p[at] >= 0x80; at++) {
			code = p[at] < 0xA0 ? windows_1252[p[at] - 0x80] : p[at];
			if (code)
				put(o, out, email__utf8_encode(code, out));
			else
				put_replacement(c, o);
		}
	}
	return n;
}

/* One to three bytes that are no UTF-8. */
static void
put_wrong(email__charset *c, output *o, const unsigned char *p, size_t n)
{
	if (c->guesses)
		from_bytes(c, o, p, n);
	else
		put_replacement(c, o);
	c->broken = true;
}

static size_t
from_utf8(email__charset *c, output *o, const unsigned char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t run = email__utf8_run(p + at, n - at);
		size_t mark = c->begins && run >= 3 && memcmp(p + at, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, bad;

		put(o, p + at + mark, run - mark);
		at += run;
		c->begins = c->begins && run == 0;
		if (at == n || (bad = email__utf8_bad(p + at, n - at)) == 0)
			break;
		put_wrong(c, o, p + at, bad);
		c->begins = false;
		at += bad;
	}
	return at;
}

/* What iconv wrote is whole characters. */
static void
from_iconv(email__charset *c, output *o, const char *p, size_t n)
{
	if (from_utf8(c, o, (const unsigned char *)p, n) != n)
		put_replacement(c, o);
}

/* What iconv has in hand, to see whether the next combines with it; it begins anew then. */
static void
from_hand(email__charset *c, output *o)
{
	char out[64], *to = out;
	size_t room = sizeof out;

	iconv(c->iconv, NULL, NULL, &to, &room);
	from_iconv(c, o, out, sizeof out - room);
}

/* Never more at a time than has room, whatever it becomes (TSCII: twelve bytes of one): where iconv has to stop for
 * want of room, glibc loses what some charsets have in hand. */
static size_t
from_other(email__charset *c, output *o, const unsigned char *p, size_t n)
{
	enum { STEP = 320, ROOM = STEP * 12 + 256 };
	size_t at = 0;

	while (at < n && o->rc == EMAIL_OK) {
		char out[ROOM],
			*to = out,
			*in = (char *)(uintptr_t)(p + at); /* no const in iconv(3); nothing is written */
		size_t given = n - at < STEP ? n - at : STEP, left = given, room = sizeof out;
		size_t changed = iconv(c->iconv, &in, &left, &to, &room);
		int why = changed == (size_t)-1 ? errno : 0;

		from_iconv(c, o, out, sizeof out - room);
		at += given - left;
		if (why == EINVAL && (left == given || at + left == n))
			break;
		if (why == EILSEQ || (why && left == given)) {
			if (!c->shifts)
				from_hand(c, o);
			put_replacement(c, o);
			at += left < c->unit ? left : c->unit;
		} else if (!why && changed) {
			c->broken = true; /* some C libraries replace by themselves, and count */
		}
	}
	return at;
}

static size_t
convert(email__charset *c, output *o, const unsigned char *p, size_t n)
{
	switch (c->kind) {
	case OTHER: return from_other(c, o, p, n);
	case WINDOWS_1252: return from_bytes(c, o, p, n);
	case ASCII:
		if (!c->broken && email__utf8_ascii_run(p, n) < n)
			c->broken = true;
		break;
	}
	return from_utf8(c, o, p, n);
}

/* A byte at a time: the character that lies across two pieces, or all of it. */
static void
push_held(email__charset *c, output *o, const unsigned char **p, size_t *n)
{
	while ((c->held_n || c->stepwise) && *n && o->rc == EMAIL_OK) {
		size_t used;

		c->held[c->held_n++] = *(*p)++;
		(*n)--;
		used = convert(c, o, c->held, c->held_n);
		if (used == 0 && c->held_n == sizeof c->held) {
			put_replacement(c, o);
			used = c->unit;
		}
		c->held_n -= used;
		memmove(c->held, c->held + used, c->held_n);
	}
}

email_code
email__charset_push(email__charset *c, const void *bytes, size_t n, email__charset_sink sink, void *context)
{
	const unsigned char *p = bytes;
	output o;

	open_output(&o, sink, context);
	push_held(c, &o, &p, &n);
	while (n && o.rc == EMAIL_OK) {
		size_t used = convert(c, &o, p, n);

		p += used;
		n -= used;
		if (n < sizeof c->held) {
			memcpy(c->held, p, n);
			c->held_n = n;
			break;
		}
		/* no character is that long: it is none */
		put_replacement(c, &o);
		p += c->unit;
		n -= c->unit;
	}
	flush(&o);
	return o.rc;
}

email_code
email__charset_end(email__charset *c, email__charset_sink sink, void *context)
{
	output o;

	open_output(&o, sink, context);
	if (c->iconv)
		from_hand(c, &o);
	if (c->held_n)
		put_wrong(c, &o, c->held, c->held_n);
	c->held_n = 0;
	flush(&o);
	email__charset_dispose(c);
	return o.rc;
}
