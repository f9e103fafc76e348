/* SPDX-License-Identifier: MIT */
/*
 *     STATUS -> FIELDS -> LENGTH ------------------------------> DONE
 *        ^        | |\--> SIZE -> CHUNK -> BEHIND -> SIZE .. -> TRAILER -> DONE
 *        \--1xx---/  \--> END (of the connection) -------------> DONE
 */
#include "proto/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "codec/date.h"
#include "wire/line.h"

/* What comes next. */
enum http_state {
	S_STATUS,
	S_FIELDS,
	S_LENGTH, /* a body of known length */
	S_SIZE,   /* the line with a chunk's size */
	S_CHUNK,
	S_BEHIND,  /* the line end behind a chunk */
	S_TRAILER, /* fields behind the last chunk */
	S_END,     /* a body that ends with the connection */
	S_DONE,
	S_FAILED
};

struct email__http {
	email__link link; /* first: a pointer to it is one to the engine */
	enum http_state state;
	email__web_response response;
	email__buf body;
	size_t head; /* bytes of head lines so far */
	unsigned fields, interim;
	size_t left; /* bytes of the body, or of its chunk, still to come */
	bool told;   /* the request is in the transcript */
	bool old;    /* HTTP/1.0 */
	bool has_length, chunked, encoded;
	int64_t date, retry_at;         /* seconds since 1970; 0: not said */
	char location[EMAIL__HOST_MAX]; /* the host of a redirect */
};

static enum http_state __attribute__((format(printf, 3, 4)))
fail(email__http *h, email_code code, const char *format, ...)
{
	char text[sizeof h->link.error.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	email__error_set(&h->link.error, code, h->link.stage, "%s", text);
	return S_FAILED;
}

/* --- output --- */

/* The one writer: a line of the head; nothing with CR, LF or NUL gets through. */
static email_code
put(email__http *h, const char *name, const char *value)
{
	email__buf *out = &h->link.out;
	email_code rc;

	if (email__str_breaks_line(value, strlen(value)))
		return EMAIL_E_VALUE;
	if ((rc = email__buf_adds(out, name)) || (rc = email__buf_adds(out, value)))
		return rc;
	return email__buf_add(out, "\r\n", 2);
}

static email_code
put_host(email__http *h, const email__web_request *r)
{
	bool v6 = strchr(r->host, ':') != NULL;
	char host[EMAIL__HOST_MAX + 16], port[12] = "";

	/* RFC 9110 4.2.2: the default port may be left out, and some servers know themselves in no other way */
	if (r->port != 443)
		snprintf(port, sizeof port, ":%d", r->port);
	snprintf(host, sizeof host, "%s%s%s%s", v6 ? "[" : "", r->host, v6 ? "]" : "", port);
	return put(h, "Host: ", host);
}

static email_code
put_request(email__http *h, const email__web_request *r)
{
	char line[EMAIL__URL_MAX + 16], length[24];
	email_code rc;

	if (r->path[0] != '/' || r->path[strcspn(r->path, " \t#")] || r->host[strcspn(r->host, "/@ \t")] ||
	    !r->host[0] || strlen(r->host) >= EMAIL__HOST_MAX || strlen(r->path) > EMAIL__URL_MAX)
		return EMAIL_E_VALUE;
	snprintf(line, sizeof line, "%s HTTP/1.1", r->path);
	snprintf(length, sizeof length, "%zu", r->n);
	if ((rc = put(h, r->post ? "POST " : "GET ", line)) || (rc = put_host(h, r)) ||
	    (rc = put(h, "Connection: ", "close")) || (rc = put(h, "Accept: ", "application/json")) ||
	    (rc = put(h, "Accept-Encoding: ", "identity")) ||
	    (rc = put(h, "User-Agent: ", "libemailservice/" EMAIL__VERSION)))
		return rc;
	if (r->authorization && (rc = put(h, "Authorization: ", r->authorization)))
		return rc;
	if (r->post &&
	    ((rc = put(h, "Content-Type: ", r->type)) || (rc = put(h, "Content-Length: ", length))))
		return rc;
	if ((rc = put(h, "", "")))
		return rc;
	return r->post ? email__buf_add(&h->link.out, r->body, r->n) : EMAIL_OK;
}

static void
log_body(email__http *h, char who, size_t n)
{
	char text[48];

	if (n == 0)
		return;
	snprintf(text, sizeof text, "(%zu bytes of body)", n);
	email__link_log(&h->link, who, text, strlen(text));
}

/* Is it a field whose value nobody may read? A cookie is a secret of a kind, too. */
static void
log_line(email__http *h, char who, const char *p, size_t n)
{
	static const char *const masked[] = {"Authorization:", "Set-Cookie:"};
	char text[32];
	size_t i;

	for (i = 0; i < sizeof masked / sizeof *masked; i++) {
		size_t len = strlen(masked[i]);

		if (n < len || !email__str_equal_n(p, masked[i], len))
			continue;
		snprintf(text, sizeof text, "%s ***", masked[i]);
		email__link_log(&h->link, who, text, strlen(text));
		return;
	}
	email__link_log(&h->link, who, p, n);
}

/* The request in the transcript, when it is about to go: before, nobody listens. */
static void
log_request(email__http *h)
{
	const char *p = (const char *)email__buf_head(&h->link.out), *end = p + email__buf_len(&h->link.out);
	const char *cr = memchr(p, '\r', (size_t)(end - p));

	for (; cr && cr > p; cr = memchr(p, '\r', (size_t)(end - p))) {
		log_line(h, 'C', p, (size_t)(cr - p));
		p = cr + 2;
	}
	log_body(h, 'C', (size_t)(end - p) - 2);
	h->told = true;
}

/* --- the head of an answer --- */

/* RFC 9112 4: "HTTP/1.1 200 OK"; the words are for people. */
static enum http_state
status_line(email__http *h, const char *p, size_t n)
{
	char shown[64];
	bool whole = n >= 12 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '0' || p[7] == '1') && p[8] == ' ' &&
	             (n == 12 || p[12] == ' ');
	int i;

	h->response.status = 0;
	for (i = 9; whole && i < 12; i++) {
		whole = email__is_digit(p[i]);
		h->response.status = h->response.status * 10 + (p[i] - '0');
	}
	if (!whole || h->response.status < 100 || h->response.status > 599) {
		email__printable(shown, sizeof shown, p, n);
		fail(h, EMAIL_E_PROTOCOL, "what answers is no web server: it says \"%s\"", shown);
		email__error_remedy(&h->link.error, "Check host and port of the token endpoint");
		return S_FAILED;
	}
	h->old = p[7] == '0';
	return S_FIELDS;
}

