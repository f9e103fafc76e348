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

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(lines_and_pieces)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
