/* SPDX-License-Identifier: MIT */
/*
 * Runs a command on a terminal of its own, and answers its questions, for tests of what a person sees:
 *
 *     pty [QUESTION ANSWER]... -- COMMAND...
 *
 * Each QUESTION in turn is waited for in what the command prints; then ANSWER is typed, and Enter. What
 * the terminal showed goes to standard output, the exit status is the command's. A question that does not
 * come within 20 seconds, or that is not asked at all, is status 99.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static void
child(const char *slave, char **command)
{
	int fd;

	setsid();
	/* a shell's job in the background has it ignored */
	signal(SIGINT, SIG_DFL);
	/* the first terminal that a session leader opens is its controlling one */
	fd = open(slave, O_RDWR);
	if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(98);
	if (fd > 2)
		close(fd);
	execvp(command[0], command);
	_exit(98);
}

/* What was shown since the last answer, ended by NUL; what is older than it can hold is forgotten. */
static char shown[65536];
static size_t have;

/* Reads once; 0 at the end (EIO: the command closed its side), -1 for want of patience. */
static int
show_more(int master)
{
	struct pollfd p = {.fd = master, .events = POLLIN};
	ssize_t n;

	if (have > sizeof shown / 2)
		have = 0;
	if (poll(&p, 1, PATIENCE_MS) <= 0)
		return -1;
	n = read(master, shown + have, sizeof shown - have - 1);
	if (n <= 0)
		return 0;
	fwrite(shown + have, 1, (size_t)n, stdout);
	have += (size_t)n;
	shown[have] = '\0';
	return 1;
}

static int
answer(int master, const char *question, const char *text)
{
	while (!strstr(shown, question))
		if (show_more(master) <= 0)
			return -1;
	have = 0;
	shown[0] = '\0';
	return write(master, text, strlen(text)) < 0 || write(master, "\n", 1) < 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), i, status, missed = 0;
	const char *slave;
	pid_t pid;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		;
	if (i % 2 == 0 || i + 1 >= argc) {
		fputs("usage: pty [QUESTION ANSWER]... -- COMMAND...\n", stderr);
		return 64;
	}
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || !(slave = ptsname(master))) {
		perror("pty");
		return 77;
	}
	argv[i] = NULL;
	if ((pid = fork()) == 0)
		child(slave, argv + i + 1);
	for (argv++; *argv && !missed; argv += 2)
		if (answer(master, argv[0], argv[1]))
			missed = fprintf(stderr, "pty: \"%s\" was not asked\n", argv[0]);
	while (!missed && show_more(master) > 0)
		;
	close(master);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fflush(stdout);
	return missed ? 99 : WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
