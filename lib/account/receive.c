/* SPDX-License-Identifier: MIT */
/* The public calls of receiving: an operation with a poll. */
#include <emailservice/receive.h>

#include "account/connection.h"

static email_operation *
start(email_account *account, email_receive_fn on_message, void *context, bool peek, bool watch)
{
	email_operation *op = email__operation_start(account, EMAIL__OP_RECEIVE);

	/* what goes wrong here is told by the operation's first step */
	if (op && account->kind == EMAIL_INCOMING)
		(void)email__poll_begin(&account->connection->poll, account, on_message, context, peek,
		                        watch);
	return op;
}

static email_code
receive(email_account *account, email_receive_fn on_message, void *context, bool peek)
{
	email_operation *op = start(account, on_message, context, peek, false);
	email_code rc;

	if (!op)
		return EMAIL_E_USAGE; /* another operation runs, and the error is its own */
	rc = email__operation_run(op);
	email_operation_free(op);
	return rc;
}

email_code
email_account_receive(email_account *account, email_receive_fn on_message, void *context)
{
	return receive(account, on_message, context, false);
}

email_code
email_account_peek(email_account *account, email_receive_fn on_message, void *context)
{
	return receive(account, on_message, context, true);
}

email_operation *
email_account_start_receive(email_account *account, email_receive_fn on_message, void *context, bool watch)
{
	return start(account, on_message, context, false, watch);
}

void
email_account_set_poll_limit(email_account *account, size_t count)
{
	account->poll_limit = count;
}

size_t
email_account_left(const email_account *account)
{
	return account->left;
}

int64_t
email_account_pollrate(const email_account *account)
{
	return account->v.pollrate;
}
