/* SPDX-License-Identifier: MIT */
#include "proto/http.h"

#include "base/error.h"
#include "base/limits.h"
#include "support/cm.h"
#include "support/failalloc.h"

static const email__web_request get = {.host = "login.example.com", .port = 443, .path = "/"};

/* An answer of n bytes, `step` at a time (0: all), then the end; `whole`: TLS's own. */
static email__http *
feed_to(const email__web_request *request, const char *bytes, size_t n, size_t step, bool whole)
{
	email__http *h = email__http_new(request);
	email__link *l = h ? email__http_link(h) : NULL;
	size_t at = 0, piece;

	if (!h)
		return NULL;
	l->step(l);
	email__buf_clear(&l->out);
	while (at < n && (l->want & EMAIL__WANT_READ)) {
		piece = step ? step : n;
		piece = piece < n - at ? piece : n - at;
		piece = piece < email__buf_left(&l->in) ? piece : email__buf_left(&l->in);
		assert_true(piece > 0);
		if (email__buf_add(&l->in, bytes + at, piece))
			break;
		at += piece;
		l->step(l);
	}
	if (l->want & EMAIL__WANT_READ) {
		l->whole = whole;
		l->eof(l);
	}
	assert_true(l->want == 0 || l->want == EMAIL__WANT_CLOSE);
	assert_true((l->want == 0) == (l->error.code != EMAIL_OK));
	assert_true((l->want == 0) == (email__http_response(h) == NULL));
	return h;
}

static email__http *
feed(const char *text)
{
	return feed_to(&get, text, strlen(text), 0, true);
}

/* Status and body, however it is cut; and every shorter one is an error. */
static void
is(const char *text, int status, const char *body)
{
	size_t n = strlen(text), step;
	email__http *h;

	for (step = 0; step <= n; step++) {
		h = feed_to(&get, text, n, step, true);
		assert_non_null(email__http_response(h));
		assert_int_equal(email__http_response(h)->status, status);
		assert_int_equal(email__http_response(h)->n, strlen(body));
		assert_memory_equal(email__http_response(h)->body, body, strlen(body));
		email__http_free(h);
	}
	for (step = 0; step < n; step++) {
		h = feed_to(&get, text, step, 0, false);
		assert_null(email__http_response(h));
		assert_int_equal(email__http_link(h)->error.code, EMAIL_E_CLOSED);
		email__http_free(h);
	}
}

static void
is_error_n(const char *text, size_t n, email_code code, const char *words)
{
	size_t step;

	for (step = 0; step < 3; step++) {
		email__http *h = feed_to(&get, text, n, step, true);
		const email_error *e = &email__http_link(h)->error;

		if (e->code != code || !strstr(e->text, words))
			fprintf(stderr, "%.60s: %s\n", text, e->text);
		assert_int_equal(e->code, code);
		assert_non_null(strstr(e->text, words));
		assert_int_equal(e->stage, EMAIL_STAGE_TOKEN);
		email__http_free(h);
	}
}

static void
is_error(const char *text, email_code code, const char *words)
{
	is_error_n(text, strlen(text), code, words);
}

/* --- requests --- */

static void
writes(const email__web_request *r, const char *want)
{
	email__http *h = email__http_new(r);
	email__link *l = email__http_link(h);

	assert_int_equal(l->error.code, EMAIL_OK);
	assert_true(l->want & EMAIL__WANT_WRITE);
	l->step(l);
	assert_int_equal(email__buf_len(&l->out), strlen(want));
	assert_memory_equal(email__buf_head(&l->out), want, strlen(want));
	email__http_free(h);
}

#define COMMON \
	"Connection: close\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: " \
	"libemailservice/" EMAIL__VERSION "\r\n"

