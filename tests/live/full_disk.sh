#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The service on a full disk: what is queued goes on leaving, what comes is refused with a sentence that says why, and is taken
# again once there is room; counts are right then.
. "$(dirname "$0")/../support/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "a small file system is mounted by root only"
umask 022
mounted=
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null
	[ -z "$mounted" ] || umount -l "$mounted" 2>/dev/null
}
arrived() { # N
	[ "$(find "$WORK/server.out" -name '*.eml' | wc -l)" -ge "$1" ]
}
lines() { # PATTERN
	grep -c "$1" "$WORK/record"
}
# Not a byte is left.
fill() {
	dd if=/dev/zero of=state/filler bs=4096 2>/dev/null
	dd if=/dev/zero of=state/filler bs=1 count=4096 oflag=append conv=notrunc 2>/dev/null
	checks=$((checks + 1))
	echo x 2>/dev/null >state/more && fail "there is room still"
	rm -f state/more
}
queue() { # STATUS
	want "$1" emailctl --json send out --queue --to duty@test.example --subject "Boiler 2: flame failure" --text text
}

free_port
smtp=$PORT
station hostname=localhost "port=$smtp" useSsl=false pollrate=PT1S maxSendablePerDay=-1 maxQueueSize=100000 dataTimeout=PT5S
rm -rf state && mkdir -m 700 state
mount -t tmpfs -o size=2m,mode=700 none state || skip "no file system can be mounted here"
mounted=$WORK/station/state
emailctl --json run >"$WORK/events" 2>"$WORK/run.err" 9<&- &
run=$!

case_name="mails until it is full"
want 0 enqueue email.xml out "$WORK/record" --count 1000 --size 2000:3000
taken=$(lines '^ok')
refused=$(lines '^no .* E_FILE ')
is "all were answered" 1000 $((taken + refused))
checks=$((checks + 1))
[ "$taken" -gt 100 ] && [ "$refused" -gt 100 ] || fail "$taken were taken, $refused refused"
fill
queue 75
is code E_FILE "$(value error.code)"
explained
has "$WORK/stderr" 'no space left'
want 0 emailctl --json queue out list
is "mails that wait" "$taken" "$(value 'queue.#')"
is "left over" "" "$(find state/queue/out/tmp state/queue/out/bad -type f)"

case_name="what is queued leaves"
serve server --mode plain --port "$smtp" --reply "rcpt:gone@test.example=550 5.1.1 No such user"
want 0 emailctl --json queue out poll
is told true "$(value told)"
soon "all arrived" arrived "$taken"
want 0 emailctl --json queue out list
is "mails that wait" 0 "$(value 'queue.#')"
kill -0 $run || fail "the service has ended"

case_name="once there is room"
rm state/filler
queue 0
soon "it arrived" arrived $((taken + 1))
want 0 emailctl --json send out --queue --to gone@test.example --subject "Boiler 3" --text text
soon "a refused one is a dead letter" grep -q '"discarded"' "$WORK/events"

case_name="full while it sends, and when it starts"
stop server
want 0 enqueue email.xml out "$WORK/record" --count 1100 --size 1000:2000
more=$(($(lines '^ok') - taken))
checks=$((checks + 1))
[ "$more" -gt 50 ] || fail "only $more were taken"
fill
kill -KILL $run
wait $run 2>/dev/null
before=$((taken + 1))
mv "$WORK/server.out" "$WORK/first.out"
serve server --mode plain --port "$smtp"
emailctl --json run >"$WORK/events2" 2>>"$WORK/run.err" 9<&- &
run=$!
soon "all arrived" arrived "$more"
rm state/filler
# the counts are written down once a second
soon "numberSent" sh -c "[ \"\$(emailctl get out numberSent)\" = $((before + more)) ]"
kill -TERM $run
wait $run
is "the service's exit status" 0 $?
want 0 emailctl --json show out
is numberSent $((before + more)) "$(value properties.numberSent)"
is numberDiscarded 1 "$(value properties.numberDiscarded)"
is queueSize 0 "$(value properties.queueSize)"
is "keys that arrived" "$(lines '^ok')" "$(cat "$WORK"/*.out/*.eml | grep -c '^X-Queue-Key: ')"
is "different ones" "$(lines '^ok')" "$(cat "$WORK"/*.out/*.eml | grep '^X-Queue-Key: ' | sort -u | wc -l)"
is "left over" "" "$(find state/queue/out/tmp state/queue/out/bad -type f)"
is "files that others can see" "" "$(find state -type f ! -perm 600)"
no_violations server
finish
