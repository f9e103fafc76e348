#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 240
#
# `make soak`, for half a minute: the service under load, killed, restarted and reloaded, with servers that fail. SEED repeats one.
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
cd "$WORK" || exit 1
TMPDIR=$WORK python3 "$ROOT/tests/soak/soak.py" "$BUILD" --seconds "${SOAK_SECONDS:-28}" ${SEED:+--seed "$SEED"}
