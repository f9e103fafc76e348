#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Accounts that log in by OAuth, all the way: a token from a real authorization server (oidc-provider), a mailbox at Dovecot,
# which asks that server what the token is worth; by client secret, by certificate, and by a person's code, whose refresh token
# rotates and is kept.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/oidc.sh"

cat >"$WORK/oauth2.conf" <<END
introspection_mode = get
introspection_url = $url/introspect?token=
username_attribute = username
active_attribute = active
active_value = true
tls_ca_cert_file = $WORK/pki/root.crt
END
# read by dovecot.sh
# shellcheck disable=SC2034
dovecot_mechanisms="plain xoauth2 oauthbearer"
case $(dovecot --version 2>/dev/null) in
2.[0-3].*) dovecot_settings="passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $WORK/oauth2.conf
}" ;;
*) dovecot_settings="oauth2 {
  introspection_mode = get
  introspection_url = $url/introspect?token=
  username_attribute = username
  active_attribute = active
  active_value = true
  ssl_client_ca_file = $WORK/pki/root.crt
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}" ;;
esac
. "$(dirname "$0")/../support/dovecot.sh"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
printf 'From: plant@example.com\r\nSubject: read by token\r\n\r\nhello\r\n' >"$WORK/mail"
printf 'Pl4in-Secret\n' >"$WORK/secret"
printf 'wrong\n' >"$WORK/wrong"

