/* SPDX-License-Identifier: MIT */
/*
 * A hostile server against the SMTP engine: byte 0 is the configuration, byte 1 how much it says at a
 * time (0: line by line), the rest its words. Whatever they are, every mail ends with an outcome, no
 * more than one record waits in `out`, and no password shows before the connection may carry it.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "proto/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static email_code
read_body(void *context, unsigned char *buffer, size_t size, size_t *got)
{
	size_t *left = context;

	*got = *left < size ? *left : size;
	memset(buffer, *left % 3 ? '.' : '\n', *got);
	*left -= *got;
	return EMAIL_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const email__credentials who = {.user = "user", .password = "secret"};
	uint8_t flags = size > 2 ? data[0] : 0;
	bool plain_ok = flags & 8, tls = flags & 2;
	email__smtp_config config = {"station.example", flags & 1, tls,
	                             plain_ok,          NULL,      flags & 4 ? &who : NULL};
	email__smtp_recipient to[4] = {
		{.address = "a@x"}, {.address = "b@x"}, {.address = "c@x"}, {.address = "d@x"}};
	size_t left[2] = {flags & 16 ? 40000 : 40, 7}, at = 2, i, handed = 0;
	email__smtp_mail mail[2] = {
		{.from = "p@x", .recipients = to, .count = 2, .source = {read_body, NULL, &left[0]}},
		{.from = "",
	         .recipients = to + 2,
	         .count = 2,
	         .source = {read_body, NULL, &left[1]},
	         .last = true}};
	email_error end = {.code = EMAIL_E_CLOSED};
	email__smtp *s = size > 2 ? email__smtp_new(&config) : NULL;
	email__link *l = s ? email__smtp_link(s) : NULL;

	if (!s)
		return 0;
	for (l->step(l); l->want && !(l->want & EMAIL__WANT_CLOSE) && at <= size; l->step(l)) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		size_t n = data[1] ? data[1] : lf ? (size_t)(lf + 1 - data) - at : size - at;

		while (email__buf_len(&l->out)) {
			if (email__buf_len(&l->out) > EMAIL__LINK_OUT_MAX ||
			    (!tls && !plain_ok &&
			     memmem(email__buf_head(&l->out), email__buf_len(&l->out), "c2VjcmV0", 8)) ||
			    (!tls && !plain_ok &&
			     memmem(email__buf_head(&l->out), email__buf_len(&l->out), "AHVzZXIAc2VjcmV0",
			            16)))
				abort();
			email__buf_consume(&l->out, email__buf_len(&l->out));
			l->step(l);
		}
		if (l->want & EMAIL__WANT_TLS) {
			tls = true;
			l->tls_started(l);
			continue;
		}
		while (handed < 2 && email__smtp_ready(s) && email__smtp_send(s, &mail[handed]) == EMAIL_OK)
			handed++;
		l->step(l);
		if (handed == 2 && (flags & 32))
			email__smtp_quit(s);
		if (at == size)
			break;
		n = n < size - at ? n : size - at;
		n = n < email__buf_left(&l->in) ? n : email__buf_left(&l->in);
		if (email__buf_add(&l->in, data + at, n))
			abort();
		at += n;
	}
	if (flags & 64)
		l->eof(l);
	email__smtp_broken(s, &end);
	for (i = 0; i < handed; i++)
		if (!mail[i].done || mail[i].code != mail[i].error.code)
			abort();
	email__smtp_free(s);
	return 0;
}
