#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 120
#
# What a mail costs in the queue, counted exactly: syncs to take it and to send it, round trips over a line where answers
# come late, and the heap of one that waits.
set -u
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
[ -x "$BUILD/bench/queue_self" ] || { echo "the benchmark's program is not built"; exit 77; }
exec python3 bench/queued.py "$BUILD" --gate