static void
requests(void **state)
{
	email__web_request r = get;

	(void)state;
	writes(&r, "GET / HTTP/1.1\r\nHost: login.example.com\r\n" COMMON "\r\n");
	r = (email__web_request){.host = "2001:db8::1",
	                         .port = 8443,
	                         .path = "/token?v=2",
	                         .post = true,
	                         .authorization = "Basic czZC",
	                         .type = "application/x-www-form-urlencoded",
	                         .body = "a=b",
	                         .n = 3};
	writes(&r, "POST /token?v=2 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n" COMMON
	           "Authorization: Basic czZC\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	           "Content-Length: 3\r\n\r\na=b");
	r.n = 0;
	writes(&r, "POST /token?v=2 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n" COMMON
	           "Authorization: Basic czZC\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	           "Content-Length: 0\r\n\r\n");
}

static void
refused(email__web_request r, email_code code)
{
	email__http *h = email__http_new(&r);
	email__link *l = email__http_link(h);

	assert_int_equal(l->error.code, code);
	assert_int_equal(l->want, 0);
	assert_int_equal(email__buf_len(&l->out), 0);
	l->step(l);
	l->eof(l);
	assert_int_equal(l->want, 0);
	assert_null(email__http_response(h));
	email__http_free(h);
}

static void
bad_requests(void **state)
{
	static char big[EMAIL__HTTP_REQUEST_MAX + 1];
	email__web_request r = get;

	(void)state;
	r.path = "token";
	refused(r, EMAIL_E_VALUE);
	r.path = "/a b";
	refused(r, EMAIL_E_VALUE);
	r.path = "/a#b";
	refused(r, EMAIL_E_VALUE);
	r.path = "/a\r\nX: y";
	refused(r, EMAIL_E_VALUE);
	r = get;
	r.host = "";
	refused(r, EMAIL_E_VALUE);
	r.host = "a\nb";
	refused(r, EMAIL_E_VALUE);
	r.host = "user@host";
	refused(r, EMAIL_E_VALUE);
	r = get;
	r.authorization = "Basic x\r\nX: y";
	refused(r, EMAIL_E_VALUE);
	r = get;
	r.post = true;
	r.type = "a/b\n";
	refused(r, EMAIL_E_VALUE);
	r.type = "a/b";
	r.body = big;
	r.n = sizeof big;
	refused(r, EMAIL_E_LIMIT);
}

/* --- answers --- */

static void
bodies(void **state)
{
	(void)state;
	is("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}");
	is("HTTP/1.1 400\r\ncontent-length:2 \r\n\r\n{}", 400, "{}");
	is("HTTP/1.0 200 OK\nContent-Length: 2\n\n{}", 200, "{}");
	is("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401, "");
	is("HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, "");
	is("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", 304, "");
	is("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\n{\r\n00A;x=\"y\"\r\n\"a\" : "
	   "\"b\"}\r\n0\r\n\r\n",
	   200, "{\"a\" : \"b\"}");
	is("HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 7\r\nX: "
	   "y\r\n\r\n",
	   200, "{}");
	is("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nLink: x\r\n\r\n"
	   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
	   200, "{}");
	is("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", 200, "x");
}

/* RFC 9112 9.8: without a length only TLS's own end says that nothing is missing. */
static void
closed(void **state)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n\r\n{\"a\":1}";
	email__http *h;
	size_t cut;

	(void)state;
	for (cut = 1; cut < 10; cut++) {
		h = feed_to(&get, text, sizeof text - 1, cut, true);
		assert_int_equal(email__http_response(h)->n, 7);
		assert_memory_equal(email__http_response(h)->body, "{\"a\":1}", 7);
		assert_string_equal(email__http_response(h)->type, "application/json");
		email__http_free(h);
	}
	h = feed_to(&get, text, sizeof text - 1, 0, false);
	assert_null(email__http_response(h));
	assert_int_equal(email__http_link(h)->error.code, EMAIL_E_CLOSED);
	assert_non_null(strstr(email__http_link(h)->error.text, "middle"));
	email__http_free(h);
	/* an end of TLS does not make a whole of a part */
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", EMAIL_E_CLOSED, "middle");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", EMAIL_E_CLOSED,
	         "middle");
	is_error("HTTP/1.1 200 OK\r\nX: y\r\n", EMAIL_E_CLOSED, "middle");
	is_error("HTTP/1.1 200", EMAIL_E_CLOSED, "without an answer");
	is_error("", EMAIL_E_CLOSED, "without an answer");
}

static void
ambiguous(void **state)
{
	(void)state;
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", EMAIL_E_PROTOCOL,
	         "two lengths");
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
	         EMAIL_E_PROTOCOL, "a length and chunks");
	is_error("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", EMAIL_E_PROTOCOL, "HTTP/1.0");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", EMAIL_E_PROTOCOL, "coding");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	         EMAIL_E_PROTOCOL, "coding");
	is_error("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", EMAIL_E_PROTOCOL, "content coding");
	is_error("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}", EMAIL_E_PROTOCOL, "header");
	is_error("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", EMAIL_E_PROTOCOL, "header");
	is_error("HTTP/1.1 200 OK\r\n: y\r\n\r\n", EMAIL_E_PROTOCOL, "header");
	is_error("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", EMAIL_E_PROTOCOL, "header");
	is_error("HTTP/1.1 200 OK\r\nX: y\rContent-Length: 2\r\n\r\n{}", EMAIL_E_PROTOCOL, "CR");
	is_error_n("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", 25, EMAIL_E_PROTOCOL, "header");
	is_error("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", EMAIL_E_PROTOCOL, "no number");
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n", EMAIL_E_PROTOCOL, "no number");
	is_error("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", EMAIL_E_PROTOCOL, "no number");
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n", EMAIL_E_PROTOCOL, "no number");
	is_error("HTTP/1.1 101 Switching Protocols\r\n\r\n", EMAIL_E_PROTOCOL, "another protocol");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", EMAIL_E_PROTOCOL, "size");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", EMAIL_E_PROTOCOL, "size");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", EMAIL_E_PROTOCOL, "size");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n", EMAIL_E_PROTOCOL,
	         "longer");
}

