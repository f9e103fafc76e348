/* SPDX-License-Identifier: MIT */
#include "proto/smtp_data.h"

#include <stdlib.h>

#include "support/cm.h"

typedef struct text {
	const char *p;
	size_t n, at, piece;
} text;

static email_code
read_text(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	text *t = context;
	size_t n = t->n - t->at;

	if (n > size)
		n = size;
	if (t->piece && n > t->piece)
		n = t->piece;
	memcpy(buffer, t->p + t->at, n);
	t->at += n;
	*got = n;
	return EMAIL_OK;
}

/* The same done one byte at a time, from the definition. */
static size_t
by_definition(const char *in, size_t n, bool stuff, char *out)
{
	char *o = out;
	bool start = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (in[i] == '\n' || in[i] == '\r') {
			if (in[i] == '\r' && i + 1 < n && in[i + 1] == '\n')
				i++;
			*o++ = '\r';
			*o++ = '\n';
			start = true;
			continue;
		}
		if (start && stuff && in[i] == '.')
			*o++ = '.';
		*o++ = in[i];
		start = false;
	}
	if (!start) {
		*o++ = '\r';
		*o++ = '\n';
	}
	if (stuff) {
		memcpy(o, ".\r\n", 3);
		o += 3;
	}
	return (size_t)(o - out);
}

/* smtpsmug's ten ends of data, and what else is at a border. */
static const char *const samples[] = {"",
                                      ".",
                                      "..",
                                      "\r",
                                      "\n",
                                      "\r\n",
                                      "\n\r",
                                      ".\r\n",
                                      "a",
                                      "a\r\n",
                                      "a\n.\nb",
                                      "a\n.\r\nb",
                                      "a\r.\rb",
                                      "a\r.\nb",
                                      "a\n.\rb",
                                      "a\r.\r\nb",
                                      "a\r\n.\nb",
                                      "a\r\n.\rb",
                                      "a\r\n.\r\nb",
                                      "a\r\n\r\n.\r\nb",
                                      "\r\r\n\n.",
                                      ".\r.\n.\r\n.",
                                      "x\r\n..x\r\n.y\r\n",
                                      "a\r\n.\r\nMAIL FROM:<x@y>\r\n"};

static void
check(const char *in, size_t n, size_t split, size_t split2, bool stuff)
{
	char want[512];
	unsigned char got[512];
	size_t len = by_definition(in, n, stuff, want), at;
	email__smtp_data d;

	email__smtp_data_start(&d, stuff);
	at = email__smtp_data_put(&d, got, (const unsigned char *)in, split);
	at += email__smtp_data_put(&d, got + at, (const unsigned char *)in + split, split2 - split);
	at += email__smtp_data_put(&d, got + at, (const unsigned char *)in + split2, n - split2);
	at += email__smtp_data_end(&d, got + at);
	assert_int_equal(at, len);
	assert_memory_equal(got, want, len);
}

static void
every_split(void **state)
{
	size_t i, a, b;

	(void)state;
	for (i = 0; i < sizeof samples / sizeof *samples; i++) {
		size_t n = strlen(samples[i]);

		for (a = 0; a <= n; a++)
			for (b = a; b <= n; b++) {
				check(samples[i], n, a, b, true);
				check(samples[i], n, a, b, false);
			}
	}
}

/* All texts of seven characters out of CR, LF, dot, NUL and a letter. */
static void
every_text(void **state)
{
	static const char letters[] = {'\r', '\n', '.', '\0', 'a'};
	unsigned long v, x;

	(void)state;
	for (v = 0; v < 78125; v++) {
		char in[7];
		size_t i;

		for (i = 0, x = v; i < 7; i++, x /= 5)
			in[i] = letters[x % 5];
		check(in, 7, v % 8, 7, true);
		check(in, 7, v % 8, 7, false);
	}
}

/* Through _fill in rooms of every size from 64: together the same bytes, never more than the room, and no
 * end that travels alone. */
static void
fill(const char *in, size_t n, size_t room, size_t piece, bool stuff)
{
	static char want[40000];
	static unsigned char got[40000];
	unsigned char *flight = malloc(room);
	size_t len = by_definition(in, n, stuff, want), at = 0, used;
	text t = {in, n, 0, piece};
	email__source source = {read_text, NULL, &t};
	email__smtp_data d;

	assert_non_null(flight);
	email__smtp_data_start(&d, stuff);
	while (!d.ended) {
		assert_int_equal(email__smtp_data_fill(&d, &source, flight, room, &used), EMAIL_OK);
		assert_true(used <= room);
		assert_true(at + used <= sizeof got);
		memcpy(got + at, flight, used);
		at += used;
	}
	assert_int_equal(at, len);
	assert_memory_equal(got, want, len);
	free(flight);
}

static void
rooms(void **state)
{
	char in[600];
	size_t room, i, n;

	(void)state;
	for (i = 0; i < sizeof in; i++)
		in[i] = i % 9 == 3 ? '\n' : i % 9 == 4 ? '.' : i % 31 == 7 ? '\r' : (char)('a' + i % 20);
	for (room = 64; room < 200; room += 3)
		for (n = 3; n < 300; n++) {
			fill(in, n, room, 0, true);
			fill(in, n, room, 1 + n % 5, false);
		}
	memset(in, '\n', sizeof in);
	for (room = 64; room < 300; room++)
		fill(in, sizeof in, room, 0, true);
}

/* The end of the message is never the only thing in a flight. */
static void
no_end_alone(void **state)
{
	char in[400];
	unsigned char flight[128];
	size_t n, used, last;

	(void)state;
	memset(in, 'x', sizeof in);
	for (n = 1; n < sizeof in; n++) {
		text t = {in, n, 0, 0};
		email__source source = {read_text, NULL, &t};
		email__smtp_data d;

		email__smtp_data_start(&d, true);
		for (last = 0; !d.ended; last = used)
			assert_int_equal(email__smtp_data_fill(&d, &source, flight, sizeof flight, &used),
			                 EMAIL_OK);
		assert_true(last > EMAIL__SMTP_DATA_TAIL);
		assert_int_equal(flight[0], 'x');
	}
}

static email_code
broken(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	(void)buffer;
	*got = size + 1;
	return *(email_code *)context;
}

static void
source_fails(void **state)
{
	email_code code = EMAIL_E_FILE;
	email__source source = {broken, NULL, &code};
	unsigned char flight[64];
	email__smtp_data d;
	size_t used = 1;

	(void)state;
	email__smtp_data_start(&d, true);
	assert_int_equal(email__smtp_data_fill(&d, &source, flight, sizeof flight, &used), EMAIL_E_FILE);
	assert_int_equal(used, 0);
	assert_false(d.ended);
	code = EMAIL_OK; /* but more than there is room for */
	assert_int_equal(email__smtp_data_fill(&d, &source, flight, sizeof flight, &used), EMAIL_E_USAGE);
	assert_false(d.ended);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_split), cmocka_unit_test(every_text),
	                                   cmocka_unit_test(rooms), cmocka_unit_test(no_end_alone),
	                                   cmocka_unit_test(source_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
