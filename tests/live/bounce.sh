#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What comes back: Postfix's reports on mail of the queue, which the same service reads from Dovecot's mailbox, tell by an
# event which mail and recipient they are about, with status and cause; so do answers. With DSN and without, by IMAP and
# POP3, also after the service was started again. What was made up tells nothing.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/dovecot.sh"
. "$(dirname "$0")/../support/postfix.sh"
umask 022

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
# unknown recipients are taken, and bounced; duty is an alias of one, and list of two: read by postfix.sh
# shellcheck disable=SC2034
postfix_settings='smtpd_reject_unlisted_recipient = no
virtual_alias_maps = inline:{ duty@box.test=lost@box.test, {list@box.test = gone1@box.test, gone2@box.test} }'
postfix_start

# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	[ -z "${run:-}" ] || kill -KILL "$run" 2>/dev/null
	postfix_stop
	dovecot_stop
}
queue() { # ACCOUNT OPTION...: the id is in $id
	account=$1
	shift
	want 0 emailctl --json send "$account" --queue --subject "Boiler 2: flame failure" --text text "$@"
	id=$(value id)
}
start_service() {
	emailctl run --out mail >"$WORK/run.out" 2>"$WORK/run.err" 9<&- &
	run=$!
}
end_service() {
	kill -TERM "$run"
	wait "$run"
	is "the service's exit status" 0 $?
	run=
}
# An event of the service, without its time.
told() { # PATTERN (extended)
	grep -Eq "^[^ ]+( [0-9:]+)? $1" "$WORK/run.err"
}
tells() { # PATTERN
	soon "an event '$1'" told "$1" || sed 's/^/  | /' "$WORK/run.err"
}
events() { # KIND
	grep -c " $1 " "$WORK/run.err"
}
# The Message-ID of the mail with this id.
message_id() { # ID
	awk -F '\t' -v id="$1" '$2 == id { print $4 }' state/sent
}
# What a mailbox gets, in $WORK/mail.
report() { # ENVELOPE-ID MESSAGE-ID
	printf '%s\r\n' 'From: MAILER-DAEMON@elsewhere.test' 'To: plant@box.test' 'Subject: Undelivered' 'MIME-Version: 1.0' \
		'Content-Type: multipart/report; report-type=delivery-status; boundary=b' '' '--b' '' 'No.' '--b' \
		'Content-Type: message/delivery-status' '' 'Reporting-MTA: dns; elsewhere.test' "Original-Envelope-Id: $1" '' \
		'Final-Recipient: rfc822; duty@box.test' 'Action: failed' 'Status: 5.0.0' '--b' \
		'Content-Type: text/rfc822-headers' '' "Message-ID: $2" '' '--b--' >"$WORK/mail"
}
answer() { # MESSAGE-ID [FIELD]
	printf '%s\r\n' 'From: Joe <joe@box.test>' 'To: plant@box.test' 'Subject: Re: Boiler 2: flame failure' \
		"In-Reply-To: $1" "Message-ID: <$$.${put:-0}@mobile.test>" "${2:-X-Nothing: 1}" '' 'On my way.' >"$WORK/mail"
}

station hostname=localhost "port=$smtp" useSsl=false pollrate=PT1S
want 0 emailctl set out from=plant@box.test
printf 'pass word:1\n' >"$WORK/password"
want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
want 0 emailctl new outgoing nodsn hostname=localhost "port=$smtp_no_dsn" useSsl=false pollrate=PT1S from=plant@box.test
want 0 emailctl new incoming in store=Imap hostname=localhost "port=$imaps" emailAuthenticator.type=basic \
	emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" pollrate=PT1S
start_service

case_name="nothing was asked for, and it fails"
queue out --to nobody@box.test
tells "out delivery $id nobody@box.test failed 5\\.1\\.1 unknown user: \"nobody@box\\.test\""

case_name="success"
queue out --to plant@box.test --dsn success,failure
tells "out delivery $id plant@box.test delivered 2\\.0\\.0 delivery via virtual: delivered to maildir"
good=$id

case_name="failure, of one of two"
before=$(events delivery)
queue out --to plant@box.test --to Nobody@BOX.test --dsn failure
tells "out delivery $id Nobody@box.test failed 5\\.1\\.1 unknown user"
sleep 2
is "events of deliveries" $((before + 1)) "$(events delivery)"

case_name="an alias of somebody who is gone"
queue out --to duty@box.test --dsn failure
tells "out delivery $id duty@box.test failed 5\\.1\\.1 lost@box.test: unknown user"

case_name="a list with two who are gone"
before=$(events delivery)
queue out --to list@box.test --dsn failure
tells "out delivery $id list@box.test failed 5\\.1\\.1 gone1@box.test: "
tells "out delivery $id list@box.test failed 5\\.1\\.1 gone2@box.test: "
is "events of deliveries" $((before + 2)) "$(events delivery)"

case_name="a server without DSN"
queue nodsn --to nobody@box.test --dsn success,failure
tells "nodsn delivery $id nobody@box.test failed 5\\.1\\.1 unknown user"
is "reports with its envelope id" 0 "$(grep -l "^Original-Envelope-Id: $id" -r "$BOX/cur" "$BOX/new" | wc -l)"
is "reports with the other's" 1 "$(grep -l "^Original-Envelope-Id: $good" -r "$BOX/cur" "$BOX/new" | wc -l)"

case_name="never"
before=$(events delivery)
queue out --to nobody@box.test --dsn never
tells "out sent $id"
sleep 2
is "events of deliveries" "$before" "$(events delivery)"

# another process, and no queue
case_name="sent at once"
want 0 emailctl --json send out --subject "Boiler 3" --text text --to plant@box.test --to nobody@box.test --dsn failure
sent=$(value messageId)
id=$(awk -F '\t' -v sent="$sent" '$4 == sent { print $2 }' state/sent)
is "the envelope id's form" 1 "$(echo "$id" | grep -Ec '^[0-9a-f]{32}$')"
tells "out delivery $id nobody@box.test failed 5\\.1\\.1 unknown user"

case_name="answers"
answer "$(message_id "$good")"
dovecot_put "$WORK/mail"
tells "out reply $good joe@box.test Re: Boiler 2"
answer "$(message_id "$good")" "Auto-Submitted: auto-replied"
dovecot_put "$WORK/mail"
tells "out reply $good joe@box.test auto Re: Boiler 2"

case_name="what nobody sent"
before=$(events received)
deliveries=$(events delivery)
replies=$(events reply)
report 00000000000000000000000000000000 "<00000000@station.test>"
dovecot_put "$WORK/mail"
answer "<00000000@station.test>"
dovecot_put "$WORK/mail"
more_received() { # N
	[ "$(events received)" -ge $((before + $1)) ]
}
soon "both are read" more_received 2
sleep 1
is "events of deliveries" "$deliveries" "$(events delivery)"
is "events of answers" "$replies" "$(events reply)"
end_service

case_name="it was started again, and reads by POP3"
is "what others can see of it" 600 "$(stat -c %a state/sent)"
want 0 emailctl remove in
want 0 emailctl new incoming pop store=Pop3 hostname=localhost "port=$pop3s" emailAuthenticator.type=basic \
	emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" pollrate=PT1S
dovecot_empty
report "$good" "<00000000@station.test>"
dovecot_put "$WORK/mail"
answer "$(message_id "$good")"
dovecot_put "$WORK/mail"
start_service
tells "out delivery $good duty@box.test failed 5\\.0\\.0 Undelivered"
tells "out reply $good joe@box.test Re: Boiler 2"
end_service

postfix_complains
finish
