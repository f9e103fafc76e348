#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emailctl parse beside Python's email package.

    python.py EMAILCTL FOLDER CASES SEED FOLDER...

Random messages by Python's generator must be read as they were given to it. Then the messages in the folders are
broken at random, and both readers must see the same parts. Where they do not, it is for a reason in the tables, or the
run fails.
"""
import email
import os
import re
import sys

import beside
import compare



def field_of(found):
    """".to[1].name: ..." is about "to"."""
    return re.match(r"\.(\w*)", found).group(1)


# Why what was given to the generator is not what is read: name, reason, and what tells that it is so.
MADE_EXPLAINED = [
    ("folding", "the generator loses or doubles blanks where it folds between encoded words; its own reader says what we say",
     lambda data, got, found: field_of(found) in ("subject", "from", "to", "cc") and beside.python_agrees(data, field_of(found), got.get(field_of(found)))),
    ("cut word", "the generator cuts an encoded word where it folds", lambda data, got, found: found == ".defects: ['encodedWord'], not []" and re.search(rb"=\?[\w-]+\?[bq]\?[^?\s]*\r?\n", data)),
]


def parts_differ(data, got):
    """The first difference of the parts, as Python sees them."""
    try:
        theirs = beside.shape(email.message_from_bytes(data))
    except (TypeError, ValueError, AssertionError, LookupError, AttributeError) as e:
        return [f"Python failed: {e!r}"]
    return compare.differences([theirs], got.get("parts"), ".parts")[:1]


# Why the two see other parts, asked in this order.
BROKEN_EXPLAINED = [
    ("failed", "an exception of Python's reader, on parameters that are broken",
     lambda data, got, found: found.startswith("Python failed")),
    ("deep", "bound: parts more than 32 deep are not opened, and told",
     lambda data, got, found: "tooDeep" in beside.codes(got)),
    ("type's end", "a type is two tokens, or text/plain (RFC 2045 5.2); to Python all that stands before the semicolon, if it has one slash",
     lambda data, got, found: ".type:" in found and re.search(rb"Content-Type\s*:\s*(?![\w.+-]+/[\w.+-]+\s*(;|\r?\n[^ \t]))", data, re.I)),
    ("blank first", "empty lines before the header are skipped, and told; to Python the header is over",
     lambda data, got, found: "noHeader" in beside.codes(got) and re.match(rb"[\r\n]", data)),
    ("folded first", "a header that begins with a folded line, and goes on without a field, is none; Python leaves the line out",
     lambda data, got, found: beside.codes(got) & {"noHeader", "headerLine"} and re.search(rb"(\A|\n--.*\n|\n\r?\n)[ \t]", data)),
    ("boundary in a header", "a boundary ends a header too (RFC 2046 5.1.1); to Python it is a line that is no field",
     lambda data, got, found: "noHeaderEnd" in beside.codes(got) and ("headerLine" not in beside.codes(got) or re.search(rb"\n--.+\n--", data))),
    ("encoded message", "one that is encoded, against RFC 2045 6.4, is not opened, and that is told",
     lambda data, got, found: "encodedMultipart" in beside.codes(got)),
    ("one boundary", "of two multiparts with the same boundary it is the inner one's, to Python the outer one's",
     lambda data, got, found: re.search(rb"boundary=\"([^\"]+)\".*boundary=\"\1\"", data, re.S)),
    ("bare CR", "a CR alone ends no line; to Python it does",
     lambda data, got, found: not all(parts_differ(re.sub(rb"\r(?!\n)", other, data), got) for other in (b"?", b" ", b""))),
]


def made(emailctl, folder, cases, seed):
    maker, paths, told = beside.Maker(seed), [], []
    for i in range(cases):
        data, given = maker.message()
        told.append(given)
        paths.append(os.path.join(folder, f"made-{i}.eml"))
        with open(paths[-1], "wb") as f:
            f.write(data)
    return beside.judge("messages by Python's generator", paths, beside.run_all(emailctl, paths),
                        lambda i, data, got: compare.differences(told[i], got), MADE_EXPLAINED)


def broken(emailctl, folder, cases, seed, folders):
    paths = beside.break_some(folder, folders, cases, seed)
    return beside.judge("broken messages", paths, beside.run_all(emailctl, paths),
                        lambda i, data, got: parts_differ(data, got), BROKEN_EXPLAINED)


def main():
    emailctl, folder, cases, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    bad = made(emailctl, folder, cases, seed)
    bad += broken(emailctl, folder, cases * 4, seed + 1, sys.argv[5:])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
