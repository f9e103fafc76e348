# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read by the scripts; set by lib.sh
#
# A Courier of one's own: IMAP and POP3 on loopback ports. Its packages cannot be installed beside Dovecot's, and its
# paths are compiled in, so it runs from where tools/deps.sh unpacked it, in a root folder of its own with the libraries
# that it needs. Sourced behind lib.sh:
#
#     courier_start              imap imaps, pop3 pop3s: the ports
#     box_empty, box_put FILE [FLAGS], box_count [FOLDER], box_seen [FOLDER]
#
# The user is plant, the password "pass word:1".

C=${DEPS:-build/deps}/courier
case $C in /*) ;; *) C=$ROOT/$C ;; esac
[ -x "$C/usr/bin/imapd" ] || skip "Courier is not there: tools/deps.sh courier"
[ "$(id -u)" -eq 0 ] || skip "Courier needs a root folder of its own, which only root can give it"

R=$WORK/courier
BOX=$R/home/plant/Maildir
courier_ids=65534:65534
courier_pids=

# What a program is linked with, into the root folder.
libraries() { # PROGRAM...
	LD_LIBRARY_PATH=$C/usr/lib:$(echo "$C"/usr/lib/*-linux-*) ldd "$@" 2>/dev/null |
		sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p' | sort -u
}

courier_root() {
	mkdir -p "$R/etc/courier" "$R/usr/bin" "$R/usr/sbin" "$R/usr/lib" "$R/bin" "$R/lib" "$R/dev" "$R/tmp" \
		"$R/run/courier/authdaemon" "$R/var/lib/courier" "$BOX"
	chmod 755 "$WORK" "$R"
	cp -R "$C/usr/lib/courier" "$C/usr/lib/courier-authlib" "$R/usr/lib"
	cp "$C"/usr/bin/imapd "$C"/usr/bin/couriertls "$R/usr/bin"
	cp "$C"/usr/sbin/couriertcpd "$C"/usr/sbin/authdaemond "$R/usr/sbin"
	cp "$(command -v dash || command -v sh)" "$R/bin/sh"
	libraries "$R"/usr/bin/* "$R"/usr/sbin/* "$R"/bin/sh "$R"/usr/lib/courier/courier/* \
		"$R"/usr/lib/courier/courier-authlib/authdaemond "$C"/usr/lib/courier-authlib/*.so.0 >"$WORK/libraries"
	while read -r library; do
		cp -L "$library" "$R/usr/lib"
	done <"$WORK/libraries"
	loader=$(sed -n '/\/ld-/p' "$WORK/libraries")
	mkdir -p "$R$(dirname "$loader")"
	cp -L "$loader" "$R$loader"
	: >"$R/dev/null"
	chmod 666 "$R/dev/null"
	printf 'root:x:0:0::/:/bin/sh\ncourier:x:%s::/:/bin/sh\n' "$courier_ids" >"$R/etc/passwd"
	printf 'root:x:0:\ncourier:x:%s:\n' "${courier_ids#*:}" >"$R/etc/group"
	cat "$WORK/pki/leaf.pem" "$WORK/pki/leaf.key" >"$R/etc/courier/server.pem"
	chmod 600 "$R/etc/courier/server.pem"
	chown "$courier_ids" "$R/etc/courier/server.pem"
}

inside() { # COMMAND
	chroot "$R" /bin/sh -c "cd /; $1"
}

# The process is the command itself, so that it ends when it is killed.
inside_for_long() { # COMMAND
	chroot "$R" /bin/sh -c "cd /; $1" </dev/null 9<&- >>"$R/log" 2>&1 &
	courier_pids="$courier_pids $!"
}

# Two small databases, as makeuserdb makes them of a text file.
courier_user() {
	printf 'authmodulelist="authuserdb"\nauthmodulelistorig="authuserdb"\ndaemons=3\nauthdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\nDEFAULTOPTIONS=""\nLOGGEROPTS=""\n' \
		>"$R/etc/courier/authdaemonrc"
	printf 'plant\tuid=%s|gid=%s|home=/home/plant|mail=/home/plant/Maildir\n.\n' "${courier_ids%:*}" "${courier_ids#*:}" \
		>"$R/tmp/userdb"
	printf 'plant\tsystempw=%s\n.\n' "$(printf 'pass word:1\n' | openssl passwd -6 -stdin)" >"$R/tmp/shadow"
	for file in userdb shadow; do
		to=/etc/courier/userdb$(echo "$file" | sed 's/userdb//')
		inside "/usr/lib/courier/courier-authlib/makedatprog - /tmp/$file.new $to.dat </tmp/$file" || fail "makedatprog"
		chmod 600 "$R$to.dat"
	done
}

# couriertcpd takes connections and starts the rest for each; `settings` are what Courier's own scripts set.
courier_listen() { # PORT COMMAND
	inside_for_long "$settings exec /usr/sbin/couriertcpd -address=127.0.0.1 -maxprocs=40 -maxperip=40 -nodnslookup \
		-noidentlookup $1 $2"
}

courier_start() {
	courier_root
	courier_user
	box_empty
	inside_for_long "exec /usr/lib/courier/courier-authlib/authdaemond"
	for port in imap imaps pop3 pop3s; do
		free_port
		eval "$port=$PORT"
	done
	common="set -a; COURIERTLS=/usr/bin/couriertls TLS_CERTFILE=/etc/courier/server.pem TLS_VERIFYPEER=NONE MAILDIRPATH=Maildir
		TLS_STARTTLS_PROTOCOL= ${courier_settings:-} MIME_UNICODE_MESSAGE_TYPE=message/global;"
	words='IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE'
	settings="$common IMAP_CAPABILITY='$words' IMAP_CAPABILITY_TLS='$words AUTH=PLAIN' IMAP_KEYWORDS=1 IMAP_ACL=1
		IMAP_IDLE_TIMEOUT=60 IMAP_USELOCKS=1 IMAP_STARTTLS=YES IMAP_TLS_REQUIRED=0 IMAP_EMPTYTRASH=Trash:7;"
	serve_imap='/usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir'
	courier_listen "$imap" "$serve_imap"
	settings="$settings IMAP_TLS=1;"
	courier_listen "$imaps" "/usr/bin/couriertls -server -tcpd $serve_imap"
	settings="$common POP3AUTH= POP3AUTH_TLS='LOGIN PLAIN' POP3_STARTTLS=YES POP3_TLS_REQUIRED=0;"
	serve_pop3='/usr/lib/courier/courier/courierpop3login /usr/lib/courier/courier/courierpop3d Maildir'
	courier_listen "$pop3" "$serve_pop3"
	settings="$settings POP3_TLS=1;"
	courier_listen "$pop3s" "/usr/bin/couriertls -server -tcpd $serve_pop3"
	tries=0
	until answers "$imap" && answers "$pop3"; do
		tries=$((tries + 1))
		if [ $tries -gt 400 ]; then
			cat "$R/log"
			fail "Courier does not start"
			finish
		fi
		sleep 0.05
	done
}

answers() { # PORT
	python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
s.settimeout(2)
sys.exit(s.recv(3)[:1] not in (b"*", b"+"))' "$1" 2>/dev/null
}

# couriertcpd ends with its children.
courier_stop() {
	for pid in $courier_pids; do
		kill "$pid" && wait "$pid"
	done 2>/dev/null
	courier_pids=
}

# shellcheck disable=SC2317 # called by lib.sh's trap; a script with more to tidy has its own
at_end() {
	courier_stop
}

# --- the mailbox: a Maildir ---

box_empty() {
	rm -rf "$BOX"
	mkdir -p "$BOX/cur" "$BOX/new" "$BOX/tmp"
	chown -R "$courier_ids" "$R/home/plant"
}

box_put() { # FILE [FLAGS]
	put=$((${put:-0} + 1))
	stamp=1700000000.M$(printf '%06d' $put)P1.test
	to=$([ $# -gt 1 ] && echo "$BOX/cur/$stamp:2,$2" || echo "$BOX/new/$stamp")
	cp "$1" "$to"
	chown "$courier_ids" "$to"
}

box_count() { # [FOLDER]
	find "$BOX/${1:+.$1/}cur" "$BOX/${1:+.$1/}new" -type f 2>/dev/null | wc -l
}

box_seen() { # [FOLDER]
	find "$BOX/${1:+.$1/}cur" -type f -name '*:2,*S*' 2>/dev/null | wc -l
}
