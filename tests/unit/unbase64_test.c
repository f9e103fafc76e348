/* SPDX-License-Identifier: MIT */
#include "codec/unbase64.h"

#include <stdlib.h>

#include "codec/base64.h"
#include "support/cm.h"

enum { FOREIGN = 1, CUT = 2 };

/* In memory of just the promised sizes, `chunk` characters at a time. */
static size_t
decode(const char *text, size_t n, size_t chunk, char *out, unsigned *flags)
{
	email__unbase64 u;
	size_t at, total = 0;

	email__unbase64_init(&u);
	for (at = 0; at < n; at += chunk) {
		size_t piece = n - at < chunk ? n - at : chunk, got;
		char *in = malloc(piece);
		unsigned char *to = malloc(EMAIL__UNBASE64_ROOM(piece));

		memcpy(in, text + at, piece);
		got = email__unbase64_push(&u, to, in, piece);
		assert_true(got <= EMAIL__UNBASE64_ROOM(piece));
		memcpy(out + total, to, got);
		total += got;
		free(to);
		free(in);
	}
	total += email__unbase64_end(&u, (unsigned char *)out + total);
	out[total] = '\0';
	*flags = (u.foreign ? FOREIGN : 0) | (u.cut ? CUT : 0);
	return total;
}

static void
cases(void **state)
{
	static const struct {
		const char *in, *out;
		unsigned flags;
	} c[] = {
		{"", "", 0},
		{"Zg==", "f", 0},
		{"Zm8=\r\n", "fo", 0},
		{"Zm9v", "foo", 0},
		{"Zm9vYmFy\r\nZm9vYmFy\r\n", "foobarfoobar", 0},
		{"Zm9vYmFyZm9v\nYmFy\n", "foobarfoobar", 0},
		{" Z m\t9 v Y\r\nm\r\nF y ", "foobar", 0},
		{"Z\r\nm9vYmFyZm9vYmFyZm9vYmFy", "foobarfoobarfoobar", 0},
		/* padding that is missing, and characters that are */
		{"Zm9vYg", "foob", 0},
		{"Zm9vYmE", "fooba", 0},
		{"Zm9vYg=", "foob", 0},
		{"Zm9vYm", "foob", CUT},
		{"Zm9vYmF", "fooba", CUT},
		{"Zm9vY", "foo", CUT},
		{"Zm9vY=", "foo", CUT},
		{"Zm9vY===", "foo", CUT},
		/* bits that should be zero, behind which padding says that nothing is missing */
		{"Zh==", "f", 0},
		/* padding in the middle */
		{"Zg==Zm8=", "ffo", FOREIGN},
		{"Zg=Zm9v", "ffoo", FOREIGN},
		{"Zg==\r\nZm9vYmFyZm9vYmFy", "ffoobarfoobar", FOREIGN},
		{"Zm9v=", "foo", FOREIGN},
		{"=", "", FOREIGN},
		/* other characters */
		{"Zm9v-Ym_Fy", "foobar", FOREIGN},
		{"Z!m9vYmFyZm9vYmFy", "foobarfoobar", FOREIGN},
		{"Zm9vYmFyZm9\x80vYmFy", "foobarfoobar", FOREIGN},
		{"Zm9vYmFy\rZm9vYmFy", "foobarfoobar", 0},
		{"\xFF\xFE", "", FOREIGN},
	};
	size_t i, chunk;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		for (chunk = 1; chunk < 30; chunk++) {
			char out[64];
			unsigned flags;

			decode(c[i].in, strlen(c[i].in), chunk, out, &flags);
			if (strcmp(out, c[i].out) != 0 || flags != c[i].flags)
				fail_msg("%s by %zu: \"%s\", %u", c[i].in, chunk, out, flags);
		}
}

/* What rows are made of comes back, whatever their length, whatever the pieces. */
static void
rows_of_any_length(void **state)
{
	enum { N = 500 };
	unsigned char bytes[N];
	char text[EMAIL__BASE64_LEN(N)], rows[3 * EMAIL__BASE64_LEN(N)], out[N + 16];
	size_t i, row, chunk, n, used;
	unsigned flags;

	(void)state;
	for (i = 0; i < N; i++)
		bytes[i] = (unsigned char)(i * 151 + (i >> 3));
	n = email__base64_encode(text, bytes, N);
	for (row = 1; row < 100; row++) {
		for (i = used = 0; i < n; i++) {
			rows[used++] = text[i];
			if (i % row == row - 1) {
				if (row % 3)
					rows[used++] = '\r';
				rows[used++] = '\n';
			}
		}
		for (chunk = 1; chunk < 1000; chunk = chunk * 3 / 2 + 1) {
			assert_int_equal(decode(rows, used, chunk, out, &flags), N);
			assert_memory_equal(out, bytes, N);
			assert_int_equal(flags, 0);
		}
	}
}

/* Every character at every place of a group. */
static void
every_character(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[17], out[32];
	unsigned flags;
	size_t place, c, n;

	(void)state;
	for (place = 0; place < 16; place++)
		for (c = 1; c < 256; c++) {
			const char *in = strchr(alphabet, (int)c);

			memset(text, 'A', sizeof text);
			text[place] = (char)c;
			n = decode(text, 16, 16, out, &flags);
			if (in) {
				unsigned value = (unsigned)(in - alphabet) << (18 - 6 * (place % 4));
				const unsigned char *o = (unsigned char *)out + place / 4 * 3;

				assert_int_equal(n, 12);
				assert_int_equal((unsigned)o[0] << 16 | (unsigned)o[1] << 8 | o[2], value);
				assert_int_equal(flags, 0);
			} else if (c == '=') {
				assert_true(place == 15 ? flags == 0 : flags != 0);
			} else {
				assert_int_equal(n, 11);
				assert_int_equal(flags, strchr(" \t\r\n", (int)c) ? 0 : FOREIGN);
			}
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(rows_of_any_length),
		cmocka_unit_test(every_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
