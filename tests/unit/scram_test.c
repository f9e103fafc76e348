/* SPDX-License-Identifier: MIT */
#include "sasl/mechanisms.h"

#include <stdio.h>
#include <string.h>

#include "support/cm.h"
#include "support/failalloc.h"

static email__sasl s;
static email__buf out;
static const email__credentials pencil = {.user = "user", .password = "pencil"};
static const email__binding exporter = {.type = "tls-exporter", .data = "0123456789", .n = 10};
static const email__credentials bound = {.user = "user", .password = "pencil", .binding = &exporter};

static void
begin(const char *name, const char *offered, const email__credentials *c, const char *nonce)
{
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism(name), offered, c), EMAIL_OK);
	if (nonce)
		snprintf(s.nonce, sizeof s.nonce, "%s", nonce);
}

static email_code
answer(const char *challenge)
{
	email__buf_clear(&out);
	return email__sasl_respond(&s, challenge, challenge ? strlen(challenge) : 0, &out);
}

static void
exchange(const char *name, const char *nonce, const char *first, const char *server, const char *final,
         const char *signature)
{
	begin(name, "", &pencil, nonce);
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), first);
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	assert_int_equal(answer(server), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), final);
	/* a yes without the server's proof is none */
	assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	assert_int_equal(answer(signature), EMAIL_OK);
	assert_int_equal(email__buf_len(&out), 0);
	assert_int_equal(email__sasl_accept(&s), EMAIL_OK);
	assert_int_equal(answer(signature), EMAIL_E_PROTOCOL);
}

/* RFC 5802 5, RFC 7677 3 */
static void
vectors(void **state)
{
	(void)state;
	exchange("SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	         "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	         "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	         "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
	exchange("SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	         "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	         "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	         "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	         "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

static void
binding(void **state)
{
	(void)state;
	begin("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", &bound, "abc");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "p=tls-exporter,,n=user,r=abc");
	assert_int_equal(answer("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"), EMAIL_OK);
	/* base64 of "p=tls-exporter,,0123456789" */
	assert_memory_equal(email__buf_head(&out), "c=cD10bHMtZXhwb3J0ZXIsLDAxMjM0NTY3ODk=,r=abcdef,p=", 50);
	/* not offered, though we could: the server must hear of it */
	begin("SCRAM-SHA-256", "SCRAM-SHA-256 PLAIN", &bound, "abc");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "y,,n=user,r=abc");
	/* offered, but told by name not to use it */
	begin("SCRAM-SHA-256", "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", &bound, "abc");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "n,,n=user,r=abc");
	/* nothing to bind to */
	assert_int_equal(email__sasl_start(&s, email__sasl_mechanism("SCRAM-SHA-1-PLUS"), "", &pencil),
	                 EMAIL_E_USAGE);
}

static void
names_are_escaped(void **state)
{
	static const email__credentials odd = {.user = "a=b,c", .password = "x"};

	(void)state;
	begin("SCRAM-SHA-1", "", &odd, "n");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_string_equal(email__buf_text(&out), "n,,n=a=3Db=2Cc,r=n");
}

static void
nonces_differ(void **state)
{
	char nonce[sizeof s.nonce];

	(void)state;
	begin("SCRAM-SHA-1", "", &pencil, NULL);
	memcpy(nonce, s.nonce, sizeof nonce);
	assert_int_equal(strlen(nonce), EMAIL__SCRAM_NONCE * 4 / 3);
	begin("SCRAM-SHA-1", "", &pencil, NULL);
	assert_string_not_equal(nonce, s.nonce);
}

static void
hostile_servers(void **state)
{
	static const struct {
		const char *first;
		email_code code;
	} rows[] = {
		{"", EMAIL_E_PROTOCOL},
		{"r=abc,s=QSXCR+Q6sek8bf92,i=4096", EMAIL_E_PROTOCOL}, /* adds nothing to our nonce */
		{"r=xbcdef,s=QSXCR+Q6sek8bf92,i=4096", EMAIL_E_PROTOCOL},
		{"r=abcd\1f,s=QSXCR+Q6sek8bf92,i=4096", EMAIL_E_PROTOCOL},
		{"m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=,i=4096", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=!!!!,i=4096", EMAIL_E_PROTOCOL},
		{"r=abcdef,i=4096", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=QSXCR+Q6sek8bf92", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=-1", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=0", EMAIL_E_PROTOCOL},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=1", EMAIL_E_LIMIT},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=4095", EMAIL_E_LIMIT},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=1000001", EMAIL_E_LIMIT},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=4294967295", EMAIL_E_LIMIT},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=99999999999999999999", EMAIL_E_LIMIT},
		{"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,x=y", EMAIL_OK},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin("SCRAM-SHA-256", "", &pencil, "abc");
		assert_int_equal(answer(NULL), EMAIL_OK);
		assert_int_equal(answer(rows[i].first), rows[i].code);
	}
}

static void
slow_processors(void **state)
{
	email__credentials slow = pencil;

	(void)state;
	slow.max_iterations = 5000;
	begin("SCRAM-SHA-1", "", &slow, "abc");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_int_equal(answer("r=abcdef,s=QSXCR+Q6sek8bf92,i=5001"), EMAIL_E_LIMIT);
	begin("SCRAM-SHA-1", "", &slow, "abc");
	assert_int_equal(answer(NULL), EMAIL_OK);
	assert_int_equal(answer("r=abcdef,s=QSXCR+Q6sek8bf92,i=5000"), EMAIL_OK);
}

static void
liars(void **state)
{
	static const struct {
		const char *last, *said;
		email_code code;
	} rows[] = {
		{"e=invalid-proof", "invalid-proof", EMAIL_E_LOGIN},
		{"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	         "the server does not know the password: its signature is wrong", EMAIL_E_LOGIN},
		{"v=", "the server does not know the password: its signature is wrong", EMAIL_E_LOGIN},
		{"v", "", EMAIL_E_PROTOCOL},
		{"", "", EMAIL_E_PROTOCOL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin("SCRAM-SHA-1", "", &pencil, "abc");
		assert_int_equal(answer(NULL), EMAIL_OK);
		assert_int_equal(answer("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096"), EMAIL_OK);
		assert_int_equal(answer(rows[i].last), rows[i].code);
		assert_string_equal(s.said, rows[i].said);
		assert_int_equal(email__sasl_accept(&s), EMAIL_E_PROTOCOL);
	}
}

static void
no_memory(void **state)
{
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		email__sasl one = {0};
		email__buf text;
		email_code rc;

		email__buf_init(&text, 1000);
		email_test_fail_alloc(n);
		rc = email__sasl_start(&one, email__sasl_mechanism("SCRAM-SHA-1"), "", &pencil);
		snprintf(one.nonce, sizeof one.nonce, "abc");
		rc = rc ? rc : email__sasl_respond(&one, NULL, 0, &text);
		rc = rc ? rc : email__sasl_respond(&one, "r=abcd,s=QSXCR+Q6sek8bf92,i=4096", 32, &text);
		failed = email_test_alloc_failed();
		assert_int_equal(rc, failed ? EMAIL_E_MEMORY : EMAIL_OK);
		email__sasl_end(&one);
		email__buf_dispose(&text);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(binding),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(nonces_differ),
		cmocka_unit_test(hostile_servers),
		cmocka_unit_test(slow_processors),
		cmocka_unit_test(liars),
		cmocka_unit_test(no_memory),
	};
	int failed;

	email__buf_init(&out, 2000);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	email__sasl_end(&s);
	email__buf_dispose(&out);
	return failed;
}
