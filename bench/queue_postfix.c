/* SPDX-License-Identifier: MIT */
/*
 * Postfix's way in for local programs: sendmail(1), which starts postdrop(1). FOLDER has Postfix's configuration, HOW is the
 * path of sendmail. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"

static int
enqueue(const bench_job *job)
{
	const char *mail = bench_mail();
	int fd[2], status = -1;
	pid_t child;

	if (pipe(fd) != 0 || (child = fork()) < 0)
		return 1;
	if (child == 0) {
		dup2(fd[0], 0);
		close(fd[0]);
		close(fd[1]);
		execl(job->how, "sendmail", "-C", job->file, "-i", "-f", BENCH_FROM, BENCH_TO, (char *)NULL);
		_exit(127);
	}
	close(fd[0]);
	while (*mail) {
		ssize_t n = write(fd[1], mail, strlen(mail));

		if (n <= 0)
			break;
		mail += n;
	}
	close(fd[1]);
	return waitpid(child, &status, 0) != child || status != 0 || *mail;
}

int
bench_run(const bench_job *job)
{
	long i;

	for (i = 0; i < job->count; i++)
		if (enqueue(job)) {
			fprintf(stderr, "Postfix: %s -C %s failed\n", job->how, job->file);
			return 1;
		}
	return 0;
}
