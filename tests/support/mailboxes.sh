#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A Dovecot for the benchmark of receiving, with mailboxes of its own: one for each argument USER=COUNTxBYTES, all of
# whose messages are alike. Says where it is in one line of JSON, and ends with its standard input.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dovecot.sh"

certificate root --ca --subject "CN=Bench root"
certificate leaf --issuer root --names "DNS:localhost, IP:127.0.0.1" --key ec256
dovecot_start

# A message of so many bytes: a header as mail has it today, and lines of text.
message() { # BYTES
	awk -v bytes="$1" 'BEGIN {
		head = "Return-Path: <plant@example.com>\r\nReceived: from station7.example.com (station7.example.com [192.0.2.7])\r\n" \
			"\tby mx.example.com (Postfix) with ESMTPS id 4XyZ\r\n\tfor <duty@example.com>; Tue, 24 Nov 2026 03:00:00 +0000 (UTC)\r\n" \
			"From: Plant room <plant@example.com>\r\nTo: duty@example.com\r\nSubject: Boiler 2: flame failure\r\n" \
			"Date: Tue, 24 Nov 2026 03:00:00 +0000\r\nMessage-ID: <bench@example.com>\r\nMIME-Version: 1.0\r\n" \
			"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
		line = sprintf("%-76s\r\n", "Boiler 2 reports a flame failure; see the log for what came before.")
		printf "%s", head
		for (n = length(head); n < bytes; n += 78)
			printf "%s", line
	}'
}

# The messages are links to one file, which is in the file cache: the server is as fast as it can be.
mailbox() { # USER COUNT BYTES
	mkdir -p "$D/mail/$1/cur" "$D/mail/$1/new" "$D/mail/$1/tmp"
	[ -f "$D/mail/$3" ] || message "$3" >"$D/mail/$3"
	size=$(wc -c <"$D/mail/$3")
	python3 -c 'import os, sys
for i in range(int(sys.argv[3])):
    os.link(sys.argv[1], sys.argv[2] % i)' "$D/mail/$3" \
		"$D/mail/$1/cur/1700000000.M%06dP1.bench,S=$size,W=$size:2," "$2"
	printf '%s:{PLAIN}bench\n' "$1" >>"$D/users"
}

for box; do
	user=${box%%=*}
	size=${box#*=}
	mailbox "$user" "${size%%x*}" "${size#*x}"
done
[ "$(id -u)" -ne 0 ] || chown -R "$dovecot_uid:$dovecot_gid" "$D/mail"
printf '{"imap": {"plain": %d, "tls": %d}, "pop3": {"plain": %d, "tls": %d}, "ca": "%s"}\n' "$imap" "$imaps" "$pop3" \
	"$pop3s" "$WORK/pki/root.crt"
cat >/dev/null
