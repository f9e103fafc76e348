/* SPDX-License-Identifier: MIT */
/* libetpan. It verifies no certificate by itself. */
#include <libetpan/libetpan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

/* The mail with its attachment, composed in memory: libetpan has no other way. */
static char *
attachment(const bench_job *job, size_t *size)
{
	struct mailimf_fields *fields = mailimf_fields_new_empty();
	struct mailmime *text, *file, *multipart, *message;
	MMAPString *out = mmap_string_new("");
	int column = 0;
	char *copy;

	mailimf_fields_add(fields, mailimf_field_new_custom(strdup("From"), strdup("Plant room <" BENCH_FROM ">")));
	mailimf_fields_add(fields, mailimf_field_new_custom(strdup("To"), strdup(BENCH_TO)));
	mailimf_fields_add(fields, mailimf_field_new_custom(strdup("Subject"), strdup("Boiler 2: flame failure")));
	text = mailmime_new_empty(mailmime_content_new_with_str("text/plain"), mailmime_fields_new_empty());
	mailmime_set_body_text(text, strdup(bench_text()), strlen(bench_text()));
	file = mailmime_new_empty(mailmime_content_new_with_str("application/octet-stream"),
	                          mailmime_fields_new_filename(MAILMIME_DISPOSITION_TYPE_ATTACHMENT, strdup("bench.bin"),
	                                                       MAILMIME_MECHANISM_BASE64));
	mailmime_set_body_file(file, strdup(job->file));
	multipart = mailmime_multiple_new("multipart/mixed");
	mailmime_smart_add_part(multipart, text);
	mailmime_smart_add_part(multipart, file);
	message = mailmime_new_message_data(multipart);
	mailmime_set_imf_fields(message, fields);
	mailmime_write_mem(out, &column, message);
	*size = out->len;
	copy = malloc(out->len + 1);
	memcpy(copy, out->str, out->len);
	mmap_string_free(out);
	mailmime_free(message);
	return copy;
}

static mailsmtp *
connected(const bench_job *job)
{
	mailsmtp *s = mailsmtp_new(0, NULL);
	int rc;

	rc = job->transport == BENCH_TLS ? mailsmtp_ssl_connect(s, BENCH_HOST, (uint16_t)job->port)
	                                 : mailsmtp_socket_connect(s, BENCH_HOST, (uint16_t)job->port);
	if (rc == MAILSMTP_NO_ERROR)
		rc = mailesmtp_ehlo(s);
	if (rc == MAILSMTP_NO_ERROR && job->transport == BENCH_STARTTLS) {
		rc = mailsmtp_socket_starttls(s);
		if (rc == MAILSMTP_NO_ERROR)
			rc = mailesmtp_ehlo(s);
	}
	if (rc == MAILSMTP_NO_ERROR && job->work != BENCH_DRAIN)
		rc = mailesmtp_auth_sasl(s, "PLAIN", BENCH_HOST, NULL, NULL, BENCH_USER, BENCH_USER, BENCH_USER, NULL);
	if (rc != MAILSMTP_NO_ERROR) {
		fprintf(stderr, "libetpan: %s\n", mailsmtp_strerror(rc));
		mailsmtp_free(s);
		return NULL;
	}
	return s;
}

static int
send_one(mailsmtp *s, const char *mail, size_t size)
{
	int rc;

	if ((rc = mailesmtp_mail(s, BENCH_FROM, 0, NULL)) || (rc = mailesmtp_rcpt(s, BENCH_TO, 0, NULL)) ||
	    (rc = mailsmtp_data(s)) || (rc = mailsmtp_data_message(s, mail, size)))
		fprintf(stderr, "libetpan: %s\n", mailsmtp_strerror(rc));
	return rc;
}

int
bench_run(const bench_job *job)
{
	size_t size = strlen(bench_mail());
	mailsmtp *s = NULL;
	long i;

	for (i = 0; i < job->count; i++) {
		char *composed = job->work == BENCH_ATTACH ? attachment(job, &size) : NULL;

		if (!s && !(s = connected(job)))
			return 1;
		if (send_one(s, composed ? composed : bench_mail(), size))
			return 1;
		free(composed);
		if (job->work == BENCH_EACH || i + 1 == job->count) {
			mailsmtp_quit(s);
			mailsmtp_free(s);
			s = NULL;
		}
	}
	return 0;
}
