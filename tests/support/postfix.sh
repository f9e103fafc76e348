# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read by the scripts; set by lib.sh and dovecot.sh
#
# A Postfix of one's own, for scripts of tests/live: it delivers what is for plant@box.test into that one's Maildir of
# dovecot.sh, behind which this is sourced.
#
#     postfix_ports              smtp: its port; smtp_no_dsn: the same, but DSN is not offered there
#     postfix_start              on these, whether it ran before or not
#     postfix_stop
#
# Lines for main.cf of the script's own are in $postfix_settings, as they are at a start; what is set twice has the last
# value. Only root starts a Postfix.

[ "$(id -u)" -eq 0 ] || skip "Postfix is started by root only"
command -v postfix >/dev/null || skip "postfix is not installed"
id postfix >/dev/null 2>&1 || skip "there is no user postfix"

P=$WORK/postfix

postfix_write() {
	mkdir -p "$P/spool" "$P/data"
	chmod 755 "$WORK" "$P"
	chown postfix "$P/data"
	cat >"$P/main.cf" <<END
compatibility_level = 3.6
queue_directory = $P/spool
data_directory = $P/data
maillog_file_prefixes = $P
maillog_file = $P/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = postfix.test
mydestination =
alias_maps =
alias_database =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtputf8_enable = yes
local_header_rewrite_clients =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions =
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = box.test
virtual_mailbox_base = $D/mail
virtual_mailbox_maps = inline:{ plant@box.test=plant/ }
virtual_minimum_uid = 1
virtual_uid_maps = static:$dovecot_uid
virtual_gid_maps = static:$dovecot_gid
${postfix_settings:-}
END
	cat >"$P/master.cf" <<END
127.0.0.1:$smtp inet n - n - - smtpd
127.0.0.1:$smtp_no_dsn inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=dsn
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - 1 virtual
END
}

postfix_ports() {
	free_port
	smtp=$PORT
	while [ "$PORT" = "$smtp" ]; do
		free_port
	done
	smtp_no_dsn=$PORT
}

postfix_start() {
	[ -n "${smtp:-}" ] || postfix_ports
	postfix_write
	postfix -c "$P" start 9<&- >"$P/out" 2>&1 || {
		cat "$P/out" "$P/log"
		fail "Postfix does not start"
		finish
	}
}

postfix_stop() {
	postfix -c "$P" stop >/dev/null 2>&1
}

postfix_complains() {
	checks=$((checks + 1))
	if grep -E '(fatal|panic|warning: process)' "$P/log"; then
		fail "Postfix complains"
	fi
}
