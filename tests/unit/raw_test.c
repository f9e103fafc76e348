/* SPDX-License-Identifier: MIT */
#include "mime/raw.h"

#include <stdlib.h>
#include <unistd.h>

#include "support/cm.h"
#include "support/failalloc.h"

static char path[] = "/tmp/raw_test_XXXXXX";

static void
write_file(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static email_code
open_text(email__raw *raw, const char *text, email_error *e)
{
	write_file(text, strlen(text));
	return email__raw_open(raw, path, e);
}

/* What goes out, in pieces of `room`. */
static void
passes(const char *in, const char *want)
{
	size_t room;

	for (room = 2; room < 80; room++) {
		unsigned char *piece = malloc(room);
		char out[4096];
		email__raw raw;
		size_t n = 0, got = 1;

		assert_int_equal(open_text(&raw, in, NULL), EMAIL_OK);
		assert_int_equal(email__raw_begin(&raw, NULL), EMAIL_OK);
		while (got) {
			assert_int_equal(email__raw_read(&raw, piece, room, &got, NULL), EMAIL_OK);
			assert_true(got <= room);
			memcpy(out + n, piece, got);
			n += got;
		}
		out[n] = '\0';
		assert_string_equal(out, want);
		assert_int_equal(raw.length, n);
		email__raw_dispose(&raw);
		free(piece);
	}
}

static void
unchanged(void **state)
{
	(void)state;
	passes("From: a@b.c\r\n\r\nbody\r\n", "From: a@b.c\r\n\r\nbody\r\n");
	passes("From: a@b.c\nX:  odd\t spacing \n\nbody\n.\n..\n",
	       "From: a@b.c\r\nX:  odd\t spacing \r\n\r\nbody\r\n.\r\n..\r\n");
	passes("From: a@b.c\r\rbody\r\n\r\r\n\nend", "From: a@b.c\r\n\r\nbody\r\n\r\n\r\n\r\nend\r\n");
	passes("From: a@b.c\n\na\rb\nc\n", "From: a@b.c\r\n\r\na\r\nb\r\nc\r\n");
	passes("From: a@b.c", "From: a@b.c\r\n");
	passes("From: a@b.c\n\n", "From: a@b.c\r\n\r\n");
}

static void
hides_bcc(void **state)
{
	(void)state;
	passes("Bcc: x@y.z\r\nTo: a@b.c\r\n\r\nBcc: body@x.y\r\n", "To: a@b.c\r\n\r\nBcc: body@x.y\r\n");
	passes("To: a@b.c\nBCC : x@y.z,\n q@r.s\n\t\nX: y\nResent-Bcc: r@s.t\n\nbody",
	       "To: a@b.c\r\nX: y\r\n\r\nbody\r\n");
	passes("To: a@b.c\rbcc:\r x@y.z", "To: a@b.c\r\n");
	passes("X: 1\nBcc: a@b.c\nBcc: d@e.f\nBccx: y\n\n", "X: 1\r\nBccx: y\r\n\r\n");
}

static void
envelope(void **state)
{
	email__raw raw;

	(void)state;
	assert_int_equal(open_text(&raw,
	                           "From: A <a@b.c>\nTo: d@e.f,\n G: h@i.j;\nTo: k@l.m\ncc:\nBcc: n@o.p\n"
	                           "Message-ID: <1@x> (c)\nSubject: =?utf-8?q?K=C3=BChlung?=\n "
	                           "=?utf-8?q?_2?= aus\n\nFrom: no@no.no\n",
	                           NULL),
	                 EMAIL_OK);
	assert_int_equal(raw.from.count, 1);
	assert_int_equal(raw.to.count, 3);
	assert_string_equal(raw.to.item[1].address, "h@i.j");
	assert_int_equal(raw.cc.count, 0);
	assert_string_equal(raw.bcc.item[0].address, "n@o.p");
	assert_string_equal(raw.message_id, "<1@x>");
	assert_string_equal(raw.subject, "K\xC3\xBChlung 2 aus");
	assert_false(raw.eight_bit || raw.utf8);
	email__raw_dispose(&raw);
	assert_int_equal(open_text(&raw, "From: a@b.c\n\n\xFC\n", NULL), EMAIL_OK);
	assert_true(raw.eight_bit && !raw.utf8);
	email__raw_dispose(&raw);
	assert_int_equal(open_text(&raw, "From: a@b.c\nSubject: \xC3\xBC\n\n", NULL), EMAIL_OK);
	assert_true(raw.eight_bit && raw.utf8);
	email__raw_dispose(&raw);
	/* Latin-1 in a header: SMTPUTF8 would not make it right */
	assert_int_equal(open_text(&raw, "From: a@b.c\nSubject: \xFC\n\n", NULL), EMAIL_OK);
	assert_true(raw.eight_bit && !raw.utf8);
	email__raw_dispose(&raw);
	/* a list that cannot be read matters only where it is needed */
	assert_int_equal(open_text(&raw, "From: a@b.c\nX: y\nTo: not an address\n\n", NULL), EMAIL_OK);
	assert_int_equal(raw.defect.code, EMAIL_E_MESSAGE);
	assert_int_equal(raw.defect.line, 3);
	email__raw_dispose(&raw);
}

static void
refused(void **state)
{
	static const struct {
		const char *text;
		int line;
	} bad[] = {{"", 1},
	           {"\n\nbody", 1},
	           {"just text\n", 1},
	           {" folded: x\n", 1},
	           {"From a@b.c Tue\nFrom: a@b.c\n\n", 1},
	           {"From: a@b.c\nno colon\n\n", 2},
	           {"From: a@b.c\n: x\n\n", 2},
	           {"From: a@b.c\n\xC3\xA9: x\n\n", 2}};
	email__raw raw;
	email_error e;
	char line[1100] = "From: a@b.c\n\n";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		memset(&e, 0, sizeof e);
		assert_int_equal(open_text(&raw, bad[i].text, &e), EMAIL_E_MESSAGE);
		assert_int_equal(e.line, bad[i].line);
		assert_string_equal(e.file, path);
		assert_null(raw.path);
	}
	write_file("From: a@b.c\n\nx\0y\n", 17);
	assert_int_equal(email__raw_open(&raw, path, NULL), EMAIL_E_MESSAGE);
	memset(line + 13, 'x', 998);
	memcpy(line + 13 + 998, "\n", 2);
	assert_int_equal(open_text(&raw, line, NULL), EMAIL_OK);
	email__raw_dispose(&raw);
	memcpy(line + 13 + 998, "x\n", 3);
	assert_int_equal(open_text(&raw, line, NULL), EMAIL_E_MESSAGE);
	assert_int_equal(email__raw_open(&raw, "/nonexistent/file", NULL), EMAIL_E_FILE);
	assert_int_equal(email__raw_open(&raw, "/tmp", NULL), EMAIL_E_FILE);
}

