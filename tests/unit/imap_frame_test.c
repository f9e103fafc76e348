/* SPDX-License-Identifier: MIT */
#include "wire/imap_frame.h"

#include <stdlib.h>

#include "base/limits.h"
#include "support/cm.h"

/* What the framer made of `text`, fed in pieces of `by`: "R<..>" a response, "H<..>" a head, "B<..>" all of a body. */
static const char *
framed(const char *text, size_t size, size_t by)
{
	static char out[4096];
	email__imap_frame f = {0};
	email__buf in;
	size_t at = 0, n, used = 0;
	const char *p;
	bool body = false;

	email__buf_init(&in, 2 * EMAIL__IMAP_LINE_MAX);
	out[0] = '\0';
	while (at < size) {
		size_t more = size - at < by ? size - at : by;
		email__imap_piece piece;

		assert_int_equal(email__buf_add(&in, text + at, more), EMAIL_OK);
		at += more;
		for (;;) {
			email_code rc;

			if (body) {
				n = email__imap_frame_body(&f, &in, &p);
				memcpy(out + used, p ? p : "", n);
				used += n;
				out[used] = '\0';
				if (f.literal)
					break;
				body = false;
				strcat(out, ">");
				used++;
			}
			if ((rc = email__imap_frame_next(&f, &in, &piece, &p, &n))) {
				email__buf_dispose(&in);
				return rc == EMAIL_E_LIMIT ? "LIMIT" : "PROTOCOL";
			}
			if (piece == EMAIL__IMAP_MORE)
				break;
			used += (size_t)snprintf(out + used, sizeof out - used, "%s<%.*s>",
			                         piece == EMAIL__IMAP_HEAD ? "H" : "R", (int)n, p);
			if (piece == EMAIL__IMAP_HEAD) {
				body = true;
				strcat(out, "B<");
				used += 2;
			}
		}
	}
	email__buf_dispose(&in);
	return out;
}

static void
sample(void **state)
{
	static const char text[] =
		"* OK [CAPABILITY IMAP4rev1] ready {5}\r\n"
		"* 1 FETCH (UID 7 BODY[] {5}\r\n)\r\nab FLAGS (\\Seen) BODY[1] {0}\r\n)\r\n"
		"* LIST () \"/\" {3}\r\na\nb\r\n"
		"* 2 FETCH (UID 8 BODY[TEXT]<10> ~{2}\r\nxy)\n"
		"A1 OK done {99}\r\n"
		"+ {3}\r\n+\r\n"
		"* 3 FETCH (X {4}\r\n{9}\r Y {1}\r\nz)\r\n";
	static const char want[] =
		"R<* OK [CAPABILITY IMAP4rev1] ready {5}>"
		"H<* 1 FETCH (UID 7 BODY[] {5}>B<)\r\nab>H< FLAGS (\\Seen) BODY[1] {0}>B<>R<)>"
		"R<* LIST () \"/\" {3}\r\na\nb>"
		"H<* 2 FETCH (UID 8 BODY[TEXT]<10> ~{2}>B<xy>R<)>"
		"R<A1 OK done {99}>"
		"R<+ {3}>R<+>"
		"R<* 3 FETCH (X {4}\r\n{9}\r Y {1}\r\nz)>";
	size_t by;

	(void)state;
	for (by = 1; by <= sizeof text; by++)
		assert_string_equal(framed(text, sizeof text - 1, by), want);
}

