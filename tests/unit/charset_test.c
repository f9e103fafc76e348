/* SPDX-License-Identifier: MIT */
#include "os/charset.h"

#include <dirent.h>
#include <iconv.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "support/cm.h"

#define BAD "\xEF\xBF\xBD"

typedef struct collected {
	char bytes[65536];
	size_t n;
	size_t calls, fail_at;
} collected;

static email_code
collect(void *context, const void *bytes, size_t n)
{
	collected *o = context;

	assert_true(n > 0);
	assert_true(email__utf8_valid(bytes, n));
	if (o->calls++ == o->fail_at)
		return EMAIL_E_FILE;
	assert_true(o->n + n < sizeof o->bytes);
	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return EMAIL_OK;
}

/* `chunk` bytes at a time; "?" in front of `flags`... 1 unknown, 2 broken. */
static unsigned
convert(const char *name, const char *bytes, size_t n, size_t chunk, collected *o)
{
	email__charset c;
	size_t at;

	o->n = o->calls = 0;
	o->fail_at = SIZE_MAX;
	email__charset_begin(&c, name, strlen(name));
	for (at = 0; at < n; at += chunk)
		assert_int_equal(
			email__charset_push(&c, bytes + at, n - at < chunk ? n - at : chunk, collect, o),
			EMAIL_OK);
	assert_int_equal(email__charset_end(&c, collect, o), EMAIL_OK);
	o->bytes[o->n] = '\0';
	return (c.unknown ? 1u : 0) | (c.broken ? 2u : 0);
}

static void
cases(void **state)
{
	static const struct {
		const char *name, *in, *out;
		unsigned flags;
	} c[] = {
		{"", "a\xC3\xA9\xF0\x9F\x94\xA5", "a\xC3\xA9\xF0\x9F\x94\xA5", 0},
		{"UTF-8",
	         "\xEF\xBB\xBF"
	         "a\xEF\xBB\xBF",
	         "a\xEF\xBB\xBF", 0},
		{"utf-8", "\xEF\xBB", BAD, 2},
		{"utf-8",
	         "\xEF\xBB\xEF\xBB\xBF"
	         "a",
	         BAD "\xEF\xBB\xBF"
	             "a",
	         2},
		/* one U+FFFD for each maximal subpart */
		{"utf-8", "\x80\xE9t\xE2\x82 \xED\xA0\x80\xF4\x90\xC0\xAF",
	         BAD BAD "t" BAD " " BAD BAD BAD BAD BAD BAD BAD, 2},
		{"utf-8", "\xF0\x9F\x94", BAD, 2},
		{"us-ascii", "plain", "plain", 0},
		{"us-ascii", "\xC3\xA9\xE9", "\xC3\xA9" BAD, 2},
		{"iso-8859-1", "\xE9\x80\xFF", "\xC3\xA9\xE2\x82\xAC\xC3\xBF", 0},
		{"windows-1252", "\x93q\x94\x81", "\xE2\x80\x9Cq\xE2\x80\x9D" BAD, 2},
		{"no-such-charset", "a\xE9z\xC3\xA9", "a" BAD "z" BAD BAD, 3},
		{"utf-8//translit", "\xE9", BAD, 3},
		{"a,b", "a", "a", 1},
		{"char", "\xE9", BAD, 3},
		{"WCHAR_T", "\xE9", BAD, 3},
		{"iso-8859-15", "\xA4", "\xE2\x82\xAC", 0},
		{"koi8-r", "\xF0\xD2\xC9", "\xD0\x9F\xD1\x80\xD0\xB8", 0},
		{"iso-2022-jp", "a\x1B$B$\"$$\x1B(Bz", "a\xE3\x81\x82\xE3\x81\x84z", 0},
		{"shift_jis", "\x82\xA0\x87\x40", "\xE3\x81\x82\xE2\x91\xA0", 0},
		{"gb2312", "\xC4\xE3\x81\x40", "\xE4\xBD\xA0\xE4\xB8\x82", 0},
		{"euc-kr", "\xB0\xA1", "\xEA\xB0\x80", 0},
		{"euc-kr", "\xB0", BAD, 2},
		{"euc-jp",
	         "\xA4\xA2\xFF"
	         "b",
	         "\xE3\x81\x82" BAD "b", 2},
		{"utf-7", "Hi +AOk-!", "Hi \xC3\xA9!", 0},
		/* half a surrogate: the rest is read all the same */
		{"utf-7", "+3D3e- a +AOk-", BAD "e- a \xC3\xA9", 2},
		{"big5", "\xA7\x41", "\xE4\xBD\xA0", 0},
		/* what iconv has in hand until more comes: a mark that combines, the end, something broken */
		{"windows-1258", "aA\xCC", "a\xC3\x80", 0},
		{"windows-1258", "a", "a", 0},
		{"windows-1258",
	         "a\x8A"
	         "b",
	         "a" BAD "b", 2},
		/* what came before stays in force after something broken */
		{"iso-2022-jp", "\x1B$B$\"\xFF$$\x1B(Bz", "\xE3\x81\x82" BAD "\xE3\x81\x84z", 2},
		{"big5-hkscs", "\x88\x62", "\xC3\x8A\xCC\x84", 0},
		{"big5-hkscs", "\x88\x66", "\xC3\x8A", 0},
		{"big5-hkscs", "\x88\x66x", "\xC3\x8Ax", 0},
	};
	collected o;
	size_t i, chunk;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		for (chunk = 1; chunk < 30; chunk++) {
			unsigned flags = convert(c[i].name, c[i].in, strlen(c[i].in), chunk, &o);

			if (strcmp(o.bytes, c[i].out) != 0 || flags != c[i].flags)
				fail_msg("case %zu (%s) by %zu: \"%s\", %u", i, c[i].name, chunk, o.bytes,
				         flags);
		}
}

