#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Brings what the build and the tests need, says what it brings, and writes what it found to
# $DEPS/config.mk for the Makefile. Fast and silent where nothing is missing.
#
#   tools/deps.sh SET...              sets: build test lint fuzz crash bench courier oauth
#   tools/deps.sh --packages SET...   the distribution's packages only (for sudo)
#   tools/deps.sh --install PACKAGE... (as root; what the two above call)
#
# Environment: CC, DEPS (build/deps), MBEDTLS_PREFIX (an mbedTLS of your own, 3.6.1 or later),
# DEPS_INSTALL=no (never install anything; what is missing is only named).
#
# What `build` lacks ends the make with one sentence. What the other sets lack is said, and the
# tests that need it are skipped out loud.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES # a make in here is no part of the one that called
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

CC=${CC:-cc}
DEPS=${DEPS:-build/deps}
MBEDTLS_PREFIX=${MBEDTLS_PREFIX:-}
DEPS_INSTALL=${DEPS_INSTALL:-yes}
MBEDTLS_LEAST=3.6.1
MBEDTLS_LEAST_NUMBER=0x03060100

say() { printf 'deps: %s\n' "$*" >&2; }
die() {
	say "$@"
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
have_pc() { pkg-config --exists "$1" 2>/dev/null; }

# --- installing, as root -------------------------------------------------------------------------

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# Package scripts start their daemons unless a policy says no (invoke-rc.d asks it).
policy=/usr/sbin/policy-rc.d
policy_made=
forbid_daemons() {
	[ ! -e "$policy" ] || return 0
	policy_made=yes
	trap 'allow_daemons' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
}
allow_daemons() {
	[ -z "$policy_made" ] || rm -f "$policy"
	policy_made=
}

# mbedtls-if-new stands for libmbedtls-dev where the distribution's is new enough (Debian 13), and for
# what it takes to unpack and build one where it is not (Debian 12).
mbedtls_package() {
	v=$(apt-cache policy libmbedtls-dev 2>/dev/null | sed -n 's/^ *Candidate: //p')
	if [ -n "$v" ] && [ "$v" != "(none)" ] && dpkg --compare-versions "$v" ge "$MBEDTLS_LEAST"; then
		echo libmbedtls-dev
	else
		have bzip2 || echo bzip2
		have xz || echo xz-utils
	fi
}

install_packages() {
	log=$(mktemp) || exit 1
	apt update >"$log" 2>&1 || say "apt-get update failed; going on with the package lists at hand"
	list=
	for p in "$@"; do
		[ "$p" != mbedtls-if-new ] || p=$(mbedtls_package)
		list="$list $p"
	done
	# shellcheck disable=SC2086 # a list of words
	set -- $list
	[ $# -gt 0 ] || return 0
	say "installing with apt-get: $*"
	forbid_daemons
	case " $* " in
	*" postfix "*)
		echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
		;;
	esac
	status=0
	if ! apt install --no-remove --no-install-recommends "$@" >"$log" 2>&1; then
		# All at once did not go: one by one, so that one package cannot hold up the others.
		for p in "$@"; do
			apt install --no-remove --no-install-recommends "$p" >"$log" 2>&1 && continue
			status=1
			say "could not install $p: $(grep '^E:' "$log" | head -n 1)"
		done
	fi
	rm -f "$log"
	allow_daemons
	return $status
}

# --- what is missing -----------------------------------------------------------------------------

missing=
lack() { missing="$missing $*"; }

missing_build() {
	case ${CC%% *} in
	cc | gcc) have "${CC%% *}" && [ -e /usr/include/stdio.h ] || lack gcc libc6-dev ;;
	*) have "${CC%% *}" || die "no compiler ${CC%% *}: install it, or leave CC as it is" ;;
	esac
	have make || lack make
	have pkg-config || lack pkgconf
	have_pc libxml-2.0 || lack libxml2-dev
	have_pc jansson || lack libjansson-dev
	[ -n "$mbedtls" ] || lack mbedtls-if-new
}

