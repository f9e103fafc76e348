/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <psa/crypto.h>

#include "base/error.h"

email_code
email__crypto_init(email_error *e, email_stage stage)
{
	psa_status_t status = psa_crypto_init();

	if (status == PSA_SUCCESS)
		return EMAIL_OK;
	if (status == PSA_ERROR_INSUFFICIENT_MEMORY)
		return email__error_memory(e, stage);
	return email__error_set(e, EMAIL_E_TLS, stage, "no random numbers are to be had (PSA %d)",
	                        (int)status);
}
