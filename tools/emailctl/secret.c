/* SPDX-License-Identifier: MIT */
/* Secrets: never an argument, never shown, wiped when used. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli.h"

/* More than the library takes: it then says what is wrong. */
#define LINE_MOST 20000

void
wipe(void *p, size_t n)
{
	volatile unsigned char *at = p;

	while (n--)
		*at++ = 0;
}

void
secret_free(char *text)
{
	if (text)
		wipe(text, strlen(text));
	free(text);
}

/* A byte at a time, and no further than the line: what follows is the next secret's, or the text's, and
 * no copy stays in a buffer of stdio. */
static bool
read_line(char *line, size_t size)
{
	size_t n = 0;
	ssize_t got;
	char byte;

	while ((got = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n')
		if (n + 1 < size)
			line[n++] = byte;
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	byte = 0;
	return got == 1 || (got == 0 && n > 0);
}

static volatile sig_atomic_t interrupts;

/* It interrupts the read too. */
static void
interrupted(int number)
{
	(void)number;
	interrupts = 1;
}

/* Interrupted, it puts the echo back first, and then ends as it would have. */
static bool
read_hidden(const char *property, char *line, size_t size)
{
	struct sigaction act = {.sa_handler = interrupted}, before;
	struct termios old, quiet;
	bool ok;

	/* what cannot be typed unseen is not asked for */
	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return false;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	sigaction(SIGINT, &act, &before);
	/* what was typed ahead was seen, but is a secret all the same: it is kept for the question */
	ok = tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet) == 0;
	if (ok) {
		fprintf(stderr, "%s: ", property);
		fflush(stderr);
		ok = read_line(line, size) && !interrupts;
	}
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	sigaction(SIGINT, &before, NULL);
	fputc('\n', stderr);
	if (interrupts)
		raise(SIGINT);
	return ok;
}

char *
secret_text(cli *c, const char *property, const char *given, int *status)
{
	static const char prefix[] = "value:";
	char *text;
	bool ok;

	*status = DONE;
	if (!given[0] || strncmp(given, "file:", 5) == 0 || strncmp(given, "env:", 4) == 0)
		return need_memory(strdup(given));
	if (strcmp(given, "-") != 0) {
		*status = usage(c,
		                "%s takes file:PATH, env:NAME or - (standard input), never the secret itself",
		                property);
		return NULL;
	}
	text = need_memory(calloc(1, LINE_MOST));
	memcpy(text, prefix, sizeof prefix);
	ok = isatty(STDIN_FILENO) ? read_hidden(property, text + sizeof prefix - 1, LINE_MOST - sizeof prefix)
	                          : read_line(text + sizeof prefix - 1, LINE_MOST - sizeof prefix);
	if (ok && text[sizeof prefix - 1])
		return text;
	*status = usage(c, "standard input has no line for %s", property);
	secret_free(text);
	return NULL;
}
