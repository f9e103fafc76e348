/* SPDX-License-Identifier: MIT */
/*
 * A post office for tests of whole accounts: the loopback server with a certificate of its own root, and an
 * account that talks to it. cmocka's assertions are used inside.
 */
#ifndef EMAIL_TEST_POST_H
#define EMAIL_TEST_POST_H

#include <emailservice/emailservice.h>

#include "support/server.h"

typedef struct post {
	char folder[64], cert[96], key[96], root[4096]; /* root: PEM */
	email_test_server_options options;
	email_test_server *server;
	email_trust *trust;
	email_account *account;
	email_message *message;
} post;

/* Certificates only; then options may be changed, and post_open() starts server and account. */
void post_init(post *p, email_test_tls tls);
/* `trusted`: the root is in the account's User Trust Store. */
void post_open(post *p, bool trusted);
void post_rule(post *p, const char *stage, email_test_deed deed, const char *text);
/* Another server on the same port, without the rules. */
void post_restart(post *p);
void post_close(post *p);
/* What the server counted, once all connections have ended (but for one that is kept, and rests). */
email_test_counts post_counts(post *p);
/* A thread's function: cancels the account's operation once the server withholds an answer, by a rule. */
void *post_cancel_stalled(void *post);

#endif
