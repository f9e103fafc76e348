#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Passwords, tokens and keys come out nowhere: every command, and every way in which a login or a sheet fails, with secrets
# that are known again; then all that was printed, logged, traced and written is searched for them (tests/support/secrets.py).
# Sealed sheets do all that others do.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
# read by dovecot.sh
# shellcheck disable=SC2034
dovecot_mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256"
. "$(dirname "$0")/../support/dovecot.sh"
command -v python3 >/dev/null || skip "python3 is not installed"

# What is given, what was written in the clear by choice, and what the servers have lies outside of what is searched.
mkdir "$WORK/given" "$WORK/clear" "$WORK/seen" "$WORK/tmp"
TMPDIR=$WORK/tmp
export TMPDIR
password='Kx7&w<Qz+4/Tr9%x"Lp~2Jd Vb8>Mn=Hg5'
# shellcheck disable=SC2034 # read by name, below
wrong='Wn3&e<Uy+6/Op1%a"Sd~7Fg Hj2>Kl=Zx4'
token='1//Rt8-fG5hJ7kL9pO2iU4yT6rE3wQ1aS0dF-zX8cV6bN4mM2lK'
client='Cs6~q8Q~Zt4vN2xR9mB7kW5jH3gF1dS0aP8oI6uY'
# shellcheck disable=SC2034 # read by name, below
keypass='Pk9+vC3bX5nM7aS1dF2gH4jK6lQ8wE0rT=yU'
access='ey7Jh8Kf.Qw9Er2Ty4Ui6Op1As3Df5Gh.Zx8Cv0Bn_Mq-7Wl'
from_env='En5+zX7cV9bN1mL3kJ5hG7fD9sA1qW3eR5tY'
# shellcheck disable=SC2034 # read by name, below
key=5a6b7c8d9eafb0c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f40516273849
for name in password wrong token client keypass access from_env key; do
	eval "printf '%s\n' \"\$$name\"" >"$WORK/given/$name"
