/* SPDX-License-Identifier: MIT */
/*
 * Where an authorization server has its endpoints: its metadata document (OpenID Connect Discovery 1.0, RFC 8414).
 *
 * The document's issuer must be the one that was asked for (RFC 8414 3.3), up to a slash at the end. One exception:
 * Microsoft's hosts know a tenant by its GUID and by its domains, and say the GUID whatever was asked for ("common" and
 * its like: "{tenantid}"; its older endpoints even another host, sts.windows.net). There the tenant is not compared, but
 * the endpoints must lie on the host that was asked.
 */
#ifndef EMAIL__TOKEN_METADATA_H
#define EMAIL__TOKEN_METADATA_H

#include <stdbool.h>

#include "base/web.h"
#include "token/url.h"

typedef struct email__metadata {
	char issuer[EMAIL__URL_MAX + 1]; /* as the server spells it; "" where none was read */
	char token[EMAIL__URL_MAX + 1];  /* the endpoints as they stand in the document, and taken apart */
	email__url token_url;
	email__url device_url; /* path "" where it has none */
	bool basic_only;       /* the secret is taken by client_secret_basic and not by client_secret_post */
} email__metadata;

/* The document's URL: /.well-known/openid-configuration is appended, unless the endpoint names a document (also in RFC
 * 8414's place, before the path). Errors, told in `e` with the property's name: EMAIL_E_VALUE. */
email_code email__metadata_url(const char *endpoint, email__url *url, email_error *e);
/* Errors, at the stage token: those of email__token_document(), EMAIL_E_PROTOCOL (no endpoint, or none that is safe),
 * EMAIL_E_TRUST (another issuer). */
email_code email__metadata_read(const char *endpoint, const email__web_response *r, email__metadata *m,
                                email_error *e);
/* The same for an endpoint that was configured. Errors: EMAIL_E_VALUE. */
email_code email__metadata_explicit(const char *token_endpoint, email__metadata *m, email_error *e);

#endif
