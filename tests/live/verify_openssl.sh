#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl verify beside openssl verify on made-up chains: path lengths, name constraints, extended key usages
# of CAs, self-issued and crossed ones. The seed is fixed; SEED=random finds new ones.
# limit: 120
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
# another Python in front of the system's does not have the system's packages
for python in python3 /usr/bin/python3; do
	$python -W ignore -c 'from cryptography import x509' 2>/dev/null && break
	python=
done
[ -n "$python" ] || { echo "python3-cryptography is not installed"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
seed=${SEED:-20270101}
[ "$seed" = random ] && seed=$(date +%s)
$python -W ignore tests/support/chains.py "$work" "${CASES:-300}" "$seed" "$BUILD/emailctl" verify --batch
