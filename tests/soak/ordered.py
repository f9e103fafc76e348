#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What arrived, beside what several writers queued (tests/live/queue_writers.sh).

    ordered.py once FOLDER RECORD...     each once, whole, and of each writer in order within a priority
    ordered.py first FOLDER RECORD...    of those that waited together, the first so many by priority and age
"""
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import arrivals  # noqa: E402


def in_order(came, by_key):
    """Of one writer and priority, by number. What one process queued later may be younger than what another one did."""
    last = {}
    for mail in came:
        one = by_key[mail.key]
        kind = (mail.key.split("-")[0], one.priority)
        if one.number < last.get(kind, -1):
            return [f"{mail.key} left behind number {last[kind]} of its priority"]
        last[kind] = one.number
    return []


def once(came, by_key):
    count = collections.Counter(mail.key for mail in came)
    faults = [f"{key} arrived {count[key]} times" for key in by_key if count[key] != 1]
    faults += [f"{mail.key} arrived damaged" for mail in came if not mail.whole]
    return faults + in_order(came, by_key)


def first(came, by_key):
    top = max(one.priority for one in by_key.values())
    faults = [f"{mail.key}, of priority {by_key[mail.key].priority}, is among the first {len(came)}"
              for mail in came if by_key[mail.key].priority != top]
    # nobody is passed over: they are the first of each writer
    for writer in {mail.key.split("-")[0] for mail in came}:
        numbers = [by_key[mail.key].number for mail in came if mail.key.startswith(writer + "-")]
        all_numbers = sorted(one.number for one in by_key.values() if one.priority == top and one.key.startswith(writer + "-"))
        if numbers != all_numbers[:len(numbers)]:
            faults.append(f"of writer {writer} others came first than were queued first")
    return faults + in_order(came, by_key)


def main():
    how, folder, *records = sys.argv[1:]
    by_key = {one.key: one for path in records for one in arrivals.record(path)[0]}
    faults = {"once": once, "first": first}[how](arrivals.collect(folder, keep=True), by_key)
    for text in faults[:20]:
        print("FAIL", text)
    return len(faults) > 0


if __name__ == "__main__":
    sys.exit(main())