done
chmod 600 "$WORK/given/key"
sed s/5a6b/5a6c/ "$WORK/given/key" >"$WORK/given/other-key"
chmod 600 "$WORK/given/other-key"
cat "$WORK"/given/* >"$WORK/given/all"
PLANT=$from_env
export PLANT

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
certificate client --issuer root --subject "CN=station" --eku clientAuth
dovecot_start
printf 'plant:{PLAIN.b64}%s\n' "$(printf %s "$password" | base64)" >"$D/users"
printf 'From: plant@example.com\r\nSubject: read\r\n\r\nText.\r\n' >"$WORK/mail"
dovecot_put "$WORK/mail"

# Starts a server of tests/support that says its port, which is then in PORT.
peer() { # NAME PROGRAM ARGUMENT...
	peer=$1
	program=$2
	shift 2
	rm -f "$WORK/$peer.port"
	python3 "$ROOT/tests/support/$program" "$@" >"$WORK/$peer.port" 2>"$WORK/$peer.err" <"$WORK/alive" 9<&- &
	eval "pid_$peer=$!"
	servers="$servers $peer"
	tries=0
	until PORT=$(sed -n 's/^port //p' "$WORK/$peer.port" 2>/dev/null) && [ -n "$PORT" ] || [ $tries -gt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
}
gone() { # NAME
	eval "kill \$pid_$1"
	servers=$(echo " $servers " | sed "s/ $1 / /")
}

# As want, and what was printed is kept for the search.
runs() { # STATUS COMMAND...
	want "$@"
	result=$?
	count=$((${count:-0} + 1))
	printf '%s\n' "$*" | tr -d "'" >"$WORK/seen/$count.command"
	cp "$WORK/stdout" "$WORK/seen/$count.stdout"
	cp "$WORK/stderr" "$WORK/seen/$count.stderr"
	return $result
}

# Nothing until here has shown one; the commands themselves only where one was given by mistake.
silent() {
	checks=$((checks + 1))
	[ -z "${mistake:-}" ] || rm -f "$WORK"/seen/*.command
	mistake=
	python3 "$ROOT/tests/support/secrets.py" "$WORK/given/all" "$WORK/seen" "$WORK/station" "$WORK/tmp" \
		>"$WORK/search" || {
		fail "$case_name: a secret shows:"
		sed 's/^/  | /' "$WORK/search" | cut -c1-400 | head -n 12
	}
	checks=$((checks + 1))
	[ -z "$(ls -A "$WORK/tmp")" ] || fail "$case_name: temporary files are left: $(ls "$WORK/tmp")"
}

# Every command that looks at accounts.
looks() {
	for account in out in token client; do
		for how in "" --json; do
			# shellcheck disable=SC2086 # a word or none
			runs 0 emailctl $how show $account
			# shellcheck disable=SC2086
			runs 0,1 emailctl $how check $account
		done
	done
	for property in "out password" "in password" "token refreshToken" "client privateKeyPassword"; do
		runs 0 emailctl get "${property% *}" "emailAuthenticator.${property#* }"
		is "$property" set "$(cat "$WORK/stdout")"
		runs 0 emailctl --json get "${property% *}" "emailAuthenticator.${property#* }"
	done
	runs 0 emailctl show
	runs 0,1 emailctl check
	runs 0 emailctl --json hosts list
	runs 0 emailctl --json trust list
	runs 0 emailctl --json keys list
}

# All of the sessions, each quiet, traced and as JSON. STATUS is the login's.
sessions() { # STATUS
	for how in "" "--trace" "--json --trace"; do
		# shellcheck disable=SC2086 # words
		for account in out in; do
			runs "$1" emailctl $how test $account
		done
		# shellcheck disable=SC2086
		runs "$1" emailctl $how send out --to duty@example.com --subject x --text text --attach text
		# shellcheck disable=SC2086
		runs "$1" emailctl $how receive in
	done
	runs "$1" emailctl --trace receive in --out out
	rm -rf out
}

# Accounts for SMTP, a mailbox, and the types of authenticators that have secrets of other kinds; `how` says where they are
# kept.
accounts() { # HOW PORT
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	printf 'Flame failure.\n' >text
	EMAILSERVICE_SHEET=email.xml
	EMAILSERVICE_SEAL_KEY=
	case $1 in
	file) for name in password token client keypass; do eval "kept_$name=file:$WORK/given/$name"; done ;;
	clear)
		EMAILSERVICE_SHEET=$WORK/clear/email.xml
		rm -f "$EMAILSERVICE_SHEET"
		for name in password token client keypass; do eval "kept_$name=-"; done
		;;
	sealed)
		EMAILSERVICE_SEAL_KEY=$WORK/given/key
		for name in password token client keypass; do eval "kept_$name=-"; done
		;;
	esac
	export EMAILSERVICE_SHEET EMAILSERVICE_SEAL_KEY
	runs 0 emailctl new outgoing out hostname=localhost useSsl=true "port=$2" from=plant@example.com \
		emailAuthenticator.type=basic emailAuthenticator.account=plant responseTimeout=PT3S connectionTimeout=PT3S \
		"emailAuthenticator.password=$kept_password" <"$WORK/given/password"
	runs 0 emailctl new incoming in hostname=localhost useSsl=true "port=$imaps" emailAuthenticator.type=basic \
		emailAuthenticator.account=plant "emailAuthenticator.password=$kept_password" responseTimeout=PT3S \
		<"$WORK/given/password"
	cat "$WORK/given/client" "$WORK/given/token" >"$WORK/given/both"
	runs 0 emailctl new outgoing token emailAuthenticator.type=oAuthRefreshToken \
		"emailAuthenticator.clientSecret=$kept_client" "emailAuthenticator.refreshToken=$kept_token" <"$WORK/given/both"
	runs 0 emailctl new outgoing client emailAuthenticator.type=oAuthClientCertificate \
		"emailAuthenticator.privateKeyPassword=$kept_keypass" <"$WORK/given/keypass"
	runs 0 emailctl set service "stateFolder=$WORK/station/state"
	runs 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# want's input comes from here where the function's does
for kept in file clear sealed; do
	case_name="secrets kept: $kept"
	serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant \
		--password-file "$WORK/given/password"
	accounts $kept "$PORT"
	looks
	case $kept in
	sealed)
		# more than one way to say where the key is
		lacks email.xml 'secretInClear'
		is "sealed values" 5 "$(grep -c ' sealed="A' email.xml)"
		is mode 600 "$(stat -c %a email.xml)"
		;;
	clear) is mode 600 "$(stat -c %a "$EMAILSERVICE_SHEET")" ;;
	esac
	sessions 0
	case_name="$kept, POP3"
	runs 0 emailctl set in store=Pop3 "port=$pop3s"
	runs 0 emailctl --trace test in
	runs 0 emailctl --trace --json receive in
	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		for box in "Pop3 $pop3s" "Imap $imaps"; do
			runs 0 emailctl set in "store=${box% *}" "port=${box#* }" emailAuthenticator.saslMechanism=$mechanism
			runs 0 emailctl --trace test in
		done
	done
	stop mail
	case_name="$kept, searched"
	silent
done

# --- sealed sheets, the station is the sealed one ---

case_name="sealed: without the key"
serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant --password-file "$WORK/given/password"
runs 0 emailctl set out "port=$PORT" useSsl=true
cp email.xml before.xml
EMAILSERVICE_SEAL_KEY=
runs 0 emailctl get out emailAuthenticator.password
is "the password" set "$(cat "$WORK/stdout")"
runs 1 emailctl --json check out
is code sealedSecretUnreadable "$(value findings.0.code)"
runs 78 emailctl --json --trace test out
is code E_SECRET "$(value error.code)"
has "$WORK/stderr" 'no seal key'
runs 78 emailctl --json send out --to duty@example.com --text text
is code E_SECRET "$(value error.code)"
runs 78 emailctl rename out alarms
runs 78 emailctl receive in
runs 0 emailctl set out pollrate=PT2M
is "sealed values" 5 "$(grep -c ' sealed="A' email.xml)"
case_name="sealed: another key"
runs 78 emailctl --seal-key "$WORK/given/other-key" --json test out
has "$WORK/stderr" 'another key'
runs 1 emailctl --seal-key "$WORK/given/other-key" check out
case_name="sealed: keys that are none"
for file in "$WORK/given/token" "$WORK/nowhere" "$WORK"; do
	runs 78 emailctl --seal-key "$file" show
	explained "seal key"
done
chmod 640 "$WORK/given/key"
runs 78 emailctl --seal-key "$WORK/given/key" show
explained "others"
chmod 600 "$WORK/given/key"
case_name="sealed: with the key"
EMAILSERVICE_SEAL_KEY=$WORK/given/key
runs 0 emailctl --trace test out
runs 0 emailctl --seal-key "$WORK/given/key" rename out alarms
runs 0 emailctl --trace test alarms
runs 0 emailctl rename alarms out
runs 1,0 emailctl check out
lacks "$WORK/stdout" sealed
case_name="sealed: swapped, and changed"
cp email.xml right.xml
sealed() { sed -n "/name=\"$1\"/,/<\/.*Account>/s/.*<$2 sealed=\"\([^\"]*\)\".*/\1/p" email.xml; }
of_out=$(sealed out password)
of_in=$(sealed in password)
sed "s|$of_out|SWAPPED|; s|$of_in|$of_out|; s|SWAPPED|$of_in|" right.xml >email.xml
runs 78 emailctl --json test out
has "$WORK/stderr" 'sealed for another account or property'
runs 1 emailctl check
sed "s|${of_out%????????}|&AAAA|" right.xml >email.xml
runs 78 emailctl test out
cp right.xml email.xml
runs 0 emailctl test out
case_name="sealed: what was in the clear"
cp "$WORK/clear/email.xml" email.xml
runs 0 emailctl set out "port=$PORT"
is "sealed values" 5 "$(grep -c ' sealed="A' email.xml)"
runs 0 emailctl test out
stop mail
silent

