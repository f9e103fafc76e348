#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 240
#
# The part of `make crash` that every `make check` runs: every point at which the process may die or the clock and the disk
# may be wrong, and some of the others.
set -eu
crash=$BUILD/tests/crash/crash
"$crash" kill clock full
"$crash" -s 8 fail memory
"$crash" -m 9 -s 4 states
"$crash" -m 9 -s 8 nosync
"$crash" -s 20 twice
"$crash" -t 2 hands
"$crash" -n 3000 many
