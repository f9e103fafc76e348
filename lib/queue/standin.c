/* SPDX-License-Identifier: MIT */
#include "queue/standin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "queue/crc.h"
#include "queue/spool_state.h"

static email_code
add_row(email__buf *out, const char *id, const email__mailfile *mail)
{
	char when[EMAIL__TIME_TEXT];

	email__time_write(mail->created, when);
	return email__buf_addf(out, "%s  priority %d  %s\n    %s\n", when, mail->priority, mail->subject, id);
}

/* One of those that are stood for; *named where it is still there. */
static email_code
add_one(email__spool *s, const email__waiting *w, email__buf *out, bool *named, email__mailfile *first,
        email_error *e)
{
	email__stored f;
	email__mailfile mail;
	email_error why = {0};
	email_code rc = email__spool_open_mail(s, EMAIL__AREA_QUEUE, w->id, false, &f, &mail, &why);

	*named = false;
	if (rc == EMAIL_E_MESSAGE || why.os == ENOENT)
		return EMAIL_OK;
	if (rc) {
		if (e && e->code == EMAIL_OK)
			*e = why;
		return rc;
	}
	s->ops->close(&f);
	if (email__mailfile_count(&mail, EMAIL__RCPT_PENDING) > 0) {
		rc = add_row(out, w->id, &mail);
		*named = rc == EMAIL_OK;
	}
	if (*named && !first->memory)
		*first = mail; /* taken */
	else
		email__mailfile_dispose(&mail);
	return rc ? email__error_set(e, rc, EMAIL_STAGE_QUEUE, "the digest cannot be written") : EMAIL_OK;
}

email_code
email__standin_text(email__spool *s, email__waiting *const *chosen, size_t count, email__buf *out,
                    char key[EMAIL__STANDIN_KEY], size_t *n, email__mailfile *mail, email_error *e)
{
	uint64_t sum = 0;
	size_t i;
	email_code rc = EMAIL_OK;

	*n = 0;
	memset(mail, 0, sizeof *mail);
	email__buf_clear(out);
	for (i = 0; i < count && rc == EMAIL_OK; i++) {
		bool named;

		rc = add_one(s, chosen[i], out, &named, mail, e);
		if (rc == EMAIL_OK && named) {
			sum = email__crc64(sum, chosen[i]->id, EMAIL_ID_SIZE);
			++*n;
		}
	}
	if (rc == EMAIL_OK && *n == 0)
		rc = email__error_set(e, EMAIL_E_UNKNOWN, EMAIL_STAGE_QUEUE,
		                      "none of the mails waits any more");
	if (rc == EMAIL_OK &&
	    email__buf_addf(out,
	                    "\nThese %zu mails came faster than this account may send, and were not sent "
	                    "one by one. They are\namong its dead letters (of which the last %zu are kept), "
	                    "from where each can be queued again by its id.\n",
	                    *n, s->options.dead_max))
		rc = email__error_set(e, EMAIL_E_LIMIT, EMAIL_STAGE_QUEUE, "the digest is too long");
	if (rc) {
		email__mailfile_dispose(mail);
		return rc;
	}
	snprintf(key, EMAIL__STANDIN_KEY, "digest %016" PRIx64 " %zu", sum, *n);
	return EMAIL_OK;
}

static email_code
end_one(email__spool *s, email__waiting *w, const char *cause, const email__now *now, email_error *e)
{
	email_code rc = email__spool_cancel(s, w->id, cause, now, e);

	if (rc != EMAIL_OK && rc != EMAIL_E_UNKNOWN)
		return rc;
	email__mutex_lock(&s->mutex);
	email__spool_index_drop(s, w);
	email__mutex_unlock(&s->mutex);
	return rc;
}

email_code
email__standin_takes(email__spool *s, email__waiting *const *chosen, size_t count, const char *id,
                     const email__now *now, size_t *n, email_error *e)
{
	char cause[EMAIL__MAILFILE_TEXT + 1];
	size_t i;

	*n = 0;
	snprintf(cause, sizeof cause, "digest %s stands for it", id);
	for (i = 0; i < count; i++) {
		email_error why = {0};
		email_code rc = end_one(s, chosen[i], cause, now, &why);

		*n += rc == EMAIL_OK;
		if (rc == EMAIL_OK || rc == EMAIL_E_UNKNOWN || rc == EMAIL_E_MESSAGE ||
		    rc == EMAIL_E_TEMPORARY)
			continue;
		if (e && e->code == EMAIL_OK)
			*e = why;
		return rc;
	}
	return EMAIL_OK;
}
