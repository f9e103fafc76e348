/* SPDX-License-Identifier: MIT */
#include "mime/content.h"

#include <stdlib.h>
#include <unistd.h>

#include "codec/base64.h"
#include "support/cm.h"

/* All of it, in pieces; false where reading failed. */
static email_code
pull(email__content *c, char *out, size_t *n, size_t room, email_error *e)
{
	unsigned char *piece = malloc(room);
	email_code rc = email__content_begin(c, e);
	size_t got = 1;

	*n = 0;
	while (rc == EMAIL_OK && got) {
		rc = email__content_read(c, piece, room, &got, e);
		if (rc == EMAIL_OK) {
			assert_true(got <= room);
			memcpy(out + *n, piece, got);
			*n += got;
		}
	}
	email__content_end(c);
	free(piece);
	return rc;
}

static void
text_figures(void **state)
{
	email__content c;
	char line[1100];

	(void)state;
	email__content_text(&c, "", 0);
	assert_true(c.length == 0 && !c.eight_bit && !c.long_lines && !c.controls);
	email__content_text(&c, "a\nb\rc\r\nd", 8);
	assert_int_equal(c.length, 10);
	assert_false(c.ends_line);
	email__content_text(&c, "\xC3\xA9\n", 3);
	assert_true(c.eight_bit && c.ends_line);
	email__content_text(&c, "\x1B", 1);
	assert_true(c.controls);
	memset(line, 'x', sizeof line);
	email__content_text(&c, line, 998);
	assert_false(c.long_lines);
	email__content_text(&c, line, 999);
	assert_true(c.long_lines);
}

static void
choice(void **state)
{
	static const struct {
		const char *text;
		bool allow;
		email__encoding encoding;
	} cases[] = {
		{"plain", false, EMAIL__ENCODING_7BIT},
		{"", false, EMAIL__ENCODING_7BIT},
		{"plain", true, EMAIL__ENCODING_7BIT},
		{"mostly plain \xC3\xA9", true, EMAIL__ENCODING_8BIT},
		{"mostly plain \xC3\xA9", false, EMAIL__ENCODING_QUOTED},
		{"\xE6\xB8\xA9\xE6\xB8\xA9\xE6\xB8\xA9", false, EMAIL__ENCODING_BASE64},
		{"a bell \x07", true, EMAIL__ENCODING_QUOTED},
		{"From here\n.\n..dots\ntrailing \t \nold\rmac\r\n", false, EMAIL__ENCODING_7BIT},
	};
	email__content c;
	char line[1010];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		email__content_text(&c, cases[i].text, strlen(cases[i].text));
		assert_int_equal(email__content_choose(&c, cases[i].allow), cases[i].encoding);
	}
	assert_string_equal(email__encoding_name(EMAIL__ENCODING_QUOTED), "quoted-printable");
	/* RFC 5322 2.1.1, whatever ends the line */
	memset(line, 'x', sizeof line);
	memcpy(line + 998, "\rx", 3);
	email__content_text(&c, line, strlen(line));
	assert_int_equal(email__content_choose(&c, true), EMAIL__ENCODING_7BIT);
	memcpy(line + 998, "x\r", 3);
	email__content_text(&c, line, strlen(line));
	assert_int_equal(email__content_choose(&c, true), EMAIL__ENCODING_QUOTED);
}

/* Each encoding, in rooms of every size, and the size is what was foretold. */
static void
text_bytes(void **state)
{
	static const char text[] = "one\ntwo\rthree\r\n\r\r\n\n\xC3\xA9 = end \n"
				   "last line without an end, and long enough "
				   "for more than one row of base64, and of quoted-printable too";
	static const char canonical[] =
		"one\r\ntwo\r\nthree\r\n\r\n\r\n\r\n\xC3\xA9 = end \r\n"
		"last line without an end, and long enough for more than one row of base64, "
		"and of quoted-printable too";
	email__content c;
	char whole[1000], out[1000];
	uint64_t size;
	size_t n, got, room;
	int encoding;

	(void)state;
	for (encoding = 0; encoding < 4; encoding++) {
		email__content_text(&c, text, sizeof text - 1);
		c.encoding = (email__encoding)encoding;
		assert_int_equal(pull(&c, whole, &n, sizeof whole, NULL), EMAIL_OK);
		assert_true(email__content_size(&c, &size) && size == n);
		for (room = EMAIL__CONTENT_ROOM; room < 300; room++) {
			assert_int_equal(pull(&c, out, &got, room, NULL), EMAIL_OK);
			assert_int_equal(got, n);
			assert_memory_equal(out, whole, n);
		}
		if (encoding == EMAIL__ENCODING_8BIT) {
			assert_int_equal(n, sizeof canonical - 1);
			assert_memory_equal(whole, canonical, n);
		}
	}
}

