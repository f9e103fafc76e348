/* SPDX-License-Identifier: MIT */
/*
 * What the machine allows: sockets and mbedTLS with no library in between, and the least that the RFCs allow to be
 * said. Nothing is parsed but what tells one message from the next, nothing is handed to anybody, and whatever the
 * server does that it need not ends the run.
 *
 *     AUTHENTICATE PLAIN =IR=   EXAMINE INBOX   FETCH 1:* BODY.PEEK[]
 *     AUTH PLAIN =IR=           RETR 1 .. RETR n, up to WINDOW of them outstanding
 *
 * HOW "list": the mailbox is listed before, as whoever goes by sizes, flags and what was read before has to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>

#include "codec/base64.h"
#include "job.h"

#define WINDOW 64
#define ROOM 16384
#define AHEAD 4096

typedef struct wire {
	int fd;
	bool tls;
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt roots;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	char ahead[AHEAD]; /* TLS asks for five bytes, and then for the rest */
	size_t ahead_at, ahead_end;
	char in[ROOM];
	size_t at, end;
} wire;

static void
die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static int
on_send(void *context, const unsigned char *bytes, size_t n)
{
	return (int)send(((wire *)context)->fd, bytes, n, MSG_NOSIGNAL);
}

static int
on_receive(void *context, unsigned char *bytes, size_t n)
{
	wire *w = context;
	ssize_t got;

	if (w->ahead_at == w->ahead_end && n >= AHEAD)
		return (int)recv(w->fd, bytes, n, 0);
	if (w->ahead_at == w->ahead_end) {
		if ((got = recv(w->fd, w->ahead, AHEAD, 0)) <= 0)
			return (int)got;
		w->ahead_at = 0;
		w->ahead_end = (size_t)got;
	}
	if (n > w->ahead_end - w->ahead_at)
		n = w->ahead_end - w->ahead_at;
	memcpy(bytes, w->ahead + w->ahead_at, n);
	w->ahead_at += n;
	return (int)n;
}

static void
start_tls(wire *w, const char *ca)
{
	static const int suites[] = {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS1_3_AES_128_GCM_SHA256, 0};
	size_t n;
	const char *pem = bench_file(ca, &n);

	psa_crypto_init();
	mbedtls_ssl_init(&w->ssl);
	mbedtls_ssl_config_init(&w->conf);
	mbedtls_x509_crt_init(&w->roots);
	mbedtls_entropy_init(&w->entropy);
	mbedtls_ctr_drbg_init(&w->random);
	if (mbedtls_ctr_drbg_seed(&w->random, mbedtls_entropy_func, &w->entropy, NULL, 0) ||
	    mbedtls_x509_crt_parse(&w->roots, (const unsigned char *)pem, n + 1) ||
	    mbedtls_ssl_config_defaults(&w->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
	                                MBEDTLS_SSL_PRESET_DEFAULT))
		die("TLS");
	mbedtls_ssl_conf_rng(&w->conf, mbedtls_ctr_drbg_random, &w->random);
	mbedtls_ssl_conf_ciphersuites(&w->conf, suites);
	mbedtls_ssl_conf_ca_chain(&w->conf, &w->roots, NULL);
	if (mbedtls_ssl_setup(&w->ssl, &w->conf) || mbedtls_ssl_set_hostname(&w->ssl, BENCH_HOST))
		die("TLS");
	mbedtls_ssl_set_bio(&w->ssl, w, on_send, on_receive, NULL);
	if (mbedtls_ssl_handshake(&w->ssl))
		die("handshake");
	w->tls = true;
}

static void
dial(wire *w, const bench_job *job)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)job->port)};
	int on = 1;

	inet_pton(AF_INET, BENCH_HOST, &to.sin_addr);
	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (w->fd < 0 || connect(w->fd, (struct sockaddr *)&to, sizeof to))
		die("connect");
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (job->transport == BENCH_TLS)
		start_tls(w, job->ca);
}

