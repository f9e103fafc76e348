/* SPDX-License-Identifier: MIT */
#include "queue/crc.h"

#define POLYNOMIAL UINT64_C(0xC96C5795D7870F42)

/* Remainders of four bits, each made from that of half of them: a table of 128 bytes, not of 2 kB. */
#define R1 POLYNOMIAL
#define R2 ((R1 >> 1) ^ (R1 & 1 ? POLYNOMIAL : 0))
#define R4 ((R2 >> 1) ^ (R2 & 1 ? POLYNOMIAL : 0))
#define R8 ((R4 >> 1) ^ (R4 & 1 ? POLYNOMIAL : 0))
/* bit 3 of a nibble is the one that is shifted out last, and so has been shifted least */
#define ROW(n) (((n)&8 ? R1 : 0) ^ ((n)&4 ? R2 : 0) ^ ((n)&2 ? R4 : 0) ^ ((n)&1 ? R8 : 0))

static const uint64_t rows[16] = {ROW(0), ROW(1), ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),
                                  ROW(8), ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15)};

uint64_t
email__crc64(uint64_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (crc = ~crc; n > 0; n--) {
		crc ^= *p++;
		crc = (crc >> 4) ^ rows[crc & 15];
		crc = (crc >> 4) ^ rows[crc & 15];
	}
	return ~crc;
}
