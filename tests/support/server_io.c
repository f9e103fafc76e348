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
	if (!c->drip_ms)
		return write_all(c, c->out, n);
	for (size_t i = 0; i < n; i++) {
		if (!write_all(c, c->out + i, 1))
			return false;
		nap(c->drip_ms);
	}
	return true;
}

bool
email_test_put(conn *c, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n) {
		size_t room = sizeof c->out - c->out_len, k = n < room ? n : room;
		memcpy(c->out + c->out_len, p, k);
		c->out_len += k;
		p += k;
		n -= k;
		if (n && !email_test_flush(c))
			return false;
	}
	return !c->broken;
}

bool
email_test_puts(conn *c, const char *text)
{
	return email_test_put(c, text, strlen(text));
}

/* A line or several, the tag in its place, with CRLF behind. */
static bool
put_text(conn *c, const char *text)
{
	const char *p;

	while ((p = strstr(text, "{tag}")) != NULL) {
		if (!email_test_put(c, text, (size_t)(p - text)) || !email_test_puts(c, c->tag))
			return false;
		text = p + 5;
	}
	return email_test_puts(c, text) && email_test_puts(c, "\r\n");
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

bool
email_test_last_in_flight(conn *c, const char *what)
{
	if (c->in_start == c->in_end)
		return true;
	email_test_violation(c, what);
	return false;
}

/* The first rule of this deed (any deed from DROP on where `ending`) at this stage. */
static const email_test_rule *
look_for(conn *c, const char *stage, const char *address, bool ending, email_test_deed deed, bool use)
{
	email_test_server *s = c->s;
	const email_test_rule *found = NULL;

	if (!s->o.rules)
		return NULL;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->o.rules; i++) {
		email_test_rule *r = &s->o.rule[i];
		size_t n = strlen(stage);
		bool here = strcmp(r->stage, stage) == 0 ||
		            (address && strncmp(r->stage, stage, n) == 0 && r->stage[n] == ':' &&
		             strcasecmp(r->stage + n + 1, address) == 0);
		if (!here || r->times == 0 || (ending ? r->deed < EMAIL_TEST_DROP : r->deed != deed))
			continue;
		if (use && r->times > 0)
			r->times--;
		found = r;
		break;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static const email_test_rule *
rule_for(conn *c, const char *stage, const char *address, bool ending, email_test_deed deed)
{
	return look_for(c, stage, address, ending, deed, true);
}

static void
end_here(conn *c, const email_test_rule *r, const char *text)
{
	static const char *const deeds[] = {"drop", "reset", "half", "stall"};

	if (r->deed == EMAIL_TEST_HALF && text)
		(void)email_test_put(c, text, strlen(text) / 2);
	email_test_log(c, "%s at %s", deeds[r->deed - EMAIL_TEST_DROP], r->stage);
	(void)email_test_flush(c);
	if (r->deed == EMAIL_TEST_RESET) {
		struct linger l = {1, 0};
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	}
	if (r->deed == EMAIL_TEST_STALL) {
		struct pollfd p = {c->fd, POLLIN, 0};
		unsigned char sink[4096];

		pthread_mutex_lock(&c->s->lock);
		c->s->counts.stalled++;
		pthread_mutex_unlock(&c->s->lock);
		/* what comes is taken, so that the client waits for an answer and not for room */
		while (poll(&p, 1, -1) > 0 && email_test_bio_recv(c, sink, sizeof sink) > 0)
			;
	}
	c->broken = true;
}

static void
flood(conn *c, const email_test_rule *r)
{
	email_test_log(c, "flood at %s", r->stage);
	while (put_text(c, r->text))
		;
	c->broken = true;
}

bool
email_test_stage_of(conn *c, const char *stage, const char *address)
{
	const email_test_rule *r = rule_for(c, stage, address, false, EMAIL_TEST_DELAY);

	if (r)
		nap(r->ms);
	if ((r = rule_for(c, stage, address, false, EMAIL_TEST_FLOOD)) != NULL)
		flood(c, r);
	else if ((r = rule_for(c, stage, address, true, EMAIL_TEST_DROP)) != NULL)
		end_here(c, r, NULL);
	return !c->broken;
}

bool
email_test_stage(conn *c, const char *stage)
{
	return email_test_stage_of(c, stage, NULL);
}

const char *
email_test_text(conn *c, const char *stage, const char *address, const char *usual)
{
	const email_test_rule *r = rule_for(c, stage, address, false, EMAIL_TEST_REPLY);

	return r ? r->text : usual;
}

const char *
email_test_peek(conn *c, const char *stage, const char *address)
{
	const email_test_rule *r = look_for(c, stage, address, false, EMAIL_TEST_REPLY, false);

	return r ? r->text : NULL;
}

bool
email_test_refused(conn *c, const char *stage)
{
	const char *text = email_test_peek(c, stage, NULL);

	return text && c->s->dialect->digit(text) != 2;
}

static void
log_reply(conn *c, const char *text)
{
	for (const char *p = text; c->s->o.log && *p;) {
		size_t n = strcspn(p, "\r");
		email_test_log(c, "> %.*s", n > 500 ? 500 : (int)n, p);
		p += n;
		p += *p ? 2 : 0;
	}
}

/* Every byte of the reply waits, and what stood before it does not. */
static void
slow_down(conn *c, const email_test_rule *r)
{
	if (r && email_test_flush(c))
		c->drip_ms = r->ms;
}

static void
speed_up(conn *c)
{
	if (c->drip_ms == c->s->o.drip_ms)
		return;
	(void)email_test_flush(c);
	c->drip_ms = c->s->o.drip_ms;
}

int
email_test_reply(conn *c, const char *stage, const char *address, const char *text)
{
	const email_test_rule *r = rule_for(c, stage, address, false, EMAIL_TEST_DELAY);
	int ms = r ? r->ms : c->s->o.delay_ms;

	if (ms && email_test_flush(c))
		nap(ms);
	slow_down(c, rule_for(c, stage, address, false, EMAIL_TEST_SLOW));
	if ((r = rule_for(c, stage, address, false, EMAIL_TEST_FIRST)) != NULL) {
		log_reply(c, r->text);
		(void)put_text(c, r->text);
	}
	r = rule_for(c, stage, address, false, EMAIL_TEST_REPLY);
	c->bent = r != NULL;
	if (r)
		text = r->text;
	if ((r = rule_for(c, stage, address, false, EMAIL_TEST_FLOOD)) != NULL)
		flood(c, r);
	if ((r = rule_for(c, stage, address, true, EMAIL_TEST_DROP)) != NULL)
		end_here(c, r, text);
	if (c->broken)
		return 0;
	log_reply(c, text);
	if (!put_text(c, text))
		return 0;
	speed_up(c);
	return c->broken ? 0 : c->s->dialect->digit(text);
}

int
email_test_replyf(conn *c, const char *stage, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return email_test_reply(c, stage, NULL, text);
}

bool
email_test_putf(conn *c, const char *format, ...)
{
	char text[OUT_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	log_reply(c, text);
	return put_text(c, text);
}

/* --- messages --- */

/* RFC 1939 3: a dot in front of a line is doubled; a line ends with CRLF, and a bare LF is a byte of it. `line_start` says whether `p` begins one, and is kept. */
static bool
put_stuffed(conn *c, const unsigned char *p, size_t n, bool *line_start)
{
	while (n) {
		const unsigned char *nl = memchr(p, '\n', n);
		size_t k = nl ? (size_t)(nl - p) + 1 : n;
		if (*line_start && *p == '.' && !email_test_put(c, ".", 1))
			return false;
		if (!email_test_put(c, p, k))
			return false;
		*line_start = nl && nl > p && nl[-1] == '\r';
		p += k;
		n -= k;
	}
	return true;
}

bool
email_test_body(conn *c, const char *number, const unsigned char *p, size_t n, bool dots)
{
	size_t half = n / 2;
	bool line_start = true, ok;

	slow_down(c, rule_for(c, "body", number, false, EMAIL_TEST_SLOW));
	ok = dots ? put_stuffed(c, p, half, &line_start) : email_test_put(c, p, half);
	ok = ok && email_test_stage_of(c, "body", number);
	p += half;
	n -= half;
	ok = ok && (dots ? put_stuffed(c, p, n, &line_start) : email_test_put(c, p, n));
	if (ok && dots)
		ok = email_test_put(c, line_start ? ".\r\n" : "\r\n.\r\n", line_start ? 3 : 5);
	speed_up(c);
	return ok && !c->broken;
}

/* --- capabilities --- */

static bool
among(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words ? words : ""; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len == n && strncasecmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

bool
email_test_offers(const conn *c, const char *usual, const char *word)
{
	return (among(usual, word) || among(c->s->o.with, word)) && !among(c->s->o.without, word);
}

void
email_test_offer(const conn *c, const char *usual, const char *before, char *text, size_t size)
{
	for (const char *p = usual ? usual : ""; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " "), used = strlen(text);
		char word[128];
		(void)snprintf(word, sizeof word, "%.*s", (int)len, p);
		if (!among(c->s->o.without, word))
			(void)snprintf(text + used, size - used, "%s%s", before, word);
		p += len;
	}
}