missing_test() {
	[ -n "$cmocka" ] || lack libcmocka-dev
	have g++ || lack g++
	have faketime || lack faketime
	have cmake || lack cmake
	have openssl || lack openssl
	have valgrind || lack valgrind
	have strace || lack strace
	have python3 || lack python3
	[ -e /usr/lib/python3/dist-packages/cryptography/__init__.py ] || lack python3-cryptography
	have_pc gmime-3.0 || lack libgmime-3.0-dev
	have postfix || lack postfix
	have dovecot || lack dovecot-core
	[ -e /usr/lib/dovecot/imap ] || lack dovecot-imapd
	[ -e /usr/lib/dovecot/pop3 ] || lack dovecot-pop3d
}

missing_lint() {
	have clang || lack clang
	have clang-format || lack clang-format
	have clang-tidy || lack clang-tidy
	have cppcheck || lack cppcheck
}

missing_fuzz() {
	have clang || lack clang
	# shellcheck disable=SC2144 # one file of that name is enough
	ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-* >/dev/null 2>&1 || lack libclang-rt-dev
}

# Disks whose power fails.
missing_crash() {
	have mkfs.ext4 || lack e2fsprogs
	have mkfs.xfs || lack xfsprogs
}

missing_bench() {
	have python3 || lack python3
	have strace || lack strace
	have taskset || lack util-linux
	[ -e /usr/include/libetpan/libetpan.h ] || lack libetpan-dev
	[ -e /usr/include/libesmtp.h ] || lack libesmtp-dev
	# libetpan's headers bring the flavour of GnuTLS with them, which keeps the other one away
	ls /usr/include/*/curl/curl.h >/dev/null 2>&1 || lack libcurl4-gnutls-dev
	have_pc gmime-3.0 || lack libgmime-3.0-dev
	[ -e /usr/include/vmime/vmime.hpp ] || lack libvmime-dev
	[ -e /usr/include/sqlite3.h ] || lack libsqlite3-dev
	have postfix || lack postfix
	have g++ || lack g++
	have valgrind || lack valgrind
	have openssl || lack openssl
}

# Courier's packages and Dovecot's keep each other away, so these are only unpacked: see bring_courier.
missing_courier() {
	missing_test
}

# Debian's npm comes with some hundred packages: for this test alone.
missing_oauth() {
	have node || lack nodejs
	have npm || lack npm
}

look() {
	missing=
	find_mbedtls
	find_cmocka
	for set in $sets; do
		"missing_$set"
	done
}

bring_packages() {
	if [ "$DEPS_INSTALL" = no ]; then
		say "missing:$(names "$missing") (nothing is installed: DEPS_INSTALL=no)"
	elif ! have apt-get; then
		say "missing (by their Debian names):$(names "$missing")"
	elif [ "$(id -u)" = 0 ]; then
		# shellcheck disable=SC2086
		sh "$0" --install $missing
	elif have sudo && sudo -n true 2>/dev/null; then
		# shellcheck disable=SC2086
		sudo -n sh "$0" --install $missing
	else
		say "missing:$(names "$missing"). To install them: sudo tools/deps.sh --packages $sets"
	fi
}

# mbedTLS can do without the package: it is brought in from source.
names() { printf '%s' "$1" | sed 's/ mbedtls-if-new/ libmbedtls-dev (3.6 or later)/'; }

# --- mbedTLS -------------------------------------------------------------------------------------

# The version number that the compiler sees with these flags, as hex; empty where there is none.
mbedtls_number() {
	# shellcheck disable=SC2086
	printf '#include <mbedtls/version.h>\nnumber MBEDTLS_VERSION_NUMBER\n' |
		$CC "$@" -E -P -x c - 2>/dev/null | sed -n 's/^number \(0x[0-9A-Fa-f]*\).*/\1/p'
}
new_enough() { [ -n "$1" ] && [ $(($1)) -ge $((MBEDTLS_LEAST_NUMBER)) ]; }
version_text() { echo "$(($1 >> 24)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255))"; }

