/* SPDX-License-Identifier: MIT */
/*
 * What transcripts say of logins, in all protocols. Words of "config":
 *
 *     user=U password=P         token=T, instead of a password          host=NAME:PORT, which OAUTHBEARER names
 *     nonce=N                   SCRAM's, instead of a random one: 32 characters of base64
 *     binding=TYPE              of a connection that can be bound to: 32 bytes, 00 to 1F
 *
 * And in lines of client and server, base64(TEXT) up to the last bracket of the line stands for TEXT in base64. In TEXT,
 * and in a token, <4096*tok> stands for as many bytes of "tok" again and again, and ^A for the byte 1.
 */
#ifndef EMAIL_TEST_REPLAY_LOGIN_H
#define EMAIL_TEST_REPLAY_LOGIN_H

#include <stdbool.h>

#include "sasl/sasl.h"

typedef struct email_test_login {
	email__credentials credentials;
	email__binding binding;
	char *token;
	const char *nonce;
	bool given; /* the account has a login */
} email_test_login;

void email_test_login_init(email_test_login *l);
/* Takes a word of "config"; false where it is none of the above. It keeps pointers into it. */
bool email_test_login_word(email_test_login *l, char *word);
/* Before a run: the nonce is this login's. */
void email_test_login_begin(const email_test_login *l);
void email_test_login_free(email_test_login *l);

/* A line as it goes over the wire; to be freed. */
char *email_test_login_line(const char *line);
/* Shows a line of what is written down "secret", or a token of "tok" again and again, raw or in base64? */
bool email_test_login_leaks(const char *line);

#endif
