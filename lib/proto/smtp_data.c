/* SPDX-License-Identifier: MIT */
#include "proto/smtp_data.h"

#include <string.h>

/* Less room than this is not worth another read. */
#define ROOM_LEAST 16

void
email__smtp_data_start(email__smtp_data *d, bool stuff)
{
	d->stuff = stuff;
	d->line_start = true;
	d->after_cr = false;
	d->ended = false;
	d->ahead = -1;
}

static const unsigned char *
find(const unsigned char *p, const unsigned char *end, int c)
{
	const unsigned char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

static unsigned char *
copy(unsigned char *out, const unsigned char *from, const unsigned char *to)
{
	memmove(out, from, (size_t)(to - from));
	return out + (to - from);
}

/* `run` begins what needs no change and waits to be copied in one go; `cr` and `lf` are the next of each. */
size_t
email__smtp_data_put(email__smtp_data *d, unsigned char *out, const unsigned char *in, size_t n)
{
	const unsigned char *p = in, *end = in + n, *run, *cr, *lf, *stop;
	unsigned char *o = out;
	bool line_start = d->line_start, stuff = d->stuff;

	if (n == 0)
		return 0;
	if (d->after_cr && *p == '\n')
		p++;
	d->after_cr = false;
	run = p;
	cr = find(p, end, '\r');
	lf = find(p, end, '\n');
	while (p < end) {
		if (line_start && stuff && *p == '.') {
			o = copy(o, run, p);
			*o++ = '.';
			run = p;
		}
		if (cr < p)
			cr = find(p, end, '\r');
		if (lf < p)
			lf = find(p, end, '\n');
		stop = cr < lf ? cr : lf;
		line_start = stop < end;
		if (stop == end)
			break;
		p = stop + 1;
		if (stop == cr && p == lf && p < end) {
			p++;
			continue;
		}
		o = copy(o, run, stop);
		*o++ = '\r';
		*o++ = '\n';
		run = p;
		d->after_cr = stop == cr && p == end;
	}
	d->line_start = line_start;
	return (size_t)(copy(o, run, end) - out);
}

size_t
email__smtp_data_end(email__smtp_data *d, unsigned char *out)
{
	size_t n = 0;

	if (!d->line_start) {
		memcpy(out, "\r\n", 2);
		n = 2;
	}
	if (d->stuff) {
		memcpy(out + n, ".\r\n", 3);
		n += 3;
	}
	d->line_start = true;
	d->ended = true;
	return n;
}

static email_code
pull(const email__source *source, unsigned char *p, size_t size, size_t *got)
{
	email_code rc;

	*got = 0;
	if ((rc = source->read(source->context, p, size, got)))
		return rc;
	return *got > size ? EMAIL_E_USAGE : EMAIL_OK;
}

/*
 * What is read goes to the far half of the room that is left, and from there, at most doubled, to the
 * front of it: no second buffer, and no byte is overwritten before it was looked at.
 */
email_code
email__smtp_data_fill(email__smtp_data *d, const email__source *source, unsigned char *room, size_t size,
                      size_t *used)
{
	size_t limit = size - EMAIL__SMTP_DATA_TAIL, at = 0, half, got;
	unsigned char byte;
	email_code rc;

	*used = 0;
	if (d->ahead >= 0) {
		byte = (unsigned char)d->ahead;
		d->ahead = -1;
		at = email__smtp_data_put(d, room, &byte, 1);
	}
	while ((half = (limit - at) / 2) >= ROOM_LEAST) {
		unsigned char *far = room + limit - half;

		if ((rc = pull(source, far, half, &got)))
			return rc;
		if (got == 0) {
			*used = at + email__smtp_data_end(d, room + at);
			return EMAIL_OK;
		}
		at += email__smtp_data_put(d, room + at, far, got);
	}
	if ((rc = pull(source, &byte, 1, &got)))
		return rc;
	if (got == 0)
		at += email__smtp_data_end(d, room + at);
	else
		d->ahead = byte;
	*used = at;
	return EMAIL_OK;
}
