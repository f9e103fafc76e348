/* SPDX-License-Identifier: MIT */
#include "codec/idna.h"

#include "support/cm.h"

static email_code
convert(const char *name, char *out)
{
	const char *why = NULL;
	email_code rc = email__idna_to_ascii(name, strlen(name), out, &why);

	assert_int_equal(rc != EMAIL_OK, why != NULL);
	return rc;
}

static void
known(void **state)
{
	static const char *const c[][2] = {
		{"example.com", "example.com"},
		{"Mail.EXAMPLE.com", "mail.example.com"},
		{"localhost", "localhost"},
		{"a--b.example", "a--b.example"},
		{"münchen.de", "xn--mnchen-3ya.de"},
		{"MÜNCHEN.DE", "xn--mnchen-3ya.de"},
		{"XN--MNCHEN-3YA.de", "xn--mnchen-3ya.de"},
		{"αβγ.gr", "xn--mxacd.gr"},
		{"ΑΒΓ.gr", "xn--mxacd.gr"},
		{"почемужеонинеговорятпорусски.ru", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.ru"},
		{"Почемужеонинеговорятпорусски.ru", "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.ru"},
		{"3年b組金八先生.jp", "xn--3b-ww4c5e180e575a65lsy2b.jp"},
		{"สวัสดี.th", "xn--l3c1bib8a0a.th"},
		{"tschüß.example", "xn--tsch-yna7o.example"},
	};
	char out[EMAIL__DOMAIN_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof c / sizeof *c; i++) {
		assert_int_equal(convert(c[i][0], out), EMAIL_OK);
		assert_string_equal(out, c[i][1]);
	}
}

static void
refused(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"a..b",
		".a",
		"a.",
		"-a.b",
		"a-.b",
		"a b",
		"a_b.c",
		"a@b",
		"a\xC3.b",
		"\xFF",
		"a\xE2\x80\x8Bz.c",     /* zero width space */
		"a\xCC\x88.de",         /* a letter and a combining mark: not NFC */
		"\xD7\xA9.il",          /* Hebrew: needs the Bidi rule */
		"\xF0\x9F\x98\x80.com", /* a symbol */
		"a\xE3\x80\x82x.com",   /* the ideographic stop */
		"\xC4\xB0.tr",          /* capital dotted i: its small form depends on the language */
		"ab--\xC3\xBC.de",
		"a\tb",
		"a\x01",
		"a\r\nb",
	};
	char out[EMAIL__DOMAIN_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(convert(bad[i], out), EMAIL_E_VALUE);
}

static void
lengths(void **state)
{
	char name[600], out[EMAIL__DOMAIN_MAX + 1];
	size_t i;

	(void)state;
	memset(name, 'a', sizeof name);
	name[63] = '\0';
	assert_int_equal(convert(name, out), EMAIL_OK);
	name[63] = 'a';
	name[64] = '\0';
	assert_int_equal(convert(name, out), EMAIL_E_VALUE);
	/* 255 in all, and one more */
	memset(name, 'a', sizeof name);
	for (i = 1; i < sizeof name; i += 2)
		name[i] = '.';
	name[255] = '\0';
	assert_int_equal(convert(name, out), EMAIL_OK);
	name[255] = '.';
	name[257] = '\0';
	assert_int_equal(convert(name, out), EMAIL_E_VALUE);
	/* the bound counts what goes on the wire */
	for (i = 0; i < 62; i++)
		memcpy(name + i * 3, i % 2 ? "\xE4\xB8\x80" : "\xEA\xB0\x80", 4);
	assert_int_equal(convert(name, out), EMAIL_E_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(refused),
	                                   cmocka_unit_test(lengths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
