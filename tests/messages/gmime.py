#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emailctl parse beside GMime 3 (tests/messages/gmime.c).

    gmime.py READER EMAILCTL FOLDER CASES SEED FOLDER...

The messages in the folders, random ones by Python's generator, and broken ones: subject, addresses,
identifier, date, parts, and the bytes of every leaf. Where the two differ, it is one of EXPLAINED, or the run
fails.
"""
import calendar
import json
import os
import subprocess
import sys
import time

import beside

EXPLAINED = []


def leaves(parts):
    for part in parts or []:
        if "parts" in part:
            yield from leaves(part["parts"])
        else:
            yield part


def bare(part):
    """Type and parts alone."""
    return {"type": part["type"], **({"parts": [bare(p) for p in part["parts"]]} if "parts" in part else {})}


def addresses(told):
    return [(a.get("name", ""), a.get("address", ""), a.get("group", "")) for a in told or []]


def seconds(date):
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ")) if date else None


def differ(ours, theirs):
    """What is not the same: (what, ours, theirs)."""
    def pair(what, a, b):
        return [(what, a, b)] if a != b else []
    found = pair("subject", ours.get("subject", ""), theirs.get("subject", ""))
    for key in ("from", "to", "cc"):
        found += pair(key, addresses(ours.get(key)), addresses(theirs.get(key)))
    found += pair("messageId", ours.get("messageId", "").strip("<>"), theirs.get("messageId", ""))
    found += pair("date", seconds(ours.get("date")), theirs.get("seconds"))
    parts = pair("parts", [bare(p) for p in ours.get("parts", [])], [bare(p) for p in theirs.get("parts", [])])
    if parts:
        return found + parts
    for a, b in zip(leaves(ours.get("parts")), leaves(theirs.get("parts"))):
        for key in ("charset", "disposition", "fileName", "contentId", "size"):
            found += pair(key, a.get(key), b.get(key))
    sums = [a["sha256"] for a in ours.get("attachments", []) if a.get("size")]
    known = {leaf.get("sha256") for leaf in leaves(theirs.get("parts"))}
    return found + [("sha256", s, None) for s in sums if s not in known]


def read(reader, paths):
    done = subprocess.run([reader], input="\n".join(paths) + "\n", capture_output=True, text=True, check=True, timeout=200)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def both(what, reader, emailctl, paths):
    theirs = read(reader, paths)
    return beside.judge(what, paths, beside.run_all(emailctl, paths), lambda i, data, got: differ(got, theirs[i]), EXPLAINED)


def main():
    reader, emailctl, folder, cases, seed = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
    folders = sys.argv[6:]
    os.makedirs(folder, exist_ok=True)
    known = [os.path.join(d, f) for d in folders for f in sorted(os.listdir(d)) if f.endswith(".eml")]
    maker, made = beside.Maker(seed), []
    for i in range(cases):
        made.append(os.path.join(folder, f"made-{i}.eml"))
        with open(made[-1], "wb") as f:
            f.write(maker.message()[0])
    bad = both("messages of the corpus", reader, emailctl, known)
    bad += both("messages by Python's generator", reader, emailctl, made)
    bad += both("broken messages", reader, emailctl, beside.break_some(folder, [*folders, folder], cases * 4, seed + 1))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
