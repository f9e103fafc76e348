#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Style and static analysis of the files given: clang-format, clang-tidy, cppcheck, and shellcheck for
# the scripts; each one that is not there is skipped out loud.
set -u
CC=${CC:-cc}
status=0
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Ilib -Itests -DEMAIL__VERSION=\"0\" $(sed -n 's/^\(MBEDTLS\|XML\)_CFLAGS *:= *//p' "$DEPS/config.mk" | tr '\n' ' ')"
sources=$(printf '%s\n' "$@" | grep '\.c$')
scripts=$(find tests tools .ci -name '*.sh' -o -path .ci/run)

tool() { # NAME: says what runs, or that it cannot
	if command -v "$1" >/dev/null; then
		echo "== $1"
	else
		echo "== $1 SKIPPED: it is not installed"
		return 1
	fi
}
tool clang-format && { clang-format --dry-run --Werror "$@" || status=1; }
# shellcheck disable=SC2086 # lists of words, all along
tool clang-tidy && { printf '%s\n' $sources | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh -c '
	f=$1; shift; exec clang-tidy --quiet "$@" -- $f' - "$flags" 2>/dev/null || status=1; }
# Its analysis across files follows neither `e ? e : &own` nor an object given to be written to; NULL is a pointer
# in POSIX's <stddef.h>, so one may be handed to a function with an ellipsis.
# shellcheck disable=SC2086
tool cppcheck && { cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=missingIncludeSystem --suppress=ctuuninitvar --suppress=ctunullpointer --suppress=varFuncNullUB \
	-Iinclude -Ilib -DEMAIL__VERSION='"0"' $sources || status=1; }
# Ports get their names by eval, which shellcheck cannot see: SC2154.
# shellcheck disable=SC2086
tool shellcheck && { shellcheck -x -P SCRIPTDIR -e SC2154 -S warning $scripts || status=1; }
exit $status
