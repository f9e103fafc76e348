/* SPDX-License-Identifier: MIT */
#include "codec/idna.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "codec/punycode.h"

#define LABEL_MAX 63

/*
 * What a letter is to a label: SAME stays (RFC 5892 PVALID, in NFC); SHIFT is a capital, `by` away from
 * its small letter; EVEN and ODD are alternating ranges, where the capital is the even (odd) one and
 * its small letter comes next. Right-to-left scripts need the Bidi rule (RFC 5893), and what is not
 * here may need more: both are refused.
 */
typedef enum letter_kind { SAME, SHIFT, EVEN, ODD } letter_kind;

static const struct letters {
	unsigned long first, last;
	letter_kind kind;
	unsigned by;
} letters[] = {
	/* Latin */
	{0x00C0, 0x00D6, SHIFT, 32},
	{0x00D8, 0x00DE, SHIFT, 32},
	{0x00DF, 0x00F6, SAME, 0},
	{0x00F8, 0x00FF, SAME, 0},
	{0x0100, 0x012F, EVEN, 0},
	{0x0131, 0x0131, SAME, 0},
	{0x0134, 0x0137, EVEN, 0},
	{0x0138, 0x0138, SAME, 0},
	{0x0139, 0x013E, ODD, 0},
	{0x0141, 0x0148, ODD, 0},
	{0x014A, 0x0177, EVEN, 0},
	{0x0179, 0x017E, ODD, 0},
	{0x0218, 0x021B, EVEN, 0},
	{0x1E00, 0x1E95, EVEN, 0},
	{0x1EA0, 0x1EFF, EVEN, 0},
	/* Greek */
	{0x0391, 0x03A1, SHIFT, 32},
	{0x03A3, 0x03AB, SHIFT, 32},
	{0x03AC, 0x03CE, SAME, 0},
	/* Cyrillic */
	{0x0400, 0x040F, SHIFT, 80},
	{0x0410, 0x042F, SHIFT, 32},
	{0x0430, 0x045F, SAME, 0},
	{0x048A, 0x04BF, EVEN, 0},
	{0x04C1, 0x04CE, ODD, 0},
	{0x04D0, 0x052F, EVEN, 0},
	/* Armenian, Thai, Japanese, Chinese, Korean */
	{0x0561, 0x0586, SAME, 0},
	{0x0E01, 0x0E32, SAME, 0},
	{0x0E34, 0x0E3A, SAME, 0},
	{0x0E40, 0x0E4E, SAME, 0},
	{0x3005, 0x3007, SAME, 0},
	{0x3041, 0x3096, SAME, 0},
	{0x30A1, 0x30FA, SAME, 0},
	{0x30FC, 0x30FE, SAME, 0},
	{0x3400, 0x4DBF, SAME, 0},
	{0x4E00, 0x9FFF, SAME, 0},
	{0xAC00, 0xD7A3, SAME, 0},
};

/* 0: not known. */
static unsigned long
small_letter(unsigned long c)
{
	size_t i;

	for (i = 0; i < sizeof letters / sizeof *letters; i++) {
		const struct letters *l = &letters[i];

		if (c < l->first || c > l->last)
			continue;
		switch (l->kind) {
		case SAME: return c;
		case SHIFT: return c + l->by;
		case EVEN: return c % 2 == 0 ? c + 1 : c;
		case ODD: return c % 2 == 1 ? c + 1 : c;
		}
	}
	return c == 0x0178 ? 0x00FF : 0; /* the one capital whose small letter lies elsewhere */
}

typedef struct label {
	unsigned long points[LABEL_MAX];
	size_t n;
	bool ascii;
} label;

/* Reads up to the dot. */
static const char *
read_label(label *l, const char *name, size_t n, size_t *at)
{
	l->n = 0;
	l->ascii = true;
	while (*at < n && name[*at] != '.') {
		unsigned long c;
		size_t step = email__utf8_decode((const unsigned char *)name + *at, n - *at, &c);

		if (step == 0)
			return "it is not UTF-8";
		if (l->n == LABEL_MAX)
			return "a part of it is longer than 63";
		if (c < 0x80) {
			char small = email__lower((char)c);

			if (!email__is_alpha(small) && !email__is_digit(small) && small != '-')
				return "only letters, digits and hyphens make a domain name";
			c = (unsigned long)small;
		} else {
			l->ascii = false;
			if ((c = small_letter(c)) == 0)
				return "it has a character that this library cannot map: give its \"xn--\" "
				       "form";
		}
		l->points[l->n++] = c;
		*at += step;
	}
	return NULL;
}

static const char *
write_label(const label *l, char *out, size_t size, size_t *written)
{
	size_t i;

	if (l->n == 0)
		return "a part of it is empty";
	if (l->points[0] == '-' || l->points[l->n - 1] == '-')
		return "a part of it begins or ends with a hyphen";
	/* RFC 5891 4.2.3.1 */
	if (!l->ascii && l->n >= 4 && l->points[2] == '-' && l->points[3] == '-')
		return "it has \"--\" where only \"xn--\" may have it";
	if (size > LABEL_MAX)
		size = LABEL_MAX;
	if (l->ascii) {
		if (l->n > size)
			return "it is longer than 255";
		for (i = 0; i < l->n; i++)
			out[i] = (char)l->points[i];
		*written = l->n;
		return NULL;
	}
	if (size < 4)
		return "it is longer than 255";
	memcpy(out, "xn--", 5);
	if (!email__punycode_encode(out + 4, size - 4, written, l->points, l->n))
		return "it is too long: 63 for a part, 255 in all";
	*written += 4;
	return NULL;
}

email_code
email__idna_to_ascii(const char *name, size_t n, char out[EMAIL__DOMAIN_MAX + 1], const char **why)
{
	size_t at = 0, len = 0, written;
	label l;

	for (;;) {
		if ((*why = read_label(&l, name, n, &at)) != NULL ||
		    (*why = write_label(&l, out + len, EMAIL__DOMAIN_MAX - len, &written)) != NULL)
			return EMAIL_E_VALUE;
		len += written;
		if (at == n)
			break;
		if (len >= EMAIL__DOMAIN_MAX) {
			*why = "it is longer than 255";
			return EMAIL_E_VALUE;
		}
		out[len++] = '.';
		at++;
	}
	out[len] = '\0';
	return EMAIL_OK;
}
