#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl's queue and service, against the test server where one is needed: what is queued, listed, viewed, cancelled
# and sent; every refusal with its exit status; a service that is told, reloaded, and ended while a server hangs.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
umask 022

queue() { # STATUS OPTION...: the id is in $id
	expected_status=$1
	shift
	want "$expected_status" emailctl --json send out --queue --from plant@example.com --to duty@example.com \
		--subject "Boiler 2: flame failure" --text text "$@"
	id=$(value id)
}
waiting() { # N
	want 0 emailctl --json queue out list
	is "mails that wait" "$1" "$(value 'queue.#')"
}
dead() { # N
	want 0 emailctl --json queue out dead
	is "dead letters" "$1" "$(value 'queue.#')"
}
# The message of a mail, in $WORK/message; what is said of it, in $WORK/stdout.
view() { # ID
	want 0 emailctl queue out view "$1"
	sed '1,/^$/d' "$WORK/stdout" >"$WORK/message"
}

# The service in the background; its process is $run.
run() { # OPTION...
	: >"$WORK/run.out"
	emailctl "$@" >"$WORK/run.out" 2>"$WORK/run.err" 9<&- &
	run=$!
}
# It ends with status 0 within so many seconds.
ended() { # SIGNAL SECONDS
	began=$(date +%s%N)
	kill "-$1" $run
	# what does not end must not hold up the test
	(sleep 20 && kill -KILL $run) 9<&- >/dev/null 2>&1 &
	guard=$!
	wait $run
	is "the service's exit status" 0 $?
	took=$((($(date +%s%N) - began) / 1000000))
	kill $guard 2>/dev/null
	checks=$((checks + 1))
	[ $took -le $(($2 * 1000)) ] || fail "$case_name: it took $took ms to end"
}

free_port
nobody=$PORT
station hostname=localhost "port=$nobody" useSsl=false connectionTimeout=PT2S

case_name="queued"
queue 0
is "the id's form" 1 "$(echo "$id" | grep -Ec '^[0-9a-f]{32}$')"
first=$id
queue 0 --priority 9
urgent=$id
queue 0 --priority 1
low=$id
want 0 emailctl send out --queue --to duty@example.com --cc night@example.com --subject second --text text
second=$(cat "$WORK/stdout")
waiting 4
is order "$urgent $first $second $low" "$(value queue.0.id) $(value queue.1.id) $(value queue.2.id) $(value queue.3.id)"
is priority 9 "$(value queue.0.priority)"
is attempts 0 "$(value queue.0.attempts)"
is subject 'Boiler 2: flame failure' "$(value queue.0.subject)"
is recipient duty@example.com "$(value queue.0.recipients.0.recipient)"
is state waiting "$(value queue.0.recipients.0.state)"
is "recipients of the second" 2 "$(value 'queue.2.recipients.#')"
want 0 emailctl queue out list
has "$WORK/stdout" '^ID +PRIORITY +SIZE +ATTEMPTS +NEXT +TO +SUBJECT'
has "$WORK/stdout" "^$second +5 +[0-9]+ +0 .*duty@example.com \+1 +second"
want 0 emailctl get out queueSize
is queueSize 4 "$(cat "$WORK/stdout")"
is "folders that others can see" "" "$(find state -type d ! -perm 700)"
is "files that others can see" "" "$(find state -type f ! -perm 600)"

case_name="viewed"
want 0 emailctl queue out view "$second"
has "$WORK/stdout" '^ +id +[0-9a-f]{32}$'
has "$WORK/stdout" '^ +recipients +duty@example.com waiting'
view "$first"
has "$WORK/message" '^Subject: Boiler 2: flame failure'
is "its size" "$(sed -n 's/^ *size  *//p' "$WORK/stdout")" "$(wc -c <"$WORK/message")"
want 0 emailctl --json queue out view "$first"
value message >"$WORK/json-message"
is "its message in JSON" "$(cat "$WORK/message")" "$(cat "$WORK/json-message")"
printf 'From: plant@example.com\r\nTo: duty@example.com\r\nSubject: raw\r\n\r\nK\374hlung\r\n.\r\n\r\nlast' >"$WORK/raw"
want 0 emailctl --json send out --queue --raw "$WORK/raw"
raw=$(value id)
want 0 emailctl --json queue out view "$raw"
is "a message that is no UTF-8" "" "$(value message)"
is "what is said of it" raw "$(value subject)"
view "$raw"
has "$WORK/message" '^Subject: raw'
want 65 emailctl --json queue out view 00000000000000000000000000000000
is code E_UNKNOWN "$(value error.code)"
want 65 emailctl queue out view ../../email.xml

case_name="queued once"
queue 0 --key 'alarm 17'
once=$id
queue 0 --key 'alarm 17'
is "the second id" "$once" "$id"
waiting 6
queue 78 --key ''

case_name="deleted, requeued, cleared"
want 0 emailctl queue out delete "$low"
waiting 5
dead 1
is id "$low" "$(value queue.0.id)"
is dead true "$(value queue.0.dead)"
is state cancelled "$(value queue.0.recipients.0.state)"
want 0 emailctl queue out dead
has "$WORK/stdout" "^$low "
want 0 emailctl --json queue out requeue "$low"
is ok true "$(value ok)"
waiting 6
dead 0
want 0 emailctl queue out delete "$low"
want 0 emailctl queue out delete "$low"
dead 0
want 65 emailctl queue out delete "$low"
explained
want 65 emailctl queue out requeue "$low"
explained
want 0 emailctl --json queue out clear
is cleared 5 "$(value cleared)"
waiting 0
dead 5
want 0 emailctl queue out list
has "$WORK/stdout" 'Nothing waits'