/* What only looks like a literal is none; and what no number can be is refused. */
static void
literals(void **state)
{
	static const char *const rows[][2] = {
		{"* X {5\r\n", "R<* X {5>"},
		{"* X {5}x\r\n", "R<* X {5}x>"},
		{"* X {-1}\r\n", "R<* X {-1}>"},
		{"* X {}\r\n", "R<* X {}>"},
		{"* X 5}\r\n", "R<* X 5}>"},
		{"* X {5+}\r\n", "R<* X {5+}>"},
		{"{1}\r\n", "R<{1}>"},
		{"* X {00000000000000000001}\r\nz\r\n", "R<* X {00000000000000000001}\r\nz>"},
		{"* X {18446744073709551616}\r\n", "PROTOCOL"},
		{"* X {9223372036854775808}\r\n", "PROTOCOL"},
		{"* X {4294967295}\r\n", "LIMIT"},
		{"* X {65537}\r\n", "LIMIT"},
		{"* 1 FETCH (BODY[] {9223372036854775808}\r\n", "PROTOCOL"},
		{"a\rb\r\n", "PROTOCOL"},
		{"* 1 FETCH (BODY[] {1}\r\nx\r)\r\n", "PROTOCOL"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(framed(rows[i][0], strlen(rows[i][0]), 1), rows[i][1]);
		assert_string_equal(framed(rows[i][0], strlen(rows[i][0]), 1000), rows[i][1]);
	}
	assert_string_equal(framed("* \0\r\n", 5, 5), "PROTOCOL");
	/* it streams: any size is fine */
	assert_string_equal(framed("* 1 FETCH (BODY[] {4294967296}\r\nabc", 35, 7),
	                    "H<* 1 FETCH (BODY[] {4294967296}>B<abc");
}

/* The bound is on what must be held: a line, a line with literals, not what streams. */
static void
bounds(void **state)
{
	static char text[3 * EMAIL__IMAP_LINE_MAX];
	email__imap_frame f = {0};
	email__imap_piece piece;
	const char *p;
	email__buf in;
	size_t n, size;

	(void)state;
	memset(text, 'x', sizeof text);
	email__buf_init(&in, sizeof text);
	for (size = EMAIL__IMAP_LINE_MAX - 3; size < EMAIL__IMAP_LINE_MAX + 3; size++) {
		email__buf_clear(&in);
		memset(&f, 0, sizeof f);
		assert_int_equal(email__buf_add(&in, text, size), EMAIL_OK);
		assert_int_equal(email__buf_add(&in, "\r\n", 2), EMAIL_OK);
		assert_int_equal(email__imap_frame_next(&f, &in, &piece, &p, &n),
		                 size <= EMAIL__IMAP_LINE_MAX ? EMAIL_OK : EMAIL_E_LIMIT);
		if (size <= EMAIL__IMAP_LINE_MAX)
			assert_int_equal(piece, EMAIL__IMAP_RESPONSE);
	}
	email__buf_clear(&in);
	memset(&f, 0, sizeof f);
	assert_int_equal(email__buf_add(&in, text, EMAIL__IMAP_LINE_MAX), EMAIL_OK);
	assert_int_equal(email__imap_frame_next(&f, &in, &piece, &p, &n), EMAIL_E_LIMIT);
	/* many literals, none of them too long */
	email__buf_clear(&in);
	memset(&f, 0, sizeof f);
	for (size = 0; size < 12000; size++)
		assert_int_equal(email__buf_adds(&in, "a {1}\r\n "), EMAIL_OK);
	assert_int_equal(email__imap_frame_next(&f, &in, &piece, &p, &n), EMAIL_E_LIMIT);
	email__buf_dispose(&in);
}

/* Where the caller allows it, what is too long is passed over, its literals too, and what stands behind it is read. */
static const char *
behind_long(const char *front, const char *fill, size_t count, const char *rest, size_t by)
{
	static char text[4 * EMAIL__IMAP_LINE_MAX], out[200];
	email__imap_frame f = {.pass_long = true};
	email__imap_piece piece;
	email_code rc = EMAIL_OK;
	email__buf in;
	size_t at = (size_t)sprintf(text, "%s", front), size, n;
	const char *p;

	while (count--)
		at += (size_t)sprintf(text + at, "%s", fill);
	size = at + (size_t)sprintf(text + at, "%s", rest);
	email__buf_init(&in, EMAIL__IMAP_LINE_MAX + by); /* no more is ever held */
	out[0] = '\0';
	for (at = 0; at < size && rc == EMAIL_OK; at += n) {
		n = size - at < by ? size - at : by;
		assert_int_equal(email__buf_add(&in, text + at, n), EMAIL_OK);
		for (;;) {
			size_t len;

			rc = email__imap_frame_next(&f, &in, &piece, &p, &len);
			if (rc || piece == EMAIL__IMAP_MORE)
				break;
			assert_int_equal(piece, EMAIL__IMAP_RESPONSE);
			snprintf(out + strlen(out), sizeof out - strlen(out), "<%.*s>", (int)len, p);
		}
	}
	assert_true(rc || (!f.passing && email__buf_len(&in) == 0));
	email__buf_dispose(&in);
	return rc == EMAIL_E_LIMIT ? "LIMIT" : rc ? "PROTOCOL" : out;
}

static void
long_ones_passed(void **state)
{
	static const struct {
		const char *front, *fill;
		size_t count;
		const char *rest, *want;
	} rows[] = {
		{"* 1 FETCH (", "abc ", 20000, ")\r\n* 2 EXISTS\r\n", "<* 2 EXISTS>"},
		{"* 1 FETCH (", "abc ", 40000, ")\n* 2 EXISTS\r\n", "<* 2 EXISTS>"},
		{"* 1 FETCH (", "abc ", 16384, ")\r\nA1 OK x\r\n", "<A1 OK x>"},
		{"* 1 FETCH (", "a {3}\r\n\r\n) ", 9000, ")\r\n* 2 EXISTS\r\n", "<* 2 EXISTS>"},
		{"* 1 FETCH ({70000}\r\n", "\r\nabcdefgh", 7000, " {2}\r\n\r\n)\r\nA1 OK x\r\n", "<A1 OK x>"},
		{"* 1 FETCH (", "abc ", 20000, " {18446744073709551616}\r\n", "PROTOCOL"},
		/* what the caller waits for */
		{"A1 OK ", "abc ", 20000, "\r\nA2 OK x\r\n", "LIMIT"},
		{"* OK ", "abc ", 20000, "{5}\r\nA2 OK x\r\n", "LIMIT"},
		{"+ ", "abc ", 20000, "\r\n", "LIMIT"},
		{"", "abc", 30000, "\r\n", "LIMIT"},
	};
	static const size_t by[] = {1, 7, 1000, 4096, 65536};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (k = 0; k < sizeof by / sizeof by[0]; k++)
			assert_string_equal(
				behind_long(rows[i].front, rows[i].fill, rows[i].count, rows[i].rest, by[k]),
				rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sample), cmocka_unit_test(literals),
	                                   cmocka_unit_test(bounds), cmocka_unit_test(long_ones_passed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
