/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "mime/message.h"
#include "support/cm.h"
#include "support/failalloc.h"

static email_message *m;
static char folder[] = "/tmp/attach_test_XXXXXX", path[64];

static int
setup(void **state)
{
	(void)state;
	m = email_message_new();
	return m ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	email_message_free(m);
	return 0;
}

static void
refuses(email_code got, email_code want, const char *property)
{
	const email_error *e = email_message_error(m);

	assert_int_equal(got, want);
	assert_int_equal(e->code, want);
	assert_string_equal(e->property, property);
	assert_true(e->text[0] != '\0');
}

static long
nothing(void *context, void *buffer, size_t size)
{
	(void)context, (void)buffer, (void)size;
	return 0;
}

/* What is kept of each of the six: a copy of all that the caller gave. */
static void
each_kind(void **state)
{
	char name[] = "a.png", data[] = "1234";
	size_t i;

	(void)state;
	assert_int_equal(email_message_attach_file(m, path, NULL), EMAIL_OK);
	assert_int_equal(email_message_attach_data(m, name, NULL, data, 4), EMAIL_OK);
	assert_int_equal(email_message_attach_stream(m, name, NULL, nothing, NULL, data), EMAIL_OK);
	assert_int_equal(email_message_inline_file(m, path, "image/png", "one"), EMAIL_OK);
	assert_int_equal(email_message_inline_data(m, name, "image/x-png", data, 4, "two"), EMAIL_OK);
	assert_int_equal(email_message_inline_stream(m, name, NULL, nothing, NULL, data, "three"), EMAIL_OK);
	memset(name, 'x', 5);
	memset(data, 'x', 4);
	assert_int_equal(m->part_count, 6);
	for (i = 0; i < 6; i++) {
		const email__part *p = m->parts[i];

		assert_string_equal(p->name, i % 3 ? "a.png" : "file.txt");
		assert_string_equal(p->type, i == 0 ? "text/plain" : i == 4 ? "image/x-png" : "image/png");
		assert_int_equal(p->shown, i > 2);
		if (i > 2)
			assert_string_equal(p->content_id, i == 3 ? "one" : i == 4 ? "two" : "three");
		else
			assert_null(p->content_id);
		assert_int_equal(p->content.encoding, EMAIL__ENCODING_BASE64);
	}
	assert_memory_equal(m->parts[4]->content.data, "1234", 4);
	assert_string_equal(m->parts[3]->content.path, path);
	assert_ptr_equal(m->parts[5]->content.context, data);
	/* no bytes at all */
	assert_int_equal(email_message_attach_data(m, "empty", NULL, NULL, 0), EMAIL_OK);
}

static void
arguments(void **state)
{
	(void)state;
	refuses(email_message_attach_file(m, NULL, NULL), EMAIL_E_USAGE, "attachment");
	refuses(email_message_attach_data(m, NULL, NULL, "x", 1), EMAIL_E_USAGE, "attachment");
	refuses(email_message_attach_data(m, "x", NULL, NULL, 1), EMAIL_E_USAGE, "attachment");
	refuses(email_message_attach_stream(m, "x", NULL, NULL, NULL, NULL), EMAIL_E_USAGE, "attachment");
	refuses(email_message_inline_file(m, NULL, NULL, "x"), EMAIL_E_USAGE, "inline");
	refuses(email_message_inline_data(m, "x", NULL, NULL, 1, "x"), EMAIL_E_USAGE, "inline");
	refuses(email_message_inline_stream(m, "x", NULL, NULL, NULL, NULL, "x"), EMAIL_E_USAGE, "inline");
	assert_int_equal(m->part_count, 0);
}

static void
content_ids(void **state)
{
	(void)state;
	assert_int_equal(email_message_inline_data(m, "x", NULL, "x", 1, "logo"), EMAIL_OK);
	refuses(email_message_inline_file(m, path, NULL, "logo"), EMAIL_E_MESSAGE, "inline");
	refuses(email_message_inline_data(m, "x", NULL, "x", 1, "logo"), EMAIL_E_MESSAGE, "inline");
	refuses(email_message_inline_stream(m, "x", NULL, nothing, NULL, NULL, "logo"), EMAIL_E_MESSAGE,
	        "inline");
	refuses(email_message_inline_data(m, "x", NULL, "x", 1, "<logo>"), EMAIL_E_MESSAGE, "inline");
	refuses(email_message_inline_data(m, "x", NULL, "x", 1, ""), EMAIL_E_MESSAGE, "inline");
	assert_int_equal(email_message_inline_data(m, "x", NULL, "x", 1, "Logo"), EMAIL_OK);
}

