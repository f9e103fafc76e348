/* SPDX-License-Identifier: MIT */
#include "proto/pop3_body.h"

#include "support/cm.h"

static char got[20000];
static size_t got_len, pieces;

/* Feeds in pieces of at most `each` bytes; what is left in `in` in the end, or -1 where it did not end. */
static long
run(const char *text, size_t n, size_t each)
{
	email__pop3_body b;
	email__buf in;
	const char *piece;
	size_t at = 0, k;
	long left;

	email__buf_init(&in, 30000);
	email__pop3_body_start(&b);
	got_len = pieces = 0;
	for (;;) {
		while (email__pop3_body_next(&b, &in, &piece, &k)) {
			assert_true(k > 0);
			memcpy(got + got_len, piece, k);
			got_len += k;
			pieces++;
		}
		if (b.ended || at == n)
			break;
		assert_true(email__buf_len(&in) <= 2);
		k = n - at < each ? n - at : each;
		assert_int_equal(email__buf_add(&in, text + at, k), EMAIL_OK);
		at += k;
	}
	left = b.ended ? (long)(email__buf_len(&in) + n - at) : -1;
	email__buf_dispose(&in);
	return left;
}

static void
ways(void **state)
{
	static const struct {
		const char *text, *is;
		long left;
	} rows[] = {
		{".\r\n", "", 0},
		{"\r\n.\r\n", "\r\n", 0},
		{"x\r\n.\r\n", "x\r\n", 0},
		{"..\r\n.\r\n", ".\r\n", 0},
		{"...\r\n.\r\n+OK\r\n", "..\r\n", 5},
		{"x.\r\n.\r\n", "x.\r\n", 0},
		{"x\n.\r\n.\r\n", "x\n.\r\n", 0},          /* behind a bare LF no line begins */
		{"x\r.\r\n.\r\n", "x\r.\r\n", 0},          /* nor behind a bare CR */
		{"x\r\n.\n.\r\n.\r\n", "x\r\n\n.\r\n", 0}, /* a dot and a bare LF end nothing */
		{"x\r\n.\r.\r\n.\r\n", "x\r\n\r.\r\n", 0},
		{"\r\r\n.\r\n", "\r\r\n", 0},
		{"\n.\r\n.\r\n", "\n.\r\n", 0},
		{".x\r\n.\r\n", "x\r\n", 0},
		{"x\r\n..\r\n..\r\n.\r\nrest", "x\r\n.\r\n.\r\n", 4},
		{"x\r\n.\r", "x\r\n", -1},
		{"x\r\n.", "x\r\n", -1},
		{"x\r\n", "x\r\n", -1},
		{"", "", -1},
		{".", "", -1},
	};
	size_t i, each;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		for (each = 1; each <= strlen(rows[i].text) + 1; each++) {
			assert_int_equal(run(rows[i].text, strlen(rows[i].text), each), rows[i].left);
			assert_int_equal(got_len, strlen(rows[i].is));
			assert_memory_equal(got, rows[i].is, got_len);
		}
	assert_int_equal(run("a\0.\r\n\0b\r\n.\r\n", 12, 100), 0);
	assert_int_equal(got_len, 9);
}

/* What stands between two dots that were put there comes in one piece. */
static void
large_pieces(void **state)
{
	static char text[20000];
	size_t n = 0;

	(void)state;
	while (n < 16000) {
		memcpy(text + n, "a line with a dot. And no other\r\n", 33);
		n += 33;
	}
	memcpy(text + n, ".\r\n", 3);
	assert_int_equal(run(text, n + 3, 20000), 0);
	assert_int_equal(got_len, n);
	assert_int_equal(pieces, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ways), cmocka_unit_test(large_pieces)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
