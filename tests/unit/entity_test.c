/* SPDX-License-Identifier: MIT */
#include "mime/entity.h"

#include <stdlib.h>

#include "support/cm.h"

static email__entity entity;

/* From a copy of exactly its size, so that reading on is seen. */
static const email__entity *
type(const char *value)
{
	size_t n = strlen(value);
	char *own = malloc(n ? n : 1);

	assert_non_null(own);
	memcpy(own, value, n);
	email__entity_init(&entity, false);
	email__entity_type(&entity, own, n);
	free(own);
	return &entity;
}

static void
is(const char *value, const char *wanted, const char *charset, const char *boundary)
{
	const email__entity *e = type(value);

	assert_string_equal(e->type, wanted);
	assert_string_equal(e->charset, charset);
	assert_int_equal(e->boundary_n, strlen(boundary));
	assert_memory_equal(e->boundary, boundary, e->boundary_n);
}

static void
types(void **state)
{
	(void)state;
	is("Text/HTML; charset=UTF-8", "text/html", "utf-8", "");
	is(" multipart/Mixed;boundary=aB", "multipart/mixed", "", "aB");
	is("text/plain (a (nested \\) one)) ; (x) charset (y) = (z) \"us-ascii\" (w)", "text/plain",
	   "us-ascii", "");
	is("multipart/mixed;\r\n\tcharset=x;\r\n boundary=\"a b\\\"c\"", "multipart/mixed", "x", "a b\"c");
	is("multipart/mixed; boundary=\"fol\r\n ded \"", "multipart/mixed", "", "fol ded");
	is("text/plain; charset=us-ascii (Plain text)", "text/plain", "us-ascii", "");
	is("text / plain", "text/plain", "", "");
	is("text/plain;", "text/plain", "", "");
	is("text/plain; ; =x; charset=a", "text/plain", "a", "");
	is("text/plain charset=a", "text/plain", "a", "");
	is("text/plain(x)charset=a", "text/plain", "a", "");
}

/* What should have been quoted, or closed. */
static void
lenient(void **state)
{
	(void)state;
	is("multipart/mixed; boundary=----=_Part/1:2?(3); charset=b", "multipart/mixed", "b",
	   "----=_Part/1:2?(3)");
	is("multipart/mixed; boundary=\"open", "multipart/mixed", "", "open");
	is("multipart/mixed; boundary=\"open\\", "multipart/mixed", "", "open\\");
	is("multipart/mixed; boundary", "multipart/mixed", "", "");
	is("multipart/mixed; boundary=", "multipart/mixed", "", "");
	is("multipart/mixed; (boundary=a", "multipart/mixed", "", "");
	is("multipart/mixed; xboundary=a; boundaryx=b", "multipart/mixed", "", "");
}

static void
first_counts(void **state)
{
	(void)state;
	is("multipart/mixed; boundary=a; boundary=b; Boundary*=c'd'e", "multipart/mixed", "", "a");
	email__entity_type(&entity, "text/html; charset=x", 20);
	assert_string_equal(entity.type, "multipart/mixed");
	assert_string_equal(entity.charset, "");
	email__entity_encoding(&entity, "Base64 ", 7);
	email__entity_encoding(&entity, "7bit", 4);
	assert_string_equal(entity.encoding, "base64");
}

static void
sections(void **state)
{
	(void)state;
	is("multipart/mixed; boundary*0=ab; boundary*1=\"c d\"; boundary*3=no", "multipart/mixed", "",
	   "abc d");
	is("multipart/mixed; boundary*0*=us-ascii'en'a%2B; boundary*1*=%3d; boundary*2=%3D",
	   "multipart/mixed", "", "a+=%3D");
	is("text/plain; charset*=us-ascii'en'KOI8-R", "text/plain", "koi8-r", "");
	is("text/plain; charset*=%4", "text/plain", "", "");
	is("text/plain; charset*1=x; charset*=''%4", "text/plain", "%4", "");
	is("text/plain; charset=x; charset*1=y", "text/plain", "x", "");
	is("text/plain; charset*99999999999=y; *0=z; *=q", "text/plain", "", "");
}

static void
broken(void **state)
{
	const char *const values[] = {"",
	                              " ",
	                              "text",
	                              "text/",
	                              "/plain",
	                              "text; charset=a",
	                              "te xt/plain",
	                              "text/pl\"ain",
	                              "(",
	                              "text/plain/x",
	                              "\xff/plain"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof values / sizeof *values; i++) {
		assert_true(type(values[i])->broken_type);
		assert_string_equal(entity.type, "text/plain");
		assert_false(entity.multipart || entity.message);
	}
	assert_false(type("text/plain;")->broken_type);
	assert_string_equal(type("text; charset=a")->charset, "a");
}

static void
kinds(void **state)
{
	(void)state;
	assert_true(type("MULTIPART/x")->multipart);
	assert_false(type("multipartx/x")->multipart);
	assert_true(type("Message/RFC822")->message);
	assert_true(type("message/global")->message);
	assert_false(type("message/delivery-status")->message);
	assert_false(type("text/rfc822-headers")->message);
	email__entity_init(&entity, true);
	assert_true(entity.message);
	assert_string_equal(entity.type, "message/rfc822");
	email__entity_type(&entity, "text/plain", 10);
	assert_false(entity.message);
}

static void
bounded(void **state)
{
	char long_type[400] = "text/", value[1000];

	(void)state;
	memset(long_type + 5, 'x', 300);
	assert_int_equal(strlen(type(long_type)->type), EMAIL__TYPE_MAX - 1);
	memset(long_type, 'x', 300);
	memcpy(long_type + 300, "/y", 3);
	assert_int_equal(strlen(type(long_type)->type), EMAIL__TYPE_MAX - 1);
	long_type[EMAIL__BOUNDARY_READ_MAX] = '\0';
	snprintf(value, sizeof value, "multipart/mixed; charset=%s; boundary=%s", long_type, long_type);
	assert_int_equal(type(value)->boundary_n, EMAIL__BOUNDARY_READ_MAX);
	assert_int_equal(strlen(entity.charset), EMAIL__CHARSET_MAX - 1);
	/* one that was cut would be another one */
	snprintf(value, sizeof value, "multipart/mixed; boundary=%sx", long_type);
	assert_int_equal(type(value)->boundary_n, 0);
}

static void
encodings(void **state)
{
	static const struct {
		const char *value, *encoding;
		bool identity, known;
	} cases[] = {
		{"", "", true, true},
		{"7BIT", "7bit", true, true},
		{" 8bit\r\n", "8bit", true, true},
		{"binary", "binary", true, true},
		{"(x) Base64;", "base64", false, true},
		{"quoted-printable (y)", "quoted-printable", false, true},
		{"x-uuencode", "x-uuencode", false, false},
		{"7bit8", "7bit8", false, false},
		{"a-name-that-is-longer-than-anything-known", "a-name-that-is-longer-than-anyt", false,
	         false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		email__entity_init(&entity, false);
		email__entity_encoding(&entity, cases[i].value, strlen(cases[i].value));
		assert_string_equal(entity.encoding, cases[i].encoding);
		assert_int_equal(email__entity_identity(&entity), cases[i].identity);
		assert_int_equal(email__entity_known(&entity), cases[i].known);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),    cmocka_unit_test(lenient),   cmocka_unit_test(first_counts),
		cmocka_unit_test(sections), cmocka_unit_test(broken),    cmocka_unit_test(kinds),
		cmocka_unit_test(bounded),  cmocka_unit_test(encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
