/* SPDX-License-Identifier: MIT */
/* Allowed Hosts judged again, by the certificates that were seen, after a store or the time has changed. */
#ifndef EMAIL__TRUST_AGAIN_H
#define EMAIL__TRUST_AGAIN_H

#include "trust/object.h"

/*
 * Marks as redundant each row whose own certificate the stores verify now. `smaller`: a store may have
 * lost something, and marks that no longer hold go; else they stay, since the server may have shown the
 * connection that set them a certificate that no row has. While the clock is unset or a store cannot be
 * read, nothing changes. The mutex is held. Errors: EMAIL_E_MEMORY.
 */
email_code email__hosts_judge_again(email_trust *trust, int64_t now, bool smaller);

#endif
