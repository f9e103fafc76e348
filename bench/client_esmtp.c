/* SPDX-License-Identifier: MIT */
/*
 * libESMTP. It has no implicit TLS (its TLS rows are STARTTLS ones) and no MIME: the application encodes the
 * attachment, here with a table and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <auth-client.h>
#include <libesmtp.h>

#include "job.h"

static int
login(auth_client_request_t request, char **result, int fields, void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < fields; i++)
		result[i] = (char *)BENCH_USER;
	(void)request;
	return 1;
}

static void
event(smtp_session_t session, int what, void *arg, ...)
{
	va_list ap;
	int *ok;

	(void)session;
	va_start(ap, arg);
	if (what == SMTP_EV_INVALID_PEER_CERTIFICATE) {
		(void)va_arg(ap, long);
		ok = va_arg(ap, int *);
		*ok = 1;
	} else if (what == SMTP_EV_NO_PEER_CERTIFICATE || what == SMTP_EV_WRONG_PEER_CERTIFICATE ||
	           what == SMTP_EV_NO_CLIENT_CERTIFICATE || what == SMTP_EV_WEAK_CIPHER) {
		if (what == SMTP_EV_WEAK_CIPHER)
			(void)va_arg(ap, long);
		ok = va_arg(ap, int *);
		*ok = 1;
	}
	va_end(ap);
}

/* The mail's bytes in pieces: header and text, then the file in base64 lines. */
typedef struct mail {
	const bench_job *job;
	FILE *file;
	int part;
	char out[200 * 78 + 16];
} mail;

static const char head[] =
        "From: Plant room <" BENCH_FROM ">\r\nTo: " BENCH_TO "\r\nSubject: Boiler 2: flame failure\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n"
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";

static int
encode(char *out, const unsigned char *in, size_t n)
{
	static const char a[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *o = out;
	size_t i;

	for (i = 0; i < n; i += 3) {
		unsigned v = (unsigned)in[i] << 16 | (i + 1 < n ? (unsigned)in[i + 1] << 8 : 0) | (i + 2 < n ? in[i + 2] : 0u);

		*o++ = a[v >> 18];
		*o++ = a[v >> 12 & 63];
		*o++ = i + 1 < n ? a[v >> 6 & 63] : '=';
		*o++ = i + 2 < n ? a[v & 63] : '=';
		if (i % 57 == 54) {
			*o++ = '\r';
			*o++ = '\n';
		}
	}
	return (int)(o - out);
}

static const char *
give(void **context, int *len, void *arg)
{
	mail *m = arg;
	unsigned char in[57 * 200];
	size_t n;

	(void)context;
	if (!len) {
		m->part = 0;
		return NULL;
	}
	if (m->part++ == 0) {
		const char *first = m->job->work == BENCH_ATTACH ? head : bench_mail();

		if (m->file)
			rewind(m->file);
		*len = (int)strlen(first);
		return first;
	}
	n = m->file ? fread(in, 1, sizeof in, m->file) : 0;
	*len = n ? encode(m->out, in, n) : 0;
	if (n == 0 && m->file && m->part > 0) {
		m->part = -1000;
		*len = (int)strlen("\r\n--b--\r\n");
		return "\r\n--b--\r\n";
	}
	return *len ? m->out : NULL;
}

static int
session_of(const bench_job *job, long count, mail *m)
{
	smtp_session_t session = smtp_create_session();
	auth_context_t auth = auth_create_context();
	char server[64], why[128];
	int failed = 0;
	long i;

	snprintf(server, sizeof server, BENCH_HOST ":%d", job->port);
	smtp_set_server(session, server);
	smtp_set_hostname(session, "bench.example.com");
	smtp_set_eventcb(session, event, NULL);
	smtp_starttls_enable(session, job->transport == BENCH_PLAIN ? Starttls_DISABLED : Starttls_REQUIRED);
	auth_set_mechanism_flags(auth, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(auth, login, NULL);
	smtp_auth_set_context(session, auth);
	for (i = 0; i < count; i++) {
		smtp_message_t message = smtp_add_message(session);

		smtp_set_reverse_path(message, BENCH_FROM);
		smtp_add_recipient(message, BENCH_TO);
		smtp_set_messagecb(message, give, m);
	}
	if (!smtp_start_session(session)) {
		fprintf(stderr, "libesmtp: %s\n", smtp_strerror(smtp_errno(), why, sizeof why));
		failed = 1;
	}
	smtp_destroy_session(session);
	auth_destroy_context(auth);
	return failed;
}

int
bench_run(const bench_job *job)
{
	static mail m;
	int failed = 0;
	long i;

	auth_client_init();
	m.job = job;
	if (job->work == BENCH_ATTACH)
		m.file = fopen(job->file, "rb");
	if (job->work == BENCH_EACH)
		for (i = 0; i < job->count && !failed; i++)
			failed = session_of(job, 1, &m);
	else
		failed = session_of(job, job->count, &m);
	if (m.file)
		fclose(m.file);
	auth_client_exit();
	return failed;
}
