/* SPDX-License-Identifier: MIT */
/*
 * A service: the accounts of a station together with their trust, loaded from and saved to a property
 * sheet.
 */
#ifndef EMAILSERVICE_SERVICE_H
#define EMAILSERVICE_SERVICE_H

#include <emailservice/account.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct email_service email_service;

/* NULL: no memory. */
EMAIL_API email_service *email_service_new(void);
/* Frees its accounts and its trust too. */
EMAIL_API void email_service_free(email_service *service);

/*
 * Loads a sheet in place of what the service holds. All or nothing: after an error the service is as it
 * was, and `error` (may be NULL) has file, line, property, what was expected and the nearest name.
 * Accounts from before are gone after a success, and where the new sheet has another state folder so is
 * the trust object from before. The state folder is not touched yet.
 * Errors: EMAIL_E_SHEET, EMAIL_E_FILE, EMAIL_E_MEMORY.
 */
EMAIL_API email_code email_service_load(email_service *service, const char *path, email_error *error);
/*
 * Saves, atomically; the file is 0600 where it holds a secret in the clear, else keeps its mode. What a
 * person wrote into the loaded sheet (comments, order) stays; the rest stands in the order of the property
 * table, without defaults. A service that was never loaded has this file as its sheet from then on; else
 * the sheet stays the one that was loaded, and relative paths are written as they are.
 * Errors: EMAIL_E_FILE, EMAIL_E_MEMORY, EMAIL_E_LIMIT (more than could be loaded again), EMAIL_E_VALUE (a
 *         secret by value with white space at its ends or control characters), EMAIL_E_SECRET (the seal key is
 *         not to be had); the old file is then as it was.
 */
EMAIL_API email_code email_service_save(email_service *service, const char *path, email_error *error);
/*
 * Secrets sealed in the sheet: with a key, a save writes those that were given by value as sealed="BASE64",
 * AES-256-GCM under the key, bound to the account and the property. A sheet loads without its key: an account
 * that needs a sealed secret then fails with EMAIL_E_SECRET, and email_account_check() has a finding. A new
 * name for an account needs the key, for what is sealed is bound to the name.
 *
 * It keeps secrets from who can read the sheet, not from who can change it: they could name another server.
 */
#define EMAIL_SEAL_KEY_SIZE 32
/* Writes the EMAIL_SEAL_KEY_SIZE bytes of the key; false: it is not to be had now. Asked whenever something is
 * sealed or opened, by the thread that the account runs in; the library's copy is wiped after each use. */
typedef bool (*email_seal_key_fn)(void *context, unsigned char *key);
/* The key comes from the firmware. NULL: there is none from now on. */
EMAIL_API void email_service_set_seal_key(email_service *service, email_seal_key_fn key, void *context);
/*
 * The key comes from a file, which is read at each use: 32 bytes, or 64 hexadecimal digits (and a newline), mode 0600
 * or less. NULL: there is no key from now on.
 * Errors: EMAIL_E_SECRET (it is not such a file), EMAIL_E_MEMORY; the key is then the one from before.
 */
EMAIL_API email_code email_service_set_seal_key_file(email_service *service, const char *path);

/* The XML Schema of property sheets, made from the property table. Owns: the caller, email_text_free(). */
EMAIL_API email_code email_service_schema(char **text);
EMAIL_API void email_text_free(char *text);

/* By name; NULL where there is none. Owns: the service. */
EMAIL_API email_account *email_service_account(email_service *service, const char *name);
/* The i-th, in the sheet's order; NULL past the end. */
EMAIL_API email_account *email_service_account_at(email_service *service, size_t i);
/* Errors: EMAIL_E_VALUE (name taken or not valid), EMAIL_E_MEMORY. *account may be NULL. */
EMAIL_API email_code email_service_add(email_service *service, email_account_kind kind, const char *name,
                                       email_account **account);
EMAIL_API email_code email_service_remove(email_service *service, const char *name);
/* Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE (taken or not valid), EMAIL_E_SECRET (what is sealed cannot be sealed anew),
 *         EMAIL_E_MEMORY; the account is then as it was. */
EMAIL_API email_code email_service_rename(email_service *service, const char *name, const char *new_name);

/* The service's own properties (enabled, stateFolder, status, faultCause) by name. Text NULL: back to the
 * default. stateFolder takes effect where trust is not open yet, else with the next load.
 * Errors: EMAIL_E_UNKNOWN, EMAIL_E_VALUE, EMAIL_E_MEMORY; get: EMAIL_E_LIMIT: it did not fit. */
EMAIL_API email_code email_service_set(email_service *service, const char *property, const char *text);
EMAIL_API email_code email_service_get(email_service *service, const char *property, char *text, size_t size);
/* Overrides stateFolder without changing the sheet; call it before email_service_trust(). */
EMAIL_API email_code email_service_set_state_folder(email_service *service, const char *folder);

/* The trust module, opened on the state folder at the first call. Never NULL; where its sheet could not
 * be read, email_trust_error() says so and there are no exemptions. Owns: the service. */
EMAIL_API email_trust *email_service_trust(email_service *service);

/* The last failure of a call without an error argument. */
EMAIL_API const email_error *email_service_error(const email_service *service);

#ifdef __cplusplus
}
#endif
#endif