# Sets mbedtls (system, prefix, bundled or nothing) and what goes with it.
find_mbedtls() {
	mbedtls='' mbedtls_cflags='' mbedtls_archives='' mbedtls_number=''
	mbedtls_libs='-lmbedtls -lmbedx509 -lmbedcrypto'
	have "${CC%% *}" || return 0
	if [ -n "$MBEDTLS_PREFIX" ]; then
		use_prefix "$MBEDTLS_PREFIX" prefix && return 0
		[ -n "$mbedtls_number" ] || die "no mbedTLS in MBEDTLS_PREFIX=$MBEDTLS_PREFIX"
		die "mbedTLS $(version_text "$mbedtls_number") in $MBEDTLS_PREFIX is too old: $MBEDTLS_LEAST" \
			"or later is needed; without MBEDTLS_PREFIX one is brought in"
	fi
	if pkg-config --atleast-version=$MBEDTLS_LEAST mbedtls 2>/dev/null; then
		mbedtls_cflags=$(pkg-config --cflags mbedtls)
		libs=$(pkg-config --libs mbedtls mbedx509 mbedcrypto 2>/dev/null) && mbedtls_libs=$libs
	fi
	# shellcheck disable=SC2086
	mbedtls_number=$(mbedtls_number $mbedtls_cflags)
	if new_enough "$mbedtls_number"; then
		mbedtls=system
	else
		use_prefix "$DEPS/mbedtls" bundled || :
	fi
}

# use_prefix PREFIX KIND: static archives are merged into our libraries, shared ones are linked.
use_prefix() {
	[ -e "$1/include/mbedtls/version.h" ] || return 1
	mbedtls_cflags="-isystem $1/include"
	# shellcheck disable=SC2086
	mbedtls_number=$(mbedtls_number $mbedtls_cflags)
	new_enough "$mbedtls_number" || return 1
	for lib in "$1"/lib "$1"/lib64 "$1"/lib/*-linux-*; do
		if [ -e "$lib/libmbedtls.so" ]; then
			mbedtls_libs="-L$lib -Wl,-rpath,$lib -lmbedtls -lmbedx509 -lmbedcrypto"
		elif [ -e "$lib/libmbedtls.a" ]; then
			mbedtls_archives="$lib/libmbedtls.a $lib/libmbedx509.a $lib/libmbedcrypto.a"
			mbedtls_libs=$mbedtls_archives
		else
			continue
		fi
		mbedtls=$2
		return 0
	done
	return 1
}

# URI of the machine's own Debian archive: the first source that has the running release itself (not
# its security or updates suite), in either format of sources.list(5).
debian_mirror() {
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed 's/^#.*/#/' | awk -v want="$codename" '
		function field(s) { sub(/^[^:]*:[ \t]*/, "", s); return s }
		function flush(  i, n, w) {
			n = split(suites, w)
			if (enabled && types ~ /deb/ && uris != "")
				for (i = 1; i <= n; i++)
					if (w[i] == want || w[i] == "stable") { split(uris, u); print u[1]; break }
			types = uris = suites = key = ""; enabled = 1
		}
		BEGIN { enabled = 1 }
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		/^[ \t]/ { if (key == "uris") uris = uris " " $0; if (key == "suites") suites = suites " " $0; next }
		{ key = tolower($0); sub(/:.*/, "", key) }
		key == "types" { types = field($0) }
		key == "uris" { uris = field($0) }
		key == "suites" { suites = field($0) }
		key == "enabled" { enabled = tolower(field($0)) != "no" }
		END { flush() }'
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk -v want="$codename" '
		$1 == "deb" || $1 == "deb-src" {
			sub(/\[[^]]*\]/, "")
			if ($3 == want || $3 == "stable") print $2
		}'
}