static void
data_bytes(void **state)
{
	size_t n, got, len;

	(void)state;
	for (n = 0; n < 300; n += 19) {
		unsigned char data[300], want[600];
		char out[600];
		email__content c = {.kind = EMAIL__CONTENT_DATA,
		                    .encoding = EMAIL__ENCODING_BASE64,
		                    .data = (char *)data,
		                    .size = n};
		uint64_t size;
		size_t i;

		for (i = 0; i < n; i++)
			data[i] = (unsigned char)(i * 7);
		len = email__base64_rows(want, data, n);
		assert_int_equal(pull(&c, out, &got, 150, NULL), EMAIL_OK);
		assert_int_equal(got, len);
		assert_memory_equal(out, want, len);
		assert_true(email__content_size(&c, &size) && size == len);
	}
}

static char path[] = "/tmp/content_test_XXXXXX";

static void
write_file(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void
file(void **state)
{
	email__content c = {.kind = EMAIL__CONTENT_FILE, .encoding = EMAIL__ENCODING_BASE64, .path = path};
	email_error e = {0};
	char out[300];
	uint64_t size;
	size_t n;

	(void)state;
	write_file("foobar", 6);
	assert_int_equal(email__content_check(&c, &e), EMAIL_OK);
	assert_true(email__content_size(&c, &size) && size == 10);
	assert_int_equal(pull(&c, out, &n, 200, &e), EMAIL_OK);
	assert_memory_equal(out, "Zm9vYmFy\r\n", 10);
	/* it must be the same: longer, shorter and gone are seen before, and while it goes out */
	write_file("foobar!", 7);
	assert_int_equal(email__content_check(&c, &e), EMAIL_E_FILE);
	assert_non_null(strstr(e.text, "has changed"));
	assert_int_equal(pull(&c, out, &n, 200, NULL), EMAIL_E_FILE);
	write_file("foo", 3);
	assert_int_equal(email__content_check(&c, NULL), EMAIL_E_FILE);
	assert_int_equal(pull(&c, out, &n, 200, NULL), EMAIL_E_FILE);
	unlink(path);
	assert_int_equal(email__content_check(&c, NULL), EMAIL_E_FILE);
	assert_int_equal(pull(&c, out, &n, 200, NULL), EMAIL_E_FILE);
}

typedef struct stream {
	const char *bytes;
	size_t n, at, step;
	int rewinds;
	bool broken, lies, goes_on;
} stream;

static long
stream_read(void *context, void *buffer, size_t size)
{
	stream *s = context;
	size_t n = s->n - s->at < s->step ? s->n - s->at : s->step;

	if (s->broken)
		return -1;
	if (s->lies)
		return (long)size + 1;
	n = n < size ? n : size;
	/* as a terminal that gives more behind an end */
	if (s->goes_on && n == 0)
		s->at = 0;
	memcpy(buffer, s->bytes + s->at, n);
	s->at += n;
	return (long)n;
}

static int
stream_rewind(void *context)
{
	stream *s = context;

	s->at = 0;
	s->rewinds++;
	return s->broken ? -1 : 0;
}

static void
streams(void **state)
{
	stream s = {.bytes = "the quick brown fox jumps over the lazy dog, and once more over it, and again",
	            .n = 77};
	email__content c = {.kind = EMAIL__CONTENT_STREAM,
	                    .encoding = EMAIL__ENCODING_BASE64,
	                    .read = stream_read,
	                    .rewind = stream_rewind,
	                    .context = &s};
	char first[300], out[300];
	uint64_t size;
	size_t n, got;

	(void)state;
	assert_false(email__content_size(&c, &size));
	s.step = 1000;
	assert_int_equal(pull(&c, first, &n, 200, NULL), EMAIL_OK);
	assert_int_equal(s.rewinds, 0);
	/* however it comes: rows are whole */
	for (s.step = 1; s.step < 80; s.step++) {
		assert_int_equal(pull(&c, out, &got, 200, NULL), EMAIL_OK);
		assert_int_equal(got, n);
		assert_memory_equal(out, first, n);
	}
	assert_int_equal(s.rewinds, 79);
	/* the end is the end: bytes behind it would stand behind a row cut short */
	s.goes_on = true;
	assert_int_equal(pull(&c, out, &got, 200, NULL), EMAIL_OK);
	assert_int_equal(got, n);
	s.goes_on = false;
	s.lies = true;
	assert_int_equal(pull(&c, out, &got, 200, NULL), EMAIL_E_FILE);
	s.lies = false;
	s.broken = true;
	assert_int_equal(pull(&c, out, &got, 200, NULL), EMAIL_E_FILE);
	/* once only */
	s.broken = false;
	c.rewind = NULL;
	assert_int_equal(email__content_check(&c, NULL), EMAIL_E_MESSAGE);
	assert_int_equal(pull(&c, out, &got, 200, NULL), EMAIL_E_MESSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(text_figures), cmocka_unit_test(choice),
	                                   cmocka_unit_test(text_bytes),   cmocka_unit_test(data_bytes),
	                                   cmocka_unit_test(file),         cmocka_unit_test(streams)};
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
