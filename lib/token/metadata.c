/* SPDX-License-Identifier: MIT */
#include "token/metadata.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "token/response.h"

static const char *const documents[] = {"/.well-known/openid-configuration",
                                        "/.well-known/oauth-authorization-server"};

static email_code
bad_property(email_error *e, const char *property, const char *why)
{
	email__error_set(e, EMAIL_E_VALUE, EMAIL_STAGE_TOKEN, "%s is no https URL that can be used: %s",
	                 property, why);
	if (e && !e->property[0])
		snprintf(e->property, sizeof e->property, "%s", property);
	return EMAIL_E_VALUE;
}

/* Where the name of a document begins in an endpoint, and its length; NULL: it names none. */
static const char *
named_document(const char *endpoint, size_t *n)
{
	const char *at;
	size_t i;

	for (i = 0; i < sizeof documents / sizeof *documents; i++) {
		*n = strlen(documents[i]);
		at = strstr(endpoint, documents[i]);
		if (at && (at[*n] == '\0' || at[*n] == '/'))
			return at;
	}
	return NULL;
}

static size_t
without_slash(const char *s)
{
	size_t n = strlen(s);

	return n && s[n - 1] == '/' ? n - 1 : n;
}

email_code
email__metadata_url(const char *endpoint, email__url *url, email_error *e)
{
	char text[EMAIL__URL_MAX + 64];
	const char *why;
	size_t n;

	if (strlen(endpoint) > EMAIL__URL_MAX)
		return bad_property(e, "authServerMetadataEndpoint", "it is too long");
	if (strchr(endpoint, '?'))
		return bad_property(e, "authServerMetadataEndpoint", "it has a query");
	if (named_document(endpoint, &n))
		snprintf(text, sizeof text, "%s", endpoint);
	else
		snprintf(text, sizeof text, "%.*s%s", (int)without_slash(endpoint), endpoint, documents[0]);
	return email__url_parse(text, url, &why) ? bad_property(e, "authServerMetadataEndpoint", why)
	                                         : EMAIL_OK;
}

/* --- the issuer --- */

/* The issuer that an endpoint stands for: without the document's name, wherever it stood, and the last slash. */
static void
issuer_of(const char *endpoint, char *issuer, size_t size)
{
	size_t n;
	const char *at = named_document(endpoint, &n);

	if (at)
		snprintf(issuer, size, "%.*s%s", (int)(at - endpoint), endpoint, at + n);
	else
		snprintf(issuer, size, "%s", endpoint);
	issuer[without_slash(issuer)] = '\0';
}

static bool
is_microsoft(const char *host)
{
	static const char *const hosts[] = {"login.microsoftonline.com", "login.microsoftonline.us",
	                                    "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"};
	size_t i;

	for (i = 0; i < sizeof hosts / sizeof *hosts; i++)
		if (strcmp(host, hosts[i]) == 0)
			return true;
	return false;
}

/* "https://HOST/TENANT/v2.0", or "https://sts.windows.net/TENANT/" of an endpoint without the version. */
static bool
same_but_tenant(const char *wanted, const char *issuer)
{
	static const char sts[] = "https://sts.windows.net/";
	const char *w = strchr(wanted + 8, '/'), *i = strchr(issuer + 8, '/');

	if (!w || !i)
		return false;
	if (strcmp(issuer + strlen(issuer) - 1, "/") == 0 && strncmp(issuer, sts, sizeof sts - 1) == 0)
		return strchr(w + 1, '/') == NULL;
	return i - issuer == w - wanted && email__str_equal_n(wanted, issuer, (size_t)(w - wanted)) &&
	       strcmp(w + 1 + strcspn(w + 1, "/"), i + 1 + strcspn(i + 1, "/")) == 0;
}

static bool
issuer_matches(const char *endpoint, const email__url *asked, const char *issuer)
{
	char wanted[EMAIL__URL_MAX + 1];
	size_t n = without_slash(issuer);

	issuer_of(endpoint, wanted, sizeof wanted);
	if (strlen(issuer) < 9)
		return false;
	if (strlen(wanted) == n && memcmp(wanted, issuer, n) == 0)
		return true;
	return is_microsoft(asked->host) && same_but_tenant(wanted, issuer);
}

