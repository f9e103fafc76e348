/* SPDX-License-Identifier: MIT */
/*
 * Runs a golden SMTP dialogue against the engine, as a driver would, in any way of cutting the bytes.
 * A transcript is text, one thing a line:
 *
 *     # a remark
 *     config starttls tls plaintext ehlo=NAME mechanism=NAME; user=.. and more: support/replay_login.h
 *     mail from=A to=B,C size=N 8bit utf8 dsn=success,failure,delay|never envid=ID more bad
 *     | a line of the message above            (CRLF added)     |- the same, raw: \r \n \0 \\ are meant
 *     repeat N TEXT                            N such lines     fail: the source breaks here
 *     S: a line of the server                  S- raw           C: a line of the client     C- raw
 *     T  the connection becomes a TLS one      Q  email__smtp_quit()      X  the server closes
 *     session CODE [STAGE]                     what the link's error is in the end
 *     mail N CODE OUTCOMES                     a letter a recipient: N A D R U
 *     flights N                                says TEXT: part of the error's text or remedy
 *
 * Lines of one side that follow each other are one flight: the engine has to have written all of it, and
 * not a byte more, before the server's answer is fed. Mails are handed over as soon as it is ready; those
 * marked `bad` must be refused there with the CODE of their outcome.
 */
#ifndef EMAIL_TEST_REPLAY_H
#define EMAIL_TEST_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct email_test_transcript email_test_transcript;

typedef struct email_test_how {
	size_t in, out; /* bytes fed and drained at a time; 0: all */
	size_t cut;     /* the server closes after so many bytes of its own; (size_t)-1: never */
	bool lenient;   /* memory fails: nothing but "no false success" is asked for */
	bool log;       /* with a transcript, which is searched for the password */
} email_test_how;

/* NULL with a complaint on standard error. */
email_test_transcript *email_test_transcript_load(const char *path);
void email_test_transcript_free(email_test_transcript *t);
/* Bytes that the server says in all. */
size_t email_test_transcript_size(const email_test_transcript *t);
/* NULL where all went as written down (where cut or lenient: where nothing false was told), else what did not. */
const char *email_test_replay(email_test_transcript *t, const email_test_how *how);

#endif
