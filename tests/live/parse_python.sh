#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl parse beside Python's email package: on random messages by its generator, and on broken ones. The
# seed is fixed; SEED=random finds new ones, CASES more.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
seed=${SEED:-20261124}
[ "$seed" = random ] && seed=$(date +%s)
python3 "$ROOT/tests/messages/make.py" "$WORK/known" || exit 1
python3 "$ROOT/tests/messages/python.py" emailctl "$WORK/random" "${CASES:-300}" "$seed" "$ROOT/tests/messages/rfc" "$WORK/known"
