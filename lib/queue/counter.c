/* SPDX-License-Identifier: MIT */
#include "queue/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "queue/crc.h"
#include "queue/fixed.h"

/* "GENERATION BOOT VALUE... SUM\n" */
#define WIDTH 19
#define BODY (WIDTH + 1 + EMAIL__COUNTER_BOOT + 1 + (WIDTH + 1) * EMAIL__COUNTER_VALUES)
#define COPY (BODY + 16 + 1)

email_code
email__counter_open(email__store *s, const char *name, email__stored *f, email_error *e)
{
	email_error first = {0};
	email_code rc = s->ops->open(s, EMAIL__AREA_ROOT, name, true, f, &first);

	if (rc == EMAIL_OK)
		return rc;
	if (first.os == ENOENT) {
		memset(&first, 0, sizeof first);
		rc = s->ops->create(s, EMAIL__AREA_ROOT, name, f, &first);
		/* somebody else was faster */
		if (rc && first.os == EEXIST)
			return s->ops->open(s, EMAIL__AREA_ROOT, name, true, f, e);
	}
	if (rc && e && e->code == EMAIL_OK)
		*e = first;
	return rc;
}

static bool
parse(const char *bytes, email__counter *c)
{
	email__fixed f = {bytes, bytes + COPY, false};
	size_t i;

	c->generation = email__fixed_number(&f, WIDTH);
	email__fixed_word(&f, " ");
	email__fixed_text(&f, EMAIL__COUNTER_BOOT, c->boot);
	email__fixed_word(&f, " ");
	for (i = 0; i < EMAIL__COUNTER_VALUES; i++) {
		c->value[i] = email__fixed_number(&f, WIDTH);
		email__fixed_word(&f, " ");
	}
	c->valid = email__fixed_sum(&f) == email__crc64(0, bytes, BODY);
	email__fixed_word(&f, "\n");
	return c->valid && !f.bad;
}

email_code
email__counter_read(email__stored *f, email__counter *c, email_error *e)
{
	char bytes[2 * COPY];
	email__counter copy[2];
	size_t got;
	bool a, b;
	email_code rc = f->store->ops->read(f, 0, bytes, sizeof bytes, &got, e);

	memset(c, 0, sizeof *c);
	if (rc)
		return rc;
	memset(bytes + got, 0, sizeof bytes - got);
	memset(copy, 0, sizeof copy);
	a = parse(bytes, &copy[0]);
	b = parse(bytes + COPY, &copy[1]);
	if (a || b)
		*c = copy[b && (!a || copy[1].generation > copy[0].generation)];
	return EMAIL_OK;
}

email_code
email__counter_write(email__stored *f, email__counter *c, bool durable, email_error *e)
{
	email__buf out;
	email_code rc;
	size_t i;
	uint64_t at = ((c->generation + 1) & 1) * COPY;
	bool both;
	uint64_t size;

	if ((rc = f->store->ops->size(f, &size, e)))
		return rc;
	/* of a new file, the first copy too, so that there is no hole */
	both = size < COPY;
	email__buf_init(&out, 3 * COPY);
	rc = email__buf_addf(&out, "%0*" PRIu64 " ", WIDTH, c->generation + 1);
	if (rc == EMAIL_OK)
		rc = email__fixed_add_text(&out, c->boot, EMAIL__COUNTER_BOOT);
	if (rc == EMAIL_OK)
		rc = email__buf_adds(&out, " ");
	for (i = 0; i < EMAIL__COUNTER_VALUES && rc == EMAIL_OK; i++)
		rc = email__buf_addf(&out, "%0*" PRIu64 " ", WIDTH, c->value[i]);
	if (rc == EMAIL_OK)
		rc = email__buf_addf(&out, "%016" PRIx64 "\n", email__crc64(0, email__buf_head(&out), BODY));
	if (rc == EMAIL_OK && both)
		rc = f->store->ops->write(f, 0, email__buf_head(&out), COPY, e);
	if (rc == EMAIL_OK)
		rc = f->store->ops->write(f, at, email__buf_head(&out), COPY, e);
	if (rc == EMAIL_OK && durable && (rc = f->store->ops->sync(f, !both, e)))
		/* the copy that is durable is not to be written over next time, as this one may not be (readmail.c) */
		f->store->ops->write(f, at, "-", 1, NULL);
	email__buf_dispose(&out);
	if (rc == EMAIL_OK)
		c->generation++;
	/* a file that failed has said so */
	return rc == EMAIL_E_MEMORY ? email__error_memory(e, EMAIL_STAGE_QUEUE) : rc;
}
