#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Logins by OAuth tokens at Dovecot, for IMAP and POP3, and at Postfix with Dovecot's auth service behind it: good ones,
# short and long, bad ones, expired ones, and another user's, each with what the server says of it; a no that takes five
# seconds; and what never gets a token. The endpoint of oauth_endpoint.py gives out whatever token it is asked for, and
# answers Dovecot's questions; a real authorization server is in tests/oauth.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/oauth.sh"

# --- tokens ---

token() { # NAME BYTES: what the endpoint gives out; its name says what it is worth
	awk -v name="$1-" -v n="$2" 'BEGIN { t = name; while (length(t) < n) t = t "ToKen"; print substr(t, 1, n) }' >"$WORK/token"
}

login() { # MECHANISM PROPERTY=VALUE...: the properties of a login by what lies in $WORK/token
	mechanism=$1
	shift
	set -- emailAuthenticator.type=oAuthClientSecret "emailAuthenticator.tokenEndpoint=https://localhost:$tokens/token" \
		emailAuthenticator.account=plant emailAuthenticator.clientId=station emailAuthenticator.scope=mail \
		"emailAuthenticator.clientSecret=file:$WORK/token" "emailAuthenticator.saslMechanism=$mechanism" "$@"
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	if [ "$store" = Smtp ]; then
		want 0 emailctl new outgoing box from=plant@example.com hostname=localhost "port=$port" "$@"
	else
		want 0 emailctl new incoming box "store=$store" hostname=localhost "port=$port" "$@"
	fi
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# Nothing of it is shown, raw or in base64 at any of its three alignments.
quiet() {
	for file in "$WORK/stdout" "$WORK/stderr"; do
		lacks "$file" 'ToKenToKen|(VG9LZW5Ub0tlb|Ub0tlblRvS2Vu|b0tlblRvS2Vu)'
	done
}

good() { # MECHANISM
	want 0 emailctl --json --trace test box
	is ok true "$(value ok)"
	is login "$1" "$(python3 -c 'import json, sys
print(next(s["detail"] for s in json.load(sys.stdin)["stages"] if s["stage"] == "authenticate"))' <"$WORK/stdout")"
	quiet
	# kept for whoever looks
	want 0 emailctl get box tokenExpires
	has "$WORK/stdout" '^20[0-9-]*T[0-9:]*Z$'
}

refused() { # PATTERN-OF-THE-REASON
	want 77 emailctl --json --trace test box
	is stage authenticate "$(value error.stage)"
	is code E_LOGIN "$(value error.code)"
	has "$WORK/stdout" "$1"
	has "$WORK/stdout" 'the token is for the mailbox in account|SMTP AUTH'
	quiet
}

each_token() {
	for mechanism in XOAUTH2 OAUTHBEARER; do
		for size in $sizes; do
			case_name="$store, $mechanism, $size bytes"
			token good $size
			login $mechanism
			good $mechanism
		done
		reason=$([ $mechanism = XOAUTH2 ] && echo 'status[^a-z]*401' || echo 'status[^a-z]*invalid_token')
		for bad in bad expired; do
			case_name="$store, $mechanism, $bad"
			: >"$WORK/endpoint"
			token $bad 1500
			login $mechanism
			refused "$reason"
			# one fresh token, and one retry
			is "tokens asked for" 2 "$(grep -c '^token' "$WORK/endpoint")"
		done
		case_name="$store, $mechanism, another user's"
		token other 1500
		login $mechanism
		refused "$store_says"
		# Dovecot closes over 8192 characters of base64, Postfix says no over 12288
		case_name="$store, $mechanism, 16384 bytes"
		token good 16384
		login $mechanism
		want 0,75,77 emailctl --json --trace test box
		case "$(value error.code) $(value error.text)" in
		" " | E_CLOSED*broke:*) ;;
		E_CLOSED* | E_MECHANISM*) has "$WORK/stdout" 'put less into' ;;
		*) fail "$case_name: $(value error.code)" ;;
		esac
		quiet
	done
	case_name="$store, Auto"
	token good 1500
	login Auto
	good OAUTHBEARER
}

in_the_clear() { # PORT, where mechanisms for tokens are offered without TLS
	case_name="$store, in the clear"
	port=$1
	token good 1500
	login Auto useSsl=false
	want 77 emailctl --json --trace test box
	is code E_MECHANISM "$(value error.code)"
	lacks "$WORK/stderr" '^C: (AUTH|A[0-9]+ AUTH)'
	quiet
}

store_says='uthentication failed' sizes="100 1500 4096 6000"
for store in Imap Pop3; do
	port=$([ $store = Imap ] && echo "$imaps" || echo "$pop3s")
	each_token
	in_the_clear "$([ $store = Imap ] && echo "$imap" || echo "$pop3")"
done

# A server that takes passwords only: the embedded one, which counts what it hears.
case_name="passwords only"
store=Smtp
printf 'password\n' >"$WORK/password"
serve server --mode ssl --cert "$WORK/pki/leaf.pem" --key "$WORK/pki/leaf.key" --user plant --password-file "$WORK/password"
port=$PORT
token good 1500
login Auto
want 77 emailctl --json --trace test box
is code E_MECHANISM "$(value error.code)"
has "$WORK/stdout" 'takes a token'
stop server
lacks "$WORK/server.log" '< AUTH'

# --- Postfix ---

if [ "$(id -u)" -eq 0 ] && command -v postfix >/dev/null && id postfix >/dev/null 2>&1; then
	free_port
	smtps=$PORT
	free_port
	smtp=$PORT
	P=$WORK/postfix
	mkdir -p "$P/spool" "$P/data"
	chmod 755 "$WORK" "$P"
	chown postfix "$P/data"
	cat >"$P/main.cf" <<END
compatibility_level = 3.6
queue_directory = $P/spool
data_directory = $P/data
maillog_file_prefixes = $P
maillog_file = $P/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = postfix.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = discard
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions =
mynetworks = 127.0.0.9/32
smtpd_tls_cert_file = $WORK/pki/leaf.pem
smtpd_tls_key_file = $WORK/pki/leaf.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = $D/both/run/auth-client
smtpd_sasl_security_options = noanonymous
END
	cat >"$P/master.cf" <<END
127.0.0.1:$smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:$smtp inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
END
	if postfix -c "$P" start 9<&- >"$P/out" 2>&1; then
		store=Smtp port=$smtps sizes="100 1500 4096 9000"
		each_token
		in_the_clear "$smtp"
	else
		cat "$P/out" "$P/log"
		fail "Postfix does not start"
	fi
else
	echo "without Postfix: it is not installed, or this is not root"
fi

# --- a no that takes its time ---

case_name="a no after five seconds"
dovecot_stop
rm -f "$D"/*/log
# shellcheck disable=SC2034 # read by dovecot.sh
dovecot_settings="$oauth
auth_failure_delay = 5 secs"
dovecot_start
store=Imap port=$imaps
token bad 1500
login XOAUTH2
began=$(date +%s)
refused 'status[^a-z]*401'
checks=$((checks + 1))
[ $(($(date +%s) - began)) -ge 5 ] || fail "$case_name: it came at once"
finish
