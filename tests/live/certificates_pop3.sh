#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# The certificates of tests/support/matrix.sh, receiving: POP3.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"

bytes_to_tls=12 # CAPA, STLS

listen() {
	fill 2
	serve_box pop3 "$@"
}

stand() { # MODE PROPERTY...
	account "$@"
}

go() { # STATUS
	receive "$1"
}

went() {
	brought 2
	has "$WORK/server.log" '^1 message 2 '
}

nothing_said() {
	lacks "$WORK/server.log" '^[0-9]+ < (USER|PASS|AUTH|STAT|LIST|UIDL|RETR|TOP|DELE|NOOP|QUIT)'
	lacks "$WORK/server.log" "^[0-9]+ message "
}

. "$(dirname "$0")/../support/matrix.sh"
finish
