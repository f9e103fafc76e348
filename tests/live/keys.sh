#!/bin/sh
# SPDX-License-Identifier: MIT
#
# User Key Store: a client certificate for a server that demands one; a key of another certificate and an alias
# that is missing are refused; a server that is refused does not see it.
. "$(dirname "$0")/../support/lib.sh"
certificate root --ca --subject "CN=Plant Root"
certificate good --issuer root --names "DNS:localhost"
certificate self --names "DNS:localhost"
certificate client --issuer root --subject "CN=station" --eku clientAuth
certificate other --issuer root --subject "CN=other" --eku clientAuth
for mode in ssl starttls; do
	use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)
	for version in 1.2 1.3; do
		case_name="$mode, TLS $version"
		serve server --mode $mode --tls-max $version --cert "$WORK/pki/good.pem" --key "$WORK/pki/good.key" \
			--client-ca "$WORK/pki/root.crt"
		station hostname=localhost "port=$PORT" "$use=true"
		want 0 emailctl trust import "$WORK/pki/root.crt"
		send 69,75,76,77
		want 0 emailctl set out clientCertificate=station
		send 64,65,69,77,78
		explained 'User Key Store'
		want 1 emailctl --json check out
		is finding clientCertificateMissing "$(value findings.0.code)"
		want 65,78 emailctl keys import "$WORK/pki/client.pem" "$WORK/pki/other.key" --alias station
		want 0 emailctl keys import "$WORK/pki/client.pem" "$WORK/pki/client.key" --alias station
		lacks "$WORK/stdout" 'PRIVATE'
		is mode 600 "$(stat -c %a state/keys/station.pem)"
		want 0 emailctl --json keys list
		is alias station "$(value keys.0.alias)"
		want 0 emailctl check out
		want 0 emailctl get out clientCertificateNotAfter
		has "$WORK/stdout" '^20[0-9-]*T[0-9:]*Z$'
		send 0
		want 0 emailctl keys delete station
		send 64,65,69,77,78
		stop server
		is messages 1 "$(grep -c ' message ' "$WORK/server.log")"
	done
done
finish
