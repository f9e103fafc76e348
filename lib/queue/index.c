/* SPDX-License-Identifier: MIT */
/*
 * The mails that wait, in the order in which they go: pointers, sorted. Most leave at the front, so a place that falls free
 * becomes a gap, and gaps are closed once half of all are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "queue/crc.h"
#include "queue/spool_state.h"

void
email__waiting_update(email__waiting *w, const email__mailfile *mail)
{
	w->attempts = mail->attempts;
	w->failures = mail->failures;
	w->crashes = mail->crashes;
	w->suspect = mail->suspect;
	w->next = mail->next;
	w->queued = mail->revived > mail->queued ? mail->revived : mail->queued;
	w->pending = (unsigned)email__mailfile_count(mail, EMAIL__RCPT_PENDING);
}

email__waiting *
email__waiting_new(const char *id, const email__mailfile *mail)
{
	email__waiting *w = email__new(email__waiting);
	size_t i;

	if (!w)
		return NULL;
	memcpy(w->id, id, EMAIL_ID_SIZE);
	w->priority = (unsigned char)mail->priority;
	w->sequence = mail->sequence;
	w->size = mail->size;
	w->digest = mail->digest;
	w->subject = email__crc64(0, mail->subject, strlen(mail->subject));
	for (i = 0; i < mail->count; i++) /* with the NUL, so that "a", "bc" are not "ab", "c" */
		w->recipients = email__crc64(w->recipients, mail->recipients[i].address,
		                             strlen(mail->recipients[i].address) + 1);
	email__waiting_update(w, mail);
	return w;
}

static void
dispose(email__waiting *w)
{
	if (w)
		email__attempt_free(w->unsettled);
	email__free(w);
}

static bool
before(const email__waiting *a, const email__waiting *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->sequence != b->sequence ? a->sequence < b->sequence : strcmp(a->id, b->id) < 0;
}

static void
close_gaps(email__spool *s)
{
	size_t i, to = 0;

	for (i = s->head; i < s->count; i++)
		if (s->order[i])
			s->order[to++] = s->order[i];
	s->head = s->gaps = 0;
	s->count = to;
}

/* Where it belongs. No gaps may be there. */
static size_t
place(const email__spool *s, const email__waiting *w)
{
	size_t low = s->head, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before(s->order[middle], w))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
make_room(email__spool *s)
{
	size_t room = s->room ? s->room * 2 : 64;
	email__waiting **grown;

	if (s->count < s->room)
		return true;
	grown = email__realloc(s->order, room * sizeof *grown);
	if (!grown) {
		s->missed = true;
		return false;
	}
	s->order = grown;
	s->room = room;
	return true;
}

bool
email__spool_index_add(email__spool *s, email__waiting *w)
{
	size_t at;

	if (s->gaps > 0 || (s->count == s->room && s->head > 0))
		close_gaps(s);
	if (!make_room(s))
		return false;
	at = place(s, w);
	/* a look was faster */
	if (at < s->count && !before(w, s->order[at])) {
		email__free(w);
		return true;
	}
	memmove(s->order + at + 1, s->order + at, (s->count - at) * sizeof *s->order);
	s->order[at] = w;
	s->count++;
	return true;
}

static int
compare(const void *a, const void *b)
{
	const email__waiting *one = *(email__waiting *const *)a, *other = *(email__waiting *const *)b;

	return before(one, other) ? -1 : before(other, one);
}

bool
email__spool_index_append(email__spool *s, email__waiting *w)
{
	if (!make_room(s))
		return false;
	s->order[s->count++] = w;
	return true;
}

void
email__spool_index_sort(email__spool *s)
{
	close_gaps(s);
	if (s->count > 0)
		qsort(s->order, s->count, sizeof *s->order, compare);
}

void
email__spool_index_drop(email__spool *s, email__waiting *w)
{
	size_t i;

	for (i = s->head; i < s->count && s->order[i] != w; i++)
		;
	if (i < s->count) {
		s->order[i] = NULL;
		s->gaps++;
		for (; s->head < s->count && !s->order[s->head]; s->head++)
			s->gaps--;
		if (s->gaps > (s->count - s->head) / 2)
			close_gaps(s);
	}
	dispose(w);
}

void
email__spool_index_clear(email__spool *s)
{
	size_t i;

	for (i = s->head; i < s->count; i++)
		dispose(s->order[i]);
	email__free(s->order);
	s->order = NULL;
	s->head = s->count = s->room = s->gaps = 0;
}

email__waiting *const *
email__spool_waiting(email__spool *s, size_t *count)
{
	*count = s->count - s->head;
	return s->order ? s->order + s->head : NULL;
}
