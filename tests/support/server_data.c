/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a message: DATA with its dots (RFC 5321 4.5.2), BDAT by counting (RFC 3030), and the two
 * files that a message becomes. Runs of bytes are handled between line ends, never one by one.
 */
#include <string.h>
#include <sys/types.h>

#include "base/str.h"
#include "server_internal.h"

void
email_test_message_begin(conn *c)
{
	email_test_server *s = c->s;
	char path[PATH_SIZE + 8];

	c->message_size = 0;
	c->body_violation = false;
	if (!s->o.out)
		return;
	pthread_mutex_lock(&s->lock);
	(void)snprintf(c->path, sizeof c->path, "%s/%06u", s->o.out, ++s->files);
	pthread_mutex_unlock(&s->lock);
	(void)snprintf(path, sizeof path, "%s.part", c->path);
	c->file = fopen(path, "wb");
	if (!c->file)
		email_test_log(c, "cannot write %s", path);
}

void
email_test_message_abandon(conn *c)
{
	char path[PATH_SIZE + 8];

	c->in_chunks = false;
	if (!c->file)
		return;
	(void)fclose(c->file);
	c->file = NULL;
	(void)snprintf(path, sizeof path, "%s.part", c->path);
	(void)remove(path);
}

/* Envelope first, so that who sees the message finds its envelope too. */
static bool
message_end(conn *c)
{
	char part[PATH_SIZE + 8], name[PATH_SIZE + 8];
	FILE *env;
	bool ok;

	c->n.messages++;
	c->n.recipients += c->recipients;
	email_test_log(c, "message %s %llu bytes", c->file ? strrchr(c->path, '/') + 1 : "-",
	               (unsigned long long)c->message_size);
	if (!c->file)
		return !c->s->o.out;
	ok = fclose(c->file) == 0;
	c->file = NULL;
	(void)snprintf(name, sizeof name, "%s.env", c->path);
	env = fopen(name, "wb");
	if (!env)
		return false;
	ok = fwrite(c->envelope, 1, c->envelope_len, env) == c->envelope_len && ok;
	ok = fclose(env) == 0 && ok;
	(void)snprintf(part, sizeof part, "%s.part", c->path);
	(void)snprintf(name, sizeof name, "%s.eml", c->path);
	return rename(part, name) == 0 && ok;
}

/* Whether a byte over 127 is among n. */
static bool
has_eight_bit(const unsigned char *p, size_t n)
{
	uint64_t word, any = 0;
	size_t i = 0;

	for (; i + sizeof word <= n; i += sizeof word) {
		memcpy(&word, p + i, sizeof word);
		any |= word;
	}
	for (; i < n; i++)
		any |= p[i];
	return (any & 0x8080808080808080u) != 0;
}

static void
keep(conn *c, const unsigned char *p, size_t n)
{
	c->message_size += n;
	if (!c->eight_bit && !c->body_violation && has_eight_bit(p, n)) {
		c->body_violation = true;
		email_test_violation(c, "eight-bit data without BODY=8BITMIME");
	}
	if (c->file && fwrite(p, 1, n, c->file) != n)
		email_test_log(c, "cannot write %s", c->path);
}

static bool
finish(conn *c)
{
	uint64_t limit = c->s->o.no_size ? 0 : c->s->o.size;
	const char *text = "250 2.0.0 Ok: queued";
	int digit;

	if (limit && c->message_size > limit) {
		email_test_message_abandon(c);
		text = "552 5.3.4 Message size exceeds fixed limit";
	} else {
		/* a client that never sees the reply may find its message delivered: RFC 1047 */
		if (email_test_refused(c, "dot"))
			text = NULL;
		if (!text)
			email_test_message_abandon(c);
		else if (!message_end(c))
			text = "451 4.3.0 Cannot write the message";
	}
	digit = email_test_reply(c, "dot", NULL, text ? text : "451 4.3.0 No");
	email_test_reset(c);
	return digit > 0;
}

/* What the line at `p` is: more than `n` bytes are needed (0), the end (2), or a line (1). */
static int
line_kind(const unsigned char *p, size_t n)
{
	if (*p != '.')
		return 1;
	if (n < 3)
		return n == 2 && p[1] != '\r' ? 1 : 0;
	return p[1] == '\r' && p[2] == '\n' ? 2 : 1;
}

bool
email_test_data(conn *c)
{
	bool line_start = true, staged = false;

	for (;;) {
		unsigned char *p = c->in + c->in_start, *nl;
		size_t n = c->in_end - c->in_start;
		int kind = n && line_start ? line_kind(p, n) : 1;

		if (n == 0 || kind == 0) {
			if (!email_test_fill(c))
				return false;
			continue;
		}
		if (!staged && (staged = true) && !email_test_stage(c, "body"))
			return false;
		if (kind == 2) {
			c->in_start += 3;
			return finish(c);
		}
		if (line_start && *p == '.') {
			c->in_start++;
			line_start = false;
			continue;
		}
		nl = memchr(p, '\n', n);
		if (nl && nl > p && nl[-1] != '\r')
			email_test_violation(c, "bare LF in the data");
		/* a CR at the end may have its LF in the next read: it stays */
		n = nl ? (size_t)(nl - p) + 1 : n - (p[n - 1] == '\r');
		line_start = nl && nl > p && nl[-1] == '\r';
		if (n == 0) {
			if (!email_test_fill(c))
				return false;
			continue;
		}
		keep(c, p, n);
		c->in_start += n;
	}
}

bool
email_test_chunk(conn *c, char *argument)
{
	char *last = strchr(argument, ' ');
	int64_t size = 0;
	bool wanted = c->has_from && c->recipients;
	int digit;

	if (last)
		*last++ = '\0';
	if (!email__str_number(argument, 0, INT64_MAX, &size) || (last && !email__str_equal(last, "LAST"))) {
		email_test_violation(c, "BDAT argument");
		return email_test_reply(c, "data", NULL, "501 5.5.4 Syntax: BDAT size [LAST]") > 0;
	}
	if (wanted && !c->in_chunks) {
		email_test_message_begin(c);
		c->in_chunks = true;
	}
	if (wanted && !email_test_stage(c, "body"))
		return false;
	while (size > 0) {
		size_t n = c->in_end - c->in_start;
		if (n == 0 && !email_test_fill(c))
			return false;
		n = c->in_end - c->in_start;
		n = (uint64_t)size < n ? (size_t)size : n;
		if (wanted)
			keep(c, c->in + c->in_start, n);
		c->in_start += n;
		size -= (int64_t)n;
	}
	if (!wanted)
		return email_test_reply(c, "data", NULL, "503 5.5.1 No valid recipients") > 0;
	if (last) {
		c->in_chunks = false;
		return finish(c);
	}
	digit = email_test_reply(c, "data", NULL, "250 2.0.0 Chunk taken");
	/* RFC 3030 2: behind a chunk that failed none is taken */
	if (digit != 2)
		email_test_reset(c);
	return digit > 0;
}
