/* SPDX-License-Identifier: MIT */
/*
 * What becomes of messages on the server. Wishes are gathered; neighbours that wish the same go as one group, one
 * group at a time:
 *
 *     seen, unseen     UID STORE >
 *     deleted          UID STORE, UID EXPUNGE >                 with UIDPLUS (RFC 4315)
 *                      UID STORE > UID SEARCH > EXPUNGE >       without: only where nobody else marked any
 *     moved            [UID STORE,] UID MOVE >                  with MOVE (RFC 6851)
 *                      [UID STORE,] UID COPY > as deleted       without: never before the copy is there
 *                      .. > NO [TRYCREATE] > CREATE > again     once
 *
 * Never CLOSE, and EXPUNGE only as above: what others have marked \Deleted is theirs.
 */
#include <string.h>

#include "base/alloc.h"
#include "proto/imap_engine.h"

/* --- limits --- */

/* While a fetch runs, wishes wait until so many have come. */
#define ENOUGH 64

/* --- wishing --- */

static email_code
wish(email__imap *s, const email__entry *entry, email__fate fate, bool move)
{
	imap_settle *g = &s->settle;
	imap_wish *w;

	if (s->state == S_FAILED || s->state == S_CLOSED || !s->folder.open || s->quit)
		return EMAIL_E_USAGE;
	if (g->count == EMAIL__IMAP_BATCH_MAX)
		return EMAIL_E_LIMIT;
	if (!g->wishes && !(g->wishes = email__calloc(EMAIL__IMAP_BATCH_MAX, sizeof *g->wishes)))
		return EMAIL_E_MEMORY;
	w = &g->wishes[(g->head + g->count++) % EMAIL__IMAP_BATCH_MAX];
	w->entry = entry;
	w->fate = (unsigned char)fate;
	w->move = move;
	return EMAIL_OK;
}

email_code
email__imap_settle(email__imap *s, const email__entry *entry, email__fate fate)
{
	return wish(s, entry, fate, false);
}

email_code
email__imap_move(email__imap *s, const email__entry *entry, email__fate fate)
{
	if (fate == EMAIL__FATE_DELETED || s->processed[0] == '\0')
		return EMAIL_E_USAGE;
	return wish(s, entry, fate, true);
}

static const imap_wish *
wish_at(const imap_settle *g, unsigned i)
{
	return &g->wishes[(g->head + i) % EMAIL__IMAP_BATCH_MAX];
}

/* --- the group --- */

/* The group has what it wished, or the server's first no. */
static void
over(email__imap *s)
{
	imap_settle *g = &s->settle;
	email_code code = g->code;

	g->step = G_NONE;
	g->code = EMAIL_OK;
	while (g->group) {
		const email__entry *entry = wish_at(g, 0)->entry;

		g->group--;
		g->head = (g->head + 1) % EMAIL__IMAP_BATCH_MAX;
		g->count--;
		if (s->events.settled)
			s->events.settled(s->events.context, entry, code);
	}
}

/* UIDs of the group; EMAIL__IMAP_BATCH_MAX of them fit whatever they are. */
static const char *
group_set(const imap_settle *g, email__imap_set *set)
{
	unsigned i;

	email__imap_set_start(set);
	for (i = 0; i < g->group; i++)
		email__imap_set_add(set, wish_at(g, i)->entry->number, wish_at(g, i)->entry->number);
	return email__imap_set_text(set);
}

bool
email__imap_settle_due(const email__imap *s)
{
	const imap_settle *g = &s->settle;

	if (s->list.on) /* two searches could not be told apart */
		return false;
	if (g->step == G_NONE)
		return g->count >= ENOUGH || (g->count && s->fetch.count == 0);
	return g->step != G_WAIT;
}

static enum imap_settling
moving(const email__imap *s)
{
	return wish_at(&s->settle, 0)->move ? G_MOVE : G_WAIT;
}

/* The next group: neighbours of one kind. */
static void
form_group(email__imap *s)
{
	imap_settle *g = &s->settle;
	const imap_wish *first = wish_at(g, 0);

	for (g->group = 1; g->group < g->count; g->group++)
		if (wish_at(g, g->group)->fate != first->fate || wish_at(g, g->group)->move != first->move)
			break;
	g->code = EMAIL_OK;
	if (s->folder.read_only && (first->fate != EMAIL__FATE_LEFT || first->move)) {
		memcpy(s->words, "the folder is open for reading only", 36);
		g->code = EMAIL_E_REFUSED;
	}
	g->step = g->code ? G_NONE : first->fate != EMAIL__FATE_LEFT ? G_FLAG : first->move ? G_MOVE : G_NONE;
	if (g->step == G_NONE)
		over(s);
}

