#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The command line where no server is needed: the sheet that it writes, all or nothing, exit statuses,
# errors, secrets, JSON, help.
set -u
BUILD=${BUILD:-build}
BUILD=$(cd "$BUILD" && pwd)
PATH=$BUILD:$PATH
[ -x "$BUILD/emailctl" ] || {
	echo "emailctl is not built"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
umask 022
unset EMAILSERVICE_SHEET
checks=0
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAIL $*"
	sed 's/^/  | /' "$work/out" "$work/err" | head -n 20
}
# Runs emailctl; its output is then in out and err.
ctl() { # STATUS ARGUMENT...
	expected=$1
	shift
	checks=$((checks + 1))
	emailctl "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status -eq "$expected" ] || fail "status $status, not $expected: emailctl $*"
	lines=$(wc -l <"$work/err")
	if [ $status -ge 64 ] && [ "$lines" -ne 1 ]; then
		fail "$lines lines on standard error, not one sentence: emailctl $*"
	fi
}
out() { # PATTERN
	checks=$((checks + 1))
	grep -Eq -e "$1" "$work/out" || fail "standard output has no $1"
}
err() {
	checks=$((checks + 1))
	grep -Eq -e "$1" "$work/err" || fail "standard error has no $1"
}
sheet() {
	checks=$((checks + 1))
	grep -Eq -e "$1" "${2:-email.xml}" || fail "the sheet has no $1"
}
no() { # PATTERN FILE...
	checks=$((checks + 1))
	pattern=$1
	shift
	if grep -Eq -e "$pattern" "$@"; then fail "$pattern is in $*"; fi
}
kept() { # the sheet is as it was in `before`
	checks=$((checks + 1))
	cmp -s before email.xml || fail "the sheet was changed"
}
mode() { # MODE FILE
	checks=$((checks + 1))
	[ "$(stat -c %a "$2")" = "$1" ] || fail "the mode of $2 is $(stat -c %a "$2"), not $1"
}

# --- usage, help ---
ctl 64
err 'a command is missing'
ctl 64 fly
ctl 64 show --wings
ctl 64 --json show a b
out '"code": "E_USAGE"'
ctl 64 hosts
ctl 64 send out --subject x
ctl 64 send out --to a@example.com --priority 11
ctl 64 send out --to a@example.com --key k
ctl 64 queue
ctl 64 queue out
ctl 64 run out
ctl 64 discover
err 'not part of this version'
ctl 0 --help
for command in new show get set unset remove rename reset check test send receive login \
	queue run hosts trust keys verify parse schema; do
	ctl 0 $command --help
	out "usage: emailctl $command"
	ctl 0 --help
	out "^  $command "
done
no '^  discover ' out
ctl 0 --version
out '^emailctl [0-9]+\.[0-9]+\.[0-9]+$'

# --- a sheet that is not there, or not one ---
ctl 78 show
err 'email.xml.*emailctl new'
ctl 78 --json --sheet nowhere.xml check
out '"code": "E_FILE"'
printf '<emailService xmlns="urn:emailservice:property-sheet:1">\n<outgoingAccount name="a">\n<prot>1</prot>' >bad.xml
printf '</outgoingAccount>\n</emailService>\n' >>bad.xml
ctl 78 --sheet bad.xml show
err 'bad.xml.*line 3.*prot.*did you mean port'
ctl 78 --json --sheet bad.xml show
out '"line": 3'

# --- new ---
ctl 0 new outgoing out from=plant@example.com emailAuthenticator.password=env:PLANT port=2525 \
	emailAuthenticator.account=plant useStartTls=true emailAuthenticator.type=basic hostname=mail.example.com
mode 600 email.xml
sheet '<useSsl>false'
sheet '<password ref="env:PLANT"/>'
ctl 0 get out effectivePort
out '^2525$'
cp email.xml before
ctl 78 new outgoing out
err 'already an account'
ctl 64 new sideways a
ctl 64 new outgoing service
ctl 78 new incoming in hostname=mail.example.com prot=993
err 'no property prot; did you mean port'
ctl 78 new incoming in useSsl=true useStartTls=true
ctl 64 new incoming in preset=nobody
ctl 64 new incoming in port=1 port=2
ctl 64 new incoming in hostname
kept
ctl 0 new incoming in preset=google emailAuthenticator.account=plant@example.com
ctl 0 get in hostname
out '^imap\.gmail\.com$'
ctl 0 get in effectivePort
out '^993$'
ctl 0 new outgoing office emailAuthenticator.account=a@b.example preset=microsoft365
ctl 0 get office effectivePort
out '^587$'
ctl 0 get office emailAuthenticator.type
out '^oAuthClientSecret$'
ctl 0 get office emailAuthenticator.authServerMetadataEndpoint
out '^https://login\.microsoftonline\.com/b\.example/v2\.0$'
ctl 0 get office emailAuthenticator.scope
out '^https://outlook\.office365\.com/\.default$'
ctl 0 new incoming box preset=microsoft365 tenant=contoso.example emailAuthenticator.type=oAuthRefreshToken store=Pop3
ctl 0 get box hostname
out '^outlook\.office365\.com$'
ctl 0 get box effectivePort
out '^995$'
ctl 0 get box emailAuthenticator.authServerMetadataEndpoint
out '/contoso\.example/v2\.0$'
ctl 0 get box emailAuthenticator.scope
out '^https://outlook\.office\.com/POP\.AccessAsUser\.All offline_access$'
ctl 0 remove box
ctl 0 new incoming box preset=google store=Pop3 emailAuthenticator.type=oAuthClientCertificate
ctl 0 get box hostname
out '^pop\.gmail\.com$'
ctl 0 get box emailAuthenticator.useJWTBearerAssertion
out '^true$'
ctl 0 remove box
ctl 64 new incoming box tenant=contoso.example
ctl 0 new outgoing mine preset=microsoft365 useSsl=true emailAuthenticator.type=basic
ctl 0 get mine effectivePort
out '^465$'
ctl 0 --json rename mine yours
out '"ok": true'
ctl 78 rename mine yours
ctl 78 rename yours out
ctl 0 remove yours
ctl 78 remove yours
err 'no account'
ctl 0 remove office

