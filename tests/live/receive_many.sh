#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Receiving in bulk from Dovecot: 5,000 messages, each once; and a message of 25 MB, for which the heap is no larger than
# for a small one.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/dovecot.sh"
[ -f "$BUILD/bench/count.so" ] || skip "the counter of allocations is not built"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
dovecot_start
printf 'pass word:1\n' >"$WORK/password"

mailbox() { # STORE PORT PROPERTY=VALUE...
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	store=$1
	port=$2
	shift 2
	want 0 emailctl new incoming in "store=$store" hostname=localhost "port=$port" useSsl=true \
		emailAuthenticator.type=basic emailAuthenticator.account=plant \
		"emailAuthenticator.password=file:$WORK/password" "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/root.crt"
}

# A file system in memory, where there is one: 5,000 messages made durable one by one take their time on a disk.
out=$(mktemp -d /dev/shm/emailservice.XXXXXX 2>/dev/null) || out=$WORK/out
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	dovecot_stop
	rm -rf "$out"
}

many=5000
mkdir "$WORK/many"
n=0
while [ $n -lt $many ]; do
	n=$((n + 1))
	printf 'From: plant@example.com\r\nSubject: alarm %d\r\nMessage-ID: <%d@example.com>\r\n\r\nline %d\r\n' $n $n $n \
		>"$WORK/many/$n"
done

for store in Imap Pop3; do
	port=$([ $store = Imap ] && echo "$imaps" || echo "$pop3s")
	case_name="$store, $many messages"
	dovecot_empty
	cp "$WORK"/many/* "$BOX/new"
	[ "$(id -u)" -ne 0 ] || chown -R "$dovecot_uid:$dovecot_gid" "$BOX"
	mailbox $store "$port" sizeLimitPerPoll=100000
	began=$(date +%s%N)
	want 0 emailctl receive in --out "$out/$store"
	took=$((($(date +%s%N) - began) / 1000000))
	is files $many "$(find "$out/$store" -type f | wc -l)"
	is "each once" $many "$(cat "$out/$store"/* | grep '^Message-ID' | sort -u | wc -l)"
	want 0 emailctl --json receive in --out "$out/$store"
	is "nothing twice" '[]' "$(value messages)"
	echo "$case_name, each made durable: $took ms"
done

# The heap of a process that receives one message of this size.
heap() { # STORE FILE
	port=$([ "$1" = Imap ] && echo "$imaps" || echo "$pop3s")
	dovecot_empty
	dovecot_put "$2"
	mailbox "$1" "$port"
	BENCH_COUNT=$WORK/count LD_PRELOAD=$BUILD/bench/count.so emailctl receive in --out out >/dev/null 2>&1 9<&-
	checks=$((checks + 1))
	cmp -s out/* "$2" || fail "$case_name: it did not arrive as it was"
	peak=$(json heap_peak <"$WORK/count")
}
{
	printf 'From: plant@example.com\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=log\r\nContent-Transfer-Encoding: base64\r\n\r\n'
	head -c 18500000 /dev/zero | base64 | sed 's/$/\r/'
} >"$WORK/large"
head -c 200000 "$WORK/large" | sed '$d' >"$WORK/small"
for store in Imap Pop3; do
	case_name="$store, 25 MB"
	heap $store "$WORK/small"
	small=$peak
	heap $store "$WORK/large"
	checks=$((checks + 1))
	echo "$case_name: peak heap $((peak / 1024)) kB, of a message of 200 kB $((small / 1024)) kB"
	[ "$peak" -le $((small + 4096)) ] || fail "$case_name: the heap grew from $small to $peak bytes"
done
finish