/* tchar of RFC 9110 5.6.2 */
static bool
token(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!email__is_alpha(p[i]) && !email__is_digit(p[i]) &&
		    (!p[i] || !strchr("!#$%&'*+-.^_`|~", p[i])))
			return false;
	return n > 0;
}

static enum http_state
ambiguous(email__http *h, const char *what)
{
	return fail(h, EMAIL_E_PROTOCOL, "the token endpoint's answer has %s", what);
}

static enum http_state
content_length(email__http *h, const char *value)
{
	int64_t n;

	if (h->has_length)
		return ambiguous(h, "two lengths");
	/* more digits than an int64_t has are more than is allowed, too */
	if (!value[0] || value[strspn(value, "0123456789")])
		return ambiguous(h, "a length that is no number");
	if (!email__str_number(value, 0, EMAIL__HTTP_BODY_MAX, &n))
		return fail(h, EMAIL_E_LIMIT, "the token endpoint's answer is larger than %d kB",
		            EMAIL__HTTP_BODY_MAX / 1024);
	h->has_length = true;
	h->left = (size_t)n;
	return S_FIELDS;
}

static enum http_state
transfer_encoding(email__http *h, const char *value)
{
	/* RFC 9112 6.1: none of the others was asked for */
	if (h->chunked || !email__str_equal(value, "chunked"))
		return ambiguous(h, "a transfer coding that was not asked for");
	h->chunked = true;
	return S_FIELDS;
}

static enum http_state
content_type(email__http *h, const char *value)
{
	size_t n = strcspn(value, "; \t"), i;

	if (n < sizeof h->response.type) {
		for (i = 0; i < n; i++)
			h->response.type[i] = email__lower(value[i]);
		h->response.type[n] = '\0';
	}
	return S_FIELDS;
}

