/* SPDX-License-Identifier: MIT */
#include "sasl/prep.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

typedef struct range {
	uint32_t from, to;
} range;

/* RFC 3454 B.1: commonly mapped to nothing. */
static const range nothing[] = {{0xAD, 0xAD},     {0x34F, 0x34F},   {0x1806, 0x1806}, {0x180B, 0x180D},
                                {0x200B, 0x200D}, {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};

/* RFC 3454 C.1.2 (RFC 4013 2.1): other spaces become U+0020. U+200B is in both tables; B.1 goes first. */
static const range spaces[] = {{0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                               {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

/*
 * What NFKC leaves alone, prohibited by none of RFC 4013 2.3, neither of right-to-left scripts (RFC 3454 6) nor combining:
 * Latin-1 and Latin Extended-A without their compatibility characters, Greek and Cyrillic letters, kana, CJK, the
 * signs of currency and the dashes and quotes that keyboards have.
 */
static const range stable[] = {
	{0x20, 0x7E},     {0xA1, 0xA7},     {0xA9, 0xA9},     {0xAB, 0xAC},     {0xAE, 0xAE},
	{0xB0, 0xB1},     {0xB6, 0xB7},     {0xBB, 0xBB},     {0xBF, 0x131},    {0x134, 0x13E},
	{0x141, 0x148},   {0x14A, 0x17E},   {0x386, 0x386},   {0x388, 0x38A},   {0x38C, 0x38C},
	{0x38E, 0x3A1},   {0x3A3, 0x3CE},   {0x400, 0x482},   {0x48A, 0x4CE},   {0x2010, 0x2010},
	{0x2012, 0x2016}, {0x2018, 0x2022}, {0x2030, 0x2032}, {0x2039, 0x203A}, {0x20A0, 0x20A7},
	{0x20A9, 0x20AF}, {0x3041, 0x3094}, {0x30A1, 0x30FA}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool
within(const range *list, size_t count, unsigned long c)
{
	size_t i;

	for (i = 0; i < count && list[i].from <= c; i++)
		if (c <= list[i].to)
			return true;
	return false;
}

email_code
email__sasl_prep(email__buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text), before = email__buf_len(out), n;
	email_code rc = EMAIL_OK;
	unsigned long c;

	for (; left && rc == EMAIL_OK; p += n, left -= n) {
		if ((n = email__utf8_decode(p, left, &c)) == 0)
			return EMAIL_E_VALUE;
		if (within(nothing, COUNT(nothing), c))
			continue;
		if (within(spaces, COUNT(spaces), c))
			rc = email__buf_add(out, " ", 1);
		else if (within(stable, COUNT(stable), c))
			rc = email__buf_add(out, p, n);
		else
			return EMAIL_E_VALUE;
	}
	return rc ? rc : email__buf_len(out) > before ? EMAIL_OK : EMAIL_E_VALUE;
}
