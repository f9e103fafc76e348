/* SPDX-License-Identifier: MIT */
#include "codec/unquoted.h"

#include <stdlib.h>

#include "codec/quoted.h"
#include "support/cm.h"

/* In memory of just the promised sizes, `chunk` characters at a time. */
static size_t
decode(const char *text, size_t n, size_t chunk, char *out, bool *broken)
{
	email__unquoted u;
	size_t at, total = 0;

	email__unquoted_init(&u);
	for (at = 0; at < n; at += chunk) {
		size_t piece = n - at < chunk ? n - at : chunk, got;
		char *in = malloc(piece);
		unsigned char *to = malloc(EMAIL__UNQUOTED_ROOM(piece));

		memcpy(in, text + at, piece);
		got = email__unquoted_push(&u, to, in, piece);
		assert_true(got <= EMAIL__UNQUOTED_ROOM(piece));
		memcpy(out + total, to, got);
		total += got;
		free(to);
		free(in);
	}
	total += email__unquoted_end(&u, (unsigned char *)out + total);
	out[total] = '\0';
	*broken = u.broken;
	return total;
}

static void
cases(void **state)
{
	static const struct {
		const char *in, *out;
		bool broken;
	} c[] = {
		{"", "", false},
		{"plain\r\ntext\n", "plain\r\ntext\n", false},
		{"h=C3=A9=c3=a9=0D=0A", "h\xC3\xA9\xC3\xA9\r\n", false},
		/* rule 5, soft breaks; the white space that a relay put behind them */
		{"so=\r\nft=\nbreak", "softbreak", false},
		{"so= \t\r\nft=\t\nbreak", "softbreak", false},
		{"=\r\n=\r\n", "", false},
		{"the end=", "the end", false},
		{"the end= ", "the end", false},
		{"the end=\r", "the end", false},
		/* rule 3, white space at the end of a line */
		{"a \t\r\nb  \nc \t", "a\r\nb\nc", false},
		{"  \r\n \n", "\r\n\n", false},
		{"a=20 \r\nb=09\r\n", "a \r\nb\t\r\n", false},
		{" a b\tc", " a b\tc", false},
		/* CR alone is no line end */
		{"a \rb", "a \rb", false},
		{"a \r \r\nb\r", "a \r\r\nb\r", false},
		{"a\r\r\nb", "a\r\r\nb", false},
		/* no codes */
		{"1=2", "1=2", true},
		{"=4", "=4", true},
		{"=4 \r\n", "=4\r\n", true},
		{"=4\nG", "=4\nG", true},
		{"=G1=1G==41=", "=G1=1G=A", true},
		{"= x", "= x", true},
		{"= =\r\nx", "= x", true},
		{"= \r \r\nx", "= \r\r\nx", true},
		{"=\r\r\nx", "=\r\r\nx", true},
		{"=\rx", "=\rx", true},
		{"=:0=/0=@0=`0=g0", "=:0=/0=@0=`0=g0", true},
		/* 8-bit stays */
		{"\xE9=E9", "\xE9\xE9", false},
	};
	size_t i, chunk;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		for (chunk = 1; chunk < 24; chunk++) {
			char out[64];
			bool broken;

			decode(c[i].in, strlen(c[i].in), chunk, out, &broken);
			if (strcmp(out, c[i].out) != 0 || broken != c[i].broken)
				fail_msg("case %zu by %zu: \"%s\", %d", i, chunk, out, broken);
		}
}

/* Around the most white space that is held: the same in any pieces, and none of it is lost where text follows. */
static void
much_white_space(void **state)
{
	static const char *const ends[] = {"\r\n", "\n", "x", "\rx", ""};
	size_t n, e, chunk, code;

	(void)state;
	for (code = 0; code < 2; code++)
		for (n = 120; n < 400; n++)
			for (e = 0; e < sizeof ends / sizeof *ends; e++) {
				char text[512], whole[512], out[512];
				size_t len, got;
				bool broken, broken_out;

				len = (size_t)snprintf(text, sizeof text, "a%s%*s%s", code ? "=" : "", (int)n,
				                       "", ends[e]);
				got = decode(text, len, len, whole, &broken);
				for (chunk = 1; chunk < 200; chunk = chunk * 2 + 1) {
					assert_int_equal(decode(text, len, chunk, out, &broken_out), got);
					assert_memory_equal(out, whole, got);
					assert_int_equal(broken, broken_out);
				}
				if (strchr(ends[e], 'x'))
					assert_string_equal(whole, text);
				else
					assert_true(got <= 1 + code + n + strlen(ends[e]));
				if (n < 127 && !strchr(ends[e], 'x'))
					assert_int_equal(got, code ? 1 : 1 + strlen(ends[e]));
			}
}

/* Text of every byte, encoded and back; CRLF stays, since the encoder makes no others. */
static void
there_and_back(void **state)
{
	char text[3000], again[3000], code[12000];
	size_t i, chunk, n = 0, got;
	bool broken;

	(void)state;
	for (i = 0; i + 2 < sizeof text; i++) {
		char c = (char)(i * 7 + i / 256);

		text[i] = c == '\n' || c == '\r' ? ' ' : c;
		if (i % 97 == 96) {
			text[i++] = '\r';
			text[i] = '\n';
		}
	}
	email__quoted q = {.text = text, .size = i};
	while ((got = email__quoted_encode(&q, (unsigned char *)code + n, sizeof code - n)) != 0)
		n += got;
	for (chunk = 1; chunk <= n; chunk = chunk * 3 / 2 + 1) {
		assert_int_equal(decode(code, n, chunk, again, &broken), i);
		assert_memory_equal(again, text, i);
		assert_false(broken);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(much_white_space),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
