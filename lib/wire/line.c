/* SPDX-License-Identifier: MIT */
#include "wire/line.h"

#include <string.h>

email_code
email__line_next(email__buf *in, size_t max, const char **line, size_t *n)
{
	size_t held = email__buf_len(in), len;
	const char *p, *lf;

	*line = NULL;
	*n = 0;
	if (held == 0)
		return EMAIL_OK;
	p = (const char *)email__buf_head(in);
	lf = memchr(p, '\n', held < max ? held : max);
	if (!lf)
		return held >= max ? EMAIL_E_LIMIT : EMAIL_OK;
	len = (size_t)(lf - p);
	email__buf_consume(in, len + 1);
	if (len && p[len - 1] == '\r')
		len--;
	if (len && memchr(p, '\r', len))
		return EMAIL_E_PROTOCOL;
	*line = p;
	*n = len;
	return EMAIL_OK;
}
