/* SPDX-License-Identifier: MIT */
/* Sessions against servers in a thread, over real sockets on the loopback. */
#include "support/cm.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "net/resolve.h"
#include "net/session.h"
#include "net/session_state.h"
#include "os/clock.h"
#include "support/echolink.h"
#include "support/failalloc.h"
#include "support/peer.h"
#include "support/pki.h"

/* --- system calls of the test's own thread, counted: these stand before the C library's --- */

long syscall(long number, ...);

static pthread_t counted;
static unsigned calls_send, calls_recv, calls_poll, calls_option;

static bool
is_counted(void)
{
	return pthread_equal(counted, pthread_self());
}

/* Whose cancel comes from another thread just as a system call is made. */
static email__session *cancel_in_send, *cancel_in_recv;

static void
cancel_now(email__session **which)
{
	email__session *s = *which;

	if (!s || !is_counted())
		return;
	*which = NULL;
	email__session_cancel(s);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	if (is_counted())
		calls_send++;
	cancel_now(&cancel_in_send);
	return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	if (is_counted())
		calls_recv++;
	cancel_now(&cancel_in_recv);
	return syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	if (is_counted())
		calls_poll++;
	return (int)syscall(SYS_ppoll, fds, n, ms < 0 ? NULL : &t, NULL, 0);
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	if (is_counted())
		calls_option++;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, n);
}

/* --- what every test has --- */

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static pki_key *key;
static pki_cert certificate;

static int
make_certificate(void **state)
{
	pki_spec spec = pki_server("CN=localhost", "DNS:localhost, IP:127.0.0.1");

	(void)state;
	signal(SIGPIPE, SIG_DFL); /* the library must not raise it */
	key = pki_key_new(PKI_EC_P256);
	return pki_issue(&certificate, &spec, key, NULL, NULL);
}

static int
free_certificate(void **state)
{
	(void)state;
	pki_key_free(key);
	return 0;
}

typedef struct fixture {
	int descriptors;
	peer server;
	bool serving;
	echolink engine;
	email__session_config config;
	email__session *session;
	email_code verdict;
	atomic_int asked;
	char events[512];
	/* cancelling from another thread */
	long cancel_after;
	atomic_llong cancelled_at;
} fixture;

static email_code
judge(void *context, const email__chain *chain)
{
	fixture *f = context;

	assert_int_equal(chain->count, 1);
	f->asked++;
	return f->verdict;
}

static void
on_event(void *context, email_stage stage, const char *detail)
{
	fixture *f = context;
	size_t n = strlen(f->events);

	snprintf(f->events + n, sizeof f->events - n, "%s:%s;", email_stage_name(stage), detail);
}

static int
setup(void **state)
{
	fixture *f = calloc(1, sizeof *f);

	counted = pthread_self();
	*state = f;
	f->descriptors = count_descriptors();
	echolink_init(&f->engine);
	f->config.host = "127.0.0.1";
	f->config.local_address = "";
	f->config.connection_timeout_ms = 5000;
	f->config.response_timeout_ms = 5000;
	f->config.data_timeout_ms = 5000;
	f->config.event = on_event;
	f->config.event_context = f;
	f->config.tls.min = EMAIL_TLS_1_2;
	f->config.tls.judge = judge;
	f->config.tls.judge_context = f;
	f->server.config.chain = &certificate;
	f->server.config.chain_len = 1;
	f->server.config.key = key;
	return 0;
}

static int
teardown(void **state)
{
	fixture *f = *state;
	int waits;

	email__session_free(f->session);
	if (f->serving)
		peer_stop(&f->server);
	echolink_dispose(&f->engine);
	email__resolve_set(NULL);
	/* a look-up's thread may be closing its end just now */
	for (waits = 0; waits < 500 && email__lookups_running(); waits++)
		pause_ms(2);
	assert_int_equal(count_descriptors(), f->descriptors);
	free(f);
	return 0;
}

static void
serve(fixture *f, void (*script)(peer *p))
{
	assert_true(peer_start(&f->server, "127.0.0.1", script));
	f->serving = true;
	if (f->config.port == 0)
		f->config.port = f->server.port;
}

static void
open_session(fixture *f)
{
	f->session = email__session_new(&f->config, &f->engine.link);
	assert_non_null(f->session);
}

static email_code
failure(fixture *f)
{
	return email__session_error(f->session)->code;
}

static const char *
text(fixture *f)
{
	return email__session_error(f->session)->text;
}

/* --- servers --- */

static void
echo_lines(peer *p)
{
	char line[256];

	while (peer_line(p, line, sizeof line)) {
		peer_say(p, "250 ");
		peer_say(p, line);
		peer_say(p, "\r\n");
		if (strcmp(line, "QUIT") == 0)
			return;
	}
}

static void
clear_echo(peer *p)
{
	peer_say(p, "220 hello\r\n");
	echo_lines(p);
}

