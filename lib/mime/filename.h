/* SPDX-License-Identifier: MIT */
/*
 * A file name that a message gave, made safe to create in a folder on any system: no path (of either slash), no
 * control or bidirectional character, no leading dot or "-", no trailing dot or space, no device name ("CON",
 * "nul.txt"), none of <>:"|?*, at most 255 bytes with the extension kept. "" where nothing is left.
 */
#ifndef EMAIL__MIME_FILENAME_H
#define EMAIL__MIME_FILENAME_H

#include <stdbool.h>

#include "base/arena.h"

/* `name` is valid UTF-8. *changed: it was not safe as it was. NULL: no memory. */
const char *email__filename_safe(email__arena *a, const char *name, bool *changed);

#endif
