/* SPDX-License-Identifier: MIT */
/* The spool itself: opened and closed, its counters, its time. */
#include "queue/spool.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "os/dir.h"
#include "queue/policy.h"
#include "queue/spool_state.h"

email_code
email__spool_memory(email_error *e)
{
	return email__error_memory(e, EMAIL_STAGE_QUEUE);
}

void
email__spool_tell(email__spool *s, email__spool_what what, const char *id, const char *cause,
                  const email__mailfile *mail)
{
	email__spool_event event = {.what = what, .id = id, .cause = cause, .mail = mail};

	if (s->options.event)
		s->options.event(s->options.context, &event);
}

bool
email__spool_is_id(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (email__hex_value(name[i]) < 0 || (name[i] >= 'A' && name[i] <= 'F'))
			return false;
	return i == EMAIL_ID_SIZE - 1;
}

static void
defaults(email__spool_options *o)
{
	if (o->max_count == 0)
		o->max_count = EMAIL__QUEUE_COUNT_MAX;
	if (o->max_bytes == 0)
		o->max_bytes = EMAIL__QUEUE_BYTES_MAX;
	if (o->max_size == 0)
		o->max_size = EMAIL__QUEUE_SIZE_MAX;
	if (o->dead_max == 0)
		o->dead_max = EMAIL__QUEUE_DEAD_MAX;
	if (o->dead_days == 0)
		o->dead_days = EMAIL__QUEUE_DEAD_DAYS;
	/* nobody may lean on the caller's strings */
	o->folder = NULL;
	o->boot = NULL;
}

/* Where the kernel does not say which start this is, two of them look alike: then numbers may repeat, which a mail's id
 * does not, but no time is counted. */
static bool
same_boot(const email__spool *s, const email__counter *c)
{
	return c->valid && strcmp(c->boot, s->boot) == 0;
}

/* --- the counter "sequence" ------------------------------------------------------------------- */

static email_code
recount_area(email__spool *s, email__area area, email__counter *c, email_error *e)
{
	email__id_list r;
	email_code rc = email__spool_ids(s, area, &r, e);
	size_t i;

	for (i = 0; i < r.count && rc == EMAIL_OK; i++) {
		email__mailfile mail;
		email__stored f;
		email_error why = {0};

		rc = email__spool_open_mail(s, area, r.all[i], false, &f, &mail, &why);
		if (rc == EMAIL_E_MEMORY) {
			email__spool_memory(e);
			break;
		}
		/* what cannot be read takes no place; the worker will tell of it */
		if (rc == EMAIL_OK) {
			if (mail.sequence >= c->value[SEQUENCE_NEXT])
				c->value[SEQUENCE_NEXT] = mail.sequence + 1;
			if (area == EMAIL__AREA_QUEUE) {
				c->value[SEQUENCE_COUNT]++;
				c->value[SEQUENCE_BYTES] += mail.size;
			}
			s->ops->close(&f);
			email__mailfile_dispose(&mail);
		}
		rc = EMAIL_OK;
	}
	email__free(r.all);
	return rc;
}

email_code
email__spool_recount(email__spool *s, email__counter *c, email_error *e)
{
	email_code rc;

	c->value[SEQUENCE_COUNT] = c->value[SEQUENCE_BYTES] = 0;
	rc = recount_area(s, EMAIL__AREA_QUEUE, c, e);
	if (rc == EMAIL_OK)
		rc = recount_area(s, EMAIL__AREA_DEAD, c, e);
	return rc;
}

email_code
email__spool_enter(email__spool *s, email__counter *c, email_error *e)
{
	email_code rc = EMAIL_OK;

	email__mutex_lock(&s->gate);
	if (!s->sequence_open) {
		rc = email__counter_open(s->store, "sequence", &s->sequence, e);
		s->sequence_open = rc == EMAIL_OK;
	}
	if (rc == EMAIL_OK && !s->ops->lock(&s->sequence, true))
		rc = email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE,
		                      "another process keeps the queue locked");
	if (rc) {
		email__mutex_unlock(&s->gate);
		return rc;
	}
	rc = email__counter_read(&s->sequence, c, e);
	if (rc == EMAIL_OK && !same_boot(s, c)) {
		/* what another start of the machine left may be older than the headers */
		memset(c, 0, sizeof *c);
		rc = email__spool_recount(s, c, e);
		memcpy(c->boot, s->boot, sizeof c->boot);
		c->value[SEQUENCE_CHANGES] = 1;
		if (rc == EMAIL_OK)
			rc = email__counter_write(&s->sequence, c, false, e);
	}
	if (rc)
		email__spool_leave(s);
	return rc;
}

void
email__spool_leave(email__spool *s)
{
	s->ops->unlock(&s->sequence);
	email__mutex_unlock(&s->gate);
}

