/* SPDX-License-Identifier: MIT */
#include "mime/decode.h"

#include <stdlib.h>

#include "support/cm.h"

#define BAD "\xEF\xBF\xBD"
#define BIT(name) (UINT64_C(1) << EMAIL_DEFECT_##name)

typedef struct collected {
	char bytes[1 << 18];
	size_t n, calls, fail_at;
	const void *last;
} collected;

static email_code
collect(void *context, const void *bytes, size_t n)
{
	collected *o = context;

	assert_true(n > 0);
	o->last = bytes;
	if (++o->calls == o->fail_at)
		return EMAIL_E_FILE;
	assert_true(o->n + n < sizeof o->bytes);
	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return EMAIL_OK;
}

static uint64_t
decode(const char *encoding, const char *charset, const char *bytes, size_t n, size_t chunk, collected *o)
{
	email__decode d;
	size_t at;

	o->n = o->calls = o->fail_at = 0;
	email__decode_begin(&d, encoding, charset, collect, o);
	for (at = 0; at < n; at += chunk)
		assert_int_equal(email__decode_push(&d, bytes + at, n - at < chunk ? n - at : chunk),
		                 EMAIL_OK);
	assert_int_equal(email__decode_end(&d), EMAIL_OK);
	assert_int_equal(d.size, o->n);
	o->bytes[o->n] = '\0';
	return d.defects;
}

static void
cases(void **state)
{
	static const struct {
		const char *encoding, *charset, *in, *out;
		uint64_t defects;
	} c[] = {
		{"", NULL, "=41 QQ==\xE9", "=41 QQ==\xE9", 0},
		{"7bit", NULL, "=41\xE9", "=41\xE9", 0},
		{"8bit", "utf-8", "\xC3\xA9", "\xC3\xA9", 0},
		{"binary", "", "\xE9", BAD, BIT(CHARSET)},
		{"x-uuencode", NULL, "=41", "=41", BIT(UNKNOWN_ENCODING)},
		{"base64", NULL, "6Q==", "\xE9", 0},
		{"base64", "iso-8859-1", "6Q==", "\xC3\xA9", 0},
		{"base64", "utf-8", "4oKs", "\xE2\x82\xAC", 0},
		{"base64", "utf-8", "4oI=", BAD, BIT(CHARSET)},
		{"base64", NULL, "Q!UFB", "AAA", BIT(BASE64)},
		{"base64", NULL, "QUF", "AA", BIT(BASE64_CUT)},
		{"quoted-printable", NULL, "=E9=\r\n=41",
	         "\xE9"
	         "A",
	         0},
		{"quoted-printable", "iso-8859-1", "=E9 \r\n ", "\xC3\xA9\r\n", 0},
		{"quoted-printable", "us-ascii", "1=2", "1=2", BIT(QUOTED_PRINTABLE)},
		{"quoted-printable", "iso-2022-jp", "=1B$B$\"=1B(B", "\xE3\x81\x82", 0},
		{"quoted-printable", "klingon", "=E9=9", BAD "=9",
	         BIT(UNKNOWN_CHARSET) | BIT(QUOTED_PRINTABLE)},
	};
	static collected o;
	size_t i, chunk;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++)
		for (chunk = 1; chunk < 20; chunk++) {
			uint64_t defects =
				decode(c[i].encoding, c[i].charset, c[i].in, strlen(c[i].in), chunk, &o);

			if (strcmp(o.bytes, c[i].out) != 0 || defects != c[i].defects)
				fail_msg("case %zu by %zu: \"%s\", %llx", i, chunk, o.bytes,
				         (unsigned long long)defects);
		}
}

/* What need not be touched is handed on where it lies, in one piece: without charset, and valid UTF-8. */
static void
nothing_is_copied(void **state)
{
	static char in[100000];
	static collected o;

	(void)state;
	memset(in, 'a', sizeof in);
	decode("8bit", NULL, in, sizeof in, sizeof in, &o);
	assert_ptr_equal(o.last, in);
	assert_int_equal(o.calls, 1);
	decode("8bit", "utf-8", in, sizeof in, sizeof in, &o);
	assert_ptr_equal(o.last, in);
	assert_int_equal(o.calls, 1);
}

/* Over the size of the buffers, in pieces around it. */
static void
long_bodies(void **state)
{
	static const char *const encodings[] = {"", "base64", "quoted-printable"};
	static const char *const charsets[] = {NULL, "utf-8", "iso-8859-1", "iso-8859-5"};
	static char in[60000];
	static collected whole, o;
	size_t e, k, i;

	(void)state;
	for (e = 0; e < 3; e++) {
		for (i = 0; i < sizeof in; i++)
			in[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : (char)('A' + i * 5 % 26);
		for (i = 0; e != 1 && i + 3 < sizeof in; i += 57)
			memcpy(in + i, e ? "=E9" : "\xE9  ", 3);
		for (k = 0; k < 4; k++) {
			uint64_t defects =
				decode(encodings[e], charsets[k], in, sizeof in, sizeof in, &whole);

			assert_true(whole.n > sizeof in / 2);
			for (i = 1; i < sizeof in; i = i * 4 + 1) {
				assert_int_equal(decode(encodings[e], charsets[k], in, sizeof in, i, &o),
				                 defects);
				assert_int_equal(o.n, whole.n);
				assert_memory_equal(o.bytes, whole.bytes, o.n);
			}
		}
	}
}

static void
the_sink_may_refuse(void **state)
{
	static const char *const encodings[] = {"", "base64", "quoted-printable"};
	static const char *const charsets[] = {NULL, "utf-8", "koi8-r"};
	static char in[100000];
	static collected o;
	size_t e, k;

	(void)state;
	memset(in, 'a', sizeof in);
	for (e = 0; e < 3; e++)
		for (k = 0; k < 3; k++) {
			email__decode d;

			memset(&o, 0, sizeof o);
			o.fail_at = 1;
			email__decode_begin(&d, encodings[e], charsets[k], collect, &o);
			assert_int_equal(email__decode_push(&d, in, sizeof in), EMAIL_E_FILE);
			assert_int_equal(o.calls, 1);
			email__decode_dispose(&d);
			/* at the end: of what was held */
			memset(&o, 0, sizeof o);
			o.fail_at = 1;
			email__decode_begin(&d, "base64", charsets[k], collect, &o);
			assert_int_equal(email__decode_push(&d, "QQ", 2), EMAIL_OK);
			assert_int_equal(email__decode_end(&d), EMAIL_E_FILE);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(nothing_is_copied),
		cmocka_unit_test(long_bodies),
		cmocka_unit_test(the_sink_may_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
