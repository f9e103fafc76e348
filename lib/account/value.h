/* SPDX-License-Identifier: MIT */
/*
 * One value of the property table: read from text, written as text, compared, copied, freed. `values` is
 * the struct that the row's offset points into.
 */
#ifndef EMAIL__ACCOUNT_VALUE_H
#define EMAIL__ACCOUNT_VALUE_H

#include "account/properties.h"

/* Errors: EMAIL_E_VALUE (the sentence says what was expected, and never quotes a secret), EMAIL_E_MEMORY;
 * the value is then as it was. */
email_code email__value_parse(const email__property *row, void *values, const char *text, email_error *e);
/* As in a sheet, appended; a secret as it was given ("env:NAME", "file:PATH", "value:TEXT",
 * "sealed:BASE64"), so the
 * caller's buffer must be a secret one. Errors: EMAIL_E_LIMIT, EMAIL_E_MEMORY. */
email_code email__value_print(const email__property *row, const void *values, email__buf *out);
/* A number that is computed rather than stored. */
email_code email__value_print_number(const email__property *row, int64_t value, email__buf *out);
bool email__value_equal(const email__property *row, const void *a, const void *b);
email_code email__value_reset(const email__property *row, void *values);
email__secret *email__value_secret(const email__property *row, void *values);
/* The row of the secret that stands at this place of `values`; NULL where none does. */
const email__property *email__value_secret_row(const email__table *table, const void *values,
                                               const email__secret *secret);

/* Every row of a table. `values` is zeroed memory for _init and the target of _copy (`source` before: a
 * plain copy of all of it). After an error nothing is left to free. */
email_code email__values_init(const email__table *table, void *values);
email_code email__values_copy(const email__table *table, void *target, const void *source, size_t size);
void email__values_free(const email__table *table, void *values);

#endif
