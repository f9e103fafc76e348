/* SPDX-License-Identifier: MIT */
/*
 * A header field as text, as parameters and as a file's name: whatever comes in, what comes out is valid UTF-8
 * without control characters but tab, no longer than charsets can make it, and a name that a folder can hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mime/filename.h"
#include "mime/parameter.h"
#include "mime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that become one character of iconv's give six at most; U+FFFD is three. */
#define GROWS 8

static const char *
check(const char *text, size_t size)
{
	size_t n = strlen(text), at, step;

	if (n > size * GROWS + 16)
		abort();
	for (at = 0; at < n; at += step) {
		unsigned long c;

		step = email__utf8_decode((const unsigned char *)text + at, n - at, &c);
		if (step == 0 || (c < ' ' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0x2028 ||
		    c == 0x2029)
			abort();
	}
	return text;
}

static void
check_name(email__arena *a, const char *name)
{
	static const char *const devices[] = {"con", "prn", "aux", "nul", "com1", "lpt9", "conin$", "clock$"};
	bool changed, again;
	const char *safe = email__filename_safe(a, name, &changed), *second;
	size_t n, i;

	if (!safe || !(second = email__filename_safe(a, safe, &again)))
		abort();
	n = strlen(safe);
	check(safe, n);
	if (again || strcmp(safe, second) != 0 || changed != (strcmp(name, safe) != 0) ||
	    n > EMAIL__FILE_NAME_MAX)
		abort();
	if (strpbrk(safe, "/\\:*?\"<>|\t") || strchr(".- ", n ? safe[0] : 'x') ||
	    strchr(". ", n ? safe[n - 1] : 'x'))
		abort();
	for (i = 0; i < sizeof devices / sizeof *devices; i++)
		if (strcspn(safe, ".") == strlen(devices[i]) &&
		    email__str_equal_n(safe, devices[i], strlen(devices[i])))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *field = (const char *)data, *text;
	uint64_t defects = 0;
	email__arena a;
	bool memory;
	size_t mark;

	/* bounds nothing here, but those that the caller has */
	if (size > EMAIL__FIELD_READ_MAX)
		size = EMAIL__FIELD_READ_MAX;
	email__arena_init(&a, 4096, 64 << 20);
	if (!(text = email__text_read(&a, field, size, &defects)))
		abort();
	check(text, size);
	check_name(&a, text);
	if (!(text = email__text_read_phrase(&a, field, size, &defects)))
		abort();
	check(text, size);
	if (!(text = email__parameter_value(&a, field, size)))
		abort();
	check(text, size);
	text = email__parameter_read(&a, field, size, "name", &defects, &memory);
	if (memory)
		abort();
	if (text)
		check_name(&a, check(text, size));
	/* the first line as a charset's name, the rest in it */
	for (mark = 0; mark < size && data[mark] != '\n'; mark++)
		;
	text = email__text_from_charset(&a, field, mark, field + mark, size - mark, &defects);
	if (!text)
		abort();
	check(text, size);
	email__arena_dispose(&a);
	return 0;
}
