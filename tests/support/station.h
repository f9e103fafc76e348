/* SPDX-License-Identifier: MIT */
/*
 * A station for tests of the service: a state folder, loopback servers in the clear, accounts that send to them, and what
 * the service told. cmocka's assertions are used inside.
 */
#ifndef EMAIL_TEST_STATION_H
#define EMAIL_TEST_STATION_H

#include <pthread.h>

#include <emailservice/emailservice.h>

#include "support/server.h"

#define STATION_SERVERS 4
#define STATION_KINDS (EMAIL_EVENT_STATUS + 1)

typedef struct station {
	char folder[64]; /* "state" in it is the state folder */
	email_service *service;
	struct {
		email_test_server_options options;
		email_test_server *server;
		char out[96];
	} at[STATION_SERVERS];
	pthread_mutex_t mutex; /* over what follows */
	size_t told[STATION_KINDS];
	email_event last[STATION_KINDS];
	char story[8192]; /* "account kind;" of each but STATUS and QUEUE, as far as there is room */
} station;

/* Without a state folder where `memory`. */
void station_init(station *s, bool memory);
void station_dispose(station *s);
/* What a killed process leaves: nothing of the service is ended; a new one is loaded from the saved sheet. */
void station_reopen(station *s);

/* Starts server i, on the port that it had before; its options may be changed before. */
void station_serve(station *s, unsigned i);
void station_stop(station *s, unsigned i);
void station_rule(station *s, unsigned i, const char *stage, email_test_deed deed, const char *text,
                  int times);
/* Of the connections that have ended, once no more do. */
email_test_counts station_counts(station *s, unsigned i);
/* The n-th message (from 1) that it took, NUL-ended; "" where there is none. */
const char *station_got(station *s, unsigned i, unsigned n);
unsigned station_got_count(station *s, unsigned i);

/* An outgoing account to server i, from plant@example.com. */
email_account *station_account(station *s, const char *name, unsigned i);
void station_set(email_account *account, const char *property, const char *text);
/* Queues a mail to duty@example.com. */
email_code station_queue(email_account *account, const char *subject, int priority, char id[EMAIL_ID_SIZE]);
unsigned station_waiting(email_account *account);
unsigned station_dead(email_account *account);
email_message *station_message(const char *subject);
/* A property that is a number; the property status. */
long station_number(email_account *account, const char *property);
void station_assert_status(email_account *account, const char *expected);

/* Steps the service until so many events of a kind were told in all, for 20 seconds; then the test fails. */
void station_until(station *s, email_event_kind kind, size_t count);
/* Steps it for so long. */
void station_for(station *s, long ms);
/* The same where it runs in a thread. */
void station_wait(station *s, email_event_kind kind, size_t count);
size_t station_told(station *s, email_event_kind kind);

#endif
