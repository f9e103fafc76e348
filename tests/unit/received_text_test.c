/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static char folder[] = "/tmp/received_text_XXXXXX", path[64];

static email_message *
read_bytes(const char *text, size_t n)
{
	email_message *m = email_message_read_data(text, n, NULL);

	assert_non_null(m);
	return m;
}

#define READ(literal) read_bytes("" literal, sizeof literal - 1)

typedef struct gathered {
	char bytes[4096];
	size_t n, calls, stop_at;
} gathered;

static email_code
gather(void *context, const void *bytes, size_t n)
{
	gathered *g = context;

	if (++g->calls == g->stop_at)
		return EMAIL_E_CANCELLED;
	assert_true(n <= sizeof g->bytes - g->n);
	memcpy(g->bytes + g->n, bytes, n);
	g->n += n;
	return EMAIL_OK;
}

static void
part_is(email_message *m, unsigned number, bool utf8, const char *want, size_t n)
{
	gathered g = {.n = 0};

	assert_int_equal(email_message_part_read(m, number, utf8, gather, &g), EMAIL_OK);
	assert_int_equal(g.n, n);
	assert_memory_equal(g.bytes, want, n);
}

static void
contents(void **state)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
				   "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
				   "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
				   "gr=FC=DFe=\r\n!\r\n\r\n"
				   "--b\r\nContent-Type: application/x; charset=iso-8859-1\r\n"
				   "Content-Transfer-Encoding: base64\r\n\r\n"
				   "AP8=\r\n"
				   "--b--\r\n";
	email_message *m = read_bytes(text, sizeof text - 1);
	gathered g = {.stop_at = 1}, whole = {.n = 0};

	(void)state;
	part_is(m, 1, false,
	        "gr\xfc\xdf"
	        "e!\r\n",
	        8);
	part_is(m, 1, true,
	        "gr\xc3\xbc\xc3\x9f"
	        "e!\r\n",
	        10);
	assert_string_equal(email_message_text(m), "gr\xc3\xbc\xc3\x9f"
	                                           "e!\n");
	/* bytes are bytes, whatever charset is named */
	part_is(m, 2, true, "\0\xff", 2);
	/* a multipart as it stands */
	part_is(m, 0, true, text + 45, sizeof text - 1 - 45);
	assert_int_equal(email_message_read(m, gather, &whole), EMAIL_OK);
	assert_int_equal(whole.n, sizeof text - 1);
	assert_memory_equal(whole.bytes, text, whole.n);
	/* the sink's word counts */
	assert_int_equal(email_message_part_read(m, 1, true, gather, &g), EMAIL_E_CANCELLED);
	assert_int_equal(email_message_error(m)->code, EMAIL_E_CANCELLED);
	assert_int_equal(email_message_part_read(m, 3, true, gather, &g), EMAIL_E_USAGE);
	email_message_free(m);
}

static void
text_is(const char *message, size_t n, const char *want)
{
	email_message *m = read_bytes(message, n);

	assert_string_equal(email_message_text(m), want);
	/* it is kept */
	assert_ptr_equal(email_message_text(m), email_message_text(m));
	email_message_free(m);
}

#define TEXT(literal, want) text_is("A: b\r\n\r\n" literal, sizeof("A: b\r\n\r\n" literal) - 1, want)

static void
plain_texts(void **state)
{
	(void)state;
	TEXT("", "");
	TEXT("a\r\nb\nc\rd\r\r\ne", "a\nb\nc\nd\n\ne");
	TEXT("tab\t nul\0 bell\a escape\033[31m delete\177.", "tab\t nul bell escape[31m delete.");
	/* controls of the second kind: U+0085, U+009B; U+00A0 is none */
	TEXT("\xc2\x85"
	     "a\xc2\x9b"
	     "b\xc2\xa0"
	     "c\xc3\x85",
	     "ab\xc2\xa0"
	     "c\xc3\x85");
}

