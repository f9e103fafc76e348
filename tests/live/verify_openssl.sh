#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl verify beside openssl verify on made-up chains: path lengths, name constraints, extended key usages
# of CAs, self-issued and crossed ones. The seed is fixed; SEED=random finds new ones.
# limit: 120
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
python3 -W ignore -c 'from cryptography import x509' 2>/dev/null || { echo "python3-cryptography is not installed"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
seed=${SEED:-20270101}
[ "$seed" = random ] && seed=$(date +%s)
python3 -W ignore tests/support/chains.py "$work" "${CASES:-300}" "$seed" "$BUILD/emailctl" verify --batch
