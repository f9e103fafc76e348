/* SPDX-License-Identifier: MIT */
#include "account/outbox.h"

#include <stdio.h>
#include <string.h>

#include "account/connection.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "mime/message.h"
#include "os/clock.h"
#include "queue/crc.h"
#include "queue/standin.h"

/* --- opening ---------------------------------------------------------------------------------- */

/* From whichever thread it happened in. */
static void
spool_event(void *context, const email__spool_event *event)
{
	email__outbox *o = context;

	if (event->what == EMAIL__SPOOL_DEAD) {
		email__mutex_lock(&o->mutex);
		o->discards.count++;
		o->discards.last = email__clock_wall();
		snprintf(o->discards.cause, sizeof o->discards.cause, "%s", event->cause ? event->cause : "");
		email__mutex_unlock(&o->mutex);
	}
	if (o->config.event)
		o->config.event(o->config.context, o->name, event);
}

static void
limit_recent(email__outbox *o, const email__outbox_config *config)
{
	o->recent.config = (email__policy_config){
		.per_day = -1, .per_minute = -1, .suppress_within = config->suppress_within};
}

email_code
email__outbox_open(const email__outbox_config *config, const email__now *now, email__outbox **outbox,
                   email_error *e)
{
	email__outbox *o = email__new(email__outbox);
	email__spool_options options = {.folder = config->folder,
	                                .max_count = config->max_count,
	                                .max_size = config->max_size,
	                                .drop_oldest = config->drop_oldest,
	                                .event = spool_event,
	                                .context = o};
	email_code rc = EMAIL_E_MEMORY;

	*outbox = NULL;
	if (!o || !email__mutex_init(&o->mutex)) {
		email__free(o);
		return email__error_memory(e, EMAIL_STAGE_QUEUE);
	}
	o->config = *config;
	limit_recent(o, config);
	if (!(o->name = email__strdup(config->name)) ||
	    (config->folder && !(o->folder = email__strdup(config->folder))))
		email__error_memory(e, EMAIL_STAGE_QUEUE);
	else
		rc = email__spool_open(&options, now, &o->spool, e);
	if (rc) {
		email__outbox_close(o);
		return rc;
	}
	*outbox = o;
	return EMAIL_OK;
}

void
email__outbox_close(email__outbox *o)
{
	if (!o)
		return;
	email__spool_close(o->spool);
	email__mutex_dispose(&o->mutex);
	email__free(o->name);
	email__free(o->folder);
	email__free(o);
}

void
email__outbox_limit(email__outbox *o, const email__outbox_config *config)
{
	email__spool_limit(o->spool, config->max_count, config->max_size, config->drop_oldest);
	email__mutex_lock(&o->mutex);
	limit_recent(o, config);
	email__mutex_unlock(&o->mutex);
}

