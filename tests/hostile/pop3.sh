#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# POP3 servers that lie, strip, inject, stall, drip and drop: each ends with the exit status of its kind and one
# sentence, in time; no login where there must be none, no message in part or twice, nothing deleted that was
# not accepted, and no file but in the folder.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"
. "$(dirname "$0")/../support/hostile.sh"

protocol=pop3
logins='^[0-9]+ < (USER|PASS|AUTH|STAT|LIST|UIDL|RETR|TOP|DELE)'

# --- STLS ---
bad "STLS stripped" 76 starttls plain
is stage starttls "$(value error.stage)"
unsent
bad "CAPA refused where TLS is wanted" 76 starttls starttls --reply 'capa=-ERR unknown command' --reply 'stls=-ERR unknown'
unsent
bad "STLS refused" 76 starttls starttls --reply 'stls=-ERR no'
unsent
bad "STLS refused for now" 75,76 starttls starttls --reply 'stls=-ERR [SYS/TEMP] later'
unsent
bad "STLS answered like a login" 76 starttls starttls --reply 'stls=+ go on'
unsent
bad "STLS answered in lower case" 76 starttls starttls --reply 'stls=+ok begin'
unsent
bad "STLS answered without a space" 76 starttls starttls --reply 'stls=+OKbegin'
unsent
bad "replies injected behind the go-ahead" 76 starttls starttls --inject-after-starttls '+OK\r\nSASL PLAIN\r\n.\r\n'
is stage starttls "$(value error.stage)"
unsent
lacks "$WORK/server.log" 'handshake TLS'
bad "one byte injected" 76 starttls starttls --inject-after-starttls 'x'
unsent
bad "replies before they are asked for" 76 starttls starttls --reply 'greeting=+OK hello\n+OK\nSTLS\n.\n+OK begin'
unsent

# --- the wrong kind of port ---
bad "a server in the clear on a TLS port" 75,76 ssl plain
unsent
bad "TLS on a port in the clear" 75,76 plain ssl
unsent
bad "TLS where STLS is expected" 75,76 starttls ssl
unsent

# --- greetings ---
bad "greeted late, in time" 0 plain plain --delay greeting=700
brought 3
bad "greeted too late" 75 plain plain --delay greeting=4000
is stage greeting "$(value error.stage)"
bad "turned away" 69,75 plain plain --reply 'greeting=-ERR go away'
bad "turned away for now" 75 plain plain --reply 'greeting=-ERR [SYS/TEMP] later'
bad "turned away for good" 69 plain plain --reply 'greeting=-ERR [SYS/PERM] never'
bad "SMTP" 76 plain plain --reply 'greeting=220 mail.test ESMTP'
bad "IMAP" 76 plain plain --reply 'greeting=* OK ready'
bad "HTTP" 76 plain plain --reply 'greeting=HTTP/1.1 400 Bad Request'
bad "a challenge for a greeting" 76 plain plain --reply 'greeting=+ hello'
bad "a line without end" 76 plain plain --reply "greeting=+OK $(printf '%09000d' 0)"
bad "a line without end, for ever" 76 plain plain --flood "greeting=$(printf '%09000d' 0)"
bad "control characters" 69,75 plain plain --reply 'greeting=-ERR \x1b[31mRed\x07 \x9b alert'
bad "a bare CR" 76 plain plain --reply 'greeting=+OK hello\r+OK'

# --- capabilities ---
bad "capabilities without end" 76 plain plain --reply "capa=+OK" --flood 'capa=+OK\r\nTOP'
bad "a capability without end" 76 plain plain --flood "capa=+OK\r\n$(printf '%09000d' 0)"
bad "no CAPA" 0 plain plain --reply 'capa=-ERR unknown command'
brought 3
bad "no UIDL" 69,76 plain plain --without UIDL

# --- logins ---
printf 'wrong\n' >"$WORK/wrong"
for mode in ssl starttls; do
	begin "a wrong password, $mode" $mode $mode
	want 0 emailctl set in "emailAuthenticator.password=file:$WORK/wrong"
	receive 77
	explained
	is stage authenticate "$(value error.stage)"
	lacks "$WORK/stderr" 'd3Jvbmc|wrong$'
	stop server
