/* SPDX-License-Identifier: MIT */
/* ASCII, without the locale: what servers and sheets send is judged by these. */
#ifndef EMAIL__BASE_STR_H
#define EMAIL__BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline char
email__lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
email__is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
email__is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Two lower case digits for each byte; no NUL. Behind the last. */
char *email__hex_write(char *out, const unsigned char *bytes, size_t n);
/* What a hexadecimal digit stands for; -1 where it is none. */
static inline int
email__hex_value(char c)
{
	if (email__is_digit(c))
		return c - '0';
	c = email__lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Equal without regard to ASCII case. */
bool email__str_equal(const char *a, const char *b);
bool email__str_equal_n(const char *a, const char *b, size_t n);
/* A word somewhere in n bytes, without regard to ASCII case. */
bool email__str_contains(const char *text, size_t n, const char *word);
/* True where n bytes hold a CR, LF or NUL: what no command, header or name may hold. */
bool email__str_breaks_line(const char *s, size_t n);
/* A whole decimal number; false for anything else, or where it is not within [least, most]. */
bool email__str_number(const char *s, int64_t least, int64_t most, int64_t *value);
/* How unlike two words are (edits), for "did you mean"; at most `limit` + 1. */
unsigned email__str_distance(const char *a, const char *b, unsigned limit);
/* FNV-1a: for tables and for telling things apart, not against somebody who looks for equal ones. */
uint64_t email__hash(const void *bytes, size_t n);

#endif