email__now
email__outbox_now(email_trust *trust)
{
	email__now now = {.mono = email__clock_ms(), .wall = email__clock_wall()};

	now.offset = email__clock_local_offset(now.wall);
	now.clock_set = !trust || !email__trust_clock_unset(trust);
	return now;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* What makes two mails the same to suppressWithin. */
static void
sums(const email__letter *letter, uint64_t *subject, uint64_t *recipients)
{
	size_t i;

	*subject = email__crc64(0, letter->subject ? letter->subject : "",
	                        letter->subject ? strlen(letter->subject) : 0);
	*recipients = 0;
	for (i = 0; i < letter->count; i++)
		*recipients = email__crc64(*recipients, letter->to[i], strlen(letter->to[i]) + 1);
}

static email_code
put(email__outbox *o, const email__letter *letter, email_message *message, const email__now *now,
    char id[EMAIL_ID_SIZE], email_error *e)
{
	email__source source = email__message_source(message);
	int64_t running = email__spool_running(o->spool, now);
	uint64_t subject, recipients;
	bool suppressed, repeat = false;
	email_code rc = EMAIL_OK;

	sums(letter, &subject, &recipients);
	/* noted beforehand, so that of two at a time one is the second */
	email__mutex_lock(&o->mutex);
	suppressed = !letter->digest && email__policy_suppressed(&o->recent, subject, recipients, running);
	if (!suppressed && !letter->digest)
		email__policy_queued(&o->recent, subject, recipients, running);
	email__mutex_unlock(&o->mutex);
	/* the same one under its key is no flood */
	if (suppressed && letter->key)
		rc = email__spool_repeat(o->spool, letter->key, id, &repeat, e);
	if (rc || repeat)
		return rc;
	if (suppressed)
		return email__error_set(
			e, EMAIL_E_SUPPRESSED, EMAIL_STAGE_QUEUE,
			"the same subject went to the same recipients a short while ago (suppressWithin)");
	rc = email__spool_enqueue(o->spool, letter, &source, now, id, &repeat, e);
	if ((rc && rc != EMAIL_E_INDETERMINATE) || repeat) {
		/* it is not there: the next one is no repeat of it */
		email__mutex_lock(&o->mutex);
		email__policy_unqueued(&o->recent, subject, recipients, running);
		email__mutex_unlock(&o->mutex);
	}
	return rc;
}

/* Of a prepared message. */
static email__letter
letter_of(const email__envelope *envelope, int priority, const char *key)
{
	return (email__letter){.from = envelope->from,
	                       .to = envelope->recipients,
	                       .count = envelope->count,
	                       .priority = priority,
	                       .message_id = envelope->message_id,
	                       .subject = envelope->subject,
	                       .key = key,
	                       .eight_bit = envelope->eight_bit,
	                       .utf8 = envelope->utf8,
	                       .undated = envelope->undated,
	                       .dsn = envelope->dsn};
}

email_code
email__outbox_add(email__outbox *o, email_account *account, email_message *message, int priority,
                  const char *key, char id[EMAIL_ID_SIZE], email_error *e)
{
	email__now now = email__outbox_now(email__account_trust(account));
	email__defaults defaults = {.from = account->v.from,
	                            .reply_to = account->v.reply_to,
	                            .now = now.wall,
	                            .offset = now.offset,
	                            .undated = !now.clock_set};
	email__envelope envelope;
	email__letter letter;
	email_code rc = email__message_prepare(message, &defaults, &envelope, e);

	if (rc == EMAIL_OK) {
		letter = letter_of(&envelope, priority, key);
		rc = put(o, &letter, message, &now, id, e);
	}
	email__message_release(message);
	return rc;
}

/* --- a digest --------------------------------------------------------------------------------- */

/* To those that the mails go to, from who sent them. */
static email_code
write_digest(email_message *m, const email__mailfile *mail, size_t n, const char *text)
{
	char subject[EMAIL__QUEUE_SUBJECT_MAX + 60];
	email_code rc = email_message_set_from(m, mail->from);
	size_t i;

	for (i = 0; i < mail->count && rc == EMAIL_OK; i++)
		rc = email_message_add_bcc(m, mail->recipients[i].address);
	snprintf(subject, sizeof subject, "%zu messages: %s", n, mail->subject);
	if (rc == EMAIL_OK)
		rc = email_message_set_subject(m, subject);
	if (rc == EMAIL_OK)
		rc = email_message_add_header(m, "Auto-Submitted", "auto-generated");
	return rc ? rc : email_message_set_text(m, text);
}

static int
highest(email__waiting *const *chosen, size_t count)
{
	int priority = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (chosen[i]->priority > priority)
			priority = chosen[i]->priority;
	return priority;
}

static email_code
queue_digest(email__outbox *o, email_message *m, int priority, const char *key, const email__now *now,
             char id[EMAIL_ID_SIZE], email_error *e)
{
	email__defaults defaults = {.now = now->wall, .offset = now->offset, .undated = !now->clock_set};
	email__envelope envelope;
	email__letter letter;
	email_code rc = email__message_prepare(m, &defaults, &envelope, e);

	if (rc)
		return rc;
	letter = letter_of(&envelope, priority, key);
	letter.digest = true;
	return put(o, &letter, m, now, id, e);
}

email_code
email__outbox_digest(email__outbox *o, email__waiting *const *chosen, size_t count, const email__now *now,
                     size_t *n, char id[EMAIL_ID_SIZE], email_error *e)
{
	email_message *m = email_message_new();
	char key[EMAIL__STANDIN_KEY];
	email__mailfile mail = {0};
	email__buf text;
	email_code rc = EMAIL_E_MEMORY;
	size_t i;

	*n = 0;
	email__buf_init(&text, EMAIL__QUEUE_DIGEST_TEXT_MAX);
	if (m)
		rc = email__standin_text(o->spool, chosen, count, &text, key, n, &mail, e);
	if (rc == EMAIL_OK && email__buf_text(&text))
		rc = write_digest(m, &mail, *n, email__buf_text(&text));
	if (rc == EMAIL_OK)
		rc = queue_digest(o, m, highest(chosen, count), key, now, id, e);
	for (i = 0; i < count && rc == EMAIL_OK; i++)
		chosen[i]->named = true;
	if (rc)
		email__error_set(e, rc, EMAIL_STAGE_QUEUE, "a digest cannot be made");
	email__mailfile_dispose(&mail);
	email__buf_dispose(&text);
	email_message_free(m);
	return rc;
}

/* --- what the account is told ----------------------------------------------------------------- */

void
email__outbox_count_discards(email__outbox *o, email_account *account)
{
	email__discards d;

	email__mutex_lock(&o->mutex);
	d = o->discards;
	o->discards.count = 0;
	email__mutex_unlock(&o->mutex);
	if (d.count)
		email__status_of_discards(account, d.count, d.last, d.cause);
}
