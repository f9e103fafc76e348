/* SPDX-License-Identifier: MIT */
#include "service/sent.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/file.h"
#include "os/journal.h"
#include "trust/when.h"

#define HEAD "sent 1\n"
/* A line, with its end: time, id, account, Message-ID, and recipients; each with the tab behind it. */
#define LINE_MAX_BYTES \
	(20 + EMAIL_ID_SIZE + EMAIL__NAME_MAX + 1 + EMAIL__MESSAGE_ID_MAX + 1 + \
	 EMAIL__RECIPIENTS_MAX * (EMAIL__ADDRESS_MAX + 1))
/* What a file may hold beside twice of what counts, so that a small one is not written anew all the time. */
#define SLACK 16384
#define FILE_MAX_BYTES (2 * EMAIL__SENT_BYTES_MAX + SLACK + 2 * LINE_MAX_BYTES)
/* Others hold the lock for as long as it takes to write a line, or the file anew. */
#define LOCK_MS 500

typedef struct entry {
	email__sent_mail view;
	uint64_t hash; /* of the Message-ID without its brackets */
	size_t size;   /* of the line */
	char text[];   /* with NULs in the place of tabs */
} entry;

struct email__sent {
	char *path, *lock_path;  /* NULL: in memory alone */
	email__file_stamp stamp; /* of the file when it was last read or written */
	bool broken;             /* the file is not to be gone on with */
	size_t first, count, bytes;
	entry *ring[EMAIL__SENT_MAX]; /* from `first` on, oldest first */
};

/* --- in memory --- */

static entry *
at(const email__sent *s, size_t i)
{
	return s->ring[(s->first + i) % EMAIL__SENT_MAX];
}

static void
drop_oldest(email__sent *s)
{
	entry *m = at(s, 0);

	s->bytes -= m->size;
	s->count--;
	s->first = (s->first + 1) % EMAIL__SENT_MAX;
	email__free(m);
}

static void
drop_all(email__sent *s)
{
	while (s->count)
		drop_oldest(s);
}

/* What was sent while the clock was not set has no age; newer ones push it out. */
static void
drop_aged(email__sent *s, int64_t now)
{
	const int64_t most = (int64_t)EMAIL__SENT_DAYS * 86400;

	while (s->count && at(s, 0)->view.time >= EMAIL__BUILD_DATE && now - at(s, 0)->view.time > most)
		drop_oldest(s);
}

/* A Message-ID without what stands around it. */
static const char *
bare(const char *id, size_t *n)
{
	size_t size = strlen(id);

	if (size > 1 && id[0] == '<' && id[size - 1] == '>') {
		id++;
		size -= 2;
	}
	*n = size;
	return id;
}

/* The text at *p up to the next tab, which becomes a NUL; *p is NULL behind the last. */
static char *
next_field(char **p)
{
	char *field = *p, *tab = field ? strchr(field, '\t') : NULL;

	if (tab)
		*tab = '\0';
	*p = tab ? tab + 1 : NULL;
	return field;
}

/* False: it is no line of ours. */
static bool
split(entry *m)
{
	char *p = m->text, *time = next_field(&p), *more;
	email__sent_mail *v = &m->view;
	const char *id;
	size_t n;

	v->id = next_field(&p);
	v->account = next_field(&p);
	v->message_id = next_field(&p);
	v->recipients = p ? p : "";
	while ((more = next_field(&p)))
		v->count += *more != '\0';
	while (v->count && !*v->recipients)
		v->recipients++;
	if (!v->message_id || !email__str_number(time, 0, INT64_MAX, &v->time))
		return false;
	id = bare(v->message_id, &n);
	m->hash = email__hash(id, n);
	return (v->id[0] || v->message_id[0]) && strlen(v->id) < EMAIL_ID_SIZE && v->account[0] &&
	       strlen(v->account) <= EMAIL__NAME_MAX && strlen(v->message_id) <= EMAIL__MESSAGE_ID_MAX &&
	       v->count <= EMAIL__RECIPIENTS_MAX;
}

/* One line without its end. */
static email_code
take_line(email__sent *s, const char *line, size_t n)
{
	entry *m;

	if (n >= LINE_MAX_BYTES || memchr(line, '\0', n))
		return EMAIL_OK;
	if (!(m = email__calloc(1, sizeof *m + n + 1)))
		return EMAIL_E_MEMORY;
	memcpy(m->text, line, n);
	m->size = n + 1;
	if (!split(m)) {
		email__free(m);
		return EMAIL_OK;
	}
	while (s->count == EMAIL__SENT_MAX || (s->count && s->bytes + m->size > EMAIL__SENT_BYTES_MAX))
		drop_oldest(s);
	s->ring[(s->first + s->count++) % EMAIL__SENT_MAX] = m;
	s->bytes += m->size;
	return EMAIL_OK;
}

