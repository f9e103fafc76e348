#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Servers that lie, strip, inject, stall, drip and drop: each ends with the exit status of its kind and one
# sentence, in time, and without a login or a mail where there must be none.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost"
tls="--cert $WORK/pki/leaf.pem --key $WORK/pki/leaf.key"
printf 'secret\n' >"$WORK/password"
login="--user plant --password-file $WORK/password"

# The account for the server that runs: its transport, and short times.
account() { # ssl|starttls|plain PROPERTY=VALUE...
	case $1 in
	ssl) use=useSsl=true ;;
	starttls) use=useStartTls=true ;;
	plain) use=useSsl=false ;;
	esac
	shift
	station hostname=localhost "port=$PORT" $use connectionTimeout=PT2S responseTimeout=PT2S dataTimeout=PT2S "$@"
	want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
}

basic="emailAuthenticator.type=basic emailAuthenticator.account=plant emailAuthenticator.password=file:$WORK/password"

# One dialogue that must fail: NAME, STATUS, the account's and the server's mode, the server's options.
bad() {
	case_name=$1
	status_wanted=$2
	account_mode=$3
	server_mode=$4
	shift 4
	# shellcheck disable=SC2086 # words
	serve server --mode "$server_mode" $tls "$@"
	account "$account_mode"
	began=$(date +%s)
	send "$status_wanted"
	took=$(($(date +%s) - began))
	[ $took -le 20 ] || fail "$case_name: took $took s"
	if [ "$status_wanted" != 0 ]; then
		explained
		checks=$((checks + 1))
		LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" "$WORK/stderr" &&
			fail "$case_name: control characters on standard error"
	fi
	stop server
}

unsent() {
	lacks "$WORK/server.log" '< (MAIL|RCPT|DATA|BDAT|AUTH)'
	is messages 0 "$(find "$WORK/server.out" -name '*.eml' | wc -l)"
}

# --- STARTTLS ---
bad "STARTTLS stripped" 76 starttls plain
is stage starttls "$(value error.stage)"
unsent
bad "STARTTLS refused" 76 starttls starttls --reply 'starttls=454 4.7.0 TLS not available'
unsent
bad "STARTTLS refused for good" 76 starttls starttls --reply 'starttls=502 5.5.1 No'
unsent
bad "a reply injected behind the go-ahead" 76 starttls starttls \
	--inject-after-starttls '250-mail.test\r\n250 AUTH PLAIN\r\n'
is stage starttls "$(value error.stage)"
unsent
lacks "$WORK/server.log" 'handshake TLS'
bad "one byte injected" 76 starttls starttls --inject-after-starttls 'x'
unsent
bad "the wrong code" 76 starttls starttls --reply 'starttls=250 2.0.0 Ready'
unsent

# --- the wrong kind of port ---
bad "a server in the clear on a TLS port" 75,76 ssl plain
has "$WORK/stderr" 'useSsl|useStartTls|TLS'
unsent
bad "TLS on a port in the clear" 75,76 plain ssl
unsent
bad "TLS where STARTTLS is expected" 75,76 starttls ssl
unsent

# --- versions ---
for mode in ssl starttls; do
	for version in 2 3; do
		case_name="a server of TLS 1.$version alone, $mode"
		# shellcheck disable=SC2086
		serve server --mode $mode $tls --tls-min 1.$version --tls-max 1.$version
		account $mode
		send 0
		want 0 emailctl --json test out
		is tlsVersion "TLSv1.$version" "$(value tlsVersion)"
		stop server
	done
	case_name="a minimum above the server's version, $mode"
	# shellcheck disable=SC2086
	serve server --mode $mode $tls --tls-max 1.2
	account $mode tlsMinProtocol=TLSv1.3
	send 76
	explained 'TLS'
	is code E_TLS_VERSION "$(value error.code)"
	stop server
	unsent
done

# --- greetings and replies ---
bad "greeted late, in time" 0 plain plain --delay greeting=1000
bad "greeted too late" 75 plain plain --delay greeting=3000
is stage greeting "$(value error.stage)"
bad "turned away" 69 plain plain --reply 'greeting=554 5.7.1 Access denied'
bad "too busy" 75 plain plain --reply 'greeting=421 4.3.2 Too many connections'
is temporary true "$(value error.temporary)"
bad "another protocol" 76 plain plain --reply 'greeting=HTTP/1.1 400 Bad Request'
bad "a reply too many" 76 plain plain --reply 'greeting=220 mail.test\n250 2.1.0 Ok\n250 2.1.5 Ok'
bad "a line without end" 76 plain plain --reply "greeting=220 $(printf '%09000d' 0)"
lines=220-x
for _ in 1 2 3 4 5 6 7 8; do lines="$lines\\n$lines"; done
bad "lines without end" 76 plain plain --reply "greeting=$lines\\n220 x"
bad "control characters" 69 plain plain --reply 'mail=550 5.7.1 \x1b[31mRed\x07 \x9b alert'
bad "the wrong code for MAIL" 76 plain plain --no-chunking --reply 'mail=354 Go ahead'
bad "codes that disagree" 76 plain plain --no-chunking --reply 'mail=250-2.1.0 Ok\n550 5.7.1 No'
bad "no code" 76 plain plain --no-chunking --reply 'mail=Ok'
# with BDAT the whole mail has gone in the same flight: whether it was taken is not known
bad "no code, the mail in the same flight" 75 plain plain --reply 'mail=Ok'
is code E_UNSURE "$(value error.code)"
bad "MAIL refused" 69 plain plain --reply 'mail=550 5.7.1 Sender refused'
is stage envelope "$(value error.stage)"
is reply 550 "$(value error.reply)"
is enhanced 5.7.1 "$(value error.enhanced)"
bad "every recipient refused" 69 plain plain --reply 'rcpt=550 5.1.1 No such user'
bad "a recipient refused for now" 75 plain plain --reply 'rcpt=452 4.2.2 Mailbox full'
bad "DATA refused" 75 plain plain --reply 'data=451 4.3.0 Try later' --no-chunking
bad "the mail refused" 69 plain plain --reply 'dot=552 5.3.4 Too large'
bad "the mail refused for now" 75 plain plain --reply 'dot=451 4.3.0 Try later'

