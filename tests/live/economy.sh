#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 120
#
# What a mail costs on a kept connection, counted exactly: round trips, system calls, allocations; and a heap that does
# not grow with the attachment.
set -u
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
[ -x "$BUILD/bench/client_self" ] || { echo "the benchmark's client is not built"; exit 77; }
exec python3 bench/run.py "$BUILD" --gate