# Everything apt needs lies in a folder of our own; the machine's lists and packages stay as they are.
own_apt() {
	apt-get -qq -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" \
		-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}
# own_lists TYPE SUITE
own_lists() {
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
	[ -e $keyring ] && option="[signed-by=$keyring] " || option=
	echo "$1 $option$mirror $2 main" >"$work/sources.list"
	own_apt update
}

# A newer suite's source package, built here: static, for use in a shared library, safe for threads.
mbedtls_from_source() {
	own_lists deb-src forky && (cd "$work" && own_apt source --download-only mbedtls) || return 1
	set -- "$work"/mbedtls_3.6.*.orig.tar.*
	[ -e "$1" ] || {
		say "forky's mbedTLS is no longer a 3.6"
		return 1
	}
	mkdir "$work/source" && tar -x --strip-components=1 -C "$work/source" -f "$1" || return 1
	# As Debian's own packages have it: locks inside, and no "efficient unaligned access" (the
	# misspelling is the macro's name), which its packagers found to be miscompiled.
	sed -i -e 's|^//\(#define MBEDTLS_THREADING_C\)$|\1|' \
		-e 's|^//\(#define MBEDTLS_THREADING_PTHREAD\)$|\1|' \
		"$work/source/include/mbedtls/mbedtls_config.h"
	grep -q '^#define MBEDTLS_THREADING_PTHREAD' "$work/source/include/mbedtls/mbedtls_config.h" || return 1
	say "building $(basename "$1" .orig.tar.bz2) (some ten seconds)"
	make -s -C "$work/source/library" -j"$(getconf _NPROCESSORS_ONLN)" static CC="$CC" \
		CFLAGS="-O2 -fPIC -ffunction-sections -fdata-sections -DMBEDTLS_ALIGNMENT_DISABLE_EFFICENT_UNALIGNED_ACCESS" ||
		return 1
	mkdir -p "$work/prefix/lib" &&
		cp "$work"/source/library/libmbed*.a "$work/prefix/lib" &&
		cp -R "$work/source/include" "$work/prefix/include"
}

# mbedtls_from_package SUITE: the suite's static archives and headers, unpacked.
mbedtls_from_package() {
	own_lists deb "$1" && (cd "$work" && rm -f ./*.deb && own_apt download libmbedtls-dev) || return 1
	rm -rf "$work/unpacked" "$work/prefix"
	dpkg-deb -x "$work"/libmbedtls-dev_*.deb "$work/unpacked" || return 1
	mkdir -p "$work/prefix/lib" &&
		cp -R "$work/unpacked/usr/include" "$work/prefix/include" &&
		cp "$work"/unpacked/usr/lib/*/lib*.a "$work/prefix/lib"
}

bring_mbedtls() {
	[ "$DEPS_INSTALL" != no ] && have apt-get || return 0
	mirror=$(debian_mirror | head -n 1)
	[ -n "$mirror" ] || {
		say "no Debian mirror in the apt sources of this machine"
		return 0
	}
	mkdir -p "$DEPS" && work=$(cd "$DEPS" && pwd)/work.$$ && mkdir "$work" || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	say "this distribution's mbedTLS is too old or missing: bringing in 3.6 beside it, in $DEPS/mbedtls"
	for way in mbedtls_from_source 'mbedtls_from_package forky' 'mbedtls_from_package trixie'; do
		# shellcheck disable=SC2086
		if $way >"$work/log" 2>&1 && new_enough "$(mbedtls_number -I"$work/prefix/include")"; then
			grep '^deps: ' "$work/log" >&2
			rm -rf "$DEPS/mbedtls" && mv "$work/prefix" "$DEPS/mbedtls" && break
		fi
		tail -n 5 "$work/log" >&2
	done
	rm -rf "$work"
}

# --- Courier -------------------------------------------------------------------------------------

COURIER="courier-imap courier-pop courier-base courier-authdaemon courier-authlib courier-authlib-userdb"

# The packages and the libraries that they want and this machine lacks, in $DEPS/courier; half a minute of apt at most.
bring_courier() {
	[ "$DEPS_INSTALL" != no ] && have apt-get || return 0
	apt-cache show courier-imap >/dev/null 2>&1 || apt update >/dev/null 2>&1 || :
	mkdir -p "$DEPS" && work=$(cd "$DEPS" && pwd)/work.$$ && mkdir -p "$work/root" || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	# shellcheck disable=SC2086 # words
	for p in $COURIER $(apt-cache depends -i $COURIER 2>/dev/null | sed -n 's/^ *|*Depends: \(lib[^ ]*\)$/\1/p' | sort -u); do
		case $p in
		lib*) ! dpkg -s "$p" >/dev/null 2>&1 || continue ;;
		esac
		(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$p") >>"$work/log" 2>&1
	done
	for p in "$work"/*.deb; do
		dpkg-deb -x "$p" "$work/root" >>"$work/log" 2>&1 || :
	done
	if [ -x "$work/root/usr/bin/imapd" ]; then
		say "Courier, unpacked in $DEPS/courier: $(cd "$work" && echo ./*.deb | sed 's/\.\/\([^_]*\)_[^ ]*/\1/g')"
		rm -rf "$DEPS/courier" && mv "$work/root" "$DEPS/courier"
	else
		tail -n 3 "$work/log" >&2
	fi
	rm -rf "$work"
}

# --- the result ----------------------------------------------------------------------------------

find_cmocka() {
	cmocka=''
	have_pc cmocka && cmocka=$(pkg-config --libs cmocka)
}

write_config() {
	mkdir -p "$DEPS"
	cat >"$DEPS/config.mk.$$" <<END
# Found by tools/deps.sh.
MBEDTLS_KIND     := $mbedtls
MBEDTLS_VERSION  := $(version_text "$mbedtls_number")
MBEDTLS_CFLAGS   := $mbedtls_cflags
MBEDTLS_LIBS     := $mbedtls_libs
MBEDTLS_ARCHIVES := $mbedtls_archives
XML_CFLAGS       := $(pkg-config --cflags libxml-2.0)
XML_LIBS         := $(pkg-config --libs libxml-2.0)
JANSSON_CFLAGS   := $(pkg-config --cflags jansson)
JANSSON_LIBS     := $(pkg-config --libs jansson)
CMOCKA_LIBS      := $cmocka
END
	if cmp -s "$DEPS/config.mk.$$" "$DEPS/config.mk"; then
		rm -f "$DEPS/config.mk.$$"
	else
		mv "$DEPS/config.mk.$$" "$DEPS/config.mk"
	fi
}

packages_only=
case ${1:-} in
--install)
	shift
	install_packages "$@"
	exit
	;;
--packages)
	packages_only=yes
	shift
	;;
esac
sets=${*:-build}
for set in $sets; do
	case $set in
	build | test | lint | fuzz | crash | bench | courier | oauth) ;;
	*) die "no set $set: build test lint fuzz crash bench courier oauth" ;;
	esac
done

look
if [ -n "$missing" ]; then
	bring_packages
	look
fi
[ -z "$packages_only" ] || exit 0
if [ -z "$mbedtls" ] && have "${CC%% *}" && have make; then
	bring_mbedtls
	look
fi
case " $sets " in
*" courier "*)
	[ -x "$DEPS/courier/usr/bin/imapd" ] || bring_courier
	[ -x "$DEPS/courier/usr/bin/imapd" ] || say "going on without Courier; what needs it is SKIPPED"
	;;
esac

all_sets=$sets
sets=build
look
if [ -n "$missing" ]; then
	die "cannot build without:$(names "$missing")"
fi
write_config
sets=$all_sets
look
[ -z "$missing" ] || say "going on without:$(names "$missing"); what needs them is SKIPPED"
exit 0
