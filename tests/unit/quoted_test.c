/* SPDX-License-Identifier: MIT */
#include "codec/quoted.h"

#include <stdlib.h>

#include "support/cm.h"

static size_t
encode(const char *text, size_t n, char *out, size_t chunk)
{
	email__quoted q = {.text = text, .size = n};
	unsigned char *piece = malloc(chunk);
	size_t total = 0, got;

	while ((got = email__quoted_encode(&q, piece, chunk)) != 0) {
		assert_true(got <= chunk);
		memcpy(out + total, piece, got);
		total += got;
	}
	free(piece);
	out[total] = '\0';
	return total;
}

static void
cases(void **state)
{
	static const char *const c[][2] = {
		{"", ""},
		{"plain", "plain"},
		{"a=b", "a=3Db"},
		{"h\xC3\xA9", "h=C3=A9"},
		{"a\nb\rc\r\nd\n\r", "a\r\nb\r\nc\r\nd\r\n\r\n"},
		{"end \n", "end=20\r\n"},
		{"end\t\r\n", "end=09\r\n"},
		{"end ", "end=20"},
		{"in side\t.", "in side\t."},
		{" ", "=20"},
		{"\x07\x7F", "=07=7F"},
	};
	char out[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		encode(c[i][0], strlen(c[i][0]), out, 64);
		assert_string_equal(out, c[i][1]);
	}
}

/* RFC 2045 6.7 backwards; the line ends that were encoded stay CRLF. */
static size_t
decode(const char *in, char *out)
{
	size_t n = 0;

	for (; *in; in++) {
		if (*in != '=') {
			out[n++] = *in;
		} else if (in[1] == '\r') {
			in += 2;
		} else {
			char hex[3] = {in[1], in[2], '\0'};

			out[n++] = (char)strtol(hex, NULL, 16);
			in += 2;
		}
	}
	out[n] = '\0';
	return n;
}

/* Texts of every length around the line's, pulled in pieces of every size. */
static void
lines_and_pieces(void **state)
{
	static const char *const repeated[] = {"x", "\xC3\xA9", "= ", "ab\t", "\xE6\xB8\xA9z"};
	size_t k, n, chunk;

	(void)state;
	for (k = 0; k < 5; k++)
		for (n = 1; n < 240; n += 7) {
			char text[1000] = "", whole[4000], piece[4000], back[4000], *line, *next;
			size_t len = strlen(repeated[k]), i;

			for (i = 0; i < n; i++)
				memcpy(text + i * len, repeated[k], len);
			encode(text, n * len, whole, sizeof whole);
			for (chunk = EMAIL__QUOTED_STEP; chunk < 90; chunk += 5) {
				encode(text, n * len, piece, chunk);
				assert_string_equal(piece, whole);
			}
			assert_int_equal(decode(whole, back), n * len);
			assert_memory_equal(back, text, n * len);
			for (line = whole; line; line = next) {
				next = strstr(line, "\r\n");
				assert_true((next ? (size_t)(next - line) : strlen(line)) <= 76);
				if (next) {
					assert_true(next[-1] != ' ' && next[-1] != '\t');
					next += 2;
				}
			}
		}
}

/* RFC 2045 6.7, character by character, and what a text is. */
static size_t
plainly(const char *text, size_t size, char *out, email__quoted_figures *f)
{
	size_t at = 0, n = 0, column = 0, line = 0;

	*f = (email__quoted_figures){.ends_line = true};
	while (at < size) {
		unsigned char c = (unsigned char)text[at++];
		bool last = at == size || text[at] == '\r' || text[at] == '\n';

		f->ends_line = c == '\r' || c == '\n';
		if (f->ends_line) {
			at += c == '\r' && at < size && text[at] == '\n';
			memcpy(out + n, "\r\n", 2);
			n += 2;
			f->length += 2;
			column = line = 0;
			continue;
		}
		f->length++;
		f->longest = ++line > f->longest ? line : f->longest;
		f->eight_bit |= c > 127;
		f->controls |= c == 127 || (c < 32 && c != 9);
		if (c > 126 || c == '=' || (c < 33 && (last || (c != ' ' && c != '\t')))) {
			n += column + 3 > 75 ? (size_t)sprintf(out + n, "=\r\n") : 0;
			column = (column + 3 > 75 ? 0 : column) + 3;
			n += (size_t)sprintf(out + n, "=%02X", c);
		} else {
			n += column == 75 ? (size_t)sprintf(out + n, "=\r\n") : 0;
			column = (column == 75 ? 0 : column) + 1;
			out[n++] = (char)c;
		}
	}
	f->quoted = n;
	return n;
}

/* Random texts, more of this or of that, in memory of their size. */
static void
as_plainly(void **state)
{
	static const char often[] = "abcdefgh \t\r\n=\x7F\x80\xFF~!\0\x1F";
	static char want[4000], got[4000];
	uint32_t seed = 1;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		size_t n = (size_t)round % 300, i;
		char *text = malloc(n ? n : 1);
		uint32_t rare = (uint32_t)round % 97;
		email__quoted_figures f, g;

		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = seed >> 16 & 1 && (seed >> 8) % 100 < rare
			                  ? often[(seed >> 20) % (sizeof often - 1)]
			          : round % 5 ? (char)('a' + (seed >> 24) % 26)
			                      : (char)(seed >> 24);
		}
		assert_int_equal(encode(text, n, got, EMAIL__QUOTED_STEP + (size_t)round % 400),
		                 plainly(text, n, want, &f));
		assert_memory_equal(got, want, f.quoted);
		email__quoted_measure(&g, text, n);
		assert_int_equal(g.length, f.length);
		assert_int_equal(g.quoted, f.quoted);
		assert_int_equal(g.longest, f.longest);
		assert_true(g.eight_bit == f.eight_bit && g.controls == f.controls &&
		            g.ends_line == f.ends_line);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(lines_and_pieces),
	                                   cmocka_unit_test(as_plainly)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
