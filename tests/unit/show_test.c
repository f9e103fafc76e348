/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <emailservice/emailservice.h>

#include "mime/message.h"
#include "mime/tree_state.h"
#include "support/cm.h"
#include "support/failalloc.h"

/*
 * Messages in short: "m(phf)" is a multipart/mixed of a plain text, an HTML and a PDF. Upper case letters carry a
 * disposition of attachment, an apostrophe behind a leaf gives it a file name, "(=2" names part 2 as the start.
 *
 *     p h   text/plain, text/html       i   an image with a Content-ID     j   one without
 *     c     text/calendar               f   application/pdf                x   message/rfc822 (of a plain text)
 *     m a r s e d g   multipart/mixed alternative related signed report digest encrypted
 */
static void
write_part(char *out, size_t room, const char **short_form, unsigned *number)
{
	static const struct {
		char letter;
		const char *type;
	} types[] = {{'p', "text/plain"},        {'h', "text/html"},          {'i', "image/png"},
	             {'j', "image/png"},         {'c', "text/calendar"},      {'f', "application/pdf"},
	             {'x', "message/rfc822"},    {'m', "multipart/mixed"},    {'a', "multipart/alternative"},
	             {'r', "multipart/related"}, {'s', "multipart/signed"},   {'e', "multipart/report"},
	             {'d', "multipart/digest"},  {'g', "multipart/encrypted"}};
	unsigned mine = (*number)++;
	char letter = *(*short_form)++;
	bool attached = letter >= 'A' && letter <= 'Z';
	size_t i = 0, n, skip = 1;

	letter = attached ? (char)(letter - 'A' + 'a') : letter;
	while (types[i].letter != letter)
		i++;
	n = (size_t)snprintf(out, room, "Content-Type: %s", types[i].type);
	if (**short_form == '(')
		n += (size_t)snprintf(out + n, room - n, "; boundary=b%u", mine);
	if ((*short_form)[0] == '(' && (*short_form)[1] == '=') {
		n += (size_t)snprintf(out + n, room - n, "; start=\"<id%c>\"", (*short_form)[2]);
		skip = 3;
	}
	if (attached)
		n += (size_t)snprintf(out + n, room - n, "\r\nContent-Disposition: attachment");
	if (**short_form == '\'') {
		n += (size_t)snprintf(out + n, room - n, "%s; filename=\"n%u\"",
		                      attached ? "" : "\r\nContent-Disposition: inline", mine);
		++*short_form;
	}
	if (letter != 'j' && letter < 'q')
		n += (size_t)snprintf(out + n, room - n, "\r\nContent-ID: <id%u>", mine);
	n += (size_t)snprintf(out + n, room - n, "\r\n\r\n");
	if (letter == 'x') {
		++*number;
		snprintf(out + n, room - n, "Subject: inner\r\n\r\nwithin\r\n");
	} else if (**short_form != '(') {
		snprintf(out + n, room - n, "part %u\r\n", mine);
	} else {
		for (*short_form += skip; **short_form != ')';) {
			n += (size_t)snprintf(out + n, room - n, "--b%u\r\n", mine);
			write_part(out + n, room - n, short_form, number);
			n += strlen(out + n);
		}
		++*short_form;
		snprintf(out + n, room - n, "--b%u--\r\n", mine);
	}
}

/* Text and HTML as part numbers, -1 for none; attachments as a list of them. */
static void
shows(const char *short_form, int text, int html, const char *attachments)
{
	char message[8192], found[256] = "";
	const char *at = short_form;
	unsigned count = 0;
	email_message *m;
	size_t i, n = 0;

	write_part(message, sizeof message, &at, &count);
	m = email_message_read_data(message, strlen(message), NULL);
	assert_non_null(m);
	assert_int_equal(email_message_part_count(m), count);
	for (i = 0; i < count; i++)
		if (email_message_part(m, (unsigned)i)->attachment)
			n += (size_t)snprintf(found + n, sizeof found - n, "%s%zu", n ? " " : "", i);
	if (email_message_text_part(m) != text || email_message_html_part(m) != html ||
	    strcmp(found, attachments) != 0)
		fail_msg("%s: text %d, html %d, attachments %s", short_form, email_message_text_part(m),
		         email_message_html_part(m), found);
	email_message_free(m);
}

static void
one_part(void **state)
{
	(void)state;
	shows("p", 0, -1, "");
	shows("h", -1, 0, "");
	shows("p'", 0, -1, "");
	shows("P", -1, -1, "0");
	shows("f", -1, -1, "0");
	shows("f'", -1, -1, "0");
}

