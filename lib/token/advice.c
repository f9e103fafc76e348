/* SPDX-License-Identifier: MIT */
#include "token/advice.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define TENANT \
	"Check the tenant in authServerMetadataEndpoint (or tokenEndpoint): it is its GUID or one of its " \
	"domains"
#define SCOPE \
	"Check scope: for Microsoft 365 with a client secret or certificate it is " \
	"https://outlook.office365.com/.default, " \
	"for a login by a person https://outlook.office.com/SMTP.Send (or IMAP.AccessAsUser.All, " \
	"POP.AccessAsUser.All) " \
	"and offline_access"
#define AGAIN "Log in once more: emailctl login ACCOUNT"
#define CLOCK "The station's clock is wrong, or its time zone: set it (NTP)"
#define MFA \
	"The sign-in asks for a second factor, which a station does not have: log in once more with " \
	"emailctl login " \
	"ACCOUNT, or use an application (client secret or certificate) instead of a person's account"

/*
 * The first row that fits is taken: those with words of a description before those with an error alone. Words are
 * looked for without case; behind a number no digit may follow.
 */
static const struct {
	const char *error, *words, *text;
} table[] = {
	/* Microsoft: learn.microsoft.com/entra/identity-platform/reference-error-codes */
	{"", "AADSTS7000215",
         "clientSecret is not the secret: copy its Value, not its Secret ID, from the app registration "
         "(Certificates & "
         "secrets)"},
	{"", "AADSTS7000222",
         "The client secret has expired: make a new one in the app registration (Certificates & secrets) and "
         "set "
         "clientSecret"},
	{"", "AADSTS7000216", "The application has to prove itself: set clientSecret or clientCertificate"},
	{"", "AADSTS7000218",
         "The application has to prove itself: set clientSecret, or switch on \"Allow public client flows\" "
         "in the app "
         "registration (Authentication)"},
	{"", "AADSTS7000112", "The application is disabled in the tenant: an administrator has to enable it"},
	{"", "AADSTS7000229",
         "The application has no service principal in the tenant: an administrator has to add it (enterprise "
         "application)"},
	{"", "AADSTS700016",
         "clientId is not known in this tenant: check clientId, and the tenant in "
         "authServerMetadataEndpoint"},
	{"", "AADSTS700027",
         "The certificate that signed is not the one registered, or it has expired: upload the certificate "
         "of "
         "clientCertificate in the app registration (Certificates & secrets)"},
	{"", "AADSTS700024", CLOCK},
	{"", "AADSTS700082", "The refresh token was not used for too long and has expired. " AGAIN},
	{"", "AADSTS700084", AGAIN},
	{"", "AADSTS70008", AGAIN},
	{"", "AADSTS70000", AGAIN},
	{"", "AADSTS50173", "The account's password was changed, or its tokens were revoked. " AGAIN},
	{"", "AADSTS50089", AGAIN},
	{"", "AADSTS70019", "The code was not entered in time. " AGAIN},
	{"", "AADSTS90002", TENANT},
	{"", "AADSTS900023", TENANT},
	{"", "AADSTS90013", TENANT},
	{"", "AADSTS50059", TENANT "; \"common\" does not do for an application"},
	{"", "AADSTS50194",
         "The application is for one tenant: write the tenant in authServerMetadataEndpoint instead of "
         "\"common\""},
	{"", "AADSTS50020",
         "The account belongs to another tenant: check account and the tenant in authServerMetadataEndpoint"},
	{"", "AADSTS65001",
         "Consent is missing: an administrator has to grant it in the app registration (API permissions, "
         "Grant admin "
         "consent)"},
	{"", "AADSTS65004", "The person did not consent. " AGAIN},
	{"", "AADSTS50105",
         "The account is not assigned to the application: an administrator has to assign it"},
	{"", "AADSTS50034",
         "There is no such account in the tenant: check account, and the tenant in "
         "authServerMetadataEndpoint"},
	{"", "AADSTS50126", "The account's name or password is wrong. " AGAIN},
	{"", "AADSTS50055", "The account's password has expired: change it. Then: emailctl login ACCOUNT"},
	{"", "AADSTS50057", "The account is disabled: an administrator has to enable it"},
	{"", "AADSTS50053",
         "The account is locked, or its address is blocked, after too many logins: wait, or ask an "
         "administrator"},
	{"", "AADSTS50076", MFA},
	{"", "AADSTS50078", MFA},
	{"", "AADSTS50079", MFA},
	{"", "AADSTS53003",
         "A Conditional Access policy blocks this login: an administrator has to exempt the application, or "
         "allow the "
         "station's location"},
	{"", "AADSTS53000",
         "A Conditional Access policy wants a managed device, which a station is not: an administrator has "
         "to exempt it"},
	{"", "AADSTS530003",
         "A Conditional Access policy wants a managed device, which a station is not: an administrator has "
         "to exempt it"},
	{"", "AADSTS1002012",
         "scope must end in /.default for an application: https://outlook.office365.com/.default"},
	{"", "AADSTS70011", SCOPE},
	{"", "AADSTS650053", SCOPE},
	{"", "AADSTS500011", SCOPE},
	{"", "AADSTS28000", "scope names more than one resource: ask for those of outlook.office.com alone"},
	{"", "AADSTS9002332",
         "The application is for the tenant's accounts alone: write the tenant in "
         "authServerMetadataEndpoint"},
	{"", "AADSTS9002331",
         "The application is for personal accounts: use the endpoint with \"consumers\" in place of the "
         "tenant"},
	/* Google: developers.google.com/identity/protocols/oauth2 */
	{"unauthorized_client", "unauthorized to retrieve access tokens",
         "Give the service account domain-wide delegation: Admin console, Security, API controls, its client "
         "ID with the "
         "scope https://mail.google.com/"},
	{"invalid_grant", "expired or revoked",
         "The refresh token has ended: the password was changed, access was taken back, or it is the 7 days' "
         "one of an "
         "application in testing (publish it). " AGAIN},
	{"invalid_grant", "invalid jwt signature",
         "clientCertificate holds another key than the service account's: download a new key (JSON or P12) "
         "and import it"},
	{"invalid_grant", "short-lived token", CLOCK},
	{"invalid_grant", "reasonable timeframe", CLOCK},
	{"invalid_grant", "account not found",
         "clientId must be the service account's address (...iam.gserviceaccount.com)"},
	{"invalid_grant", "invalid email or user id",
         "account is no mailbox of this Workspace domain: check account"},
	{"invalid_grant", "not a valid email",
         "account is no mailbox of this Workspace domain: check account"},
	{"invalid_grant", "invalid_rapt",
         "The domain asks for a new login after some time: an administrator has to trust the "
         "application. " AGAIN},
	{"invalid_client", "client was not found",
         "clientId is not known: check it, with its end .apps.googleusercontent.com"},
	{"invalid_client", "client was deleted",
         "The OAuth client was deleted: make another, set clientId and clientSecret"},
	{"deleted_client", "", "The OAuth client was deleted: make another, set clientId and clientSecret"},
	{"disabled_client", "", "The OAuth client is disabled: enable it, or make another"},
	{"admin_policy_enforced", "",
         "The domain's administrator has to allow the application (API controls)"},
	{"org_internal", "", "The application is for one organisation, and the account belongs to another"},
	{"invalid_scope", "invalid for device flow",
         "Google's device flow has no scope for mail: use a service account (oAuthClientCertificate with "
         "useJWTBearerAssertion), or an app password"},
	{"invalid_scope", "oauth scope or api audience",
         "Check scope: for Google it is https://mail.google.com/"},
	/* RFC 6749 5.2, RFC 8628 3.5 */
	{"invalid_client", "",
         "Check clientId and clientSecret (or clientCertificate): the application is not known, or its proof "
         "is wrong"},
	{"invalid_grant", "",
         "What was shown to get a token is not valid, has expired or was revoked. With a refresh token: "
         "emailctl login ACCOUNT"},
	{"unauthorized_client", "",
         "The application may not get tokens in this way: allow the grant where it is registered"},
	{"unsupported_grant_type", "",
         "The server does not know this grant: use another emailAuthenticator type"},
	{"invalid_scope", "", "Check scope"},
	{"access_denied", "", "The person, or a policy, said no. " AGAIN},
	{"expired_token", "", "The code was not entered in time. " AGAIN},
	{"invalid_request", "",
         "Check clientId, scope and tokenEndpoint: the server does not understand what it is asked"},
	{"invalid_target", "", "Check scope"},
	/* OpenID Connect Core 3.1.2.6, which Microsoft answers with beside its own numbers */
	{"interaction_required", "", MFA},
	{"login_required", "", AGAIN},
	{"consent_required", "", "Consent is missing: an administrator has to grant it to the application"},
};

/* Without case; a number's mark is the whole number. */
static int
says(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (; *text; text++)
		if (email__str_equal_n(text, words, n) &&
		    !(email__is_digit(words[n - 1]) && email__is_digit(text[n])))
			return 1;
	return 0;
}

void
email__token_advice(email_error *e, const char *error, const char *description)
{
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].error[0] && strcmp(table[i].error, error) != 0)
			continue;
		if (table[i].words[0] && !says(description, table[i].words))
			continue;
		email__error_remedy(e, "%s", table[i].text);
		return;
	}
}
