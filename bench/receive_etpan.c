/* SPDX-License-Identifier: MIT */
/* libetpan. IMAP: one FETCH of all with a handler for the bodies, its fastest way; HOW "each": a FETCH for each
 * message, its usual one. It verifies no certificate by itself. */
#include <libetpan/libetpan.h>
#include <stdio.h>
#include <string.h>

#include "job.h"

static bool
body(int type, struct mailimap_msg_att_body_section *section, const char *bytes, size_t n, void *context)
{
	(void)type;
	(void)section;
	(void)bytes;
	(void)context;
	bench_got.bytes += n;
	return true;
}

/* What came: the answers, and with them the bodies where no handler took them. */
static void
count(clist *answers)
{
	clistiter *i, *j;

	for (i = clist_begin(answers); i; i = clist_next(i)) {
		struct mailimap_msg_att *att = clist_content(i);

		bench_got.messages++;
		for (j = clist_begin(att->att_list); j; j = clist_next(j)) {
			struct mailimap_msg_att_item *item = clist_content(j);

			if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC &&
			    item->att_data.att_static->att_type == MAILIMAP_MSG_ATT_BODY_SECTION)
				bench_got.bytes += item->att_data.att_static->att_data.att_body_section->sec_length;
		}
	}
	mailimap_fetch_list_free(answers);
}

static int
fetch(mailimap *imap, uint32_t first, uint32_t last)
{
	struct mailimap_set *set = mailimap_set_new_interval(first, last);
	struct mailimap_fetch_att *att = mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL));
	struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att(att);
	clist *answers = NULL;
	int rc = mailimap_fetch(imap, set, type, &answers);

	if (rc == MAILIMAP_NO_ERROR)
		count(answers);
	mailimap_fetch_type_free(type);
	mailimap_set_free(set);
	return rc;
}

static int
run_imap(const bench_job *job)
{
	mailimap *imap = mailimap_new(0, NULL);
	bool each = strcmp(job->how, "each") == 0;
	uint32_t count_all = (uint32_t)job->count, step = each ? 1 : count_all, at;
	int rc = job->transport == BENCH_TLS ? mailimap_ssl_connect(imap, BENCH_HOST, (uint16_t)job->port)
	                                     : mailimap_socket_connect(imap, BENCH_HOST, (uint16_t)job->port);

	if (rc == MAILIMAP_NO_ERROR || rc == MAILIMAP_NO_ERROR_AUTHENTICATED ||
	    rc == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		rc = mailimap_login(imap, job->file, BENCH_USER);
	if (rc == MAILIMAP_NO_ERROR)
		rc = mailimap_examine(imap, "INBOX");
	if (!each)
		mailimap_set_msg_body_handler(imap, body, NULL);
	for (at = 1; at <= count_all && rc == MAILIMAP_NO_ERROR; at += step)
		rc = fetch(imap, at, at + step - 1);
	if (rc != MAILIMAP_NO_ERROR)
		fprintf(stderr, "libetpan: IMAP error %d\n", rc);
	else
		mailimap_logout(imap);
	mailimap_free(imap);
	return rc != MAILIMAP_NO_ERROR;
}

static int
run_pop3(const bench_job *job)
{
	mailpop3 *pop3 = mailpop3_new(0, NULL);
	unsigned i;
	int rc = job->transport == BENCH_TLS ? mailpop3_ssl_connect(pop3, BENCH_HOST, (uint16_t)job->port)
	                                     : mailpop3_socket_connect(pop3, BENCH_HOST, (uint16_t)job->port);

	if (rc == MAILPOP3_NO_ERROR)
		rc = mailpop3_login(pop3, job->file, BENCH_USER);
	for (i = 1; i <= (unsigned)job->count && rc == MAILPOP3_NO_ERROR; i++) {
		char *mail;
		size_t n;

		if ((rc = mailpop3_retr(pop3, i, &mail, &n)) != MAILPOP3_NO_ERROR)
			break;
		bench_got.messages++;
		bench_got.bytes += n;
		mailpop3_retr_free(mail);
	}
	if (rc != MAILPOP3_NO_ERROR)
		fprintf(stderr, "libetpan: POP3 error %d\n", rc);
	else
		mailpop3_quit(pop3);
	mailpop3_free(pop3);
	return rc != MAILPOP3_NO_ERROR;
}

int
bench_run(const bench_job *job)
{
	return job->work == BENCH_IMAP ? run_imap(job) : run_pop3(job);
}
