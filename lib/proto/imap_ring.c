/* SPDX-License-Identifier: MIT */
/* The commands that are outstanding, in the order in which they were written. */
#include <stdio.h>
#include <string.h>

#include "proto/imap_engine.h"

uint32_t
email__imap_tag(const email__imap *s)
{
	return s->tag + 1;
}

void
email__imap_expect(email__imap *s, enum imap_expected what)
{
	unsigned at = (s->head + s->expected++) % EMAIL__IMAP_COMMANDS;

	s->ring[at].what = what;
	s->ring[at].tag = ++s->tag;
	s->ring[at].end = s->link.sent;
	s->ring[at].upto = what == X_SECTION ? s->fetch.written : s->fetch.asked;
}

bool
email__imap_awaits(const email__imap *s, enum imap_expected what)
{
	unsigned i;

	for (i = 0; i < s->expected; i++)
		if (s->ring[(s->head + i) % EMAIL__IMAP_COMMANDS].what == what)
			return true;
	return false;
}

enum imap_state
email__imap_sent(email__imap *s, email_code rc, enum imap_expected what, enum imap_state next)
{
	if (rc)
		return email__imap_fail(s, rc, "a command could not be written: %s", email_code_text(rc));
	email__imap_expect(s, what);
	return next;
}

/* Has the command at this place of the ring left `out`? */
bool
email__imap_asked_for(const email__imap *s, unsigned i)
{
	return i < s->expected && s->link.sent - email__buf_len(&s->link.out) >=
	                                  s->ring[(s->head + i) % EMAIL__IMAP_COMMANDS].end;
}

/* The command whose tag is in front: its place in the ring, and in *rest what stands behind the tag; or `expected`. */
unsigned
email__imap_find_tag(const email__imap *s, const char *text, size_t n, const char **rest)
{
	char tag[16];
	unsigned i;

	for (i = 0; i < s->expected; i++) {
		unsigned long number = s->ring[(s->head + i) % EMAIL__IMAP_COMMANDS].tag;
		size_t len = (size_t)snprintf(tag, sizeof tag, "A%lu ", number);

		*rest = text + len;
		if (n >= len && memcmp(text, tag, len) == 0)
			break;
	}
	return i;
}

/* Command i is answered: those in front of it move up. */
void
email__imap_remove(email__imap *s, unsigned i)
{
	for (; i > 0; i--)
		s->ring[(s->head + i) % EMAIL__IMAP_COMMANDS] =
			s->ring[(s->head + i - 1) % EMAIL__IMAP_COMMANDS];
	s->head = (s->head + 1) % EMAIL__IMAP_COMMANDS;
	s->expected--;
}