static void
tls_echo(peer *p)
{
	p->result = peer_start_tls(p);
	if (p->result == 0) {
		peer_say(p, "220 hello\r\n");
		echo_lines(p);
	} else {
		/* after a failure: what still comes */
		p->result = peer_drain(p);
	}
}

static void
start_tls_echo(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	if (peer_line(p, line, sizeof line) && strcmp(line, "STARTTLS") == 0) {
		peer_say(p, "220 go ahead\r\n");
		p->result = peer_start_tls(p);
		echo_lines(p);
	}
}

static void
silent(peer *p)
{
	peer_drain(p);
}

/* --- dialogues --- */

static void
dialogue(fixture *f)
{
	int i;

	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	assert_int_equal(failure(f), EMAIL_OK);
	for (i = 0; i < 3; i++) {
		echolink_say(&f->engine, "NOOP\r\n", 1);
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		assert_string_equal(f->engine.last, "250 NOOP");
	}
	assert_true(email__session_alive(f->session));
	echolink_say(&f->engine, "QUIT\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_OK);
	assert_int_equal(email__session_fd(f->session), -1);
	assert_false(email__session_alive(f->session));
}

static void
in_the_clear(void **state)
{
	fixture *f = *state;
	char events[64];

	serve(f, clear_echo);
	open_session(f);
	dialogue(f);
	assert_string_equal(f->engine.link.local, "[127.0.0.1]");
	assert_string_equal(email__session_tls_version(f->session), "");
	snprintf(events, sizeof events, "connect:127.0.0.1 port %d;", f->config.port);
	assert_string_equal(f->events, events);
}

static void
over_tls(void **state)
{
	fixture *f = *state;

	serve(f, tls_echo);
	f->config.tls_first = true;
	open_session(f);
	dialogue(f);
	assert_int_equal(f->asked, 1);
	assert_string_equal(email__session_tls_version(f->session), "TLSv1.3");
	assert_non_null(strstr(email__session_cipher_suite(f->session), "TLS1-3-"));
	assert_true(email__session_not_after(f->session) > email__clock_wall());
	assert_non_null(strstr(f->events, ";tlsHandshake:TLSv1.3 TLS1-3-"));
}

static void
over_tls_1_2(void **state)
{
	fixture *f = *state;

	f->server.config.max = 12;
	serve(f, tls_echo);
	f->config.tls_first = true;
	open_session(f);
	dialogue(f);
	assert_string_equal(email__session_tls_version(f->session), "TLSv1.2");
	assert_false(email__session_retry_1_2(f->session));
}

static void
tickets_on_the_way(void **state)
{
	fixture *f = *state;

	f->server.config.tickets = 4;
	serve(f, tls_echo);
	f->config.tls_first = true;
	open_session(f);
	dialogue(f);
}

static void
with_start_tls(void **state)
{
	fixture *f = *state;

	serve(f, start_tls_echo);
	f->engine.start_tls = true;
	open_session(f);
	dialogue(f);
	assert_int_equal(f->asked, 1);
	assert_string_equal(email__session_tls_version(f->session), "TLSv1.3");
}

static void
inject_after_go_ahead(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	peer_line(p, line, sizeof line);
	peer_say(p, "220 go ahead\r\n250 injected\r\n");
	p->result = peer_drain(p);
}

static void
start_tls_injection(void **state)
{
	fixture *f = *state;

	serve(f, inject_after_go_ahead);
	f->engine.start_tls = true;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_STARTTLS);
	peer_stop(&f->server);
	f->serving = false;
	assert_int_equal(f->server.result, 0);
}

static void
inject_later(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	peer_line(p, line, sizeof line);
	peer_say(p, "220 go ahead\r\n");
	peer_pause(p, 100);
	peer_say(p, "250 injected\r\n");
	peer_drain(p);
}

static void
start_tls_injection_later(void **state)
{
	fixture *f = *state;

	serve(f, inject_later);
	f->engine.start_tls = true;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TLS);
	assert_int_equal(f->engine.lines, 2);
}

/* --- trust --- */

static void
refused_server_gets_an_alert_alone(void **state)
{
	fixture *f = *state;

	serve(f, tls_echo);
	f->config.tls_first = true;
	f->verdict = EMAIL_E_TRUST;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TRUST);
	assert_int_equal(email__session_error(f->session)->stage, EMAIL_STAGE_TRUST);
	assert_int_equal(f->asked, 1);
	assert_int_equal(f->engine.lines, 0);
	peer_stop(&f->server);
	f->serving = false;
	/* the alert made the server's handshake fail, and not a byte came behind it; or the end did, while the
	 * server was still sending, and the alert (a record of 7 bytes) is all that lay there */
	assert_true(f->server.result == 0 || f->server.result == 7);
	assert_int_equal(f->server.connections, 1);
}

