/* SPDX-License-Identifier: MIT */
#include "trust/host.h"

#include "support/cm.h"
#include "trust/verdict.h"

static void
test_canonical(void **state)
{
	/* NULL: no host */
	static const struct {
		const char *host, *canonical;
		bool address;
	} rows[] = {
		{"mail.example.com", "mail.example.com", false},
		{"MAIL.Example.COM.", "mail.example.com", false},
		{"cellar", "cellar", false},
		{"mail_relay.cellar", "mail_relay.cellar", false},
		{"b\xC3\xBC"
	         "cher.example",
	         "xn--bcher-kva.example", false},
		{"B\xC3\x9C"
	         "CHER.example.",
	         "xn--bcher-kva.example", false},
		{"stra\xC3\x9F"
	         "e.example",
	         "xn--strae-oqa.example", false},
		{"XN--BCHER-KVA.example", "xn--bcher-kva.example", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"::1", "::1", true},
		{"[::1]", "::1", true},
		{"0:0:0:0:0:0:0:1", "::1", true},
		{"2001:DB8::0:1", "2001:db8::1", true},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", true},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", true},
		{"::", "::", true},
		{"1::", "1::", true},
		{"::ffff:192.0.2.1", "::ffff:c000:201", true},
		{"fe80::1%eth0", "fe80::1", true},
		{"[fe80::1%eth0]", "fe80::1", true},
		{"", NULL, false},
		{".", NULL, false},
		{"a..b", NULL, false},
		{".example.com", NULL, false},
		{"-a.example", NULL, false},
		{"a-.example", NULL, false},
		{"a b", NULL, false},
		{"a/b", NULL, false},
		{"*.example.com", NULL, false},
		{"mail.example.com:25", NULL, false},
		{"127.1", NULL, false},
		{"0x7f000001", NULL, false},
		{"0x7f.0.0.1", NULL, false},
		{"2130706433", NULL, false},
		{"010.0.0.1", NULL, false},
		{"1.2.3.256", NULL, false},
		{"1.2.3.4.5", NULL, false},
		{"1.2.3", NULL, false},
		{"1.2.3.4.", NULL, false},
		{"mail.0x1", NULL, false},
		{"2001:db8::1%eth0", NULL, false},
		{"::1::", NULL, false},
		{"1:2:3:4:5:6:7", NULL, false},
		{"1:2:3:4:5:6:7:8:9", NULL, false},
		{"1:2:3:4:5:6:7::8", NULL, false},
		{"12345::", NULL, false},
		{":1", NULL, false},
		{"1:", NULL, false},
		{"::1.2.3.4:5", NULL, false},
		{"[192.0.2.1]", NULL, false},
		{"[::1", NULL, false},
		{"a\xFF.example", NULL, false},
		{"a\xE2\x80\x8B.example", NULL, false}, /* zero-width space */
	};
	char out[EMAIL__HOST_MAX];
	bool address;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		email_code rc = email__host_canonical(rows[i].host, out, &address);

		if (rows[i].canonical ? rc != EMAIL_OK || strcmp(out, rows[i].canonical) != 0 ||
		                                address != rows[i].address
		                      : rc != EMAIL_E_VALUE)
			fail_msg("%s became %s (%d)", rows[i].host, out, (int)rc);
	}
}

/* The canonical form is its own canonical form. */
static void
test_lengths(void **state)
{
	char host[400], out[EMAIL__HOST_MAX], again[EMAIL__HOST_MAX];
	size_t n;

	(void)state;
	for (n = 1; n < 300; n++) {
		size_t i;

		for (i = 0; i < n; i++)
			host[i] = i % 64 == 63 ? '.' : 'a';
		host[n] = '\0';
		if (n <= 253) {
			assert_int_equal(email__host_canonical(host, out, NULL), EMAIL_OK);
			assert_int_equal(email__host_canonical(out, again, NULL), EMAIL_OK);
			assert_string_equal(out, again);
		} else {
			assert_int_equal(email__host_canonical(host, out, NULL), EMAIL_E_VALUE);
		}
	}
	memset(host, 'a', 64);
	host[64] = '\0';
	assert_int_equal(email__host_canonical(host, out, NULL), EMAIL_E_VALUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical), cmocka_unit_test(test_lengths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