# --- some recipients ---
# One reply too many shifts the ones behind it: nobody may be told that the mail was taken.
for codes in "" --no-enhanced; do
	case_name="a reply too many $codes"
	serve server --mode plain --reply 'mail=250 2.1.0 ok
250 2.1.0 as I said' --reply 'dot=554 5.7.1 spam' --delay dot=200 $codes
	station hostname=127.0.0.1 "port=$PORT" useSsl=false
	want 75,76 emailctl --json send out --to x@y.example --to z@y.example --subject s
	is accepted '[]' "$(value accepted)"
	stop server
done
case_name="one of two recipients"
serve server --mode plain --reply 'rcpt:gone@example.com=550 5.1.1 No such user'
account plain
send 69 --to duty@example.com --to gone@example.com
is accepted '["duty@example.com"]' "$(value accepted)"
is rejected gone@example.com "$(value rejected.0.recipient)"
is reply 550 "$(value rejected.0.reply)"
stop server
has "$WORK/server.log" '^1 message '

# --- logins ---
for mode in ssl starttls; do
	case_name="a wrong password, $mode"
	printf 'wrong\n' >"$WORK/wrong"
	# shellcheck disable=SC2086
	serve server --mode $mode $tls $login
	# shellcheck disable=SC2086
	account $mode $basic
	want 0 emailctl set out "emailAuthenticator.password=file:$WORK/wrong"
	send 77
	explained
	is stage authenticate "$(value error.stage)"
	lacks "$WORK/stdout" wrong
	lacks "$WORK/stderr" 'd3Jvbmc|wrong$'
	stop server
	lacks "$WORK/server.log" '< MAIL'
done
case_name="a login refused for now"
# shellcheck disable=SC2086
serve server --mode ssl $tls $login --reply 'auth=454 4.7.0 Temporary authentication failure'
# shellcheck disable=SC2086
account ssl $basic
send 75
explained
stop server
case_name="no login offered"
# shellcheck disable=SC2086
serve server --mode ssl $tls
# shellcheck disable=SC2086
account ssl $basic
send 77
explained
stop server
unsent
case_name="a login in the clear"
# shellcheck disable=SC2086
serve server --mode plain $login
# shellcheck disable=SC2086
account plain $basic
send 77
explained
lacks "$WORK/server.log" '< AUTH'
want 0 emailctl set out allowPlaintextLogin=true
send 0
stop server

# --- connections that break, at every stage ---
for how in drop reset half; do
	for stage in connect greeting ehlo mail rcpt data body; do
		bad "$how at $stage, in the clear" 75 plain plain --no-chunking --drop-at "$stage:$how"
		# a short mail went with its dot behind it: it may have been delivered
		[ $stage = body ] || is temporary true "$(value error.temporary)"
	done
	bad "$how at starttls" 75,76 starttls starttls --drop-at "starttls:$how"
	unsent
	bad "$how at the handshake, ssl" 75,76 ssl ssl --drop-at "tls:$how"
	unsent
	bad "$how at the handshake, starttls" 75,76 starttls starttls --drop-at "tls:$how"
	unsent
	for stage in ehlo mail rcpt data body; do
		bad "$how at $stage, TLS" 75 ssl ssl --no-chunking --drop-at "$stage:$how"
	done
	bad "$how at the first chunk" 75 ssl ssl --drop-at "body:$how"
	# it may have been delivered, and it was: not told as refused
	for mode in plain ssl; do
		bad "$how at the final dot, $mode" 75 $mode $mode --drop-at "dot:$how"
		is code E_UNSURE "$(value error.code)"
		is messages 1 "$(find "$WORK/server.out" -name '*.eml' | wc -l)"
	done
	bad "$how at QUIT" 0 ssl ssl --drop-at "quit:$how"
	case_name="$how at AUTH"
	# shellcheck disable=SC2086
	serve server --mode ssl $tls $login --drop-at "auth:$how"
	# shellcheck disable=SC2086
	account ssl $basic
	send 75
	stop server
done

# A mail that is longer than what a connection holds: its end was not sent.
head -c 20000000 /dev/zero | tr '\0' x | fold -w 76 >"$WORK/long"
for without in "" --no-chunking; do
	for mode in plain ssl; do
		case_name="reset in the middle of a long mail, $mode $without"
		# shellcheck disable=SC2086
		serve server --mode $mode $tls $without --drop-at body:reset
		account $mode
		send 75 --attach "$WORK/long"
		explained
		is temporary true "$(value error.temporary)"
		stop server
	done
done

# --- silence and dripping ---
bad "silent at MAIL" 75 plain plain --no-chunking --drop-at mail:stall
is code E_TIMEOUT "$(value error.code)"
bad "silent at the handshake" 75 ssl ssl --drop-at tls:stall
bad "silent after STARTTLS" 75 starttls starttls --drop-at tls:stall
bad "silent after the final dot" 75 ssl ssl --drop-at dot:stall
is code E_UNSURE "$(value error.code)"
bad "dripping, but in time" 0 ssl ssl --drip 2
bad "a reply that drips for ever" 75 plain plain --drip 60
finish
