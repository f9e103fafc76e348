#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emailctl parse beside Python's email package.

    python.py EMAILCTL FOLDER CASES SEED FOLDER...

Random messages by Python's generator must be read as they were given to it. Then messages, those and the ones
in the folders, are broken at random, and both readers must see the same parts; where they do not, the
difference is one of EXPLAINED, or the run fails.
"""
import email
import os
import sys

import beside
import compare

# Why the two may see other parts, asked in this order.
EXPLAINED = []


def made(emailctl, folder, cases, seed):
    maker, paths, told = beside.Maker(seed), [], []
    for i in range(cases):
        data, given = maker.message()
        told.append(given)
        paths.append(os.path.join(folder, f"made-{i}.eml"))
        with open(paths[-1], "wb") as f:
            f.write(data)
    return beside.judge("messages by Python's generator", paths, beside.run_all(emailctl, paths),
                        lambda i, data, got: compare.differences(told[i], got), [])


def broken(emailctl, folder, cases, seed, folders):
    paths = beside.break_some(folder, [*folders, folder], cases, seed)
    return beside.judge("broken messages", paths, beside.run_all(emailctl, paths),
                        lambda i, data, got: compare.differences([beside.shape(email.message_from_bytes(data))], got.get("parts"), ".parts"), EXPLAINED)


def main():
    emailctl, folder, cases, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    bad = made(emailctl, folder, cases, seed)
    bad += broken(emailctl, folder, cases * 4, seed + 1, sys.argv[5:])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
