/* SPDX-License-Identifier: MIT */
/* Signals as bytes in a pipe that poll(2) looks at. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int ends[2] = {-1, -1};
static volatile sig_atomic_t ended, reload;

static void
on_signal(int number)
{
	const struct sigaction through = {.sa_handler = SIG_DFL};
	int kept = errno;

	if (number == SIGHUP) {
		reload = 1;
	} else {
		ended = 1;
		sigaction(SIGTERM, &through, NULL);
		sigaction(SIGINT, &through, NULL);
	}
	/* where that fails it is full, and so readable */
	(void)!write(ends[1], "", 1);
	errno = kept;
}

int
signals_catch(const cli *c, bool with_reload)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	size_t i;

	if (pipe(ends) != 0)
		return fail_with(c, EMAIL_E_FILE, "", "no pipe can be made: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (with_reload)
		sigaction(SIGHUP, &action, NULL);
	return DONE;
}

int
signals_fd(void)
{
	return ends[0];
}

bool
signals_ended(void)
{
	return ended != 0;
}

bool
signals_reload(void)
{
	char bytes[64];

	/* the pipe first: one that comes in between wakes once more, and is not missed */
	while (read(ends[0], bytes, sizeof bytes) > 0)
		;
	if (!reload)
		return false;
	reload = 0;
	return true;
}
