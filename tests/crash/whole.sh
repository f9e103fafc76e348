#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 1800
#
# Every level of the queue's proof that needs no more than this process (crash.c).
set -eu
exec "$BUILD/tests/crash/crash" -m 81 -t 60 all
