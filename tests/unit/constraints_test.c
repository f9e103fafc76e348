/* SPDX-License-Identifier: MIT */
/* RFC 5280 4.2.1.10, on certificates that hold nothing but names and constraints. */
#include "trust/constraints.h"

#include "support/cm.h"

#define NC EMAIL_REASON(NAME_CONSTRAINTS)
#define UN EMAIL_REASON(UNSUPPORTED_CONSTRAINT)
#define BAD EMAIL_REASON(MALFORMED)

/* A value in DER; short lengths only. */
static size_t
put(unsigned char *out, unsigned tag, const void *p, size_t n)
{
	assert_true(n < 128);
	if (n)
		memmove(out + 2, p, n); /* the value may stand where the header goes */
	out[0] = (unsigned char)tag;
	out[1] = (unsigned char)n;
	return n + 2;
}

/* GeneralName of one form: "D:name", "I:" and hex digits, "N:" common name, "E:", "U:". */
static size_t
general_name(unsigned char *out, const char *text)
{
	unsigned char v[128];
	const char *p = text + 2;
	size_t n = strlen(p), i;

	switch (text[0]) {
	case 'D': return put(out, 0x82, p, n);
	case 'E': return put(out, 0x81, p, n);
	case 'U': return put(out, 0x86, p, n);
	case 'I':
		for (i = 0; i < n / 2; i++) {
			unsigned byte;

			assert_int_equal(sscanf(p + 2 * i, "%2x", &byte), 1);
			v[i] = (unsigned char)byte;
		}
		return put(out, 0x87, v, n / 2);
	default: /* 'T' with a string type that is compared by its bytes alone */
		n = put(v, text[0] == 'T' ? 0x14 : 0x0C, p, n);
		memmove(v + 5, v, n);
		memcpy(v, "\x06\x03\x55\x04\x03", 5);
		n = put(v, 0x30, v, n + 5);
		n = put(v, 0x31, v, n);
		n = put(v, 0x30, v, n);
		return put(out, 0xA4, v, n);
	}
}