static void
refused_after_start_tls(void **state)
{
	fixture *f = *state;

	serve(f, start_tls_echo);
	f->engine.start_tls = true;
	f->verdict = EMAIL_E_TRUST;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TRUST);
	assert_int_equal(f->engine.state, ECHO_TLS);
	assert_string_equal(email__session_tls_version(f->session), "");
}

/* --- the wrong kind of server --- */

static void
answered_in_the_clear(void **state)
{
	fixture *f = *state;

	serve(f, clear_echo);
	f->config.tls_first = true;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TLS);
	assert_non_null(strstr(text(f), "answered in the clear, but useSsl is set"));
	assert_non_null(strstr(email__session_error(f->session)->remedy, "useStartTls"));
	assert_int_equal(f->asked, 0);
}

static void
expects_tls(void **state)
{
	fixture *f = *state;

	serve(f, tls_echo);
	f->config.connection_timeout_ms = 200;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_int_equal(email__session_error(f->session)->stage, EMAIL_STAGE_GREETING);
	assert_non_null(strstr(email__session_error(f->session)->remedy, "useSsl"));
}

static void
closes_at_once(peer *p)
{
	char byte;

	(void)!recv(p->fd, &byte, 1, 0);
}

static void
no_version_in_common(void **state)
{
	fixture *f = *state;

	serve(f, closes_at_once);
	f->config.tls_first = true;
	f->config.tls.min = EMAIL_TLS_1_3;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TLS_VERSION);
}

static void
nobody_listens(void **state)
{
	fixture *f = *state;
	black_hole b;

	assert_true(black_hole_open(&b, "127.0.0.1", 0));
	black_hole_close(&b);
	f->config.port = b.port;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_CONNECT);
	assert_int_equal(email__session_error(f->session)->os, ECONNREFUSED);
	assert_true(email__session_error(f->session)->temporary);
	assert_non_null(strstr(text(f), "connection refused (1 address tried)"));
}

/* --- deadlines --- */

/* What a loaded machine may add to a deadline. All other deadlines of these tests are further away. */
#define SLACK_MS 3000

static int64_t
timed_run(fixture *f, email__session_state expected)
{
	int64_t before = email__clock_ms();

	assert_int_equal(email__session_run(f->session), expected);
	return email__clock_ms() - before;
}

static void
drip(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	if (!peer_line(p, line, sizeof line))
		return;
	while (!p->stop && send(p->fd, "x", 1, MSG_NOSIGNAL) == 1)
		peer_pause(p, 20);
}

static void
dripping_reply(void **state)
{
	fixture *f = *state;
	int64_t took;

	serve(f, drip);
	f->config.response_timeout_ms = 300;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_int_equal(email__session_error(f->session)->stage, EMAIL_STAGE_DATA);
	assert_non_null(strstr(text(f), "did not answer within 300 ms"));
	assert_true(took >= 290 && took < 300 + SLACK_MS);
}

static void
drip_handshake(peer *p)
{
	while (!p->stop && send(p->fd, "\x16\x03\x03\x10\x00", 1, MSG_NOSIGNAL) == 1)
		peer_pause(p, 20);
}

static void
dripping_handshake(void **state)
{
	fixture *f = *state;
	int64_t took;

	serve(f, drip_handshake);
	f->config.connection_timeout_ms = 300;
	f->config.tls_first = true;
	open_session(f);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_true(failure(f) == EMAIL_E_TIMEOUT || failure(f) == EMAIL_E_TLS);
	assert_true(took < 300 + SLACK_MS);
}

static void
silent_after_command(peer *p)
{
	peer_say(p, "220 hello\r\n");
	peer_drain(p);
}

static void
no_reply(void **state)
{
	fixture *f = *state;
	int64_t took;

	serve(f, silent_after_command);
	f->config.response_timeout_ms = 200;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_true(took >= 190 && took < 200 + SLACK_MS);
}

static void
end_of_data_has_its_own_time(void **state)
{
	fixture *f = *state;
	int64_t took;

	serve(f, silent_after_command);
	f->config.response_timeout_ms = 200;
	f->config.data_timeout_ms = 500;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	f->engine.link.wait = EMAIL__WAIT_DATA;
	echolink_say(&f->engine, ".\r\n", 1);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_true(took >= 490 && took < 500 + SLACK_MS);
}

static void
stops_reading(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	peer_line(p, line, sizeof line);
	while (!p->stop)
		peer_pause(p, 10);
}

static void
takes_no_data(void **state)
{
	fixture *f = *state;
	int64_t took;

	serve(f, stops_reading);
	f->config.response_timeout_ms = 300;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_body(&f->engine, 64u << 20, 1);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_non_null(strstr(text(f), "took no data"));
	assert_true(took >= 290 && took < 300 + SLACK_MS);
}

/* --- look-up and race --- */

static pthread_mutex_t hang_lock = PTHREAD_MUTEX_INITIALIZER;

