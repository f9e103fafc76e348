/* SPDX-License-Identifier: MIT */
/*
 * Bodies, in all encodings and charsets: byte 0 is the encoding, byte 1 the charset (of a list, none, or one named
 * by the input itself up to a line end), byte 2 the size of the pieces. Pieces change neither output nor defects,
 * text is valid UTF-8, and there is never more of it than a fixed multiple.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What one byte of a charset may become: four characters of three bytes (TSCII). */
enum { FACTOR = 12, MORE = 64 };

static const char *const encodings[] = {"", "base64", "quoted-printable", "x-odd"};
static const char *const charsets[] = {
	"",           "us-ascii",     "utf-8",       "iso-8859-1",   "windows-1252",
	"klingon",    "iso-2022-jp",  "iso-2022-kr", "iso-2022-cn",  "shift_jis",
	"euc-jp",     "euc-kr",       "gb2312",      "gb18030",      "big5",
	"big5-hkscs", "utf-7",        "utf-16",      "utf-16be",     "utf-16le",
	"utf-32",     "koi8-r",       "tscii",       "tcvn",         "iso-2022-jp-2",
	"euc-tw",     "windows-1258", "windows-874", "iso-8859-8-i", "ks_c_5601-1987"};

typedef struct output {
	unsigned char *bytes;
	size_t n, room;
} output;

static email_code
collect(void *context, const void *bytes, size_t n)
{
	output *o = context;

	if (n == 0 || n > o->room - o->n)
		abort();
	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return EMAIL_OK;
}

static uint64_t
decode(const char *encoding, const char *charset, const uint8_t *data, size_t size, size_t piece, output *o)
{
	email__decode d;
	size_t at;

	o->n = 0;
	o->room = size * FACTOR + MORE;
	if (!(o->bytes = malloc(o->room)))
		abort();
	email__decode_begin(&d, encoding, charset, collect, o);
	for (at = 0; at < size; at += piece)
		if (email__decode_push(&d, data + at, size - at < piece ? size - at : piece) != EMAIL_OK)
			abort();
	if (email__decode_end(&d) != EMAIL_OK || d.size != o->n)
		abort();
	if (charset && !email__utf8_valid((char *)o->bytes, o->n))
		abort();
	return d.defects;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t known = sizeof charsets / sizeof *charsets;
	char name[64] = "";
	const char *encoding, *charset;
	output whole, pieces;
	size_t i, piece;

	if (size < 3)
		return 0;
	encoding = encodings[data[0] % 4];
	charset = data[1] < known ? charsets[data[1]] : data[1] == 255 ? NULL : name;
	piece = (size_t)data[2] + 1;
	data += 3;
	size -= 3;
	if (charset == name) {
		for (i = 0; i < size && i + 1 < sizeof name && data[i] != '\n'; i++)
			name[i] = (char)data[i];
		data += i;
		size -= i;
	}
	if (decode(encoding, charset, data, size, size + 1, &whole) !=
	            decode(encoding, charset, data, size, piece, &pieces) ||
	    whole.n != pieces.n || memcmp(whole.bytes, pieces.bytes, whole.n) != 0)
		abort();
	free(whole.bytes);
	free(pieces.bytes);
	return 0;
}
