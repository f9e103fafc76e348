#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Receiving from Dovecot: IMAP and POP3, Use Ssl, Use Start Tls and neither, TLS 1.2 and 1.3; every policy, on what is
# left on the server and on what comes with the next poll.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/dovecot.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
printf 'pass word:1\n' >"$WORK/password"
printf 'pass word:2\n' >"$WORK/wrong"

mkdir "$WORK/mails"
for n in 1 2 3; do
	printf 'From: Plant <plant@example.com>\r\nTo: duty@example.com\r\nSubject: =?utf-8?q?K=C3=BChlung?= %d\r\nDate: Mon, 23 Nov 2026 14:06:5%d +0000\r\nMessage-ID: <%d@example.com>\r\n\r\n.\r\n..dot\r\nline %d\r\n' $n $n $n $n >"$WORK/mails/$n"
done
{
	printf 'From: plant@example.com\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the report.\r\n--b\r\nContent-Type: application/pdf; name=report.pdf\r\nContent-Disposition: attachment; filename=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n'
	head -c 60000 /dev/zero | base64 | sed 's/$/\r/'
	printf -- '--b--\r\n'
} >"$WORK/mails/large"

mailbox() { # STORE PORT PROPERTY=VALUE...
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	store=$1
	shift
	want 0 emailctl new incoming in "store=$store" hostname=localhost "port=$1" emailAuthenticator.type=basic \
		emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" responseTimeout=PT5S
	shift
	[ -f "$WORK/pki/stranger.crt" ] || certificate stranger --ca --subject "CN=Some Other Root"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/stranger.crt"
	want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
	[ $# -eq 0 ] || want 0 emailctl set in "$@"
	rm -rf out
}

# The three messages, not read yet.
fill() {
	dovecot_empty
	for n in 1 2 3; do
		dovecot_put "$WORK/mails/$n"
	done
}

# A poll brings these subjects' files, and leaves so many on the server, so many of them seen.
poll() { # FILES LEFT SEEN
	rm -rf out
	want 0 emailctl --json receive in --out out
	is "files" "$1" "$(find out -type f | wc -l)"
	is "left on the server" "$2" "$(dovecot_count)"
	is "seen" "$3" "$(dovecot_seen)"
}

# What came is what was sent, byte by byte.
whole() { # MESSAGES
	for n in "$@"; do
		checks=$((checks + 1))
		found=
		for file in out/*; do
			cmp -s "$file" "$WORK/mails/$n" && found=yes
		done
		[ -n "$found" ] || fail "$case_name: message $n did not arrive as it was"
	done
}

# --- transports ---
for store in Imap Pop3; do
	if [ $store = Imap ]; then
		clear=$imap tls=$imaps tls12=$imaps12 tls13=$imaps13
	else
		clear=$pop3 tls=$pop3s tls12=$pop3s12 tls13=$pop3s13
	fi
	for transport in "$tls useSsl=true" "$clear useStartTls=true" "$tls12 useSsl=true" "$tls13 useSsl=true" \
		"$clear useSsl=false allowPlaintextLogin=true"; do
		case_name="$store, $transport"
		fill
		# shellcheck disable=SC2086 # words
		mailbox $store $transport
		want 0 emailctl --json test in
		is ok true "$(value ok)"
		case $transport in
		*=false*) is tlsVersion "" "$(value tlsVersion)" ;;
		"$tls12 "*) is tlsVersion TLSv1.2 "$(value tlsVersion)" ;;
		*) is tlsVersion TLSv1.3 "$(value tlsVersion)" ;;
		esac
		# a look changes nothing
		want 0 emailctl --json receive in
		is subject 'Kühlung 1' "$(value messages.0.subject)"
		is messageId '<3@example.com>' "$(value messages.2.messageId)"
		is date 2026-11-23T14:06:52Z "$(value messages.1.date)"
		is seen 0 "$(dovecot_seen)"
		if [ $store = Imap ]; then poll 3 3 3; else poll 3 3 0; fi
		whole 1 2 3
		poll 0 3 "$(dovecot_seen)"
		# a look shows what a poll would bring
		want 0 emailctl --json receive in
		is "messages to come" 0 "$(value 'messages.#')"
		want 0 emailctl get in numberReceived
		is numberReceived 3 "$(cat "$WORK/stdout")"
		want 0 emailctl get in status
		is status ok "$(cat "$WORK/stdout")"
	done

	case_name="$store, the wrong password"
	fill
	mailbox $store "$tls" useSsl=true "emailAuthenticator.password=file:$WORK/wrong"
	want 77 emailctl --json receive in --out out
	explained
	is stage authenticate "$(value error.stage)"
	lacks "$WORK/stderr" 'pass word'

	case_name="$store, the wrong switch"
	mailbox $store "$tls" useStartTls=true connectionTimeout=PT2S
	want 75,76 emailctl receive in --out out
	explained
	mailbox $store "$clear" useSsl=true connectionTimeout=PT2S
	want 75,76 emailctl receive in --out out
	explained

	case_name="$store, a version below the minimum"
	mailbox $store "$tls12" useSsl=true tlsMinProtocol=TLSv1.3
	want 76 emailctl --json receive in --out out
	is code E_TLS_VERSION "$(value error.code)"

	case_name="$store, no login in the clear"
	mailbox $store "$clear" useSsl=false
	want 77 emailctl --json receive in --out out
	is code E_MECHANISM "$(value error.code)"

	case_name="$store, a certificate that nobody knows"
	mailbox $store "$tls" useSsl=true
	want 0 emailctl trust delete plant
	want 77 emailctl --json receive in --out out
	is stage trust "$(value error.stage)"
	want 0 emailctl --json hosts list
	is approval no "$(value allowedHosts.0.approval)"
	want 0 emailctl hosts approve "localhost:$tls" --sha256 "$(value allowedHosts.0.sha256)"
	want 0 emailctl --json receive in --out out
	is files 3 "$(find out -type f | wc -l)"

	# --- policies ---
	case_name="$store, Delete"
	fill
	mailbox $store "$tls" useSsl=true deliveryPolicy=Delete
	poll 3 0 0
	whole 1 2 3
	poll 0 0 0

	case_name="$store, MarkAsUnread"
	fill
	mailbox $store "$tls" useSsl=true deliveryPolicy=MarkAsUnread
	poll 3 3 0
	poll 0 3 0
	dovecot_put "$WORK/mails/large"
	poll 1 4 0
	whole large

	case_name="$store, AllEmail"
	dovecot_empty
	dovecot_put "$WORK/mails/1" S
	dovecot_put "$WORK/mails/2"
	mailbox $store "$tls" useSsl=true emailToRead=AllEmail
	if [ $store = Imap ]; then poll 2 2 2; else poll 2 2 1; fi
	whole 1 2
	poll 0 2 "$(dovecot_seen)"

	case_name="$store, --max"
	fill
	mailbox $store "$tls" useSsl=true
	want 0 emailctl --json receive in --out out --max 2
	is files 2 "$(find out -type f | wc -l)"
	is left 1 "$(value left)"
	whole 1 2
	poll 1 3 "$(if [ $store = Imap ]; then echo 3; else echo 0; fi)"
	whole 3

	case_name="$store, larger than incomingEmailSizeLimit"
	dovecot_empty
	dovecot_put "$WORK/mails/1"
	dovecot_put "$WORK/mails/large"
	mailbox $store "$tls" useSsl=true incomingEmailSizeLimit=20 deliveryPolicy=Delete
	want 0 emailctl --json receive in --out out
	is files 1 "$(find out -type f | wc -l)"
	is "left on the server" 1 "$(dovecot_count)"
	is "told by its header" true "$(value messages.1.headerOnly)"
	want 0 emailctl --json receive in --out out
	is "told once" '[]' "$(value messages)"

	case_name="$store, sizeLimitPerPoll"
	dovecot_empty
	for n in 1 2 3; do
		dovecot_put "$WORK/mails/large"
	done
	mailbox $store "$tls" useSsl=true sizeLimitPerPoll=100
	poll 3 3 "$(if [ $store = Imap ]; then echo 3; else echo 0; fi)"
	whole large

	case_name="$store, a folder that cannot be written"
	fill
	mailbox $store "$tls" useSsl=true deliveryPolicy=Delete
	: >file
	want 65 emailctl receive in --out file
	explained
	is "left on the server" 3 "$(dovecot_count)"
done

# --- what only IMAP has ---
case_name="the message without its attachment"
dovecot_empty
dovecot_put "$WORK/mails/large"
mailbox Imap "$imaps" useSsl=true ignoreAttachments=true
want 0 emailctl --json receive in --out out
is files 1 "$(find out -type f | wc -l)"
want 0 emailctl parse out/*
is text 'See the report.' "$(value text | tr -d '\n')"
is attachment report.pdf "$(value attachments.0.fileName)"
is "its size" 0 "$(value attachments.0.size)"

case_name="the example"
fill
for store in imap pop3; do
	port=$([ $store = imap ] && echo "$imaps" || echo "$pop3s")
	want 0 "$BUILD/examples/receive" localhost "$port" $store plant "pass word:1" "$WORK/pki/root.crt"
	has "$WORK/stdout" 'K.*hlung 3'
	has "$WORK/stdout" '^3 messages$'
	dovecot_empty
	fill
done

case_name="a processed folder"
fill
mailbox Imap "$imaps" useSsl=true "processedFolder=Erledigt & gr$(printf '\303\274')n"
poll 3 0 0
is moved 3 "$(find "$BOX" -type f -path '*Erledigt*' -name '*:2,*S*' | wc -l)"
poll 0 0 0

case_name="another folder"
fill
mailbox Imap "$imaps" useSsl=true folder=Missing
want 78 emailctl --json receive in --out out
explained Missing
is stage mailbox "$(value error.stage)"

case_name="a message that comes while waiting"
fill
mailbox Imap "$imaps" useSsl=true pollrate=PT60S
: >"$WORK/watch"
emailctl --json receive in --out out --watch >"$WORK/watch" 2>"$WORK/watch.err" 9<&- &
watcher=$!
tries=0
while [ "$(wc -l <"$WORK/watch")" -lt 3 ] && [ $tries -lt 400 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
is "at the start" 3 "$(wc -l <"$WORK/watch")"
sleep 1
came=$(date +%s%N)
dovecot_put "$WORK/mails/large"
tries=0
while [ "$(wc -l <"$WORK/watch")" -lt 4 ] && [ $tries -lt 1000 ]; do
	tries=$((tries + 1))
	sleep 0.01
done
took=$((($(date +%s%N) - came) / 1000000))
is "pushed" 4 "$(wc -l <"$WORK/watch")"
checks=$((checks + 1))
# long before the next poll, even where the machine has other work
[ $took -lt 15000 ] || fail "the push took $took ms"
echo "pushed within $took ms"
kill -TERM $watcher
wait $watcher
is "its end" 0 $?
finish
