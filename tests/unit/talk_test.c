/* SPDX-License-Identifier: MIT */
/* Talking: what goes both ways at once, over real sockets, in the clear and over TLS. session_test has the rest. */
#include "support/cm.h"

#include <stdlib.h>

#include "net/session.h"
#include "support/echolink.h"
#include "support/peer.h"

static pki_cert certificate;
static pki_key *key;

static email_code
accept_all(void *context, const email__chain *chain)
{
	(void)context;
	(void)chain;
	return EMAIL_OK;
}

static int
make_certificate(void **state)
{
	pki_spec spec = pki_server("CN=localhost", "DNS:localhost, IP:127.0.0.1");

	(void)state;
	key = pki_key_new(PKI_EC_P256);
	return key ? pki_issue(&certificate, &spec, key, NULL, NULL) : -1;
}

static int
free_certificate(void **state)
{
	(void)state;
	pki_key_free(key);
	return 0;
}

#define BODY ((size_t)3 << 20)

/* Takes the body in small bites, chattering while it does: a client that only writes would never get through. */
static void
chatters_while_it_takes(peer *p)
{
	unsigned char bite[4096];
	size_t taken = 0, said = 0;
	int n;

	if (p->context && peer_start_tls(p))
		return;
	peer_say(p, "220 hello\r\n");
	while (taken < BODY && (n = peer_read(p, bite, sizeof bite)) > 0) {
		int i;

		for (i = 0; i < n; i++)
			if (bite[i] != echolink_byte(BODY - (taken + (size_t)i)))
				atomic_fetch_add(&p->result, 1);
		taken += (size_t)n;
		for (; said < 2000 && said < taken / 1024; said++)
			peer_say(p, "250 so far so good, and a good many words more to fill what lies "
			            "between us\r\n");
	}
	for (; said < 2000; said++)
		peer_say(p, "250 and the rest\r\n");
	peer_drain(p);
}

static void
both_ways_at_once(bool tls)
{
	echolink engine;
	email__session_config config = {.host = "127.0.0.1",
	                                .local_address = "",
	                                .tls_first = tls,
	                                .tls = {.min = EMAIL_TLS_1_2, .judge = accept_all},
	                                .connection_timeout_ms = 5000,
	                                .response_timeout_ms = 10000,
	                                .data_timeout_ms = 10000};
	static peer server;
	email__session *session;
	int before = count_descriptors();

	memset(&server, 0, sizeof server);
	if (tls) {
		server.config.chain = &certificate;
		server.config.chain_len = 1;
		server.config.key = key;
		server.context = &certificate; /* any: it is to be TLS */
	}
	echolink_init(&engine);
	assert_true(peer_start(&server, "127.0.0.1", chatters_while_it_takes));
	config.port = server.port;
	session = email__session_new(&config, &engine.link);
	assert_non_null(session);
	assert_int_equal(email__session_run(session), EMAIL__SESSION_IDLE);
	echolink_body(&engine, BODY, 2000);
	assert_int_equal(email__session_run(session), EMAIL__SESSION_IDLE);
	assert_int_equal(engine.lines, 2001);
	email__session_free(session);
	peer_stop(&server);
	assert_int_equal(atomic_load(&server.result), 0);
	echolink_dispose(&engine);
	assert_int_equal(count_descriptors(), before);
}

static void
both_ways_in_the_clear(void **state)
{
	(void)state;
	both_ways_at_once(false);
}

static void
both_ways_over_tls(void **state)
{
	(void)state;
	both_ways_at_once(true);
}

/* Ends as it should, by close_notify, where p->context is set; else the socket closes behind the last record. */
static void
greets_and_goes(peer *p)
{
	if (p->config.key && peer_start_tls(p))
		return;
	peer_say(p, "220 hello\r\n");
	if (p->context)
		tlspeer_close_notify(p->tls);
}

static bool
ends_whole(bool tls, bool notify)
{
	echolink engine;
	email__session_config config = {.host = "127.0.0.1",
	                                .local_address = "",
	                                .tls_first = tls,
	                                .tls = {.min = EMAIL_TLS_1_2, .judge = accept_all},
	                                .connection_timeout_ms = 5000,
	                                .response_timeout_ms = 5000,
	                                .data_timeout_ms = 5000};
	static peer server;
	email__session *session;
	bool whole;

	memset(&server, 0, sizeof server);
	server.config = (tlspeer_config){.chain = &certificate, .chain_len = 1, .key = tls ? key : NULL};
	server.context = notify ? &server : NULL;
	echolink_init(&engine);
	assert_true(peer_start(&server, "127.0.0.1", greets_and_goes));
	config.port = server.port;
	session = email__session_new(&config, &engine.link);
	assert_non_null(session);
	assert_int_equal(email__session_run(session), EMAIL__SESSION_IDLE);
	echolink_say(&engine, "", 1);
	assert_int_equal(email__session_run(session), EMAIL__SESSION_CLOSED);
	assert_true(engine.ended);
	whole = engine.link.whole;
	email__session_free(session);
	peer_stop(&server);
	echolink_dispose(&engine);
	return whole;
}

static void
an_end_is_told_from_a_cut(void **state)
{
	(void)state;
	assert_true(ends_whole(true, true));
	assert_false(ends_whole(true, false));
	assert_false(ends_whole(false, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways_in_the_clear),
	                                   cmocka_unit_test(both_ways_over_tls),
	                                   cmocka_unit_test(an_end_is_told_from_a_cut)};

	return cmocka_run_group_tests(tests, make_certificate, free_certificate);
}
