#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every login that Dovecot knows, for IMAP and POP3: by name and by Auto, with the right and the wrong password, over
# TLS 1.2 and 1.3, and in the clear, where those that show the password may not be used. What SCRAM is bound to, where the
# server can (Dovecot 2.4). Sending has the same in postfix.sh.
# limit: 180
. "$(dirname "$0")/../support/lib.sh"
# read by dovecot.sh
# shellcheck disable=SC2034
dovecot_mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256 external anonymous"
case $(dovecot --version 2>/dev/null) in
2.[0-3].*) plus= ;;
*)
	plus="SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS"
	dovecot_mechanisms="$dovecot_mechanisms scram-sha-1-plus scram-sha-256-plus"
	;;
esac
. "$(dirname "$0")/../support/dovecot.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
printf 'pass word:1\n' >"$WORK/password"
printf 'pass word:2\n' >"$WORK/wrong"

account() { # STORE PORT PROPERTY=VALUE...
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	store=$1
	port=$2
	shift 2
	want 0 emailctl new incoming in "store=$store" hostname=localhost "port=$port" emailAuthenticator.type=basic \
		emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password" "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# The last test went well, by this mechanism.
by() { # MECHANISM
	is ok true "$(value ok)"
	is mechanism "$1" "$(python3 -c 'import json, sys
print(next(s["detail"] for s in json.load(sys.stdin)["stages"] if s["stage"] == "authenticate"))' <"$WORK/stdout")"
}
command -v python3 >/dev/null || skip "python3 is not installed"

for store in Imap Pop3; do
	if [ $store = Imap ]; then
		clear=$imap tls=$imaps tls12=$imaps12
	else
		clear=$pop3 tls=$pop3s tls12=$pop3s12
	fi
	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 $plus; do
		for port in $tls $tls12; do
			# Dovecot does not know how to bind to TLS 1.2 but by tls-unique, which is none of mbedTLS's
			case "$mechanism $port" in *-PLUS" $tls12") continue ;; esac
			case_name="$store, $mechanism, port $port"
			account $store "$port" emailAuthenticator.saslMechanism=$mechanism
			want 0 emailctl --json --trace test in
			by $mechanism
			lacks "$WORK/stderr" 'pass word'
			lacks "$WORK/stderr" 'cGFzcyB3b3JkOjE'
			case_name="$store, $mechanism, a wrong password"
			want 0 emailctl set in "emailAuthenticator.password=file:$WORK/wrong"
			want 77 emailctl --json test in
		done
	done
	case_name="$store, Auto"
	account $store "$tls"
	want 0 emailctl --json test in
	if [ -n "$plus" ]; then by SCRAM-SHA-256-PLUS; else by SCRAM-SHA-256; fi
	case_name="$store, Auto, TLS 1.2"
	account $store "$tls12"
	want 0 emailctl --json test in
	by SCRAM-SHA-256
	case_name="$store, in the clear"
	account $store "$clear" useSsl=false
	want 0 emailctl --json test in
	by SCRAM-SHA-256
	want 0 emailctl set in emailAuthenticator.saslMechanism=PLAIN
	want 77 emailctl --json test in
	explained "show the password"
	case_name="$store, a mechanism that is not there"
	account $store "$tls" emailAuthenticator.saslMechanism=XOAUTH2
	want 77 emailctl --json test in
	explained
done
finish
