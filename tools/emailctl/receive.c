/* SPDX-License-Identifier: MIT */
/*
 * receive: one poll of a mailbox, or with --watch polls until a signal. With --out each message becomes a file, durable
 * before the server is told that it was taken; without it nothing changes anywhere.
 */
#define _GNU_SOURCE /* O_TMPFILE */
#include <emailservice/receive.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

typedef struct receiver {
	const cli *c;
	const char *out; /* NULL: only looks */
	int folder;
	bool watch;
	json_t *messages;
	table *table;
	size_t count;
	char why[320]; /* why a message could not be written */
} receiver;

static volatile sig_atomic_t stopping;

static void
on_signal(int signal)
{
	(void)signal;
	stopping = 1;
}

/* --- a file a message --- */

static bool
write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static email_code
to_file(void *context, const void *bytes, size_t n)
{
	return write_all(*(const int *)context, bytes, n) ? EMAIL_OK : EMAIL_E_FILE;
}

/* A UID may hold what no file name should (RFC 1939 7: 0x21 to 0x7E). */
static void
file_name(const char *uid, char *name, size_t size)
{
	size_t n = 0;

	for (; *uid && n + 8 < size; uid++) {
		unsigned char c = (unsigned char)*uid;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c == '.' && n) || c == '-' || c == '_')
			name[n++] = (char)c;
		else
			n += (size_t)snprintf(name + n, size - n, "%%%02X", c);
	}
	snprintf(name + n, size - n, ".eml");
}

