#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Accounts for every mail of a flood (tests/live/flood.sh): sent, named in a digest, suppressed with an event, or refused.

    flood.py RECORD FOLDER EVENTS PER-MINUTE NORMAL-PER-MINUTE
"""
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import arrivals  # noqa: E402

URGENT = 8
faults = []


def must(good, text):
    if not good:
        faults.append(text)


def check_caps(came, by_key, per_minute, normal):
    """Of the first two minutes: what stood behind the first cap had waited, and left highest first."""
    first, second = came[:per_minute], came[per_minute:2 * per_minute]
    must(second[0].time - first[0].time > 58, f"more than {per_minute} left within {second[0].time - first[0].time:.1f} s")
    ordinary = sum(by_key[mail.key].priority < URGENT for mail in first)
    must(ordinary <= normal, f"{ordinary} of the first {per_minute} were not urgent: a part was kept for those that are")
    must(all(by_key[mail.key].priority == 9 for mail in second), "not the highest left first, once there was a choice")


def check_order(came, by_key):
    rank = [(-by_key[mail.key].priority, by_key[mail.key].number) for mail in came if mail.digest_of is None]
    must(rank == sorted(rank), "they did not leave by priority and age")


def main():
    record, folder, events, per_minute, normal = sys.argv[1:4] + [int(word) for word in sys.argv[4:6]]
    queued, refused = arrivals.record(record)
    came = arrivals.collect(folder, keep=True)
    by_key = {mail.key: mail for mail in queued}
    by_id = {mail.id: mail for mail in queued}
    digests = [mail for mail in came if mail.digest_of is not None]
    alone = collections.Counter(mail.key for mail in came if mail.digest_of is None)
    named = collections.Counter(id_ for mail in digests for id_ in mail.digest_of)
    ended = collections.Counter(e["id"] for e in arrivals.events(events)
                                if e["kind"] == "discarded" and "stands for it" in e["text"])
    codes = collections.Counter(one.code for one in refused)

    must(len(by_key) + len({one.key for one in refused}) == 10000, f"{len(by_key)} and {len(refused)} are not 10000")
    must(len(digests) == 1, f"{len(digests)} digests, not 1")
    must(all(mail.whole for mail in came), "a mail arrived damaged")
    must(set(alone.values()) == {1}, "a mail was sent twice")
    must(set(named.values()) == {1}, "a mail is named twice")
    must(named == ended, f"{len(named)} mails are named, {len(ended)} were told to be")
    for mail in queued:
        must((mail.key in alone) != (mail.id in named),
             f"{mail.key} (priority {mail.priority}) was " + ("sent and named" if mail.key in alone else "dropped silently"))
    must(not [id_ for id_ in named if by_id[id_].priority >= URGENT], "an urgent mail is in the digest")
    for one in refused:
        must(one.code in ("E_SUPPRESSED", "E_QUEUE_FULL"), f"{one.key} was refused by {one.code}")
        must(one.code != "E_SUPPRESSED" or one.event, f"{one.key} was suppressed without an event")
    must(codes["E_SUPPRESSED"] > 0 and codes["E_QUEUE_FULL"] > 0, f"refused were {dict(codes)}")
    check_caps(came, by_key, per_minute, normal)
    check_order(came[2 * per_minute:], by_key)
    print(f"of 10000: {len(alone)} sent, {len(named)} named in {len(digests)} digest of {os.path.getsize(folder + '/%06d.eml' % digests[0].order) // 1024 if digests else 0} kB, "
          f"{codes['E_SUPPRESSED']} suppressed, {codes['E_QUEUE_FULL']} refused by a full queue")
    for text in faults[:20]:
        print("FAIL", text)
    return len(faults) > 0


if __name__ == "__main__":
    sys.exit(main())
