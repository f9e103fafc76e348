#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The service with real servers: mail that is queued while Postfix is down arrives once, in order, byte by byte; a refused
# one is a dead letter and arrives once it is queued again; Dovecot's mailboxes go into files; the examples.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/dovecot.sh"
. "$(dirname "$0")/../support/postfix.sh"
umask 022

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
postfix_ports
# shellcheck disable=SC2034 # read by postfix.sh
postfix_settings='smtpd_recipient_restrictions = check_recipient_access inline:{ {gone@box.test = 550 5.1.1 No such user} },
 permit_mynetworks, reject
virtual_mailbox_maps = inline:{ plant@box.test=plant/, gone@box.test=plant/ }'
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null
	postfix_stop
	dovecot_stop
}
in_box() { # N
	[ "$(dovecot_count)" -ge "$1" ]
}
# What was sent, in the order in which it was delivered; what Postfix put at its top is taken away.
arrived() { # FOLDER
	rm -rf "$1"
	mkdir "$1"
	at=0
	for file in $(find "$BOX/new" "$BOX/cur" -type f -printf '%T@ %p\n' | sort -n | cut -d' ' -f2); do
		at=$((at + 1))
		awk 'BEGIN { top = 1 }
		     top && /^(Return-Path|X-Original-To|Delivered-To|Received): / { next }
		     top && NR > 1 && /^[ \t]/ { next }
		     { top = 0; print }' "$file" >"$1/$at"
	done
}
# How the message of a mail is in a Maildir: its lines end as they do on this system.
view() { # ID FILE
	want 0 emailctl queue out view "$1"
	sed '1,/^$/d' "$WORK/stdout" | tr -d '\r' >"$2"
}
queue() { # OPTION...: the id is in $id
	want 0 emailctl --json send out --queue --subject "Boiler 2: flame failure" --text text "$@"
	id=$(value id)
}
start_service() { # OPTION...
	emailctl "$@" >"$WORK/run.out" 2>"$WORK/run.err" 9<&- &
	run=$!
}
end_service() {
	kill -TERM "$run"
	wait "$run"
	is "the service's exit status" 0 $?
	run=
}

station hostname=localhost "port=$smtp" useSsl=false pollrate=PT1S
printf 'pass word:1\n' >"$WORK/password"
want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant

case_name="Postfix is down"
mkdir "$WORK/queued"
order=
for mail in 5 2 9 5 2; do
	queue --to plant@box.test --priority $mail --attach "$BUILD/tests/programs/json"
	case $mail in
	9) nine=$id ;;
	5) fives="${fives:-} $id" ;;
	2) twos="${twos:-} $id" ;;
	esac
done
order="$nine$fives$twos"
at=0
for id in $order; do
	at=$((at + 1))
	view "$id" "$WORK/queued/$at"
done
start_service run
soon "an attempt failed" grep -q ' out deferred' "$WORK/run.err"
want 0 emailctl --json queue out list
is "mails that wait" 5 "$(value 'queue.#')"
want 0 emailctl --json show out
is "status shows the queue" 5 "$(value properties.queueSize)"
is "numberSent" 0 "$(value properties.numberSent)"
is "status says why" 1 "$(value properties.status | grep -Ec 'down|fault')"

case_name="Postfix is up again"
dovecot_empty
postfix_start
want 0 emailctl --json queue out poll
is told true "$(value told)"
soon "all arrived" in_box 5
sleep 1
is "mails that arrived" 5 "$(dovecot_count)"
arrived "$WORK/arrived"
for at in 1 2 3 4 5; do
	same "$WORK/queued/$at" "$WORK/arrived/$at"
done
want 0 emailctl --json queue out list
is "mails that wait" 0 "$(value 'queue.#')"
want 0 emailctl --json show out
is numberSent 5 "$(value properties.numberSent)"
is status ok "$(value properties.status)"
is queueSize 0 "$(value properties.queueSize)"

case_name="a refused recipient"
dovecot_empty
queue --to plant@box.test --to gone@box.test
soon "it is a dead letter" grep -q " out discarded $id gone@box.test" "$WORK/run.err"
soon "the other one has it" in_box 1
want 0 emailctl --json queue out dead
is id "$id" "$(value queue.0.id)"
is "its recipients" "delivered failed" "$(value queue.0.recipients.0.state) $(value queue.0.recipients.1.state)"
is reply 550 "$(value queue.0.recipients.1.reply)"
is enhanced 5.1.1 "$(value queue.0.recipients.1.enhanced)"
# the connection that is kept is dead then
postfix_stop
postfix_settings='virtual_mailbox_maps = inline:{ plant@box.test=plant/, gone@box.test=plant/ }'
postfix_start
want 0 emailctl queue out requeue "$id"
soon "it is sent to the one who did not get it" in_box 2
sleep 1
is "mails that arrived" 2 "$(dovecot_count)"
want 0 emailctl --json queue out dead
is "dead letters" 0 "$(value 'queue.#')"
end_service

case_name="mailboxes"
dovecot_empty
want 0 emailctl new incoming in store=Imap hostname=localhost "port=$imaps" emailAuthenticator.type=basic \
	emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" pollrate=PT1S
want 0 emailctl new incoming pop store=Pop3 hostname=localhost "port=$pop3s" emailAuthenticator.type=basic \
	emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" pollrate=PT1S
queue --to plant@box.test
start_service run
soon "it arrived" in_box 1
sleep 2
is "seen, where nobody takes it" 0 "$(dovecot_seen)"
end_service
start_service --json run --out mail
files() { # FOLDER N
	[ "$(find "mail/$1" -type f 2>/dev/null | wc -l)" -eq "$2" ]
}
soon "it is in a file" files in 1
soon "by POP3 too" files pop 1
queue --to plant@box.test
soon "the next one too" files in 2
soon "the next one by POP3 too" files pop 2
soon "an event" grep -q '"received"' "$WORK/run.out"
soon "they are seen" sh -c "[ \$(find '$BOX' -type f -name '*:2,*S*' | wc -l) -eq 2 ]"
is "folders that others can see" "" "$(find mail state -type d ! -perm 700)"
is "files that others can see" "" "$(find mail state -type f ! -perm 600)"
want 0 emailctl parse "$(find mail/in -name '*.eml' | head -n 1)"
is subject 'Boiler 2: flame failure' "$(value subject)"
end_service

case_name="the examples"
want 0 emailctl remove in
want 0 emailctl remove pop
dovecot_empty
want 0 timeout 60 "$BUILD/examples/service" email.xml out plant@box.test
has "$WORK/stdout" '^out: sent'
soon "it arrived" in_box 1
printf 'Pressure 0.4 bar\n' | timeout 60 "$BUILD/examples/service_loop" email.xml out plant@box.test >"$WORK/stdout" 2>&1
is "its exit status" 0 $?
soon "it arrived too" in_box 2
grep -rq 'Pressure 0.4 bar' "$BOX" || fail "what it read is not in the mail"
want 64 "$BUILD/examples/service_loop"
sh -n "$ROOT/examples/emailservice.init" || fail "the init script is none"
if command -v systemd-analyze >/dev/null; then
	sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; /^Documentation/d; s/^User=.*/User=root/' \
		"$ROOT/examples/emailservice.service" >"$WORK/emailservice.service"
	want 0 systemd-analyze verify "$WORK/emailservice.service"
	is "what it says of the unit" "" "$(cat "$WORK/stdout" "$WORK/stderr")"
fi

postfix_complains
finish
