#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Proves `make install`: what it installs serves a program of someone else's, shared and static, by
# pkg-config and by CMake, while the build folder is out of reach; and uninstall takes all of it away.
# shellcheck disable=SC2046 # what pkg-config prints are words
set -eu
BUILD=${BUILD:-build} CC=${CC:-cc} MAKE=${MAKE:-make}
fail() {
	echo "install: $*" >&2
	exit 1
}
scratch=$(mktemp -d)
top=$PWD hidden=
finish() {
	cd "$top"
	[ -z "$hidden" ] || mv "$hidden" "$BUILD"
	rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
install() { # TARGET
	$MAKE -s --no-print-directory DEPS_DONE=1 "$1" PREFIX="$scratch/usr" DESTDIR="$2" >"$scratch/log" 2>&1 ||
		fail "make $1: $(tail -n 5 "$scratch/log")"
}

install install "$scratch/stage"
install install ''
# DESTDIR changes where the files go and nothing else.
diff -r "$scratch/stage$scratch/usr" "$scratch/usr" || fail 'DESTDIR changed what was installed'
if grep -rlF "$(cd "$BUILD" && pwd)" "$scratch/usr/lib/pkgconfig" "$scratch/usr/lib/cmake"; then
	fail 'an installed file names the build folder'
fi

cp tests/outside/* "$scratch"
mkdir "$scratch/examples"
cp examples/*.c "$scratch/examples" 2>/dev/null || :
awk '/^```c$/ { on = 1; next } /^```$/ && on { exit } on' README.md >"$scratch/readme.c" # the first: a whole program

# From here on the build folder is away. (Renamed, so that paths into it fail too; `finish` brings it
# back.) A sanitizer's folder inside it goes along.
mv "$BUILD" "$BUILD.hidden-by-install-test"
hidden=$BUILD.hidden-by-install-test
cd "$scratch"

unset LD_LIBRARY_PATH
PKG_CONFIG_PATH=$scratch/usr/lib/pkgconfig
export PKG_CONFIG_PATH
[ "$(pkg-config --modversion emailservice)" = "$VERSION" ] || fail 'pkg-config tells another version'

$CC -o shared outside.c $(pkg-config --cflags --libs emailservice) || fail 'shared: does not link'
readelf -d shared | grep -q 'NEEDED.*libemailservice\.so\.0\]' || fail 'shared: not linked by its soname'
LD_LIBRARY_PATH=$scratch/usr/lib ./shared || fail 'shared: does not run'

$CC -Wall -Wextra -Werror -o readme readme.c $(pkg-config --cflags --libs emailservice) ||
	fail 'the program in README.md does not build'

# Static: the same prefix without the shared library.
cp -R usr static-usr
rm static-usr/lib/*.so*
sed -i "s|$scratch/usr|$scratch/static-usr|" static-usr/lib/pkgconfig/emailservice.pc
PKG_CONFIG_PATH=$scratch/static-usr/lib/pkgconfig
$CC -o static outside.c $(pkg-config --static --cflags --libs emailservice) || fail 'static: does not link'
! readelf -d static | grep -q libemailservice || fail 'static: needs the shared library'
./static || fail 'static: does not run'
PKG_CONFIG_PATH=$scratch/usr/lib/pkgconfig

if command -v cmake >/dev/null; then
	{ cmake -S . -B cmake -DCMAKE_PREFIX_PATH="$scratch/usr" -DCMAKE_C_COMPILER="${CC%% *}" && cmake --build cmake; } \
		>log 2>&1 || fail "cmake: $(tail -n 20 log)"
	cmake/outside || fail 'cmake, shared: does not run'
	cmake/outside_static || fail 'cmake, static: does not run'
else
	echo 'install: SKIPPED with CMake: there is no cmake'
fi

# Examples, built as a reader would; without arguments they say how they are used, or do their work.
for example in examples/*.c; do
	[ -e "$example" ] || continue
	$CC -o "${example%.c}" "$example" $(pkg-config --cflags --libs emailservice) || fail "$example: does not link"
	status=0
	LD_LIBRARY_PATH=$scratch/usr/lib timeout 20 "${example%.c}" </dev/null >log 2>&1 || status=$?
	[ $status -le 78 ] || fail "$example: ended with $status: $(tail -n 5 log)"
done

if [ -e usr/bin/emailctl ]; then
	usr/bin/emailctl --version | grep -qF "$VERSION" || fail 'emailctl --version does not tell the version'
	usr/bin/emailctl schema | cmp - usr/share/emailservice/emailservice.xsd ||
		fail 'the installed schema is not what emailctl says'
	echo 'install: emailctl and its schema are there'
fi

cd "$top"
mv "$hidden" "$BUILD"
hidden=
install uninstall ''
left=$(find "$scratch/usr" -type f -o -type l)
[ -z "$left" ] || fail "uninstall left $left"
echo "install: shared, static, pkg-config$(command -v cmake >/dev/null && echo ' and CMake'), and away again"
