/* SPDX-License-Identifier: MIT */
#include "codec/fold.h"

#include <string.h>

static void
add(email__fold *f, const char *s, size_t n)
{
	if (f->rc)
		return;
	f->rc = email__buf_add(f->out, s, n);
	f->column += n;
	f->named = false;
}

void
email__fold_begin(email__fold *f, email__buf *out, const char *name)
{
	f->out = out;
	f->column = f->tail = 0;
	f->rc = EMAIL_OK;
	add(f, name, strlen(name));
	add(f, ":", 1);
	f->named = true;
}

void
email__fold_piece(email__fold *f, const char *white, size_t white_n, const char *s, size_t n)
{
	size_t len = white_n + n;

	/* A piece too long for any line stays beside the name: some readers lose a value that begins
	 * on the second line. */
	if (f->column + len + f->tail > EMAIL__FOLD_WIDTH && !(f->named && len > EMAIL__FOLD_WIDTH)) {
		add(f, "\r\n", 2);
		f->column = 0;
	}
	add(f, white, white_n);
	add(f, s, n);
}

void
email__fold_word(email__fold *f, const char *s, size_t n)
{
	email__fold_piece(f, " ", 1, s, n);
}

void
email__fold_words(email__fold *f, const char *s)
{
	email__fold_word(f, s, strlen(s));
}

void
email__fold_glue(email__fold *f, const char *s)
{
	add(f, s, strlen(s));
}

email_code
email__fold_end(email__fold *f)
{
	add(f, "\r\n", 2);
	return f->rc;
}
