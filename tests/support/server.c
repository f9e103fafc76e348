/* SPDX-License-Identifier: MIT */
/* Listening, one thread a connection, and an end in which every thread is waited for. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "server_internal.h"

static void
add_counts(email_test_counts *to, const email_test_counts *n)
{
	to->connections++;
	to->handshakes += n->handshakes;
	to->resumed += n->resumed;
	to->refused += n->refused;
	to->messages += n->messages;
	to->recipients += n->recipients;
	to->violations += n->violations;
	to->clear_in += n->clear_in;
	to->tls_in += n->tls_in;
	to->wire_in += n->wire_in;
	to->wire_out += n->wire_out;
	to->turns += n->turns;
}

static void
leave(conn *c)
{
	email_test_server *s = c->s;

	email_test_log(
		c,
		"end clear=%llu tls=%llu wireIn=%llu wireOut=%llu turns=%llu messages=%llu violations=%llu",
		(unsigned long long)c->n.clear_in, (unsigned long long)c->n.tls_in,
		(unsigned long long)c->n.wire_in, (unsigned long long)c->n.wire_out,
		(unsigned long long)c->n.turns, (unsigned long long)c->n.messages,
		(unsigned long long)c->n.violations);
	pthread_mutex_lock(&s->lock);
	add_counts(&s->counts, &c->n);
	*(c->prev ? &c->prev->next : &s->first) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	(void)close(c->fd);
	free(c);
	if (!s->first)
		pthread_cond_signal(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

/* Waits for the client's end, so that unread bytes do not turn our last reply into a reset. */
static void
linger(conn *c)
{
	struct timeval t = {1, 0};

	if (c->tls)
		(void)mbedtls_ssl_close_notify(&c->ssl);
	(void)shutdown(c->fd, SHUT_WR);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	for (int i = 0; i < 64 && email_test_bio_recv(c, c->in, sizeof c->in) > 0; i++)
		;
}

static void *
serve(void *argument)
{
	conn *c = argument;

	email_test_log(c, "connect");
	c->drip_ms = c->s->o.drip_ms;
	if (email_test_stage(c, "connect")) {
		bool ok = c->s->o.tls != EMAIL_TEST_SSL ||
		          (email_test_stage(c, "tls") && email_test_tls_accept(c));
		if (ok)
			c->s->dialect->dialogue(c);
		if (!c->broken)
			linger(c);
	}
	if (c->tls)
		mbedtls_ssl_free(&c->ssl);
	email_test_box_close(c);
	leave(c);
	return NULL;
}

static void
enter(email_test_server *s, int fd)
{
	conn *c = calloc(1, sizeof *c);
	pthread_t thread;
	int one = 1;
	bool started;

	if (!c) {
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->s = s;
	c->fd = fd;
	pthread_mutex_lock(&s->lock);
	c->id = ++s->ids;
	c->next = s->first;
	if (s->first)
		s->first->prev = c;
	s->first = c;
	started = !s->stopping && pthread_create(&thread, NULL, serve, c) == 0;
	if (started)
		(void)pthread_detach(thread);
	pthread_mutex_unlock(&s->lock);
	if (!started)
		leave(c);
}

static void *
accept_all(void *argument)
{
	email_test_server *s = argument;

	for (;;) {
		int fd = accept(s->listener, NULL, NULL);
		if (fd >= 0)
			enter(s, fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			return NULL; /* shut down by _stop */
	}
}

static int
start_listening(email_test_server *s, char *why, size_t size)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->o.port)};
	socklen_t len = sizeof a;
	int one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (s->listener >= 0)
		(void)setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) ||
	    listen(s->listener, 128) || getsockname(s->listener, (struct sockaddr *)&a, &len)) {
		(void)snprintf(why, size, "port %d: %s", s->o.port, strerror(errno));
		return -1;
	}
	s->port = ntohs(a.sin_port);
	return 0;
}

static const email_test_dialect *const dialects[] = {
	[EMAIL_TEST_SMTP] = &email_test_smtp,
	[EMAIL_TEST_IMAP] = &email_test_imap,
	[EMAIL_TEST_POP3] = &email_test_pop3,
};

email_test_server *
email_test_server_start(const email_test_server_options *options, char *why, size_t size)
{
	email_test_server *s = calloc(1, sizeof *s);

	if (!s) {
		(void)snprintf(why, size, "out of memory");
		return NULL;
	}
	s->o = *options;
	s->dialect = dialects[s->o.protocol];
	if (!s->o.mechanisms)
		s->o.mechanisms = "PLAIN LOGIN";
	s->listener = -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->idle, NULL);
	if ((s->o.tls != EMAIL_TEST_PLAIN && email_test_tls_setup(s, why, size)) ||
	    start_listening(s, why, size))
		goto fail;
	if (pthread_create(&s->acceptor, NULL, accept_all, s)) {
		(void)snprintf(why, size, "no thread");
		goto fail;
	}
	return s;
fail:
	if (s->listener >= 0)
		(void)close(s->listener);
	s->listener = -1;
	email_test_server_stop(s);
	return NULL;
}

int
email_test_server_port(const email_test_server *s)
{
	return s->port;
}

void
email_test_server_counts(email_test_server *s, email_test_counts *counts)
{
	pthread_mutex_lock(&s->lock);
	*counts = s->counts;
	for (const conn *c = s->first; c; c = c->next)
		counts->open++;
	pthread_mutex_unlock(&s->lock);
}

void
email_test_server_stop(email_test_server *s)
{
	if (!s)
		return;
	if (s->listener >= 0) {
		(void)shutdown(s->listener, SHUT_RDWR);
		(void)pthread_join(s->acceptor, NULL);
		(void)close(s->listener);
	}
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	for (conn *c = s->first; c; c = c->next)
		(void)shutdown(c->fd, SHUT_RDWR);
	while (s->first)
		(void)pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
	email_test_tls_dispose(s);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->idle);
	free(s);
}
