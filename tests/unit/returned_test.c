/* SPDX-License-Identifier: MIT */
#include "service/returned.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emailservice/emailservice.h>

#include "support/cm.h"
#include "support/failalloc.h"
#include "support/spoolbox.h"

/* A host, and a queue. */
typedef struct bench {
	spoolbox box;
	email__shared shared;
	email__host host;
	email_error e;
	char folder[64];
	char message_id[300];
	char id[EMAIL_ID_SIZE];
	size_t events;
	email_event last;
} bench;

static void
begin(bench *b)
{
	memset(b, 0, sizeof *b);
	snprintf(b->folder, sizeof b->folder, "/tmp/returned_test.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	spoolbox_init(&b->box, true);
	spoolbox_open(&b->box, true);
	assert_true(email__shared_init(&b->shared));
	email__host_init(&b->host, &b->shared);
	assert_int_equal(email__host_place(&b->host, b->folder, NULL), EMAIL_OK);
}

/* The service ends; another one begins. */
static void
again(bench *b)
{
	email__returned_dispose(&b->shared.returned);
	assert_true(email__returned_init(&b->shared.returned));
}

static void
end(bench *b)
{
	char path[96];

	again(b);
	email__host_dispose(&b->host);
	email__shared_dispose(&b->shared);
	spoolbox_dispose(&b->box);
	snprintf(path, sizeof path, "%s/sent", b->folder);
	unlink(path);
	rmdir(path);
	snprintf(path, sizeof path, "%s/sent.lock", b->folder);
	unlink(path);
	rmdir(b->folder);
}

/* A mail of the queue goes out. */
static void
send_one(bench *b)
{
	static const char *const to[] = {"duty@example.com", "chief@example.com", NULL};
	email__attempt *a;

	assert_int_equal(spoolbox_put(&b->box, "boiler", 5, NULL, to, b->id, NULL), EMAIL_OK);
	assert_int_equal(
		email__spool_begin(b->box.spool, spoolbox_first(&b->box), false, &b->box.now, &a, NULL),
		EMAIL_OK);
	snprintf(b->message_id, sizeof b->message_id, "%s", email__attempt_mail(a)->message_id);
	email__returned_remember(&b->host, "Out", email__attempt_id(a), email__attempt_mail(a), &b->e);
	email__attempt_recipient(a, 0, EMAIL__RCPT_DELIVERED, 250, "", "ok");
	email__attempt_recipient(a, 1, EMAIL__RCPT_DELIVERED, 250, "", "ok");
	assert_int_equal(email__spool_end(b->box.spool, a, 0, 0, "", &b->box.now, NULL), EMAIL_OK);
}

static void
count(void *context, const email_event *e)
{
	bench *b = context;

	b->events++;
	b->last = *e;
}

/* What it tells, of a message; how many events. */
static size_t
read_one(bench *b, const char *const form[2], const char *what)
{
	char text[2000];
	email_message *m;
	unsigned long before = b->last.number;

	snprintf(text, sizeof text, "%s%s%s", form[0], what, form[1]);
	assert_non_null(m = email_message_read_data(text, strlen(text), NULL));
	email__returned_look(&b->host, m, &b->e);
	email_message_free(m);
	b->events = 0;
	email__events_visit(&b->shared.events, before, count, b);
	return b->events;
}

static const char *const report[] = {
	"From: MAILER-DAEMON@mx.example.com\r\nSubject: Undelivered\r\n"
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n"
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: ",
	"\r\n\r\nFinal-Recipient: rfc822; chief@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
	"Diagnostic-Code: smtp; 550 no such user\r\n--b--\r\n",
};
static const char *const reply[] = {
	"From: Joe <joe@example.com>\r\nSubject: Re: boiler\r\nIn-Reply-To: ",
	"\r\n\r\nok\r\n",
};

static void
returns(bench *b)
{
	assert_int_equal(read_one(b, report, b->id), 1);
	assert_int_equal(b->last.kind, EMAIL_EVENT_DELIVERY);
	assert_string_equal(b->last.account, "Out");
	assert_string_equal(b->last.id, b->id);
	assert_string_equal(b->last.recipient, "chief@example.com");
	assert_string_equal(b->last.action, "failed");
	assert_string_equal(b->last.status, "5.1.1");
	assert_string_equal(b->last.text, "550 no such user");
	assert_int_equal(read_one(b, reply, b->message_id), 1);
	assert_int_equal(b->last.kind, EMAIL_EVENT_REPLY);
	assert_string_equal(b->last.id, b->id);
	assert_string_equal(b->last.message_id, b->message_id);
	assert_string_equal(b->last.recipient, "joe@example.com");
	/* nobody sent these */
	assert_int_equal(read_one(b, report, "00000000000000000000000000000000"), 0);
	assert_int_equal(read_one(b, reply, "<x@example.com>"), 0);
}

static void
what_was_sent_comes_back(void **state)
{
	bench b;
	char path[96];
	struct stat st;

	(void)state;
	begin(&b);
	assert_int_equal(read_one(&b, reply, "<x@example.com>"), 0);
	send_one(&b);
	returns(&b);
	snprintf(path, sizeof path, "%s/sent", b.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	again(&b);
	returns(&b);
	end(&b);
}

/* A service without a folder remembers as long as it runs. */
static void
without_a_folder(void **state)
{
	bench b;

	(void)state;
	begin(&b);
	assert_int_equal(email__host_place(&b.host, NULL, NULL), EMAIL_OK);
	send_one(&b);
	returns(&b);
	again(&b);
	assert_int_equal(read_one(&b, report, b.id), 0);
	end(&b);
}

/* The file cannot be had: that is told, and it works while it runs. */
static void
without_a_file(void **state)
{
	bench b;
	char path[300], name[200];

	(void)state;
	begin(&b);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(path, sizeof path, "%s/%s", b.folder, name);
	assert_int_equal(email__host_place(&b.host, path, NULL), EMAIL_OK);
	send_one(&b);
	assert_int_equal(b.e.code, EMAIL_E_FILE);
	assert_non_null(strstr(b.e.text, "sent.lock"));
	returns(&b);
	end(&b);
}

static void
want_of_memory(void **state)
{
	const email_event first = {.kind = EMAIL_EVENT_STATUS};
	bool more = true;
	size_t n, told;

	(void)state;
	for (n = 1; more; n++) {
		static const char *const to[] = {"duty@example.com", NULL};
		email__attempt *a;
		bench b;

		begin(&b);
		assert_int_equal(spoolbox_put(&b.box, "boiler", 5, NULL, to, b.id, NULL), EMAIL_OK);
		assert_int_equal(
			email__spool_begin(b.box.spool, spoolbox_first(&b.box), false, &b.box.now, &a, NULL),
			EMAIL_OK);
		email__events_add(&b.shared.events, &first); /* makes the ring */
		email_test_fail_alloc(n);
		email__returned_remember(&b.host, "Out", email__attempt_id(a), email__attempt_mail(a), &b.e);
		more = email_test_alloc_failed();
		again(&b);
		assert_int_equal(email_test_blocks(), 0);
		email_test_fail_alloc_off();
		assert_int_equal(email__spool_end(b.box.spool, a, 0, 0, "", &b.box.now, NULL), EMAIL_OK);
		b.last.number = b.shared.events.number;
		told = read_one(&b, report, b.id);
		assert_true(told == 1 || (more && told == 0));
		end(&b);
	}
	assert_true(n > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sent_comes_back),
		cmocka_unit_test(without_a_folder),
		cmocka_unit_test(without_a_file),
		cmocka_unit_test(want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
