/* SPDX-License-Identifier: MIT */
/* A date that can be read is one that can be written, and then reads the same; so does any that is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
round_trip(int64_t seconds, int offset)
{
	char text[EMAIL__DATE_SIZE];
	int64_t back;
	int offset_back;

	if (!email__date_write(text, seconds, offset))
		return;
	if (!email__date_read(text, strlen(text), &back, &offset_back) || back != seconds ||
	    offset_back != offset)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t seconds;
	int offset;

	if (email__date_read((const char *)data, size, &seconds, &offset)) {
		/* the first and last hours of what can be written are another year in UTC */
		if (seconds < -2208988800 - 86400 || seconds > 253402300800 + 86400 || offset <= -1440 ||
		    offset >= 1440)
			abort();
		round_trip(seconds, offset);
	}
	if (size >= sizeof seconds) {
		memcpy(&seconds, data, sizeof seconds);
		round_trip(seconds % 253402300800, size > 8 ? data[8] * 12 - 1440 : 0);
	}
	return 0;
}
