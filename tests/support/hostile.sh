# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by the scripts, or set by lib.sh
#
# What the scripts about hostile mailboxes share; behind lib.sh and boxes.sh. They set $protocol, and $logins, a
# pattern of what must not be in the server's log before TLS and trust.

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost"
tls="--cert $WORK/pki/leaf.pem --key $WORK/pki/leaf.key"
short= # properties with short times, where a case waits for them

# A server with three messages, and an account for it: NAME, the account's mode, the server's, its options.
begin() {
	case_name=$1
	account_mode=$2
	server_mode=$3
	shift 3
	fill 3
	: >"$WORK/began"
	# shellcheck disable=SC2086 # words
	serve_box $protocol --mode "$server_mode" $tls "$@"
	# shellcheck disable=SC2086
	account "$account_mode" $short
	want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
}

# One poll: STATUS. It explains itself, in time, and neither changes the mailbox nor leaves part of a message.
poll() {
	began=$(date +%s)
	receive "$1"
	took=$(($(date +%s) - began))
	[ $took -le 20 ] || fail "$case_name: took $took s"
	[ $status = 0 ] && return
	explained
	checks=$((checks + 1))
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" "$WORK/stderr" &&
		fail "$case_name: control characters on standard error"
}

# NAME STATUS ACCOUNT-MODE SERVER-MODE OPTION...
bad() {
	bad_name=$1
	bad_status=$2
	shift 2
	begin "$bad_name" "$@"
	poll "$bad_status"
	at_port=$PORT
	stop server
	# what a server of another kind makes of a ClientHello says nothing of the client
	[ "$account_mode" != "$server_mode" ] || no_violations server
	[ $protocol = imap ] || left 3
	brought "$(find out -type f 2>/dev/null | wc -l)"
}

unsent() {
	lacks "$WORK/server.log" "$logins"
	is "messages" 0 "$(find out -type f 2>/dev/null | wc -l)"
}

# The same station polls a server that behaves: so many are in the folder then, each once.
again() { # N
	# shellcheck disable=SC2086 # words
	serve_box $protocol --mode "$server_mode" --port "$at_port" $tls
	receive 0
	brought "$1"
	receive 0
	brought "$1"
	stop server
	no_violations server
}

# Each message is in the folder, or on the server still.
nothing_lost() {
	for n in 1 2 3; do
		checks=$((checks + 1))
		[ -n "$(find "$WORK/mail" -name "$n" -o -name "$n:*")" ] ||
			grep -qs "^Message-ID: <$n@" out/* || fail "$case_name: message $n is lost"
	done
}
