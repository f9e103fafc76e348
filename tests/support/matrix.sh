# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by the scripts, or set by lib.sh
#
# One server certificate after the other, with Use Ssl and with Use Start Tls: what is accepted, what is
# refused and why, what Allowed Hosts says of it, that a refused server got not one byte of protocol behind
# the handshake, and that approving the entry lets the mail go (or not, where nothing may).
#
# Read last, behind lib.sh, by a script for one protocol, which says
#
#     bytes_to_tls            how many bytes go in the clear before the handshake (a pattern)
#     listen OPTION...        starts the server "server"
#     stand MODE PROPERTY...  makes an account for it: ssl or starttls
#     go STATUS               a mail is to go, or come
#     went                    ... and the log says so, or the folder
#     nothing_said            the server was told nothing of what comes behind the handshake

year() { # N: this year and N, as the first of January
	echo "$(($(date -u +%Y) + $1))0101000000"
}

certificate root --ca --subject "CN=Plant Root"
certificate inter --issuer root --ca --path-len 0 --subject "CN=Plant Intermediate"
certificate unknown --ca --subject "CN=Unknown Root"
certificate good --issuer root --names "DNS:localhost"
certificate behind --issuer inter --names "DNS:localhost"
certificate rsa --issuer root --names "DNS:localhost" --key rsa2048
certificate wildcard --issuer root --names "DNS:*.localhost"
certificate foreign --issuer unknown --names "DNS:localhost"
certificate self --names "DNS:localhost"
certificate expired --issuer root --names "DNS:localhost" --not-before "$(year -3)" --not-after "$(year -1)"
certificate early --issuer root --names "DNS:localhost" --not-before "$(year 1)" --not-after "$(year 3)"
certificate wrong --issuer root --names "DNS:mail.elsewhere.example" --subject "CN=localhost"
certificate common --issuer root --subject "CN=localhost"
certificate address --issuer root --names "IP:127.0.0.1"
certificate named --issuer root --names "DNS:127.0.0.1" --subject "CN=mail"
certificate leafca --issuer root --names "DNS:localhost" --ca --eku serverAuth \
	--key-usage "signature certSign"
certificate one --issuer root --v1 --subject "CN=localhost"
certificate weak --issuer root --names "DNS:localhost" --key rsa1024
certificate sha1 --issuer root --names "DNS:localhost" --hash sha1
# a chain without its intermediate
cp "$WORK/pki/behind.crt" "$WORK/pki/gap.pem"
cp "$WORK/pki/behind.key" "$WORK/pki/gap.key"
cp "$WORK/pki/behind.crt" "$WORK/pki/gap.crt"

# The bytes of protocol behind the handshake are none, and before it no more than the way to TLS takes.
silent() {
	has "$WORK/server.log" 'handshake failed'
	case $mode in
	ssl) has "$WORK/server.log" '^1 end clear=0 tls=0 ' ;;
	starttls) has "$WORK/server.log" "^1 end clear=$bytes_to_tls tls=0 " ;;
	esac
	nothing_said
}

fingerprint() {
	value allowedHosts.0.sha256
}

# What the sentence must speak of, for each reason.
cause() { # REASON
	case $1 in
	unknownIssuer) echo 'issuer|root|issued|store' ;;
	selfSigned) echo 'self-signed|signed itself|itself' ;;
	expired) echo 'expired|ended|out of date' ;;
	notYetValid) echo 'not yet|not valid yet' ;;
	nameMismatch | nameInCommonNameOnly) echo 'name' ;;
	caAsLeaf) echo 'CA|authority' ;;
	certificateVersion) echo 'version' ;;
	weakKey) echo 'weak|short|small|2048' ;;
	weakSignature) echo 'SHA-?1|weak' ;;
	esac
}

# CERTIFICATE HOST VERDICT REASON: VERDICT is ok, open (to approval) or never
row() {
	for mode in ssl starttls; do
		case_name="$1 for $2, $mode"
		listen --mode $mode --cert "$WORK/pki/$1.pem" --key "$WORK/pki/$1.key"
		stand $mode "hostname=$2"
		want 0 emailctl trust import "$WORK/pki/root.crt" --alias plant
		if [ "$3" = ok ]; then
			go 0
			stop server
			has "$WORK/server.log" '^1 handshake TLS'
			went
			no_violations server
			continue
		fi
		go 77
		is code E_TRUST "$(value error.code)"
		is stage trust "$(value error.stage)"
		is temporary false "$(value error.temporary)"
		explained
		has "$WORK/stderr" "$(cause "$4")"
		refused "$1" "$2" "$3" "$4"
	done
}

