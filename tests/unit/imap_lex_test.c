/* SPDX-License-Identifier: MIT */
#include "wire/imap_lex.h"

#include "base/limits.h"
#include "support/cm.h"

/* The tokens as text: A atom, # number, N nil, S string, { stream, ( ), E end, ! bad. */
static const char *
tokens(const char *text, size_t size)
{
	static char out[2048];
	email__imap_lex l;
	size_t used = 0;

	email__imap_lex_start(&l, text, size, 0);
	out[0] = '\0';
	for (;;) {
		static const char sign[] = {
			[EMAIL__IMAP_END] = 'E',    [EMAIL__IMAP_BAD] = '!',  [EMAIL__IMAP_ATOM] = 'A',
			[EMAIL__IMAP_NUMBER] = '#', [EMAIL__IMAP_NIL] = 'N',  [EMAIL__IMAP_STRING] = 'S',
			[EMAIL__IMAP_STREAM] = '{', [EMAIL__IMAP_OPEN] = '(', [EMAIL__IMAP_CLOSE] = ')'};
		email__imap_token t = email__imap_lex_next(&l);
		char word[200];

		out[used++] = sign[t];
		if (t == EMAIL__IMAP_ATOM || t == EMAIL__IMAP_STRING) {
			email__imap_lex_text(&l, word, sizeof word);
			used += (size_t)snprintf(out + used, sizeof out - used, "<%s>", word);
		} else if (t == EMAIL__IMAP_NUMBER || t == EMAIL__IMAP_STREAM)
			used += (size_t)snprintf(out + used, sizeof out - used, "%llu",
			                         (unsigned long long)l.number);
		out[used] = '\0';
		if (t == EMAIL__IMAP_END || t == EMAIL__IMAP_BAD) {
			assert_int_equal(email__imap_lex_next(&l), t); /* stays so */
			return out;
		}
	}
}

static void
words(void **state)
{
	static const char *const rows[][2] = {
		{"", "E"},
		{"   ", "E"},
		{"* 12 FETCH (UID 5 FLAGS (\\Seen $X))",
	         "A<*>#12A<FETCH>(A<UID>#5A<FLAGS>(A<\\Seen>A<$X>))E"},
		{"NIL nil Nile \"NIL\" {3}\r\nNIL", "NNA<Nile>S<NIL>S<NIL>E"},
		{"BODY[HEADER.FIELDS (\"a]b\" To)]<0> \"x\"", "A<BODY[HEADER.FIELDS (\"a]b\" To)]<0>>S<x>E"},
		{"\"a\\\"b\\\\c\" \"\"", "S<a\"b\\c>S<>E"},
		{"BODY[] {44}", "A<BODY[]>{44E"},
		{"BODY[] ~{44}", "A<BODY[]>{44E"},
		{"{0}\n{2}\r\n{}x", "S<>S<{}>A<x>E"},
		{"9223372036854775799 9223372036854775808 1x 0",
	         "#9223372036854775799A<9223372036854775808>A<1x>#0E"},
		{"1:4,7 *:3 ~x", "A<1:4,7>A<*:3>A<~x>E"},
		{"()(())", "()(())E"},
		{")", "!"},
		{"(a))", "(A<a>)!"},
		{"\"a", "!"},
		{"\"a\\", "!"},
		{"\"a\\n\"", "!"},
		{"\"a\rb\"", "!"},
		{"{5}\r\nabc", "!"},
		{"{5}x", "!"},
		{"{5", "!"},
		{"{-1}", "!"},
		{"{18446744073709551616}", "!"},
		{"x{5}", "A<x>{5E"},
		{"a\x01"
	         "b",
	         "A<a>!"},
		{"BODY[", "!"},
		{"BODY[\"]", "!"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(tokens(rows[i][0], strlen(rows[i][0])), rows[i][1]);
	assert_string_equal(tokens("\"a\0\"", 4), "!");
}

static void
depth(void **state)
{
	char text[EMAIL__IMAP_DEPTH_MAX + 2];
	email__imap_lex l;
	size_t i;

	(void)state;
	memset(text, '(', sizeof text);
	email__imap_lex_start(&l, text, sizeof text, 0);
	for (i = 0; i < EMAIL__IMAP_DEPTH_MAX; i++)
		assert_int_equal(email__imap_lex_next(&l), EMAIL__IMAP_OPEN);
	assert_int_equal(email__imap_lex_next(&l), EMAIL__IMAP_BAD);
	assert_int_equal(email__imap_lex_next(&l), EMAIL__IMAP_BAD);
	/* lists open from the piece before */
	email__imap_lex_start(&l, "a) b", 4, 1);
	assert_int_equal(email__imap_lex_next(&l), EMAIL__IMAP_ATOM);
	assert_int_equal(email__imap_lex_next(&l), EMAIL__IMAP_CLOSE);
	assert_int_equal(l.depth, 0);
}

static void
skipping(void **state)
{
	static const char text[] = "(a (b \"(\" {1}\r\n( c) d) e \"f\" g";
	email__imap_lex l;

	(void)state;
	email__imap_lex_start(&l, text, sizeof text - 1, 0);
	assert_false(email__imap_lex_skip(&l)); /* nothing at hand */
	email__imap_lex_next(&l);
	assert_true(email__imap_lex_skip(&l));
	email__imap_lex_next(&l);
	assert_true(email__imap_lex_is(&l, "E"));
	assert_false(email__imap_lex_is(&l, "EE"));
	assert_true(email__imap_lex_skip(&l));
	email__imap_lex_next(&l);
	assert_true(email__imap_lex_skip(&l));
	email__imap_lex_next(&l);
	assert_true(email__imap_lex_is(&l, "g"));
	email__imap_lex_start(&l, "(a (b)", 6, 0);
	email__imap_lex_next(&l);
	assert_false(email__imap_lex_skip(&l));
	email__imap_lex_start(&l, "(a {5}", 6, 0);
	email__imap_lex_next(&l);
	assert_false(email__imap_lex_skip(&l));
}

static void
cut(void **state)
{
	email__imap_lex l;
	char out[4] = "xxx";

	(void)state;
	email__imap_lex_start(&l, "\"a\\\"bcd\"", 9, 0);
	email__imap_lex_next(&l);
	assert_int_equal(email__imap_lex_text(&l, out, sizeof out), 3);
	assert_string_equal(out, "a\"b");
	assert_int_equal(email__imap_lex_text(&l, out, 1), 0);
	assert_string_equal(out, "");
	assert_int_equal(email__imap_lex_text(&l, out, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(depth),
	                                   cmocka_unit_test(skipping), cmocka_unit_test(cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