# --- logins that fail ---

case_name="a wrong password"
serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant --password-file "$WORK/given/wrong"
accounts sealed "$PORT"
runs 0 emailctl set in emailAuthenticator.password=- <"$WORK/given/wrong"
sessions 77
runs 0 emailctl set in store=Pop3 "port=$pop3s"
runs 77 emailctl --json --trace receive in
runs 77 emailctl --trace test in emailAuthenticator.password=- <"$WORK/given/wrong"
stop mail
silent

case_name="a server that repeats what it was told"
response=$(printf '\0plant\0%s' "$password" | base64)
alone=$(printf %s "$password" | base64)
for text in "535 5.7.8 no login plant with $password here" "535-5.7.8 no\r\n535 5.7.8 AUTH PLAIN $response" \
	"501 5.5.4 $alone" "454 4.7.0 later: $password" "235 2.7.0 welcome, $password"; do
	for mechanism in PLAIN LOGIN; do
		serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant \
			--password-file "$WORK/given/password" --reply "auth=$text"
		runs 0 emailctl set out "port=$PORT" emailAuthenticator.saslMechanism=$mechanism
		runs 0,69,75,76,77 emailctl --trace --json test out
		runs 0,69,75,76,77 emailctl --trace --json send out --to duty@example.com --text text
		stop mail
	done
