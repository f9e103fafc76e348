#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 240
#
# The part of `make crash` that every `make check` runs: every point at which the process may die or the clock and the disk
# may be wrong, and some of the others.
set -eu
crash=$BUILD/tests/crash/crash
"$crash" kill clock full
"$crash" -s 5 fail memory
"$crash" -m 9 -s 2 states
"$crash" -m 9 -s 6 nosync
