#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a person at a terminal is asked: the challenge, approving without a fingerprint, a secret typed
# unseen, colours; and the reports of a send, in tables and in JSON.
# limit: 240
# shellcheck disable=SC2034 # lib.sh reads case_name
[ -f "$(dirname "$0")/../support/lib.sh" ] || {
	echo "tests/support/lib.sh is not there"
	exit 77
}
. "$(dirname "$0")/../support/lib.sh"
for program in pty mkcert mailserver json; do
	command -v $program >/dev/null || skip "$program is not built"
done
TERM=xterm
export TERM
unset NO_COLOR

certificate stranger --ca --subject "CN=Some Other Root"
certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --subject "CN=cellar"
certificate other --issuer root --names "DNS:localhost" --subject "CN=attic"
tls="--cert $WORK/pki/leaf.pem --key $WORK/pki/leaf.key"
printf 'pass word\n' >"$WORK/password"
QUESTION='[approve/reject/later]'

for mode in ssl starttls; do
	use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)
	case_name="challenge, $mode"
	# shellcheck disable=SC2086
	serve server --mode $mode $tls
	station hostname=localhost "port=$PORT" "$use=true"

	# nobody is there: the entry is told once, whether or not debug is set
	want 77 emailctl --trace test out
	has "$WORK/stderr" "Allowed Hosts: new entry for localhost port $PORT, SHA-256 [0-9a-f]{64}"
	want 77 emailctl --trace test out
	lacks "$WORK/stderr" 'Allowed Hosts: new entry'
	lacks "$WORK/stderr" approve/reject
	want 0 emailctl hosts delete "localhost:$PORT"

	# later: an entry that is not approved
	want 77 pty "$QUESTION" later -- emailctl test out
	has "$WORK/stdout" "localhost port $PORT"
	has "$WORK/stdout" 'CN=cellar'
	has "$WORK/stdout" 'issued by +CN=Plant Root'
	has "$WORK/stdout" 'unknownIssuer'
	want 0 emailctl --json hosts list
	is approval no "$(value allowedHosts.0.approval)"
	sha256=$(value allowedHosts.0.sha256)
	key=$(value allowedHosts.0.publicKeySha256)
	want 0 emailctl hosts delete "localhost:$PORT"

	# both fingerprints are shown; an answer that is none is asked again
	want 77 pty "$QUESTION" hm "$QUESTION" reject -- emailctl test out
	has "$WORK/stdout" " $sha256"
	has "$WORK/stdout" " $key"
	want 0 emailctl --json hosts list
	is approval rejected "$(value allowedHosts.0.approval)"
	want 0 emailctl hosts delete "localhost:$PORT"

	# approved: the same run goes on, and the next one asks nothing
	want 0 pty "$QUESTION" approve -- emailctl send out --to duty@example.com --subject x --text text
	has "$WORK/stdout" 'duty@example.com +.*accepted'
	want 0 emailctl --json hosts list
	is approval yes "$(value allowedHosts.0.approval)"
	send 0
	stop server
	no_violations server

	case_name="another key, $mode"
	serve server --mode $mode --port "$PORT" --cert "$WORK/pki/other.pem" --key "$WORK/pki/other.key"
	want 77 pty "$QUESTION" later -- emailctl test out
	has "$WORK/stdout" 'Approved until now'
	has "$WORK/stdout" 'subject +CN=cellar'
	has "$WORK/stdout" 'subject +CN=attic'
	want 0 emailctl hosts view "localhost:$PORT"
	has "$WORK/stdout" 'The key changed'
	has "$WORK/stdout" 'subject +CN=cellar +CN=attic'
	has "$WORK/stdout" 'issued by +CN=Plant Root +the same'
	want 0 emailctl --json hosts list
	changed=$(json allowedHosts.1.sha256 <"$WORK/stdout")
	want 0 emailctl --json hosts view "localhost:$PORT" --sha256 "$changed"
	is approval keyChanged "$(value allowedHosts.0.approval)"
	has "$WORK/stdout" 'BEGIN CERTIFICATE'
	want 0 emailctl hosts accept-key "LOCALHOST:$PORT" --sha256 "$changed"
	want 0 emailctl test out
	want 0 emailctl hosts unapprove "localhost:$PORT" --sha256 "$changed"
	want 77 emailctl test out
	want 0 emailctl hosts reject "localhost:$PORT"
	want 77 emailctl test out
	stop server
