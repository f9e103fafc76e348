/* SPDX-License-Identifier: MIT */
#include "mime/tree.h"

#include <stdlib.h>

#include "base/error.h"
#include "mime/tree_state.h"
#include "support/cm.h"
#include "support/failalloc.h"

static const char sample[] = "From: a@example.com\r\n"
			     "Subject: one\r\n"
			     " and two\r\n"
			     "X-Empty:\r\n"
			     "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
			     "\r\n"
			     "preamble\r\n"
			     "--b\r\n"
			     "Content-Type: text/plain; charset=UTF-8\r\n"
			     "\r\n"
			     "text\r\n"
			     "--b\r\n"
			     "Content-Type: message/rfc822\r\n"
			     "\r\n"
			     "Subject: inner\r\n"
			     "Content-Type: multipart/alternative; boundary=c\r\n"
			     "\r\n"
			     "--c\r\n"
			     "\r\n"
			     "plain\r\n"
			     "--c\r\n"
			     "Content-Type: text/html\r\n"
			     "Content-Transfer-Encoding: quoted-printable\r\n"
			     "\r\n"
			     "<p>=20</p>\r\n"
			     "--c--\r\n"
			     "--b\r\n"
			     "Content-Type: application/pdf\r\n"
			     "Content-Transfer-Encoding: base64\r\n"
			     "\r\n"
			     "AAAA\r\n"
			     "--b--\r\n"
			     "epilogue\r\n";

/* As a file gives it: by pieces, and `fail_at` (where not 0) ends it early or breaks it. */
typedef struct source {
	const char *bytes;
	size_t size, piece, fail_at;
	bool breaks;
} source;

static email_code
read_source(void *context, uint64_t at, void *buffer, size_t size, size_t *got)
{
	const source *s = context;

	*got = s->size - at < size ? (size_t)(s->size - at) : size;
	if (*got > s->piece)
		*got = s->piece;
	if (s->fail_at && at >= s->fail_at) {
		*got = 0;
		return s->breaks ? EMAIL_E_FILE : EMAIL_OK;
	}
	memcpy(buffer, s->bytes + at, *got);
	return EMAIL_OK;
}

static email__tree *
read_text(const char *text, size_t size, email__reader *reader)
{
	email_error e = {0};
	email__tree *t;

	*reader = (email__reader){.bytes = text, .size = size};
	t = email__tree_read(reader, &e);
	assert_non_null(t);
	assert_int_equal(e.code, EMAIL_OK);
	return t;
}

/* Two trees are the same but for what comes behind byte `size` of the message. */
static void
is_prefix(const email__tree *part, const email__tree *whole)
{
	size_t count = part->count, i;
	const email__node *last = &part->node[count - 1];

	/* an end boundary that is cut begins a part, in which there is nothing; so does an empty line */
	if (count > 1 && !last->fields && part->reader->size - last->header_at <= 2)
		count--;
	assert_true(count <= whole->count);
	for (i = 0; i < count; i++) {
		const email__node *a = &part->node[i], *b = &whole->node[i];
		const email__field *f = a->fields, *g = b->fields;

		assert_int_equal(a->part.parent, b->part.parent);
		assert_int_equal(a->part.depth, b->part.depth);
		assert_int_equal(a->header_at, b->header_at);
		assert_true(a->end_at >= a->body_at);
		/* the last field may be cut, and the part may be; all before are as they are */
		for (; f && f->next; f = f->next, g = g->next) {
			assert_non_null(g);
			assert_string_equal(f->bytes, g->bytes);
			assert_string_equal(email__field_value(f), email__field_value(g));
		}
		if (i + 1 < count)
			assert_string_equal(a->part.type, b->part.type);
	}
}

static void
shape_and_places(void **state)
{
	static const struct {
		unsigned parent, depth, first, next;
		const char *type, *encoding, *body;
		bool has_parts, within;
	} want[] = {
		{0, 0, 1, 0, "multipart/mixed", "", NULL, true, false},
		{0, 1, 0, 2, "text/plain", "", "text", false, false},
		{0, 1, 3, 6, "message/rfc822", "", NULL, true, false},
		{2, 2, 4, 0, "multipart/alternative", "", NULL, true, true},
		{3, 3, 0, 5, "text/plain", "", "plain", false, true},
		{3, 3, 0, 0, "text/html", "quoted-printable", "<p>=20</p>", false, true},
		{0, 1, 0, 0, "application/pdf", "base64", "AAAA", false, false},
	};
	email__reader reader;
	email__tree *t = read_text(sample, sizeof sample - 1, &reader);
	size_t i;

	(void)state;
	assert_int_equal(t->count, sizeof want / sizeof want[0]);
	for (i = 0; i < t->count; i++) {
		const email__node *n = &t->node[i];

		assert_int_equal(n->part.number, i);
		assert_int_equal(n->part.parent, want[i].parent);
		assert_int_equal(n->part.depth, want[i].depth);
		assert_int_equal(n->first, want[i].first);
		assert_int_equal(n->next, want[i].next);
		assert_string_equal(n->part.type, want[i].type);
		assert_string_equal(n->encoding, want[i].encoding);
		assert_int_equal(n->part.has_parts, want[i].has_parts);
		assert_int_equal(n->within, want[i].within);
		assert_int_equal(n->part.encoded_size, n->end_at - n->body_at);
		if (want[i].body) {
			assert_int_equal(n->part.encoded_size, strlen(want[i].body));
			assert_memory_equal(sample + n->body_at, want[i].body, strlen(want[i].body));
		}
	}
	assert_int_equal(t->node[0].end_at, sizeof sample - 1);
	assert_string_equal(t->node[1].part.charset, "utf-8");
	assert_int_equal(t->defects, 0);
	email__tree_free(t);
	email__tree_free(NULL);
}