account() { # STORE PROPERTY=VALUE...
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	store=$1
	shift
	want 0 emailctl new incoming in "store=$store" hostname=localhost \
		"port=$([ "$store" = Imap ] && echo "$imaps" || echo "$pop3s")" "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# Nothing of a token or a secret is ever shown.
quiet() {
	lacks "$WORK/stderr" 'Pl4in-Secret|Bearer [A-Za-z0-9]|access_token'
	lacks "$WORK/stdout" 'Pl4in-Secret|Bearer [A-Za-z0-9]|access_token'
}

stage() { # STAGE: its detail in the last test
	node -e 'const s = JSON.parse(require("fs").readFileSync(0)).stages.find((s) => s.stage === process.argv[1]);
		console.log(s ? s.detail : "")' "$1" <"$WORK/stdout"
}

for store in Imap Pop3; do
	for mechanism in Auto OAUTHBEARER XOAUTH2; do
		case_name="$store, $mechanism, client secret"
		dovecot_empty
		dovecot_put "$WORK/mail"
		account $store emailAuthenticator.type=oAuthClientSecret "emailAuthenticator.authServerMetadataEndpoint=$url" \
			emailAuthenticator.account=plant emailAuthenticator.clientId=post emailAuthenticator.scope=mail \
			"emailAuthenticator.clientSecret=file:$WORK/secret" "emailAuthenticator.saslMechanism=$mechanism"
		want 0 emailctl --json --trace test in
		is ok true "$(value ok)"
		is token 'a token, good for 600 s' "$(stage token)"
		is login "$([ $mechanism = Auto ] && echo OAUTHBEARER || echo $mechanism)" "$(stage authenticate)"
		quiet
		want 0 emailctl --json --trace receive in --out out
		is subject 'read by token' "$(value messages.0.subject)"
		quiet
	done

	case_name="$store, explicit endpoint"
	want 0 emailctl unset in emailAuthenticator.authServerMetadataEndpoint
	want 0 emailctl set in "emailAuthenticator.tokenEndpoint=$url/token"
	want 0 emailctl --json test in

	case_name="$store, a wrong secret"
	want 0 emailctl set in "emailAuthenticator.clientSecret=file:$WORK/wrong"
	want 77 emailctl --json test in
	is stage token "$(value error.stage)"
	explained 'invalid_client'

	case_name="$store, another user's mailbox"
	account $store emailAuthenticator.type=oAuthClientSecret "emailAuthenticator.tokenEndpoint=$url/token" \
		emailAuthenticator.account=somebody emailAuthenticator.clientId=post emailAuthenticator.scope=mail \
		"emailAuthenticator.clientSecret=file:$WORK/secret"
	want 77 emailctl --json --trace test in
	is stage authenticate "$(value error.stage)"
	has "$WORK/stdout" 'invalid_token'
	quiet
	# one fresh token, and one retry
	is "questions" 2 "$(grep -c '^C: POST /token' "$WORK/stderr")"
done

case_name="a token endpoint that nobody vouches for"
account Imap emailAuthenticator.type=oAuthClientSecret "emailAuthenticator.tokenEndpoint=$url/token" \
	emailAuthenticator.account=plant emailAuthenticator.clientId=post emailAuthenticator.scope=mail \
	"emailAuthenticator.clientSecret=file:$WORK/secret"
want 0 emailctl set trust "systemTrustStore=$WORK/pki/stranger.crt"
want 77 emailctl --json --trace test in
is stage trust "$(value error.stage)"
lacks "$WORK/stderr" '^C: POST'
want 0 emailctl --json hosts list
is host localhost "$(value allowedHosts.0.host)"
is port "${url##*:}" "$(value allowedHosts.0.port)"
want 0 emailctl hosts approve "localhost:${url##*:}" --sha256 "$(value allowedHosts.0.sha256)"
# the mail server's certificate is another matter
want 77 emailctl --json --trace test in
has "$WORK/stderr" '^C: POST /token'

if [ "$(node -p 'typeof require("crypto").hash')" = function ]; then
	case_name="a client certificate"
	account Imap emailAuthenticator.type=oAuthClientCertificate "emailAuthenticator.authServerMetadataEndpoint=$url" \
		emailAuthenticator.account=plant emailAuthenticator.clientId=es256 emailAuthenticator.scope=mail \
		emailAuthenticator.clientCertificate=station
	want 77,78,65 emailctl --json test in
	explained
	want 0 emailctl keys import "$WORK/pki/station.both" --alias station
	want 0 emailctl --json --trace test in
	is ok true "$(value ok)"
	quiet
fi

# --- a person's code ---

with_code() { # APPROVE-OR-DENY
	checks=$((checks + 1))
	emailctl --json login in >"$WORK/stdout" 2>"$WORK/stderr" 9<&- &
	running=$!
	tries=0
	while ! grep -q userCode "$WORK/stderr" && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	# the sheet is others' too while a person is waited for
	emailctl set in pollrate=PT7M || fail "$case_name: set"
	sleep 5.5
	NODE_EXTRA_CA_CERTS=$WORK/pki/root.crt node -e 'fetch(process.argv[1])' \
		"$url/$1?user_code=$(json userCode <"$WORK/stderr")" 9<&-
	wait $running
	status=$?
}
case_name="a person's code"
account Imap emailAuthenticator.type=oAuthRefreshToken "emailAuthenticator.authServerMetadataEndpoint=$url" \
	emailAuthenticator.account=plant@example.com emailAuthenticator.clientId=panel "emailAuthenticator.scope=mail offline_access"
want 77,78 emailctl test in
explained
with_code approve
is "status of login" 0 $status
want 0 emailctl get in pollrate
is "what was set meanwhile" PT7M "$(cat "$WORK/stdout")"
want 0 emailctl get in emailAuthenticator.refreshToken
is "the token" set "$(cat "$WORK/stdout")"
first=$(cksum <email.xml)
want 0 emailctl --json --trace test in
is ok true "$(value ok)"
quiet
checks=$((checks + 1))
[ "$first" != "$(cksum <email.xml)" ] || fail "$case_name: the refresh token that rotated was not kept"
want 0 emailctl --json test in
is "ok, by the one that was kept" true "$(value ok)"
is "mode of the sheet" 600 "$(stat -c %a email.xml)"

case_name="a person's no"
with_code deny
is "status of login" 77 $status
has "$WORK/stderr" access_denied
finish
