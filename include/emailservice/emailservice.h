/* SPDX-License-Identifier: MIT */
/*
 * libemailservice: the e-mail accounts of building-automation stations.
 *
 * Conventions, said once:
 *   - Functions that can fail return email_code; EMAIL_OK is 0. The object has the record.
 *   - _new makes, _free ends; _free(NULL) is fine. NULL from _new means no memory.
 *   - Strings given are copied; const pointers returned belong to the object and live until it changes.
 *   - Text is UTF-8. Times are seconds since 1970, durations milliseconds unless a name says otherwise.
 *   - One object is used by one thread at a time, unless its header says more. The library has no global
 *     state but what its crypto and XML libraries need, never ends the process, never writes to
 *     standard output or error, and raises no SIGPIPE.
 */
#ifndef EMAILSERVICE_H
#define EMAILSERVICE_H

#include <emailservice/account.h>
#include <emailservice/error.h>
#include <emailservice/log.h>
#include <emailservice/message.h>
#include <emailservice/operation.h>
#include <emailservice/parse.h>
#include <emailservice/queue.h>
#include <emailservice/receive.h>
#include <emailservice/service.h>
#include <emailservice/trust.h>

#endif
