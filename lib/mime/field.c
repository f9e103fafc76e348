/* SPDX-License-Identifier: MIT */
#include "mime/field.h"

#include <stdbool.h>
#include <string.h>

#include <emailservice/parse.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/utf8.h"

#define BIT(defect) (UINT64_C(1) << EMAIL_DEFECT_##defect)

size_t
email__field_name(const char *line, size_t n, size_t *value_at)
{
	size_t i = 0, name;

	/* a name is no longer than a line */
	if (n > EMAIL__LINE_MAX)
		n = EMAIL__LINE_MAX;
	while (i < n && line[i] > ' ' && line[i] < 0x7f && line[i] != ':')
		i++;
	for (name = i; i < n && (line[i] == ' ' || line[i] == '\t'); i++)
		;
	*value_at = i + 1;
	return i < n && line[i] == ':' ? name : 0;
}

email__field_kind
email__field_kind_of(const char *name, size_t n)
{
	static const struct {
		unsigned char n;
		char name[27];
	} fields[] = {
#define X(kind, text) {sizeof(text) - 1, text},
		EMAIL__FIELDS(X)
#undef X
	};
#define X(kind, text) | UINT64_C(1) << (sizeof(text) - 1)
	const uint64_t lengths = 0 EMAIL__FIELDS(X);
#undef X
	char first = email__lower(name[0]);
	unsigned i;

	if (n > 63 || !(lengths >> n & 1))
		return EMAIL__FIELD_OTHER;
	for (i = 0; i < EMAIL__FIELD_OTHER; i++)
		if (fields[i].n == n && fields[i].name[0] == first &&
		    email__str_equal_n(fields[i].name, name, n))
			break;
	return (email__field_kind)i;
}

/* Eight bytes of printable ASCII. A borrow or carry starts only in a byte that is none. */
static bool
is_plain(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t w;

	memcpy(&w, s, 8);
	return !((w | (w - ones * 0x20) | (w + ones)) & ones * 0x80);
}

/* Bytes [i, stop) of a value; *eight where one is over 127. */
static uint64_t
look_closely(const char *value, size_t n, size_t i, size_t stop, bool *eight)
{
	uint64_t defects = 0;

	for (; i < stop; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c >= 0x80)
			*eight = true;
		else if (c == '\r')
			defects |= i + 1 < n && value[i + 1] == '\n' ? 0 : BIT(BARE_CR);
		else if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
			defects |= BIT(HEADER_CONTROL) | (c ? 0 : BIT(NUL));
	}
	return defects;
}

uint64_t
email__field_defects(const char *value, size_t n)
{
	uint64_t defects = 0;
	bool eight = false;
	size_t i;

	for (i = 0; i + 8 <= n; i += 8)
		if (!is_plain(value + i))
			defects |= look_closely(value, n, i, i + 8, &eight);
	/* the last word overlaps the one before it */
	if (i < n && (n < 8 || !is_plain(value + n - 8)))
		defects |= look_closely(value, n, i, n, &eight);
	if (eight && !email__utf8_valid(value, n))
		defects |= BIT(HEADER_8BIT);
	return defects;
}
