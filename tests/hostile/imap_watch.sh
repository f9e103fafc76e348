#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `emailctl receive --watch` beside servers that tell of news at odd times, offer IDLE and refuse it, end it by
# themselves, have none, or go away for a while: what comes is received, next to nothing is computed while nothing
# comes, and SIGTERM ends it at once.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"
. "$(dirname "$0")/../support/hostile.sh"

protocol=imap

# Waits for so many files.
files() { # N
	tries=0
	while [ "$(find out -type f -name '*.eml' 2>/dev/null | wc -l)" -lt "$1" ] && [ $tries -lt 400 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	brought "$1"
}

watch_starts() { # PROPERTY=VALUE...
	want 0 emailctl set in pollrate=PT1S "$@"
	emailctl receive in --out out --watch >"$WORK/watch" 2>"$WORK/watch.err" 9<&- &
	watcher=$!
}

# A message more comes into the mailbox, and has to arrive.
one_more() { # N
	message "$1" >"$WORK/mails/$1"
	cp "$WORK/mails/$1" "$WORK/mail/$1.new"
	mv "$WORK/mail/$1.new" "$WORK/mail/$1"
	files "$1"
}

watch_ends() {
	# in hundredths of a second, the logins among them
	is "processor time is short" yes "$(awk '{ print $14 + $15 < 60 ? "yes" : "no: " $14 + $15 }' "/proc/$watcher/stat")"
	ended=$(date +%s)
	kill -TERM $watcher
	(sleep 30 && kill -KILL $watcher) 2>/dev/null &
	wait $watcher
	is "its end" 0 $?
	is "ended at once" yes "$([ $(($(date +%s) - ended)) -le 15 ] && echo yes)"
}

# NAME OPTION...: three messages at the start, and a fourth.
watched() {
	watched_name=$1
	shift
	begin "$watched_name" ssl ssl "$@"
	watch_starts
	files 3
	sleep 2 # whatever it is, it is over
	one_more 4
	watch_ends
	stop server
}

watched "IDLE"
watched "news while fetching" --first 'fetch*1=* 9 RECENT'
watched "news while marking" --first 'store*1=* 9 RECENT'
watched "news before the go-ahead" --first 'idling*1=* 9 RECENT'
watched "IDLE refused" --reply 'idling={tag} NO not here'
watched "IDLE unknown" --reply 'idling={tag} BAD what'
watched "IDLE ended by the server" --reply 'idling=+ idling\n{tag} OK enough'
watched "no IDLE" --without IDLE
watched "BYE in IDLE" --reply 'idling*1=+ idling\n* BYE too long'

for useIdle in true false; do
	begin "an empty mailbox, Delete, useIdle=$useIdle" ssl ssl
	rm "$WORK"/mail/*
	watch_starts deliveryPolicy=Delete useIdle=$useIdle
	sleep 2
	one_more 1
	sleep 2
	one_more 2
	watch_ends
	stop server
	left 0
done

begin "the server goes away, and comes back" ssl ssl
at_port=$PORT
watch_starts
files 3
stop server
sleep 3
message 4 >"$WORK/mails/4"
cp "$WORK/mails/4" "$WORK/mail/4"
# shellcheck disable=SC2086 # words
serve_box $protocol --mode ssl --port "$at_port" $tls
files 4
one_more 5
watch_ends
has "$WORK/watch.err" 'localhost'
stop server

begin "no room for what comes" ssl ssl
# a folder that is there, and takes no file
want 0 emailctl set in pollrate=PT30S
ln -s /proc out
began=$(date +%s)
want 65 timeout 28 emailctl receive in --out out --watch
explained
is "said at once" yes "$([ $(($(date +%s) - began)) -le 20 ] && echo yes)"
stop server
left 3
finish
