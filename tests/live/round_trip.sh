#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All the way round: composed, sent to Postfix, delivered into a Maildir, fetched from Dovecot by IMAP and POP3, and read:
# what arrives is what was composed, byte by byte behind the lines that Postfix puts at the top, and reads the same.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/dovecot.sh"
. "$(dirname "$0")/../support/postfix.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
# shellcheck disable=SC2034 # read by postfix.sh
postfix_settings='message_size_limit = 20000000'
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	postfix_stop
	dovecot_stop
}
postfix_start
printf 'pass word:1\n' >"$WORK/password"

# --- what is composed ---
mkdir "$WORK/files" "$WORK/composed"
printf 'Flame failure on boiler 2.\n' >"$WORK/files/plain"
printf 'K\303\274hlung 2: \342\200\236Druck\342\200\234 zu hoch\n.\n..\nFrom here on\ntrailing \n' >"$WORK/files/umlauts"
head -c 5000 /dev/zero | tr '\0' x >"$WORK/files/long"
printf '<p>Kessel <b>2</b> <img src="cid:trend@plant"></p>\n' >"$WORK/files/html"
head -c 30000 "$BUILD/emailctl" >"$WORK/files/trend.png"
head -c 200000 "$BUILD/emailctl" >"$WORK/files/log.bin"
: >"$WORK/files/empty.csv"
made=0
joerg=$(printf 'J\303\266rg M\303\274ller <duty@example.com>')
mail() { # OPTION...
	made=$((made + 1))
	compose --from 'Heizraum <plant@example.com>' --to plant@box.test --to "$joerg" "$@" \
		>"$WORK/composed/$made" 2>"$WORK/composed.err" || fail "compose: $(cat "$WORK/composed.err")"
}
odd=$(printf 'St\303\266rung 2; x=1.txt')
umlaut=$(printf 'St\303\266rung Kessel 2 \342\200\223 Flamme ausgefallen, bitte sofort nachsehen und quittieren')
mail --subject "Boiler 2: flame failure" --text "$WORK/files/plain"
mail --subject "$umlaut" --text "$WORK/files/umlauts" --importance high
mail --subject "$umlaut $umlaut $umlaut" --text "$WORK/files/long" --reply '<1@example.com>|<0@example.com>'
mail --subject html --html "$WORK/files/html" --inline "$WORK/files/trend.png|image/png|trend@plant"
mail --subject both --text "$WORK/files/umlauts" --html "$WORK/files/html"
mail --subject all --text "$WORK/files/umlauts" --html "$WORK/files/html" \
	--inline "$WORK/files/trend.png|image/png|trend@plant" --attach "$WORK/files/log.bin" --attach "$WORK/files/empty.csv" \
	--data "$WORK/files/plain|$odd|text/plain"
mail --subject stream --text "$WORK/files/plain" --stream "$WORK/files/log.bin|log.bin|"
mail --text "$WORK/files/empty.csv" --subject ""
mail --subject "eight bits" --eight-bit --text "$WORK/files/umlauts"
mail --subject groups --text "$WORK/files/plain" --cc '"Night, shift" <n@example.com>, Duty: a@example.com, b@example.com;' \
	--header "Auto-Submitted:auto-generated" --header "X-Station:Kessel 2"

# --- the way round ---
station hostname=localhost "port=$smtp" useSsl=false
for raw in "$WORK"/composed/*; do
	want 0 emailctl send out --to plant@box.test --raw "$raw"
done
tries=0
while [ "$(dovecot_count)" -lt $made ] && [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
is delivered $made "$(dovecot_count)"
want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
for store in Imap Pop3; do
	want 0 emailctl new incoming $store "store=$store" hostname=localhost emailToRead=AllEmail \
		"port=$([ $store = Imap ] && echo "$imaps" || echo "$pop3s")" \
		emailAuthenticator.type=basic emailAuthenticator.account=plant "emailAuthenticator.password=file:$WORK/password"
	want 0 emailctl receive $store --out $store
	is "$store, fetched" $made "$(find $store -type f | wc -l)"
	mkdir "$store.bare"
	for file in "$store"/*; do
		# what Postfix puts at the top ends where Date begins
		awk 'top == "" && /^Date: / { top = 1 } top { print }' "$file" >"$store.bare/$(basename "$file")"
		id=$(grep -i -m1 '^Message-ID:' "$file")
		found=
		for raw in "$WORK"/composed/*; do
			[ "$(grep -i -m1 '^Message-ID:' "$raw")" = "$id" ] || continue
			found=yes
			case_name="$store, $(basename "$raw")"
			same "$raw" "$store.bare/$(basename "$file")"
			emailctl parse "$raw" >"$WORK/before.json"
			emailctl parse "$store.bare/$(basename "$file")" >"$WORK/after.json"
			same "$WORK/before.json" "$WORK/after.json"
			lacks "$WORK/after.json" '"code"'
		done
		[ -n "$found" ] || fail "$store: nobody composed $file"
	done
done

# What the parser says is what was given.
case_name="what was given"
raw=$(grep -l '^Subject: all' "$WORK"/composed/*)
want 0 emailctl parse "$raw"
is subject all "$(value subject)"
is "name of the first recipient's follower" 'Jörg Müller' "$(value to.1.name)"
is "attachments" 3 "$(value attachments | grep -o fileName | wc -l)"
is "a name" 'Störung 2; x=1.txt' "$(value attachments.2.fileName)"
is digest "$(sha256sum <"$WORK/files/log.bin" | cut -d' ' -f1)" "$(value attachments.0.sha256)"
is size 0 "$(value attachments.1.size)"
is text "$(cat "$WORK/files/umlauts")" "$(value text)"
finish
