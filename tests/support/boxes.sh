# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by the scripts, or set by lib.sh
#
# Mailboxes of the test server, and an incoming account that reads them; behind lib.sh.

printf 'secret\n' >"$WORK/password"
login="--user plant --password-file $WORK/password"

# Messages 1..N in $WORK/mail, and what they were in $WORK/mails.
fill() { # N
	rm -rf "$WORK/mail"
	mkdir -p "$WORK/mail" "$WORK/mails"
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		[ -f "$WORK/mails/$n" ] || message $n >"$WORK/mails/$n"
		cp "$WORK/mails/$n" "$WORK/mail/$n"
	done
}

message() { # N
	printf 'From: Plant <plant@example.com>\r\nTo: duty@example.com\r\nSubject: Boiler %d\r\nDate: Mon, 23 Nov 2026 14:06:52 +0000\r\nMessage-ID: <%d@example.com>\r\n\r\n.\r\n..two dots\r\nBoiler %d says: flame failure.\r\n' "$1" "$1" "$1"
}

# Serves $WORK/mail.
serve_box() { # imap|pop3 OPTION...
	box=$1
	shift
	# shellcheck disable=SC2086 # words
	serve server --protocol "$box" --mail "$WORK/mail" $login "$@"
}

# A sheet with an account "in" for the server that runs; $box is its protocol.
account() { # ssl|starttls|plain PROPERTY=VALUE...
	case $1 in
	ssl) use=useSsl=true ;;
	starttls) use=useStartTls=true ;;
	plain) use="useSsl=false allowPlaintextLogin=true" ;;
	esac
	shift
	case $box in
	imap) store=Imap ;;
	pop3) store=Pop3 ;;
	esac
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	[ -f "$WORK/pki/stranger.crt" ] || certificate stranger --ca --subject "CN=Some Other Root"
	# shellcheck disable=SC2086 # words
	want 0 emailctl new incoming in store=$store hostname=localhost "port=$PORT" $use connectionTimeout=PT3S \
		responseTimeout=PT5S emailAuthenticator.type=basic emailAuthenticator.account=plant \
		"emailAuthenticator.password=file:$WORK/password"
	# what the case says last, holds
	[ $# -eq 0 ] || want 0 emailctl set in "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/stranger.crt"
}

receive() { # STATUS OPTION...
	expected_status=$1
	shift
	# a server that goes on for ever must not take the client with it
	want "$expected_status" timeout 60 emailctl --json receive in --out out "$@"
}

# So many messages in the folder, each a whole one, none twice.
brought() { # N
	is "messages in the folder" "$1" "$(find out -type f 2>/dev/null | wc -l)"
	for file in out/*; do
		[ -f "$file" ] || continue
		checks=$((checks + 1))
		n=$(sed -n 's/^Message-ID: <\([0-9]*\)@.*/\1/p' "$file")
		cmp -s "$file" "$WORK/mails/${n:-none}" || fail "$case_name: $file is not message ${n:-?} as it was"
	done
	is "messages twice" "" "$(find out -type f -exec cksum {} + 2>/dev/null | awk '{ print $1, $2 }' | sort | uniq -d)"
}

# What is left on the server: so many messages, of which so many are marked as read.
left() { # N SEEN
	is "messages on the server" "$1" "$(find "$WORK/mail" -maxdepth 1 -type f | wc -l)"
	is "messages that are marked" "${2:-0}" "$(find "$WORK/mail" -maxdepth 1 -type f -name '*:2,*' | wc -l)"
}