# --- get, set, unset; comments stay ---
sed 's|<hostname>mail.example.com</hostname>|<!-- the cellar -->\n    &|' email.xml >with && cat with >email.xml
ctl 0 set out pollrate=PT30S hostname=mail2.example.com
sheet 'the cellar'
sheet '<hostname>mail2.example.com</hostname>'
sheet '<pollrate>PT30S</pollrate>'
ctl 0 set out useSsl=true
ctl 0 get out useStartTls
out '^false$'
cp email.xml before
ctl 78 set out hostname=mail3.example.com port=99999
err 'port'
ctl 78 set out hostname=mail3.example.com useSsl=true useStartTls=true
err 'useSsl.*useStartTls'
ctl 78 set out hostname=mail3.example.com hostnam=x
err 'did you mean hostname'
ctl 78 set out status=ok
ctl 78 set nobody port=1
ctl 78 get out folder
ctl 64 set out
kept
ctl 0 unset out port pollrate
no '<port>|<pollrate>' email.xml
ctl 0 --json get out port
out '"port": -1'
ctl 0 --json get out enabled
out '"enabled": true'
ctl 78 set service enabled=false stateFolder=
ctl 0 get service enabled
out '^true$'
ctl 0 set service enabled=false
ctl 0 get service enabled
out '^false$'
ctl 0 unset service enabled
ctl 78 set service enabld=true
err 'did you mean enabled'
ctl 0 reset out sent
ctl 64 reset out everything
ctl 78 reset in sent
EMAILSERVICE_SHEET=$work/email.xml ctl 0 --sheet email.xml get out hostname
(cd / && EMAILSERVICE_SHEET=$work/email.xml emailctl get out hostname) >out
out 'mail2'

# --- secrets ---
for given in hunter2 value:hunter2 'hunter2=x' ' env:X'; do
	cp email.xml before
	ctl 64 --json set out "emailAuthenticator.password=$given"
	no hunter2 out err
	ctl 64 test out "emailAuthenticator.password=$given"
	no hunter2 out err
	kept
done
ctl 78 set out password=hunter2
no hunter2 out err
ctl 64 set out hunter2
no hunter2 out err
chmod 644 email.xml
printf 'pass word\nrest\n' | emailctl set out emailAuthenticator.password=- >out 2>err || fail "a secret from standard input"
sheet '<password>pass word</password>'
mode 600 email.xml
ctl 0 get out emailAuthenticator.password
out '^set$'
for how in '' --json; do
	# shellcheck disable=SC2086
	ctl 0 $how show out
	no 'pass word' out err
done
ctl 1 check out
out 'emailAuthenticator.password.*secret'
no 'pass word' out err
ctl 64 set out emailAuthenticator.password=- </dev/null
ctl 0 set out emailAuthenticator.password=file:secret
sheet '<password ref="file:secret"/>'
no 'pass word' email.xml
ctl 0 unset out emailAuthenticator.password
ctl 0 get out emailAuthenticator.password
out '^not set$'

# --- show, check ---
ctl 0 new outgoing Kühlung hostname=mail.example.com
ctl 0 show
out '^NAME     KIND'
out '^out      outgoing'
out '^Kühlung  outgoing  Smtp  '
ctl 0 --json show
out '"effectivePort": 465'
out '"security": "useSsl"'
ctl 0 --json show out
out '"useSsl": true'
out '"port": -1'
no 'lastSendSuccess' out
ctl 0 check Kühlung
ctl 0 --json check
out '"findings": \[\]'
ctl 0 set Kühlung port=587
ctl 1 --json check Kühlung
out '"code": "port587UseSsl"'
out '"remedy"'
ctl 78 check nobody
ctl 0 set Kühlung port=-1 emailAuthenticator.type=oAuthClientSecret emailAuthenticator.clientSecretNotAfter=2099-12-31
sheet '<clientSecretNotAfter>2099-12-31T00:00:00Z</clientSecretNotAfter>'
ctl 0 check Kühlung
ctl 0 set Kühlung emailAuthenticator.clientSecretNotAfter=2026-01-31
ctl 1 --json check Kühlung
out '"code": "clientSecretEnded"'
out 'ended [0-9]+ days ago .2026-01-31T00:00:00Z'
ctl 78 set Kühlung emailAuthenticator.clientSecretNotAfter=31.1.2026
err 'expected a time such as'
ctl 0 set Kühlung port=587 emailAuthenticator.type=none