done
begin "no login in the clear" starttls plain
begin "a login in the clear" plain plain
want 0 emailctl set in allowPlaintextLogin=false
receive 77
explained
stop server
unsent
bad "USER refused" 77 ssl ssl --without SASL --reply 'user=-ERR who'
bad "PASS refused" 77 ssl ssl --without SASL --reply 'pass=-ERR [AUTH] no'
bad "in use" 75 ssl ssl --reply 'auth=-ERR [IN-USE] locked'
is temporary true "$(value error.temporary)"
bad "in use, in words" 75 ssl ssl --without SASL --reply 'pass=-ERR mailbox is locked by another session'
bad "too soon" 75 ssl ssl --reply 'auth=-ERR [LOGIN-DELAY] wait'
bad "a login refused for now" 75 ssl ssl --reply 'auth=-ERR [SYS/TEMP] later'
bad "a login refused for good" 69,77 ssl ssl --reply 'auth=-ERR [SYS/PERM] never'
bad "challenges without end" 76,77 ssl ssl --flood 'auth=+ YWJj'
bad "a challenge that is not base64" 76,77 ssl ssl --reply 'auth=+ !!!'

# --- lists that lie ---
bad "STAT refused" 69,75,76 ssl ssl --reply 'stat=-ERR no'
bad "four thousand million messages" 0,76 ssl ssl --reply 'stat=+OK 4000000000 1'
brought 3
bad "STAT without numbers" 0,76 ssl ssl --reply 'stat=+OK -1 -1'
for size in -1 0 4294967296 9223372036854775808 18446744073709551616 99999999999999999999999 x ''; do
	bad "a size of '$size'" 0,76 ssl ssl --reply "listed:2=$size"
	case "$size:$status" in
	# over incomingEmailSizeLimit: told by its header, and left
	4294967296:0) brought 2 ;;
	*:0) brought 3 ;;
	esac
done
for number in 0 -1 4294967296 4294967295 18446744073709551617 99999999999999999999999; do
	bad "message number $number" 0,65,76 ssl ssl --reply "list=+OK\n$number 190\n."
	lacks "$WORK/server.log" '< RETR'
done
bad "the same number twice" 0 ssl ssl --reply 'list=+OK\n1 190\n1 190\n1 190\n.'
brought 1
bad "numbers that run backwards" 0 ssl ssl --reply 'list=+OK\n3 190\n2 190\n1 190\n.'
brought 3
bad "a list without end" 69,75,76 ssl ssl --flood 'list=+OK\r\n1 190'
bad "no list" 69,75,76 ssl ssl --reply 'list=-ERR no'
bad "UIDs without end" 69,75,76 ssl ssl --flood 'uidl=+OK\r\n1 a'
bad "UIDL refused" 69,75,76 ssl ssl --reply 'uidl=-ERR no'

