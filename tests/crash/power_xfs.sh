#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 1800
#
# L3 on XFS.
fs=xfs size=320M
. tests/crash/power
hurts defaults || exit 1
for how in lose flush stay; do
	sweep defaults $how
done
full
[ $bad = 0 ] && [ $all -gt 50 ]