/* Units of two and four bytes: what is skipped does not shift the rest. */
static void
wide(void **state)
{
	static const char pairs[] = "\x00h\xDC\x00\x00i\xD8\x3D\xDE\x00\x00",
			  quads[] = "\x00\x00\x00h\x00\x11\x00\x00\x00\x00\x00i";
	collected o;
	size_t chunk;

	(void)state;
	for (chunk = 1; chunk < 16; chunk++) {
		assert_int_equal(convert("utf-16be", pairs, 11, chunk, &o), 2);
		assert_string_equal(o.bytes, "h" BAD "i\xF0\x9F\x98\x80" BAD);
		assert_int_equal(convert("utf-32be", quads, 12, chunk, &o), 2);
		assert_string_equal(o.bytes, "h" BAD "i");
		assert_int_equal(convert("utf-16le", "\xFF\xFEh\0", 4, chunk, &o), 0);
		assert_string_equal(o.bytes, "h");
		assert_int_equal(convert("utf-16", "\xFE\xFF\0h", 4, chunk, &o), 0);
		assert_string_equal(o.bytes, "h");
	}
}

/* Names that mail has, each with bytes and what they mean. */
static void
names(void **state)
{
	static const struct {
		const char *name, *in, *out;
	} c[] = {
		{"utf8", "\xC3\xA9", "\xC3\xA9"},
		{"UTF_8", "\xC3\xA9", "\xC3\xA9"},
		{"x-utf-8", "\xC3\xA9", "\xC3\xA9"},
		{"unicode-1-1-utf-8", "\xC3\xA9", "\xC3\xA9"},
		{"ANSI_X3.4-1968", "a", "a"},
		{"ISO_8859-1:1987", "\xE9", "\xC3\xA9"},
		{"iso8859-1", "\xE9", "\xC3\xA9"},
		{"latin-1", "\xE9", "\xC3\xA9"},
		{"cp-1252", "\x80", "\xE2\x82\xAC"},
		{"x-ansi", "\x80", "\xE2\x82\xAC"},
		{"win-1251", "\xEF", "\xD0\xBF"},
		{"x-cp1251", "\xEF", "\xD0\xBF"},
		{"cp-850", "\x82", "\xC3\xA9"},
		{"ibm-850", "\x82", "\xC3\xA9"},
		{"dos-850", "\x82", "\xC3\xA9"},
		{"windows-874", "\xA1", "\xE0\xB8\x81"},
		{"tis-620", "\xA1", "\xE0\xB8\x81"},
		{"windows-949", "\xB0\xA1", "\xEA\xB0\x80"},
		{"ks_c_5601-1987", "\xB0\xA1", "\xEA\xB0\x80"},
		{"ks_c_5601", "\xB0\xA1", "\xEA\xB0\x80"},
		{"x-gbk", "\xC4\xE3", "\xE4\xBD\xA0"},
		{"gb_2312-80", "\xC4\xE3", "\xE4\xBD\xA0"},
		{"ms936", "\xC4\xE3", "\xE4\xBD\xA0"},
		{"x-sjis", "\x82\xA0", "\xE3\x81\x82"},
		{"windows-31j", "\x82\xA0", "\xE3\x81\x82"},
		{"windows-932", "\x82\xA0", "\xE3\x81\x82"},
		{"x-euc-jp", "\xA4\xA2", "\xE3\x81\x82"},
		{"windows-950", "\xA7\x41", "\xE4\xBD\xA0"},
		{"unicode-1-1-utf-7", "+AOk-", "\xC3\xA9"},
		{"iso-8859-8-i", "\xE0", "\xD7\x90"},
		{"iso-8859-6-e", "\xC7", "\xD8\xA7"},
		{"iso8859-2", "\xB1", "\xC4\x85"},
		{"iso88592", "\xB1", "\xC4\x85"},
		{"iso-8859-9", "\xFD\x80", "\xC4\xB1\xE2\x82\xAC"},
		{"x-mac-roman", "\x8E", "\xC3\xA9"},
		{"x-mac-cyrillic", "\xEF", "\xD0\xBF"},
	};
	collected o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		if (convert(c[i].name, c[i].in, strlen(c[i].in), 100, &o) != 0 ||
		    strcmp(o.bytes, c[i].out) != 0)
			fail_msg("%s: \"%s\"", c[i].name, o.bytes);
}

