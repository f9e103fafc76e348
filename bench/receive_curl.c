/* SPDX-License-Identifier: MIT */
/* libcurl: its easy interface, a transfer for each message; it has no other way to more than one. */
#include <curl/curl.h>
#include <stdio.h>

#include "job.h"

static size_t
take(char *bytes, size_t size, size_t n, void *context)
{
	(void)bytes;
	(void)context;
	bench_got.bytes += size * n;
	return size * n;
}

int
bench_run(const bench_job *job)
{
	const char *tls = job->transport == BENCH_TLS ? "s" : "";
	CURLcode rc = CURLE_OK;
	CURL *curl;
	char url[96];
	long i;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	curl_easy_setopt(curl, CURLOPT_CAINFO, job->ca);
	curl_easy_setopt(curl, CURLOPT_USERNAME, job->file);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, BENCH_USER);
	curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
	curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	for (i = 1; i <= job->count && rc == CURLE_OK; i++) {
		snprintf(url, sizeof url, job->work == BENCH_IMAP ? "imap%s://" BENCH_HOST ":%d/INBOX;MAILINDEX=%ld"
		                                                  : "pop3%s://" BENCH_HOST ":%d/%ld",
		         tls, job->port, i);
		curl_easy_setopt(curl, CURLOPT_URL, url);
		rc = curl_easy_perform(curl);
		bench_got.messages += rc == CURLE_OK;
	}
	if (rc != CURLE_OK)
		fprintf(stderr, "libcurl: %s\n", curl_easy_strerror(rc));
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return rc != CURLE_OK;
}