done

case_name="approve on a terminal"
# shellcheck disable=SC2086
serve server --mode ssl $tls
station hostname=localhost "port=$PORT"
want 77 emailctl test out
want 64 emailctl hosts approve "localhost:$PORT"
want 77 pty '[y/N]' n -- emailctl hosts approve "localhost:$PORT"
has "$WORK/stdout" 'CN=cellar'
want 77 emailctl test out
want 0 pty '[y/N]' y -- emailctl hosts approve "localhost:$PORT" --until 2099-12-31
want 0 emailctl --json hosts list
is until 2099-12-31T23:59:59Z "$(value allowedHosts.0.until)"
want 0 emailctl test out

case_name="a fingerprint with colons"
want 0 emailctl --json hosts list
colons=$(value allowedHosts.0.publicKeySha256 | tr a-f A-F | sed 's/../&:/g; s/:$//')
want 0 emailctl hosts unapprove "localhost:$PORT"
want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$colons" --until 2099-12-31T12:00:00+01:00
want 0 emailctl --json hosts list
is until 2099-12-31T11:00:00Z "$(value allowedHosts.0.until)"

case_name="trust"
want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
want 65 emailctl trust import "$WORK/pki/root.key"
want 78 emailctl trust import "$WORK/pki/stranger.crt" --alias plant
want 0 emailctl --json trust list
is alias plant "$(value certificates.0.alias)"
is self true "$(value certificates.0.selfSigned)"
want 0 emailctl trust view plant
has "$WORK/stdout" 'CN=Plant Root'
want 0 emailctl trust export plant
same "$WORK/stdout" "$WORK/pki/root.crt"
want 0 emailctl --json trust list --system
is subject "CN=Some Other Root" "$(value certificates.0.subject)"
# at once, without a connection in between
want 0 emailctl --json hosts list
is redundant true "$(value allowedHosts.0.redundant)"
want 1 emailctl check out
has "$WORK/stdout" 'no longer needed'
want 0 emailctl hosts prune
has "$WORK/stdout" '^1 removed'
want 0 emailctl trust delete plant
want 77 emailctl test out
want 0 emailctl verify --host localhost --chain "$WORK/pki/leaf.pem" --roots "$WORK/pki/root.crt"
has "$WORK/stdout" '^ACCEPT$'
want 77 emailctl --json verify --host elsewhere --chain "$WORK/pki/leaf.pem" --roots "$WORK/pki/root.crt"
is verdict REFUSE "$(value verdict)"
is reason nameMismatch "$(value reasons.0)"
want 77 emailctl verify --host localhost --chain "$WORK/pki/leaf.pem" --roots "$WORK/pki/root.crt" --time 2099-01-01T00:00:00Z
has "$WORK/stdout" '^REFUSE .*expired'
stop server

case_name="a trust sheet that cannot be read"
# shellcheck disable=SC2086
serve server --mode ssl $tls
station hostname=localhost "port=$PORT"
want 0 emailctl trust import "$WORK/pki/root.crt"
sheet=$(find "$WORK" -name trust.xml | head -n 1)
cp "$sheet" "$WORK/good.xml"
head -c 200 "$WORK/good.xml" >"$sheet"
cp "$sheet" "$WORK/cut.xml"
want 1 emailctl --json check out
has "$WORK/stdout" trustSheetUnreadable
want 78 emailctl --json test out
want 78 emailctl hosts list
want 78 emailctl hosts prune
want 78 emailctl trust import "$WORK/pki/root.crt"
want 78 emailctl set trust clockPolicy=Floor
same "$WORK/cut.xml" "$sheet"
cp "$WORK/good.xml" "$sheet"
want 0 emailctl test out
stop server

