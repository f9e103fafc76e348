/* SPDX-License-Identifier: MIT */
/* What the tests of an outgoing account in a service share: a station, made anew for each, and an account "out". */
#ifndef EMAIL_TEST_OUT_H
#define EMAIL_TEST_OUT_H

#include "support/jump.h"

#define MINUTE 60000

static station s;
static email_account *out;
static char id[EMAIL_ID_SIZE];

static int
setup(void **state)
{
	(void)state;
	jumped_ms = 0;
	station_init(&s, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	station_dispose(&s);
	return 0;
}

/* To server 0, which runs. */
static void
open_out(void)
{
	station_serve(&s, 0);
	out = station_account(&s, "out", 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
