/* SPDX-License-Identifier: MIT */
/* test: connects, takes up TLS, logs in, and says how each step went. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

typedef struct run {
	const cli *c;
	json_t *stages;
} run;

static void
step(void *context, const email_test_step *s)
{
	run *r = context;
	json_t *row;

	if (!r->c->json) {
		printf("%s%-6s%s %-14s %6ld ms", tint_on(s->ok ? GOOD : BAD), s->ok ? "ok" : "failed",
		       tint_off(), email_stage_name(s->stage), s->milliseconds);
		if (s->detail && s->detail[0])
			printf("  %s", s->detail);
		putchar('\n');
		if (!s->ok && s->remedy && s->remedy[0])
			printf("       %s\n", s->remedy);
		fflush(stdout);
		return;
	}
	row = json_need(json_object());
	json_text(row, "stage", email_stage_name(s->stage));
	json_flag(row, "ok", s->ok);
	json_number(row, "milliseconds", s->milliseconds);
	json_text(row, "detail", s->detail);
	json_text(row, "remedy", s->remedy);
	json_array_append_new(r->stages, row);
}

static int
run_test(cli *c, email_account *account)
{
	run r = {c, json_need(json_array())};
	json_t *document = json_need(json_object());
	char text[256];
	email_code rc = email_account_test(account, step, &r);

	json_flag(document, "ok", rc == EMAIL_OK);
	json_object_set_new(document, "stages", r.stages);
	if (email_account_get(account, "tlsVersion", text, sizeof text) == EMAIL_OK)
		json_text(document, "tlsVersion", text);
	if (email_account_get(account, "tlsCipherSuite", text, sizeof text) == EMAIL_OK)
		json_text(document, "tlsCipherSuite", text);
	if (rc)
		return fail(c, email_account_error(account), document);
	if (c->json)
		json_print(document);
	else
		json_decref(document);
	return DONE;
}

int
command_test(cli *c)
{
	email_account *account;
	values v;
	int status = values_parse(c, 1, &v);

	if (status == DONE && (account = sheet_account(c, c->word[0], &status))) {
		if (email_account_set_all(account, v.value, v.count)) {
			status = fail(c, email_account_error(account), NULL);
		} else {
			trace_start(c, account);
			challenge_start(email_service_trust(c->service));
			status = run_test(c, account);
		}
	}
	values_free(&v);
	return status;
}
