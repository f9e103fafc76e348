/* SPDX-License-Identifier: MIT */
/*
 * Gets one token as an account does: each request over a session of its own, the server judged by trust.
 * Prints `access`, `refresh`, `seconds` and `scope`, each on a line where there is one, or `error CODE STAGE`, the
 * sentence and the remedy, with status 1. A code for a person is printed as `code C` and `at URL` at once.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <emailservice/trust.h>

#include "base/error.h"
#include "net/session.h"
#include "os/clock.h"
#include "os/file.h"
#include "proto/http.h"
#include "token/obtain.h"
#include "trust/verdict.h"

static const char usage[] =
	"usage: tokens --ca PEM (--metadata URL | --token URL [--device URL]) [--grant "
	"client|jwt|refresh|device]\n"
	"       [--auth none|post|basic|jwt] [--client ID] [--secret S] [--scope S] [--account A] [--refresh "
	"TOKEN]\n"
	"       [--key PEM] [--password P] [--algorithm RS256|PS256|ES256] [--audience A] [--kid K]\n"
	"       [--skew SECONDS] [--timeout MS] [--log]\n";

static email_trust *trust;
static long timeout_ms = 10000, skew;
static bool logging;

static void
die(const char *what, const char *value)
{
	(void)fprintf(stderr, "tokens: %s: %s\n%s", what, value, usage);
	exit(64);
}

static void
failed(const email_error *e)
{
	printf("error %s %s\n%s\n%s\n", email_code_name(e->code), email_stage_name(e->stage), e->text,
	       e->remedy);
}

static void
log_line(void *context, char who, const char *line, size_t n)
{
	(void)context;
	(void)fprintf(stderr, "%c %.*s\n", who, (int)n, line);
}

/* --- one request --- */

struct judged {
	const email__web_request *request;
	email__verdict verdict;
	email_error error;
};

static email_code
judge(void *context, const email__chain *chain)
{
	struct judged *j = context;

	return email__trust_judge(trust, j->request->host, j->request->port, chain, &j->verdict, &j->error);
}

static void
ask(email__obtain *o, const email__web_request *request)
{
	struct judged judged = {.request = request};
	email__http *http = email__http_new(request);
	email__session_config config = {.host = request->host,
	                                .port = request->port,
	                                .tls_first = true,
	                                .tls = {.server_name = request->host,
	                                        .min = EMAIL_TLS_1_2,
	                                        .judge = judge,
	                                        .judge_context = &judged},
	                                .connection_timeout_ms = timeout_ms,
	                                .response_timeout_ms = timeout_ms,
	                                .data_timeout_ms = timeout_ms};
	email__session *session;

	if (!http)
		die("no memory", "");
	if (logging)
		email__http_link(http)->log = log_line;
	session = email__session_new(&config, email__http_link(http));
	if (!session)
		die("no memory", "");
	(void)email__session_run(session);
	if (email__http_response(http))
		email__obtain_answer(o, email__http_response(http), email__clock_ms());
	else
		email__obtain_broken(o, judged.error.code ? &judged.error : email__session_error(session),
		                     email__clock_ms());
	email__session_free(session);
	email__http_free(http);
}

/* --- the way to a token --- */

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static void
show(const email__device *device)
{
	static bool shown;

	if (!device || shown)
		return;
	shown = true;
	printf("code %s\nat %s\n", device->user_code, device->uri);
	(void)fflush(stdout);
}

static int
obtain(const email__obtain_config *config)
{
	email_error e = {0};
	email__obtain *o = email__obtain_new(config, &e);
	email__obtain_state state;
	const email__web_request *request;
	email__token *t;
	int status = 0;

	if (!o) {
		failed(&e);
		return 1;
	}
	while ((state = email__obtain_step(o, email__clock_ms())) == EMAIL__OBTAIN_SEND ||
	       state == EMAIL__OBTAIN_WAIT) {
		show(email__obtain_device(o));
		if (state == EMAIL__OBTAIN_WAIT)
			pause_ms(email__obtain_wait(o, email__clock_ms()));
		else if ((request = email__obtain_request(o, email__clock_wall() + skew)))
			ask(o, request);
	}
	if ((t = email__obtain_token(o))) {
		printf("access %s\n", email__buf_text(&t->access));
		if (email__buf_len(&t->refresh))
			printf("refresh %s\n", email__buf_text(&t->refresh));
		printf("seconds %ld\nscope %s\n", t->seconds, t->scope);
	} else {
		failed(email__obtain_error(o));
		status = 1;
	}
	email__obtain_free(o);
	return status;
}

