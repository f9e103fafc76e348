/* SPDX-License-Identifier: MIT */
/*
 * A hostile web server against the HTTP engine: byte 0 is how much it says at a time (0: all), bit 0 of byte 1
 * whether TLS ends as it should. However it is cut, it comes to the same; nothing is both an answer and an error.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "proto/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static email__http *
run(const uint8_t *data, size_t size, size_t step, bool whole)
{
	static const email__web_request request = {.host = "login.example.com",
	                                           .port = 443,
	                                           .path = "/t",
	                                           .post = true,
	                                           .type = "a/b",
	                                           .body = "x",
	                                           .n = 1};
	email__http *h = email__http_new(&request);
	email__link *l = h ? email__http_link(h) : NULL;
	size_t at = 0, n;

	if (!h)
		abort();
	l->step(l);
	email__buf_clear(&l->out);
	while (at < size && (l->want & EMAIL__WANT_READ)) {
		n = step && step < size - at ? step : size - at;
		n = n < email__buf_left(&l->in) ? n : email__buf_left(&l->in);
		if (n == 0 || email__buf_add(&l->in, data + at, n))
			abort();
		at += n;
		l->step(l);
	}
	l->whole = whole;
	if (l->want & EMAIL__WANT_READ)
		l->eof(l);
	if (l->want != 0 && l->want != EMAIL__WANT_CLOSE)
		abort();
	if ((l->want == 0) != (l->error.code != EMAIL_OK) ||
	    (l->want == 0) != (email__http_response(h) == NULL))
		abort();
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__http *a, *b;
	const email__web_response *r, *q;

	if (size < 2)
		return 0;
	a = run(data + 2, size - 2, data[0], data[1] & 1);
	b = run(data + 2, size - 2, 0, data[1] & 1);
	r = email__http_response(a);
	q = email__http_response(b);
	if (!r != !q || email__http_link(a)->error.code != email__http_link(b)->error.code)
		abort();
	if (r && (r->n != q->n || memcmp(r->body, q->body, r->n) != 0 || r->status != q->status ||
	          r->retry_after != q->retry_after))
		abort();
	if (r &&
	    (r->n > EMAIL__HTTP_BODY_MAX || r->status < 200 || (r->status / 100 == 3 && r->status != 304) ||
	     r->retry_after < -1 || r->retry_after > EMAIL__HTTP_RETRY_MAX))
		abort();
	email__http_free(a);
	email__http_free(b);
	return 0;
}
