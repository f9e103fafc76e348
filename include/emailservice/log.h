/* SPDX-License-Identifier: MIT */
/*
 * The allocator, and the protocol transcript.
 */
#ifndef EMAILSERVICE_LOG_H
#define EMAILSERVICE_LOG_H

#include <stddef.h>

#include <emailservice/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Gives the library another allocator for its own memory: p NULL allocates, want 0 frees, anything
 * else resizes; NULL means no memory, and the old block stays. Call it once, before any other
 * function; it must be thread-safe. The TLS and XML libraries keep their own allocators: theirs are
 * process-wide and belong to the application.
 */
typedef void *(*email_realloc_fn)(void *context, void *p, size_t want);
EMAIL_API void email_set_allocator(email_realloc_fn realloc_fn, void *context);

/* The library's version, "MAJOR.MINOR.PATCH". */
EMAIL_API const char *email_version(void);

/*
 * One line of a protocol transcript, without its end of line: what the station sent ('C'), what the
 * server sent ('S'), what the library did ('*'). Secrets and message bodies are masked before they
 * get here. `line` is valid during the call only.
 */
typedef void (*email_log_fn)(void *context, const char *account, char who, const char *line);

#ifdef __cplusplus
}
#endif
#endif