static enum imap_state
sent(email__imap *s, email_code rc, enum imap_expected what, enum imap_settling then)
{
	s->settle.step = then;
	s->settle.outstanding++;
	return email__imap_sent(s, rc, what, S_READY);
}

/* Where the flag leads without waiting for its answer. */
static enum imap_settling
behind_flag(const email__imap *s, bool deleted)
{
	if (deleted)
		return s->can.uidplus ? G_EXPUNGE : G_WAIT;
	return moving(s);
}

enum imap_state
email__imap_settle_write(email__imap *s)
{
	imap_settle *g = &s->settle;
	uint32_t tag = email__imap_tag(s);
	email__link *l = &s->link;
	email__imap_set set;
	bool deleted;

	if (g->step == G_NONE)
		form_group(s);
	deleted = g->group && (g->step == G_DELETE || wish_at(g, 0)->fate == EMAIL__FATE_DELETED);
	switch (g->step) {
	case G_FLAG:
	case G_DELETE:
		return sent(s,
		            email__imap_put_store(l, tag, group_set(g, &set),
		                                  !deleted && wish_at(g, 0)->fate == EMAIL__FATE_UNSEEN ? "-"
		                                                                                        : "+",
		                                  deleted ? "\\Deleted" : "\\Seen"),
		            deleted ? X_DELETE : X_FLAG, behind_flag(s, deleted));
	case G_EXPUNGE:
		return sent(s,
		            s->can.uidplus ? email__imap_put_expunge(l, tag, group_set(g, &set))
		                           : email__imap_put_verb(l, tag, "EXPUNGE"),
		            X_EXPUNGE, G_WAIT);
	case G_OTHERS:
		g->others = false;
		return sent(s, email__imap_put_search_others(l, tag, group_set(g, &set)), X_OTHERS, G_WAIT);
	case G_MOVE:
		return sent(s,
		            email__imap_put_move(l, tag, s->can.move ? "MOVE" : "COPY", group_set(g, &set),
		                                 s->processed, s->utf8),
		            s->can.move ? X_MOVE : X_COPY, G_WAIT);
	case G_CREATE:
		return sent(s, email__imap_put_folder(l, tag, "CREATE", s->processed, s->utf8), X_CREATE,
		            G_WAIT);
	case G_NONE:
	case G_WAIT: break;
	}
	return S_READY;
}

/* --- the answers --- */

static void
refused(email__imap *s)
{
	email_code code = email__imap_refusal(s);

	if (s->settle.code == EMAIL_OK)
		s->settle.code = code;
}

/* After \Deleted, where there is no UIDPLUS. */
static enum imap_settling
unmarked(email__imap *s)
{
	/* what it finds must fit into a response: among more messages than that nothing is looked for */
	if (s->folder.exists <= EMAIL__IMAP_WINDOW)
		return G_OTHERS;
	s->settle.code = EMAIL_E_EXTENSION;
	return G_NONE;
}

static enum imap_settling
moved(email__imap *s, enum imap_expected what, bool ok)
{
	imap_settle *g = &s->settle;

	if (ok)
		return what == X_COPY ? G_DELETE : G_NONE;
	if (email__imap_response_has(&s->response, "TRYCREATE") && !g->created)
		return G_CREATE;
	refused(s);
	return G_NONE;
}

static enum imap_settling
others_known(email__imap *s, bool ok)
{
	if (ok && !s->settle.others)
		return G_EXPUNGE;
	if (s->settle.code == EMAIL_OK)
		s->settle.code = EMAIL_E_EXTENSION;
	return G_NONE;
}

enum imap_state
email__imap_settle_answer(email__imap *s, enum imap_expected what)
{
	imap_settle *g = &s->settle;
	bool ok = s->response.status == EMAIL__IMAP_OK;
	enum imap_settling then = G_NONE;

	g->outstanding--;
	if (!ok && (what == X_FLAG || what == X_DELETE || what == X_EXPUNGE))
		refused(s);
	if (what == X_DELETE)
		then = ok && !s->can.uidplus ? unmarked(s) : G_NONE;
	else if (what == X_MOVE || what == X_COPY)
		then = moved(s, what, ok);
	else if (what == X_OTHERS)
		then = others_known(s, ok);
	else if (what == X_CREATE) {
		g->created = true; /* or it could not be: the second try tells why */
		then = G_MOVE;
	}
	if (then != G_NONE)
		g->step = then;
	else if (g->outstanding == 0 && g->step == G_WAIT)
		over(s);
	return S_READY;
}

void
email__imap_settle_broken(email__imap *s)
{
	imap_settle *g = &s->settle;

	g->code = s->link.error.code;
	g->group = g->count;
	over(s);
}