case_name="refused"
want 64 emailctl queue out
want 64 emailctl queue out fly
want 64 emailctl queue out view
want 64 emailctl queue out list "$first"
want 64 emailctl send out --to duty@example.com --key k
want 78 emailctl queue nobody list
want 0 emailctl new incoming in hostname=localhost "port=$nobody" useSsl=false
want 64 emailctl queue in list
want 64 emailctl send in --queue --to duty@example.com
want 65 emailctl send out --queue --to nobody
want 64 emailctl send out --queue --to duty@example.com --priority 10
want 0 emailctl set out maxPersistedEmailSize=1
queue 65 --attach "$BUILD/emailctl"
is code E_LIMIT "$(value error.code)"
want 0 emailctl set out maxPersistedEmailSize=25000 maxQueueSize=1
queue 0
queue 75
is code E_QUEUE_FULL "$(value error.code)"
want 0 emailctl set out maxQueueSize=100 enabled=false
queue 78
is code E_DISABLED "$(value error.code)"
want 0 emailctl set out allowDisabledQueueing=true
queue 0
want 0 emailctl set out enabled=true persistent=false
queue 78
explained 'persistent=true'
want 78 emailctl queue out list
want 0 emailctl set out persistent=true
waiting 2

case_name="a new name, and none"
want 0 emailctl rename out alarms
want 0 emailctl --json queue alarms list
is "mails that wait" 2 "$(value 'queue.#')"
want 75,78,69,64,65 emailctl remove alarms
explained
want 0 emailctl get alarms hostname
want 0 emailctl rename alarms out

case_name="polled without a server"
want 75 emailctl --json queue out poll
is stage connect "$(value error.stage)"
waiting 2
# none of the mails was begun with, and why is told of each
is attempts 0 "$(value queue.0.attempts)"
is "lastError is there" 1 "$(value queue.0.lastError | grep -c 'connection refused')"

case_name="polled"
want 0 emailctl queue out clear
want 0 emailctl --json send out --queue --raw "$WORK/raw"
raw=$(value id)
view "$raw"
serve server --mode plain
want 0 emailctl set out "port=$PORT"
want 0 emailctl --json queue out poll
is told false "$(value told)"
waiting 0
same "$WORK/message" "$WORK/server.out/000001.eml"
want 0 emailctl get out numberSent
is numberSent 1 "$(cat "$WORK/stdout")"

# --- the service ---
case_name="the service sends"
want 0 emailctl set out pollrate=PT1S
queue 0
run --json run
soon "it is sent" test -f "$WORK/server.out/000002.eml"
queue 0
soon "the next one too" test -f "$WORK/server.out/000003.eml"
soon "an event" grep -q "\"$id\"" "$WORK/run.out"
want 0 emailctl --json queue out poll
is told true "$(value told)"
want 0 emailctl queue out poll
has "$WORK/stdout" 'running service was told'
# once a second
soon "numberSent is 3" sh -c '[ "$(emailctl get out numberSent)" = 3 ]'
ended TERM 10
checks=$((checks + 1))
while read -r line; do
	printf '%s\n' "$line" | json >/dev/null || fail "not JSON: $line"
done <"$WORK/run.out"
grep "\"$id\"" "$WORK/run.out" | tail -n 1 >"$WORK/stdout"
is kind sent "$(value kind)"
is account out "$(value account)"
is "time is there" 1 "$(value time | grep -Ec '^20.*Z$')"

case_name="the sheet is changed"
run run
soon started grep -q started "$WORK/run.err"
cp email.xml good.xml
sed 's|<hostname>|<hostnam>|' good.xml >email.xml
kill -HUP $run
soon "the mistake is told" grep -q 'email.xml.*line' "$WORK/run.err"
cp good.xml email.xml
queue 0
soon "it goes on" test -f "$WORK/server.out/000004.eml"
serve other --mode plain
want 0 emailctl set out "port=$PORT"
kill -HUP $run
soon "the new sheet is told" grep -q 'loaded again' "$WORK/run.err"
queue 0
soon "it goes to the new server" test -f "$WORK/other.out/000001.eml"
has "$WORK/run.err" "^20[^ ]*Z out sent $id"
ended INT 10
stop other

case_name="a server that hangs"
serve hangs --mode plain --no-chunking --drop-at dot:stall
want 0 emailctl set out "port=$PORT" dataTimeout=PT10M
queue 0
run run
soon "it is being sent" grep -q DATA "$WORK/hangs.log"
ended TERM 10
waiting 1
is id "$id" "$(value queue.0.id)"
run run
soon "it is being sent" sh -c "[ \$(grep -c DATA '$WORK/hangs.log') -ge 2 ]"
kill -TERM $run
# signals that come before the first was taken are one
for _ in 1 2 3 4 5; do
	sleep 0.2
	kill -TERM $run 2>/dev/null
done
wait $run
is "a second signal" 143 $?
waiting 1
stop hangs
no_violations server

case_name="another account, while a server hangs"
serve hangs --mode plain --drop-at greeting:stall
want 0 emailctl set out "port=$PORT" connectionTimeout=PT1M responseTimeout=PT1M
serve server --mode plain
want 0 emailctl new outgoing well from=plant@example.com hostname=localhost "port=$PORT" useSsl=false pollrate=PT1S
run run
soon "it hangs" grep -q . "$WORK/hangs.log"
want 0 emailctl send well --queue --to duty@example.com --subject x --text text
soon "the other sends" test -f "$WORK/server.out/000001.eml"
ended TERM 10

# What is printed goes nowhere, and not into the file that got the number.
case_name="closed descriptors"
station hostname=localhost "port=$nobody" useSsl=false
emailctl run <&- >&- 2>&- 9<&- &
run=$!
soon "it runs" test -e state/queue/out/worker
ended TERM 10
is "what is in the lock" "" "$(cat state/service.lock)"
finish
