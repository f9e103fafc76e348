/* SPDX-License-Identifier: MIT */
#include "support/peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} any_address;

static socklen_t
make_address(any_address *a, const char *text, int port)
{
	memset(a, 0, sizeof *a);
	if (strchr(text, ':')) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, text, &a->v6.sin6_addr);
		return sizeof a->v6;
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, text, &a->v4.sin_addr);
	return sizeof a->v4;
}

static int
listen_on(const char *text, int port, int backlog, int *got_port)
{
	any_address a;
	socklen_t n = make_address(&a, text, port);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &a.any, n) || listen(fd, backlog) || getsockname(fd, &a.any, &n)) {
		close(fd);
		return -1;
	}
	*got_port = ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
	return fd;
}

static void *
run(void *context)
{
	peer *p = context;

	for (;;) {
		int on = 1;

		p->fd = accept(p->listener, NULL, NULL);
		if (p->stop || p->fd < 0)
			break;
		p->connections++;
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		p->serve(p);
		tlspeer_free(p->tls);
		p->tls = NULL;
		if (p->fd >= 0)
			close(p->fd);
		p->fd = -1;
	}
	if (p->fd >= 0)
		close(p->fd);
	return NULL;
}

bool
peer_start(peer *p, const char *address, void (*serve)(peer *p))
{
	p->serve = serve;
	p->fd = -1;
	p->tls = NULL;
	p->connections = 0;
	p->result = 0;
	p->stop = false;
	p->listener = listen_on(address, 0, 16, &p->port);
	return p->listener >= 0 && pthread_create(&p->thread, NULL, run, p) == 0;
}

void
peer_stop(peer *p)
{
	p->stop = true;
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

int
peer_start_tls(peer *p)
{
	p->tls = tlspeer_new_fd(&p->config, p->fd);
	return p->tls ? tlspeer_handshake(p->tls) : -1;
}

void
peer_say(peer *p, const char *text)
{
	size_t n = strlen(text);

	if (p->tls)
		tlspeer_write(p->tls, text, n);
	else
		(void)!send(p->fd, text, n, MSG_NOSIGNAL);
}

int
peer_read(peer *p, void *bytes, size_t n)
{
	int rc;

	if (!p->tls)
		return (int)recv(p->fd, bytes, n, 0);
	do
		rc = tlspeer_read(p->tls, bytes, n);
	while (tlspeer_again(rc));
	return rc;
}

bool
peer_line(peer *p, char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (peer_read(p, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = '\0';
			return true;
		}
		if (c != '\r' && n + 1 < size)
			line[n++] = c;
	}
	return false;
}

void
peer_reset(peer *p)
{
	struct linger now = {1, 0};

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(p->fd);
	p->fd = -1;
}

void
peer_pause(peer *p, long ms)
{
	struct timespec piece = {0, 2000000};
	long slept;

	for (slept = 0; slept < ms && !p->stop; slept += 2)
		nanosleep(&piece, NULL);
}

int
peer_drain(peer *p)
{
	char bytes[4096];
	int total = 0;
	ssize_t n;

	while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0)
		total += (int)n;
	return total;
}

bool
black_hole_open(black_hole *b, const char *address, int port)
{
	struct timespec settle = {0, 50000000};
	any_address a;
	socklen_t n;
	size_t i;

	for (i = 0; i < 8; i++)
		b->fd[i] = -1;
	b->fd[0] = listen_on(address, port, 0, &b->port);
	if (b->fd[0] < 0)
		return false;
	n = make_address(&a, address, b->port);
	for (i = 1; i < 8; i++) {
		b->fd[i] = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(b->fd[i], &a.any, n);
	}
	nanosleep(&settle, NULL);
	return true;
}

void
black_hole_close(black_hole *b)
{
	size_t i;

	for (i = 0; i < 8; i++)
		if (b->fd[i] >= 0)
			close(b->fd[i]);
}

int
count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}
