/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const struct {
	int os;
	const char *text, *remedy;
} errors[] = {
	{ECONNREFUSED, "connection refused", "check the port: nothing listens there, or a firewall refuses"},
	{ETIMEDOUT, "no answer", "check host name, port and firewall"},
	{EHOSTUNREACH, "host unreachable", "check the host name, and the station's gateway"},
	{ENETUNREACH, "network unreachable", "check the station's cable, address and gateway"},
	{ENETDOWN, "network down", "check the station's cable, address and gateway"},
	{ECONNRESET, "connection reset by the server", NULL},
	{ECONNABORTED, "connection aborted", NULL},
	{EPIPE, "connection closed by the server", NULL},
	{EADDRNOTAVAIL, "no such local address", NULL},
	{EADDRINUSE, "local address in use", NULL},
	{EAFNOSUPPORT, "address family not supported", NULL},
	{EACCES, "not permitted", "check firewall and rights of the program"},
	{EPERM, "not permitted", "check firewall and rights of the program"},
	{EMFILE, "too many open files", "raise the limit of open files, or close some"},
	{ENFILE, "too many open files", "raise the limit of open files, or close some"},
	{ENOBUFS, "no buffer space", NULL},
	{ENOMEM, "out of memory", NULL},
};

const char *
email__socket_text(int os)
{
	size_t i;

	for (i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].os == os)
			return errors[i].text;
	return "network error";
}

const char *
email__socket_remedy(int os)
{
	size_t i;

	for (i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].os == os)
			return errors[i].remedy;
	return NULL;
}

/* --- addresses --- */

void
email__address_text(const email__address *a, char out[EMAIL__ADDRESS_TEXT])
{
	const void *bytes = a->at.any.sa_family == AF_INET6 ? (const void *)&a->at.v6.sin6_addr
	                                                    : (const void *)&a->at.v4.sin_addr;

	if (!inet_ntop(a->at.any.sa_family, bytes, out, EMAIL__ADDRESS_TEXT))
		out[0] = '\0';
}

static void
copy_address(email__address *to, const struct sockaddr *from)
{
	to->len = from->sa_family == AF_INET6 ? sizeof to->at.v6 : sizeof to->at.v4;
	memcpy(&to->at, from, to->len);
}

static bool
is_link_local(const struct sockaddr *a)
{
	struct sockaddr_in6 v6;

	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&v6, a, sizeof v6);
	return IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr);
}

/* The interface's first address of the family; a link-local one only where it has no other. */
static bool
interface_address(const char *name, int family, email__address *from)
{
	struct ifaddrs *all, *i;
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (i = all; i; i = i->ifa_next) {
		bool local;

		if (!i->ifa_addr || i->ifa_addr->sa_family != family || strcmp(i->ifa_name, name) != 0)
			continue;
		local = is_link_local(i->ifa_addr);
		if (found && local)
			continue;
		copy_address(from, i->ifa_addr);
		found = true;
		if (!local)
			break;
	}
	freeifaddrs(all);
	return found;
}

bool
email__socket_local(const char *local, int family, email__address *from)
{
	struct addrinfo hints = {0}, *found;
	bool ok;

	hints.ai_flags = AI_NUMERICHOST;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(local, NULL, &hints, &found))
		return interface_address(local, family, from);
	ok = found->ai_family == family;
	if (ok)
		copy_address(from, found->ai_addr);
	freeaddrinfo(found);
	return ok;
}

void
email__socket_literal(int fd, char out[64])
{
	email__address own;
	char text[EMAIL__ADDRESS_TEXT];

	own.len = sizeof own.at;
	out[0] = '\0';
	if (getsockname(fd, &own.at.any, &own.len))
		return;
	email__address_text(&own, text);
	snprintf(out, 64, own.at.any.sa_family == AF_INET6 ? "[IPv6:%s]" : "[%s]", text);
}

/* --- connecting --- */

int
email__socket_connect(const email__address *to, const email__address *from, int *fd, bool *bound)
{
	int os;

	*bound = false;
	*fd = socket(to->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return errno;
	if (!from || bind(*fd, &from->at.any, from->len) == 0) {
		*bound = true;
		if (connect(*fd, &to->at.any, to->len) == 0)
			return 0;
	}
	os = errno;
	/* a signal does not stop it (POSIX connect) */
	if (os == EINPROGRESS || os == EINTR)
		return EINPROGRESS;
	close(*fd);
	*fd = -1;
	return os;
}

int
email__socket_outcome(int fd)
{
	int os = 0;
	socklen_t n = sizeof os;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &os, &n) ? errno : os;
}

void
email__socket_ready(int fd, long receive_ms)
{
	struct timeval wait = {receive_ms / 1000, (suseconds_t)(receive_ms % 1000) * 1000};
	int on = 1;

	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

/* --- moving bytes --- */

static bool
is_again(int os)
{
	return os == EAGAIN || os == EWOULDBLOCK;
}

long
email__socket_send(int fd, const void *p, size_t n, int *os)
{
	ssize_t moved;

	do
		moved = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (moved < 0 && errno == EINTR);
	if (moved >= 0)
		return (long)moved;
	if (is_again(errno))
		return EMAIL__BIO_AGAIN;
	*os = errno;
	return EMAIL__BIO_FAILED;
}

long
email__socket_receive(int fd, void *p, size_t n, bool wait, int *os)
{
	ssize_t moved;

	do
		moved = recv(fd, p, n, wait ? 0 : MSG_DONTWAIT);
	while (moved < 0 && errno == EINTR && !wait);
	if (moved >= 0)
		return (long)moved;
	if (is_again(errno) || errno == EINTR)
		return EMAIL__BIO_AGAIN;
	*os = errno;
	return EMAIL__BIO_FAILED;
}

long
email__socket_peek(int fd, int *os)
{
	ssize_t moved;
	char byte;

	do
		moved = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (moved < 0 && errno == EINTR);
	if (moved >= 0)
		return (long)moved;
	if (is_again(errno))
		return EMAIL__BIO_AGAIN;
	*os = errno;
	return EMAIL__BIO_FAILED;
}