void
email__spool_left(email__spool *s, uint64_t bytes)
{
	email__counter c;
	bool ours;

	if (email__spool_enter(s, &c, NULL))
		return;
	ours = c.value[SEQUENCE_CHANGES] == s->changes;
	c.value[SEQUENCE_CHANGES]++;
	c.value[SEQUENCE_COUNT] -= c.value[SEQUENCE_COUNT] > 0;
	c.value[SEQUENCE_BYTES] -= c.value[SEQUENCE_BYTES] < bytes ? c.value[SEQUENCE_BYTES] : bytes;
	/* what leaves needs no look */
	if (email__counter_write(&s->sequence, &c, false, NULL) == EMAIL_OK && ours && s->working)
		s->changes = c.value[SEQUENCE_CHANGES];
	email__spool_leave(s);
}

email_code
email__spool_size(email__spool *s, const email__now *now, size_t *count, uint64_t *bytes, email_error *e)
{
	email__counter c;
	email_code rc = email__spool_enter(s, &c, e);

	(void)now;
	if (rc)
		return rc;
	*count = (size_t)c.value[SEQUENCE_COUNT];
	*bytes = c.value[SEQUENCE_BYTES];
	email__spool_leave(s);
	return EMAIL_OK;
}

/* --- time and the day's count ----------------------------------------------------------------- */

int64_t
email__spool_running_locked(const email__spool *s, const email__now *now)
{
	return now->mono > s->mono ? s->running + (now->mono - s->mono) : s->running;
}

int64_t
email__spool_running(email__spool *s, const email__now *now)
{
	int64_t running;

	email__mutex_lock(&s->mutex);
	running = email__spool_running_locked(s, now);
	email__mutex_unlock(&s->mutex);
	return running;
}

static email_code
enter_day(email__spool *s, email__counter *c, email_error *e)
{
	email_code rc = EMAIL_OK;

	email__mutex_lock(&s->gate);
	if (!s->day_open) {
		rc = email__counter_open(s->store, "day", &s->day, e);
		s->day_open = rc == EMAIL_OK;
	}
	if (rc == EMAIL_OK && !s->ops->lock(&s->day, true))
		rc = email__error_set(e, EMAIL_E_TEMPORARY, EMAIL_STAGE_QUEUE,
		                      "another process keeps the queue locked");
	if (rc == EMAIL_OK)
		rc = email__counter_read(&s->day, c, e);
	if (rc && s->day_open)
		s->ops->unlock(&s->day);
	if (rc)
		email__mutex_unlock(&s->gate);
	return rc;
}

/* After a failure the descriptor is done with (Q11). */
static void
leave_day(email__spool *s, bool failed)
{
	if (failed) {
		s->ops->close(&s->day);
		s->day_open = false;
	} else
		s->ops->unlock(&s->day);
	email__mutex_unlock(&s->gate);
}

/* Brings the day up to date, adds n, and stamps it with the running time. */
static void
update_day(email__spool *s, email__counter *c, const email__now *now, unsigned n)
{
	int64_t running = email__spool_running(s, now);
	email__day day = {.day = (int64_t)c->value[DAY_DAY],
	                  .count = c->value[DAY_COUNT],
	                  .wall = (int64_t)c->value[DAY_WALL],
	                  .running = (int64_t)c->value[DAY_RUNNING],
	                  .same_boot = same_boot(s, c)};

	email__policy_day(&day, now, running);
	c->value[DAY_DAY] = (uint64_t)day.day;
	c->value[DAY_COUNT] = day.count + n;
	c->value[DAY_WALL] = (uint64_t)day.wall;
	c->value[DAY_RUNNING] = (uint64_t)running;
	c->value[DAY_MONO] = (uint64_t)(now->mono > 0 ? now->mono : 0);
	memcpy(c->boot, s->boot, sizeof c->boot);
}

/* The copy that is durable is not written over before the newer one is, too: whoever wrote that may have died before. */
static email_code
write_day(email__spool *s, email__counter *c, bool durable, email_error *e)
{
	email_code rc = EMAIL_OK;

	if (c->generation != s->day_generation)
		rc = s->ops->sync(&s->day, true, e);
	if (rc == EMAIL_OK)
		rc = email__counter_write(&s->day, c, durable, e);
	if (rc == EMAIL_OK && durable)
		s->day_generation = c->generation;
	if (rc == EMAIL_OK)
		s->kept = (int64_t)c->value[DAY_RUNNING];
	return rc;
}

email_code
email__spool_count_day(email__spool *s, const email__now *now, unsigned n, uint64_t *today, email_error *e)
{
	email__counter c;
	email_code rc = enter_day(s, &c, e);

	if (rc)
		return rc;
	update_day(s, &c, now, n);
	*today = c.value[DAY_COUNT];
	if (n > 0)
		rc = write_day(s, &c, true, e);
	leave_day(s, rc != EMAIL_OK);
	return rc;
}

