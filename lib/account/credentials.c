/* SPDX-License-Identifier: MIT */
/* What an account shows at a login, by the type of its authenticator (model 4). */
#include <string.h>

#include "account/connection.h"
#include "base/error.h"
#include "crypto/mac.h"
#include "os/clock.h"

/* The secret's reader does not know what it reads it for. */
static email_code
at_stage(email_account *account, email_code code, email_stage stage)
{
	if (account->error.stage == EMAIL_STAGE_NONE)
		account->error.stage = stage;
	return code;
}

/* SCRAM's hash is made while nothing else happens: no more iterations than a quarter of responseTimeout has time for,
 * which is measured once. */
#define MEASURED_ITERATIONS 1000
#define ITERATIONS_SHARE 4

static uint32_t
iterations_in_time(const email_account *account, email__connection *c)
{
	unsigned char out[EMAIL__MAC_MAX];
	int64_t began, took, most;

	if (!c->iterations_a_second) {
		began = email__clock_us();
		if (email__pbkdf2(EMAIL__SHA256, "x", 1, "salt", 4, MEASURED_ITERATIONS, out))
			return EMAIL__SCRAM_ITERATIONS_MIN;
		took = email__clock_us() - began;
		c->iterations_a_second =
			took > 0 ? MEASURED_ITERATIONS * INT64_C(1000000) / took : INT64_MAX / 1000000;
	}
	most = c->iterations_a_second * (account->v.response_timeout / ITERATIONS_SHARE) / 1000;
	return most < EMAIL__SCRAM_ITERATIONS_MIN   ? EMAIL__SCRAM_ITERATIONS_MIN
	       : most > EMAIL__SCRAM_ITERATIONS_MAX ? EMAIL__SCRAM_ITERATIONS_MAX
	                                            : (uint32_t)most;
}

static email_code
read_password(email_account *account, email__connection *c)
{
	email_code rc = email__secret_read(account, &account->v.auth_password, &c->password, &account->error);

	return rc ? at_stage(account, rc, EMAIL_STAGE_AUTHENTICATE) : EMAIL_OK;
}

/* The program hands over a password or a token. */
static email_code
ask_application(email_account *account, email__connection *c)
{
	unsigned char *room;
	bool token = false;
	email_code rc;

	if (!account->credential) {
		rc = email__error_set(&account->error, EMAIL_E_SECRET, EMAIL_STAGE_AUTHENTICATE,
		                      "the authenticator is a callback, and the program has set none");
		email__error_remedy(&account->error, "email_account_set_credential_callback()");
		return rc;
	}
	if (!(room = email__buf_room(&c->password, EMAIL__SECRET_MAX + 1)))
		return email__error_memory(&account->error, EMAIL_STAGE_AUTHENTICATE);
	room[0] = '\0';
	rc = account->credential(account->credential_context, c->op.renewed, (char *)room,
	                         EMAIL__SECRET_MAX + 1, &token);
	room[EMAIL__SECRET_MAX] = '\0';
	email__buf_added(&c->password, strlen((char *)room));
	if (rc)
		return email__error_set(&account->error, EMAIL_E_SECRET, EMAIL_STAGE_AUTHENTICATE,
		                        "the program has no password or token for this account");
	c->credentials.kind = token ? EMAIL__CREDENTIAL_TOKEN : EMAIL__CREDENTIAL_PASSWORD;
	if (!token)
		c->credentials.max_iterations = iterations_in_time(account, c);
	return EMAIL_OK;
}

email_code
email__credentials_read(email_account *account)
{
	email__connection *c = account->connection;
	email_code rc = EMAIL_OK;

	memset(&c->credentials, 0, sizeof c->credentials);
	c->binding.type = NULL;
	switch ((email__authenticator)account->v.auth_type) {
	case EMAIL__AUTH_NONE: return EMAIL_OK;
	case EMAIL__AUTH_BASIC:
		c->credentials.kind = EMAIL__CREDENTIAL_PASSWORD;
		c->credentials.max_iterations = iterations_in_time(account, c);
		rc = read_password(account, c);
		break;
	case EMAIL__AUTH_EXTERNAL: c->credentials.kind = EMAIL__CREDENTIAL_CERTIFICATE; break;
	case EMAIL__AUTH_OAUTH_CLIENT_SECRET:
	case EMAIL__AUTH_OAUTH_CLIENT_CERTIFICATE:
	case EMAIL__AUTH_OAUTH_REFRESH_TOKEN:
		/* got before the connection was made (token.c) */
		c->credentials.kind = EMAIL__CREDENTIAL_TOKEN;
		rc = email__buf_add(&c->password, email__buf_head(&c->tokens.access),
		                    email__buf_len(&c->tokens.access));
		break;
	case EMAIL__AUTH_CALLBACK: rc = ask_application(account, c); break;
	}
	if (rc)
		return rc;
	if (email__buf_adds(&c->user, account->v.auth_account))
		return email__error_memory(&account->error, EMAIL_STAGE_AUTHENTICATE);
	c->credentials.user = email__buf_text(&c->user);
	c->credentials.password = email__buf_text(&c->password);
	c->credentials.host = c->key.host;
	c->credentials.port = c->key.port;
	c->credentials.binding = &c->binding;
	if (!c->credentials.user || !c->credentials.password)
		return email__error_memory(&account->error, EMAIL_STAGE_AUTHENTICATE);
	return EMAIL_OK;
}
