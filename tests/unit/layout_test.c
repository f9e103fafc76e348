/* SPDX-License-Identifier: MIT */
#include "mime/layout.h"

#include <stdlib.h>
#include <unistd.h>

#include "support/cm.h"

static email_message *m;
static char shape[8192];

static int
setup(void **state)
{
	(void)state;
	m = email_message_new();
	if (!m || email_message_set_from(m, "A <a@x.example>") || email_message_add_to(m, "b@y.example") ||
	    email_message_set_date(m, 0) || email_message_set_message_id(m, "<1@x.example>"))
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	email_message_free(m);
	return 0;
}

/* The frame, with "{kind}" where a content goes. */
static const char *
laid_out(bool allow_eight_bit)
{
	size_t i, n = 0;

	strcpy(m->boundary, "=_B");
	m->envelope.message_id = m->message_id;
	assert_int_equal(email__layout_make(m, &m->from, allow_eight_bit, NULL), EMAIL_OK);
	for (i = 0; i < m->segment_count; i++) {
		const email__segment *s = &m->segments[i];

		if (s->content)
			n += (size_t)snprintf(shape + n, sizeof shape - n, "{%d}", s->content->kind);
		else
			n += (size_t)snprintf(shape + n, sizeof shape - n, "%.*s", (int)(s->to - s->from),
			                      (const char *)email__buf_head(&m->frame) + s->from);
	}
	return shape;
}

#define HEAD(to, more) \
	"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: A <a@x.example>\r\n" to more \
	"Message-ID: <1@x.example>\r\nMIME-Version: 1.0\r\n"
#define TO "To: b@y.example\r\n"

static void
text_alone(void **state)
{
	(void)state;
	/* no text at all is an empty one */
	assert_string_equal(laid_out(false), HEAD(TO, "") "Content-Type: text/plain; charset=utf-8\r\n"
	                                                  "Content-Transfer-Encoding: 7bit\r\n\r\n{0}");
	email_message_set_text(m, "no end");
	email_message_set_subject(m, "S");
	assert_string_equal(laid_out(false),
	                    HEAD(TO, "Subject: S\r\n") "Content-Type: text/plain; charset=utf-8\r\n"
	                                               "Content-Transfer-Encoding: 7bit\r\n\r\n{0}\r\n");
	email_message_set_text(m, "an end\n");
	assert_string_equal(laid_out(false),
	                    HEAD(TO, "Subject: S\r\n") "Content-Type: text/plain; charset=utf-8\r\n"
	                                               "Content-Transfer-Encoding: 7bit\r\n\r\n{0}");
	email_message_set_html(m, "\xC3\xA9");
	email_message_set_text(m, NULL);
	assert_string_equal(laid_out(true),
	                    HEAD(TO, "Subject: S\r\n") "Content-Type: text/html; charset=utf-8\r\n"
	                                               "Content-Transfer-Encoding: 8bit\r\n\r\n{0}\r\n");
	assert_true(m->envelope.eight_bit);
}

static void
all_recipients(void **state)
{
	(void)state;
	email_message_add_cc(m, "C <c@z.example>");
	email_message_add_bcc(m, "secret@z.example");
	email_message_set_reply_to(m, "gone@x.example");
	assert_int_equal(email_message_set_reply_to(m, "r@x.example, Duty: s@x.example, t@x.example;"),
	                 EMAIL_OK);
	email_message_add_header(m, "X-Note", "n");
	email_message_add_header(m, "Sender", "S \xC3\xA9 <s@x.example>");
	laid_out(false);
	assert_null(strstr(shape, "secret"));
	assert_non_null(strstr(shape, "Reply-To: r@x.example, Duty: s@x.example, t@x.example;\r\nTo: "
	                              "b@y.example\r\nCc: C <c@z.example>\r\nMessage-ID"));
	assert_non_null(strstr(
		shape, "MIME-Version: 1.0\r\nX-Note: n\r\nSender: =?UTF-8?Q?S_=C3=A9?= <s@x.example>\r\n"));
}

