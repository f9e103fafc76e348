#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs tests, each with a time limit, and prints a line for each: ok, FAIL with the end of its output,
# or SKIP with the reason.
#
#   tests/run.sh [-j N] [-w WRAPPER] [-s REASON] GROUP PROGRAM...
#   tests/run.sh --summary
#
# -j: so many at a time. -w: a command that runs them (valgrind). -s: none can run, and why.
# A test passes with status 0; 77 skips it, the last line it printed being the reason; anything else
# fails. Its standard input is empty, its output goes to $BUILD/log/GROUP/NAME.log. It may take 120
# seconds, or what a line "limit: SECONDS" in a script says. Whatever it leaves running in its process
# group is killed.
# Results are gathered in $RESULTS; --summary counts them and fails where one failed or none ran.
set -u
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD ;; # so that a test may change its folder
esac
RESULTS=${RESULTS:-$BUILD/log/results}

result() { # STATUS GROUP/NAME REMARK
	printf '%-4s %s%s\n' "$1" "$2" "${3:+  $3}" | tee -a "$RESULTS"
}

one() { # GROUP WRAPPER PROGRAM
	name=$(basename "$3" .sh)
	log=$BUILD/log/$1/$name.log
	limit=
	command=$3
	case $3 in
	*.sh)
		limit=$(sed -n 's/^# *limit: *\([0-9][0-9]*\).*/\1/p' "$3" | head -n 1)
		command="sh $3"
		;;
	*/*) ;;
	*) command=./$3 ;;
	esac
	case $name in
	*_replay) command="$command tests/corpus/${name%_replay}" ;;
	esac
	mkdir -p "$BUILD/log/$1"
	began=$(date +%s)
	# shellcheck disable=SC2086 # words
	timeout -k 10 "${limit:-120}" $2 $command >"$log" 2>&1 </dev/null
	status=$?
	took=$(($(date +%s) - began))
	case $status in
	0) result ok "$1/$name" "$([ $took -lt 2 ] || echo "$took s")" ;;
	77) result SKIP "$1/$name" "$(grep -v '^[[:space:]]*$' "$log" | tail -n 1)" ;;
	124 | 137)
		{
			result FAIL "$1/$name" "not done after ${limit:-120} s"
			# what went wrong may stand far above the end
			grep -aE -B 2 'FAIL|ERROR|: error: |unexplained|SUMMARY: ' "$log" | head -n 20 | sed 's/^/     > /'
			tail -n 40 "$log" | sed 's/^/     | /'
		} | cat
		;;
	*)
		{
			result FAIL "$1/$name" "status $status, $log"
			tail -n 40 "$log" | sed 's/^/     | /'
		} | cat
		;;
	esac
}

summary() {
	[ -s "$RESULTS" ] || {
		echo "no test ran"
		exit 1
	}
	echo
	grep '^SKIP' "$RESULTS"
	grep '^FAIL' "$RESULTS"
	awk '{ n[$1]++ } END { printf "%d ok, %d failed, %d skipped\n", n["ok"], n["FAIL"], n["SKIP"]; exit n["FAIL"] > 0 || !n["ok"] }' \
		"$RESULTS"
}

case ${1:-} in
--summary)
	summary
	exit
	;;
--one)
	shift
	one "$@"
	exit
	;;
esac

jobs=1 wrapper='' skip=''
while getopts j:w:s: o; do
	case $o in
	j) jobs=$OPTARG ;;
	w) wrapper=$OPTARG ;;
	s) skip=$OPTARG ;;
	*) exit 64 ;;
	esac
done
shift $((OPTIND - 1))
group=$1
shift
mkdir -p "$BUILD/log" "$(dirname "$RESULTS")"
export BUILD RESULTS
# A group without a test is no failure: the folder may be empty. That nothing ran at all is one.
[ $# -gt 0 ] || exit 0
if [ -n "$skip" ]; then
	result SKIP "$group" "$# programs: $skip"
	exit 0
fi
before=$(grep -c '^FAIL' "$RESULTS" 2>/dev/null)
printf '%s\n' "$@" | xargs -P "$jobs" -I '{}' sh "$0" --one "$group" "$wrapper" '{}'
[ "$(grep -c '^FAIL' "$RESULTS")" = "${before:-0}" ]