static void
limits(void **state)
{
	size_t n = 0, i, size = 400000;
	char *text = malloc(size);
	email__raw raw;

	(void)state;
	for (i = 0; i < 17; i++)
		n += (size_t)snprintf(text + n, size - n, "Bcc: a@b.c\n");
	assert_int_equal(open_text(&raw, text, NULL), EMAIL_E_LIMIT);
	for (n = 0; n < 300000;)
		n += (size_t)snprintf(text + n, size - n, "X-Long: %0800d\n", 1);
	assert_int_equal(open_text(&raw, text, NULL), EMAIL_E_LIMIT);
	for (n = (size_t)snprintf(text, size, "To: a@b.c"), i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, size - n, ",\n a%zu@b.c", i);
	assert_int_equal(open_text(&raw, text, NULL), EMAIL_E_LIMIT);
	free(text);
}

static void
must_stay_the_same(void **state)
{
	unsigned char out[512];
	email__raw raw;
	size_t got;

	(void)state;
	assert_int_equal(open_text(&raw, "From: a@b.c\n\nbody\n", NULL), EMAIL_OK);
	assert_int_equal(email__raw_check(&raw, NULL), EMAIL_OK);
	write_file("From: a@b.c\nBcc: x@y.z\n\nbody\n", 30);
	assert_int_equal(email__raw_check(&raw, NULL), EMAIL_E_FILE);
	assert_int_equal(email__raw_begin(&raw, NULL), EMAIL_OK);
	assert_int_equal(email__raw_read(&raw, out, sizeof out, &got, NULL), EMAIL_OK);
	assert_int_equal(email__raw_read(&raw, out, sizeof out, &got, NULL), EMAIL_E_FILE);
	email__raw_dispose(&raw);
}

static void
want_of_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email__raw raw;
		email_code rc;

		email_test_fail_alloc(n);
		rc = open_text(&raw,
		               "From: A <a@b.c>\nTo: d@e.f, g@h.i\nBcc: j@k.l\nMessage-ID: <1@x>\n\nbody\n",
		               NULL);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email__raw_dispose(&raw);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unchanged),     cmocka_unit_test(hides_bcc),
		cmocka_unit_test(envelope),      cmocka_unit_test(refused),
		cmocka_unit_test(limits),        cmocka_unit_test(must_stay_the_same),
		cmocka_unit_test(want_of_memory)};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
