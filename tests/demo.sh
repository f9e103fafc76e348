#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # what is quoted is shown to be typed
#
# `make demo`: an alarm goes out by mail from a station whose mail server has a certificate that nobody
# knows yet. Everything is done as it is shown: the commands are run, the server is a real one on this
# machine's loopback, and what is printed is what they said. Ends with a status other than 0 where a step
# does not give what the story says.
#
# At a terminal the approval is asked of the person in front of it; elsewhere the fingerprint is quoted.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
PATH=$BUILD:$BUILD/tests/programs:$PATH
LC_ALL=C
export PATH LC_ALL
unset EMAILSERVICE_SHEET

bold='' dim='' green='' red='' plain=''
width=96
if [ -t 1 ]; then
	columns=$(stty size <&1 2>/dev/null | cut -d' ' -f2)
	[ "${columns:-0}" -lt 60 ] || [ "${columns:-0}" -gt 120 ] || width=$((columns - 4))
	if [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
		bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
		green=$(printf '\033[32m') red=$(printf '\033[31m')
	fi
fi

WORK=$(mktemp -d "${TMPDIR:-/tmp}/emailservice-demo.XXXXXX") || exit 1
server=
tidy() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$WORK"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The server reads a pipe that only this shell holds open, and so ends with it, however it ends.
mkfifo "$WORK/alive" && exec 9<>"$WORK/alive"

# --- telling ---

act() {
	printf '\n%s=== %s ===%s\n' "$bold" "$1" "$plain"
}

say() {
	printf '\n%s\n' "$*" | fold -s -w "$width"
}

good() {
	printf '%s  ok: %s%s\n' "$green" "$*" "$plain"
}

wrong() {
	printf '\n%sThe demo failed: %s%s\n' "$red" "$*" "$plain"
	[ ! -s "$WORK/server.log" ] || { echo "The server's log:" && cat "$WORK/server.log"; }
	exit 1
}

# A command as it would be typed.
shown() {
	line=
	for word; do
		case $word in
		'' | *[!A-Za-z0-9_@%+=:,./-]*) word="'$word'" ;;
		esac
		line="$line $word"
	done
	printf '\n%s  $%s%s\n' "$bold" "$line" "$plain"
}

# Sentences are folded, tables are not.
output() { # FILE
	sed '/^-----BEGIN/,/^-----END/c\(and the certificate itself, in PEM)' "$1" |
		if grep -q '^emailctl: ' "$1"; then fold -s -w "$width"; else cat; fi | sed 's/^/  /'
}

# Shows a command, runs it away from any terminal, shows what it says; ends the demo if its status is not STATUS.
run() { # STATUS COMMAND...
	expected=$1
	shift
	shown "$@"
	"$@" </dev/null >"$WORK/said" 2>&1
	status=$?
	output "$WORK/said"
	[ "$status" -eq 0 ] || printf '%s  (exit status %s)%s\n' "$dim" "$status" "$plain"
	[ "$status" -eq "$expected" ] || wrong "the status should have been $expected"
}

says() { # PATTERN WHAT-IT-SHOWS
	grep -Eiq -e "$1" "$WORK/said" || wrong "there is no '$1' in that"
	good "$2"
}

# --- the server ---

# Certificates, and a server in MODE: PORT, $WORK/server.log, and what it receives in $WORK/mail.
start() { # MODE ROOT-NAME
	mkcert --out "$WORK" --name root --ca --subject "CN=$2" || wrong "no root"
	mkcert --out "$WORK" --name server --issuer root --subject "CN=mail.plant.example" --names "DNS:localhost" ||
		wrong "no certificate"
	rm -rf "$WORK/mail"
	mkdir "$WORK/mail"
	: >"$WORK/server.log"
	mailserver --until-stdin-closes --mode "$1" --cert "$WORK/server.pem" --key "$WORK/server.key" --out "$WORK/mail" \
		--log "$WORK/server.log" <"$WORK/alive" >"$WORK/port" 2>&1 9<&- &
	server=$!
	PORT=
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		PORT=$(sed -n 's/^port //p' "$WORK/port")
		[ -z "$PORT" ] || break
		sleep 0.1
	done
	[ -n "$PORT" ] || wrong "the mail server does not start: $(cat "$WORK/port")"
}

# The end of the first connection in the log is written when it is over.
ended() { # CONNECTION
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q "^$1 end" "$WORK/server.log" && return
		sleep 0.1
	done
	wrong "connection $1 does not end"
}

received() { # N
	[ -f "$WORK/mail/00000$1.eml" ] || wrong "the server has no mail"
	printf '\n%s  what the server received:%s\n' "$dim" "$plain"
	sed 's/\r$//' "$WORK/mail/00000$1.env" "$WORK/mail/00000$1.eml" | fold -s -w "$width" | sed 's/^/  | /'
	grep -q 'flame failure' "$WORK/mail/00000$1.eml" || wrong "that is not the alarm"
}

