/* SPDX-License-Identifier: MIT */
/* The library's own memory. Only alloc.c names malloc. */
#ifndef EMAIL__BASE_ALLOC_H
#define EMAIL__BASE_ALLOC_H

#include <stddef.h>

#define email__new(type) ((type *)email__calloc(1, sizeof(type)))

void *email__alloc(size_t n);
/* Zeroed; NULL also where count * size overflows. */
void *email__calloc(size_t count, size_t size);
void *email__realloc(void *p, size_t n);
void email__free(void *p);
char *email__strdup(const char *s);
char *email__strndup(const char *s, size_t n);

#endif