/* Made without a name, and given one when it is whole: a process that is killed leaves nothing behind. */
static int
open_unnamed(const receiver *r, const char *name, char *temporary, size_t size)
{
	int fd = openat(r->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	temporary[0] = '\0';
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
		return fd;
	/* a file system that cannot do that */
	snprintf(temporary, size, ".%s.%ld", name, (long)getpid());
	return openat(r->folder, temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
}

/* 0, or errno: EEXIST where another file has the name. */
static int
link_as(const receiver *r, int fd, const char *temporary, const char *name)
{
	char self[64];

	if (!temporary[0]) {
		snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
		return linkat(AT_FDCWD, self, r->folder, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
	}
	if (linkat(r->folder, temporary, r->folder, name, 0) == 0) {
		unlinkat(r->folder, temporary, 0);
		return 0;
	}
	/* a file system without links */
	if (errno != EEXIST && faccessat(r->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return EEXIST;
	return errno != EEXIST && renameat(r->folder, temporary, r->folder, name) == 0 ? 0 : errno;
}

static bool
same_bytes(const receiver *r, int fd, const char *name)
{
	int other = openat(r->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char a[4096], b[sizeof a];
	ssize_t n = -1, m = -2;
	off_t at = 0;

	while (other >= 0) {
		n = pread(fd, a, sizeof a, at);
		m = pread(other, b, sizeof b, at);
		if (n != m || n <= 0 || memcmp(a, b, (size_t)n) != 0)
			break;
		at += n;
	}
	if (other >= 0)
		close(other);
	return n == 0 && m == 0;
}

/*
 * A file that is there already is the same message, from a run that ended before the server was told; or another one to
 * which the server gave the same UID: it must not be lost. Then the new one is "uid~2.eml".
 */
static bool
give_name(const receiver *r, int fd, const char *temporary, char *name, size_t size)
{
	size_t stem = strlen(name) - strlen(".eml");
	int rc = EEXIST;

	for (int i = 2; i < 10000 && (rc = link_as(r, fd, temporary, name)) == EEXIST; i++) {
		if (same_bytes(r, fd, name)) {
			if (temporary[0])
				unlinkat(r->folder, temporary, 0);
			return true;
		}
		snprintf(name + stem, size - stem, "~%d.eml", i);
	}
	errno = rc;
	return rc == 0;
}

static bool
save(receiver *r, const email_received *m, char *name, size_t size)
{
	char temporary[320];
	int fd = open_unnamed(r, name, temporary, sizeof temporary);
	bool saved = fd >= 0 && email_message_read(m->message, to_file, &fd) == EMAIL_OK && fsync(fd) == 0 &&
	             give_name(r, fd, temporary, name, size) && fsync(r->folder) == 0;

	if (!saved)
		snprintf(r->why, sizeof r->why, "%.200s could not be written: %s", name, strerror(errno));
	if (!saved && fd >= 0 && temporary[0])
		unlinkat(r->folder, temporary, 0);
	if (fd >= 0)
		close(fd);
	return saved;
}

/* --- a line a message --- */

static void
tell(receiver *r, const email_received *m, const char *name)
{
	const char *from = email_message_header(m->message, "From"),
		   *subject = email_message_subject(m->message);
	json_t *row = json_need(json_object());
	char when[WHEN_SIZE];
	int64_t date;

	if (!email_message_date(m->message, &date, NULL))
		date = m->internal_date;
	json_text(row, "uid", m->uid);
	json_text(row, "messageId", email_message_message_id(m->message));
	json_text(row, "from", from);
	json_text(row, "subject", subject);
	json_time(row, "date", date);
	if (m->size)
		json_number(row, "size", (int64_t)m->size);
	if (m->header_only && r->out)
		json_flag(row, "headerOnly", true);
	json_text(row, "file", name);
	if (r->watch) {
		/* a document a line: there is no end to wait for */
		if (r->c->json)
			json_dumpf(row, stdout, JSON_COMPACT);
		else
			printf("%s  %s  %s", when_text(date, when), from ? from : "", subject ? subject : "");
		putchar('\n');
		json_decref(row);
		fflush(stdout);
		return;
	}
	table_add(r->table, PLAIN, "%s", when_text(date, when));
	table_add(r->table, PLAIN, "%s", from ? from : "");
	table_add(r->table, STRONG, "%s", subject ? subject : "");
	table_add(r->table, PLAIN, "%llu", (unsigned long long)m->size);
	table_add(r->table, FAINT, "%s", name ? name : m->uid);
	json_array_append_new(r->messages, row);
}

static email_code
on_message(void *context, const email_received *m)
{
	receiver *r = context;
	char name[300];

	if (!r->out) {
		tell(r, m, NULL);
		r->count++;
		return EMAIL_OK;
	}
	file_name(m->uid, name, sizeof name);
	if (m->header_only) {
		tell(r, m, NULL);
		return EMAIL_OK;
	}
	if (!save(r, m, name, sizeof name))
		return EMAIL_E_CANCELLED;
	tell(r, m, name);
	r->count++;
	return stopping ? EMAIL_E_CANCELLED : EMAIL_OK;
}

/* --- polls --- */

static json_t *
document(receiver *r, const email_account *account)
{
	json_t *all = json_need(json_object());

	json_object_set_new(all, "messages", r->messages);
	json_number(all, "left", (int64_t)email_account_left(account));
	return all;
}

static int
finish(receiver *r, email_account *account, email_code rc)
{
	const cli *c = r->c;

	if (!r->watch && !c->json)
		table_print(r->table);
	if (r->why[0]) {
		json_decref(r->messages);
		return fail_with(c, EMAIL_E_FILE, "make room, or give another --out", "%s", r->why);
	}
	if (rc)
		return fail(c, email_account_error(account),
		            c->json && !r->watch ? document(r, account) : NULL);
	if (r->watch)
		return DONE;
	if (c->json)
		json_print(document(r, account));
	else if (email_account_left(account))
		printf("%zu left\n", email_account_left(account));
	return DONE;
}

/* sizeLimitPerPoll bounds a poll, not the command. */
static int
poll_all(receiver *r, email_account *account, size_t most)
{
	email_code rc;
	size_t before;

	do {
		before = r->count;
		email_account_set_poll_limit(account, most ? most - r->count : 0);
		rc = r->out ? email_account_receive(account, on_message, r)
		            : email_account_peek(account, on_message, r);
	} while (rc == EMAIL_OK && r->out && !r->why[0] && !stopping && r->count > before &&
	         email_account_left(account) && (!most || r->count < most));
	return finish(r, account, rc);
}

static void
pause_for(int64_t ms)
{
	struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	if (!stopping)
		nanosleep(&time, NULL);
}

/* Until it is done, or a signal came. */
static email_code
drive(email_operation *op)
{
	email_code rc;

	while (email_operation_step(op) == EMAIL_PENDING) {
		struct pollfd p = {email_operation_fd(op), (short)email_operation_events(op), 0};
		long ms = email_operation_timeout(op);

		/* a signal between the look and the wait is seen a second later */
		poll(&p, 1, ms > 1000 ? 1000 : (int)ms);
		if (stopping)
			email_operation_cancel(op);
	}
	rc = email_operation_result(op);
	email_operation_free(op);
	return rc;
}

static int
watch(receiver *r, email_account *account)
{
	const struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!stopping) {
		email_operation *op = email_account_start_receive(account, on_message, r, true);
		email_code rc;

		if (!op)
			break;
		rc = drive(op);
		if (r->why[0])
			break;
		if (rc && !stopping) {
			int status = fail(r->c, email_account_error(account), NULL);

			/* what a person must mend does not mend itself by trying */
			if (status != RETRY && status != PROTOCOL && status != REFUSED)
				return status;
		}
		pause_for(email_account_pollrate(account));
	}
	return finish(r, account, EMAIL_OK);
}

static int
open_folder(const cli *c, receiver *r)
{
	if (!r->out)
		return DONE;
	if (mkdir(r->out, 0700) != 0 && errno != EEXIST)
		return fail_with(c, EMAIL_E_FILE, "", "%.200s cannot be made: %s", r->out, strerror(errno));
	r->folder = open(r->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->folder >= 0 ? DONE
	                      : fail_with(c, EMAIL_E_FILE, "", "%.200s cannot be opened: %s", r->out,
	                                  strerror(errno));
}

int
command_receive(cli *c)
{
	receiver r = {
		.c = c, .out = cli_option(c, "out"), .folder = -1, .watch = cli_option(c, "watch") != NULL};
	const char *max = cli_option(c, "max");
	email_account *account;
	char *end = NULL;
	size_t most = 0;
	int status;

	if (max && (max[0] < '1' || max[0] > '9' || (most = strtoul(max, &end, 10)) == 0 || *end ||
	            most > 1000000000))
		return usage(c, "--max takes a number from 1 on");
	if (r.watch && !r.out)
		return usage(c, "--watch goes with --out: without it nothing is taken");
	if (r.watch && max)
		return usage(c, "--watch takes what comes: it has no --max");
	if ((status = sheet_open(c)) || !(account = sheet_account(c, c->word[0], &status)) ||
	    (status = open_folder(c, &r)))
		return status;
	if (email_account_get_kind(account) != EMAIL_INCOMING)
		return usage(c, "%.64s sends mail: receive takes an incoming account", c->word[0]);
	trace_start(c, account);
	challenge_start(email_service_trust(c->service));
	r.messages = json_need(json_array());
	r.table = table_new("DATE|FROM|SUBJECT|SIZE|FILE");
	status = r.watch ? watch(&r, account) : poll_all(&r, account, most);
	email_account_close(account);
	table_free(r.table);
	if (r.folder >= 0)
		close(r.folder);
	return status;
}
