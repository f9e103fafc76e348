# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read by the scripts; set by lib.sh
#
# A real authorization server for scripts of tests/oauth: oidc-provider, brought by npm into the build folder, as the lock file
# says, over TLS on a loopback port. Sourced behind lib.sh; $url is its address, $WORK/pki/root.crt its root.

command -v node >/dev/null || skip "node is not installed: apt-get install nodejs npm"
command -v npm >/dev/null || skip "npm is not installed"
node=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$node" -ge 18 ] || skip "node $(node --version) is older than 18"
home=$BUILD/oauth
if ! cmp -s "$ROOT/tests/oauth/package-lock.json" "$home/installed"; then
	rm -rf "$home" && mkdir -p "$home" && cp "$ROOT"/tests/oauth/package*.json "$home"
	(cd "$home" && npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=1) >"$WORK/npm" 2>&1 9<&- ||
		skip "npm cannot bring oidc-provider: $(grep -m1 -E 'code|ERR' "$WORK/npm")"
	cp "$home/package-lock.json" "$home/installed"
fi
cp "$ROOT/tests/oauth/server.mjs" "$home/server.mjs"

certificate root --ca --subject "CN=Test Root"
certificate server --issuer root --names "DNS:localhost, IP:127.0.0.1"
certificate stranger --ca --subject "CN=Some Other Root"
certificate station --names "DNS:station.example"
certificate rsa --names "DNS:station.example" --key rsa2048
for name in station rsa; do
	cat "$WORK/pki/$name.crt" "$WORK/pki/$name.key" >"$WORK/pki/$name.both"
done

node "$home/server.mjs" --cert "$WORK/pki/server.pem" --key "$WORK/pki/server.key" --station "$WORK/pki/station.crt" \
	--rsa "$WORK/pki/rsa.crt" <"$WORK/alive" >"$WORK/server.out" 2>"$WORK/server.log" 9<&- &
pid_oauth=$!
servers="$servers oauth"
PORT=
tries=0
while [ -z "$PORT" ]; do
	PORT=$(sed -n 's/^port //p' "$WORK/server.out")
	tries=$((tries + 1))
	if [ -z "$PORT" ] && { [ $tries -gt 300 ] || ! kill -0 $pid_oauth 2>/dev/null; }; then
		[ "$node" -ge 20 ] || skip "oidc-provider does not run on node $(node --version)"
		cat "$WORK/server.log"
		fail "the server did not start"
		finish
	fi
	[ -n "$PORT" ] || sleep 0.1
done
url=https://localhost:$PORT