static void
fields_in_their_order(void **state)
{
	email__reader reader;
	email__tree *t = read_text(sample, sizeof sample - 1, &reader);
	email__field *f = email__tree_field(t, 0, "subject");

	(void)state;
	assert_string_equal(email__tree_value(t, 0, f), "one and two");
	assert_ptr_equal(email__tree_value(t, 0, f), f->text);
	assert_null(email__tree_field(t, 0, "Subjec"));
	assert_null(email__tree_field(t, 1, "Subject"));
	assert_string_equal(email__tree_header(t, 3, "Subject"), "inner");
	assert_string_equal(email__tree_header(t, 0, "X-Empty"), "");
	assert_string_equal(email__tree_field_at(t, 0, 3)->bytes, "Content-Type");
	assert_string_equal(email__tree_field_at(t, 0, 0)->bytes, "From");
	assert_string_equal(email__tree_field_at(t, 0, 1)->bytes, "Subject");
	assert_null(email__tree_field_at(t, 0, 4));
	assert_string_equal(email__tree_field_at(t, 0, 2)->bytes, "X-Empty");
	email__tree_free(t);
}

static void
in_pieces_as_at_once(void **state)
{
	email__reader reader, pieces;
	email__tree *whole = read_text(sample, sizeof sample - 1, &reader), *t;
	source s = {.bytes = sample, .size = sizeof sample - 1};

	(void)state;
	for (s.piece = 1; s.piece <= s.size; s.piece += s.piece < 80 ? 1 : 97) {
		size_t i;

		pieces = (email__reader){.read_at = read_source, .context = &s, .size = s.size};
		t = email__tree_read(&pieces, NULL);
		assert_non_null(t);
		assert_int_equal(t->count, whole->count);
		is_prefix(t, whole);
		for (i = 0; i < t->count; i++) {
			assert_int_equal(t->node[i].body_at, whole->node[i].body_at);
			assert_int_equal(t->node[i].end_at, whole->node[i].end_at);
		}
		email__tree_free(t);
	}
	email__tree_free(whole);
}

static void
cut_at_every_byte(void **state)
{
	email__reader reader, cut;
	email__tree *whole = read_text(sample, sizeof sample - 1, &reader);
	size_t size;

	(void)state;
	for (size = 0; size < sizeof sample - 1; size++) {
		char *copy = malloc(size ? size : 1);
		email__tree *t;

		memcpy(copy, sample, size);
		t = read_text(copy, size, &cut);
		assert_true(t->count >= 1);
		is_prefix(t, whole);
		email__tree_free(t);
		free(copy);
	}
	email__tree_free(whole);
}

static void
a_file_that_breaks_or_ends(void **state)
{
	source s = {.bytes = sample, .size = sizeof sample - 1, .piece = 10};
	email__reader reader = {.read_at = read_source, .context = &s, .size = s.size};
	size_t k;

	(void)state;
	for (k = 0; k < 2; k++)
		for (s.breaks = k, s.fail_at = 1; s.fail_at < s.size - 10; s.fail_at += 10) {
			email_error e = {0};

			assert_null(email__tree_read(&reader, &e));
			assert_int_equal(e.code, EMAIL_E_FILE);
		}
}

static void
blocks_of_memory(void **state)
{
	email__reader reader;
	email__tree *t;
	char *big = malloc(100000);
	size_t n;

	(void)state;
	email_test_fail_alloc(0);
	t = read_text(sample, sizeof sample - 1, &reader);
	assert_int_equal(email_test_allocs(), 1);
	email__tree_free(t);
	assert_int_equal(email_test_blocks(), 0);
	/* a header of 20 kB */
	for (n = 0; n < 20000;)
		n += (size_t)snprintf(big + n, 100000 - n, "X-Field-%zu: %060d\r\n", n, 7);
	memcpy(big + n, sample, sizeof sample - 1);
	email_test_fail_alloc(0);
	t = read_text(big, n + sizeof sample - 1, &reader);
	assert_in_range(email_test_allocs(), 1, 3);
	email__tree_free(t);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
	free(big);
}