done
silent
# IMAP and POP3, in the clear, which the account allows
for server in "imap AUTH=PLAIN" "imap" "pop3 AUTH=PLAIN" "pop3"; do
	case_name="a server that repeats what it was told: $server"
	# shellcheck disable=SC2086 # words
	peer echo echo.py $server
	store=$([ "${server%% *}" = imap ] && echo Imap || echo Pop3)
	runs 0 emailctl set in "store=$store" "port=$PORT" useSsl=false \
		allowPlaintextLogin=true emailAuthenticator.password=- <"$WORK/given/password"
	runs 69,75,77 emailctl --trace --json receive in
	has "$WORK/stderr" '\*\*\*\*'
	runs 69,75,77 emailctl --trace test in
	gone echo
done
silent

# --- tokens: what was given, what came back, and what came in its place ---

peer echo echo.py imap AUTH=XOAUTH2 AUTH=OAUTHBEARER
box=$PORT
for kept in file clear sealed; do
	case_name="tokens, kept: $kept"
	peer tokens tokens.py "$WORK/pki/leaf.pem" "$WORK/pki/leaf.key" "$access" "$token"
	endpoint=$PORT
	accounts $kept 25
	cp "$WORK/given/token" "$WORK/clear/token"
	[ $kept != file ] || kept_token=file:$WORK/clear/token
	runs 0 emailctl new incoming oauth hostname=localhost "port=$box" useSsl=false allowPlaintextLogin=true \
		emailAuthenticator.type=oAuthRefreshToken emailAuthenticator.account=plant emailAuthenticator.clientId=station \
		"emailAuthenticator.tokenEndpoint=https://localhost:$endpoint/token" \
		"emailAuthenticator.clientSecret=$kept_client" "emailAuthenticator.refreshToken=$kept_token" <"$WORK/given/both"
	# each one rotates what the next one needs; the login is refused, with what it was told
	for how in "--trace" "--json --trace" "--json"; do
		# shellcheck disable=SC2086
		runs 77 emailctl $how test oauth
		# shellcheck disable=SC2086
		runs 77 emailctl $how receive oauth
	done
	runs 77 emailctl --json test oauth
	is stage authenticate "$(value error.stage)"
	case $kept in
	file)
		has "$WORK/clear/token" '^1//.*[0-9]$'
		is mode 600 "$(stat -c %a "$WORK/clear/token")"
		;;
	clear) has "$EMAILSERVICE_SHEET" '<refreshToken>1//.*[0-9]</refreshToken>' ;;
	sealed) is "sealed values" 7 "$(grep -c ' sealed="A' email.xml)" ;;
	esac
	case_name="tokens, refused, kept: $kept"
	for path in echo page; do
		runs 0 emailctl set oauth "emailAuthenticator.tokenEndpoint=https://localhost:$endpoint/$path"
		runs 69,75,76,77 emailctl --json --trace test oauth
		is stage token "$(value error.stage)"
		runs 69,75,76,77 emailctl --trace receive oauth
	done
	gone tokens
	silent
