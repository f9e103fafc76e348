/* SPDX-License-Identifier: MIT */
#include "account/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "proto/imap.h"
#include "proto/pop3.h"

/* NULL is Auto. */
static const char *
mechanism(const email_account *account)
{
	return account->v.auth_mechanism[0] ? account->v.auth_mechanism : NULL;
}

/* --- SMTP --- */

static bool
make_smtp(email__engine *e, const email_account *account, const email__credentials *credentials)
{
	email__smtp_config config = {
		.ehlo_name = account->v.ehlo_name,
		.start_tls = account->v.use_start_tls,
		.tls = account->v.use_ssl,
		.allow_plaintext_login = account->v.allow_plaintext_login,
		.mechanism = mechanism(account),
		.credentials = credentials,
	};

	if (!(e->smtp = email__smtp_new(&config)))
		return false;
	e->link = email__smtp_link(e->smtp);
	return true;
}

/* --- IMAP --- */

static void
imap_free(void *box)
{
	email__imap_free(box);
}

static email_code
imap_list(void *box, bool unseen)
{
	return email__imap_list(box, unseen, 1);
}

static email_code
imap_fetch(void *box, const email__entry *entries, size_t n, email__extent extent)
{
	return email__imap_fetch(box, entries, n, extent, 0);
}

static email_code
imap_settle(void *box, const email__entry *entry, email__fate fate, bool move)
{
	return move ? email__imap_move(box, entry, fate) : email__imap_settle(box, entry, fate);
}

static email_code
imap_wait(void *box)
{
	return email__imap_wait(box);
}

static void
imap_wake(void *box)
{
	email__imap_wake(box);
}

static void
imap_quit(void *box)
{
	email__imap_quit(box);
}

static void
imap_broken(void *box, const email_error *error)
{
	email__imap_broken(box, error);
}

/* "UIDVALIDITY.UID", of this UIDVALIDITY alone. */
static bool
imap_entry(void *box, const char *uid, email__entry *entry)
{
	const char *dot = strchr(uid, '.');
	char validity[12];
	int64_t number;

	snprintf(validity, sizeof validity, "%u", (unsigned)email__imap_uidvalidity(box));
	if (!dot || strlen(validity) != (size_t)(dot - uid) || memcmp(validity, uid, strlen(validity)) != 0 ||
	    !email__str_number(dot + 1, 1, UINT32_MAX, &number))
		return false;
	memset(entry, 0, sizeof *entry);
	entry->number = (uint32_t)number;
	entry->size = EMAIL__SIZE_UNKNOWN;
	snprintf(entry->uid, sizeof entry->uid, "%s", uid);
	return true;
}

static const email__mailbox imap = {imap_free,   imap_list,  imap_fetch, EMAIL__IMAP_BATCH_MAX,
                                    imap_settle, imap_wait,  imap_wake,  imap_quit,
                                    imap_broken, imap_entry, false};

static bool
make_imap(email__engine *e, const email_account *account, const email__credentials *credentials,
          const email__mailbox_events *events)
{
	email__imap_config config = {
		.start_tls = account->v.use_start_tls,
		.tls = account->v.use_ssl,
		.allow_plaintext_login = account->v.allow_plaintext_login,
		.mechanism = mechanism(account),
		.credentials = credentials,
		.folder = account->v.folder,
		.read_only = e->read_only,
		.processed = account->v.processed_folder[0] ? account->v.processed_folder : NULL,
		.events = *events,
	};

	if (!(e->box = email__imap_new(&config)))
		return false;
	e->mailbox = &imap;
	e->link = email__imap_link(e->box);
	return true;
}

/* --- POP3 --- */

static void
pop3_free(void *box)
{
	email__pop3_free(box);
}

static email_code
pop3_list(void *box, bool unseen)
{
	(void)unseen; /* POP3 knows nothing of it */
	return email__pop3_list(box, true);
}

static email_code
pop3_fetch(void *box, const email__entry *entries, size_t n, email__extent extent)
{
	return email__pop3_fetch(box, entries, n, extent);
}

static email_code
pop3_settle(void *box, const email__entry *entry, email__fate fate, bool move)
{
	(void)move;
	return email__pop3_settle(box, entry, fate);
}

static email_code
pop3_wait(void *box)
{
	(void)box;
	return EMAIL_E_EXTENSION;
}

static void
pop3_wake(void *box)
{
	(void)box;
}

static void
pop3_quit(void *box)
{
	email__pop3_quit(box);
}

static void
pop3_broken(void *box, const email_error *error)
{
	email__pop3_broken(box, error);
}

static const email__mailbox pop3 = {pop3_free, pop3_list, pop3_fetch,  SIZE_MAX, pop3_settle, pop3_wait,
                                    pop3_wake, pop3_quit, pop3_broken, NULL,     true};

static bool
make_pop3(email__engine *e, const email_account *account, const email__credentials *credentials,
          const email__mailbox_events *events)
{
	email__pop3_config config = {
		.start_tls = account->v.use_start_tls,
		.tls = account->v.use_ssl,
		.allow_plaintext_login = account->v.allow_plaintext_login,
		.mechanism = mechanism(account),
		.credentials = credentials,
		.events = *events,
	};

	if (!(e->box = email__pop3_new(&config)))
		return false;
	e->mailbox = &pop3;
	e->link = email__pop3_link(e->box);
	return true;
}

/* --- whichever --- */

email_code
email__engine_make(email__engine *e, const email_account *account, const email__credentials *credentials,
                   const email__mailbox_events *events, bool read_only)
{
	bool made;

	memset(e, 0, sizeof *e);
	e->read_only = read_only;
	if (account->kind == EMAIL_OUTGOING)
		made = make_smtp(e, account, credentials);
	else if (account->v.store == EMAIL_STORE_IMAP)
		made = make_imap(e, account, credentials, events);
	else
		made = make_pop3(e, account, credentials, events);
	return made ? EMAIL_OK : EMAIL_E_MEMORY;
}

email_code
email__engine_make_web(email__engine *e, const email__web_request *request)
{
	memset(e, 0, sizeof *e);
	if (!(e->http = email__http_new(request)))
		return EMAIL_E_MEMORY;
	e->link = email__http_link(e->http);
	return EMAIL_OK;
}

void
email__engine_free(email__engine *e)
{
	email__smtp_free(e->smtp);
	email__http_free(e->http);
	if (e->box)
		e->mailbox->free(e->box);
	memset(e, 0, sizeof *e);
}

void
email__engine_quit(email__engine *e)
{
	if (e->smtp)
		email__smtp_quit(e->smtp);
	else if (e->box)
		e->mailbox->quit(e->box);
}

void
email__engine_broken(email__engine *e, const email_error *error)
{
	if (e->smtp)
		email__smtp_broken(e->smtp, error);
	else if (e->box)
		e->mailbox->broken(e->box, error);
}
