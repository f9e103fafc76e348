#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The floors of the house (tests/floors), proven: which room includes which, who sees which foreign
# header, and what the objects call. First it plants one offence of each kind in a scratch folder and
# sees that it is found: a gate that cannot fail is none.
#
#   tests/floors.sh          needs the objects of `make` in $BUILD/lib
set -u
BUILD=${BUILD:-build} CC=${CC:-cc} NM=${NM:-nm}
LC_ALL=C
export LC_ALL

# Rooms that are told bytes and times and ask nobody: what their objects may call beside the library.
# A list of what is allowed, so that what nobody thought of is found too.
pure='base codec mime wire sasl proto token'
pure_calls='^(mem(cpy|move|set|cmp|chr|rchr|mem)|str(len|nlen|chr|rchr|str|cmp|ncmp|spn|cspn|pbrk|to(l|ul|ll|ull|imax|umax))|v?snprintf|qsort|bsearch|l?labs|explicit_bzero)$'
# Objects of other rooms that are held to the same.
pure_objects='queue/policy queue/mailfile queue/fixed queue/crc'

# Nobody calls these: they end the process, print, change what belongs to the whole process, have
# hidden state, depend on the locale or know no bounds.
nobody='^(exit|_exit|_Exit|quick_exit|abort|__assert_fail|atexit|raise|kill|signal|sigaction|v?printf|puts|putchar|putc|fputs|fputc|v?fprintf|v?dprintf|perror|psignal|stdout|stderr|v?syslog|err|errx|warn|warnx|v?sprintf|strcpy|stpcpy|strcat|strncat|strtok|gets|scanf|sscanf|gmtime|localtime|asctime|ctime|mktime|strerror|setlocale|uselocale|is(alnum|alpha|digit|space|upper|lower|print|punct|xdigit)|to(upper|lower)|__ctype_(b|tolower|toupper)_loc|strcasecmp|strncasecmp|rand|srand|random|system|popen|fork|vfork|exec[vlpe]*|posix_spawnp?|wait|waitpid|chdir|umask|setenv|putenv|gethostby[a-z_]*|inet_ntoa|mbedtls_psa_crypto_free|xmlCleanupParser|xmlMemSetup|xmlSetGenericErrorFunc|xmlSetStructuredErrorFunc|xmlSetExternalEntityLoader|mbedtls_platform_set_calloc_free)$'
# Only these rooms or objects call these.
memory='^(malloc|calloc|realloc|reallocarray|free|strdup|strndup|v?asprintf|aligned_alloc|posix_memalign|getline|getdelim)$'
sockets='^(socket|socketpair|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|shutdown|[gs]etsockopt|getsockname|getpeername|poll|ppoll|select|pselect|epoll_[a-z]*|getaddrinfo|freeaddrinfo|getnameinfo|getifaddrs|if_nametoindex|res_[a-z]*|mbedtls_net_[a-z_]*)$'
files='^(open|openat|creat|fopen|fdopen|fread|fwrite|fclose|fgets|read|pread|readv|write|pwrite|writev|lseek|fsync|fdatasync|ftruncate|truncate|unlink|unlinkat|rename|renameat2?|mkdir|mkdirat|rmdir|remove|link|linkat|symlink|readlink|f?chmod|fchmodat|f?chown|[fl]?stat|fstatat|access|faccessat|opendir|fdopendir|readdir|closedir|scandir|mkstemp|mkdtemp|tmpfile|f?lock|lockf|fcntl|mmap|dup2?|dup3|pipe2?|getcwd|realpath|statvfs|(xmlRead|xmlParse|xmlSave|xmlCtxtRead|xmlSaveFormat)(File|Fd|ToFilename|FileEnc)|mbedtls_x509_cr[tl]_parse_(file|path)|mbedtls_pk_parse_(key|public_key)file)$'
clock='^(time|clock|clock_gettime|clock_getres|gettimeofday|nanosleep|clock_nanosleep|sleep|usleep|alarm|setitimer|timer[a-z_]*|gmtime_r|localtime_r|tzset|timegm)$'

complaints=0
complain() {
	complaints=$((complaints + 1))
	printf '%s\n' "$*"
}

# rooms_of FILE-OF-FLOORS: "room: below below", comments gone
table() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# Whatever stands in the table is defined above it: so there are no circles.
check_table() {
	table "$1" | awk -F: '
		{ n = split($2, below, " ")
		  for (i = 1; i <= n; i++) if (!(below[i] in seen)) print "tests/floors: " $1 " stands on " below[i] ", which is not above it in the table"
		  seen[$1] = 1 }'
}