done
gone echo
accounts sealed 25

case_name="connections that break at the login"
for drop in auth auth:reset auth:half auth:stall tls:drop; do
	serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant \
		--password-file "$WORK/given/password" --drop-at $drop
	runs 0 emailctl set out "port=$PORT" responseTimeout=PT1S
	runs 75,76 emailctl --trace --json test out
	runs 75,76 emailctl --trace send out --to duty@example.com --text text
	stop mail
done
runs 75 emailctl --trace --json test out
case_name="no login in the clear"
serve mail --mode plain --user plant --password-file "$WORK/given/password" --auth-before-tls
runs 0 emailctl set out "port=$PORT" useSsl=false
runs 77 emailctl --trace --json test out
lacks "$WORK/mail.log" '< AUTH'
stop mail
silent

# --- secrets at the wrong place, sheets that do not load ---

case_name="a secret given by mistake"
mistake=yes
runs 64 emailctl set out "emailAuthenticator.password=$password"
runs 64 emailctl --json set out "emailAuthenticator.password=$password"
runs 64 emailctl test out "emailAuthenticator.password=$password"
runs 64 emailctl new outgoing other emailAuthenticator.type=basic "emailAuthenticator.password=$password"
runs 78 emailctl set out "$password"
runs 78 emailctl --json set out "$password"
runs 78 emailctl set service "$password"
runs 69,77,78,64,65 emailctl set trust "$password"
runs 64 emailctl set out "$client"
runs 0 emailctl set out emailAuthenticator.password=file:missing
runs 78 emailctl --trace test out
runs 0 emailctl set out emailAuthenticator.password=env:PLANT
runs 75,76,77 emailctl --trace --json test out
silent

case_name="sheets that do not load"
accounts file 25
sheet() { # LINE
	cat >"$WORK/clear/bad.xml" <<END
<?xml version="1.0" encoding="UTF-8"?>
<emailService xmlns="urn:emailservice:property-sheet:1">
  <outgoingAccount name="out">
    <emailAuthenticator type="basic">
      $1
    </emailAuthenticator>
  </outgoingAccount>
</emailService>
END
	for how in "" --json; do
		# shellcheck disable=SC2086
		runs 78 emailctl $how --sheet "$WORK/clear/bad.xml" show
		# shellcheck disable=SC2086
		runs 78 emailctl $how --sheet "$WORK/clear/bad.xml" set out port=25
	done
}
xml='Kx7&amp;w&lt;Qz+4/Tr9%x"Lp~2Jd Vb8>Mn=Hg5'
plain=$from_env
sheet "<password>$password</password>"
sheet "<password>$xml</pasword>"
sheet "<pasword>$xml</pasword>"
sheet "<password>$xml<x/></password>"
sheet "<password>$xml</password><password>$xml</password>"
sheet "<password ref=\"env:X\">$xml</password>"
sheet "<password sealed=\"AQID\">$xml</password>"
sheet "<password ref=\"$plain\"/>"
sheet "<password sealed=\"$plain:\"/>"
sheet "<password value=\"$plain\"/>"
sheet "<clientSecret>$xml</clientSecret>"
sheet "$xml"
sheet "<password>$xml"
sheet "<password>$xml&#1;</password>"
sheet "<password>$xml$(printf '\001')</password>"
sheet "<password>$(head -c 17000 /dev/zero | tr '\0' x)$xml</password>"
silent

case_name="the search finds what is there"
printf 'x%s' "$password" | base64 -w0 >"$WORK/seen/planted"
checks=$((checks + 1))
python3 "$ROOT/tests/support/secrets.py" "$WORK/given/all" "$WORK/seen" >"$WORK/search" && fail "$case_name: not"
has "$WORK/search" 'planted'
is places 2 "$(wc -l <"$WORK/search")"
finish
