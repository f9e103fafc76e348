/* SPDX-License-Identifier: MIT */
/* The blocking calls of sending and testing: an operation, driven until it is done. */
#include "account/connection.h"
#include "base/error.h"

email_operation *
email_account_start_send(email_account *account, email_message *message)
{
	email_operation *op = email__operation_start(account, EMAIL__OP_SEND);

	if (op)
		op->message = message;
	return op;
}

email_code
email_account_send(email_account *account, email_message *message, email_report **report)
{
	email_operation *op = email_account_start_send(account, message);
	email__connection *c;
	email_code rc;

	if (report)
		*report = NULL;
	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	rc = email__operation_run(op);
	c = account->connection;
	if (report && c->mail.count)
		*report = email__report_new(c);
	email_operation_free(op);
	return rc;
}

email_code
email_account_test(email_account *account, email_test_fn on_step, void *context)
{
	email_operation *op = email__operation_start(account, EMAIL__OP_TEST);
	email_code rc;

	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	op->on_step = on_step;
	op->step_context = context;
	rc = email__operation_run(op);
	email_operation_free(op);
	return rc;
}

void
email_account_close(email_account *account)
{
	email__connection *c = account->connection;

	if (!c->session || c->op.state != EMAIL__OP_NONE)
		return;
	email__engine_quit(&c->engine);
	email__session_step(c->session);
	email__connection_drop(account);
}
