/* SPDX-License-Identifier: MIT */
/* The blocking calls: an operation, driven until it is done. */
#include "account/connection.h"
#include "base/error.h"

email_operation *
email_account_start_send(email_account *account, email_message *message)
{
	return email__operation_start(account, message, NULL, NULL);
}

static email_code
run(email_operation *op)
{
	while (email__operation_advance(op, email__session_run) == EMAIL_PENDING)
		;
	return email_operation_result(op);
}

email_code
email_account_send(email_account *account, email_message *message, email_report **report)
{
	email_operation *op = email__operation_start(account, message, NULL, NULL);
	email__connection *c;
	email_code rc;

	if (report)
		*report = NULL;
	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	rc = run(op);
	c = account->connection;
	if (report && c->mail.count)
		*report = email__report_new(c);
	email_operation_free(op);
	return rc;
}

email_code
email_account_test(email_account *account, email_test_fn on_step, void *context)
{
	email_operation *op = email__operation_start(account, NULL, on_step, context);
	email_code rc;

	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	rc = run(op);
	email_operation_free(op);
	return rc;
}

void
email_account_close(email_account *account)
{
	email__connection *c = account->connection;

	if (!c->session || c->op.state != EMAIL__OP_NONE)
		return;
	email__smtp_quit(c->smtp);
	email__session_step(c->session);
	email__connection_drop(account);
}
