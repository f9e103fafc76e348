#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 180
#
# Two processes queue while a third one works: each mail once, and of each writer in order within its priority. And 100,000 mails
# that wait: how soon the service begins, what it holds in memory, and that the most important leave first.
# The 100,000 are queued without a sync, in memory where there is room, so that they are there soon; by the same program.
[ -d /dev/shm ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 2000000 ] && export TMPDIR=/dev/shm
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
umask 022
many=${MANY:-100000}
run=
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	[ -z "$run" ] || kill -KILL "$run" 2>/dev/null
}
arrived() { # N
	[ "$(find "$WORK/server.out" -name '*.eml' | wc -l)" -ge "$1" ]
}
start() {
	emailctl --json run >"$WORK/events" 2>"$WORK/run.err" 9<&- &
	run=$!
}
end() {
	kill -TERM $run
	wait $run
	is "the service's exit status" 0 $?
	run=
}
milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

serve server --mode plain
station hostname=localhost "port=$PORT" useSsl=false pollrate=PT1S maxQueueSize=1000000 maxSendablePerDay=-1

case_name="two write, one works"
start
for writer in a b; do
	enqueue email.xml out "$WORK/$writer" --prefix $writer --count 400 --size 500:5000 --seed 1 9<&- &
	eval "writer_$writer=$!"
done
for writer in a b; do
	eval "wait \$writer_$writer"
	is "writer $writer" 0 $?
done
soon "all arrived" arrived 800
end
checks=$((checks + 1))
python3 "$ROOT/tests/soak/ordered.py" once "$WORK/server.out" "$WORK/a" "$WORK/b" || fail "not each once"
no_violations server
stop server

case_name="$many wait"
# two at a time, as there are processors
for writer in c d; do
	enqueue email.xml out "$WORK/$writer" --prefix $writer --count $((many / 2)) --size 100:100 --unsafe 9<&- &
	eval "writer_$writer=$!"
done
began=$(milliseconds)
for writer in c d; do
	eval "wait \$writer_$writer"
	is "writer $writer" 0 $?
done
echo "queued in $(($(milliseconds) - began)) ms"
serve server --mode plain
want 0 emailctl set out "port=$PORT"
began=$(milliseconds)
start
# more than 20 seconds would be too many
soon "the first arrived" arrived 1
first=$(($(milliseconds) - began))
soon "the first 200 arrived" arrived 200
all=$(($(milliseconds) - began))
kill -0 $run || fail "the service has ended"
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$run/status")
began=$(milliseconds)
end
ended=$(($(milliseconds) - began))
checks=$((checks + 3))
# on one busy processor; on a free one it is a quarter of that
[ $first -le 10000 ] || fail "the first mail left after $first ms"
# half a kilobyte a mail, and what it needs with none
[ "$peak" -le $((16384 + many / 2)) ] || fail "the service had $peak kB"
[ $ended -le 10000 ] || fail "it took $ended ms to end"
python3 "$ROOT/tests/soak/ordered.py" first "$WORK/server.out" "$WORK/c" "$WORK/d" || fail "not the most important first"
no_violations server
echo "of $many: the first after $first ms, 200 after $all ms, $peak kB at most, ended in $ended ms"
finish
