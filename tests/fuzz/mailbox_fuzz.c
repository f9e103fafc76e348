/* SPDX-License-Identifier: MIT */
/*
 * Lists of mailboxes and of identifiers: valid UTF-8 without control characters, and an address has its one "@"
 * outside of quotes, so that whoever splits it at either end finds the same domain.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "mime/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text)
{
	size_t n = strlen(text), at, step;

	for (at = 0; at < n; at += step) {
		unsigned long c;

		step = email__utf8_decode((const unsigned char *)text + at, n - at, &c);
		if (step == 0 || (c < ' ' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x2028 ||
		    c == 0x2029)
			abort();
	}
}

static void
check_address(const char *s)
{
	check(s);
	if (*s == '"') {
		for (s++; *s != '"'; s++)
			if (*s == '\0' || (*s == '\\' && *++s != '"' && *s != '\\'))
				abort();
		if (*++s != '@')
			abort();
	} else {
		size_t n = strcspn(s, "@()<>,;:\"[]\\\t");

		if (s[n] != '@' && s[n])
			abort();
		s += n;
	}
	if (*s == '@' && (!s[1] || strpbrk(s + 1, "@()<>,;\"\\\t") || strchr(s + 2, '[')))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email__mailboxes list = {0};
	email__ids ids = {0};
	uint64_t defects = 0;
	email__arena a;
	size_t i;

	if (size > EMAIL__FIELD_READ_MAX)
		size = EMAIL__FIELD_READ_MAX;
	email__arena_init(&a, 4096, 64 << 20);
	if (email__mailboxes_read(&list, &a, (const char *)data, size, &defects) ||
	    email__ids_read(&ids, &a, (const char *)data, size, &defects))
		abort();
	if (list.count > EMAIL__RECIPIENTS_MAX || ids.count > EMAIL__IDS_MAX)
		abort();
	for (i = 0; i < list.count; i++) {
		check(list.item[i].name);
		check(list.item[i].group);
		check_address(list.item[i].address);
		if (!*list.item[i].name && !*list.item[i].address && !*list.item[i].group)
			abort();
	}
	for (i = 0; i < ids.count; i++) {
		size_t n = strlen(ids.item[i]);

		check(ids.item[i]);
		if (n < 3 || ids.item[i][0] != '<' || strcspn(ids.item[i] + 1, "<> \t") != n - 2 ||
		    ids.item[i][n - 1] != '>')
			abort();
	}
	email__arena_dispose(&a);
	return 0;
}
