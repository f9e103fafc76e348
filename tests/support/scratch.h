/* SPDX-License-Identifier: MIT */
/* A scratch folder for a whole program of tests, which is its working folder: cmocka's group setup and teardown. */
#ifndef EMAIL_TEST_SCRATCH_H
#define EMAIL_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/email-test.XXXXXX";

static int
enter_scratch(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int
leave_scratch(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") || system(command);
}

#endif
