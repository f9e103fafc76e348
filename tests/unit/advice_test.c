/* SPDX-License-Identifier: MIT */
#include "token/advice.h"

#include "support/cm.h"

static void
is(const char *error, const char *description, const char *words)
{
	email_error e = {0};

	email__token_advice(&e, error, description);
	if (!strstr(e.remedy, words) || (!words[0] && e.remedy[0]))
		fprintf(stderr, "%s, %s: %s\n", error, description, e.remedy);
	assert_non_null(strstr(e.remedy, words));
	assert_true(words[0] || !e.remedy[0]);
	/* nothing was cut off */
	assert_true(strlen(e.remedy) < sizeof e.remedy - 1);
}

/* Words as the providers' documentation has them. */
static void
microsoft(void **state)
{
	(void)state;
	is("invalid_client",
	   "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is "
	   "the client secret "
	   "value, not the client secret ID, for a secret added to app "
	   "'11111111-2222-3333-4444-555555555555'.",
	   "Value, not its Secret ID");
	is("invalid_client", "AADSTS7000222: The provided client secret keys for app 'x' are expired.",
	   "has expired");
	is("unauthorized_client",
	   "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
	   "clientId is not known");
	is("invalid_request", "AADSTS90002: Tenant 'contoso' not found.", "tenant");
	is("invalid_request",
	   "AADSTS900023: Specified tenant identifier 'x' is neither a valid DNS name, nor", "tenant");
	is("invalid_grant", "AADSTS65001: The user or administrator has not consented to use the application",
	   "Consent");
	is("invalid_grant", "AADSTS50034: The user account x does not exist in the directory.",
	   "no such account");
	is("invalid_grant", "AADSTS50126: Error validating credentials due to invalid username or password.",
	   "password");
	is("invalid_grant", "AADSTS53003: Access has been blocked by Conditional Access policies.",
	   "Conditional Access");
	is("invalid_scope", "AADSTS70011: The provided request must include a 'scope' input parameter.",
	   "scope");
	is("invalid_client", "AADSTS700027: Client assertion failed signature validation.", "certificate");
	is("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.",
	   "emailctl login");
	is("invalid_request", "AADSTS1002012: The provided value for scope x is not valid.", ".default");
	is("invalid_client", "AADSTS700024: Client assertion is not within its valid time range.", "clock");
	is("invalid_client", "AADSTS7000218: The request body must contain the following parameter",
	   "public client");
	/* one number is not the beginning of another */
	is("x", "AADSTS7001111", "");
	is("x", "AADSTS900021", "");
}

static void
google(void **state)
{
	(void)state;
	is("unauthorized_client",
	   "Client is unauthorized to retrieve access tokens using this method, or client not authorized for "
	   "any of the "
	   "scopes requested.",
	   "domain-wide delegation");
	is("invalid_grant", "Token has been expired or revoked.", "emailctl login");
	is("invalid_grant", "Invalid JWT Signature.", "another key");
	is("invalid_grant",
	   "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
	   "clock");
	is("invalid_client", "The OAuth client was not found.", "clientId");
	is("invalid_grant", "Invalid email or User ID", "account");
	is("deleted_client", "The OAuth client was deleted.", "deleted");
}

static void
rfc(void **state)
{
	static const char *const errors[] = {
		"invalid_request",      "invalid_client",         "invalid_grant",
		"unauthorized_client",  "unsupported_grant_type", "invalid_scope",
		"interaction_required", "access_denied",          "expired_token"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof errors / sizeof *errors; i++) {
		email_error e = {0};

		email__token_advice(&e, errors[i], "");
		assert_true(e.remedy[0]);
	}
	is("something_else", "", "");
	is("", "", "");
}

static void
the_first_stays(void **state)
{
	email_error e = {.remedy = "Ask"};

	(void)state;
	email__token_advice(&e, "invalid_client", "");
	assert_string_equal(e.remedy, "Ask");
	email__token_advice(NULL, "invalid_client", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(microsoft), cmocka_unit_test(google),
	                                   cmocka_unit_test(rfc), cmocka_unit_test(the_first_stays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