static void
want_of_memory(void **state)
{
	source s = {.bytes = sample, .size = sizeof sample - 1, .piece = 7};
	email__reader reader = {.read_at = read_source, .context = &s, .size = s.size};
	bool more = true;
	size_t n;

	(void)state;
	for (n = 1; more; n++) {
		email_error e = {0};
		email__tree *t;

		email_test_fail_alloc(n);
		t = email__tree_read(&reader, &e);
		more = email_test_alloc_failed();
		assert_int_equal(t == NULL, more);
		assert_int_equal(e.code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email__tree_free(t);
		assert_int_equal(email_test_blocks(), 0);
	}
	assert_true(n > 2);
	email_test_fail_alloc_off();
}

/* Headers of 1,000 parts may go over what a tree holds: the rest is left out, and it says so. */
static void
more_headers_than_a_tree_holds(void **state)
{
	static const char line[] = "X: 89012345678901234567890123456789012345678901234567890\r\n";
	size_t room = 64 * 1024 * 1024, n, i, k;
	char *text = malloc(room);
	email__reader reader;
	email__tree *t;

	(void)state;
	n = (size_t)snprintf(text, room, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (i = 0; i < 900; i++) {
		n += (size_t)snprintf(text + n, room - n, "--b\r\n");
		for (k = 0; k < 900; k++, n += sizeof line - 1)
			memcpy(text + n, line, sizeof line - 1);
		n += (size_t)snprintf(text + n, room - n, "\r\nbody\r\n");
	}
	t = read_text(text, n, &reader);
	assert_int_equal(t->count, 901);
	assert_true(t->defects >> EMAIL_DEFECT_TOO_MANY_HEADERS & 1);
	assert_int_not_equal(t->defect_part[EMAIL_DEFECT_TOO_MANY_HEADERS], 0);
	assert_true(t->arena.total <= EMAIL__TREE_MAX);
	assert_non_null(t->node[1].fields);
	assert_null(t->node[900].fields);
	assert_int_equal(t->node[900].part.encoded_size, 6); /* no end boundary: its line end is its own */
	email__tree_free(t);
	free(text);
}

/* 10,000 deep, and 10,000 parts: bounded, told, and the text before is there. */
static void
more_parts_than_a_tree_holds(void **state)
{
	size_t room = 4 * 1024 * 1024, n = 0, i;
	char *text = malloc(room);
	email__reader reader;
	email__tree *t;

	(void)state;
	for (i = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, room - n,
		                      "Content-Type: multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n", i, i);
	t = read_text(text, n, &reader);
	assert_in_range(t->count, 2, EMAIL__DEPTH_MAX + 1);
	assert_true(t->defects >> EMAIL_DEFECT_TOO_DEEP & 1);
	email__tree_free(t);

	n = (size_t)snprintf(text, room, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (i = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, room - n, "--b\r\n\r\n%zu\r\n", i);
	t = read_text(text, n, &reader);
	assert_int_equal(t->count, EMAIL__READ_PARTS_MAX);
	assert_true(t->defects >> EMAIL_DEFECT_TOO_MANY_PARTS & 1);
	email__tree_free(t);

	/* messages in messages */
	for (i = n = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, room - n, "Content-Type: message/rfc822\r\n\r\n");
	t = read_text(text, n, &reader);
	assert_in_range(t->count, 2, EMAIL__DEPTH_MAX + 1);
	assert_true(t->defects >> EMAIL_DEFECT_TOO_DEEP & 1);
	email__tree_free(t);
	free(text);
}

/* A name that is none, in bytes that are no text. */
static void
clean_names(void **state)
{
	static const char text[] = "Content-Type: text/plain; charset=\"a\xff\x1b[\"\r\n\r\n";
	email__reader reader;
	email__tree *t = read_text(text, sizeof text - 1, &reader);

	(void)state;
	assert_string_equal(t->node[0].part.charset, "a??[");
	email__tree_free(t);
}

static void
defects_keep_their_first_part(void **state)
{
	email__reader reader;
	email__tree *t = read_text(sample, sizeof sample - 1, &reader);

	(void)state;
	email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_DATE | UINT64_C(1) << EMAIL_DEFECT_REPORT, 3);
	email__tree_defects(t, UINT64_C(1) << EMAIL_DEFECT_DATE | 1, 5);
	assert_int_equal(t->defects,
	                 UINT64_C(1) << EMAIL_DEFECT_DATE | UINT64_C(1) << EMAIL_DEFECT_REPORT | 1);
	assert_int_equal(t->defect_part[EMAIL_DEFECT_DATE], 3);
	assert_int_equal(t->defect_part[EMAIL_DEFECT_REPORT], 3);
	assert_int_equal(t->defect_part[0], 5);
	email__tree_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_and_places),
		cmocka_unit_test(fields_in_their_order),
		cmocka_unit_test(in_pieces_as_at_once),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(a_file_that_breaks_or_ends),
		cmocka_unit_test(blocks_of_memory),
		cmocka_unit_test(want_of_memory),
		cmocka_unit_test(more_headers_than_a_tree_holds),
		cmocka_unit_test(more_parts_than_a_tree_holds),
		cmocka_unit_test(clean_names),
		cmocka_unit_test(defects_keep_their_first_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
