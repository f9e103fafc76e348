/* SPDX-License-Identifier: MIT */
#include "account/fate.h"

#include <string.h>

#include "base/str.h"

/* Enumerations of the property table, in its order (properties.c). */
enum { DELIVERY_DELETE, DELIVERY_SEEN, DELIVERY_UNSEEN };
enum { READ_UNREAD, READ_ALL };

bool
email__fate_pop3(const email_account *a)
{
	return a->v.store == EMAIL_STORE_POP3;
}

email__fate
email__fate_of(const email_account *a)
{
	if (a->v.delivery_policy == DELIVERY_DELETE)
		return EMAIL__FATE_DELETED;
	if (email__fate_pop3(a))
		return EMAIL__FATE_LEFT;
	return a->v.delivery_policy == DELIVERY_SEEN ? EMAIL__FATE_SEEN : EMAIL__FATE_UNSEEN;
}

/* RFC 3501 5.1: INBOX in any case is the same. */
static bool
same_folder(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (email__str_equal(a, "INBOX") && email__str_equal(b, "INBOX"));
}

/* Where it lies already it would get a new UID, and come again, for ever. */
bool
email__fate_moves(const email_account *a)
{
	return !email__fate_pop3(a) && a->v.processed_folder[0] && a->v.delivery_policy != DELIVERY_DELETE &&
	       !same_folder(a->v.processed_folder, a->v.folder);
}

bool
email__fate_told(const email_account *a)
{
	return email__fate_of(a) != EMAIL__FATE_LEFT || email__fate_moves(a);
}

/* What was not seen stays so by itself, since fetching peeks. */
bool
email__fate_told_of(const email_account *a, const email__entry *entry)
{
	return email__fate_told(a) &&
	       (email__fate_moves(a) || entry->seen || email__fate_of(a) != EMAIL__FATE_UNSEEN);
}

bool
email__fate_remembered(const email_account *a)
{
	return a->v.delivery_policy == DELIVERY_DELETE || email__fate_moves(a) ||
	       (!email__fate_pop3(a) && a->v.delivery_policy == DELIVERY_SEEN &&
	        a->v.email_to_read == READ_UNREAD);
}

bool
email__fate_lists_unseen(const email_account *a)
{
	return !email__fate_pop3(a) && a->v.email_to_read == READ_UNREAD && email__fate_remembered(a);
}

bool
email__fate_passed_by(const email_account *a, const email__entry *entry)
{
	return !email__fate_pop3(a) && a->v.email_to_read == READ_UNREAD && entry->seen;
}
