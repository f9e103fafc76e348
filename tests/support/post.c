/* SPDX-License-Identifier: MIT */
#include "support/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/cm.h"
#include "support/pki.h"

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

void
post_init(post *p, email_test_tls tls)
{
	pki_key *root_key = pki_key_new(PKI_EC_P256), *key = pki_key_new(PKI_EC_P256);
	pki_spec spec = pki_ca("CN=Site root");
	static pki_cert root, leaf;
	char pem[8192] = "";

	memset(p, 0, sizeof *p);
	strcpy(p->folder, "/tmp/post.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->cert, sizeof p->cert, "%s/cert.pem", p->folder);
	snprintf(p->key, sizeof p->key, "%s/key.pem", p->folder);
	assert_int_equal(pki_issue(&root, &spec, root_key, NULL, NULL), 0);
	assert_int_equal(pki_pem_add(p->root, sizeof p->root, &root), 0);
	spec = pki_server("CN=post", "DNS:localhost, IP:127.0.0.1");
	assert_int_equal(pki_issue(&leaf, &spec, key, &root, root_key), 0);
	assert_int_equal(pki_pem_add(pem, sizeof pem, &leaf), 0);
	put(p->cert, pem);
	assert_int_equal(pki_key_pem(key, pem, sizeof pem), 0);
	put(p->key, pem);
	pki_key_free(key);
	pki_key_free(root_key);
	p->options.tls = tls;
	p->options.cert = p->cert;
	p->options.key = p->key;
	p->options.user = "plant";
	p->options.password = "hunter2";
	p->options.mechanisms = "PLAIN LOGIN";
}

void
post_rule(post *p, const char *stage, email_test_deed deed, const char *text)
{
	email_test_rule *rule = &p->options.rule[p->options.rules++];

	rule->stage = stage;
	rule->deed = deed;
	rule->text = text;
	rule->times = 1;
}

static email_message *
alarm_mail(void)
{
	email_message *m = email_message_new();

	assert_non_null(m);
	assert_int_equal(email_message_set_from(m, "Plant room <plant@example.com>"), EMAIL_OK);
	assert_int_equal(email_message_add_to(m, "duty@example.com, night@example.com"), EMAIL_OK);
	assert_int_equal(email_message_set_subject(m, "Boiler 2: flame failure"), EMAIL_OK);
	assert_int_equal(email_message_set_text(m, "At 03:00.\n"), EMAIL_OK);
	return m;
}

void
post_open(post *p, bool trusted)
{
	char why[200] = "";

	p->server = email_test_server_start(&p->options, why, sizeof why);
	if (!p->server)
		fail_msg("%s", why);
	p->trust = email_trust_new();
	p->account = email_account_new(EMAIL_OUTGOING, "Out");
	assert_non_null(p->trust);
	assert_non_null(p->account);
	if (trusted)
		assert_int_equal(email_trust_import(p->trust, p->root, strlen(p->root), "site", NULL),
		                 EMAIL_OK);
	email_account_set_trust(p->account, p->trust);
	assert_int_equal(email_account_set_hostname(p->account, "127.0.0.1"), EMAIL_OK);
	assert_int_equal(email_account_set_port(p->account, email_test_server_port(p->server)), EMAIL_OK);
	assert_int_equal(email_account_set_use_ssl(p->account, p->options.tls == EMAIL_TEST_SSL), EMAIL_OK);
	assert_int_equal(email_account_set_use_start_tls(p->account, p->options.tls == EMAIL_TEST_STARTTLS),
	                 EMAIL_OK);
	assert_int_equal(email_account_set_basic_authenticator(p->account, "plant", "hunter2"), EMAIL_OK);
	p->message = alarm_mail();
}

void
post_restart(post *p)
{
	char why[200] = "";

	p->options.port = email_test_server_port(p->server);
	p->options.rules = 0;
	email_test_server_stop(p->server);
	p->server = email_test_server_start(&p->options, why, sizeof why);
	if (!p->server)
		fail_msg("%s", why);
}

email_test_counts
post_counts(post *p)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	email_test_counts now = {0}, before;
	int same = 0;

	/* counters are added up when a connection ends; one that is kept does not, so that rest has to do */
	while (same < 6 || (now.open && same < 40)) {
		before = now;
		nanosleep(&pause, NULL);
		email_test_server_counts(p->server, &now);
		same = memcmp(&now, &before, sizeof now) == 0 ? same + 1 : 0;
	}
	return now;
}

void *
post_cancel_stalled(void *post_)
{
	const struct timespec pause = {.tv_nsec = 5000000}, behind = {.tv_nsec = 50000000};
	email_test_counts now = {0};
	post *p = post_;

	while (!now.stalled) {
		nanosleep(&pause, NULL);
		email_test_server_counts(p->server, &now);
	}
	nanosleep(&behind, NULL); /* it waits by now, most likely */
	email_account_cancel(p->account);
	return NULL;
}

void
post_close(post *p)
{
	email_account_free(p->account);
	email_message_free(p->message);
	email_trust_free(p->trust);
	email_test_server_stop(p->server);
	unlink(p->cert);
	unlink(p->key);
	rmdir(p->folder);
}