/* RFC 9110 10.2.3: seconds, or a date. That is read by the server's own clock, its Date: ours may not be set. */
static enum http_state
retry_after(email__http *h, const char *value)
{
	int64_t seconds;
	int offset;

	if (email__str_number(value, 0, INT64_MAX, &seconds))
		h->response.retry_after =
			(long)(seconds < EMAIL__HTTP_RETRY_MAX ? seconds : EMAIL__HTTP_RETRY_MAX);
	else if (email__date_read(value, strlen(value), &seconds, &offset))
		h->retry_at = seconds;
	return S_FIELDS;
}

static enum http_state
date(email__http *h, const char *value)
{
	int offset;

	if (!email__date_read(value, strlen(value), &h->date, &offset))
		h->date = 0;
	return S_FIELDS;
}

static enum http_state
content_encoding(email__http *h, const char *value)
{
	h->encoded = h->encoded || !email__str_equal(value, "identity");
	return S_FIELDS;
}

/* Its host, for the words of the error. */
static enum http_state
location(email__http *h, const char *value)
{
	const char *host = strstr(value, "//");

	host = host ? host + 2 : "";
	email__printable(h->location, sizeof h->location, host, strcspn(host, "/?#\\"));
	return S_FIELDS;
}

static const struct {
	const char *name;
	enum http_state (*take)(email__http *h, const char *value);
} known[] = {
	{"Content-Length", content_length},
	{"Transfer-Encoding", transfer_encoding},
	{"Content-Encoding", content_encoding},
	{"Content-Type", content_type},
	{"Retry-After", retry_after},
	{"Date", date},
	{"Location", location},
};

