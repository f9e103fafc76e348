#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tokens from a real authorization server (oidc-provider, from npm) over TLS: every grant, each way for a client to
# prove itself, a person's code, and answers that are none. What the server issued it has to know again.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/oidc.sh"

# --- helpers ---

# Runs `tokens` for a client, with a transcript, in which and in whose error no secret may be.
token() { # STATUS OPTION...
	expected=$1
	shift
	want "$expected" tokens --ca "$WORK/pki/root.crt" --log --scope mail "$@"
	for secret in 'Pl4in-Secret' 'odd%20' 'odd+' '"<>~' 'client_assertion=' 'assertion=' "$(field access)" "$(field refresh)"; do
		[ -n "$secret" ] || continue
		checks=$((checks + 1))
		! grep -qF -e "$secret" "$WORK/stderr" || fail "$case_name: $secret is in the transcript"
	done
}

field() { # NAME
	sed -n "s/^$1 //p" "$WORK/stdout"
}

# What the server says of a path of its own, in $WORK/said.
server_says() { # PATH
	NODE_EXTRA_CA_CERTS=$WORK/pki/root.crt node -e 'fetch(process.argv[1]).then((r) => r.text()).then(console.log)' "$url/$1" \
		>"$WORK/said" 2>"$WORK/said.error" 9<&- || fail "$case_name: $(cat "$WORK/said.error")"
}

# The token that came is one of the server's, for this client.
genuine() { # CLIENT SECONDS
	is seconds "$2" "$(field seconds)"
	server_says "introspect?token=$(field access)"
	has "$WORK/said" "\"active\":true.*\"client_id\":\"$1\""
}

# The last one failed.
error_is() { # CODE STAGE PATTERN [PATTERN OF THE REMEDY]
	is error "$1 $2" "$(field error)"
	has "$WORK/stdout" "$3"
	[ $# -lt 4 ] || has "$WORK/stdout" "$4"
}

# --- client credentials ---

case_name="client_secret_post, by metadata"
token 0 --metadata "$url" --client post --secret Pl4in-Secret
genuine post 600
is scope mail "$(field scope)"
has "$WORK/stderr" 'GET /.well-known/openid-configuration'
has "$WORK/stderr" 'POST /token'
has "$WORK/stderr" 'bytes of body'

case_name="client_secret_post, explicit endpoint"
token 0 --token "$url/token" --client post --secret Pl4in-Secret --auth post
genuine post 600
lacks "$WORK/stderr" '^C GET'

case_name="client_secret_basic, a secret of odd characters"
token 0 --metadata "$url/" --client basic --secret 'odd +%&=:"<>~' --auth basic
genuine basic 600
has "$WORK/stderr" 'Authorization: \*\*\*'

case_name="a wrong secret"
token 1 --metadata "$url" --client post --secret wrong
error_is E_LOGIN token 'invalid_client' 'clientSecret'

case_name="no proof at all"
token 1 --metadata "$url" --client basic --grant refresh --refresh none --auth none
error_is E_LOGIN token 'invalid_client'

case_name="a secret of 13 kB, 39 kB as it is sent"
token 1 --metadata "$url" --client post --secret "$(printf '%13000s' '' | tr ' ' '%')"
error_is E_LOGIN token 'invalid_client'

case_name="an unknown client"
token 1 --metadata "$url" --client nobody --secret x
error_is E_LOGIN token 'invalid_client'

case_name="a scope that the client may not have"
token 1 --metadata "$url" --client post --secret Pl4in-Secret --scope offline_access
error_is E_LOGIN token 'invalid_scope' 'scope'

case_name="a grant that the client may not use"
token 1 --metadata "$url" --client kept --secret Pl4in-Secret
error_is E_LOGIN token 'unauthorized_client|invalid_request|invalid_scope'

# --- private_key_jwt ---

if [ "$(node -p 'typeof require("crypto").hash')" = function ]; then
	for alg in RS256 PS256 ES256; do
		case $alg in ES256) key=station ;; *) key=rsa ;; esac
		client=$(echo $alg | tr '[:upper:]' '[:lower:]')
		case_name="private_key_jwt, $alg"
		token 0 --metadata "$url" --client "$client" --key "$WORK/pki/$key.both" --algorithm $alg
		genuine "$client" 600
	done

	case_name="an encrypted key"
	openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:sesame -in "$WORK/pki/station.key" -out "$WORK/pki/locked.key" 2>/dev/null
	token 0 --metadata "$url" --client es256 --key "$WORK/pki/locked.key" --password sesame
	genuine es256 600
	token 1 --metadata "$url" --client es256 --key "$WORK/pki/locked.key" --password wrong
	error_is E_CERTIFICATE token 'password' 'privateKeyPassword'

	case_name="another key"
	token 1 --metadata "$url" --client es256 --key "$WORK/pki/server.key"
	error_is E_LOGIN token 'invalid_client'

	case_name="another algorithm than registered"
	token 1 --metadata "$url" --client ps256 --key "$WORK/pki/rsa.key" --algorithm RS256
	error_is E_LOGIN token 'invalid_client'

	case_name="a clock an hour slow"
	token 1 --metadata "$url" --client es256 --key "$WORK/pki/station.key" --skew -3600
	error_is E_LOGIN token 'invalid_client'

	case_name="an assertion for somebody else"
	token 1 --metadata "$url" --client es256 --key "$WORK/pki/station.key" --audience https://elsewhere.example
	error_is E_LOGIN token 'invalid_client'
