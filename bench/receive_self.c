/* SPDX-License-Identifier: MIT */
/* This library, by its public interface only. HOW: what the handler does with a message: nothing, "read" its bytes,
 * or "tree": its subject, for which it is parsed. "first": the poll takes the first message alone, so that the list of
 * the others is what it costs. */
#include <stdio.h>
#include <string.h>

#include <emailservice/emailservice.h>

#include "job.h"

static email_trust *
roots(const char *path)
{
	size_t n;
	const char *pem = bench_file(path, &n);
	email_trust *trust = email_trust_new();

	if (!trust || email_trust_import(trust, pem, n, "bench", NULL) != EMAIL_OK)
		fprintf(stderr, "self: no root in %s\n", path);
	return trust;
}

static email_code
count(void *context, const void *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	bench_got.bytes += n;
	return EMAIL_OK;
}

static email_code
look(void *context, const email_received *received)
{
	const bench_job *job = context;

	bench_got.messages++;
	if (strcmp(job->how, "read") == 0)
		return email_message_read(received->message, count, NULL);
	bench_got.bytes += received->size;
	if (strcmp(job->how, "tree") == 0 && !email_message_subject(received->message))
		return EMAIL_E_MESSAGE;
	return EMAIL_OK;
}

int
bench_run(const bench_job *job)
{
	email_account *account = email_account_new(EMAIL_INCOMING, "Bench");
	email_trust *trust = roots(job->ca);
	bench_job own = *job;
	int failed;

	email_account_set_trust(account, trust);
	email_account_set_hostname(account, BENCH_HOST);
	email_account_set_port(account, job->port);
	email_account_set_use_ssl(account, job->transport == BENCH_TLS);
	email_account_set_basic_authenticator(account, job->file, BENCH_USER);
	email_account_set(account, "store", job->work == BENCH_IMAP ? "Imap" : "Pop3");
	email_account_set(account, "emailToRead", "AllEmail");
	email_account_set(account, "deliveryPolicy", "MarkAsUnread");
	email_account_set(account, "sizeLimitPerPoll", "4000000");
	email_account_set(account, "allowPlaintextLogin", "true");
	if (strcmp(job->how, "first") == 0)
		email_account_set_poll_limit(account, 1);
	failed = email_account_receive(account, look, &own) != EMAIL_OK;
	if (failed)
		fprintf(stderr, "self: %s\n", email_account_error(account)->text);
	email_account_free(account);
	email_trust_free(trust);
	return failed;
}