/* Names too long, or with what no name has, are looked up nowhere. */
static void
names_that_are_none(void **state)
{
	char name[EMAIL__CHARSET_NAME_MAX + 2];
	email__charset c;
	int i;

	(void)state;
	memset(name, '-', sizeof name);
	memcpy(name, "utf8", 4);
	email__charset_begin(&c, name, EMAIL__CHARSET_NAME_MAX);
	assert_false(c.unknown);
	email__charset_dispose(&c);
	email__charset_begin(&c, name, EMAIL__CHARSET_NAME_MAX + 1);
	assert_true(c.unknown);
	email__charset_dispose(&c);
	for (i = 0; i < 256; i++) {
		name[4] = (char)i;
		email__charset_begin(&c, name, 5);
		assert_int_equal(c.unknown, !(i && strchr("._:+-", i)));
		email__charset_dispose(&c);
	}
}

/* windows-1252 as iconv has it, but that what it refuses is replaced. */
static void
windows_1252_is_iconvs(void **state)
{
	iconv_t cd = iconv_open("UTF-8", "CP1252");
	collected o;
	int i;

	(void)state;
	if (cd == (iconv_t)-1)
		skip();
	for (i = 0; i < 256; i++) {
		char in = (char)i, out[8] = BAD, *from = &in, *to = out;
		size_t left = 1, room = sizeof out;

		if (iconv(cd, &from, &left, &to, &room) != (size_t)-1)
			memset(to, 0, room);
		convert("iso-8859-1", &in, 1, 1, &o);
		if (o.n != (i ? strlen(out) : 1) || memcmp(o.bytes, out, o.n) != 0)
			fail_msg("%02X", (unsigned)i);
	}
	iconv_close(cd);
}

/* Long texts of short and long runs, with bytes that are none, across the buffers. */
static void
long_texts(void **state)
{
	static char in[20000];
	static collected whole, o;
	static const char *const charsets[] = {"utf-8",    "iso-8859-1", "unknown-8bit",
	                                       "us-ascii", "gb18030",    "iso-8859-15"};
	unsigned flags, seed = 7;
	size_t i, k, chunk;

	(void)state;
	for (i = 0; i < sizeof in; i++) {
		seed = seed * 1103515245 + 12345;
		in[i] = (char)(i / 2500 % 2 || seed >> 16 & 7 ? 'a' + i % 26 : seed >> 24);
	}
	for (k = 0; k < sizeof charsets / sizeof *charsets; k++) {
		flags = convert(charsets[k], in, sizeof in, sizeof in, &whole);
		assert_true(whole.n > sizeof in / 2);
		for (chunk = 1; chunk < sizeof in; chunk = chunk * 5 + 3) {
			assert_int_equal(convert(charsets[k], in, sizeof in, chunk, &o), flags);
			assert_int_equal(o.n, whole.n);
			assert_memory_equal(o.bytes, whole.bytes, o.n);
		}
	}
}

/* What the sink says is what push or end return, and it is not called again. */
static void
the_sink_may_refuse(void **state)
{
	static char in[30000];
	static collected o;
	static const char *const charsets[] = {"utf-8", "iso-8859-1", "shift_jis"};
	size_t i, k, at;

	(void)state;
	memset(in, 'a', sizeof in);
	for (i = 0; i < sizeof in; i += 700)
		in[i] = (char)0x81;
	for (k = 0; k < sizeof charsets / sizeof *charsets; k++)
		for (at = 0; at < 3; at++) {
			email__charset c;

			memset(&o, 0, sizeof o);
			o.fail_at = at;
			email__charset_begin(&c, charsets[k], strlen(charsets[k]));
			assert_int_equal(email__charset_push(&c, in, sizeof in, collect, &o), EMAIL_E_FILE);
			assert_int_equal(o.calls, at + 1);
			email__charset_dispose(&c);
			email__charset_dispose(&c);
		}
	memset(&o, 0, sizeof o);
	email__charset c;
	email__charset_begin(&c, "utf-8", 5);
	assert_int_equal(email__charset_push(&c, "\xE2\x82", 2, collect, &o), EMAIL_OK);
	assert_int_equal(email__charset_end(&c, collect, &o), EMAIL_E_FILE);
}

static size_t
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Ended, given up or refused: descriptors do not pile up (memory is the sanitizers' to see). */
static void
nothing_stays_open(void **state)
{
	static collected o;
	size_t i, before;

	(void)state;
	convert("koi8-r", "a", 1, 1, &o);
	before = open_files();
	for (i = 0; i < 2000; i++) {
		email__charset c;

		convert(i % 2 ? "koi8-r" : "nobody-knows-it", "a", 1, 1, &o);
		email__charset_begin(&c, "euc-jp", 6);
		email__charset_dispose(&c);
	}
	assert_int_equal(open_files(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(wide),
		cmocka_unit_test(names),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(windows_1252_is_iconvs),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(the_sink_may_refuse),
		cmocka_unit_test(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