/* RFC 9112 5: name, colon, value; no blank before the colon, no folds. */
static enum http_state
field(email__http *h, const char *p, size_t n, enum http_state here)
{
	const char *colon = memchr(p, ':', n);
	size_t name_n = colon ? (size_t)(colon - p) : 0, at = name_n + 1, i;
	char value[EMAIL__URL_MAX];
	enum http_state next;

	if (++h->fields > EMAIL__HTTP_FIELDS_MAX)
		return fail(h, EMAIL_E_LIMIT, "the token endpoint's answer has more than %d header fields",
		            EMAIL__HTTP_FIELDS_MAX);
	if (!token(p, name_n) || memchr(p, '\0', n))
		return ambiguous(h, "a header that is none");
	while (at < n && (p[at] == ' ' || p[at] == '\t'))
		at++;
	while (n > at && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	/* behind the body nothing is heeded (RFC 9110 6.5.1) */
	for (i = 0; here == S_FIELDS && i < sizeof known / sizeof *known; i++) {
		if (strlen(known[i].name) != name_n || !email__str_equal_n(p, known[i].name, name_n))
			continue;
		if (n - at >= sizeof value)
			return fail(h, EMAIL_E_LIMIT,
			            "the field %s of the token endpoint's answer is too long", known[i].name);
		memcpy(value, p + at, n - at);
		value[n - at] = '\0';
		next = known[i].take(h, value);
		if (next == S_FAILED)
			return next;
	}
	return here;
}

/* --- the body --- */

static enum http_state
done(email__http *h)
{
	int64_t wait = h->retry_at - h->date;

	if (h->response.retry_after < 0 && h->retry_at && h->date)
		h->response.retry_after = (long)(wait < 0                       ? 0
		                                 : wait < EMAIL__HTTP_RETRY_MAX ? wait
		                                                                : EMAIL__HTTP_RETRY_MAX);
	h->response.body = email__buf_len(&h->body) ? (const void *)email__buf_head(&h->body) : "";
	h->response.n = email__buf_len(&h->body);
	log_body(h, 'S', h->response.n);
	h->link.progress++;
	return S_DONE;
}

static enum http_state
redirected(email__http *h)
{
	int status = h->response.status;

	if (h->location[0])
		fail(h, EMAIL_E_REFUSED,
		     "the token endpoint redirects to %s (HTTP %d), which is never followed", h->location,
		     status);
	else
		fail(h, EMAIL_E_REFUSED,
		     "the token endpoint redirects to another path (HTTP %d), which is never followed",
		     status);
	email__error_remedy(&h->link.error,
	                    "Set tokenEndpoint or authServerMetadataEndpoint to the address itself");
	return S_FAILED;
}

/* An answer before the answer: what its head said is forgotten. */
static enum http_state
interim(email__http *h)
{
	if (h->response.status == 101 || ++h->interim > EMAIL__HTTP_INTERIM_MAX)
		return ambiguous(h, h->response.status == 101 ? "another protocol in it"
		                                              : "no end of interim answers");
	h->has_length = h->chunked = h->encoded = false;
	h->date = h->retry_at = 0;
	h->response = (email__web_response){.retry_after = -1};
	h->location[0] = '\0';
	return S_STATUS;
}

/* RFC 9112 6.3: how the body ends. */
static enum http_state
head_ended(email__http *h)
{
	int status = h->response.status;

	if (status < 200)
		return interim(h);
	if (h->chunked && (h->has_length || h->old))
		return ambiguous(h, h->old ? "chunks in HTTP/1.0" : "a length and chunks");
	if (status / 100 == 3 && status != 304)
		return redirected(h);
	if (status == 204 || status == 304)
		return done(h);
	if (h->encoded)
		return ambiguous(h, "a content coding that was not asked for");
	if (h->chunked)
		return S_SIZE;
	if (!h->has_length)
		return S_END;
	return h->left ? S_LENGTH : done(h);
}

/* RFC 9112 7.1: the size in hex, perhaps with extensions. */
static enum http_state
chunk_size(email__http *h, const char *p, size_t n)
{
	size_t size = 0, i;

	for (i = 0; i < n && size <= EMAIL__HTTP_BODY_MAX; i++) {
		int digit = email__hex_value(p[i]);

		if (digit < 0)
			break;
		size = size * 16 + (size_t)digit;
	}
	if (size > EMAIL__HTTP_BODY_MAX - email__buf_len(&h->body))
		return fail(h, EMAIL_E_LIMIT, "the token endpoint's answer is larger than %d kB",
		            EMAIL__HTTP_BODY_MAX / 1024);
	if (i == 0 || (i < n && p[i] != ';' && p[i] != ' ' && p[i] != '\t'))
		return ambiguous(h, "a chunk without a size");
	h->left = size;
	return size ? S_CHUNK : S_TRAILER;
}

/* As much of the body as is here. */
static enum http_state
take(email__http *h, enum http_state next)
{
	email__buf *in = &h->link.in;
	size_t n = email__buf_len(in);
	email_code rc;

	if (h->state != S_END && n > h->left)
		n = h->left;
	rc = email__buf_add(&h->body, email__buf_head(in), n);
	if (rc == EMAIL_E_MEMORY)
		return fail(h, rc, "out of memory");
	if (rc)
		return fail(h, rc, "the token endpoint's answer is larger than %d kB",
		            EMAIL__HTTP_BODY_MAX / 1024);
	email__buf_consume(in, n);
	if (h->state == S_END)
		return S_END;
	h->left -= n;
	return h->left ? h->state : next;
}

/* --- framing --- */

static enum http_state
line(email__http *h, const char *p, size_t n)
{
	switch (h->state) {
	case S_STATUS: return status_line(h, p, n);
	case S_FIELDS: return n ? field(h, p, n, S_FIELDS) : head_ended(h);
	case S_TRAILER: return n ? field(h, p, n, S_TRAILER) : done(h);
	case S_SIZE: return chunk_size(h, p, n);
	case S_BEHIND: return n ? ambiguous(h, "a chunk longer than its size") : S_SIZE;
	case S_LENGTH:
	case S_CHUNK:
	case S_END:
	case S_DONE:
	case S_FAILED: break;
	}
	return S_FAILED;
}

/* The next state after a line, or the same where none is whole. *more: go on. */
static enum http_state
next_line(email__http *h, bool *more)
{
	bool chunk = h->state == S_SIZE || h->state == S_BEHIND;
	size_t max = chunk ? EMAIL__HTTP_CHUNK_LINE_MAX : EMAIL__HTTP_LINE_MAX, n;
	const char *p;
	email_code rc;

	/* a secret buffer wipes what is consumed, but the line must stay until it is read */
	h->link.in.secret = false;
	rc = email__line_next(&h->link.in, max, &p, &n);
	h->link.in.secret = true;
	*more = p != NULL;
	if (rc == EMAIL_E_PROTOCOL)
		return ambiguous(h, "a bare CR in its head");
	h->head += p && !chunk ? n + 2 : 0;
	if (rc && h->state == S_STATUS &&
	    status_line(h, (const char *)email__buf_head(&h->link.in), 40) == S_FAILED)
		return S_FAILED;
	if (rc || h->head > EMAIL__HTTP_HEAD_MAX)
		return fail(h, EMAIL_E_LIMIT, "the head of the token endpoint's answer is too long");
	if (!p)
		return h->state;
	if (!chunk)
		log_line(h, 'S', p, n);
	return line(h, p, n);
}

/* Nothing is expected any more. */
static void
over(email__http *h)
{
	email__buf_clear(&h->link.in);
	if (h->state == S_FAILED) {
		email__buf_clear(&h->link.out);
		email__buf_clear(&h->body);
	}
	h->link.want = h->state == S_FAILED ? 0 : EMAIL__WANT_CLOSE;
}

static void
step(email__link *link)
{
	email__http *h = (email__http *)link;
	bool more = true;

	if (!h->told && link->log && h->state != S_FAILED)
		log_request(h);
	while (more && h->state != S_DONE && h->state != S_FAILED) {
		switch (h->state) {
		case S_STATUS:
		case S_FIELDS:
		case S_SIZE:
		case S_BEHIND:
		case S_TRAILER: h->state = next_line(h, &more); break;
		case S_LENGTH:
		case S_CHUNK:
		case S_END:
			more = email__buf_len(&link->in) > 0;
			if (more)
				h->state = take(h, h->state == S_CHUNK ? S_BEHIND : S_LENGTH);
			if (h->state == S_LENGTH && h->left == 0)
				h->state = done(h);
			break;
		case S_DONE:
		case S_FAILED: break;
		}
	}
	if (h->state == S_DONE || h->state == S_FAILED)
		over(h);
	else
		link->want = EMAIL__WANT_READ | (email__buf_len(&link->out) ? EMAIL__WANT_WRITE : 0);
}

static void
ended(email__link *link)
{
	email__http *h = (email__http *)link;

	step(link);
	if (h->state == S_DONE || h->state == S_FAILED)
		return;
	/* RFC 9112 9.8: without TLS's own word for it, whoever sits in between could have cut it off */
	if (h->state == S_END && link->whole)
		h->state = done(h);
	else
		h->state = fail(h, EMAIL_E_CLOSED, "the token endpoint closed the connection %s",
		                h->state == S_STATUS && h->head == 0 ? "without an answer"
		                                                     : "in the middle of its answer");
	over(h);
}

static void
no_tls(email__link *link)
{
	(void)link; /* it is there from the start */
}

/* --- public calls --- */

email__http *
email__http_new(const email__web_request *request)
{
	email__http *h = email__new(email__http);
	email_code rc;

	if (!h)
		return NULL;
	email__buf_init(&h->link.in, EMAIL__HTTP_LINE_MAX);
	email__buf_init(&h->link.out, EMAIL__HTTP_REQUEST_MAX);
	email__buf_init(&h->body, EMAIL__HTTP_BODY_MAX);
	h->link.in.secret = h->link.out.secret = h->body.secret = true;
	h->link.stage = EMAIL_STAGE_TOKEN;
	h->link.wait = EMAIL__WAIT_RESPONSE;
	h->link.flights = 1;
	h->link.step = step;
	h->link.eof = ended;
	h->link.tls_started = no_tls;
	h->response.retry_after = -1;
	rc = put_request(h, request);
	h->link.sent = email__buf_len(&h->link.out);
	if (rc == EMAIL_E_MEMORY) {
		email__http_free(h);
		return NULL;
	}
	if (rc) {
		h->state = fail(h, rc, "the request to the token endpoint cannot be written: %s",
		                email_code_text(rc));
		over(h);
	} else {
		h->link.want = EMAIL__WANT_WRITE | EMAIL__WANT_READ;
	}
	return h;
}

void
email__http_free(email__http *h)
{
	if (!h)
		return;
	email__buf_dispose(&h->link.in);
	email__buf_dispose(&h->link.out);
	email__buf_dispose(&h->body);
	email__free(h);
}

email__link *
email__http_link(email__http *h)
{
	return &h->link;
}

const email__web_response *
email__http_response(const email__http *h)
{
	return h->state == S_DONE ? &h->response : NULL;
}