/* Longer than the bound by `over` bytes, of characters of `width`. */
static void
cut_text(size_t width, size_t over, size_t want)
{
	static const char *const character[] = {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	size_t n = EMAIL__TEXT_READ_MAX + over, i;
	char *text = malloc(n + 64);
	email_message *m;
	const char *got;
	size_t at = (size_t)sprintf(text, "A: b\r\n\r\n");

	/* an odd beginning, so that borders fall anywhere */
	for (i = 0; i < n % width; i++)
		text[at + i] = 'x';
	for (; i < n; i += width)
		memcpy(text + at + i, character[width], width);
	m = read_bytes(text, at + n);
	got = email_message_text(m);
	assert_non_null(got);
	assert_int_equal(strlen(got), want);
	assert_memory_equal(got, text + at, want);
	assert_int_equal(email_message_defect(m, EMAIL_DEFECT_TEXT_TOO_LONG, NULL), over > 0);
	email_message_free(m);
	free(text);
}

static void
long_texts(void **state)
{
	size_t most = EMAIL__TEXT_READ_MAX, width, over;

	(void)state;
	cut_text(1, 0, most);
	cut_text(1, 1, most);
	cut_text(1, 100000, most);
	for (width = 2; width <= 4; width++)
		for (over = 1; over <= width; over++)
			cut_text(width, over, most + over - (over + width - 1) / width * width);
}

static void
saves(void **state)
{
	static const char text[] =
		"Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nAQID\r\n";
	char got[16], hex[EMAIL_DIGEST_SIZE];
	email_message *m = read_bytes(text, sizeof text - 1);
	struct stat st;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/saved", folder);
	assert_int_equal(email_message_part_save(m, 0, path), EMAIL_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	f = fopen(path, "rb");
	assert_int_equal(fread(got, 1, sizeof got, f), 3);
	assert_memory_equal(got, "\1\2\3", 3);
	fclose(f);
	/* what is there stays */
	assert_int_equal(email_message_part_save(m, 0, path), EMAIL_E_FILE);
	assert_int_equal(email_message_error(m)->code, EMAIL_E_FILE);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	assert_int_equal(email_message_part_save(m, 0, "/nowhere/at/all"), EMAIL_E_FILE);
	assert_int_equal(email_message_part_digest(m, 0, hex), EMAIL_OK);
	assert_string_equal(hex, "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
	assert_int_equal(email_message_part_digest(m, 1, hex), EMAIL_E_USAGE);
	assert_string_equal(hex, "");
	email_message_free(m);
}

/* The message's file is cut while an attachment is saved: none is left behind. */
static void
leaves_no_half_file(void **state)
{
	char from[64];
	email_message *m;
	struct stat st;
	FILE *f;
	size_t i;

	(void)state;
	snprintf(from, sizeof from, "%s/message", folder);
	snprintf(path, sizeof path, "%s/half", folder);
	f = fopen(from, "wb");
	fputs("Content-Type: application/x\r\n\r\n", f);
	for (i = 0; i < 300000; i++)
		fputc('x', f);
	fclose(f);
	m = email_message_read_file(from, NULL);
	assert_non_null(m);
	assert_int_equal(truncate(from, 200000), 0);
	assert_int_equal(email_message_part_save(m, 0, path), EMAIL_E_FILE);
	assert_int_not_equal(stat(path, &st), 0);
	email_message_free(m);
	unlink(from);
}

static void
want_of_memory(void **state)
{
	bool more = true;
	size_t n;

	(void)state;
	snprintf(path, sizeof path, "%s/memory", folder);
	for (n = 1; more; n++) {
		email_message *m =
			READ("Content-Type: text/plain; charset=koi8-r\r\n\r\n\xc1\xc2\xc3 text\r\n");
		const char *text;
		struct stat st;

		email_test_fail_alloc(n);
		text = email_message_text(m);
		more = email_test_alloc_failed();
		assert_int_equal(text == NULL, more);
		assert_int_equal(email_message_error(m)->code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc(n);
		if (email_message_part_save(m, 0, path)) {
			assert_int_equal(email_message_error(m)->code, EMAIL_E_MEMORY);
			assert_int_not_equal(stat(path, &st), 0);
		}
		more = more || email_test_alloc_failed();
		email_test_fail_alloc_off();
		unlink(path);
		assert_non_null(email_message_text(m));
		email_message_free(m);
	}
	assert_true(n > 2);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents),
		cmocka_unit_test(plain_texts),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(saves),
		cmocka_unit_test(leaves_no_half_file),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
