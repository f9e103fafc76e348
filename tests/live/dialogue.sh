#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sending to the embedded server: every transport, each extension missing, and each login, with the bytes
# that arrive held against those that were sent. The server counts what a correct client never does.
. "$(dirname "$0")/../support/lib.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost, IP:127.0.0.1"
tls="--cert $WORK/pki/leaf.pem --key $WORK/pki/leaf.key"
printf 'pass "word"\\ 1\n' >"$WORK/password"

# Messages whose bytes are a trap: dots, long lines, no end of line at the end, no body.
mkdir "$WORK/raw"
head='From: plant@example.com\r\nTo: duty@example.com\r\nSubject: raw\r\nDate: Mon, 23 Nov 2026 14:06:57 +0000\r\nMessage-ID: <1@example.com>\r\n'
{
	# shellcheck disable=SC2059
	printf "$head\r\n"
	printf '.\r\n..\r\n.dot\r\n...\r\n. \r\n\r\n.\r\nend\r\n'
} >"$WORK/raw/dots"
{
	# shellcheck disable=SC2059
	printf "$head\r\n"
	printf '%0998d\r\n.%0997d\r\n' 0 0
} >"$WORK/raw/long"
{
	# shellcheck disable=SC2059
	printf "$head\r\n"
	yes 'A line of an ordinary length, so that the message is longer than any buffer is.' | head -n 20000 |
		sed 's/$/\r/'
} >"$WORK/raw/large"
# shellcheck disable=SC2059
printf "$head\r\n" >"$WORK/raw/empty"
{
	# shellcheck disable=SC2059
	printf "$head"
	printf 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
	printf 'K\303\274hlung \342\202\254\r\n'
} >"$WORK/raw/eight"

arrived() { # N: the N-th message's file
	printf '%s/server.out/%06d.%s' "$WORK" "$1" "${2:-eml}"
}

for mode in plain starttls ssl; do
	for without in "" --no-chunking --no-pipelining "--no-chunking --no-pipelining" --no-size --no-dsn --no-enhanced; do
		case_name="$mode $without"
		# shellcheck disable=SC2086
		serve server --mode $mode $tls $without
		case $mode in
		plain) use=useSsl=false ;;
		starttls) use=useStartTls=true ;;
		ssl) use=useSsl=true ;;
		esac
		station hostname=localhost "port=$PORT" $use
		want 0 emailctl trust import "$WORK/pki/root.crt"
		n=0
		for raw in dots long large empty eight; do
			case_name="$mode $without $raw"
			n=$((n + 1))
			want 0 emailctl --json send out --to duty@example.com --to second@example.com --raw "$WORK/raw/$raw"
			is accepted 2 "$(value 'accepted.#')"
			same "$WORK/raw/$raw" "$(arrived $n)"
			has "$(arrived $n env)" '^RCPT TO:<duty@example.com>'
			has "$(arrived $n env)" '^RCPT TO:<second@example.com>'
		done
		send 0 --attach "$WORK/raw/large" --header "X-Alarm: high"
		has "$(arrived 6)" '^Subject: Boiler 2: flame failure'
		has "$(arrived 6)" '^X-Alarm: high'
		attachment "$(arrived 6)"
		same "$WORK/raw/large" "$WORK/attachment"
		stop server
		no_violations server
	done
done

# An attachment that needs encoding, where eight bits are not offered.
case_name="without 8BITMIME"
# shellcheck disable=SC2086
serve server --mode ssl $tls --no-8bitmime --no-smtputf8
station hostname=localhost "port=$PORT" useSsl=true
want 0 emailctl trust import "$WORK/pki/root.crt"
printf 'K\303\274hlung\n' >text
send 0
has "$(arrived 1)" 'K=C3=BChlung'
want 65,69 emailctl --json send out --to duty@example.com --raw "$WORK/raw/eight"
send 65,69 --to "$(printf 'd\303\274ty@example.com')"
stop server
no_violations server

case_name="SIZE"
# shellcheck disable=SC2086
serve server --mode ssl $tls --size 10000
station hostname=localhost "port=$PORT" useSsl=true
want 0 emailctl trust import "$WORK/pki/root.crt"
send 65,69 --attach "$WORK/raw/large"
explained
send 0
stop server
is messages 1 "$(find "$WORK/server.out" -name '*.eml' | wc -l)"
no_violations server

for mode in ssl starttls; do
	for mechanism in PLAIN LOGIN; do
		for wish in Auto $mechanism; do
			case_name="$mechanism, wished as $wish, $mode"
			# shellcheck disable=SC2086
			serve server --mode $mode $tls --user plant --password-file "$WORK/password" --mechanisms $mechanism
			use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)
			station hostname=127.0.0.1 "port=$PORT" "$use=true" emailAuthenticator.type=basic \
				emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" \
				"emailAuthenticator.saslMechanism=$wish"
			want 0 emailctl trust import "$WORK/pki/root.crt"
			send 0
			want 0 emailctl --json test out
			is ok true "$(value ok)"
			stop server
			has "$WORK/server.log" "< AUTH $mechanism"
			is messages 1 "$(find "$WORK/server.out" -name '*.eml' | wc -l)"
			no_violations server
		done
	done
done
finish
