#!/bin/sh
# SPDX-License-Identifier: MIT
#
# TLS sessions: resumed where the chain was accepted and nothing has changed since, with TLS 1.2 and 1.3, Use
# Ssl and Use Start Tls; judged anew after any change, and never resumed under an exemption. The server counts.
# limit: 120
. "$(dirname "$0")/../support/lib.sh"

certificate root --ca --subject "CN=Plant Root"
certificate other --ca --subject "CN=Another Root"
certificate good --issuer root --names "DNS:localhost"
certificate self --names "DNS:localhost"

counts() { # HANDSHAKES RESUMED REFUSED
	stop server
	total=$(sed -n 's/^total //p' "$WORK/server.port")
	is "$total: handshakes" "$1 $2 $3" \
		"$(echo "$total" | sed -E 's/.*handshakes=([0-9]+) resumed=([0-9]+) refused=([0-9]+).*/\1 \2 \3/')"
	no_violations server
}

open_station() { # CERTIFICATE OPTION...
	cert=$1
	shift
	serve server --mode "$mode" --tls-max "$version" --cert "$WORK/pki/$cert.pem" --key "$WORK/pki/$cert.key" "$@"
	station hostname=localhost "port=$PORT" "$use=true"
	want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
}

codes() { # EXPECTED: what `again` printed, a letter for each
	is codes "$1" "$(cut -d' ' -f1 "$WORK/stdout" | tr '\n' ' ')"
}

for version in 1.2 1.3; do
	for mode in ssl starttls; do
		use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)

		case_name="TLS $version, $mode: five mails"
		open_station good
		want 0 again email.xml out 5
		codes "OK OK OK OK OK "
		counts 5 4 0

		case_name="TLS $version, $mode: a server without tickets"
		open_station good --no-tickets
		want 0 again email.xml out 3
		codes "OK OK OK "
		counts 3 0 0

		case_name="TLS $version, $mode: a root is imported"
		open_station good
		want 0 again email.xml out 2 "emailctl trust import $WORK/pki/other.crt >imported" 2
		codes "OK OK OK OK "
		counts 4 2 0

		case_name="TLS $version, $mode: the root is deleted"
		open_station good
		want 0 again email.xml out 2 "emailctl trust delete plant >deleted" 2
		codes "OK OK E_TRUST E_TRUST "
		counts 2 1 2
		has "$WORK/server.log" '^3 end .*tls=0 '

		case_name="TLS $version, $mode: an exemption"
		open_station self
		send 77
		want 0 emailctl --json hosts list
		want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$(value allowedHosts.0.sha256)"
		want 0 again email.xml out 3
		codes "OK OK OK "
		counts 3 0 1

		case_name="TLS $version, $mode: a setting of trust, a revocation list that is renewed"
		open_station good
		want 0 again email.xml out 2 "emailctl set trust clockPolicy=Floor" 2
		codes "OK OK OK OK "
		counts 4 2 0

		case_name="TLS $version, $mode: the server comes back with another certificate"
		open_station good
		port=$PORT
		want 0 again email.xml out 2 \
			"kill $pid_server; sleep 0.3; rm -f $WORK/second.port; mailserver --port $port --mode $mode --tls-max $version \
--cert $WORK/pki/self.pem --key $WORK/pki/self.key --until-stdin-closes --log $WORK/second.log <$WORK/alive >$WORK/second.port & until grep -q port $WORK/second.port; do sleep 0.05; done" 1
		codes "OK OK E_TRUST "
		servers=
		has "$WORK/second.log" '^1 end .*tls=0 '
	done
done
finish