bool
email__sent_read(email__sent *s, const char *bytes, size_t n, email_code *rc)
{
	const char *p, *stop, *end;

	*rc = EMAIL_OK;
	if (n < sizeof HEAD - 1 || memcmp(bytes, HEAD, sizeof HEAD - 1) != 0)
		return false;
	p = bytes + sizeof HEAD - 1;
	stop = bytes + n;
	for (; *rc == EMAIL_OK && p < stop && (end = memchr(p, '\n', (size_t)(stop - p))); p = end + 1)
		*rc = take_line(s, p, (size_t)(end - p));
	return true;
}

/* --- the file --- */

/* All that is known, from the file alone. What has been in memory stays where it cannot be read. */
static void
load(email__sent *s, const email__file_stamp *stamp, email_error *e)
{
	email__sent *fresh = email__new(email__sent);
	email__buf bytes;
	bool ours = false;
	email_code rc;

	email__buf_init(&bytes, FILE_MAX_BYTES);
	if (!fresh) {
		email__error_memory(e, EMAIL_STAGE_NONE);
		goto out;
	}
	rc = email__file_read(s->path, &bytes, e);
	if (rc == EMAIL_OK)
		ours = email__sent_read(fresh, (const char *)email__buf_head(&bytes), email__buf_len(&bytes),
		                        &rc);
	if (rc == EMAIL_E_MEMORY)
		email__error_memory(e, EMAIL_STAGE_NONE);
	/* another time, perhaps */
	if (rc && rc != EMAIL_E_LIMIT)
		goto out;
	s->stamp = *stamp;
	s->broken = !ours && stamp->size > 0;
	if (!ours)
		goto out;
	drop_all(s);
	memcpy(s->ring, fresh->ring, sizeof s->ring);
	s->first = fresh->first;
	s->count = fresh->count;
	s->bytes = fresh->bytes;
	fresh->count = 0;
out:
	email__buf_dispose(&bytes);
	email__sent_close(fresh);
}

/* What other processes have added meanwhile. */
static void
look(email__sent *s, email_error *e)
{
	email__file_stamp now;

	if (s->path && email__file_stamp_get(s->path, &now) &&
	    (now.size != s->stamp.size || now.mtime_ns != s->stamp.mtime_ns || now.inode != s->stamp.inode))
		load(s, &now, e);
}

/* The line of a mail, with NULs for tabs, as it was. */
static email_code
add_again(email__buf *out, const entry *m)
{
	size_t from = email__buf_len(out), i;
	email_code rc = email__buf_add(out, m->text, m->size - 1);
	unsigned char *p = rc ? NULL : email__buf_head(out) + from;

	for (i = 0; p && i < m->size - 1; i++)
		if (p[i] == '\0')
			p[i] = '\t';
	return rc ? rc : email__buf_adds(out, "\n");
}

static email_code
rewrite(email__sent *s, email_error *e)
{
	email__buf bytes;
	email_code rc;
	size_t i;

	email__buf_init(&bytes, sizeof HEAD + s->bytes);
	rc = email__buf_adds(&bytes, HEAD);
	for (i = 0; rc == EMAIL_OK && i < s->count; i++)
		rc = add_again(&bytes, at(s, i));
	if (rc)
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
	else
		rc = email__file_save(s->path, email__buf_head(&bytes), email__buf_len(&bytes), true, e);
	email__buf_dispose(&bytes);
	if (rc == EMAIL_OK)
		s->broken = false;
	return rc;
}

/* Opened anew each time, for another process may have replaced it. */
static email_code
append(email__sent *s, const email__buf *line, email_error *e)
{
	email__file_stamp now = {0};
	email_code rc;
	int fd;

	if ((rc = email__journal_open(s->path, &fd, e)))
		return rc;
	if (email__file_stamp_get(s->path, &now) && now.size == 0)
		rc = email__journal_add(fd, s->path, HEAD, sizeof HEAD - 1, e);
	if (rc == EMAIL_OK)
		rc = email__journal_add(fd, s->path, email__buf_head(line), email__buf_len(line), e);
	email__journal_close(fd);
	return rc;
}

/* Memory has the line: now the file, or all of it. Under the lock. */
static email_code
write_line(email__sent *s, const email__buf *line, email_error *e)
{
	email_code rc = EMAIL_OK;

	if (!s->broken)
		rc = append(s, line, e);
	email__file_stamp_get(s->path, &s->stamp);
	if (s->broken || (unsigned long long)s->stamp.size > 2ULL * s->bytes + SLACK) {
		email_error ignored = {0};
		bool had = !s->broken; /* it is written down already */

		rc = rewrite(s, had ? &ignored : e);
		rc = had ? EMAIL_OK : rc;
		email__file_stamp_get(s->path, &s->stamp);
	}
	return rc;
}

/* --- opening --- */

static char *
with_lock(const char *path)
{
	size_t size = strlen(path) + sizeof ".lock";
	char *text = email__alloc(size);

	if (text)
		snprintf(text, size, "%s.lock", path);
	return text;
}

