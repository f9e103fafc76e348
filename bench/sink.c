/* SPDX-License-Identifier: MIT */
/*
 * The server of the benchmark: the tests' own, which keeps nothing. Prints "port N", then its counters as a
 * line of JSON for each line on standard input, and ends with it.
 *
 *     sink plain|tls|starttls CERT KEY [no-chunking] [no-pipelining] [tls-1.2] [open]
 *
 * open: without a login.
 */
#include <stdio.h>
#include <string.h>

#include "support/server.h"

int
main(int argc, char **argv)
{
	email_test_server_options o = {.user = "bench", .password = "bench", .mechanisms = "PLAIN", .auth_in_clear = true};
	email_test_counts c;
	email_test_server *s;
	char why[256], line[16];
	int i;

	if (argc < 4)
		return 64;
	o.tls = strcmp(argv[1], "plain") == 0 ? EMAIL_TEST_PLAIN : strcmp(argv[1], "tls") == 0 ? EMAIL_TEST_SSL : EMAIL_TEST_STARTTLS;
	o.cert = argv[2];
	o.key = argv[3];
	for (i = 4; i < argc; i++) {
		o.no_chunking |= strcmp(argv[i], "no-chunking") == 0;
		o.no_pipelining |= strcmp(argv[i], "no-pipelining") == 0;
		if (strcmp(argv[i], "tls-1.2") == 0)
			o.tls_max = 2;
		if (strcmp(argv[i], "open") == 0)
			o.user = NULL;
	}
	s = email_test_server_start(&o, why, sizeof why);
	if (!s) {
		fprintf(stderr, "sink: %s\n", why);
		return 1;
	}
	printf("port %d\n", email_test_server_port(s));
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		email_test_server_counts(s, &c);
		printf("{\"connections\": %llu, \"handshakes\": %llu, \"resumed\": %llu, \"messages\": %llu, \"turns\": %llu, "
		       "\"bytes\": %llu, \"violations\": %llu}\n",
		       (unsigned long long)c.connections, (unsigned long long)c.handshakes, (unsigned long long)c.resumed,
		       (unsigned long long)c.messages, (unsigned long long)c.turns, (unsigned long long)c.wire_in,
		       (unsigned long long)c.violations);
		fflush(stdout);
	}
	email_test_server_stop(s);
	return 0;
}