static void
put(wire *w, const char *text, size_t n)
{
	if (w->tls ? mbedtls_ssl_write(&w->ssl, (const unsigned char *)text, n) != (int)n
	           : send(w->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("write");
}

/* More bytes behind those that are there. */
static void
more(wire *w)
{
	int n;

	if (w->at) {
		memmove(w->in, w->in + w->at, w->end - w->at);
		w->end -= w->at;
		w->at = 0;
	}
	do
		n = w->tls ? mbedtls_ssl_read(&w->ssl, (unsigned char *)w->in + w->end, ROOM - w->end)
		           : (int)recv(w->fd, w->in + w->end, ROOM - w->end, 0);
	while (w->tls && (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET));
	if (n <= 0)
		die("read");
	w->end += (size_t)n;
}

/* The next line, its end taken off. */
static char *
next_line(wire *w)
{
	char *line, *lf;

	while (!(lf = memchr(w->in + w->at, '\n', w->end - w->at)))
		more(w);
	line = w->in + w->at;
	w->at = (size_t)(lf + 1 - w->in);
	*lf = '\0';
	return line;
}

static const char *
initial_response(const bench_job *job)
{
	static char text[256];
	char plain[128];
	int n = snprintf(plain, sizeof plain, "%c%s%c%s", '\0', job->file, '\0', BENCH_USER);
	size_t len = email__base64_encode(text, plain, (size_t)n);

	text[len] = '\0';
	return text;
}

/* --- IMAP --- */

static void
until(wire *w, const char *tag)
{
	char *line;

	do
		line = next_line(w);
	while (strncmp(line, tag, strlen(tag)) != 0);
	if (strncmp(line + strlen(tag), " OK", 3) != 0)
		die(line);
}

static void
skip(wire *w, unsigned long long n)
{
	bench_got.bytes += n;
	for (;;) {
		size_t here = w->end - w->at;

		if (here >= n) {
			w->at += (size_t)n;
			return;
		}
		n -= here;
		w->at = w->end = 0;
		more(w);
	}
}

static void
imap(wire *w, const bench_job *job)
{
	char text[512];

	next_line(w);
	put(w, text, (size_t)snprintf(text, sizeof text, "a AUTHENTICATE PLAIN %s\r\n", initial_response(job)));
	until(w, "a");
	put(w, "b EXAMINE INBOX\r\n", 17);
	until(w, "b");
	if (strcmp(job->how, "list") == 0) {
		put(w, "l FETCH 1:* (UID RFC822.SIZE FLAGS INTERNALDATE)\r\n", 50);
		until(w, "l");
	}
	put(w, "c FETCH 1:* BODY.PEEK[]\r\n", 25);
	for (;;) {
		char *line = next_line(w), *brace;

		if (*line == 'c')
			break;
		if (*line == '*' && (brace = strrchr(line, '{'))) {
			skip(w, strtoull(brace + 1, NULL, 10));
			bench_got.messages++;
		}
	}
	put(w, "d LOGOUT\r\n", 10);
}

/* --- POP3 --- */

/* A message: its bytes, and those of its end. No message here has a line with one dot. */
static void
retrieved(wire *w)
{
	size_t looked = 0;

	if (*next_line(w) != '+')
		die("-ERR");
	for (;;) {
		char *p = w->in + w->at + looked, *end = w->in + w->end;

		while ((p = memchr(p, '.', (size_t)(end - p))) && end - p >= 3 && (p[-1] != '\n' || p[1] != '\r'))
			p++;
		if (p && end - p >= 3) {
			bench_got.bytes += (size_t)(p - w->in) - w->at;
			bench_got.messages++;
			w->at = (size_t)(p + 3 - w->in);
			return;
		}
		/* all but a few bytes, which may be the beginning of the end */
		looked = w->end - w->at < 4 ? 0 : w->end - w->at - 4;
		if (w->end == ROOM) {
			bench_got.bytes += looked;
			w->at += looked;
			looked = 0;
		}
		more(w);
	}
}

static void
pop3(wire *w, const bench_job *job)
{
	long asked = 0, got = 0;
	char text[WINDOW * 16];

	next_line(w);
	put(w, text, (size_t)snprintf(text, sizeof text, "AUTH PLAIN %s\r\n", initial_response(job)));
	if (*next_line(w) != '+')
		die("login");
	if (strcmp(job->how, "list") == 0) {
		put(w, "LIST\r\nUIDL\r\n", 12);
		while (*next_line(w) != '.')
			;
		while (*next_line(w) != '.')
			;
	}
	while (got < job->count) {
		size_t n = 0;

		if (asked - got <= WINDOW / 2) {
			while (asked < job->count && asked - got < WINDOW)
				n += (size_t)snprintf(text + n, sizeof text - n, "RETR %ld\r\n", ++asked);
			if (n)
				put(w, text, n);
		}
		retrieved(w);
		got++;
	}
	put(w, "QUIT\r\n", 6);
	next_line(w);
}

int
bench_run(const bench_job *job)
{
	static wire w;

	dial(&w, job);
	if (job->work == BENCH_IMAP)
		imap(&w, job);
	else
		pop3(&w, job);
	close(w.fd);
	return 0;
}