void
email__spool_uncount_day(email__spool *s, const email__now *now)
{
	email__counter c;

	if (enter_day(s, &c, NULL))
		return;
	update_day(s, &c, now, 0);
	c.value[DAY_COUNT] -= c.value[DAY_COUNT] > 0;
	leave_day(s, write_day(s, &c, false, NULL) != EMAIL_OK);
}

void
email__spool_keep_time(email__spool *s, const email__now *now)
{
	email__counter c;

	if (enter_day(s, &c, NULL))
		return;
	update_day(s, &c, now, 0);
	leave_day(s, write_day(s, &c, false, NULL) != EMAIL_OK);
}

email_code
email__spool_tend(email__spool *s, const email__now *now, email_error *e)
{
	const int64_t hour = 3600 * 1000;
	int64_t running = email__spool_running(s, now), kept;

	(void)e;
	email__mutex_lock(&s->gate);
	kept = s->kept;
	email__mutex_unlock(&s->gate);
	if (running - kept >= hour)
		email__spool_keep_time(s, now);
	if (s->tended == 0 || running - s->tended >= 24 * hour) {
		email__spool_prune(s, EMAIL__AREA_DEAD, running, true);
		email__spool_prune(s, EMAIL__AREA_DONE, running, true);
		s->tended = running > 0 ? running : 1;
	}
	return EMAIL_OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static email_code
learn_time(email__spool *s, const email__now *now, email_error *e)
{
	email__counter c;
	email_code rc = enter_day(s, &c, e);

	if (rc)
		return rc;
	/* its name and those of the folders, before anything is in them; also where they were there: who made them may have died
	 * before that was durable */
	if ((rc = s->ops->sync_area(s->store, EMAIL__AREA_ROOT, e))) {
		leave_day(s, false);
		return rc;
	}
	/* its room, while there is some: no mail leaves a full disk uncounted */
	if (!c.valid && email__counter_write(&s->day, &c, false, NULL) == EMAIL_E_MEMORY) {
		leave_day(s, false);
		return email__spool_memory(e);
	}
	/* nothing is lost with a copy that counts nothing */
	if (c.value[DAY_DAY] == 0 && c.value[DAY_COUNT] == 0 && c.value[DAY_RUNNING] == 0)
		s->day_generation = c.generation;
	s->mono = now->mono;
	s->running = (int64_t)c.value[DAY_RUNNING];
	if (same_boot(s, &c) && s->boot[0] && now->mono > (int64_t)c.value[DAY_MONO])
		s->running += now->mono - (int64_t)c.value[DAY_MONO];
	s->kept = s->running;
	leave_day(s, false);
	return EMAIL_OK;
}

email_code
email__spool_open(const email__spool_options *options, const email__now *now, email__spool **spool,
                  email_error *e)
{
	email__spool *s = email__new(email__spool);
	email_code rc;

	*spool = NULL;
	if (!s)
		return email__spool_memory(e);
	s->options = *options;
	if (options->boot)
		memcpy(s->boot, options->boot, strnlen(options->boot, EMAIL__COUNTER_BOOT));
	else
		email__boot(s->boot);
	s->store = options->folder ? email__store_folder(options->folder, e) : email__store_memory(e);
	if (!s->store || !email__mutex_init(&s->gate))
		goto failed;
	if (!email__mutex_init(&s->mutex)) {
		email__mutex_dispose(&s->gate);
		goto failed;
	}
	s->ops = s->store->ops;
	defaults(&s->options);
	/* memory is of this process alone, whatever the kernel says of its start */
	if (!options->folder && !s->boot[0])
		memcpy(s->boot, "memory", sizeof "memory");
	rc = learn_time(s, now, e);
	if (rc) {
		email__spool_close(s);
		return rc;
	}
	*spool = s;
	return EMAIL_OK;
failed:
	rc = e && e->code ? e->code : email__spool_memory(e);
	if (s->store)
		s->store->ops->free(s->store);
	email__free(s);
	return rc;
}

void
email__spool_limit(email__spool *s, size_t max_count, uint64_t max_size, bool drop_oldest)
{
	email__mutex_lock(&s->gate);
	s->options.max_count = max_count;
	s->options.max_size = max_size;
	s->options.drop_oldest = drop_oldest;
	defaults(&s->options);
	email__mutex_unlock(&s->gate);
}

void
email__spool_close(email__spool *s)
{
	if (!s)
		return;
	if (s->working)
		s->ops->close(&s->lock);
	if (s->sequence_open)
		s->ops->close(&s->sequence);
	if (s->day_open)
		s->ops->close(&s->day);
	email__spool_index_clear(s);
	email__free(s->told);
	s->ops->free(s->store);
	email__mutex_dispose(&s->gate);
	email__mutex_dispose(&s->mutex);
	email__free(s);
}

void
email__spool_hold(email__spool *s)
{
	email__mutex_lock(&s->mutex);
}

void
email__spool_release(email__spool *s)
{
	email__mutex_unlock(&s->mutex);
}
