/* SPDX-License-Identifier: MIT */
#include "mime/filename.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"

#define NAME_MAX_BYTES EMAIL__FILE_NAME_MAX
/* A longer "extension" is a sentence with a dot in it. */
#define EXTENSION_MAX 32

typedef struct range {
	unsigned long first, last;
} range;

/* What is not seen, or makes what is seen another: controls, what has no width, bidirectional marks and
 * overrides (Unicode 23.2), tags, what is no character. */
static const range hidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},      {0xAD, 0xAD},     {0x34F, 0x34F},
                               {0x61C, 0x61C},   {0x115F, 0x1160},  {0x17B4, 0x17B5}, {0x180B, 0x180F},
                               {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F}, {0x3164, 0x3164},
                               {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},  {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
                               {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}};

/* What no name may have on some system, and what looks like a slash or becomes one on the way there. */
static const range refused[] = {{'"', '"'},       {'*', '*'},       {':', ':'},       {'<', '<'},
                                {'>', '?'},       {'|', '|'},       {0x2044, 0x2044}, {0x2215, 0x2216},
                                {0x29F5, 0x29F5}, {0x29F8, 0x29F9}, {0xFE68, 0xFE68}, {0xFF0F, 0xFF0F},
                                {0xFF3C, 0xFF3C}};

/* Spaces of all widths: none may stand at the end, where it is not seen. */
static const range spaces[] = {{' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                               {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

#define IS(set, c) is_in(set, sizeof(set) / sizeof *(set), c)

static bool
is_in(const range *set, size_t n, unsigned long c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (c >= set[i].first && c <= set[i].last)
			return true;
	return false;
}

/* The part behind the last slash of either kind, and behind a drive. */
static const char *
base_of(const char *name, size_t *n)
{
	const char *base = name;
	size_t i;

	while (*n && (name[*n - 1] == '/' || name[*n - 1] == '\\'))
		--*n;
	for (i = 0; i < *n; i++)
		if (name[i] == '/' || name[i] == '\\')
			base = name + i + 1;
	*n -= (size_t)(base - name);
	if (*n >= 2 && email__is_alpha(base[0]) && base[1] == ':') {
		base += 2;
		*n -= 2;
	}
	return base;
}

/* Without what is hidden or refused. Returns the length; never longer than it was. */
static size_t
replace(char *out, const char *s, size_t n)
{
	size_t at, step, to = 0;

	for (at = 0; at < n; at += step) {
		unsigned long c = 0;

		step = email__utf8_decode((const unsigned char *)s + at, n - at, &c);
		if (step == 0 || IS(hidden, c)) {
			step += step == 0;
		} else if (IS(refused, c)) {
			out[to++] = '_';
		} else {
			memcpy(out + to, s + at, step);
			to += step;
		}
	}
	return to;
}

/* Dots, spaces and "-" at the start (hidden files, options of programs), dots and spaces at the end. */
static size_t
trim_start(const char *s, size_t n)
{
	size_t at = 0, step;
	unsigned long c;

	for (; (step = email__utf8_decode((const unsigned char *)s + at, n - at, &c)); at += step)
		if (c != '.' && c != '-' && !IS(spaces, c))
			break;
	return at;
}

static size_t
trim_end(const char *s, size_t n)
{
	size_t at = 0, end = 0, step;
	unsigned long c;

	for (; (step = email__utf8_decode((const unsigned char *)s + at, n - at, &c)); at += step)
		if (c != '.' && !IS(spaces, c))
			end = at + step;
	return end;
}

/* Names that are devices in every folder of Windows, whatever extension they have. */
static bool
is_device(const char *s, size_t n)
{
	static const char *const names[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
	const char *dot = n ? memchr(s, '.', n) : NULL;
	size_t i;

	n = trim_end(s, dot ? (size_t)(dot - s) : n);
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (n == strlen(names[i]) && email__str_equal_n(s, names[i], n))
			return true;
	if (n < 4 || (!email__str_equal_n(s, "COM", 3) && !email__str_equal_n(s, "LPT", 3)))
		return false;
	/* superscript 1, 2 and 3 are digits there */
	return (n == 4 && email__is_digit(s[3])) ||
	       (n == 5 && s[3] == '\xC2' && (s[4] == '\xB9' || s[4] == '\xB2' || s[4] == '\xB3'));
}

/* At most n bytes, whole characters. */
static size_t
cut_to(const char *s, size_t n)
{
	while (n && ((unsigned char)s[n] & 0xC0) == 0x80)
		n--;
	return n;
}

/* The extension stays, for it says with what the file is opened. */
static size_t
shorten(char *s, size_t n)
{
	size_t dot = n, extension, stem;

	if (n <= NAME_MAX_BYTES)
		return n;
	while (dot && n - dot < EXTENSION_MAX && s[dot - 1] != '.')
		dot--;
	extension = dot && s[dot - 1] == '.' ? n - dot + 1 : 0;
	stem = cut_to(s, NAME_MAX_BYTES - extension);
	memmove(s + stem, s + n - extension, extension);
	return trim_end(s, stem + extension);
}

const char *
email__filename_safe(email__arena *a, const char *name, bool *changed)
{
	size_t n = strlen(name), given = n, start;
	const char *base = base_of(name, &n);
	char *out = email__arena_room(a, n + 2, 0); /* one "_" more, and the NUL */

	if (!out)
		return NULL;
	n = replace(out, base, n);
	start = trim_start(out, n);
	n = trim_end(out + start, n - start);
	memmove(out, out + start, n);
	n = shorten(out, n); /* what is cut may be a device's name only then */
	if (is_device(out, n)) {
		memmove(out + 1, out, n);
		out[0] = '_';
		n = shorten(out, n + 1);
	}
	out[n] = '\0';
	email__arena_commit(a, n + 1);
	*changed = n != given || memcmp(out, name, n) != 0;
	return out;
}
