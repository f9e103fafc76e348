#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What is left in the memory of a program that used a password, when it has freed everything: nothing. Sending to the test
# server, receiving from Dovecot, every login that they have; sheets, sealed and not; the password of a private key.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
# read by dovecot.sh
# shellcheck disable=SC2034
dovecot_mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256"
. "$(dirname "$0")/../support/dovecot.sh"

mark=kR7zQ2mX9vB4nT6wY1cH8jL5sD3fG0pA7uE2iO4q
masked=$(printf %s "$mark" | od -An -v -tx1 | tr ' ' '\n' | while read -r byte; do
	[ -z "$byte" ] || printf %02x $((0x$byte ^ 0x5a))
done)

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
# read at each login; the mail is plant's all the same
printf 'plant:{PLAIN.b64}%s\n' "$(printf %s "$mark" | base64)" >"$D/users"
printf 'From: plant@example.com\r\nSubject: read\r\n\r\nText.\r\n' >"$WORK/mail"
printf '%s\n' "$mark" >"$WORK/password"
cd "$WORK" || exit 1


for mode in ssl starttls plain; do
	for mechanism in PLAIN LOGIN; do
		case_name="SMTP, $mode, $mechanism"
		serve mail --mode $mode --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant \
			--password-file "$WORK/password"
		want 0 leak "$masked" plant "$WORK/pki/root.crt" smtp:$mode:"$PORT":$mechanism
		stop mail
	done
done
case_name="SMTP, a server that repeats what it was told"
serve mail --mode ssl --cert "$WORK/pki/leaf.crt" --key "$WORK/pki/leaf.key" --user plant --password-file "$WORK/password" \
	--reply "auth=535 5.7.8 no such login: plant, $mark"
want 0 leak "$masked" plant "$WORK/pki/root.crt" wrong:smtp:ssl:"$PORT":PLAIN wrong:smtp:ssl:"$PORT":LOGIN
stop mail

for protocol in imap pop3; do
	if [ $protocol = imap ]; then clear=$imap tls=$imaps; else clear=$pop3 tls=$pop3s; fi
	for mechanism in PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256; do
		case_name="$protocol, $mechanism"
		dovecot_empty
		dovecot_put "$WORK/mail"
		want 0 leak "$masked" plant "$WORK/pki/root.crt" $protocol:ssl:"$tls":$mechanism \
			$protocol:starttls:"$clear":$mechanism $protocol:plain:"$clear":$mechanism
	done
	case_name="$protocol, a wrong name"
	want 0 leak "$masked" nobody "$WORK/pki/root.crt" wrong:$protocol:ssl:"$tls":PLAIN
done

if command -v python3 >/dev/null; then
	case_name="tokens"
	for program in "echo.py imap AUTH=XOAUTH2 AUTH=OAUTHBEARER" "tokens.py $WORK/pki/leaf.pem $WORK/pki/leaf.key $mark $mark"; do
		name=${program%%.*}
		# shellcheck disable=SC2086 # words
		python3 "$ROOT"/tests/support/$program >"$WORK/$name.port" 2>"$WORK/$name.err" <"$WORK/alive" 9<&- &
		eval "pid_$name=$!"
		servers="$servers $name"
		tries=0
		until grep -q port "$WORK/$name.port" 2>/dev/null || [ $tries -gt 400 ]; do
			tries=$((tries + 1))
			sleep 0.05
		done
	done
	box=$(sed 's/port //' "$WORK/echo.port")
	endpoint=$(sed 's/port //' "$WORK/tokens.port")
	want 0 leak "$masked" plant "$WORK/pki/root.crt" "wrong:token:$endpoint:$box:token"
fi

case_name="sheets"
want 0 emailctl --sheet clear.xml new outgoing out emailAuthenticator.type=basic emailAuthenticator.account=plant \
	emailAuthenticator.password=- <"$WORK/password"
want 0 leak "$masked" plant "$WORK/pki/root.crt" sheet:clear.xml

case_name="the password of a private key"
openssl pkcs8 -topk8 -v2 aes-256-cbc -in "$WORK/pki/leaf.key" -passout "file:$WORK/password" -out encrypted.key 2>/dev/null ||
	fail "openssl pkcs8"
cat "$WORK/pki/leaf.crt" encrypted.key >both.pem
want 0 leak "$masked" plant "$WORK/pki/root.crt" key:both.pem
finish