# --- the story ---

approve() {
	if [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; then
		say "You are at a terminal, so emailctl asks you. The certificate is the one above: answer y."
		for _ in 1 2 3; do
			shown emailctl hosts approve "localhost:$PORT"
			emailctl hosts approve "localhost:$PORT" && return
			say "Not approved. Nothing may be sent then; the question once more:"
		done
		wrong "it was not approved"
	fi
	fingerprint=$(emailctl --json hosts list | json allowedHosts.0.sha256)
	say "Nobody is at a terminal here, so the approval quotes the fingerprint that was viewed:"
	run 0 emailctl hosts approve "localhost:$PORT" --sha256 "$fingerprint"
}

story() { # ALIAS-OF-THE-ROOT
	say "The alarm is sent, as a station in the background would."
	run 77 emailctl send OutgoingAccount --to duty@example.com --subject 'Boiler 2: flame failure' --text alarm.txt
	says 'not trusted' "refused: no trust on first use, and the sentence says what to do"
	ended 1
	printf '\n%s  what the server saw of it:%s\n' "$dim" "$plain"
	sed -n '/^1 /s/^1 /  | /p' "$WORK/server.log" | fold -s -w "$width"
	grep -q '^1 end .* tls=0 ' "$WORK/server.log" || wrong "the server got something after the handshake"
	grep -Eq '^1 < (MAIL|AUTH|RCPT)' "$WORK/server.log" && wrong "the server got a command"
	good "not one byte of login or mail after the refused handshake"

	say "What was seen stands in Allowed Hosts, unapproved, to be looked at."
	run 0 emailctl hosts list
	says "localhost +$PORT +no " "an entry for this host and port"
	run 0 emailctl hosts view "localhost:$PORT"
	says 'unknownIssuer|noUsableRoot' "and why it did not verify"
	approve
	run 0 emailctl hosts list
	says "localhost +$PORT +yes " "approved: this key, for this host and port, and nothing else"

	say "The alarm again."
	run 0 emailctl send OutgoingAccount --to duty@example.com --subject 'Boiler 2: flame failure' --text alarm.txt
	says 'accepted' "accepted by the server"
	received 1

	say "Better than an exemption: the root of the plant's own authority, in the User Trust Store."
	cp "$WORK/root.crt" "$1.pem"
	run 0 emailctl trust import "$1.pem" --alias "$1"
	run 0 emailctl trust list
	says "$1" "imported"
	run 0 emailctl test OutgoingAccount
	says 'chain accepted' "the chain itself verifies now"
	run 0 emailctl hosts list
	says 'redundant' "so the exemption is marked redundant"
	run 0 emailctl hosts prune
	run 0 emailctl hosts list
	says 'empty' "and pruned"
	run 0 emailctl send OutgoingAccount --to duty@example.com --subject 'Boiler 2: flame failure' --text alarm.txt
	says 'accepted' "the alarm goes out all the same"
	grep -q ' ! ' "$WORK/server.log" && wrong "the server has a complaint"
	kill "$server" && wait "$server"
	server=
}

command -v emailctl >/dev/null || wrong "emailctl is not built"
mkdir "$WORK/station"
cd "$WORK/station" || exit 1
printf 'Boiler 2 locked out: flame failure at start.\nSupply 41 C, outside -7 C.\n' >alarm.txt

printf '%slibemailservice: an alarm by mail, and whom a station trusts%s\n' "$bold" "$plain"
say "A mail server runs on this machine's loopback; its certificate is of a private authority that nobody knows" \
	"yet. All that follows is run as it is shown, in a temporary folder."

act "Use Ssl"
start ssl "Plant Root"
say "The station's property sheet, email.xml:"
cat >email.xml <<END
<?xml version="1.0" encoding="UTF-8"?>
<emailService xmlns="urn:emailservice:property-sheet:1">
  <outgoingAccount name="OutgoingAccount">
    <hostname>localhost</hostname>
    <port>$PORT</port>
    <useSsl>true</useSsl>
    <from>Plant room &lt;plant@example.com&gt;</from>
  </outgoingAccount>
</emailService>
END
chmod 600 email.xml
run 0 cat email.xml
run 0 emailctl show
says "localhost +$PORT +useSsl" "TLS from the first byte"
story plant

act "Use Start Tls"
start starttls "Cellar Root"
say "Another server, of another authority, that begins in the clear. Turning one switch on turns the other off."
run 0 emailctl set OutgoingAccount useStartTls=true "port=$PORT"
run 0 emailctl get OutgoingAccount useSsl
says '^false$' "useSsl is off"
run 0 emailctl show
says "localhost +$PORT +useStartTls" "in the clear first, then TLS or nothing"
story cellar

printf '\n%sThat was all of it, and every step gave what it should.%s\n' "$bold" "$plain"
