/* SPDX-License-Identifier: MIT */
/*
 * The pollable face: the same sending, for a program with its own event loop.
 *
 *     email_operation *op = email_account_start_send(account, message);
 *     while (email_operation_step(op) == EMAIL_PENDING) {
 *         struct pollfd p = { email_operation_fd(op), (short)email_operation_events(op), 0 };
 *         poll(&p, 1, (int)email_operation_timeout(op));
 *     }
 *     code = email_operation_result(op);
 *     email_operation_free(op);
 */
#ifndef EMAILSERVICE_OPERATION_H
#define EMAILSERVICE_OPERATION_H

#include <emailservice/account.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_operation email_operation;

typedef enum email_progress { EMAIL_PENDING, EMAIL_DONE } email_progress;

/* One operation an account at a time; account and message must outlive it. NULL: one is running, whose
 * error stays as it is. Owns: the caller; email_operation_free(), which ends it where it is not done. */
EMAIL_API email_operation *email_account_start_send(email_account *account, email_message *message);
/* Goes as far as it can without waiting. */
EMAIL_API email_progress email_operation_step(email_operation *op);
/* What to wait for before the next step: descriptor (-1: none, wait for the time), events of poll(2),
 * milliseconds (never -1). Ask again after every step: all three change. */
EMAIL_API int email_operation_fd(const email_operation *op);
EMAIL_API int email_operation_events(const email_operation *op);
EMAIL_API long email_operation_timeout(const email_operation *op);
/* From any thread. */
EMAIL_API void email_operation_cancel(email_operation *op);
/* Valid once done; email_account_error() has the record. */
EMAIL_API email_code email_operation_result(const email_operation *op);
/* Owns: the operation. NULL where the envelope never got to the server. */
EMAIL_API const email_report *email_operation_report(const email_operation *op);
EMAIL_API void email_operation_free(email_operation *op);

#ifdef __cplusplus
}
#endif
#endif
