#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What is remembered of messages, spoilt: by other files in its place, by half a line, by another process that reads the
# mailbox. Each failure says so, in the account's properties too; no message is lost, and none comes twice that need not.
# limit: 120
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"
. "$(dirname "$0")/../support/hostile.sh"

cause() { # PATTERN
	want 0 emailctl get in lastPollFailureCause
	has "$WORK/stdout" "$1"
}

for protocol in imap pop3; do
	begin "$protocol, a file where the folder should be" ssl ssl
	want 0 emailctl set in deliveryPolicy=MarkAsUnread
	receive 0
	rm -r state/uids
	: >state/uids
	receive 65,75
	explained
	cause uids
	rm state/uids

	case_name="$protocol, a folder where the file should be"
	mkdir -p state/uids/in
	receive 65,75
	explained
	cause uids
	rmdir state/uids/in

	case_name="$protocol, half a line, a foreign file, a file of zeros"
	receive 0
	is "handed over" 3 "$(value 'messages.#')"
	printf 'S 7' >>state/uids/in
	receive 0
	is "handed over" 0 "$(value 'messages.#')"
	for content in 'not ours\n' 'handed 1 imap elsewhere x INBOX\nS 1\n' 'handed 2 new\n' '\0\0\0\0\0\0\0\0\0\0\n'; do
		# shellcheck disable=SC2059 # escapes
		printf "$content" >state/uids/in
		receive 0
		is "handed over" 3 "$(value 'messages.#')"
		receive 0
		is "handed over" 0 "$(value 'messages.#')"
	done
	ln -sf /etc/passwd state/uids/in
	receive 65,75
	explained
	rm state/uids/in

	case_name="$protocol, another process has it"
	receive 0
	rm -f "$WORK/holds"
	(flock 8 && : >"$WORK/holds" && exec sleep 60) 8>>state/uids/in.lock 9<&- &
	other=$!
	until [ -e "$WORK/holds" ]; do sleep 0.05; done
	receive 75
	explained 'another process'
	cause 'another process'
	kill $other
	wait $other
	receive 0
	is "handed over" 0 "$(value 'messages.#')"
	stop server
done
finish
