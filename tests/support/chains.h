/* SPDX-License-Identifier: MIT */
/* Keys made once, and chains judged by rules 1 to 4 with the roots that a test gives. */
#ifndef TESTS_SUPPORT_CHAINS_H
#define TESTS_SUPPORT_CHAINS_H

#include <emailservice/trust.h>

#include "support/pki.h"
#include "trust/judge.h"

typedef enum chain_key { KEY_ROOT, KEY_MIDDLE, KEY_MIDDLE_2, KEY_LEAF, KEY_OTHER, KEY_COUNT } chain_key;

/* P-256 keys; the same ones all through a program. */
pki_key *chain_key_of(chain_key which);
pki_key *chain_key_kind(pki_kind kind);
void chain_keys_free(void);

/* Issues, and fails the test where that fails. */
void chain_issue(pki_cert *cert, const pki_spec *spec, pki_key *key, const pki_cert *issuer,
                 pki_key *issuer_key);
/* A root by KEY_ROOT, an intermediate by KEY_MIDDLE, a server "mail.example.com" by KEY_LEAF. */
void chain_good(pki_cert *root, pki_cert *middle, pki_cert *leaf);

/* The reasons at `now` (0: the machine's clock) for a chain, leaf first, under the roots. */
email_reasons chain_judge(const char *host, int64_t now, const pki_cert *const *sent, size_t count,
                          const pki_cert *const *roots, size_t root_count);
/* The common shape: NULL-ended lists. */
#define CHAIN(...) ((const pki_cert *const[]){__VA_ARGS__, NULL})
email_reasons chain_reasons(const pki_cert *const *sent, const pki_cert *const *roots);

/* --- one certificate of a good chain made by a description, the others as they should be --- */

typedef struct chain_set {
	pki_cert root, middle, leaf;
} chain_set;
/* chain_good(), for the three below. */
extern chain_set made;
int chain_setup(void **state);
/* "mail.example.com". */
pki_spec chain_server(void);
email_reasons chain_of_server(const pki_spec *spec);
email_reasons chain_of_middle(const pki_spec *spec);
email_reasons chain_of_root(const pki_spec *spec);

#endif