/* Names separated by spaces, each inside `wrap` where that is not 0. */
static size_t
names(unsigned char *out, const char *text, unsigned wrap)
{
	char word[64];
	size_t n, used = 0;

	while (*text) {
		n = strcspn(text, " ");
		memcpy(word, text, n);
		word[n] = '\0';
		n = general_name(out + used, word);
		if (wrap)
			n = put(out + used, wrap, out + used, n);
		used += n;
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return used;
}

static email_reasons
judge(const char *permitted, const char *excluded, const char *presented)
{
	static unsigned char nc[512], san[512];
	unsigned char list[256];
	email__cert ca, cert;
	size_t n = 0, size;
	long checks = 100;

	memset(&ca, 0, sizeof ca);
	memset(&cert, 0, sizeof cert);
	if (permitted) {
		size = names(list, permitted, 0x30);
		n += put(nc + n, 0xA0, list, size);
	}
	if (excluded) {
		size = names(list, excluded, 0x30);
		n += put(nc + n, 0xA1, list, size);
	}
	ca.has_constraints = true;
	ca.constraints = email__span_of(nc, n);
	cert.names = email__span_of(san, names(san, presented, 0));
	return email__constraints_judge(&ca, &cert, &checks);
}

static void
test_table(void **state)
{
	static const struct {
		const char *permitted, *excluded, *presented;
		email_reasons reasons;
	} rows[] = {
		{"D:example.com", NULL, "D:example.com", 0},
		{"D:example.com", NULL, "D:a.b.EXAMPLE.com", 0},
		{"D:example.com", NULL, "D:*.example.com", 0},
		{"D:example.com", NULL, "D:notexample.com", NC},
		{"D:example.com", NULL, "D:com", NC},
		{"D:example.com", NULL, "D:example.com D:other.com", NC},
		{"D:example.com D:other.com", NULL, "D:example.com D:other.com", 0},
		{"D:", NULL, "D:anything.example", 0},
		{"D:a.example.com", NULL, "D:*.example.com", NC}, /* it stands for more */
		{"D:example.com", NULL, "D:.example.com", NC},    /* malformed names are inside nothing */
		{"D:example.com", NULL, "D:a..example.com", NC},
		{"D:example.com", NULL, "D:", NC},
		{NULL, "D:example.com", "D:example.com", NC},
		{NULL, "D:example.com", "D:a.example.com", NC},
		{NULL, "D:example.com", "D:other.com", 0},
		{NULL, "D:", "D:other.com", NC},
		{NULL, "D:a.example.com", "D:*.example.com", NC}, /* it might be that one */
		{NULL, "D:a.example.com", "D:b.example.com", 0},
		{"D:example.com", "D:example.com", "D:example.com", NC},
		{"D:*.example.com", NULL, "D:a.example.com", UN | NC},
		{"D:.example.com", NULL, "D:a.example.com", UN | NC},
		{NULL, "D:.example.com", "D:b.other.com", UN},
		{"I:c0000200ffffff00", NULL, "I:c0000207", 0},
		{"I:c0000200ffffff00", NULL, "I:c0000307", NC},
		{"I:c0000200ffffff00", NULL, "I:20010db8000000000000000000000001", NC},
		{NULL, "I:c0000200ffffff00", "I:c0000207", NC},
		{NULL, "I:c0000200ffffff00", "I:c0000307", 0},
		{"I:c0000200", NULL, "I:c0000200", UN | NC},
		{"I:c0000200ff00ff00", NULL, "I:c0000200", UN},
		/* a form that is not constrained is free */
		{"D:example.com", NULL, "I:c0000207", 0},
		{"I:c0000200ffffff00", NULL, "D:example.com", 0},
		{"N:plant", NULL, "N:plant", 0},
		{"N:plant", NULL, "N:PLANT", 0},
		{"T:plant", NULL, "T:plant", 0},
		{"T:plant", NULL, "N:plant", UN},
		{NULL, "N:plant", "T:plant", UN},
		{"N:plant", NULL, "N:other", NC},
		{NULL, "N:plant", "N:plant", NC},
		{NULL, "N:plant", "N:other", 0},
		/* forms that are not supported, where they meet a name and where not */
		{"E:example.com", NULL, "D:example.com", 0},
		{"E:example.com", NULL, "E:a@example.com", UN},
		{NULL, "U:.example.com", "U:https://a.example.com", UN},
		{NULL, NULL, "D:example.com", BAD},
		{"", NULL, "D:example.com", BAD},
		{NULL, "", "D:example.com", BAD},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_reasons r = judge(rows[i].permitted, rows[i].excluded, rows[i].presented);

		if (r != rows[i].reasons)
			fail_msg("%s / %s / %s: %x", rows[i].permitted ? rows[i].permitted : "-",
			         rows[i].excluded ? rows[i].excluded : "-", rows[i].presented, r);
	}
}

/* Distances are forbidden (4.2.1.10), and comparisons are numbered. */
static void
test_edges(void **state)
{
	static const unsigned char distance[] = {0xA0, 0x0A, 0x30, 0x08, 0x82, 0x03,
	                                         'c',  'o',  'm',  0x80, 0x01, 0x01};
	static const unsigned char plain[] = {0xA0, 0x07, 0x30, 0x05, 0x82, 0x03, 'c', 'o', 'm'};
	static const unsigned char san[] = {0x82, 0x03, 'c', 'o', 'm', 0x82, 0x03, 'c', 'o', 'm'};
	email__cert ca = {.has_constraints = true}, cert = {0};
	long checks = 100;

	(void)state;
	ca.constraints = email__span_of(distance, sizeof distance);
	assert_int_equal(email__constraints_judge(&ca, &cert, &checks), UN);
	ca.constraints = email__span_of(plain, sizeof plain);
	cert.names = email__span_of(san, sizeof san);
	checks = 2;
	assert_int_equal(email__constraints_judge(&ca, &cert, &checks), 0);
	assert_int_equal(email__constraints_judge(&ca, &cert, &checks), UN);
	/* an e-mail address in the subject counts as one */
	ca.constraints = email__span_of("\xA0\x07\x30\x05\x81\x03"
	                                "com",
	                                9);
	cert.names = email__span_of("", 0);
	cert.subject =
		email__span_of("\x30\x14\x31\x12\x30\x10\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01\x16\x03"
	                       "a@b",
	                       22);
	checks = 100;
	assert_int_equal(email__constraints_judge(&ca, &cert, &checks), UN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_edges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