# --- test and send, as far as they get without a server ---
ctl 75 test Kühlung hostname=localhost port=1 connectionTimeout=PT2S
out 'failed +connect'
ctl 0 get Kühlung hostname
out '^mail.example.com$'
ctl 75 --json test Kühlung hostname=localhost port=1
out '"stage": "connect"'
out '"error"'
out '"temporary": true'
ctl 78 test Kühlung port=0
ctl 65 send Kühlung --to nobody
ctl 65 send Kühlung --to a@example.com --header 'Subject: x'
ctl 65 send Kühlung --to a@example.com --attach absent
ctl 65 send Kühlung --to a@example.com --text absent
ctl 65 --json send Kühlung --raw absent
ctl 64 send Kühlung --raw email.xml --subject x
ctl 64 send in --to a@example.com
ctl 64 send Kühlung --to a@example.com --dsn often
ctl 64 send Kühlung --to a@example.com --references '<1@x>'
ctl 64 send Kühlung --raw email.xml --in-reply-to '<1@x>'
ctl 65 send Kühlung --to a@example.com --in-reply-to "$(printf '<1@x>\n')x$(printf '\001')"
err inReplyTo
ctl 65 send Kühlung --to a@example.com --in-reply-to '<1@x>' --references "$(printf '<0@x>\n<1@x>')"
err references
ctl 65 send Kühlung --to a@example.com --header 'Auto-Submitted: yes and no'
ctl 65 send Kühlung --to a@example.com --header 'List-Unsubscribe: https://example.com/'
ctl 0 set Kühlung enabled=false
ctl 78 send Kühlung --from a@example.com --to a@example.com --subject x
err 'disabled'

# --- trust and hosts: no sheet needed ---
mkdir elsewhere && cd elsewhere || exit 1
ctl 0 --state s trust list
ctl 0 --json --state s hosts list
out '"allowedHosts": \[\]'
ctl 65 --state s trust import "$work/email.xml"
ctl 65 --state s trust import absent
ctl 78 --state s trust view nobody
ctl 78 --state s trust delete nobody
ctl 64 --state s trust import
ctl 64 --state s trust delete nobody --system
ctl 64 --state s hosts approve localhost:465
err 'sha256'
ctl 64 --state s hosts approve localhost --sha256 00
ctl 64 --state s hosts approve ::1:465 --sha256 00
ctl 64 --state s hosts approve localhost:70000 --sha256 00
ctl 64 --state s hosts approve localhost:465 --sha256 00 --until 2027-02-29
ctl 64 --state s hosts list localhost:465
ctl 78 --state s hosts approve '[::1]:465' --sha256 "$(printf '%064d' 0)" --until 2028-02-29
ctl 78 --state s hosts view localhost:465
ctl 0 --state s hosts prune
ctl 0 --state s set trust clockPolicy=Floor
mode 700 s
mode 600 s/trust.xml
ctl 0 --state s get trust clockPolicy
out '^Floor$'
ctl 78 --state s set trust clockPolicy=Refuse crlFile=absent.pem clockPolicie=x
ctl 0 --state s get trust clockPolicy
out '^Floor$'
ctl 0 --state s unset trust clockPolicy
ctl 0 --state s get trust clockPolicy
out '^Refuse$'
ctl 64 verify --host a
ctl 65 verify --host a --chain "$work/email.xml"
ctl 65 verify --host a --chain absent
cd "$work" || exit 1

# --- messages: one JSON document whatever becomes of it ---
printf 'From: a@example.com\nSubject: =?utf-8?q?=C3=A4?=\nContent-Type: multipart/mixed; boundary=b\n
--b\n\ntext\n--b\nContent-Type: application/x; name=a.bin\nContent-Transfer-Encoding: base64\n\nYWJj\n' >message.eml
ctl 0 parse message.eml
out '"subject": "ä"'
out '"fileName": "a.bin"'
out '"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'
out '"code": "endBoundary"'
mv out file.json
ctl 0 --json parse - <message.eml
checks=$((checks + 1))
cmp -s out file.json || fail 'standard input gives something else'
printf 'no header here\n' >none.eml
ctl 65 parse none.eml
out '"code": "noHeader"'
out '"code": "E_MESSAGE"'
ctl 65 parse - </dev/null
ctl 65 parse absent.eml
out '"code": "E_FILE"'
ctl 65 parse .
ctl 64 parse
ctl 64 parse message.eml none.eml

ctl 0 schema
out '<xs:schema'
if command -v xmllint >/dev/null 2>&1; then
	mv out schema.xsd
	xmllint --noout --schema schema.xsd email.xml >out 2>&1 || fail "the sheet does not follow the schema"
fi

echo "$checks checks, $failures failed"
[ $failures -eq 0 ]
