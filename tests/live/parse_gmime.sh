#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl parse beside GMime 3: on the corpus, on random messages by Python's generator, and on broken ones. The
# seed is fixed; SEED=random finds new ones, CASES more.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
flags=$(pkg-config --cflags --libs gmime-3.0 jansson 2>/dev/null) || skip "GMime (libgmime-3.0-dev) is not installed"
# shellcheck disable=SC2086 # words
${CC:-cc} -O1 -o "$WORK/gmime" "$ROOT/tests/messages/peers/gmime.c" $flags || exit 1
seed=${SEED:-20261124}
[ "$seed" = random ] && seed=$(date +%s)
python3 "$ROOT/tests/messages/make.py" "$WORK/known" || exit 1
python3 "$ROOT/tests/messages/gmime.py" "$WORK/gmime" emailctl "$WORK/random" "${CASES:-300}" "$seed" "$ROOT/tests/messages/rfc" "$WORK/known"