static int
hanging_resolver(const char *host, int port, email__addresses *found)
{
	(void)host;
	(void)port;
	(void)found;
	pthread_mutex_lock(&hang_lock);
	pthread_mutex_unlock(&hang_lock);
	return EAI_AGAIN;
}

static void
hanging_look_ups(void **state)
{
	fixture *f = *state;
	int i;

	pthread_mutex_lock(&hang_lock);
	email__resolve_set(hanging_resolver);
	f->config.host = "mail.example.com";
	f->config.port = 25;
	f->config.connection_timeout_ms = 60;
	for (i = 0; i <= EMAIL__LOOKUPS_MAX; i++) {
		int64_t took;

		open_session(f);
		took = timed_run(f, EMAIL__SESSION_CLOSED);
		assert_int_equal(failure(f), EMAIL_E_RESOLVE);
		assert_true(email__session_error(f->session)->temporary);
		assert_int_equal(email__session_error(f->session)->stage, EMAIL_STAGE_RESOLVE);
		if (i < EMAIL__LOOKUPS_MAX) {
			assert_non_null(strstr(text(f), "mail.example.com was not looked up within 60 ms"));
			assert_true(took >= 50 && took < 60 + SLACK_MS);
		} else {
			assert_non_null(strstr(text(f), "still wait"));
		}
		email__session_free(f->session);
		f->session = NULL;
	}
	pthread_mutex_unlock(&hang_lock);
	/* they end, and there is room again */
	for (i = 0; i < 500 && email__lookups_running(); i++)
		pause_ms(2);
	f->config.connection_timeout_ms = 5000;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_non_null(strstr(text(f), "the DNS server did not answer"));
}

static int
no_such_host(const char *host, int port, email__addresses *found)
{
	(void)host;
	(void)port;
	(void)found;
	return EAI_NONAME;
}

static void
unknown_host(void **state)
{
	fixture *f = *state;

	email__resolve_set(no_such_host);
	f->config.host = "nowhere.example";
	f->config.port = 25;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_RESOLVE);
	assert_string_equal(text(f), "there is no host nowhere.example");
}

static void
add_address(email__addresses *found, const char *address, int port)
{
	email__address *a = &found->list[found->count++];

	memset(a, 0, sizeof *a);
	a->at.v4.sin_family = AF_INET;
	a->at.v4.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, address, &a->at.v4.sin_addr);
	a->len = sizeof a->at.v4;
}

/* 127.0.0.2 swallows, the others refuse, 127.0.0.1 works. */
static int
many_addresses(const char *host, int port, email__addresses *found)
{
	char refuses[24];
	int i;

	(void)host;
	add_address(found, "127.0.0.2", port);
	for (i = 3; i <= EMAIL__ADDRESSES_MAX; i++) {
		snprintf(refuses, sizeof refuses, "127.0.0.%d", i);
		add_address(found, refuses, port);
	}
	add_address(found, "127.0.0.1", port);
	return 0;
}

/* 127.0.0.2 swallows, 127.0.0.3 refuses, 127.0.0.1 works. */
static int
three_addresses(const char *host, int port, email__addresses *found)
{
	(void)host;
	add_address(found, "127.0.0.2", port);
	add_address(found, "127.0.0.3", port);
	add_address(found, "127.0.0.1", port);
	return 0;
}

static void
black_hole_is_overtaken(void **state)
{
	fixture *f = *state;
	black_hole b;
	int64_t took;

	serve(f, clear_echo);
	assert_true(black_hole_open(&b, "127.0.0.2", f->server.port));
	email__resolve_set(many_addresses);
	f->config.host = "mail.example.com";
	open_session(f);
	took = timed_run(f, EMAIL__SESSION_IDLE);
	/* 250 ms for the first; the others are refused at once, not after 250 ms each, and the last begins */
	assert_true(took >= 240 && took < 3500);
	assert_non_null(strstr(f->events, "resolve:16 addresses;connect:127.0.0.1 port"));
	black_hole_close(&b);
}

static int
only_black_hole(const char *host, int port, email__addresses *found)
{
	(void)host;
	add_address(found, "127.0.0.2", port);
	return 0;
}

static void
black_hole_alone(void **state)
{
	fixture *f = *state;
	black_hole b;
	int64_t took;

	assert_true(black_hole_open(&b, "127.0.0.2", 0));
	email__resolve_set(only_black_hole);
	f->config.host = "mail.example.com";
	f->config.port = b.port;
	f->config.connection_timeout_ms = 300;
	open_session(f);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_int_equal(email__session_error(f->session)->stage, EMAIL_STAGE_CONNECT);
	assert_int_equal(email__session_error(f->session)->os, ETIMEDOUT);
	assert_true(took >= 290 && took < 300 + SLACK_MS);
	black_hole_close(&b);
}

/* --- an application's event loop --- */

