#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 120
#
# What a message costs that is received from Dovecot, counted exactly: round trips, system calls, allocations,
# instructions; and a heap that does not grow with the message.
set -u
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
[ -x "$BUILD/bench/receive_self" ] || { echo "the benchmark's client is not built"; exit 77; }
exec python3 bench/receive.py "$BUILD" --gate