static void
as_people_mean(void **state)
{
	(void)state;
	shows("m(pf)", 1, -1, "2");
	shows("m(pF)", 1, -1, "2");
	shows("m(pfp)", 1, -1, "2 3");
	shows("a(ph)", 1, 2, "");
	shows("a(hp)", 2, 1, "");
	shows("a(php)", 3, 2, "1");
	shows("a(phc)", 1, 2, "3");
	shows("m(a(ph)f'f')", 2, 3, "4 5");
	shows("a(pr(hii))", 1, 3, "");
	shows("r(a(ph)ii)", 2, 3, "");
	shows("m(r(a(ph)i)f)", 3, 4, "6");
	shows("a(pm(hfp))", 1, 3, "4 5");
	shows("s(pf)", 1, -1, "2");
	shows("s(m(a(ph)f)f)", 3, 4, "5 6");
	shows("e(pfx)", 1, -1, "2 3");
	shows("g(ff)", -1, -1, "1 2");
	shows("d(xx)", -1, -1, "1 3");
	shows("m(px)", 1, -1, "2");
	shows("m(xp)", 3, -1, "1");
	/* the text behind an attachment is the text still */
	shows("m(f'p)", 2, -1, "1");
	shows("m(Pp)", 2, -1, "1");
	/* nothing but its first part is what people see of a mixed one */
	shows("m(ph)", 1, -1, "2");
}

static void
what_html_shows(void **state)
{
	(void)state;
	shows("r(hij)", -1, 1, "3");
	shows("r(hi')", -1, 1, "");
	shows("r(hI)", -1, 1, "2");
	/* beside a plain text nothing is shown */
	shows("r(pi)", 1, -1, "2");
	/* start= names another root; one that is not there names none */
	shows("r(=2ih)", -1, 2, "");
	shows("r(=7hi)", -1, 1, "");
	/* an image beside an HTML that was not chosen */
	shows("a(r(hi)h)", -1, 4, "2 3");
}

static email_message *
read_one(const char *header)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s\r\n\r\nbody\r\n", header);
	email_message *m;

	/* only the tree is looked at afterwards */
	m = email_message_read_data(text, (size_t)n, NULL);
	assert_non_null(m);
	assert_non_null(email_message_part(m, 0));
	return m;
}

static void
names_and_dispositions(void **state)
{
	static const struct {
		const char *header, *disposition, *name, *id;
		bool defect;
	} cases[] = {
		{"Content-Disposition: ATTACHMENT; filename=a.pdf", "attachment", "a.pdf", "", false},
		{"Content-Disposition: inline", "inline", "", "", false},
		{"Content-Disposition: form-data; name=x", "attachment", "", "", false},
		{"Content-Type: text/plain; name=\"b.txt\"", "", "b.txt", "", false},
		{"Content-Type: text/plain; name=\"b.txt\"\r\nContent-Disposition: inline; filename=c.txt",
	         "inline", "c.txt", "", false},
		{"Content-Disposition: attachment; filename=\"../../etc/passwd\"", "attachment", "passwd", "",
	         true},
		{"Content-Disposition: attachment; filename*=UTF-8''%E2%82%AC.txt", "attachment",
	         "\xe2\x82\xac.txt", "", false},
		{"Content-ID: <a.b@c>", "", "", "a.b@c", false},
		{"Content-ID:  image001 ", "", "", "image001", false},
		{"Content-ID: <>", "", "", "", false},
		{"Content-ID:", "", "", "", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		email_message *m = read_one(cases[i].header);
		const email_part *p = email_message_part(m, 0);

		assert_string_equal(p->disposition, cases[i].disposition);
		assert_string_equal(p->file_name, cases[i].name);
		assert_string_equal(p->content_id, cases[i].id);
		assert_int_equal(email_message_defect(m, EMAIL_DEFECT_FILE_NAME, NULL), cases[i].defect);
		email_message_free(m);
	}
}

/* What could not be opened is shown as it is. */
static void
multiparts_that_are_none(void **state)
{
	static const char *const texts[] = {
		"Content-Type: multipart/mixed\r\n\r\njust text\r\n",
		"Content-Type: multipart/alternative; boundary=b\r\n\r\njust text\r\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		email_message *m = email_message_read_data(texts[i], strlen(texts[i]), NULL);

		assert_int_equal(email_message_text_part(m), 0);
		assert_string_equal(email_message_text(m), "just text\n");
		assert_false(email_message_part(m, 0)->attachment);
		email_message_free(m);
	}
}

/* From here on the arena asks for memory often. */
static void
starve(email__tree *t)
{
	t->arena.at = t->arena.end;
	t->arena.total = 0;
	t->arena.first = 1;
}

static void
want_of_memory(void **state)
{
	char message[8192];
	const char *at = "m(a(pr(=5ih'))f'f')";
	unsigned count = 0;
	email_message *m;
	size_t n;
	bool more = true;

	(void)state;
	write_part(message, sizeof message, &at, &count);
	for (n = 1; more; n++) {
		const email_part *p;

		m = email_message_read_data(message, strlen(message), NULL);
		assert_non_null(m);
		starve(m->tree);
		email_test_fail_alloc(n);
		p = email_message_part(m, 4);
		more = email_test_alloc_failed();
		assert_int_equal(p == NULL, more);
		assert_int_equal(email_message_error(m)->code, more ? EMAIL_E_MEMORY : EMAIL_OK);
		email_test_fail_alloc_off();
		/* with memory it is as if nothing had been */
		assert_int_equal(email_message_html_part(m), 5);
		assert_int_equal(email_message_part(m, 7)->attachment, true);
		email_message_free(m);
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_part),
		cmocka_unit_test(as_people_mean),
		cmocka_unit_test(what_html_shows),
		cmocka_unit_test(names_and_dispositions),
		cmocka_unit_test(multiparts_that_are_none),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
