# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read by the scripts; set by lib.sh
#
# A Dovecot of one's own, for scripts of tests/live: IMAP and POP3 on loopback ports, mail in $WORK/dovecot/mail.
# Sourced behind lib.sh:
#
#     dovecot_start              imap imaps imaps12 imaps13, pop3 pop3s pop3s12 pop3s13: the ports
#     dovecot_put FILE... [FLAGS]  a message into INBOX
#
# The user is plant, the password "pass word:1". As root it runs the mail under an ordinary user, else under one's own.

command -v dovecot >/dev/null || skip "dovecot-core is not installed"
[ -e /usr/lib/dovecot/imap ] || skip "dovecot-imapd is not installed"
[ -e /usr/lib/dovecot/pop3 ] || skip "dovecot-pop3d is not installed"

D=$WORK/dovecot
BOX=$D/mail/plant
if [ "$(id -u)" -eq 0 ]; then
	dovecot_user=
	dovecot_uid=65534
	dovecot_gid=65534
else
	dovecot_uid=$(id -u)
	dovecot_gid=$(id -g)
	dovecot_user="default_internal_user = $(id -un)
default_internal_group = $(id -gn)
default_login_user = $(id -un)
service anvil {
  chroot =
}
service stats {
  chroot =
}"
fi

dovecot_ports() {
	for port in imap imaps imaps12 imaps13 pop3 pop3s pop3s12 pop3s13; do
		free_port
		while echo "${taken:-} " | grep -q " $PORT "; do
			free_port
		done
		taken="${taken:-} $PORT"
		eval "$port=$PORT"
	done
}

# Maildir, so that a script can put a message there and look what became of it.
dovecot_put() { # FILE [FLAGS]
	put=$((${put:-0} + 1))
	stamp=1700000000.M$(printf '%06d' $put)P1.test
	if [ $# -gt 1 ]; then
		cp "$1" "$BOX/cur/$stamp:2,$2"
	else
		cp "$1" "$BOX/new/$stamp"
	fi
	[ "$(id -u)" -ne 0 ] || chown -R "$dovecot_uid:$dovecot_gid" "$BOX/cur" "$BOX/new"
}

dovecot_empty() {
	rm -rf "$BOX"
	mkdir -p "$BOX/cur" "$BOX/new" "$BOX/tmp"
	[ "$(id -u)" -ne 0 ] || chown -R "$dovecot_uid:$dovecot_gid" "$D/mail"
}

# Messages in a folder (INBOX without FOLDER), and how many of them are seen.
dovecot_count() { # [FOLDER]
	find "$BOX/${1:+.$1/}cur" "$BOX/${1:+.$1/}new" -type f 2>/dev/null | wc -l
}
dovecot_seen() { # [FOLDER]
	find "$BOX/${1:+.$1/}cur" -type f -name '*:2,*S*' 2>/dev/null | wc -l
}

# One instance for each TLS version: its limit is the whole process's.
dovecot_instance() { # NAME MIN MAX SERVICES
	dir=$D/$1
	mkdir -p "$dir/run"
	chmod 755 "$dir" "$dir/run"
	cat >"$dir/openssl.cnf" <<END
openssl_conf = modules
[modules]
ssl_conf = ssl
[ssl]
system_default = versions
[versions]
MinProtocol = $2
MaxProtocol = $3
END
	case $(dovecot --version) in
	2.[0-3].*)
		version=
		environment="import_environment = TZ OPENSSL_CONF"
		settings="disable_plaintext_auth = yes
ssl_cert = <$WORK/pki/leaf.pem
ssl_key = <$WORK/pki/leaf.key
ssl_min_protocol = $2
mail_location = maildir:$D/mail/%n
passdb {
  driver = passwd-file
  args = scheme=PLAIN $D/users
}
userdb {
  driver = static
  args = uid=$dovecot_uid gid=$dovecot_gid home=$D/mail/%n
}"
		;;
	*)
		version="dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0"
		environment="import_environment {
  OPENSSL_CONF = $dir/openssl.cnf
}"
		settings="auth_allow_cleartext = no
ssl_server_cert_file = $WORK/pki/leaf.pem
ssl_server_key_file = $WORK/pki/leaf.key
ssl_min_protocol = $2
mail_driver = maildir
mail_path = $D/mail/%{user | username}
passdb passwd-file {
  passwd_file_path = $D/users
}
userdb static {
  fields {
    uid = $dovecot_uid
    gid = $dovecot_gid
    home = $D/mail/%{user | username}
  }
}"
		;;
	esac
	cat >"$dir/dovecot.conf" <<END
$version
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/log
listen = 127.0.0.1
protocols = imap pop3
ssl = yes
$environment
auth_mechanisms = ${dovecot_mechanisms:-plain login}
auth_failure_delay = 0 secs
first_valid_uid = 1
pop3_no_flag_updates = yes
mail_max_userip_connections = 100
${dovecot_settings:-}
$settings
$dovecot_user
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
$4
END
	OPENSSL_CONF=$dir/openssl.cnf dovecot -F -c "$dir/dovecot.conf" 9<&- >"$dir/out" 2>&1 &
	dovecot_pids="${dovecot_pids:-} $!"
}

# A login service's listeners; port 0 is none.
login_service() { # PROTOCOL PORT PORT-WITH-TLS
	cat <<END
service $1-login {
  chroot =
  inet_listener $1 {
    port = $2
    ssl = no
  }
  inet_listener ${1}s {
    port = $3
    ssl = yes
  }
}
END
}

dovecot_start() {
	mkdir -p "$D/mail"
	chmod 755 "$WORK" "$D" "$D/mail"
	# in base64, since the password holds a colon
	printf 'plant:{PLAIN.b64}cGFzcyB3b3JkOjE=\n' >"$D/users"
	dovecot_empty
	dovecot_ports
	dovecot_instance both TLSv1.2 TLSv1.3 "$(login_service imap "$imap" "$imaps")
$(login_service pop3 "$pop3" "$pop3s")"
	dovecot_instance v12 TLSv1.2 TLSv1.2 "$(login_service imap 0 "$imaps12")
$(login_service pop3 0 "$pop3s12")"
	dovecot_instance v13 TLSv1.3 TLSv1.3 "$(login_service imap 0 "$imaps13")
$(login_service pop3 0 "$pop3s13")"
	for dir in "$D/both" "$D/v12" "$D/v13"; do
		tries=0
		until grep -q 'starting up' "$dir/log" 2>/dev/null; do
			tries=$((tries + 1))
			if [ $tries -gt 400 ]; then
				cat "$dir/out" "$dir/log"
				fail "Dovecot does not start"
				finish
			fi
			sleep 0.05
		done
	done
}

dovecot_stop() {
	for pid in ${dovecot_pids:-}; do
		kill "$pid" && wait "$pid"
	done 2>/dev/null
	dovecot_pids=
}

# shellcheck disable=SC2317 # called by lib.sh's trap; a script with more to tidy has its own
at_end() {
	dovecot_stop
}
