#!/bin/sh
# SPDX-License-Identifier: MIT
#
# crlFile, with lists made by openssl: what is revoked is refused and no approval opens it, a list by somebody
# else counts for nothing, one that cannot be read is an error; and not a byte of protocol goes to a refused server.
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
command -v openssl >/dev/null || skip "openssl is not installed"

certificate root --ca --subject "CN=Plant Root"
certificate fake --ca --subject "CN=Plant Root"
certificate good --issuer root --names "DNS:localhost"
certificate gone --issuer root --names "DNS:localhost"

: >"$WORK/index"
cat >"$WORK/ca.cnf" <<END
[ca]
default_ca = plant
[plant]
database = $WORK/index
default_md = sha256
END

# A list signed by CA that names CERTIFICATE, or nothing.
list() { # FILE CA CERTIFICATE|- OPTION...
	file=$1 ca=$2 cert=$3
	shift 3
	: >"$WORK/index"
	[ "$cert" = - ] || openssl ca -config "$WORK/ca.cnf" -cert "$WORK/pki/$ca.crt" -keyfile "$WORK/pki/$ca.key" \
		-revoke "$WORK/pki/$cert.crt" >"$WORK/openssl" 2>&1 || fail "openssl ca -revoke: $(cat "$WORK/openssl")"
	openssl ca -config "$WORK/ca.cnf" -cert "$WORK/pki/$ca.crt" -keyfile "$WORK/pki/$ca.key" -gencrl "$@" \
		-out "$WORK/$file" >"$WORK/openssl" 2>&1 || fail "openssl ca -gencrl: $(cat "$WORK/openssl")"
}

list names_gone root gone -crldays 30
list names_none root - -crldays 30
list by_another fake gone -crldays 30
list old root gone -crl_lastupdate 20260101000000Z -crl_nextupdate 20260201000000Z
printf 'no list\n' >"$WORK/broken"

# CERTIFICATE LIST STATUS
case_of() {
	for mode in ssl starttls; do
		use=$([ $mode = ssl ] && echo useSsl || echo useStartTls)
		case_name="$1 with $2, $mode"
		serve server --mode $mode --cert "$WORK/pki/$1.pem" --key "$WORK/pki/$1.key"
		station hostname=localhost "port=$PORT" "$use=true"
		want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
		want 0 emailctl set trust "crlFile=$WORK/$2"
		case $2 in
		old) want 1 emailctl check out && has "$WORK/stdout" 'past its next update' ;;
		broken) want 1 emailctl check out && has "$WORK/stdout" 'no revocation list' ;;
		*) want 0,1 emailctl check out && lacks "$WORK/stdout" 'revocation' ;;
		esac
		send "$3"
		if [ "$3" = 0 ]; then
			has "$WORK/server.log" '^1 message '
			stop server
			continue
		fi
		explained
		if [ "$2" = broken ]; then
			stop server
		else
			is code E_TRUST "$(value error.code)"
			has "$WORK/stderr" 'revoked'
			want 0 emailctl --json hosts list
			if [ "$(value 'allowedHosts.#')" = 1 ]; then
				sha256=$(value allowedHosts.0.sha256)
				want 0,65,77,78 emailctl hosts approve "localhost:$PORT" --sha256 "$sha256"
			fi
			send 77
			stop server
			has "$WORK/server.log" '^2 end .*tls=0 '
		fi
		has "$WORK/server.log" '^1 end .*tls=0 '
		lacks "$WORK/server.log" '< (MAIL|RCPT|DATA|BDAT|AUTH|RSET|NOOP|QUIT)'
	done
}

case_of gone names_gone 77
case_of good names_gone 0
case_of gone names_none 0
case_of gone by_another 0
case_of gone old 77
case_of good old 0
case_of good broken 65,77,78
finish
