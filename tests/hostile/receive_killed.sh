#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# `emailctl receive --out` killed at every system call that writes, sends, waits for the server, or changes a folder;
# then run again. Every message is in the folder once, whole, under one name; only the one that was in hand may have
# been handed over twice; the server ends as the policy says, and a third run brings nothing.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"

command -v strace >/dev/null || skip "no strace"
strace -o "$WORK/probe" true 2>/dev/null || skip "strace may not trace here"
calls="sendto recvfrom write fsync,fdatasync linkat,rename,renameat,unlink,unlinkat,mkdir"
messages=3

# Every connection has ended: what the killed one sent has been done, or will never be.
settled() {
	tries=0
	while [ "$(grep -c ' connect$' "$WORK/server.log")" != "$(grep -c '^[0-9]* end ' "$WORK/server.log")" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return
		sleep 0.02
	done
}

# Killed before the Nth call; false: it came through.
killed_at() { # CALLS N
	fill $messages
	rm -rf "$WORK/station"
	cp -R "$WORK/fresh" "$WORK/station"
	cd "$WORK/station" || exit 1
	checks=$((checks + 1))
	{
		strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2" \
			emailctl --json receive in --out out >"$WORK/killed" 2>&1 9<&-
	} 2>/dev/null # the shell's word on it
	case $? in
	137) return 0 ;;
	0) return 1 ;;
	esac
	fail "$case_name: neither killed nor done: $(tail -n 1 "$WORK/killed")"
	return 1
}

# LEFT, MARKED: how the mailbox ends.
again() {
	settled
	before=$(find out -type f 2>/dev/null | wc -l)
	brought "$before"
	receive 0
	told=$(value 'messages.#')
	[ $((before + told)) -le $((messages + 1)) ] ||
		fail "$case_name: $before were there, and $told more were handed over"
	brought $messages
	settled
	left "$1" "$2"
	receive 0
	is "messages of a third run" 0 "$(value 'messages.#')"
}

for box in imap pop3; do
	serve_box $box --mode plain
	for policy in MarkAsRead Delete; do
		fill $messages
		account plain deliveryPolicy=$policy
		rm -rf "$WORK/fresh"
		cp -R "$WORK/station" "$WORK/fresh"
		case $box,$policy in
		*,Delete) leaves="0 0" ;;
		imap,*) leaves="$messages $messages" ;;
		pop3,*) leaves="$messages 0" ;;
		esac
		points=0
		for call in $calls; do
			point=1
			while case_name="$box, $policy, killed at $call $point" && killed_at "$call" $point; do
				# shellcheck disable=SC2086 # words
				again $leaves
				point=$((point + 1))
			done
			points=$((points + point - 1))
		done
		echo "$box, $policy: killed at $points points"
		case_name="$box, $policy"
		is "enough points" yes "$([ $points -ge 30 ] && echo yes)"
	done
	stop server
	no_violations server
done
finish
