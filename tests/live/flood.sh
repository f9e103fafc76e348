#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 300
#
# 10,000 alarms within a minute: they leave as the caps allow, highest first, with a part of the caps kept for the urgent ones
# and one digest that names what it stands for. Each of the 10,000 is accounted for (tests/soak/flood.py).
# The files lie in memory where there is room: how fast a disk syncs is not the matter here.
[ -d /dev/shm ] && [ -w /dev/shm ] && export TMPDIR=/dev/shm
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
# the cap is one of local days: this takes two minutes
[ "$(date +%H%M)" -lt 2356 ] || skip "midnight is too near"
umask 022

arrived() { # N
	[ "$(find "$WORK/server.out" -name '*.eml' | wc -l)" -ge "$1" ]
}
# What takes a minute.
in_time() { # SECONDS WHAT COMMAND...
	seconds=$1
	what=$2
	shift 2
	checks=$((checks + 1))
	while ! "$@"; do
		seconds=$((seconds - 1))
		[ $seconds -gt 0 ] || {
			fail "not in time: $what"
			return 1
		}
		sleep 1
	done
}
# The digest is queued, and all that it stands for have left.
digested() {
	emailctl --json queue out list >"$WORK/list" 2>/dev/null || return 1
	grep -q '"digest": *true' "$WORK/list" || return 1
	before=$(find state/queue/out/queue -type f | wc -l)
	sleep 1
	[ "$before" -eq "$(find state/queue/out/queue -type f | wc -l)" ]
}
empty() {
	[ "$(find state/queue/out/queue -type f | wc -l)" -eq 0 ]
}

serve server --mode plain
station hostname=localhost "port=$PORT" useSsl=false pollrate=PT1S maxQueueSize=9500 maxSendablePerMinute=30 \
	maxSendablePerDay=60 urgentReserve=20 digestAbove=20 suppressWithin=PT10M
emailctl --json run >"$WORK/events" 2>"$WORK/run.err" 9<&- &
run=$!
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	kill -KILL $run 2>/dev/null
}

case_name="the flood"
began=$(date +%s)
want 0 enqueue email.xml out "$WORK/record" --count 10000 --size 200:400 --again 20 --seed 7
took=$(($(date +%s) - began))
checks=$((checks + 1))
[ $took -le 60 ] || fail "10000 mails took $took s to be queued"
soon "the first minute's" arrived 30

case_name="the second minute"
in_time 70 "the second minute's" arrived 60
in_time 60 "a digest" digested
sleep 2
is "mails of this day" 60 "$(find "$WORK/server.out" -name '*.eml' | wc -l)"

case_name="the caps are lifted"
want 0 emailctl set out maxSendablePerMinute=-1 maxSendablePerDay=-1
kill -HUP $run
in_time 60 "the rest" empty
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$run/status")
checks=$((checks + 1))
[ "$peak" -le 40960 ] || fail "the service had $peak kB"
kill -TERM $run
wait $run
is "the service's exit status" 0 $?
no_violations server
checks=$((checks + 1))
python3 "$ROOT/tests/soak/flood.py" "$WORK/record" "$WORK/server.out" "$WORK/events" 30 24 || fail "not all are accounted for"
echo "queued in $took s; the service had $peak kB at most"
finish