static void
hidden_recipients_alone(void **state)
{
	(void)state;
	email__address_list_dispose(&m->to);
	email_message_add_bcc(m, "secret@z.example");
	laid_out(false);
	assert_null(strstr(shape, "secret"));
	assert_non_null(strstr(shape, "To: undisclosed-recipients:;\r\n"));
}

static void
smtputf8(void **state)
{
	(void)state;
	email_message_add_cc(m, "\xC3\xA9@z.example");
	laid_out(false);
	assert_non_null(strstr(shape, "Cc: \xC3\xA9@z.example\r\n"));
	assert_true(m->envelope.utf8 && m->envelope.eight_bit);
}

static void
everything(void **state)
{
	char path[] = "/tmp/layout_test_XXXXXX";
	int fd = mkstemp(path);
	const char *name = path + 5;
	char want[4096];

	(void)state;
	close(fd);
	email_message_set_text(m, "\xC3\xA9\n");
	email_message_set_html(m, "<p>\n");
	email_message_inline_file(m, path, "image/png", "logo");
	email_message_attach_data(m, "a.pdf", NULL, "x", 1);
	snprintf(want, sizeof want,
	         HEAD(TO, "") "Content-Type: multipart/mixed;\r\n "
	                      "boundary=\"=_Bm\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	                      "--=_Bm\r\nContent-Type: multipart/alternative;\r\n "
	                      "boundary=\"=_Ba\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	                      "--=_Ba\r\nContent-Type: text/plain; "
	                      "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{0}\r\n"
	                      "--=_Ba\r\nContent-Type: multipart/related; type=\"text/html\";\r\n "
	                      "boundary=\"=_Br\"\r\n\r\n"
	                      "--=_Br\r\nContent-Type: text/html; "
	                      "charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{0}\r\n"
	                      "--=_Br\r\nContent-Type: image/png; name=\"%s\"\r\nContent-Disposition: "
	                      "inline; filename=\"%s\"\r\n"
	                      "Content-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\n{2}"
	                      "--=_Br--\r\n--=_Ba--\r\n"
	                      "--=_Bm\r\nContent-Type: application/pdf; "
	                      "name=\"a.pdf\"\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n"
	                      "Content-Transfer-Encoding: base64\r\n\r\n{1}"
	                      "--=_Bm--\r\n",
	         name, name);
	assert_string_equal(laid_out(true), want);
	/* with nothing to show it, an inline file goes beside the others */
	email_message_set_html(m, NULL);
	laid_out(false);
	assert_null(strstr(shape, "related"));
	assert_non_null(strstr(shape, "--=_Bm\r\nContent-Type: image/png"));
	assert_null(strstr(shape, "8bit"));
	unlink(path);
}

/* What is nested in what: "mixed(alternative(plain,html),pdf)". */
static const char *
structure(void)
{
	static char out[200];
	char *o = out, *end = out + sizeof out;
	const char *p;

	out[0] = '\0';
	for (p = laid_out(false); *p; p++) {
		const char *type;

		if (strncmp(p, "--=_B", 5) == 0 && strncmp(p + 6, "--\r\n", 4) == 0) {
			o += snprintf(o, (size_t)(end - o), ")");
		} else if (strncmp(p, "Content-Type: ", 14) == 0) {
			int n;

			type = strchr(p, '/') + 1;
			n = (int)strcspn(type, ";\r");
			o += snprintf(o, (size_t)(end - o), "%s%.*s%s", o > out && o[-1] != '(' ? "," : "", n,
			              type, strncmp(p + 14, "multipart", 9) == 0 ? "(" : "");
		}
	}
	return out;
}

