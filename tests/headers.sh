#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The public headers, proven: each compiles alone, as strict C99, C11 and C++; every function that they
# declare is exported by the shared library, and nothing else is; the static one shows the same names.
# First it plants offences in a scratch folder and sees that they are found.
#
#   tests/headers.sh         needs the libraries of `make` in $BUILD
set -u
BUILD=${BUILD:-build} CC=${CC:-cc} CXX=${CXX:-c++} NM=${NM:-nm}
LC_ALL=C
export LC_ALL
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
complaints=0
complain() {
	complaints=$((complaints + 1))
	printf '%s\n' "$*"
}

# alone INCLUDE-FOLDER HEADER: compiler output where it does not stand alone. A program of one line,
# which includes it twice.
alone() {
	printf '#include <%s>\n#include <%s>\nint email_test_object;\n' "$2" "$2" >"$scratch/one.c"
	cp "$scratch/one.c" "$scratch/one.cpp"
	strict='-Wall -Wextra -Wpedantic -Werror -fsyntax-only'
	for std in c99 c11; do
		# shellcheck disable=SC2086
		$CC -std=$std $strict -Wstrict-prototypes -I"$1" "$scratch/one.c" 2>&1
	done
	if command -v "${CXX%% *}" >/dev/null; then
		# shellcheck disable=SC2086
		$CXX -std=c++11 $strict -I"$1" "$scratch/one.cpp" 2>&1
	fi
}

# The functions that the headers of a folder declare, one a line.
declared() {
	cat "$1"/*.h | sed -e 's|/\*.*\*/||' -e '/\/\*/,/\*\//d' | tr '\n' ' ' | tr ';' '\n' |
		sed -n 's/.*EMAIL_API[^(]*[ *]\(email_[a-z0-9_]*\)(.*/\1/p' | sort
}
# differ DECLARED EXPORTED WHERE
differ() {
	comm -23 "$1" "$2" | sed "s|.*|& is declared, but not in $3|"
	comm -13 "$1" "$2" | sed "s|.*|& is in $3, but not declared|"
	grep -vE '^email_[^_]' "$2" | sed "s|.*|& in $3 is not a public name|"
}

# --- the gate's own test
mkdir "$scratch/bad"
echo 'size_t email_f(void);' >"$scratch/bad/bad.h"
[ -n "$(alone "$scratch" bad/bad.h)" ] || complain 'self-test: took a header that does not stand alone'
echo 'static inline int email_f(int new) { return new; }' >"$scratch/bad/bad.h"
if command -v "${CXX%% *}" >/dev/null; then
	[ -n "$(alone "$scratch" bad/bad.h)" ] || complain 'self-test: took a header that is no C++'
else
	echo "headers: SKIPPED as C++: there is no ${CXX%% *}"
fi
cat >"$scratch/bad/bad.h" <<'EOT'
/* EMAIL_API int email_comment(void); */
/*
 * EMAIL_API int email_comment(void);
 */
EMAIL_API const char *email_one(int a,
                                int (*b)(int));
EMAIL_API int email_two(void); /* trailing */
EOT
[ "$(declared "$scratch/bad" | tr '\n' ' ')" = 'email_one email_two ' ] ||
	complain "self-test: misread the declarations: $(declared "$scratch/bad" | tr '\n' ' ')"
declared "$scratch/bad" >"$scratch/want"
printf 'email__inside\nemail_one\nstray\n' >"$scratch/got"
[ "$(differ "$scratch/want" "$scratch/got" X | wc -l)" = 5 ] || complain 'self-test: did not tell the difference'

# --- the headers
for header in include/emailservice/*.h; do
	found=$(alone include "${header#include/}")
	[ -z "$found" ] || complain "$header does not stand alone: $found"
done

declared include/emailservice >"$scratch/want"
[ -s "$scratch/want" ] || complain 'no declaration was found'
$NM -D --defined-only "$BUILD/libemailservice.so" | awk '{ print $3 }' | sort >"$scratch/shared"
$NM -g --defined-only "$BUILD/libemailservice.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort >"$scratch/static"
for kind in shared static; do
	found=$(differ "$scratch/want" "$scratch/$kind" "the $kind library")
	[ -z "$found" ] || complain "$found"
done

[ $complaints = 0 ] || exit 1
echo "headers: $(ls include/emailservice/*.h | wc -l) stand alone; $(wc -l <"$scratch/want") functions, all of them exported, nothing else"
