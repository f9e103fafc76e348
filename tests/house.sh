#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Rules of the house that a look at the names and lengths of files can keep: every lib/ROOM/THING.c has its
# tests/unit/THING_test.c, and no file of the library or of the tools is over 800 lines.
set -u
bad=0
for source in ${SOURCES:-lib/*/*.c}; do
	name=$(basename "$source" .c)
	[ -e "tests/unit/${name}_test.c" ] || {
		echo "house: $source has no tests/unit/${name}_test.c"
		bad=1
	}
done
for source in ${SOURCES:-lib/*/*.c tools/*/*.c}; do
	lines=$(wc -l <"$source")
	[ "$lines" -le 800 ] || {
		echo "house: $source has $lines lines"
		bad=1
	}
done
[ -n "${SOURCES:-}" ] && exit $bad

# It bites: a file without a test, and one that is too long.
plant=$(mktemp -d) || exit 1
trap 'rm -rf "$plant"' EXIT
: >"$plant/nobody_tests_this.c"
seq 801 >"$plant/buf.c"
for file in nobody_tests_this buf; do
	SOURCES="$plant/$file.c" sh "$0" >/dev/null && {
		echo "house: $file.c was let through"
		bad=1
	}
done
[ $bad = 0 ] && echo "house: every source has its test, and none is too long"
exit $bad
