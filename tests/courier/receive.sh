#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Receiving from Courier, whose IMAP and POP3 share nothing with Dovecot's: Use Ssl, Use Start Tls and neither; every
# policy, on what is left on the server and on what comes with the next poll. What is odd about it: folders lie under
# "INBOX.", no UIDNEXT, no SASL-IR, LITERAL+, MOVE, ID, UNSELECT or ESEARCH, an [ALERT] at each login, NO where others
# say BAD; POP3 with LOGIN-DELAY and UTF8, without RESP-CODES, and RETR marks what it gives as seen.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/courier.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
courier_start
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
	port=$2
	shift 2
	want 0 emailctl new incoming in "store=$store" hostname=localhost "port=$port" emailAuthenticator.type=basic \
		emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/${password:-password}" "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
	rm -rf out
}

fill() {
	box_empty
	for n in 1 2 3; do
		box_put "$WORK/mails/$n"
	done
}

# A poll brings so many files, and leaves so many messages on the server, so many of them seen.
poll() { # FILES LEFT SEEN
	rm -rf out
	want 0 emailctl --json receive in --out out
	is "files" "$1" "$(find out -type f | wc -l)"
	is "left on the server" "$2" "$(box_count)"
	is "seen" "$3" "$(box_seen)"
}

# What came is what was put there, byte by byte. (Courier's POP3 gives what a Maildir holds CRLF for LF; these have CRLF.)
whole() { # MESSAGES
	for n in "$@"; do
		checks=$((checks + 1))
		found=
		for file in out/*; do
			tr -d '\r' <"$file" | cmp -s - "$WORK/mails/$n.lf" && found=yes
		done
		[ -n "$found" ] || fail "$case_name: message $n did not arrive as it was"
	done
}
for n in 1 2 3 large; do
	tr -d '\r' <"$WORK/mails/$n" >"$WORK/mails/$n.lf"
	# as a delivery agent stores it
	cp "$WORK/mails/$n.lf" "$WORK/mails/$n"
done

# --- transports ---
for store in Imap Pop3; do
	if [ $store = Imap ]; then clear=$imap tls=$imaps; else clear=$pop3 tls=$pop3s; fi
	for transport in "$tls useSsl=true" "$clear useStartTls=true" "$clear useSsl=false allowPlaintextLogin=true"; do
		case_name="$store, $transport"
		fill
		# shellcheck disable=SC2086 # words
		mailbox $store $transport
		want 0 emailctl --json test in
		is ok true "$(value ok)"
		# a look changes nothing
		want 0 emailctl --json receive in
		is subject 'Kühlung 1' "$(value messages.0.subject)"
		is messageId '<3@example.com>' "$(value messages.2.messageId)"
		is seen 0 "$(box_seen)"
		poll 3 3 3
		whole 1 2 3
		poll 0 3 "$(box_seen)"
		want 0 emailctl get in status
		is status ok "$(cat "$WORK/stdout")"
	done

	case_name="$store, the wrong password"
	fill
	password=wrong
	mailbox $store "$tls" useSsl=true
	password=password
	want 77 emailctl --json receive in --out out
	explained
	is stage authenticate "$(value error.stage)"
	lacks "$WORK/stderr" 'pass word'

	case_name="$store, a certificate that nobody knows"
	mailbox $store "$tls" useSsl=true
	[ -f "$WORK/pki/stranger.crt" ] || certificate stranger --ca --subject "CN=Some Other Root"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/stranger.crt"
	want 77 emailctl --json receive in --out out
	is stage trust "$(value error.stage)"

	# --- policies ---
	case_name="$store, Delete"
	fill
	mailbox $store "$tls" useSsl=true deliveryPolicy=Delete
	poll 3 0 0
	whole 1 2 3
	poll 0 0 0

	case_name="$store, Delete takes what was handed over, and no other"
	box_empty
	box_put "$WORK/mails/1"
	box_put "$WORK/mails/2" ST
	mailbox $store "$tls" useSsl=true deliveryPolicy=Delete
	want 0 emailctl --json receive in --out out --max 1
	is "files" 1 "$(find out -type f | wc -l)"
	is "left on the server" 1 "$(box_count)"

	case_name="$store, MarkAsUnread"
	fill
	mailbox $store "$tls" useSsl=true deliveryPolicy=MarkAsUnread
	unread=$([ $store = Imap ] && echo 0 || echo 3)
	poll 3 3 "$unread"
	poll 0 3 "$unread"
	box_put "$WORK/mails/large"
	poll 1 4 "$([ $store = Imap ] && echo 0 || echo 4)"
	whole large

	case_name="$store, AllEmail"
	box_empty
	box_put "$WORK/mails/1" S
	box_put "$WORK/mails/2"
	mailbox $store "$tls" useSsl=true emailToRead=AllEmail
	poll 2 2 2
	whole 1 2
	poll 0 2 "$(box_seen)"

	case_name="$store, AllEmail, MarkAsUnread"
	box_empty
	box_put "$WORK/mails/1" S
	box_put "$WORK/mails/2"
	mailbox $store "$tls" useSsl=true emailToRead=AllEmail deliveryPolicy=MarkAsUnread
	poll 2 2 "$([ $store = Imap ] && echo 0 || echo 2)"

	case_name="$store, larger than incomingEmailSizeLimit"
	box_empty
	box_put "$WORK/mails/1"
	box_put "$WORK/mails/large"
	mailbox $store "$tls" useSsl=true incomingEmailSizeLimit=20 deliveryPolicy=Delete
	want 0 emailctl --json receive in --out out
	is files 1 "$(find out -type f | wc -l)"
	is "left on the server" 1 "$(box_count)"
	is "told by its header" true "$(value messages.1.headerOnly)"
	want 0 emailctl --json receive in --out out
	is "told once" '[]' "$(value messages)"

	case_name="$store, sizeLimitPerPoll"
	box_empty
	for n in 1 2 3; do
		box_put "$WORK/mails/large"
	done
	mailbox $store "$tls" useSsl=true sizeLimitPerPoll=100
	poll 3 3 3
	whole large

	case_name="$store, an empty mailbox"
	box_empty
	mailbox $store "$tls" useSsl=true
	poll 0 0 0
done

# --- what only IMAP has ---
case_name="the message without its attachment"
box_empty
box_put "$WORK/mails/large"
mailbox Imap "$imaps" useSsl=true ignoreAttachments=true
want 0 emailctl --json receive in --out out
is files 1 "$(find out -type f | wc -l)"
want 0 emailctl parse out/*
is text 'See the report.' "$(value text | tr -d '\n')"
is attachment report.pdf "$(value attachments.0.fileName)"

# without MOVE: copied, then deleted, into a folder that is made
case_name="a processed folder"
fill
mailbox Imap "$imaps" useSsl=true "processedFolder=INBOX.Erledigt & gr$(printf '\303\274')n"
poll 3 0 0
is moved 3 "$(find "$BOX" -type f -path '*Erledigt*' -name '*:2,*S*' | wc -l)"
poll 0 0 0

case_name="a processed folder where none can be"
fill
mailbox Imap "$imaps" useSsl=true processedFolder=Archive
want 69,75 emailctl --json receive in --out out
explained
is "left on the server" 3 "$(box_count)"

case_name="another folder"
fill
mkdir -p "$BOX/.Alarms/cur" "$BOX/.Alarms/new" "$BOX/.Alarms/tmp"
: >"$BOX/.Alarms/maildirfolder"
cp "$WORK/mails/large" "$BOX/.Alarms/new/1700000000.M1P1.test"
chown -R "$courier_ids" "$BOX"
mailbox Imap "$imaps" useSsl=true folder=INBOX.Alarms
want 0 emailctl --json receive in --out out
is files 1 "$(find out -type f | wc -l)"
whole large
is "seen there" 1 "$(box_seen Alarms)"
is "seen elsewhere" 0 "$(box_seen)"
mailbox Imap "$imaps" useSsl=true folder=INBOX.Missing
want 69,75,78 emailctl --json receive in --out out
explained
is stage mailbox "$(value error.stage)"
finish
