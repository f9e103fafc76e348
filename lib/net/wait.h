/* SPDX-License-Identifier: MIT */
/* Waiting for many descriptors at once. */
#ifndef EMAIL__NET_WAIT_H
#define EMAIL__NET_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include <emailservice/service.h>

email_wait email__wait_readable(int fd);
/* Waits until one of them is ready, or so many milliseconds (0: only looks). ready[i]: the i-th is. EMAIL_E_MEMORY: they
 * all count as ready, and nothing was waited for. */
email_code email__wait_for(const email_wait *list, size_t count, long ms, bool *ready);

#endif