/* From any name that a file may have. */
static void
made_content_ids(void **state)
{
	static const char *const cases[][2] = {
		{"logo.png", "logo.png"},
		{"my logo.png", "my_logo.png"},
		{"K\xC3\xBChlung \xE5\x86\xB7\xE5\x8D\xB4.gif", "K_hlung___.gif"},
		{"a%20b&c#d?<e>\"f\\.png", "a_20b_c_d__e__f_.png"},
		{"logo@2x+1-a_b", "logo@2x+1-a_b"},
		{"my_logo.png", "my_logo.png-2"},
		{"my-logo.png", "my-logo.png"},
		{"my\xC2\xA0logo.png", "my_logo.png-3"},
	};
	char name[EMAIL__FILE_NAME_MAX + 1];
	size_t i, n = sizeof cases / sizeof *cases;

	(void)state;
	for (i = 0; i < n; i++) {
		assert_int_equal(email_message_inline_data(m, cases[i][0], NULL, "x", 1, NULL), EMAIL_OK);
		assert_string_equal(m->parts[i]->content_id, cases[i][1]);
	}
	memset(name, 'x', EMAIL__FILE_NAME_MAX);
	name[EMAIL__FILE_NAME_MAX] = '\0';
	assert_int_equal(email_message_inline_data(m, name, NULL, "x", 1, NULL), EMAIL_OK);
	assert_int_equal(email_message_inline_stream(m, name, NULL, nothing, NULL, NULL, NULL), EMAIL_OK);
	assert_true(email__content_id_valid(m->parts[n + 1]->content_id));
	assert_int_equal(email_message_inline_file(m, path, NULL, NULL), EMAIL_OK);
	assert_string_equal(m->parts[n + 2]->content_id, "file.txt");
}

static void
types(void **state)
{
	(void)state;
	assert_int_equal(email_message_attach_data(m, "a.eml", NULL, "x", 1), EMAIL_OK);
	assert_string_equal(m->parts[0]->type, "application/octet-stream");
	assert_int_equal(email_message_attach_data(m, "a.csv", "text/csv; charset=iso-8859-1", "x", 1),
	                 EMAIL_OK);
	assert_string_equal(m->parts[1]->type, "text/csv; charset=iso-8859-1");
	refuses(email_message_attach_data(m, "a.eml", "message/rfc822", "x", 1), EMAIL_E_MESSAGE,
	        "attachment");
	assert_non_null(strstr(email_message_error(m)->remedy, "application/pdf"));
	refuses(email_message_inline_data(m, "a", "multipart/mixed", "x", 1, "id"), EMAIL_E_MESSAGE,
	        "inline");
}

static void
names_from_paths(void **state)
{
	char bad[80];
	FILE *f;

	(void)state;
	snprintf(bad, sizeof bad, "%s/a\nb", folder);
	assert_non_null(f = fopen(bad, "w"));
	fclose(f);
	refuses(email_message_attach_file(m, bad, NULL), EMAIL_E_MESSAGE, "attachment");
	refuses(email_message_inline_file(m, bad, NULL, "x"), EMAIL_E_MESSAGE, "inline");
	unlink(bad);
	/* the folders' names go nowhere */
	snprintf(bad, sizeof bad, "%s/a\nb", folder);
	assert_int_equal(mkdir(bad, 0700), 0);
	snprintf(bad, sizeof bad, "%s/a\nb/fine", folder);
	assert_non_null(f = fopen(bad, "w"));
	fclose(f);
	assert_int_equal(email_message_attach_file(m, bad, NULL), EMAIL_OK);
	assert_string_equal(m->parts[0]->name, "fine");
	unlink(bad);
	*strrchr(bad, '/') = '\0';
	rmdir(bad);
	refuses(email_message_attach_file(m, folder, NULL), EMAIL_E_FILE, "attachment");
	refuses(email_message_inline_file(m, "/nonexistent/x", NULL, "x"), EMAIL_E_FILE, "inline");
}

static void
limits(void **state)
{
	char long_name[EMAIL__FILE_NAME_MAX + 2];
	int i;

	(void)state;
	memset(long_name, 'n', sizeof long_name);
	long_name[EMAIL__FILE_NAME_MAX + 1] = '\0';
	refuses(email_message_attach_data(m, long_name, NULL, "", 0), EMAIL_E_LIMIT, "attachment");
	long_name[EMAIL__FILE_NAME_MAX] = '\0';
	for (i = 0; i < EMAIL__PARTS_MAX; i++)
		assert_int_equal(email_message_attach_data(m, long_name, NULL, "", 0), EMAIL_OK);
	refuses(email_message_inline_data(m, "x", NULL, "", 0, "x"), EMAIL_E_LIMIT, "inline");
}

static void
want_of_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email_message *x;
		email_code rc;

		email_test_fail_alloc(0);
		x = email_message_new();
		email_test_fail_alloc(n);
		rc = email_message_attach_file(x, path, NULL);
		rc = rc ? rc : email_message_inline_data(x, "n", "a/b", "d", 1, "1");
		rc = rc ? rc : email_message_inline_stream(x, "n", NULL, nothing, NULL, NULL, "2");
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		assert_int_equal(email_message_error(x)->code, rc);
		email_test_fail_alloc(0);
		email_message_free(x);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 12);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(each_kind),        T(arguments),     T(content_ids),
	                                   T(made_content_ids), T(types),         T(names_from_paths),
	                                   T(limits),           T(want_of_memory)};
	FILE *f;
	int failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/file.txt", folder);
	if (!(f = fopen(path, "w")))
		return 1;
	fclose(f);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
