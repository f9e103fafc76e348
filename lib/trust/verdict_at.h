/* SPDX-License-Identifier: MIT */
/* The verdict at a time that is told: what tests ask. */
#ifndef EMAIL__TRUST_VERDICT_AT_H
#define EMAIL__TRUST_VERDICT_AT_H

#include "trust/verdict.h"

email_code email__trust_judge_at(email_trust *trust, const char *host, int port, const email__chain *chain,
                                 int64_t now, email__verdict *verdict, email_error *error);

#endif
