/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 (RFC 9110, RFC 9112), the client's side, for one request and its answer, as an engine: see wire/link.h.
 *
 *     request --> status line, fields, body --> WANT_CLOSE, email__http_response()
 *
 * It is for token endpoints: no redirect is ever followed (the request holds a secret), nothing is encoded, no
 * connection is kept. What could be read in two ways is refused: a length and chunks, a length twice, folded fields.
 * Body and answer are wiped when freed; the transcript has neither them nor the credentials.
 */
#ifndef EMAIL__PROTO_HTTP_H
#define EMAIL__PROTO_HTTP_H

#include "base/web.h"
#include "wire/link.h"

typedef struct email__http email__http;

/*
 * The request is written at once and not needed after that. NULL: no memory. A request that cannot be written (CR, LF
 * or NUL in it, a path without '/', too long) makes an engine that has failed: EMAIL_E_VALUE, EMAIL_E_LIMIT.
 *
 * Errors of the link, at the stage token: EMAIL_E_PROTOCOL (no HTTP, or none that is unambiguous), EMAIL_E_LIMIT (over
 * a maximum of base/limits.h), EMAIL_E_CLOSED (ended in the middle, or where only an end of TLS could tell that nothing
 * is missing), EMAIL_E_REFUSED (a redirect), EMAIL_E_MEMORY.
 */
email__http *email__http_new(const email__web_request *request);
void email__http_free(email__http *h);
email__link *email__http_link(email__http *h);
/* Once it is whole, whatever its status; NULL before. Belongs to the engine. */
const email__web_response *email__http_response(const email__http *h);

#endif
