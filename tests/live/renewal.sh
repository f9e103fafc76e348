#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Refresh tokens that rotate, and are used by many at once: processes on one sheet, two accounts that share a file, one
# that stays and keeps its account objects. Each token is used once, all of them get in, and the last one is kept. The
# endpoint of oauth_endpoint.py ends all of a family where one of it is used twice.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/oauth.sh"

box() { # NAME STORE REFRESH-TOKEN PROPERTY=VALUE...: logs in by it (- is followed by itself); tokens live $life seconds
	new=$1 store=$2 refresh=${3%%[!-]*}
	secret=${3#-}
	[ -n "$refresh" ] || refresh=$3
	shift 3
	want 0 emailctl new incoming "$new" "store=$store" hostname=localhost \
		"port=$([ "$store" = Imap ] && echo "$imaps" || echo "$pop3s")" emailAuthenticator.type=oAuthRefreshToken \
		"emailAuthenticator.tokenEndpoint=https://localhost:$tokens/token" emailAuthenticator.account=plant \
		"emailAuthenticator.clientId=${life:-3600}" emailAuthenticator.scope=mail "emailAuthenticator.refreshToken=$refresh" "$@" \
		<<END
$secret
END
}

fresh() {
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	: >"$WORK/endpoint"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# Each of the commands, which are lines of standard input, so many times, all at once.
at_once() { # TIMES
	pids='' i=0
	while read -r line; do
		for _ in $(seq "$1"); do
			i=$((i + 1))
			# shellcheck disable=SC2086 # words
			emailctl $line >"$WORK/run.$i" 2>&1 </dev/null 9<&- &
			pids="$pids $!"
		done
	done
	i=0
	for pid in $pids; do
		i=$((i + 1))
		wait "$pid"
		is status 0 $? || sed 's/^/  | /' "$WORK/run.$i"
	done
}

# How often they were renewed, each one once.
renewed() { # FAMILY TIMES
	is "renewals" "$(seq 0 $(($2 - 1)) | sed "s/.*/refresh $1 & ok/")" "$(grep '^refresh' "$WORK/endpoint")"
}

kept() { # FILE FAMILY: the last one that was given out
	# what was given out is written down there a moment later
	tries=0
	last=none
	until [ "$last" = "$(grep -c "^refresh $2 .* ok" "$WORK/endpoint")" ] || [ $tries -gt 20 ]; do
		tries=$((tries + 1))
		last=$(grep -c "^refresh $2 .* ok" "$WORK/endpoint")
		sleep 0.2
	done
	has "$1" "$2-$last(\$|[^0-9])"
	is "unwritten" 0 "$(find . -name '*.new' | wc -l)"
}

case_name="many processes on a sheet"
fresh
box in Imap -one-0
at_once 8 <<END
test in
END
renewed one 8
kept email.xml one
is status ok "$(emailctl get in status)"

case_name="a sealed sheet"
fresh
(umask 077 && head -c 32 /dev/urandom >"$WORK/key")
export EMAILSERVICE_SEAL_KEY="$WORK/key"
box in Imap -two-0
lacks email.xml 'two-0'
at_once 4 <<END
test in
END
renewed two 4
lacks email.xml 'two-'
want 0 emailctl test in
renewed two 5
# who changes something else, and has no key, leaves the last one there too
unset EMAILSERVICE_SEAL_KEY
want 0 emailctl set in pollrate=PT7M
export EMAILSERVICE_SEAL_KEY="$WORK/key"
want 0 emailctl test in
renewed two 6
unset EMAILSERVICE_SEAL_KEY

case_name="two accounts, one file"
fresh
echo three-0 >token
box in Imap file:token
box pop Pop3 file:./token
at_once 4 <<END
test in
test pop
END
renewed three 8
kept token three

# Its account objects have been there for a while, and renew at every poll; others renew, and save the sheet, meanwhile.
case_name="one that stays"
fresh
life=1
box in Pop3 -four-0 pollrate=PT1S
life=
emailctl receive in --watch --out "$WORK/mail" >"$WORK/watch" 2>&1 </dev/null 9<&- &
watch=$!
for _ in 1 2 3 4; do
	at_once 2 <<END
test in
set in debug=true
END
	sleep 1
done
# who is cut off between a renewal and its answer has lost the next token: not so behind a login
logins=$(grep -c '^introspect' "$WORK/endpoint")
tries=0
until [ "$(grep -c '^introspect' "$WORK/endpoint")" -gt "$logins" ] || [ $tries -gt 400 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
kill -TERM $watch
wait $watch
lacks "$WORK/watch" 'E_|invalid_grant|refused'
lacks "$WORK/endpoint" ' no$'
checks=$((checks + 1))
[ "$(grep -c '^refresh four .* ok' "$WORK/endpoint")" -ge 12 ] || fail "$case_name: it renewed too seldom"
kept email.xml four

# Somebody takes his time; whoever waits for him says so in time, and it goes on when he is through.
case_name="one that does not come to its end"
fresh
box in Imap -five-0 connectionTimeout=PT1S
want 0 emailctl test in
turn=$(echo state/renewal-*.lock)
(
	flock 8
	sleep 5 8<&- &
	holder=$!
	echo >"$WORK/holds"
	wait $holder
) 8>"$turn" 9<&- &
until [ -e "$WORK/holds" ]; do sleep 0.05; done
want 75 emailctl --json test in
is code E_TIMEOUT "$(value error.code)"
is stage token "$(value error.stage)"
is temporary true "$(value error.temporary)"
renewed five 1
wait $!
want 0 emailctl test in
renewed five 2
kept email.xml five

case_name="one that cannot be written"
fresh
export TOKEN=six-0
box in Imap env:TOKEN
want 0 emailctl test in
renewed six 1
is status fault "$(emailctl get in status)"
want 0 emailctl get in faultCause
has "$WORK/stdout" 'refresh token .*environment variable TOKEN'
want 0 emailctl set in emailAuthenticator.refreshToken=- <<END
six-1
END
want 0 emailctl test in
is status ok "$(emailctl get in status)"
kept email.xml six
finish
