/* SPDX-License-Identifier: MIT */
/* Bytes, lines, replies, and the rules that bend them. */
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server_internal.h"

void
email_test_log(conn *c, const char *format, ...)
{
	FILE *f = c->s->o.log;
	va_list ap;

	if (!f)
		return;
	va_start(ap, format);
	flockfile(f);
	(void)fprintf(f, "%u ", c->id);
	(void)vfprintf(f, format, ap);
	(void)fputc('\n', f);
	(void)fflush(f);
	funlockfile(f);
	va_end(ap);
}

void
email_test_violation(conn *c, const char *what)
{
	c->n.violations++;
	email_test_log(c, "! %s", what);
}

int
email_test_bio_send(void *context, const unsigned char *p, size_t n)
{
	conn *c = context;
	ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL);

	if (done < 0)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	c->n.wire_out += (uint64_t)done;
	return (int)done;
}

int
email_test_bio_recv(void *context, unsigned char *p, size_t n)
{
	conn *c = context;
	ssize_t done = recv(c->fd, p, n, 0);

	if (done <= 0)
		return done == 0 ? 0 : MBEDTLS_ERR_SSL_CONN_EOF;
	c->n.wire_in += (uint64_t)done;
	if (!c->tls) {
		size_t k = (size_t)done < sizeof c->tail ? (size_t)done : sizeof c->tail;
		memmove(c->tail, c->tail + k, sizeof c->tail - k);
		memcpy(c->tail + sizeof c->tail - k, p + (size_t)done - k, k);
	}
	return (int)done;
}

static void
nap(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL);
}

static bool
write_all(conn *c, const unsigned char *p, size_t n)
{
	while (n) {
		int done = c->tls ? mbedtls_ssl_write(&c->ssl, p, n) : email_test_bio_send(c, p, n);
		if (c->tls && (done == MBEDTLS_ERR_SSL_WANT_READ || done == MBEDTLS_ERR_SSL_WANT_WRITE))
			continue;
		if (done <= 0) {
			c->broken = true;
			return false;
		}
		p += done;
		n -= (size_t)done;
	}
	return true;
}

bool
email_test_flush(conn *c)
{
	size_t n = c->out_len;

	c->out_len = 0;
	if (!n)
		return !c->broken;
	c->answered = true;
	if (!c->s->o.drip_ms)
		return write_all(c, c->out, n);
	for (size_t i = 0; i < n; i++) {
		if (!write_all(c, c->out + i, 1))
			return false;
		nap(c->s->o.drip_ms);
	}
	return true;
}

static bool
put(conn *c, const char *p, size_t n)
{
	if (n > sizeof c->out - c->out_len && !email_test_flush(c))
		return false;
	if (n > sizeof c->out)
		return write_all(c, (const unsigned char *)p, n);
	memcpy(c->out + c->out_len, p, n);
	c->out_len += n;
	return true;
}

/* More bytes behind those held; flushes first, so that no client waits for a reply held back. */
bool
email_test_fill(conn *c)
{
	int n;

	if (!email_test_flush(c))
		return false;
	if (c->in_start == c->in_end)
		c->in_start = c->in_end = 0;
	if (c->in_start && c->in_end == sizeof c->in) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	if (c->in_end == sizeof c->in)
		return false;
	do
		n = c->tls ? mbedtls_ssl_read(&c->ssl, c->in + c->in_end, sizeof c->in - c->in_end)
		           : email_test_bio_recv(c, c->in + c->in_end, sizeof c->in - c->in_end);
	while (c->tls && (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE));
	if (n <= 0) {
		email_test_log(c, n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? "closed by the client"
		                                                                   : "broken");
		c->broken = true;
		return false;
	}
	*(c->tls ? &c->n.tls_in : &c->n.clear_in) += (uint64_t)n;
	c->n.turns += c->answered;
	c->answered = false;
	c->in_end += (size_t)n;
	return true;
}