case_name="a secret typed"
# shellcheck disable=SC2086
serve server --mode ssl $tls --user plant --password-file "$WORK/password"
station hostname=localhost "port=$PORT" emailAuthenticator.type=basic emailAuthenticator.account=plant
want 0 emailctl trust import "$WORK/pki/root.crt"
want 0 pty 'emailAuthenticator.password: ' 'pass word' -- emailctl set out emailAuthenticator.password=-
lacks "$WORK/stdout" 'pass word'
want 98 pty 'emailAuthenticator.password: ' "$(printf '\003')" -- emailctl set out emailAuthenticator.password=-
want 0 emailctl get out emailAuthenticator.password
has "$WORK/stdout" '^set$'
want 0 emailctl --trace --json test out
has "$WORK/stderr" '^C: AUTH'
lacks "$WORK/stderr" 'pass word|cGFzcyB3b3Jk'
lacks "$WORK/stdout" 'pass word'
is ok true "$(value ok)"
is version TLSv1.3 "$(value tlsVersion)"
is stage resolve "$(value stages.0.stage)"
want 0 emailctl get out debug
has "$WORK/stdout" '^false$'
want 0 emailctl set out "emailAuthenticator.password=file:$WORK/pki/leaf.crt"
want 77,78 emailctl --json test out
want 0 emailctl set out emailAuthenticator.password=env:NOT_THERE
want 78 emailctl --json test out
is code E_SECRET "$(value error.code)"
stop server

case_name="colour"
want 0 pty -- emailctl show
has "$WORK/stdout" "$(printf '\033')"
NO_COLOR=1 want 0 pty -- emailctl show
lacks "$WORK/stdout" "$(printf '\033')"
want 0 emailctl show
lacks "$WORK/stdout" "$(printf '\033')"

case_name="reports"
cp text "$WORK/my logö.png"
# shellcheck disable=SC2086
serve server --mode ssl $tls --reply 'rcpt:gone@example.com=550 5.1.1 no such user'
station hostname=localhost "port=$PORT"
want 0 emailctl trust import "$WORK/pki/root.crt"
send 0 --to a@example.com --to b@example.com --cc c@example.com --bcc hidden@example.com --html text --attach text \
	--inline text --inline "$WORK/my logö.png" --header 'X-Alarm: high' --priority 9 --dsn success,failure --reply-to r@example.com \
	--in-reply-to '<2@x.example>' --references '<0@x.example> <1@x.example>' --header 'Auto-Submitted: auto-generated' \
	--header 'List-Unsubscribe: <mailto:stop@example.com>'
is accepted 4 "$(value 'accepted.#')"
has "$WORK/server.out/000001.eml" '^X-Alarm: high'
has "$WORK/server.out/000001.eml" '^Importance: high'
has "$WORK/server.out/000001.eml" '^X-Priority: 1'
has "$WORK/server.out/000001.eml" '^In-Reply-To: <2@x.example>'
has "$WORK/server.out/000001.eml" '^References: <0@x.example> <1@x.example> <2@x.example>'
has "$WORK/server.out/000001.eml" '^Auto-Submitted: auto-generated'
has "$WORK/server.out/000001.eml" '^List-Unsubscribe: <mailto:stop@example.com>'
has "$WORK/server.out/000001.eml" 'Content-ID: <text>'
has "$WORK/server.out/000001.eml" 'Content-ID: <my_log_.png>'
lacks "$WORK/server.out/000001.eml" 'hidden@example.com'
has "$WORK/server.out/000001.env" 'NOTIFY=SUCCESS,FAILURE'
send 69 --to a@example.com --to gone@example.com
is code E_PARTIAL "$(value error.code)"
is accepted a@example.com "$(value accepted.0)"
is rejected gone@example.com "$(value rejected.0.recipient)"
is reply 550 "$(value rejected.0.reply)"
is enhanced 5.1.1 "$(value rejected.0.enhanced)"
explained
want 69 emailctl send out --to gone@example.com --text text
has "$WORK/stdout" 'gone@example.com +refused +550 5.1.1 no such user'
want 0 emailctl --json send out --raw "$WORK/server.out/000001.eml" --to e@example.com
is accepted e@example.com "$(value accepted.0)"
stop server
no_violations server
finish