# Foreign headers and who may see them; "net os" have the system's to themselves.
check_includes() { # ROOT
	(cd "$1" && grep -nE '^[[:space:]]*#[[:space:]]*include' lib/*/*.[ch] /dev/null) |
		awk -v table="$(table "$1/tests/floors")" '
		function only(pattern, rooms) {
			if (header ~ pattern && index(" " rooms " ", " " room " ") == 0)
				print at ": <" header "> belongs to " (rooms == "" ? "the tools" : rooms)
		}
		BEGIN {
			n = split(table, rows, "\n")
			for (i = 1; i <= n; i++) {
				room = rows[i]; sub(/:.*/, "", room); sub(/^[^:]*:/, "", rows[i])
				below[room] = " " room " " rows[i] " "
			}
		}
		{
			split($0, part, ":"); at = part[1] ":" part[2]
			split(part[1], path, "/"); room = path[2]
			if (!match($0, /["<][^">]*[">]/)) { print at ": an include by macro"; next }
			kind = substr($0, RSTART, 1); header = substr($0, RSTART + 1, RLENGTH - 2)
			top = header; sub(/\/.*/, "", top)
			if (!(room in below)) { print at ": room " room " is not in tests/floors"; next }
			if (kind == "\"" || top in below) {
				if (header ~ /\.\./ || header !~ /\//) print at ": \"" header "\" must be named by its room"
				else if (!(top in below)) print at ": \"" header "\": no such room in tests/floors"
				else if (index(below[room], " " top " ") == 0) print at ": " room " must not include " header
				next
			}
			only("^(mbedtls|psa|tf-psa-crypto)/", "crypto tls trust")
			only("^libxml/", "sheet")
			only("^jansson", "token")
			only("^(sys/socket|sys/un|sys/epoll|netdb|net/|netinet/|arpa/|resolv|ifaddrs|poll|sys/select)", "net")
			only("^(unistd|fcntl|dirent|sys/(stat|file|types|mman|statvfs|time|wait|uio|random))", "net os")
			only("^(ctype|locale|syslog|assert|err|setjmp|wchar|wctype)\\.h", "")
			only("^iconv\\.h", "os")
			only("^signal\\.h", "net os") # pthread_sigmask: threads of ours take no signals
		}'
}

# check_calls ROOT OBJECTS-FOLDER
check_calls() {
	for object in "$2"/*/*.o; do
		name=${object#"$2"/} && name=${name%.o}
		[ -e "$1/lib/$name.c" ] || continue # left from a file that is gone
		$NM -u "$object" | sed -n -e 's/@.*//' -e 's/^ *U //p' |
			sed -e 's/^__\(.*\)_chk$/\1/' -e 's/^__isoc[0-9]*_//' -e 's/64$//' |
			grep -vE '^(email_|_GLOBAL_OFFSET_TABLE_$|__stack_chk_fail|__tls_get_addr$|__(a|ub|t)san|__sanitizer|__gcov|llvm_)' |
			awk -v name="$name" -v pure=" $pure " -v pure_objects=" $pure_objects " -v pure_calls="$pure_calls" \
				-v nobody="$nobody" -v memory="$memory" -v sockets="$sockets" -v files="$files" -v clock="$clock" '
			function bad(why) { print "lib/" name ".c calls " $1 ": " why }
			BEGIN { room = name; sub(/\/.*/, "", room) }
			$1 ~ nobody { bad("nobody in the library may"); next }
			name == "base/alloc" && $1 ~ memory { next }
			name == "base/wipe" && $1 == "explicit_bzero" { next }
			$1 ~ memory { bad("memory comes from base/alloc.c"); next }
			room == "token" && $1 ~ /^json_/ && $1 !~ /file|fd$|alloc_funcs/ { next }
			index(pure, " " room " ") || index(pure_objects, " " name " ") {
				if ($1 !~ pure_calls) bad(room " may call memory and string functions alone")
				next
			}
			room == "net" { next }
			$1 ~ sockets { bad("sockets belong to net"); next }
			room == "os" { next }
			$1 ~ files { bad("files belong to os"); next }
			$1 ~ clock { bad("the clock belongs to os"); next }'
	done
}

check() { # ROOT OBJECTS-FOLDER; prints the complaints
	check_table "$1/tests/floors"
	check_includes "$1"
	check_calls "$1" "$2"
}

# --- the gate's own test -------------------------------------------------------------------------

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# plant ROOM/FILE.c WANTED-WORDS TEXT: the complaint must hold these words; "" means there is none.
plant() {
	rm -rf "${scratch:?}/lib" "$scratch/objects"
	mkdir -p "$scratch/tests" "$scratch/lib/base" "$scratch/lib/${1%/*}" "$scratch/objects/${1%/*}"
	printf 'base:\ncodec: base\nos: base\ncrypto: base\nwire: base\ntoken: base\nnet: base os\nsheet: base\n' >"$scratch/tests/floors"
	: >"$scratch/lib/base/alloc.h"
	printf '%s\n' "$3" >"$scratch/lib/$1"
	case $1 in
	*.c)
		$CC -std=c11 -D_POSIX_C_SOURCE=200809L -I"$scratch/lib" -w -c "$scratch/lib/$1" \
			-o "$scratch/objects/${1%.c}.o" || complain "self-test: could not compile $1"
		;;
	esac
	found=$(check "$scratch" "$scratch/objects")
	if [ -z "$2" ]; then
		[ -z "$found" ] || complain "self-test: complained about what is right: $found"
	else
		case $found in
		*"$2"*) ;;
		*) complain "self-test: did not find \"$2\" in: $3${found:+ (but: $found)}" ;;
		esac
	fi
}

