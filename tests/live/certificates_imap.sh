#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034,SC2154 # set for, and by, what is read from tests/support
#
# The certificates of tests/support/matrix.sh, receiving: IMAP.
# limit: 240
. "$(dirname "$0")/../support/lib.sh"
. "$(dirname "$0")/../support/boxes.sh"

bytes_to_tls=13 # A1 STARTTLS: the greeting has the capabilities

listen() {
	fill 2
	serve_box imap "$@"
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
	lacks "$WORK/server.log" '^[0-9]+ < A[0-9]+ (ID|ENABLE|LOGIN|AUTHENTICATE|SELECT|EXAMINE|UID|NOOP|LOGOUT)'
	lacks "$WORK/server.log" "^[0-9]+ message "
}

. "$(dirname "$0")/../support/matrix.sh"
finish