/* --- the document --- */

static email_code
endpoint_of(const email__json *json, const char *name, char *text, size_t size, email__url *url,
            email_error *e)
{
	const char *why = "it is missing";
	email_code rc = email__json_text(json, name, text, size);

	if (rc == EMAIL_OK && email__url_parse(text, url, &why) == EMAIL_OK)
		return EMAIL_OK;
	if (rc == EMAIL_E_UNKNOWN)
		return rc;
	return email__error_set(e, EMAIL_E_PROTOCOL, EMAIL_STAGE_TOKEN,
	                        "%s in the metadata document cannot be used: %s", name,
	                        rc ? "it is no URL" : why);
}

static email_code
another_issuer(const char *issuer, email_error *e)
{
	char shown[160];

	email__printable(shown, sizeof shown, issuer, strlen(issuer));
	email__error_set(e, EMAIL_E_TRUST, EMAIL_STAGE_TOKEN,
	                 "the metadata document is that of another issuer: %s", shown);
	email__error_remedy(e,
	                    "Set authServerMetadataEndpoint to the issuer itself, or tokenEndpoint instead");
	return EMAIL_E_TRUST;
}

static email_code
read_document(const email__json *json, const char *endpoint, const email__url *asked, email__metadata *m,
              email_error *e)
{
	char device[EMAIL__URL_MAX + 1];
	email_code rc = email__json_text(json, "issuer", m->issuer, sizeof m->issuer);

	if (rc)
		return email__error_set(e, EMAIL_E_PROTOCOL, EMAIL_STAGE_TOKEN,
		                        "the metadata document names no issuer");
	if (!issuer_matches(endpoint, asked, m->issuer))
		return another_issuer(m->issuer, e);
	if ((rc = endpoint_of(json, "token_endpoint", m->token, sizeof m->token, &m->token_url, e)))
		return rc != EMAIL_E_UNKNOWN
		               ? rc
		               : email__error_set(e, EMAIL_E_PROTOCOL, EMAIL_STAGE_TOKEN,
		                                  "the metadata document names no token_endpoint");
	rc = endpoint_of(json, "device_authorization_endpoint", device, sizeof device, &m->device_url, e);
	if (rc == EMAIL_E_UNKNOWN)
		m->device_url.path[0] = '\0';
	else if (rc)
		return rc;
	if (is_microsoft(asked->host) &&
	    (strcmp(m->token_url.host, asked->host) != 0 ||
	     (m->device_url.path[0] && strcmp(m->device_url.host, asked->host) != 0)))
		return email__error_set(e, EMAIL_E_TRUST, EMAIL_STAGE_TOKEN,
		                        "the metadata document's endpoints are on another host: %s",
		                        m->token_url.host);
	m->basic_only = email__json_has(json, "token_endpoint_auth_methods_supported",
	                                "client_secret_basic") == EMAIL_OK &&
	                email__json_has(json, "token_endpoint_auth_methods_supported",
	                                "client_secret_post") != EMAIL_OK;
	return EMAIL_OK;
}

email_code
email__metadata_read(const char *endpoint, const email__web_response *r, email__metadata *m, email_error *e)
{
	email_error own = {0};
	email__json *json;
	email__url asked;
	email_code rc;

	memset(m, 0, sizeof *m);
	if ((rc = email__metadata_url(endpoint, &asked, &own)) == EMAIL_OK) {
		json = email__token_document(r, "the metadata document", &own);
		rc = json ? read_document(json, endpoint, &asked, m, &own) : own.code;
		email__json_free(json);
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = own;
	return rc;
}

email_code
email__metadata_explicit(const char *token_endpoint, email__metadata *m, email_error *e)
{
	const char *why;

	memset(m, 0, sizeof *m);
	if (email__url_parse(token_endpoint, &m->token_url, &why))
		return bad_property(e, "tokenEndpoint", why);
	snprintf(m->token, sizeof m->token, "%s", token_endpoint);
	return EMAIL_OK;
}
