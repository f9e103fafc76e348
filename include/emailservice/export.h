/* SPDX-License-Identifier: MIT */
#ifndef EMAILSERVICE_EXPORT_H
#define EMAILSERVICE_EXPORT_H

/* What is marked so is all that the shared library exports. */
#if defined __GNUC__
#define EMAIL_API __attribute__((visibility("default")))
#else
#define EMAIL_API
#endif

#endif
