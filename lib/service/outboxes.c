/* SPDX-License-Identifier: MIT */
#include "service/outboxes.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "os/file.h"

bool
email__outboxes_init(email__outboxes *boxes)
{
	memset(boxes, 0, sizeof *boxes);
	return email__mutex_init(&boxes->mutex);
}

void
email__outboxes_dispose(email__outboxes *boxes)
{
	while (boxes->count > 0)
		email__outbox_close(boxes->all[--boxes->count]);
	email__free(boxes->all);
	email__mutex_dispose(&boxes->mutex);
}

static email__outbox *
find(const email__outboxes *boxes, const email__outbox_config *config)
{
	size_t i;

	for (i = 0; i < boxes->count; i++) {
		email__outbox *o = boxes->all[i];

		if (o->folder && config->folder
		            ? strcmp(o->folder, config->folder) == 0
		            : !o->folder && !config->folder && strcmp(o->name, config->name) == 0)
			return o;
	}
	return NULL;
}

static email__outbox *
open_one(email__outboxes *boxes, const email__outbox_config *config, const email__now *now, email_error *e)
{
	email__outbox **more = email__realloc(boxes->all, (boxes->count + 1) * sizeof *more), *made;

	if (!more) {
		email__error_memory(e, EMAIL_STAGE_QUEUE);
		return NULL;
	}
	boxes->all = more;
	if (email__outbox_open(config, now, &made, e))
		return NULL;
	return boxes->all[boxes->count++] = made;
}

email__outbox *
email__outboxes_get(email__outboxes *boxes, const email__outbox_config *config, const email__now *now,
                    email_error *e)
{
	email__outbox *outbox;

	email__mutex_lock(&boxes->mutex);
	outbox = find(boxes, config);
	if (outbox)
		email__outbox_limit(outbox, config);
	else
		outbox = open_one(boxes, config, now, e);
	email__mutex_unlock(&boxes->mutex);
	return outbox;
}

static void
drop(email__outboxes *boxes, const email__outbox *o)
{
	size_t i;

	for (i = 0; o && i < boxes->count; i++) {
		if (boxes->all[i] != o)
			continue;
		email__outbox_close(boxes->all[i]);
		boxes->all[i] = boxes->all[--boxes->count];
		return;
	}
}

void
email__outboxes_drop(email__outboxes *boxes, const char *folder, const char *name)
{
	email__outbox_config config = {.name = name, .folder = folder};

	email__mutex_lock(&boxes->mutex);
	drop(boxes, find(boxes, &config));
	email__mutex_unlock(&boxes->mutex);
}

bool
email__outboxes_rename(email__outboxes *boxes, const char *folder, const char *name, const char *new_name)
{
	email__outbox_config config = {.name = name, .folder = folder}, stale = {.name = new_name};
	char *copy = email__strdup(new_name);
	email__outbox *o;

	if (!copy)
		return false;
	email__mutex_lock(&boxes->mutex);
	o = find(boxes, &config);
	/* an account of that name was removed, and left one that is empty */
	if (!folder)
		drop(boxes, find(boxes, &stale));
	if (o) {
		email__free(o->name);
		o->name = copy;
		copy = NULL;
	}
	email__mutex_unlock(&boxes->mutex);
	email__free(copy);
	return true;
}

char *
email__outbox_folder(const email_account *account, const char *state_folder, const char *sheet,
                     email_code *rc)
{
	const char *given = account->v.persistence_directory;
	char *queues, *folder = NULL;

	*rc = EMAIL_OK;
	if (!account->v.persistent || (!state_folder && !given[0]))
		return NULL;
	if (given[0])
		folder = sheet ? email__path_beside(sheet, given) : email__strdup(given);
	else if ((queues = email__path_join(state_folder, "queue"))) {
		folder = email__path_join(queues, account->name);
		email__free(queues);
	}
	if (!folder)
		*rc = EMAIL_E_MEMORY;
	return folder;
}