static void
no_http(void **state)
{
	email__http *h;

	(void)state;
	is_error("220 mail.example.com ESMTP\r\n", EMAIL_E_PROTOCOL, "\"220 mail.example.com ESMTP\"");
	is_error("HTTP/2 200\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("HTTP/1.1 2xx\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("HTTP/1.1 099 x\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("HTTP/1.1 600 x\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("HTTP/1.1 2000 x\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("HTTP/1.1200 OK\r\n", EMAIL_E_PROTOCOL, "no web server");
	is_error("\r\n", EMAIL_E_PROTOCOL, "no web server");
	h = feed("\x1b[2J\r\n");
	assert_null(strchr(email__http_link(h)->error.text, '\x1b'));
	assert_non_null(strstr(email__http_link(h)->error.remedy, "host and port"));
	email__http_free(h);
}

static void
redirects(void **state)
{
	static const int status[] = {300, 301, 302, 303, 305, 307, 308};
	char text[200];
	size_t i;
	email__http *h;

	(void)state;
	for (i = 0; i < sizeof status / sizeof *status; i++) {
		snprintf(text, sizeof text,
		         "HTTP/1.1 %d x\r\nLocation: http://evil.example:8/steal?x\r\nContent-Length: "
		         "0\r\n\r\n",
		         status[i]);
		is_error(text, EMAIL_E_REFUSED, "redirects to evil.example:8 (HTTP 3");
	}
	is_error("HTTP/1.1 302 x\r\nLocation: /other\r\n\r\n", EMAIL_E_REFUSED, "another path");
	is_error("HTTP/1.1 302 x\r\n\r\n", EMAIL_E_REFUSED, "another path");
	h = feed("HTTP/1.1 302 x\r\nLocation: //a\x1b/\r\n\r\n");
	assert_null(strchr(email__http_link(h)->error.text, '\x1b'));
	assert_string_not_equal(email__http_link(h)->error.remedy, "");
	email__http_free(h);
}

static void
retry(const char *fields, long seconds)
{
	char text[300];
	email__http *h;

	snprintf(text, sizeof text, "HTTP/1.1 429 Too Many\r\n%s\r\nContent-Length: 0\r\n\r\n", fields);
	h = feed(text);
	assert_int_equal(email__http_response(h)->status, 429);
	assert_int_equal(email__http_response(h)->retry_after, seconds);
	email__http_free(h);
}

static void
retry_after(void **state)
{
	(void)state;
	retry("X: y", -1);
	retry("Retry-After: 120", 120);
	retry("Retry-After: 0", 0);
	retry("Retry-After: 99999999999", EMAIL__HTTP_RETRY_MAX);
	retry("Retry-After: soon", -1);
	retry("Retry-After: -5", -1);
	retry("Retry-After: 1.5", -1);
	/* by the server's own clock */
	retry("Date: Fri, 31 Dec 1999 23:58:59 GMT\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", 60);
	retry("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nDate: Fri, 31 Dec 1999 23:58:59 GMT", 60);
	retry("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nDate: Sat, 01 Jan 2000 23:58:59 GMT", 0);
	retry("Retry-After: Fri, 31 Dec 2999 23:59:59 GMT\r\nDate: Sat, 01 Jan 2000 23:58:59 GMT",
	      EMAIL__HTTP_RETRY_MAX);
	retry("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", -1);
}

/* --- maxima --- */

static void
many(email__buf *b, const char *text, size_t n)
{
	while (n--)
		assert_int_equal(email__buf_adds(b, text), EMAIL_OK);
}

static void
too_much(email__buf *b, email_code code, const char *words)
{
	is_error_n((const char *)email__buf_head(b), email__buf_len(b), code, words);
	email__buf_clear(b);
}

static void
limits(void **state)
{
	email__buf b;
	email__http *h;

	(void)state;
	email__buf_init(&b, 1 << 20);
	/* a head that does not end, in one line and in many */
	many(&b, "HTTP/1.1 200 OK\r\nX: ", 1);
	many(&b, "y", EMAIL__HTTP_LINE_MAX);
	too_much(&b, EMAIL_E_LIMIT, "head");
	many(&b, "HTTP/1.1 200 ", 1);
	many(&b, "y", EMAIL__HTTP_LINE_MAX);
	too_much(&b, EMAIL_E_LIMIT, "head");
	many(&b, "y", EMAIL__HTTP_LINE_MAX);
	too_much(&b, EMAIL_E_PROTOCOL, "no web server");
	many(&b, "HTTP/1.1 200 OK\r\n", 1);
	many(&b, "X: y\r\n", EMAIL__HTTP_FIELDS_MAX + 1);
	too_much(&b, EMAIL_E_LIMIT, "fields");
	many(&b, "HTTP/1.1 200 OK\r\n", 1);
	many(&b,
	     "X: 12345678901234567890123456789012345678901234567890123456789012345678901234567890"
	     "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
	     "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
	     "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
	     "12345678901234567890123456789012345678901234567890123456789012345678901234567890\r\n",
	     90);
	too_much(&b, EMAIL_E_LIMIT, "head");
	/* interim answers without end */
	many(&b, "HTTP/1.1 100 Continue\r\n\r\n", EMAIL__HTTP_INTERIM_MAX + 1);
	too_much(&b, EMAIL_E_PROTOCOL, "interim");
	/* bodies */
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", EMAIL_E_LIMIT, "64 kB");
	is_error("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", EMAIL_E_LIMIT,
	         "64 kB");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", EMAIL_E_LIMIT,
	         "64 kB");
	is_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n",
	         EMAIL_E_LIMIT, "64 kB");
	many(&b, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1);
	many(&b, "8\r\n12345678\r\n", EMAIL__HTTP_BODY_MAX / 8);
	many(&b, "1\r\nx\r\n", 1);
	too_much(&b, EMAIL_E_LIMIT, "64 kB");
	many(&b, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", 1);
	many(&b, "x", EMAIL__HTTP_CHUNK_LINE_MAX);
	too_much(&b, EMAIL_E_LIMIT, "head");
	many(&b, "HTTP/1.1 200 OK\r\n\r\n", 1);
	many(&b, "x", EMAIL__HTTP_BODY_MAX + 1);
	too_much(&b, EMAIL_E_LIMIT, "64 kB");
	/* and just as much as may be */
	many(&b, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", 1);
	many(&b, "x", EMAIL__HTTP_BODY_MAX);
	h = feed_to(&get, (const char *)email__buf_head(&b), email__buf_len(&b), 0, false);
	assert_int_equal(email__http_response(h)->n, EMAIL__HTTP_BODY_MAX);
	email__http_free(h);
	email__buf_dispose(&b);
}

/* --- transcript --- */

static void
keep(void *context, char who, const char *text, size_t n)
{
	char *log = context;

	snprintf(log + strlen(log), 2000 - strlen(log), "%c %.*s\n", who, (int)n, text);
}

static void
transcript(void **state)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nset-cookie: sesam=1\r\nContent-Length: 9\r\n\r\n{\"t\":\"x\"}";
	email__web_request r = {.host = "h.example",
	                        .port = 443,
	                        .path = "/t",
	                        .post = true,
	                        .authorization = "Basic sesam",
	                        .type = "a/b",
	                        .body = "s=sesam",
	                        .n = 7};
	char log[2000] = "";
	email__http *h = email__http_new(&r);
	email__link *l = email__http_link(h);

	(void)state;
	l->log = keep;
	l->log_context = log;
	l->step(l);
	email__buf_clear(&l->out);
	assert_int_equal(email__buf_add(&l->in, answer, sizeof answer - 1), EMAIL_OK);
	l->step(l);
	assert_string_equal(
		log,
		"C POST /t HTTP/1.1\nC Host: h.example\nC Connection: close\nC Accept: application/json\n"
		"C Accept-Encoding: identity\nC User-Agent: libemailservice/" EMAIL__VERSION
		"\nC Authorization: ***\nC Content-Type: a/b\nC Content-Length: 7\nC (7 bytes of body)\n"
		"S HTTP/1.1 200 OK\nS Set-Cookie: ***\nS Content-Length: 9\nS \nS (9 bytes of body)\n");
	email__http_free(h);
}

static void
no_memory(void **state)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
	email__web_request r = get;
	size_t n, all;

	(void)state;
	r.post = true;
	r.type = "a/b";
	r.body = "0123456789";
	r.n = 10;
	email_test_fail_alloc_from(0);
	email__http_free(feed_to(&r, answer, sizeof answer - 1, 7, true));
	all = email_test_allocs();
	assert_true(all >= 3);
	for (n = 1; n <= all; n++) {
		email__http *h;

		email_test_fail_alloc(n);
		h = feed_to(&r, answer, sizeof answer - 1, 7, true);
		assert_true(!h || !email__http_response(h));
		email__http_free(h);
		assert_int_equal(email_test_blocks(), 0);
	}
	email_test_fail_alloc_off();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),   cmocka_unit_test(bad_requests), cmocka_unit_test(bodies),
		cmocka_unit_test(closed),     cmocka_unit_test(ambiguous),    cmocka_unit_test(no_http),
		cmocka_unit_test(redirects),  cmocka_unit_test(retry_after),  cmocka_unit_test(limits),
		cmocka_unit_test(transcript), cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
