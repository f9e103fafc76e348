/* SPDX-License-Identifier: MIT */
/* This library, by its public interface only. */
#include <stdio.h>

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

static email_message *
mail(const bench_job *job)
{
	email_message *m = email_message_new();

	email_message_set_from(m, "Plant room <" BENCH_FROM ">");
	email_message_add_to(m, BENCH_TO);
	email_message_set_subject(m, "Boiler 2: flame failure");
	email_message_set_text(m, bench_text());
	if (job->work == BENCH_ATTACH && email_message_attach_file(m, job->file, NULL) != EMAIL_OK)
		fprintf(stderr, "self: %s\n", email_message_error(m)->text);
	return m;
}

int
bench_run(const bench_job *job)
{
	email_account *account = email_account_new(EMAIL_OUTGOING, "Bench");
	email_trust *trust = roots(job->ca);
	email_message *m = mail(job);
	int failed = 0;
	long i;

	email_account_set_trust(account, trust);
	email_account_set_hostname(account, BENCH_HOST);
	email_account_set_port(account, job->port);
	email_account_set_use_ssl(account, job->transport == BENCH_TLS);
	email_account_set_use_start_tls(account, job->transport == BENCH_STARTTLS);
	email_account_set_basic_authenticator(account, BENCH_USER, BENCH_USER);
	email_account_set(account, "allowPlaintextLogin", "true");
	for (i = 0; i < job->count && !failed; i++) {
		failed = email_account_send(account, m, NULL) != EMAIL_OK;
		if (job->work == BENCH_EACH)
			email_account_close(account);
	}
	if (failed)
		fprintf(stderr, "self: %s\n", email_account_error(account)->text);
	email_account_free(account);
	email_message_free(m);
	email_trust_free(trust);
	return failed;
}
