/* SPDX-License-Identifier: MIT */
/*
 * The event parser: what it says of a message is the same however the message is cut into pieces, and every
 * promise that tests/support/events.h lists is kept. Byte 0 sets the size of the pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	email_test_events whole, pieces;
	size_t chunk = size ? data[0] : 0, i;

	email_test_events_init(&whole);
	email_test_events_init(&pieces);
	size -= size > 0;
	email_test_events_run(&whole, data + 1, size, 0, 0, false);
	for (i = 0; i < 3; i++) {
		email_test_events_run(&pieces, data + 1, size, i ? chunk + 1 : 1, i == 2, i > 0);
		if (whole.rc || pieces.rc || whole.broken || pieces.broken || whole.text_n != pieces.text_n ||
		    memcmp(whole.text, pieces.text, whole.text_n) != 0)
			abort();
	}
	email_test_events_dispose(&pieces);
	email_test_events_dispose(&whole);
	return 0;
}
