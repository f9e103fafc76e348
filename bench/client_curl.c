/* SPDX-License-Identifier: MIT */
/* libcurl: its easy interface, its MIME interface for the attachment. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "job.h"

typedef struct upload {
	const char *at;
	size_t left;
} upload;

static size_t
give(char *buffer, size_t size, size_t n, void *context)
{
	upload *u = context;
	size_t take = size * n < u->left ? size * n : u->left;

	memcpy(buffer, u->at, take);
	u->at += take;
	u->left -= take;
	return take;
}

static curl_mime *
attachment(CURL *curl, const bench_job *job)
{
	curl_mime *mime = curl_mime_init(curl);
	curl_mimepart *part = curl_mime_addpart(mime);

	curl_mime_data(part, bench_text(), CURL_ZERO_TERMINATED);
	curl_mime_type(part, "text/plain; charset=us-ascii");
	part = curl_mime_addpart(mime);
	curl_mime_filedata(part, job->file);
	curl_mime_encoder(part, "base64");
	curl_mime_type(part, "application/octet-stream");
	return mime;
}

static void
set_up(CURL *curl, const bench_job *job, struct curl_slist *to)
{
	char url[64];

	snprintf(url, sizeof url, "smtp%s://" BENCH_HOST ":%d/bench.example.com", job->transport == BENCH_TLS ? "s" : "",
	         job->port);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(job->transport == BENCH_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(curl, CURLOPT_CAINFO, job->ca);
	curl_easy_setopt(curl, CURLOPT_USERNAME, BENCH_USER);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, BENCH_USER);
	curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
	curl_easy_setopt(curl, CURLOPT_SASL_IR, 1L);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<" BENCH_FROM ">");
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	if (job->work == BENCH_EACH)
		curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
}

int
bench_run(const bench_job *job)
{
	struct curl_slist *to = curl_slist_append(NULL, "<" BENCH_TO ">");
	struct curl_slist *headers = curl_slist_append(NULL, "From: Plant room <" BENCH_FROM ">");
	curl_mime *mime = NULL;
	CURLcode rc = CURLE_OK;
	CURL *curl;
	long i;

	headers = curl_slist_append(headers, "To: " BENCH_TO);
	headers = curl_slist_append(headers, "Subject: Boiler 2: flame failure");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	set_up(curl, job, to);
	if (job->work == BENCH_ATTACH) {
		mime = attachment(curl, job);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
	} else {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	}
	for (i = 0; i < job->count && rc == CURLE_OK; i++) {
		upload u = {bench_mail(), strlen(bench_mail())};

		if (!mime)
			curl_easy_setopt(curl, CURLOPT_READDATA, &u);
		rc = curl_easy_perform(curl);
	}
	if (rc != CURLE_OK)
		fprintf(stderr, "libcurl: %s\n", curl_easy_strerror(rc));
	curl_easy_cleanup(curl);
	curl_mime_free(mime);
	curl_slist_free_all(to);
	curl_slist_free_all(headers);
	curl_global_cleanup();
	return rc != CURLE_OK;
}