/* --- options --- */

static size_t
word(const char *text, const char *const *words, size_t count, const char *what)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	die(what, text);
	return 0;
}
#define WORD(text, words, what) word(text, words, sizeof(words) / sizeof *(words), what)

/* The file with a NUL behind it, which counts. */
static void
read_file(const char *path, email__buf *out)
{
	email_error e = {0};

	email__buf_init(out, 65536);
	if (email__file_read(path, out, &e) || email__buf_add(out, "", 1))
		die("cannot read", path);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"ca", 1, 0, 'C'},       {"metadata", 1, 0, 'm'},
	                                        {"token", 1, 0, 't'},    {"device", 1, 0, 'd'},
	                                        {"grant", 1, 0, 'g'},    {"auth", 1, 0, 'a'},
	                                        {"client", 1, 0, 'i'},   {"secret", 1, 0, 's'},
	                                        {"scope", 1, 0, 'S'},    {"account", 1, 0, 'A'},
	                                        {"refresh", 1, 0, 'r'},  {"key", 1, 0, 'k'},
	                                        {"password", 1, 0, 'p'}, {"algorithm", 1, 0, 'l'},
	                                        {"audience", 1, 0, 'u'}, {"kid", 1, 0, 'K'},
	                                        {"skew", 1, 0, 'w'},     {"timeout", 1, 0, 'T'},
	                                        {"log", 0, 0, 'L'},      {0, 0, 0, 0}};
	static const char *const grants[] = {"client", "jwt", "refresh", "device"};
	static const char *const auths[] = {"auto", "none", "post", "basic", "jwt"};
	static const char *const algorithms[] = {"auto", "RS256", "PS256", "ES256"};
	email__obtain_config c = {.grant = {.scope = ""}};
	email__buf ca = {0}, key = {0};
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'C': read_file(optarg, &ca); break;
		case 'm': c.metadata_endpoint = optarg; break;
		case 't': c.token_endpoint = optarg; break;
		case 'd': c.device_endpoint = optarg; break;
		case 'g': c.grant.grant = (email__grant)WORD(optarg, grants, "grant"); break;
		case 'a': c.grant.auth = (email__client_auth)WORD(optarg, auths, "auth"); break;
		case 'i': c.grant.client_id = optarg; break;
		case 's': c.grant.client_secret = optarg; break;
		case 'S': c.grant.scope = optarg; break;
		case 'A': c.grant.account = optarg; break;
		case 'r': c.grant.refresh_token = optarg; break;
		case 'k': read_file(optarg, &key); break;
		case 'p': c.grant.key_password = optarg; break;
		case 'l': c.grant.algorithm = (email__signature)WORD(optarg, algorithms, "algorithm"); break;
		case 'u': c.grant.audience = optarg; break;
		case 'K': c.grant.kid = optarg; break;
		case 'w': skew = atol(optarg); break;
		case 'T': timeout_ms = atol(optarg); break;
		case 'L': logging = true; break;
		default: die("no such option", argv[optind - 1]);
		}
	}
	trust = email_trust_new();
	if (!trust || !ca.data || email_trust_import(trust, ca.data, email__buf_len(&ca) - 1, "test", NULL))
		die("--ca", "no root");
	if (key.data) {
		c.grant.key = email__buf_head(&key);
		c.grant.key_n = email__buf_len(&key);
	}
	status = obtain(&c);
	email_trust_free(trust);
	email__buf_dispose(&ca);
	email__buf_dispose(&key);
	return status;
}
