# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read by the scripts; set by lib.sh
#
# Logins by OAuth tokens for scripts of tests/live: Dovecot with the ports of dovecot.sh, and an endpoint at
# https://localhost:$tokens/token that gives out tokens and tells Dovecot what they are worth (oauth_endpoint.py, whose
# lines go to $WORK/endpoint). Sourced behind lib.sh.

command -v python3 >/dev/null || skip "python3 is not installed"

free_port
introspect=$PORT
free_port
tokens=$PORT
mkdir -p "$WORK/dovecot"
cat >"$WORK/dovecot/oauth2.conf" <<END
introspection_mode = post
introspection_url = http://127.0.0.1:$introspect/introspect
username_attribute = username
active_attribute = active
active_value = true
END
# read by dovecot.sh
# shellcheck disable=SC2034
dovecot_mechanisms="plain xoauth2 oauthbearer"
case $(dovecot --version 2>/dev/null) in
2.[0-3].*) oauth="passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $WORK/dovecot/oauth2.conf
}" ;;
*) oauth="oauth2 {
  introspection_mode = post
  introspection_url = http://127.0.0.1:$introspect/introspect
  username_attribute = username
  active_attribute = active
  active_value = true
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}" ;;
esac
# for Postfix
dovecot_settings="$oauth
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}"
. "$(dirname "$0")/../support/dovecot.sh"

certificate root --ca --subject "CN=Plant Root"
certificate leaf --issuer root --names "DNS:localhost" --key rsa2048
: >"$WORK/endpoint"
python3 "$ROOT/tests/support/oauth_endpoint.py" "$introspect" "$tokens" "$WORK/pki/leaf.pem" "$WORK/pki/leaf.key" \
	<"$WORK/alive" >>"$WORK/endpoint" 2>&1 9<&- &
endpoint=$!
# shellcheck disable=SC2317 # called by lib.sh's trap
at_end() {
	[ -z "${P:-}" ] || postfix -c "$P" stop >/dev/null 2>&1
	dovecot_stop
	kill "$endpoint" 2>/dev/null
}
tries=0
until grep -q listening "$WORK/endpoint"; do
	tries=$((tries + 1))
	if [ $tries -gt 400 ]; then
		cat "$WORK/endpoint"
		fail "the endpoint does not start"
		finish
	fi
	sleep 0.05
done
dovecot_start