static email__session_state
step_by_step(fixture *f)
{
	email__session_state now;

	while ((now = email__session_step(f->session)) == EMAIL__SESSION_BUSY) {
		struct pollfd p = {email__session_fd(f->session), (short)email__session_events(f->session),
		                   0};
		long ms = email__session_timeout(f->session);

		assert_true(ms >= 0);
		assert_true(p.fd >= 0);
		assert_int_not_equal(p.events, 0);
		poll(&p, 1, (int)ms);
	}
	return now;
}

static void
stepped(void **state)
{
	fixture *f = *state;
	black_hole b;

	f->server.config.tickets = 2;
	serve(f, tls_echo);
	assert_true(black_hole_open(&b, "127.0.0.2", f->server.port));
	email__resolve_set(three_addresses);
	f->config.host = "mail.example.com";
	f->config.tls_first = true;
	open_session(f);
	assert_int_equal(step_by_step(f), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	assert_int_equal(step_by_step(f), EMAIL__SESSION_IDLE);
	assert_string_equal(f->engine.last, "250 NOOP");
	echolink_say(&f->engine, "QUIT\r\n", 1);
	assert_int_equal(step_by_step(f), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_OK);
	black_hole_close(&b);
}

static void
stepped_timeout(void **state)
{
	fixture *f = *state;

	serve(f, silent);
	f->config.connection_timeout_ms = 100;
	open_session(f);
	assert_int_equal(step_by_step(f), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
}

/* An engine that takes more while replies are to come (a window) gets its caller in between. */
static void
keen_engine(void **state)
{
	fixture *f = *state;

	serve(f, clear_echo);
	f->engine.keen = true;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "ONE\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	assert_int_equal(f->engine.lines, 1);
	echolink_say(&f->engine, "TWO\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	while (f->engine.expected)
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	assert_string_equal(f->engine.last, "250 TWO");
}

/* --- large bodies --- */

static void
slow_body(peer *p)
{
	unsigned char bytes[3000];
	size_t left = 300000, i;
	bool right = true, said = false;

	if (p->context && peer_start_tls(p))
		return;
	peer_say(p, "220 hello\r\n");
	while (left) {
		int n = peer_read(p, bytes, sizeof bytes < left ? sizeof bytes : left);

		if (n <= 0)
			return;
		for (i = 0; i < (size_t)n; i++)
			right = right && bytes[i] == echolink_byte(left - i);
		left -= (size_t)n;
		if (left % 4 == 0)
			peer_pause(p, 2);
		/* words in the middle, so that the engine adds to what waits to be sent */
		if (left < 200000 && !said) {
			peer_say(p, "250 go on\r\n");
			said = true;
		}
	}
	p->result = right ? 1 : -1;
	peer_say(p, "250 done\r\n");
}

static void
body(fixture *f, bool tls)
{
	f->server.context = tls ? f : NULL;
	serve(f, slow_body);
	f->config.tls_first = tls;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	{
		int small = 4096;

		setsockopt(email__session_fd(f->session), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	}
	echolink_body(&f->engine, 300000, 2);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	assert_string_equal(f->engine.last, "250 done");
	assert_int_equal(f->server.result, 1);
}

static void
body_in_the_clear(void **state)
{
	body(*state, false);
}

static void
body_over_tls(void **state)
{
	body(*state, true);
}

#define MUCH (16u << 20)

static void
takes_much(peer *p)
{
	static char bytes[1 << 20];
	size_t left = MUCH;
	ssize_t n;

	peer_say(p, "220 hello\r\n");
	while (left > 0 && (n = recv(p->fd, bytes, sizeof bytes, 0)) > 0)
		left -= (size_t)n;
	peer_say(p, "250 done\r\n");
	peer_drain(p);
}

/* A peer that is always ready does not keep the loop from others. */
static void
a_step_is_bounded(void **state)
{
	fixture *f = *state;
	email__session_state now;
	uint64_t before = 0, most = 0;

	serve(f, takes_much);
	open_session(f);
	assert_int_equal(step_by_step(f), EMAIL__SESSION_IDLE);
	echolink_body(&f->engine, MUCH, 1);
	do {
		struct pollfd p = {email__session_fd(f->session), (short)email__session_events(f->session),
		                   0};

		poll(&p, 1, (int)email__session_timeout(f->session));
		before = f->session->transport.sent;
		now = email__session_step(f->session);
		if (f->session->transport.sent - before > most)
			most = f->session->transport.sent - before;
	} while (now == EMAIL__SESSION_BUSY);
	assert_int_equal(now, EMAIL__SESSION_IDLE);
	assert_string_equal(f->engine.last, "250 done");
	assert_in_range(most, 1, EMAIL__TURN_BYTES + (256u << 10));
}

static void
refuses_body(peer *p)
{
	char bytes[20000];

	peer_say(p, "220 hello\r\n");
	(void)!recv(p->fd, bytes, sizeof bytes, 0);
	peer_say(p, "552 too large\r\n");
	peer_pause(p, 50);
}

/* What the server said before it broke the connection under a body still gets to the engine. */
static void
last_words(void **state)
{
	fixture *f = *state;

	serve(f, refuses_body);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_body(&f->engine, 64u << 20, 2);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_string_equal(f->engine.last, "552 too large");
	assert_int_equal(failure(f), EMAIL_E_CLOSED);
}

static void
good_bye_while_idle(peer *p)
{
	peer_say(p, "220 hello\r\n");
	peer_pause(p, 50);
	peer_say(p, "421 closing\r\n");
	peer_pause(p, 50);
	peer_reset(p);
}

/* The same where the flight is small, and its sending is what fails. */
static void
last_words_before_a_reset(void **state)
{
	fixture *f = *state;

	serve(f, good_bye_while_idle);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	pause_ms(200);
	echolink_say(&f->engine, "NOOP\r\n", 2);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_string_equal(f->engine.last, "421 closing");
	assert_int_equal(failure(f), EMAIL_E_CLOSED);
}

/* --- ends --- */

static void
reset_at_once(peer *p)
{
	peer_reset(p);
}

static void
reset_after_command(peer *p)
{
	char line[64];

	peer_say(p, "220 hello\r\n");
	peer_line(p, line, sizeof line);
	peer_reset(p);
}

static void
reset_in_handshake(peer *p)
{
	char byte;

	(void)!recv(p->fd, &byte, 1, 0);
	peer_reset(p);
}

static void
resets(void **state)
{
	fixture *f = *state;

	serve(f, reset_at_once);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	/* on a slow machine it comes before the connection was seen to be made */
	assert_true(failure(f) == EMAIL_E_CLOSED || failure(f) == EMAIL_E_CONNECT);
	assert_int_equal(email__session_error(f->session)->os, ECONNRESET);
}

static void
reset_for_a_reply(void **state)
{
	fixture *f = *state;

	serve(f, reset_after_command);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_CLOSED);
	assert_int_equal(email__session_error(f->session)->os, ECONNRESET);
	assert_non_null(strstr(text(f), "reset by the server"));
}

static void
reset_in_the_handshake(void **state)
{
	fixture *f = *state;

	serve(f, reset_in_handshake);
	f->config.tls_first = true;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_TLS);
	assert_int_equal(email__session_error(f->session)->os, ECONNRESET);
}

static void
ends_after_command(peer *p)
{
	char line[64];

	if (p->context)
		peer_start_tls(p);
	peer_say(p, "220 hello\r\n");
	peer_line(p, line, sizeof line);
}

static void
ends(void **state)
{
	fixture *f = *state;

	serve(f, ends_after_command);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_true(f->engine.ended);
	assert_int_equal(failure(f), EMAIL_E_CLOSED);
}

static void
ends_under_tls(void **state)
{
	fixture *f = *state;

	f->server.context = f;
	f->config.tls_first = true;
	serve(f, ends_after_command);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_true(f->engine.ended);
}

static void
speaks_unasked(peer *p)
{
	if (p->context)
		peer_start_tls(p);
	peer_say(p, "220 hello\r\n");
	peer_pause(p, 50);
	peer_say(p, "421 closing\r\n");
	peer_drain(p);
}

static void
kept_connections(void **state)
{
	fixture *f = *state;
	int tls;

	for (tls = 0; tls < 2; tls++) {
		f->server.context = tls ? f : NULL;
		f->server.config.tickets = 2;
		f->config.tls_first = tls;
		f->config.port = 0;

		/* fresh: taken to live, without a look; later the server's word is seen */
		serve(f, speaks_unasked);
		open_session(f);
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		calls_recv = 0;
		assert_true(email__session_alive(f->session));
		assert_int_equal(calls_recv, 0);
		pause_ms(1050);
		assert_false(email__session_alive(f->session));
		email__session_free(f->session);
		f->session = NULL;
		peer_stop(&f->server);
		echolink_dispose(&f->engine);
		echolink_init(&f->engine);

		/* a quiet one lives on, tickets or not, and talks on */
		f->config.port = 0;
		serve(f, tls ? tls_echo : clear_echo);
		open_session(f);
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		pause_ms(1050);
		assert_true(email__session_alive(f->session));
		echolink_say(&f->engine, "NOOP\r\n", 1);
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		email__session_free(f->session);
		f->session = NULL;
		peer_stop(&f->server);
		f->serving = false;
		echolink_dispose(&f->engine);
		echolink_init(&f->engine);
	}
}

/* --- cancelling --- */

static void *
cancel_later(void *context)
{
	fixture *f = context;

	pause_ms(f->cancel_after);
	f->cancelled_at = email__clock_ms();
	email__session_cancel(f->session);
	return NULL;
}

static void
cancel_while_running(fixture *f)
{
	pthread_t thread;

	f->cancel_after = 100;
	assert_int_equal(pthread_create(&thread, NULL, cancel_later, f), 0);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_true(f->cancelled_at != 0);
	assert_true(email__clock_ms() - f->cancelled_at < SLACK_MS);
	pthread_join(thread, NULL);
	if (failure(f) != EMAIL_E_CANCELLED)
		fail_msg("%s", text(f));
	/* and it stays so */
	assert_int_equal(email__session_step(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_CANCELLED);
}

static void
cancel_look_up(void **state)
{
	fixture *f = *state;

	pthread_mutex_lock(&hang_lock);
	email__resolve_set(hanging_resolver);
	f->config.host = "mail.example.com";
	f->config.port = 25;
	open_session(f);
	cancel_while_running(f);
	pthread_mutex_unlock(&hang_lock);
}

static void
cancel_connecting(void **state)
{
	fixture *f = *state;
	black_hole b;

	assert_true(black_hole_open(&b, "127.0.0.1", 0));
	f->config.port = b.port;
	open_session(f);
	cancel_while_running(f);
	black_hole_close(&b);
}

static void
cancel_handshake(void **state)
{
	fixture *f = *state;

	serve(f, silent);
	f->config.tls_first = true;
	open_session(f);
	cancel_while_running(f);
}

static void
cancel_greeting(void **state)
{
	fixture *f = *state;

	serve(f, silent);
	open_session(f);
	cancel_while_running(f);
}

static void
cancel_reply(void **state)
{
	fixture *f = *state;

	serve(f, silent_after_command);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	cancel_while_running(f);
}

static void
cancel_sending(void **state)
{
	fixture *f = *state;

	serve(f, stops_reading);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_body(&f->engine, 64u << 20, 1);
	cancel_while_running(f);
}

/* What it shuts is no connection that broke. */
static void
cancel_in_a_call(fixture *f, email__session **which)
{
	serve(f, clear_echo);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	*which = f->session;
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_null(*which);
	assert_int_equal(failure(f), EMAIL_E_CANCELLED);
}

static void
cancel_in_send_call(void **state)
{
	cancel_in_a_call(*state, &cancel_in_send);
}

static void
cancel_in_recv_call(void **state)
{
	cancel_in_a_call(*state, &cancel_in_recv);
}

static void
cancel_in_handshake_call(void **state)
{
	fixture *f = *state;

	serve(f, silent);
	f->config.tls_first = true;
	open_session(f);
	cancel_in_send = f->session;
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_null(cancel_in_send);
	assert_int_equal(failure(f), EMAIL_E_CANCELLED);
}

static void
cancel_idle_and_new(void **state)
{
	fixture *f = *state;

	serve(f, clear_echo);
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	email__session_cancel(f->session);
	assert_false(email__session_alive(f->session));
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_CANCELLED);
	email__session_free(f->session);

	open_session(f);
	email__session_cancel(f->session);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_CLOSED);
	assert_int_equal(failure(f), EMAIL_E_CANCELLED);
}

/* --- signals --- */

static void
on_alarm(int signal_number)
{
	(void)signal_number;
}

static void
late_echo(peer *p)
{
	char line[64];

	peer_pause(p, 60);
	if (peer_start_tls(p))
		return;
	peer_pause(p, 60);
	peer_say(p, "220 hello\r\n");
	while (peer_line(p, line, sizeof line)) {
		peer_pause(p, 60);
		peer_say(p, "250 ");
		peer_pause(p, 60);
		peer_say(p, line);
		peer_say(p, "\r\n");
	}
}

static void
signals_do_no_harm(void **state)
{
	fixture *f = *state;
	struct itimerval every = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {0};
	sigset_t alarm_only;

	/* the server's thread does not get them */
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
	serve(f, late_echo);
	pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
	action.sa_handler = on_alarm; /* without SA_RESTART */
	sigaction(SIGALRM, &action, NULL);
	f->config.tls_first = true;
	open_session(f);
	setitimer(ITIMER_REAL, &every, NULL);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_string_equal(f->engine.last, "250 NOOP");
	signal(SIGALRM, SIG_IGN); /* the last one may be under way still */
}

static void
signals_do_not_stretch_deadlines(void **state)
{
	fixture *f = *state;
	struct itimerval every = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {0};
	sigset_t alarm_only;
	int64_t took;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
	serve(f, silent_after_command);
	pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	f->config.response_timeout_ms = 200;
	open_session(f);
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	echolink_say(&f->engine, "NOOP\r\n", 1);
	setitimer(ITIMER_REAL, &every, NULL);
	took = timed_run(f, EMAIL__SESSION_CLOSED);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(failure(f), EMAIL_E_TIMEOUT);
	assert_true(took >= 190 && took < 200 + SLACK_MS);
	signal(SIGALRM, SIG_IGN); /* the last one may be under way still */
}

/* --- cost --- */

static void
whole_line_echo(peer *p)
{
	char line[256], reply[300];

	if (p->context && peer_start_tls(p))
		return;
	peer_say(p, "220 hello\r\n");
	while (peer_line(p, line, sizeof line)) {
		snprintf(reply, sizeof reply, "250 %s\r\n", line);
		peer_say(p, reply);
	}
}

static void
two_system_calls_a_mail(void **state)
{
	fixture *f = *state;
	int tls, i;

	for (tls = 0; tls < 2; tls++) {
		f->server.context = tls ? f : NULL;
		f->config.tls_first = tls;
		f->config.port = 0;
		serve(f, whole_line_echo);
		open_session(f);
		assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		calls_send = calls_recv = calls_poll = calls_option = 0;
		for (i = 0; i < 20; i++) {
			f->engine.link.wait = i % 2 ? EMAIL__WAIT_DATA : EMAIL__WAIT_RESPONSE;
			assert_true(email__session_alive(f->session));
			echolink_say(&f->engine, "MAIL\r\n", 1);
			assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
		}
		assert_int_equal(calls_send, 20);
		assert_int_equal(calls_recv, 20);
		assert_int_equal(calls_poll, 0);
		assert_int_equal(calls_option, 0);
		email__session_free(f->session);
		f->session = NULL;
		peer_stop(&f->server);
		f->serving = false;
		echolink_dispose(&f->engine);
		echolink_init(&f->engine);
	}
}

static void
handshake_flights_are_gathered(void **state)
{
	fixture *f = *state;

	f->server.context = f;
	f->config.tls_first = true;
	serve(f, whole_line_echo);
	open_session(f);
	calls_send = 0;
	assert_int_equal(email__session_run(f->session), EMAIL__SESSION_IDLE);
	/* the hello, and the last flight with change_cipher_spec in front */
	assert_int_equal(calls_send, 2);
}

/* --- no memory --- */

static void
every_allocation_fails(void **state)
{
	fixture *f = *state;
	size_t n;

	serve(f, start_tls_echo);
	f->config.host = "localhost";
	email__resolve_set(three_addresses);
	for (n = 1; n < 1000; n++) {
		bool over = false;

		echolink_dispose(&f->engine);
		email_test_fail_alloc(n);
		echolink_init(&f->engine);
		f->engine.start_tls = true;
		f->session = email__session_new(&f->config, &f->engine.link);
		if (f->session) {
			email__session_state now = email__session_run(f->session);

			if (now == EMAIL__SESSION_IDLE) {
				echolink_say(&f->engine, "QUIT\r\n", 1);
				now = email__session_run(f->session);
			}
			assert_int_equal(now, EMAIL__SESSION_CLOSED);
			over = !email_test_alloc_failed();
			assert_int_equal(failure(f), over ? EMAIL_OK : EMAIL_E_MEMORY);
		} else {
			assert_true(email_test_alloc_failed());
		}
		email__session_free(f->session);
		f->session = NULL;
		if (over)
			break;
	}
	assert_true(n > 6 && n < 1000);
	/* a look-up's thread lets go of its part a moment later */
	echolink_dispose(&f->engine);
	echolink_init(&f->engine);
	for (n = 0; n < 500 && email__lookups_running(); n++)
		pause_ms(1);
	assert_int_equal(email_test_blocks(), 0);
	email_test_fail_alloc_off();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(in_the_clear),
		T(over_tls),
		T(over_tls_1_2),
		T(tickets_on_the_way),
		T(with_start_tls),
		T(start_tls_injection),
		T(start_tls_injection_later),
		T(refused_server_gets_an_alert_alone),
		T(refused_after_start_tls),
		T(answered_in_the_clear),
		T(expects_tls),
		T(no_version_in_common),
		T(nobody_listens),
		T(dripping_reply),
		T(dripping_handshake),
		T(no_reply),
		T(end_of_data_has_its_own_time),
		T(takes_no_data),
		T(hanging_look_ups),
		T(unknown_host),
		T(black_hole_is_overtaken),
		T(black_hole_alone),
		T(stepped),
		T(stepped_timeout),
		T(keen_engine),
		T(body_in_the_clear),
		T(body_over_tls),
		T(a_step_is_bounded),
		T(last_words),
		T(last_words_before_a_reset),
		T(resets),
		T(reset_for_a_reply),
		T(reset_in_the_handshake),
		T(ends),
		T(ends_under_tls),
		T(kept_connections),
		T(cancel_look_up),
		T(cancel_connecting),
		T(cancel_handshake),
		T(cancel_greeting),
		T(cancel_reply),
		T(cancel_sending),
		T(cancel_in_send_call),
		T(cancel_in_recv_call),
		T(cancel_in_handshake_call),
		T(cancel_idle_and_new),
		T(signals_do_no_harm),
		T(signals_do_not_stretch_deadlines),
		T(two_system_calls_a_mail),
		T(handshake_flights_are_gathered),
		T(every_allocation_fails),
	};

	return cmocka_run_group_tests(tests, make_certificate, free_certificate);
}
