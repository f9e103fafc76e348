/* SPDX-License-Identifier: MIT */
/*
 * A hostile token endpoint, and hostile configuration: byte 0 says what is read (a token, a code, a metadata document, a
 * URL, or all of it in turn), byte 1 the status. Nothing is both good and an error; what is good keeps to its grammar,
 * and no error repeats a secret that was sent.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "token/obtain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "Tr0ub4dor-and-3"
static const char *const secrets[] = {SECRET, NULL};

static void
check_error(const email_error *e, bool sent)
{
	const char *p;

	if (e->code == EMAIL_OK || !e->text[0] || (sent && strstr(e->text, "Tr0ub4do")))
		abort();
	for (p = e->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			abort();
}

static void
check_secret(email__buf *b, size_t least)
{
	size_t i, n = email__buf_len(b);

	if (n < least || n > EMAIL__SECRET_MAX)
		abort();
	for (i = 0; i < n; i++)
		if (email__buf_head(b)[i] <= ' ' || email__buf_head(b)[i] > '~')
			abort();
}

static void
read_token(const email__web_response *r)
{
	email_error e = {0};
	email__token t;
	email__token_outcome outcome;

	email__token_init(&t);
	outcome = email__token_read(r, secrets, &t, &e);
	if (outcome == EMAIL__TOKEN_FAILED)
		check_error(&e, true);
	else if (e.code != EMAIL_OK)
		abort();
	if (outcome == EMAIL__TOKEN_GOOD) {
		check_secret(&t.access, 1);
		check_secret(&t.refresh, 0);
		if (r->status != 200 || t.seconds < -1 || t.seconds > EMAIL__TOKEN_LIFE_MAX)
			abort();
	} else if (email__buf_len(&t.access) || email__buf_len(&t.refresh)) {
		abort();
	}
	email__token_dispose(&t);
}

static void
read_device(const email__web_response *r)
{
	email_error e = {0};
	email__device d;
	email__token_outcome outcome;

	email__device_init(&d);
	outcome = email__device_read(r, secrets, &d, &e);
	if (outcome == EMAIL__TOKEN_FAILED)
		check_error(&e, true);
	if (outcome == EMAIL__TOKEN_GOOD) {
		check_secret(&d.code, 1);
		if (!d.user_code[0] || strlen(d.uri) < 9 || d.interval < 1 ||
		    d.interval > EMAIL__DEVICE_INTERVAL_MAX || d.seconds > EMAIL__DEVICE_LIFE_MAX)
			abort();
	}
	email__device_dispose(&d);
}

static void
read_metadata(const email__web_response *r)
{
	static const char *const endpoints[] = {"https://a.example/t",
	                                        "https://login.microsoftonline.com/common/v2.0"};
	email__metadata m;
	size_t i;

	for (i = 0; i < 2; i++) {
		email_error e = {0};

		if (email__metadata_read(endpoints[i], r, &m, &e))
			check_error(&e, false);
		else if (!m.token_url.host[0] || !m.issuer[0] || m.token_url.path[0] != '/')
			abort();
	}
}

static void
read_url(const char *text)
{
	email__url url;
	email_error e = {0};
	const char *why = NULL, *p;

	(void)email__metadata_url(text, &url, &e);
	if (email__url_parse(text, &url, &why)) {
		if (!why)
			abort();
		return;
	}
	if (url.port < 1 || url.port > 65535 || url.path[0] != '/' || !url.host[0])
		abort();
	for (p = url.path; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '#')
			abort();
	for (p = url.host; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("/@#?\\", *p))
			abort();
}

/* The whole exchange, each answer up to a NUL. */
static void
obtain(const uint8_t *data, size_t size, int status)
{
	static const email__obtain_config config = {
		.metadata_endpoint = "https://a.example/t",
		.grant = {.grant = EMAIL__GRANT_DEVICE, .client_id = "i", .client_secret = SECRET}};
	email__obtain *o = email__obtain_new(&config, NULL);
	int64_t now = 0;
	email__obtain_state state = EMAIL__OBTAIN_SEND;

	while (o && size &&
	       ((state = email__obtain_step(o, now)) == EMAIL__OBTAIN_SEND || state == EMAIL__OBTAIN_WAIT)) {
		const uint8_t *nul = memchr(data, 0, size);
		size_t n = nul ? (size_t)(nul - data) : size;
		email__web_response r = {.status = status, .body = data, .n = n, .retry_after = -1};

		now += email__obtain_wait(o, now);
		if (email__obtain_step(o, now) != EMAIL__OBTAIN_SEND || !email__obtain_request(o, 1))
			break;
		email__obtain_answer(o, &r, now);
		data += n + (nul != NULL);
		size -= n + (nul != NULL);
	}
	if (o && email__obtain_step(o, now) == EMAIL__OBTAIN_FAILED)
		check_error(email__obtain_error(o), email__obtain_metadata(o) != NULL);
	email__obtain_free(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 408, 428, 429, 500, 503};
	email__web_response r;
	char text[EMAIL__URL_MAX + 8];
	size_t n;

	if (size < 2)
		return 0;
	r = (email__web_response){.status = statuses[data[1] % (sizeof statuses / sizeof *statuses)],
	                          .body = data + 2,
	                          .n = size - 2,
	                          .retry_after = -1};
	n = r.n < sizeof text - 1 ? r.n : sizeof text - 1;
	memcpy(text, r.body, n);
	text[n] = '\0';
	switch (data[0] % 5) {
	case 0: read_token(&r); break;
	case 1: read_device(&r); break;
	case 2: read_metadata(&r); break;
	case 3: read_url(text); break;
	case 4: obtain(r.body, r.n, r.status); break;
	}
	return 0;
}