char *
email_test_line(conn *c)
{
	size_t seen = 0;

	for (;;) {
		char *p = (char *)c->in + c->in_start;
		size_t n = c->in_end - c->in_start;
		char *nl = memchr(p + seen, '\n', n - seen);
		if (nl) {
			c->in_start += (size_t)(nl - p) + 1;
			if (nl == p || nl[-1] != '\r')
				email_test_violation(c, "command ended by a bare LF");
			else
				nl--;
			*nl = '\0';
			if ((size_t)(nl - p) != strlen(p) || strchr(p, '\r'))
				email_test_violation(c, "NUL or CR in a command");
			email_test_log(c, "< %s", p);
			return p;
		}
		if (n > COMMAND_MAX) {
			email_test_violation(c, "command line too long");
			return NULL;
		}
		seen = n;
		if (!email_test_fill(c))
			return NULL;
	}
}

/* The first rule of this deed (any deed but the first two where `ending`) at this stage. */
static const email_test_rule *
rule_for(conn *c, const char *stage, const char *address, bool ending, email_test_deed deed)
{
	email_test_server *s = c->s;
	const email_test_rule *found = NULL;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->o.rules && !found; i++) {
		email_test_rule *r = &s->o.rule[i];
		size_t n = strlen(stage);
		bool here = strcmp(r->stage, stage) == 0 ||
		            (address && strncmp(r->stage, stage, n) == 0 && r->stage[n] == ':' &&
		             strcasecmp(r->stage + n + 1, address) == 0);
		if (!here || r->times == 0 || (ending ? r->deed < EMAIL_TEST_DROP : r->deed != deed))
			continue;
		if (r->times > 0)
			r->times--;
		found = r;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static void
end_here(conn *c, const email_test_rule *r, const char *text)
{
	static const char *const deeds[] = {"", "", "drop", "reset", "half", "stall"};

	if (r->deed == EMAIL_TEST_HALF && text)
		(void)put(c, text, strlen(text) / 2);
	email_test_log(c, "%s at %s", deeds[r->deed], r->stage);
	(void)email_test_flush(c);
	if (r->deed == EMAIL_TEST_RESET) {
		struct linger l = {1, 0};
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	}
	if (r->deed == EMAIL_TEST_STALL) {
		struct pollfd p = {c->fd, POLLIN, 0};
		unsigned char sink[4096];
		/* what comes is taken, so that the client waits for an answer and not for room */
		while (poll(&p, 1, -1) > 0 && email_test_bio_recv(c, sink, sizeof sink) > 0)
			;
	}
	c->broken = true;
}

bool
email_test_stage(conn *c, const char *stage)
{
	const email_test_rule *r = rule_for(c, stage, NULL, false, EMAIL_TEST_DELAY);

	if (r)
		nap(r->ms);
	if ((r = rule_for(c, stage, NULL, true, EMAIL_TEST_DROP)) != NULL)
		end_here(c, r, NULL);
	return !c->broken;
}

static void
log_reply(conn *c, const char *text)
{
	for (const char *p = text; c->s->o.log && *p;) {
		size_t n = strcspn(p, "\r");
		email_test_log(c, "> %.*s", (int)n, p);
		p += n;
		p += *p ? 2 : 0;
	}
}

int
email_test_reply(conn *c, const char *stage, const char *address, const char *text)
{
	const email_test_rule *r = rule_for(c, stage, address, false, EMAIL_TEST_DELAY);
	int ms = r ? r->ms : c->s->o.delay_ms;

	if (ms && email_test_flush(c))
		nap(ms);
	if ((r = rule_for(c, stage, address, false, EMAIL_TEST_REPLY)) != NULL)
		text = r->text;
	if ((r = rule_for(c, stage, address, true, EMAIL_TEST_DROP)) != NULL)
		end_here(c, r, text);
	if (c->broken)
		return 0;
	log_reply(c, text);
	if (!put(c, text, strlen(text)) || !put(c, "\r\n", 2))
		return 0;
	/* not a reply at all: treated as a refusal, the client will have its own view */
	return text[0] >= '1' && text[0] <= '5' ? text[0] - '0' : 5;
}
