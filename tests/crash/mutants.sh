#!/bin/sh
# SPDX-License-Identifier: MIT
# limit: 1800
#
# The mutation check: each check of the queue, and each place where it makes something durable, is taken out of a copy of its
# source, and the suite must fail. A test that cannot fail is a defect. (crash.c's "nosync" takes away each sync in turn
# where it is made, the same place more than once.)
set -u
[ -n "${CRASH_CC:-}" ] || { echo "make crash"; exit 77; }
work=$BUILD/tests/crash/mutants
rm -rf "$work" && mkdir -p "$work" || exit 1
survivors=0 count=0

# mutant NAME FILE SED-SCRIPT UNIT-TESTS: the sources with this change
mutant() {
	count=$((count + 1))
	sed -e "$3" "lib/queue/$2.c" >"$work/$2.c"
	if cmp -s "lib/queue/$2.c" "$work/$2.c"; then
		echo "$1: there is nothing to take away (the source has changed: so must this script)"
		survivors=$((survivors + 1))
		return
	fi
	# the object before the archive: its member is not taken then
	$CRASH_CC -Wno-error -w -c "$work/$2.c" -o "$work/$2.o" || exit 1
	for unit in $4; do
		$CRASH_CC -w "tests/unit/${unit}_test.c" "$work/$2.o" $CRASH_LIBS -o "$work/unit" || exit 1
		timeout 60 "$work/unit" >/dev/null 2>&1 || {
			echo "$1: noticed by $unit"
			return
		}
	done
	$CRASH_CC -w tests/crash/*.c "$work/$2.o" $CRASH_LIBS -o "$work/crash" || exit 1
	for level in "-s 3 kill" "-m 27 states" "-s 3 fail" twice full "-t 5 hands"; do
		# shellcheck disable=SC2086 # words
		timeout 300 "$work/crash" -q $level >/dev/null 2>&1 || {
			echo "$1: noticed by crash $level"
			return
		}
	done
	echo "$1: nobody noticed"
	survivors=$((survivors + 1))
}

# Every place in lib/queue that makes something durable, wherever it is: a new one needs no line here.
every_sync() {
	call='ops->sync(_area)?\(|email__(dir|fd)_sync(_parent)?\(|= assure\('
	grep -nE "$call" lib/queue/*.c >"$work/syncs"
	while IFS=: read -r file line _; do
		name=$(basename "$file" .c)
		units="attempt spool counter"
		[ ! -e "tests/unit/${name}_test.c" ] || units="$name $units"
		mutant "the sync of $name.c line $line" "$name" \
			"$line s/[a-z>-]*ops->sync[a-z_]*([^()]*)\|email__\(dir\|fd\)_sync[a-z_]*(\(dir(s, area), e\|[^()]*\))\|assure([^()]*)/EMAIL_OK/" "$units"
	done <"$work/syncs"
}

# The suite must not fail by itself.
mutant "nothing" readmail '1 s/$/ /' "attempt readmail"
[ $survivors = 1 ] || exit 1
survivors=0

# (what is in queue/ was synced: only a disk that lies, or rot, is found by it)
mutant "the message's checksum" readmail 's/rc == EMAIL_OK && sum != mail->sum/0/' attempt
mutant "the length" readmail 's/size != n + mail->size/0/' readmail
mutant "the header's checksum" mailfile '/r->state_at - FIRST_LINE) != r->seed/,+1 s/return EMAIL_E_MESSAGE;/sum = 0;/' mailfile
mutant "the state's checksum" mailfile '/if (email__fixed_sum(&sum) != /,+1 s/return false;/sum.bad = false;/' ""
mutant "the counters' checksum" counter 's/c->valid = email__fixed_sum(&f) == .*;/email__fixed_sum(\&f); c->valid = true;/' counter
mutant "the sweep of tmp" work 's/rc = sweep(s, e);/rc = EMAIL_OK;/' ""
mutant "the record of an attempt" attempt '/date_offset = now->offset;/,+5 s/rc = write_state(a, e);/rc = EMAIL_OK;/' ""
mutant "the look for a key" enqueue 's/rc = s->ops->exists(s->store, areas\[i\], id, there, e);/rc = EMAIL_OK;/' ""
mutant "the state of the dead" leave 's/if (failed && !\*durable)/if (0)/' ""
mutant "what was cut off" work 's/rc = interrupted(s, w, &f, &mail, &e);/rc = EMAIL_OK;/' attempt
mutant "once delivered, always" attempt 's/if (one->state == EMAIL__RCPT_DELIVERED)/if (0)/' attempt
mutant "the second look behind a lock" readmail 's/!s->ops->holds(f, area, id)/0/' readmail
mutant "the second look at a new file" enqueue 's/ && s->ops->holds(f, EMAIL__AREA_TMP, name)//' enqueue
mutant "the lock of a mail" readmail 's/!s->ops->lock(f, false)/0/' ""
mutant "the worker's lock" work 's/if (!s->ops->lock(&s->lock, false))/if (0)/' work
mutant "the day's room" spool 's/if (!c.valid && email__counter_write(.*) == EMAIL_E_MEMORY)/if (0)/' ""
mutant "a state that was not synced" readmail 's/f->store->ops->write(f, at, "-", 1, NULL);//' readmail
mutant "a count that was not synced" counter 's/f->store->ops->write(f, at, "-", 1, NULL);/;/' counter
mutant "what the dead wrote" readmail 's/if (mail->generation == known)/if (1)/' ""
mutant "what the dead counted" spool 's/if (c->generation != s->day_generation)/if (0)/' ""
mutant "what the dead brought" work 's/rc == EMAIL_OK && l.news.count > 0/0/' ""
every_sync
echo "$count changes, $survivors survived"
[ $survivors = 0 ]