/* Every combination of bodies, inline files and attachments. */
static void
nesting(void **state)
{
	static const char *const want[4][2][2] = {
		/* no body */
		{{"plain", "mixed(pdf)"}, {"mixed(png,gif)", "mixed(png,gif,pdf)"}},
		/* text */
		{{"plain", "mixed(plain,pdf)"}, {"mixed(plain,png,gif)", "mixed(plain,png,gif,pdf)"}},
		/* HTML */
		{{"html", "mixed(html,pdf)"}, {"related(html,png,gif)", "mixed(related(html,png,gif),pdf)"}},
		/* both */
		{{"alternative(plain,html)", "mixed(alternative(plain,html),pdf)"},
	         {"alternative(plain,related(html,png,gif))",
	          "mixed(alternative(plain,related(html,png,gif)),pdf)"}}};
	int body, shown, attached;

	(void)state;
	for (body = 0; body < 4; body++)
		for (shown = 0; shown < 2; shown++)
			for (attached = 0; attached < 2; attached++) {
				void *unused = NULL;

				teardown(&unused);
				setup(&unused);
				if (body & 1)
					email_message_set_text(m, "t");
				if (body & 2)
					email_message_set_html(m, "h");
				if (shown) {
					email_message_inline_data(m, "a.png", NULL, "x", 1, "1");
					email_message_inline_data(m, "b.gif", NULL, "x", 1, "2");
				}
				if (attached)
					email_message_attach_data(m, "c.pdf", NULL, "x", 1);
				assert_string_equal(structure(), want[body][shown][attached]);
			}
}

/* A type's parameters are kept, and fold where the line is full; a ';' in quotes is not their end. */
static void
type_parameters(void **state)
{
	(void)state;
	email_message_attach_data(m, "a.csv", "text/csv;charset=iso-8859-1; header=\"a;b;  \\\" c\"", "x", 1);
	laid_out(false);
	assert_non_null(strstr(shape, "Content-Type: text/csv; charset=iso-8859-1; header=\"a;b;  \\\" c\"; "
	                              "name=\"a.csv\"\r\n"));
	email_message_attach_data(
		m, "b.csv", "text/csv; charset=iso-8859-1; one=0123456789012345678901234567890123456789; x=y",
		"x", 1);
	laid_out(false);
	assert_non_null(strstr(shape,
	                       "Content-Type: text/csv; charset=iso-8859-1;\r\n"
	                       " one=0123456789012345678901234567890123456789; x=y; name=\"b.csv\"\r\n"));
}

/* Headers with a structure are not made encoded words; what is text is. */
static void
own_headers(void **state)
{
	(void)state;
	email_message_set_reply(m, "<=?UTF-8?Q?1?=@x>", "<0@x>");
	email_message_set_importance(m, EMAIL_IMPORTANCE_HIGH);
	email_message_add_header(m, "list-unsubscribe", "<mailto:u@x.example>,<https://x.example/u>");
	email_message_add_header(m, "Resent-To", "Duty: a@b.c;");
	email_message_add_header(m, "X-Note", "=?UTF-8?Q?1?=");
	laid_out(false);
	assert_non_null(strstr(shape, "MIME-Version: 1.0\r\nIn-Reply-To: <=?UTF-8?Q?1?=@x>\r\n"
	                              "References: <0@x> <=?UTF-8?Q?1?=@x>\r\n"
	                              "Importance: high\r\nX-Priority: 1\r\nPriority: urgent\r\n"
	                              "List-Unsubscribe: <mailto:u@x.example>, <https://x.example/u>\r\n"
	                              "Resent-To: Duty: a@b.c;\r\n"
	                              "X-Note: =?UTF-8?B?PT9VVEYtOD9RPzE/PQ==?=\r\n"));
}

static void
groups(void **state)
{
	(void)state;
	email_message_add_cc(m, "Duty: D <d@x.example>, e@x.example;, Nobody:;");
	laid_out(false);
	assert_non_null(strstr(shape, "Cc: Duty: D <d@x.example>, e@x.example;, Nobody:;\r\n"));
}

static void
file_names(void **state)
{
	(void)state;
	email_message_attach_data(m, "St\xC3\xB6rung.pdf", NULL, "x", 1);
	laid_out(false);
	assert_non_null(
		strstr(shape, "Content-Type: application/pdf; name=\"=?UTF-8?B?U3TDtnJ1bmcucGRm?=\"\r\n"));
	assert_non_null(
		strstr(shape, "Content-Disposition: attachment; filename*=UTF-8''St%C3%B6rung.pdf\r\n"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(text_alone), T(all_recipients), T(hidden_recipients_alone), T(smtputf8),    T(everything),
		T(file_names), T(nesting),        T(type_parameters),         T(own_headers), T(groups)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