# The entry that a refusal left behind, and what approving it does.
refused() { # CERTIFICATE HOST VERDICT REASON
	want 0 emailctl --json hosts list
	if [ "$(value 'allowedHosts.#')" = 1 ]; then
		is host "$2" "$(value allowedHosts.0.host)"
		is port "$PORT" "$(value allowedHosts.0.port)"
		is approval no "$(value allowedHosts.0.approval)"
		case $(value allowedHosts.0.reasons) in
		*"\"$4\""*) ;;
		*) fail "$case_name: reasons $(value allowedHosts.0.reasons), not $4" ;;
		esac
		sha256=$(value allowedHosts.0.sha256)
		want 0 emailctl hosts view "$2:$PORT"
		if [ "$3" = open ]; then
			# what is approved is what was looked at
			want 64,65,78 emailctl hosts approve "$2:$PORT" --sha256 "$(printf '%064d' 0)"
			want 0 emailctl hosts approve "$2:$PORT" --sha256 "$sha256"
			stop server
			silent
			listen --mode $mode --port "$PORT" --cert "$WORK/pki/$1.pem" --key "$WORK/pki/$1.key"
			go 0
			went
			no_violations server
		else
			want 0,65,77,78 emailctl hosts approve "$2:$PORT" --sha256 "$sha256"
			go 77
			has "$WORK/server.log" '^2 end .*tls=0 '
		fi
	elif [ "$3" = open ]; then
		fail "$case_name: no entry in Allowed Hosts"
	fi
	stop server
	[ "$3" = open ] || silent
}

row good localhost ok
row behind localhost ok
row rsa localhost ok
row address 127.0.0.1 ok
row foreign localhost open unknownIssuer
row gap localhost open unknownIssuer
row self localhost open selfSigned
row expired localhost open expired
row early localhost open notYetValid
row wrong localhost open nameMismatch
row wildcard localhost open nameMismatch
row common localhost open nameInCommonNameOnly
row good 127.0.0.1 open nameMismatch
row named 127.0.0.1 open nameMismatch
row leafca localhost open caAsLeaf
row one localhost open certificateVersion
row weak localhost never weakKey
row sha1 localhost never weakSignature

# An approval is for one key: another key under the same name is refused and gets a row of its own.
for mode in ssl starttls; do
	case_name="another key, $mode"
	certificate second --names "DNS:localhost"
	listen --mode $mode --cert "$WORK/pki/self.pem" --key "$WORK/pki/self.key"
	stand $mode hostname=localhost
	go 77
	want 0 emailctl --json hosts list
	want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$(fingerprint)"
	go 0
	stop server
	listen --mode $mode --port "$PORT" --cert "$WORK/pki/second.pem" --key "$WORK/pki/second.key"
	go 77
	stop server
	silent
	want 0 emailctl --json hosts list
	is rows 2 "$(value 'allowedHosts.#')"
	has "$WORK/stdout" '"keyChanged"'
	has "$WORK/stdout" '"yes"'
	# the approved key is still good
	listen --mode $mode --port "$PORT" --cert "$WORK/pki/self.pem" --key "$WORK/pki/self.key"
	go 0
	stop server
done

# What a person rejected stays refused, and is sent nothing.
for mode in ssl starttls; do
	case_name="rejected, $mode"
	listen --mode $mode --cert "$WORK/pki/self.pem" --key "$WORK/pki/self.key"
	stand $mode hostname=localhost
	go 77
	want 0 emailctl hosts reject "localhost:$PORT"
	go 77
	want 0 emailctl --json hosts list
	is approval rejected "$(value allowedHosts.0.approval)"
	stop server
	silent
	has "$WORK/server.log" '^2 end .*tls=0 '
done

# Imported later, the root makes the exemption redundant, and prune removes it.
case_name=redundant
listen --mode ssl --cert "$WORK/pki/good.pem" --key "$WORK/pki/good.key"
stand ssl hostname=localhost
go 77
want 0 emailctl --json hosts list
want 0 emailctl hosts approve "localhost:$PORT" --sha256 "$(fingerprint)"
want 0 emailctl --json hosts list
is redundant false "$(value allowedHosts.0.redundant)"
want 0 emailctl trust import "$WORK/pki/root.crt"
go 0
want 0 emailctl --json hosts list
is redundant true "$(value allowedHosts.0.redundant)"
want 0 emailctl hosts prune
want 0 emailctl --json hosts list
is rows 0 "$(value 'allowedHosts.#')"
go 0
stop server
no_violations server
