#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Stations whose clock is not set: 1970, 2000, 2036, 2040, and one that jumps back. "Clock not set" is temporary,
# makes no entry, and not a byte of protocol follows the handshake; clockPolicy Floor lets mail go.
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
command -v faketime >/dev/null || skip "faketime is not installed"

certificate root --ca --subject "CN=Plant Root" --not-before 20200101000000 --not-after 20600101000000
certificate good --issuer root --names "DNS:localhost" --not-before 20260101000000 --not-after 20500101000000
certificate short --issuer root --names "DNS:localhost" --not-before 20260101000000 --not-after 20380101000000
certificate later --issuer root --names "DNS:localhost" --not-before 20350101000000 --not-after 20500101000000
certificate self --names "DNS:localhost" --not-before 20260101000000 --not-after 20500101000000

# The account's send, at a time of the station's own; the server keeps this machine's.
send_at() { # TIME STATUS
	want "$2" faketime -f "@$1 00:00:00" emailctl --json send out --to duty@example.com --subject "Boiler 2" --text text
}

begin() { # CERTIFICATE
	serve server --mode "$mode" --cert "$WORK/pki/$1.pem" --key "$WORK/pki/$1.key"
	station hostname=localhost "port=$PORT" "$use=true"
	want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
}

unset_clock() { # TIME: temporary, no entry, nothing said
	send_at "$1" 75
	is code E_CLOCK "$(value error.code)"
	is temporary true "$(value error.temporary)"
	explained 'clock'
	want 0 emailctl --json hosts list
	is rows "${2:-0}" "$(value 'allowedHosts.#')"
}

silent() {
	stop server
	has "$WORK/server.log" '^1 end .*tls=0 '
	lacks "$WORK/server.log" '< (MAIL|RCPT|DATA|BDAT|AUTH|RSET|NOOP|QUIT)'
}

for mode in ssl starttls; do
	use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)
	for year in 1970-01-02 2000-01-01; do
		case_name="$year, $mode"
		begin good
		unset_clock $year
		want 75 faketime -f "@$year 00:00:00" emailctl test out
		silent

		case_name="$year, $mode, Floor"
		begin good
		want 0 emailctl set trust clockPolicy=Floor
		send_at $year 0
		stop server
		has "$WORK/server.log" '^1 message '

		case_name="$year, $mode, an approval with an end and one without"
		begin self
		send 77
		want 0 emailctl --json hosts list
		sha256=$(value allowedHosts.0.sha256)
		want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$sha256" --until 2049-01-01
		send 0
		unset_clock $year 1
		want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$sha256"
		send_at $year 0
		stop server
		is messages 2 "$(grep -c ' message ' "$WORK/server.log")"
	done
	for year in 2036-06-01 2040-01-01; do
		case_name="$year, $mode"
		begin good
		send_at $year 0
		stop server
	done
	case_name="2040, $mode, a certificate that ended in 2038"
	begin short
	send_at 2036-06-01 0
	send_at 2040-01-01 77
	has "$WORK/stderr" 'expired|ended|out of date'
	stop server

	case_name="a jump back, $mode"
	begin later
	send_at 2036-06-01 0 # the floor is 2035 now
	want 0 emailctl --json get trust clockFloor
	unset_clock 2030-01-01
	want 0 emailctl set trust clockFloor=
	send_at 2030-01-01 77 # not yet valid, by a clock that counts as set again
	stop server
	has "$WORK/server.log" '^2 end .*tls=0 '
	has "$WORK/server.log" '^3 end .*tls=0 '
done
finish
