/* SPDX-License-Identifier: MIT */
#include <emailservice/parse.h>

#include "support/cm.h"
#include "support/failalloc.h"

static const char message[] =
	"Subject: hi\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n";

typedef struct record {
	char text[1000];
	size_t n;
} record;

static email_code
note(void *context, const char *s, size_t n)
{
	record *r = context;

	assert_true(n < sizeof r->text - r->n);
	memcpy(r->text + r->n, s, n);
	r->n += n;
	r->text[r->n] = '\0';
	return EMAIL_OK;
}

static email_code
part(void *context, unsigned number, unsigned parent, unsigned depth)
{
	char line[40];
	int n = snprintf(line, sizeof line, "(%u %u %u ", number, parent, depth);

	return note(context, line, (size_t)n);
}

static email_code
field(void *context, const char *name, size_t name_size, const char *value, size_t value_size)
{
	note(context, name, name_size);
	note(context, "=", 1);
	note(context, value, value_size);
	return note(context, " ", 1);
}

static email_code
body(void *context, const char *type, const char *charset, const char *encoding)
{
	assert_string_equal(charset, "");
	assert_string_equal(encoding, "");
	note(context, type, strlen(type));
	return note(context, " ", 1);
}

static email_code
end(void *context, unsigned number)
{
	(void)number;
	return note(context, ")", 1);
}

static void
defect(void *context, email_defect what, unsigned number)
{
	char line[40];
	int n = snprintf(line, sizeof line, "%s %u ", email_defect_name(what), number);

	note(context, line, (size_t)n);
}

static void
push(email_parser *parser, size_t chunk)
{
	size_t i;

	for (i = 0; i < sizeof message - 1; i += chunk) {
		size_t n = sizeof message - 1 - i;

		assert_int_equal(email_parser_push(parser, message + i, n < chunk ? n : chunk), EMAIL_OK);
	}
	assert_int_equal(email_parser_end(parser), EMAIL_OK);
}

static void
messages_one_after_the_other(void **state)
{
	static const char wanted[] = "(0 0 0 Subject=hi Content-Type=multipart/mixed; boundary=b "
				     "multipart/mixed (1 0 1 text/plain x)"
				     "(2 0 1 text/plain )endBoundary 0 )";
	email_parser_events events = {part, field, body, note, end, defect};
	record r = {"", 0};
	email_parser *parser = email_parser_new(&events, &r);
	size_t chunk;

	(void)state;
	assert_non_null(parser);
	/* events are copied */
	memset(&events, 0, sizeof events);
	for (chunk = 1; chunk <= sizeof message; chunk++) {
		r.n = 0;
		push(parser, chunk);
		assert_string_equal(r.text, wanted);
		assert_int_equal(email_parser_push(parser, "x", 1), EMAIL_E_USAGE);
		email_parser_reset(parser);
	}
	/* from the middle of one */
	assert_int_equal(email_parser_push(parser, message, 90 - 20), EMAIL_OK);
	email_parser_reset(parser);
	r.n = 0;
	push(parser, 5);
	assert_string_equal(r.text, wanted);
	email_parser_free(parser);
	email_parser_free(NULL);
}

static void
no_events(void **state)
{
	email_parser_events events = {NULL, NULL, NULL, NULL, NULL, NULL};
	email_parser *parser = email_parser_new(&events, NULL);

	(void)state;
	assert_non_null(parser);
	assert_int_equal(email_parser_push(parser, NULL, 0), EMAIL_OK);
	push(parser, 3);
	email_parser_free(parser);
}

static void
memory(void **state)
{
	email_parser_events events = {NULL, NULL, NULL, NULL, NULL, NULL};
	email_parser *parser;
	int i;

	(void)state;
	email_test_fail_alloc(1);
	assert_null(email_parser_new(&events, NULL));
	email_test_fail_alloc(0);
	parser = email_parser_new(&events, NULL);
	push(parser, 1);
	i = (int)email_test_allocs();
	/* what was taken is kept */
	email_parser_reset(parser);
	push(parser, 1);
	assert_int_equal(email_test_allocs(), i);
	email_parser_free(parser);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_one_after_the_other),
		cmocka_unit_test(no_events),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
