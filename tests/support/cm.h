/* SPDX-License-Identifier: MIT */
/* cmocka, with the headers that it wants in front. */
#ifndef EMAIL_TEST_CM_H
#define EMAIL_TEST_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#endif
