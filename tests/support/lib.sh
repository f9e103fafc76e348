# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # what is set here is read by the scripts, or by eval
#
# What the scripts of tests/live and tests/hostile share; each begins with
#
#     . "$(dirname "$0")/../support/lib.sh"
#
# and ends with `finish`. They get a folder of their own in $WORK, the programs in $PATH, and servers that
# end with them, even where they are killed: each reads a pipe that only this shell holds open.

set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
PATH=$BUILD:$BUILD/tests/programs:/usr/sbin:/sbin:$PATH
LC_ALL=C
export PATH LC_ALL
unset EMAILSERVICE_SHEET EMAILSERVICE_SEAL_KEY
WORK=$(mktemp -d "${TMPDIR:-/tmp}/emailservice.XXXXXX") || exit 1
failures=0
checks=0
servers=

# shellcheck disable=SC2317 # called by the trap
tidy() {
	for server in $servers; do
		eval "kill \$pid_$server 2>/dev/null"
	done
	command -v at_end >/dev/null && at_end
	cd / && rm -rf "$WORK"
}
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$WORK/alive" && exec 9<>"$WORK/alive"

skip() { # REASON
	echo "$1"
	exit 77
}

command -v emailctl >/dev/null || skip "emailctl is not built"

# --- saying what holds ---

fail() { # SENTENCE
	failures=$((failures + 1))
	printf 'FAIL %s\n' "$*"
}

# Runs a command; its output is then in $WORK/stdout and $WORK/stderr.
want() { # STATUS[,STATUS] COMMAND...
	expected=$1
	shift
	checks=$((checks + 1))
	"$@" >"$WORK/stdout" 2>"$WORK/stderr" 9<&-
	status=$?
	case ",$expected," in
	*",$status,"*) return 0 ;;
	esac
	fail "${case_name:+$case_name: }status $status, not $expected: $*"
	sed 's/^/  | /' "$WORK/stdout" "$WORK/stderr" | head -n 40
	return 1
}

is() { # WHAT EXPECTED ACTUAL
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return 0
	fail "${case_name:+$case_name: }$1 is '$3', not '$2'"
	return 1
}

has() { # FILE PATTERN (extended, without case)
	checks=$((checks + 1))
	grep -Eiq -e "$2" "$1" && return 0
	fail "${case_name:+$case_name: }no '$2' in $(basename "$1"):"
	head -n 60 "$1" | sed 's/^/  | /'
	return 1
}

lacks() { # FILE PATTERN
	checks=$((checks + 1))
	grep -Eiq -e "$2" "$1" || return 0
	fail "${case_name:+$case_name: }'$2' in $(basename "$1"):"
	grep -Ei -e "$2" "$1" | head -n 5 | sed 's/^/  | /'
	return 1
}

same() { # FILE FILE
	checks=$((checks + 1))
	cmp "$1" "$2" >"$WORK/cmp" 2>&1 && return 0
	fail "${case_name:+$case_name: }$(cat "$WORK/cmp")"
	return 1
}

# A value of the last command's JSON document; nothing where it is absent.
value() { # PATH
	json "$1" <"$WORK/stdout" 2>/dev/null
}

# The last command said why, in text for people, and not more than a sentence and its remedy.
explained() { # [PATTERN]
	checks=$((checks + 1))
	if [ ! -s "$WORK/stderr" ] || [ "$(wc -l <"$WORK/stderr")" -gt 2 ]; then
		fail "${case_name:+$case_name: }not one sentence on standard error:"
		sed 's/^/  | /' "$WORK/stderr" | head -n 20
	fi
	[ $# -eq 0 ] || has "$WORK/stderr" "$1"
}

# What another process does: a command is true within 20 seconds.
soon() { # WHAT COMMAND...
	what=$1
	shift
	checks=$((checks + 1))
	left=400
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || {
			fail "${case_name:+$case_name: }not within 20 seconds: $what"
			return 1
		}
		sleep 0.05
	done
}

# The first attachment of a message, as it was before it was encoded, in $WORK/attachment.
attachment() { # FILE
	checks=$((checks + 1))
	awk '/^Content-Disposition: attachment/ { found = 1 }
	     found && /^\r?$/ { body = 1; next }
	     body && /^--/ { exit }
	     body { print }' "$1" | tr -d '\r' | base64 -d >"$WORK/attachment" || fail "$case_name: no base64"
}

finish() {
	echo "$checks checks, $failures failed"
	[ "$failures" -eq 0 ]
	exit
}

# --- servers ---

# Starts a mailserver; PORT is its port, $WORK/NAME.log its log, $WORK/NAME.out what it received.
serve() { # NAME OPTION...
	server=$1
	shift
	rm -rf "${WORK:?}/$server.out"
	mkdir -p "$WORK/$server.out"
	: >"$WORK/$server.log"
	: >"$WORK/$server.port"
	mailserver --until-stdin-closes --log "$WORK/$server.log" --out "$WORK/$server.out" "$@" \
		<"$WORK/alive" >"$WORK/$server.port" 9<&- &
	eval "pid_$server=$!"
	servers="$servers $server"
	PORT=
	tries=0
	while [ -z "$PORT" ]; do
		PORT=$(sed -n 's/^port //p' "$WORK/$server.port")
		tries=$((tries + 1))
		[ -n "$PORT" ] || [ $tries -gt 2000 ] || sleep 0.01
		if [ $tries -gt 2000 ]; then
			fail "mailserver $* does not start"
			finish
		fi
	done
}

# Ends one; its log is whole then.
stop() { # NAME
	eval "kill \$pid_$1 && wait \$pid_$1"
	is "the end of server $1" 0 $?
	servers=$(echo " $servers " | sed "s/ $1 / /")
}

# Nothing that a correct client does: see tests/support/server.h.
no_violations() { # NAME
	lacks "$WORK/$1.log" '^[0-9]+ ! '
}

# A loopback port that is free now.
free_port() {
	serve probe --mode plain
	kill "$pid_probe"
	wait "$pid_probe"
	servers=$(echo " $servers " | sed "s/ probe / /")
}

# A certificate in $WORK/pki; see tests/programs/mkcert.c.
certificate() { # NAME OPTION...
	mkdir -p "$WORK/pki"
	name=$1
	shift
	mkcert --out "$WORK/pki" --name "$name" "$@" || fail "mkcert $name"
}

# --- accounts ---

# A sheet in $WORK/station with an outgoing account "out", and stores that hold nothing of this machine.
station() { # PROPERTY=VALUE...
	rm -rf "$WORK/station"
	mkdir -p "$WORK/station"
	cd "$WORK/station" || exit 1
	[ -f "$WORK/pki/stranger.crt" ] || certificate stranger --ca --subject "CN=Some Other Root"
	want 0 emailctl new outgoing out "from=plant@example.com" "$@"
	want 0 emailctl set trust "systemTrustStore=$WORK/pki/stranger.crt"
	printf 'Flame failure on boiler 2.\n' >text
}

# Sends the text to duty@example.com, or to others that are given.
send() { # STATUS OPTION...
	expected_status=$1
	shift
	case " $* " in
	*" --to "*) ;;
	*) set -- --to duty@example.com "$@" ;;
	esac
	want "$expected_status" emailctl --json send out --subject "Boiler 2: flame failure" --text text "$@"
}
