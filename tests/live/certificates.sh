#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# The certificates of tests/support/matrix.sh, sending: SMTP.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"

bytes_to_tls='[0-9]{1,3}' # EHLO has the connection's address

listen() {
	serve server "$@"
}

stand() { # MODE PROPERTY...
	use=$([ "$1" = ssl ] && echo useSsl || echo useStartTls)
	shift
	station "port=$PORT" "$use=true" "$@"
}

go() {
	send "$1"
}

went() {
	has "$WORK/server.log" '^1 message '
}

nothing_said() {
	lacks "$WORK/server.log" '< (MAIL|RCPT|DATA|BDAT|AUTH|RSET|NOOP|QUIT)'
	is "messages" 0 "$(find "$WORK/server.out" -type f | wc -l)"
}

. "$(dirname "$0")/../support/matrix.sh"
finish
