#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 1800
#
# L3 on ext4; with data=writeback a journal that is written names contents that are not.
fs=ext4 size=24M
. tests/crash/power
hurts defaults || exit 1
for how in lose flush stay; do
	sweep defaults $how
done
umount "$disk"
up data=writeback,nodelalloc && sweep data=writeback,nodelalloc flush
full
[ $bad = 0 ] && [ $all -gt 50 ]