self_test() {
	plant codec/good.c '' '#include "base/alloc.h"
#include <string.h>
unsigned long f(const char *s) { return strlen(s); }'
	plant codec/time.c 'calls time' '#include <time.h>
long f(void) { return time(0); }'
	plant codec/odd.c 'calls getpid' 'int getpid(void); int f(void) { return getpid(); }'
	plant base/up.h 'base must not include codec/x.h' '#include "codec/x.h"'
	plant base/angle.h 'base must not include codec/x.h' '#include <codec/x.h>'
	plant base/bare.h 'must be named by its room' '#include "alloc.h"'
	plant attic/x.h 'room attic is not in tests/floors' '#include <string.h>'
	plant os/sock.h '<sys/socket.h> belongs to net' '#include <sys/socket.h>'
	plant os/tls.h '<mbedtls/ssl.h> belongs to' '#include <mbedtls/ssl.h>'
	plant os/xml.h '<libxml/tree.h> belongs to sheet' '#include <libxml/tree.h>'
	plant net/json.h '<jansson.h> belongs to token' '#include <jansson.h>'
	plant token/load.c 'calls json_load_file' 'void *json_load_file(void); void *f(void) { return json_load_file(); }'
	plant token/free.c 'calls json_set_alloc_funcs' 'void json_set_alloc_funcs(void); void f(void) { json_set_alloc_funcs(); }'
	plant wire/json.c 'calls json_null' 'void *json_null(void); void *f(void) { return json_null(); }'
	plant codec/iconv.h '<iconv.h> belongs to os' '#include <iconv.h>'
	plant os/heap.c 'memory comes from base/alloc.c' '#include <stdlib.h>
void *f(void) { return malloc(7); }'
	plant os/end.c 'calls exit' '#include <stdlib.h>
void f(void) { exit(1); }'
	plant os/print.c 'calls puts' '#include <stdio.h>
void f(void) { puts("x"); }'
	plant os/send.c 'sockets belong to net' '#include <sys/socket.h>
long f(int s) { return send(s, "", 1, 0); }'
	plant crypto/file.c 'files belong to os' '#include <stdio.h>
void *f(void) { return fopen("x", "r"); }'
	plant crypto/clock.c 'the clock belongs to os' '#include <time.h>
long f(void) { return time(0); }'
	rm -rf "${scratch:?}/lib"
	mkdir -p "$scratch/lib/base"
	printf 'base: codec\ncodec:\n' >"$scratch/tests/floors"
	check_table "$scratch/tests/floors" | grep -q 'base stands on codec' ||
		complain 'self-test: did not find the circle in a table'
}

self_test
[ -e "$BUILD/lib/base/alloc.o" ] || complain "no objects in $BUILD/lib: make first"
found=$(check . "$BUILD/lib")
[ -z "$found" ] || complain "$found"
[ $complaints = 0 ] || exit 1
echo "floors: $(ls lib/*/*.[ch] | wc -l) files and $(ls "$BUILD"/lib/*/*.o | wc -l) objects keep to tests/floors"
