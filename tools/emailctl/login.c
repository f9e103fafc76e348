/* SPDX-License-Identifier: MIT */
/* login: OAuth device authorization, for a mailbox that a person signs in to once. */
#include <stdio.h>

#include "cli.h"

static void
show(void *context, const email_device *device)
{
	const cli *c = context;
	json_t *document;

	if (!c->json) {
		printf("Go to %s%s%s and enter %s%s%s\n", tint_on(STRONG), device->uri, tint_off(),
		       tint_on(STRONG), device->code, tint_off());
		if (device->direct[0])
			printf("or to %s\n", device->direct);
		printf("within %ld minutes. Waiting ...\n", device->seconds / 60);
		fflush(stdout);
		return;
	}
	/* for whoever shows it to the person: on standard error, since the one document is the outcome's */
	document = json_need(json_object());
	json_text(document, "userCode", device->code);
	json_text(document, "verificationUri", device->uri);
	json_text(document, "verificationUriComplete", device->direct);
	json_number(document, "expiresIn", device->seconds);
	json_dumpf(document, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(document);
}

int
command_login(cli *c)
{
	email_account *account;
	int status = sheet_open(c);

	if (status || !(account = sheet_account(c, c->word[0], &status)))
		return status;
	trace_start(c, account);
	challenge_start(email_service_trust(c->service));
	/* which writes the token, and nothing else: others may have changed the sheet while the person was waited for */
	if (email_account_login(account, show, c))
		return fail(c, email_account_error(account), NULL);
	if (!c->json)
		puts("Signed in.");
	print_done(c);
	return DONE;
}
