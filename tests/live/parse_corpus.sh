#!/bin/sh
# SPDX-License-Identifier: MIT
#
# emailctl parse on messages whose meaning is known: the examples of the RFCs (tests/messages/rfc), and those
# that tests/messages/make.py writes.
# limit: 300
. "$(dirname "$0")/../support/lib.sh"
command -v python3 >/dev/null || skip "python3 is not installed"
python3 "$ROOT/tests/messages/make.py" "$WORK/made" || exit 1
# It bites: an expectation that does not hold is seen.
mkdir "$WORK/wrong"
for key in text subject defects; do
	cp "$ROOT/tests/messages/rfc/5322-a-1-1-simple.eml" "$WORK/wrong/$key.eml"
done
echo '{"text": "another"}' >"$WORK/wrong/text.json"
echo '{"subject": null}' >"$WORK/wrong/subject.json"
echo '{"defects": [{"code": "endBoundary"}]}' >"$WORK/wrong/defects.json"
python3 "$ROOT/tests/messages/compare.py" emailctl "$WORK/wrong" >"$WORK/said" && exit 1
grep -q '^3 messages, 3 not' "$WORK/said" || {
	cat "$WORK/said"
	exit 1
}
python3 "$ROOT/tests/messages/compare.py" emailctl "$ROOT/tests/messages/rfc" "$WORK/made"
