#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 1800
#
# The queue's scenario, killed by strace at every system call of each kind (L1), and held to the contract after each.
set -u
command -v strace >/dev/null || { echo "strace is not installed"; exit 77; }
crash=$BUILD/tests/crash/crash
scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/strace.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
strace -o "$scratch/try" true 2>/dev/null || { echo "strace may not trace here"; exit 77; }

# once CALL N: true where the process was killed
once() {
	rm -rf "$scratch/q" "$scratch/record"
	strace -f -o /dev/null -e trace="$1" -e inject="$1:signal=SIGKILL:when=$2" \
		"$crash" run "$scratch/q" "$scratch/record" 2>/dev/null
	status=$?
	[ -e "$scratch/record" ] || return $((status != 137))
	"$crash" held "$scratch/q" "$scratch/record" || {
		echo "killed at $1 number $2"
		bad=$((bad + 1))
	}
	[ $status = 137 ]
}

bad=0 points=0
for call in openat mkdirat pwrite64 pread64 fsync fdatasync renameat2 unlinkat ftruncate flock newfstatat close getdents64; do
	n=1
	while once $call $n; do
		n=$((n + ${STEP:-1}))
		points=$((points + 1))
	done
	[ $n -gt 1 ] || echo "$call: never called"
done
echo "$points points, $bad violations"
[ $bad = 0 ] && [ $points -gt 100 ]