email__sent *
email__sent_open(const char *path, int64_t now, email_error *e)
{
	email__sent *s = email__new(email__sent);

	if (s && path) {
		s->path = email__strdup(path);
		s->lock_path = with_lock(path);
	}
	if (!s || (path && (!s->path || !s->lock_path))) {
		email__error_memory(e, EMAIL_STAGE_NONE);
		email__sent_close(s);
		return NULL;
	}
	look(s, e);
	drop_aged(s, now);
	return s;
}

void
email__sent_close(email__sent *s)
{
	if (!s)
		return;
	drop_all(s);
	email__free(s->lock_path);
	email__free(s->path);
	email__free(s);
}

/* --- use --- */

/* A field and its tab, without what would end it. */
static email_code
add_field(email__buf *line, const char *text, size_t most)
{
	char clean[EMAIL__ADDRESS_MAX + 1];

	email__printable(clean, most + 1, text, strlen(text));
	return email__buf_addf(line, "\t%s", clean);
}

static email_code
make_line(email__buf *line, const char *account, const char *id, const email__mailfile *m, int64_t now)
{
	email_code rc = email__buf_addf(line, "%lld", now > 0 ? (long long)now : 0);
	size_t i;

	if (rc || (rc = add_field(line, id, EMAIL_ID_SIZE - 1)) ||
	    (rc = add_field(line, account, EMAIL__NAME_MAX)) ||
	    (rc = add_field(line, m->message_id, EMAIL__MESSAGE_ID_MAX)))
		return rc;
	for (i = 0; rc == EMAIL_OK && i < m->count; i++)
		rc = add_field(line, m->recipients[i].address, EMAIL__ADDRESS_MAX);
	return rc ? rc : email__buf_adds(line, "\n");
}

/* The line is that of the newest mail with its id, but for the time. */
static bool
is_known(const email__sent *s, const char *id, const email__buf *line)
{
	const char *text = (const char *)email__buf_head(line),
		   *from = memchr(text, '\t', email__buf_len(line));
	size_t i, k;

	for (i = s->count; *id && i-- > 0;) {
		const entry *m = at(s, i);
		size_t skip = (size_t)(m->view.id - m->text), n = m->size - skip - 1;

		if (strcmp(m->view.id, id) != 0)
			continue;
		if (n != email__buf_len(line) - (size_t)(from + 1 - text) - 1)
			return false;
		for (k = 0; k < n; k++)
			if ((m->view.id[k] ? m->view.id[k] : '\t') != from[1 + k])
				return false;
		return true;
	}
	return false;
}

email_code
email__sent_add(email__sent *s, const char *account, const char *id, const email__mailfile *mail, int64_t now,
                email_error *e)
{
	email__buf line;
	email_code rc, file = EMAIL_OK;
	int lock = -1;

	email__buf_init(&line, LINE_MAX_BYTES);
	if ((rc = make_line(&line, account, id, mail, now))) {
		rc = email__error_memory(e, EMAIL_STAGE_NONE);
		goto out;
	}
	if (s->path && (file = email__lock_take(s->lock_path, LOCK_MS, &lock, e)) == EMAIL_OK)
		look(s, NULL);
	drop_aged(s, now);
	if (is_known(s, id, &line))
		goto out;
	rc = take_line(s, (const char *)email__buf_head(&line), email__buf_len(&line) - 1);
	if (rc)
		email__error_memory(e, EMAIL_STAGE_NONE);
	else if (lock >= 0)
		file = write_line(s, &line, e);
out:
	email__lock_release(lock);
	email__buf_dispose(&line);
	return rc ? rc : file;
}

const email__sent_mail *
email__sent_by_id(email__sent *s, const char *id)
{
	size_t i;

	look(s, NULL);
	for (i = *id ? s->count : 0; i-- > 0;)
		if (email__str_equal(at(s, i)->view.id, id))
			return &at(s, i)->view;
	return NULL;
}

const email__sent_mail *
email__sent_by_message_id(email__sent *s, const char *message_id)
{
	size_t n, known_n, i;
	const char *id = bare(message_id, &n);
	uint64_t hash = email__hash(id, n);

	look(s, NULL);
	for (i = n ? s->count : 0; i-- > 0;) {
		const entry *m = at(s, i);
		const char *known = bare(m->view.message_id, &known_n);

		if (m->hash == hash && known_n == n && memcmp(known, id, n) == 0)
			return &m->view;
	}
	return NULL;
}

const char *
email__sent_recipient(const email__sent_mail *mail, const char *address)
{
	const char *p = mail->recipients;
	size_t i;

	for (i = 0; *address && i < mail->count; p += strlen(p) + 1)
		if (*p) {
			if (email__str_equal(p, address))
				return p;
			i++;
		}
	return NULL;
}

size_t
email__sent_count(email__sent *s)
{
	look(s, NULL);
	return s->count;
}
