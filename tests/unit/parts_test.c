/* SPDX-License-Identifier: MIT */
#include "mime/parts.h"

#include <stdlib.h>

#include "support/cm.h"

static char said[4096];

static void
say(const char *what, unsigned a, unsigned b)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof said - n, "%s %u %u;", what, a, b);
}

static email_code
part(void *context, unsigned number, unsigned parent, unsigned depth)
{
	(void)context;
	say("part", number, parent);
	return depth <= EMAIL__DEPTH_MAX ? EMAIL_OK : EMAIL_E_LIMIT;
}

static email_code
end(void *context, unsigned number)
{
	email__parse *p = context;

	say("end", number, (unsigned)p->end_at);
	return EMAIL_OK;
}

static void
defect(void *context, email_defect what, unsigned number)
{
	(void)context;
	say(email_defect_name(what), number, 0);
}

static void
begin(email__parse *p)
{
	static const email_parser_events events = {part, NULL, NULL, NULL, end, defect};

	said[0] = '\0';
	email__parse_init(p, &events, p);
	assert_int_equal(email__parts_begin(p, 0, false), EMAIL_OK);
}

static void
body(email__parse *p, const char *type, const char *encoding)
{
	email__entity_type(&p->entity, type, strlen(type));
	email__entity_encoding(&p->entity, encoding, strlen(encoding));
	assert_int_equal(email__parts_body(p, 5), EMAIL_OK);
}

static void
opens(void **state)
{
	static const struct {
		const char *type, *encoding, *said;
		email__parse_state next;
	} cases[] = {
		{"text/plain", "base64", "part 0 0;", EMAIL__PARSE_LEAF},
		{"x", "", "part 0 0;contentType 0 0;", EMAIL__PARSE_LEAF},
		{"text/plain", "x", "part 0 0;unknownEncoding 0 0;", EMAIL__PARSE_LEAF},
		{"multipart/x", "7bit", "part 0 0;noBoundary 0 0;", EMAIL__PARSE_LEAF},
		{"multipart/x;boundary=b", "8bit", "part 0 0;", EMAIL__PARSE_BETWEEN},
		{"multipart/x;boundary=b", "x", "part 0 0;encodedMultipart 0 0;", EMAIL__PARSE_BETWEEN},
		{"message/rfc822", "binary", "part 0 0;part 1 0;", EMAIL__PARSE_HEADER},
		{"message/global", "base64", "part 0 0;encodedMultipart 0 0;", EMAIL__PARSE_LEAF},
		{"message/rfc822", "x", "part 0 0;encodedMultipart 0 0;", EMAIL__PARSE_LEAF},
		{"message/delivery-status", "", "part 0 0;", EMAIL__PARSE_LEAF},
	};
	email__parse p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(&p);
		body(&p, cases[i].type, cases[i].encoding);
		assert_string_equal(said, cases[i].said);
		assert_int_equal(p.state, cases[i].next);
		assert_int_equal(p.open, cases[i].next == EMAIL__PARSE_BETWEEN);
		assert_int_equal(p.body_at, 5);
	}
}

static void
finds(void **state)
{
	static const struct {
		const char *line;
		int level;
		bool final;
	} cases[] = {
		{"--a", 0, false},       {"--ab", 1, false},     {"--ab--", 1, true}, {"--a--", 0, true},
		{"--a \t \r", 0, false}, {"--ab-- \r", 1, true}, {"--", -1, false},   {"--\r", -1, false},
		{"-- ", -1, false},      {"----", -1, false},    {"--b", -1, false},  {"--abc", -1, false},
		{"--ab-", -1, false},    {"--a-b", -1, false},   {"--A", -1, false},  {"--a --", -1, false},
		{"--a\r\r", -1, false},  {"--ab---", -1, false},
	};
	email__parse p;
	size_t i;

	(void)state;
	begin(&p);
	body(&p, "multipart/x;boundary=a", "");
	assert_int_equal(email__parts_turn(&p, 0, false, 0, 9), EMAIL_OK);
	body(&p, "multipart/x;boundary=ab", "");
	assert_int_equal(p.open, 2);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].line);
		char *own = malloc(n);
		bool final = false;

		assert_non_null(own);
		memcpy(own, cases[i].line, n);
		assert_int_equal(email__parts_find(&p, own, n, &final), cases[i].level);
		if (cases[i].level >= 0)
			assert_int_equal(final, cases[i].final);
		free(own);
	}
}

static void
turns(void **state)
{
	bool final;
	email__parse p;

	(void)state;
	begin(&p);
	body(&p, "multipart/digest;boundary=a", "");
	assert_int_equal(email__parts_turn(&p, 0, false, 8, 9), EMAIL_OK);
	assert_true(p.entity.message);
	assert_int_equal(p.header_at, 9);
	body(&p, "multipart/x;boundary=b", "");
	assert_int_equal(email__parts_turn(&p, 1, false, 8, 19), EMAIL_OK);
	assert_false(p.entity.message);
	assert_int_equal(email__parts_turn(&p, 0, true, 28, 29), EMAIL_OK);
	assert_string_equal(said, "part 0 0;part 1 0;part 2 1;end 2 28;endBoundary 1 0;end 1 28;");
	assert_int_equal(p.open, 0);
	assert_int_equal(p.state, EMAIL__PARSE_BETWEEN);
	/* an end is an end */
	assert_int_equal(email__parts_find(&p, "--a", 3, &final), -1);
	assert_int_equal(email__parts_end(&p, 0, 30), EMAIL_OK);
	assert_string_equal(strstr(said, "end 1 28;"), "end 1 28;end 0 30;");
}

static void
at_most_once(void **state)
{
	email__parse p;

	(void)state;
	begin(&p);
	email__parts_tell(&p, EMAIL_DEFECT_NUL);
	email__parts_tell(&p, EMAIL_DEFECT_REPORT);
	email__parts_tell(&p, EMAIL_DEFECT_NUL);
	assert_string_equal(said, "part 0 0;nul 0 0;report 0 0;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(finds),
		cmocka_unit_test(turns),
		cmocka_unit_test(at_most_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