else
	echo "SKIPPED private_key_jwt: oidc-provider's part of it does not run on node $(node --version)"
fi

# --- JWT bearer, as Google has it ---

case_name="JWT bearer"
google="--token $url/google/token --grant jwt --key $WORK/pki/rsa.both"
# shellcheck disable=SC2086 # words
token 0 $google --client rs256 --account plant@example.com
genuine rs256 3599

case_name="JWT bearer, another account"
# shellcheck disable=SC2086
token 1 $google --client rs256 --account other@example.com
error_is E_LOGIN token 'unauthorized_client: Client is unauthorized' 'domain-wide delegation'

case_name="JWT bearer, another key"
openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out "$WORK/pki/other.key" 2>/dev/null
token 1 --token "$url/google/token" --grant jwt --key "$WORK/pki/other.key" --client rs256 --account plant@example.com
error_is E_LOGIN token 'Invalid JWT Signature' 'another key'

# --- device authorization, and the refresh token that comes of it ---

# Starts `tokens` behind our back; the person's answer comes once the code is shown.
with_code() { # APPROVE-OR-DENY OPTION...
	answer=$1
	shift
	checks=$((checks + 1))
	tokens --ca "$WORK/pki/root.crt" --log --grant device --scope 'mail offline_access' --metadata "$url" "$@" \
		>"$WORK/stdout" 2>"$WORK/stderr" 9<&- &
	running=$!
	tries=0
	while [ -z "$(field code)" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	is "where to go" "$url/device" "$(field at)"
	# past the first question, so that the server says "pending" once
	sleep 5.5
	server_says "$answer?user_code=$(field code)"
	has "$WORK/said" '"found":true'
	wait $running
	status=$?
}

case_name="device, a public client"
with_code approve --client panel
is status 0 $status
genuine panel 3600
is "questions" 2 "$(grep -c '^C POST /token' "$WORK/stderr")"
first=$(field refresh)
[ -n "$first" ] || fail "$case_name: no refresh token"

case_name="refresh, rotated"
token 0 --metadata "$url" --grant refresh --client panel --refresh "$first"
genuine panel 3600
second=$(field refresh)
case $second in '' | "$first") fail "$case_name: the refresh token is not a new one" ;; esac

case_name="the old refresh token, once more"
token 1 --metadata "$url" --grant refresh --client panel --refresh "$first"
error_is E_LOGIN token 'invalid_grant' 'emailctl login'
lacks "$WORK/stdout" "$first"

case_name="which revokes the new one too"
token 1 --metadata "$url" --grant refresh --client panel --refresh "$second"
error_is E_LOGIN token 'invalid_grant'

case_name="device, a client with a secret, said no"
with_code deny --client kept --secret Pl4in-Secret
is status 1 $status
error_is E_LOGIN token 'access_denied' 'emailctl login'

case_name="a device that may not"
token 1 --metadata "$url" --grant device --client post --secret Pl4in-Secret
error_is E_LOGIN token 'unauthorized_client|invalid_request|invalid_client'

# --- whom to trust ---

case_name="a server nobody vouches for"
want 1 tokens --ca "$WORK/pki/stranger.crt" --metadata "$url" --client post --secret Pl4in-Secret
error_is E_TRUST trust '.'

case_name="another name"
want 1 tokens --ca "$WORK/pki/root.crt" --metadata "https://127.0.0.2:$PORT" --client post --secret Pl4in-Secret --timeout 2000
error_is E_CONNECT connect '.'

case_name="another issuer"
want 1 tokens --ca "$WORK/pki/root.crt" --metadata "https://127.0.0.1:$PORT" --client post --secret Pl4in-Secret
error_is E_TRUST token 'another issuer' 'authServerMetadataEndpoint'

# --- answers that are none ---

odd() { # NAME CODE PATTERN [REMEDY]
	case_name="odd: $1"
	name=$1
	shift
	token 1 --token "$url/odd/$name" --client post --secret Pl4in-Secret --timeout 2000
	code=$1
	shift
	error_is "$code" token "$@"
}
odd redirect E_REFUSED 'redirects to localhost:1 ' 'address itself'
odd page E_PROTOCOL 'a page for people' 'captive portal'
odd busy E_TEMPORARY 'HTTP 503'
odd huge E_LIMIT 'larger than 64 kB'
odd twice E_PROTOCOL 'twice'
odd nul E_PROTOCOL 'access_token is not valid'
odd cut E_CLOSED 'in the middle of its answer'
odd drip E_TIMEOUT 'within 2 s'
odd nothing E_REFUSED 'HTTP 404'
case_name="odd: in pieces"
token 0 --token "$url/odd/bytes" --client post --secret Pl4in-Secret
is access in-pieces "$(field access)"
has "$WORK/stderr" 'Transfer-Encoding: chunked'

finish