# --- UIDs that lie ---
hostile_uid() { # NAME UID FILES
	bad "a UID: $1" 0 ssl ssl --reply "uid:2=$2"
	brought "$3"
	is "files elsewhere" "" "$(find "$WORK" -newer "$WORK/began" -type f -name '*.eml' ! -path "$WORK/station/out/*")"
	lacks "$WORK/stdout" 'root:'
}
hostile_uid "a path" '/../../../../../../tmp/x' 3
hostile_uid "a folder" '..' 3
hostile_uid "a hidden file" '.bashrc' 3
hostile_uid "an option" '-rf' 3
hostile_uid "percents" '%2e%2e%2f%n%s' 3
hostile_uid "an existing name" 'uid-1.eml' 3
# what is no UID (RFC 1939 7) cannot be remembered: the message is left, and told; those behind it come
no_uid() { # NAME UID
	bad "$1" 76 ssl ssl --reply "uid:2=$2"
	brought 2
	is "message 2" "" "$(grep -l '<2@' out/* out/.[!.]* 2>/dev/null)"
}
no_uid "a UID of 200 bytes" "$(printf '%0200d' 0)"
no_uid "a UID with control characters" 'a\x1b[31m\x07b'
no_uid "a UID with eight bits" '\xc3\xbc'
no_uid "no UID" ''
# two messages of one name: the first comes, the other one is left; with Delete it comes later, and under a name of its own
bad "a UID twice" 0 ssl ssl --reply 'uid:2=uid-1'
brought 2
begin "a UID twice, Delete" ssl ssl --reply 'uid:2=uid-1' --reply 'uid:1=uid-1'
want 0 emailctl set in deliveryPolicy=Delete
receive 0
brought 2
nothing_lost
receive 0
stop server
nothing_lost
brought 3
left 0
begin "UIDs that differ each time" ssl ssl --reply 'uid:2*1=other'
receive 0
receive 0
stop server
left 3

# --- messages ---
bad "a message refused" 0,69,75 ssl ssl --reply 'retr:2=-ERR no such message'
[ "$(find out -type f | wc -l)" -eq 2 ] || fail "$case_name: the others did not come"
bad "a message refused for now" 0,69,75 ssl ssl --reply 'retr:2=-ERR [SYS/TEMP] later'
bad "a message of another kind" 76 ssl ssl --reply 'retr:2=* 2 FETCH (UID 2)'
bad "a message without end" 65,69,75,76 ssl ssl --flood "body:2=$(printf '%04000d' 0)"
again 2 # what has no end is not asked for again, and the others come
[ -f "$(find out -name '*uid-2*' | head -n 1)" ] && fail "$case_name: it was handed over"
bad "a status line without end" 76 ssl ssl --reply "retr:2=+OK $(printf '%09000d' 0)"
printf 'From: a@b.example\nMessage-ID: <2@example.com>\n\nx\n.\nSubject: not the end\r\n' >"$WORK/mails/2"
bad "bare line ends around a dot" 0 ssl ssl
is "messages" 3 "$(find out -type f | wc -l)"
has "$(find out -name '*uid-2*')" 'not the end'
rm "$WORK/mails/2"

# --- deleting ---
begin "Delete, as it should be" ssl ssl
want 0 emailctl set in deliveryPolicy=Delete
receive 0
brought 3
stop server
left 0
no_violations server
for how in 'dele:2=-ERR no' 'dele:2=-ERR [SYS/TEMP] later' 'quit=-ERR some were not removed' 'dele:2=* what'; do
	begin "Delete, $how" ssl ssl --reply "$how"
	want 0 emailctl set in deliveryPolicy=Delete
	receive 0,69,75,76
	nothing_lost
	receive 0,69,75,76
	stop server
	nothing_lost
	brought 3
done
begin "Delete, one message refused" ssl ssl --reply 'retr:2=-ERR no'
want 0 emailctl set in deliveryPolicy=Delete
receive 0,69,75
stop server
nothing_lost
is "message 2" 2 "$(cd "$WORK/mail" && ls)"

# --- connections that break, at every stage; the next poll brings each message once ---
for how in drop reset half; do
	for stage in greeting capa auth stat list uidl retr:2 body:2; do
		bad "$how at $stage" 75 ssl ssl --drop-at "$stage:$how*1"
		is temporary true "$(value error.temporary)"
		again 3
	done
	bad "$how at the connection" 75 starttls starttls --drop-at "connect:$how*1"
	unsent
	bad "$how at stls" 75,76 starttls starttls --drop-at "stls:$how*1"
	unsent
	bad "$how at the handshake" 75,76 starttls starttls --drop-at "tls:$how*1"
	unsent
	for stage in dele:2 quit; do
		begin "$how at $stage" ssl ssl --drop-at "$stage:$how*1"
		want 0 emailctl set in deliveryPolicy=Delete
		receive 0,75
		nothing_lost
		receive 0
		brought 3
		stop server
		no_violations server
		left 0
	done
done

# --- silence and dripping ---
short="responseTimeout=PT1S connectionTimeout=PT1S"
for stage in capa auth list uidl retr:2 body:2 quit; do
	bad "silent at $stage" 0,75 ssl ssl --drop-at "$stage:stall"
	[ $stage = quit ] || is code E_TIMEOUT "$(value error.code)"
done
bad "silent at the handshake" 75 ssl ssl --drop-at tls:stall
bad "silent after STLS" 75 starttls starttls --drop-at tls:stall
bad "a list that drips for ever" 75 ssl ssl --slow list=300
bad "a message that drips for ever" 75 ssl ssl --slow body:2=20
short=
bad "dripping, but in time" 0 ssl ssl --drip 1
brought 3
finish
