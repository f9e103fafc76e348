#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emailctl parse beside GMime 3 (tests/messages/peers/gmime.c).

    gmime.py READER EMAILCTL FOLDER CASES SEED FOLDER...

The messages in the folders but those that go over our bounds, random ones by Python's generator, and broken ones: subject, addresses,
identifier, date, parts, and the bytes of every leaf. Where the two differ, it is for a reason in the
table, or the run fails.
"""
import calendar
import codecs
import email
import email.policy
import json
import os
import re
import subprocess
import sys
import time

import beside


def told(*codes):
    return lambda data, ours, found: beside.codes(ours) & set(codes)


def python_agrees(data, ours, found):
    key = found[0]
    return beside.python_agrees(data, key, found[1] if key in ("subject", "date") else ours.get(key, []))


def tree(part):
    return [tree(p) for p in part.get("parts", [])]


def python_parts(data, ours, found, what=lambda part: bare(part)):
    try:
        return [what(p) for p in ours["parts"]] == [what(beside.shape(email.message_from_bytes(data)))]
    except (TypeError, ValueError, LookupError, AttributeError):
        return False


def python_sees(data, ours, found):
    """What differs, for what stands in the outer header; else the parts, so that it is the same one's. Empty lines before
    the header are skipped, and told; to Python it is over then."""
    key, data = found[0], re.sub(rb"^([\w-]+)[ \t]+:", rb"\1:", data.lstrip(b"\r\n"), flags=re.M)
    data = re.sub(rb"^:", b"\r\n:", data, flags=re.M)  # to Python a field without a name
    if key == "messageId":
        return str(email.message_from_bytes(data)["Message-ID"] or "").strip().strip("<>") == found[1]
    if key in ("subject", "date", "from", "to", "cc") and not found[1] and email.message_from_bytes(data)[key] is None:
        return True
    if key == "subject" and found[1]:
        return beside.blankless(str(email.message_from_bytes(data, policy=email.policy.default)[key])) == beside.blankless(found[1])
    if key in ("subject", "date", "from", "to", "cc"):
        return python_agrees(data, ours, found)
    return python_parts(data, ours, found, bare if key == "parts" else tree)


def known(charset):
    try:
        return codecs.lookup(charset)
    except LookupError:
        return None


def punctuated(data, ours, found):
    names = [n.decode() for n in re.findall(rb"=\?([\w.:+-]+)\?[bq]\?", data, re.I | re.A)]
    return any(not known(n) and known(re.sub(r"\W|_", "", n)) for n in names)


def looks(pattern):
    return lambda data, ours, found: re.search(pattern, data, re.I)


IDENTIFIER = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
DATE = re.compile(rb"^Date: (\w{3}, )?[ \d]?\d \w{3} \d{4} \d\d:\d\d(:[0-5]\d)? [+-]\d{4}\r?\n(?![ \t])", re.M)

# Why the two say something else of a message: name, what it is about, the reason, and what tells that it is so.
# Asked in this order.
TABLE = [
    ("deep", "*", "bound: parts more than 32 deep are not opened, and told", told("tooDeep")),
    ("first", "*", "of fields that may stand once the first counts, to GMime the last", told("headerRepeated")),
    ("empty lines first", "*", "empty lines in front of a header are passed over, and that is told; to GMime they are an empty header",
     lambda data, ours, found: told("noHeader")(data, ours, found) and data[:1] in (b"\r", b"\n")),
    ("header's end", "*", "a line that is no field ends the header (as for Postfix; Python sees what we see), GMime leaves it out",
     lambda data, ours, found: told("headerLine", "noHeader", "noHeaderEnd")(data, ours, found) and python_sees(data, ours, found)),
    ("boundary in a header", "parts size sha256", "a boundary ends a header too (RFC 2046 5.1.1)",
     lambda data, ours, found: told("noHeaderEnd")(data, ours, found) and not told("headerLine")(data, ours, found)),
    ("empty part", "parts size sha256", "two boundaries, one behind the other, have a part between them", looks(rb"\n(--\S+)\r?\n\1\r?\n")),
    ("one boundary", "parts size sha256", "of two multiparts with the same boundary it is the inner one's", looks(rb"(?s)boundary=\"([^\"]+)\".*boundary=\"\1\"")),
    ("boundary's end", "size sha256", "a quoted value ends at its quotation mark, and what follows is told",
     lambda data, ours, found: told("parameter")(data, ours, found) and re.search(rb"boundary=\"[^\"\r\n]*\"[^;\s]", data)),
    ("safe name", "fileName", "file names are made safe to create, and that is told", told("fileName", "headerControl")),
    ("extended name", "fileName", "filename* goes before filename, whichever stands first", looks(rb"name\*")),
    ("no semicolon", "fileName charset", "a parameter without one before it is found all the same", lambda data, ours, found: found[2] is None or " " in found[2]),
    ("comment", "charset disposition fileName", "a comment is none of the value (RFC 2045 5.1)", lambda data, ours, found: "(" in str(found[2])),
    ("unknown disposition", "disposition", "it is an attachment (RFC 2183 2.8)", lambda data, ours, found: found[1] in (None, "attachment")),
    ("parameter", "charset fileName parts disposition", "a value ends where its token does, and what follows is told", told("parameter", "header8bit", "headerControl", "unknownCharset")),
    ("content id", "contentId", "one that is none is given as it stands", lambda data, ours, found: not IDENTIFIER.fullmatch(found[1] or "") or told("headerControl")(data, ours, found)),
    ("no type", "parts", "what is no pair of tokens is text/plain (RFC 2045 5.2); to GMime it is application/octet-stream", told("contentType")),
    ("encoded message", "parts size", "one that is encoded, against RFC 2045 6.4, is not opened, and that is told", told("encodedMultipart")),
    ("no boundaries", "size parts sha256", "a multipart without parts is one with content, to GMime it is empty", lambda data, ours, found: told("noBoundary", "boundaryMissing")(data, ours, found) or found[0] == "size" and found[2] is None),
    ("no semicolon before", "parts disposition", "a type ends where its token does, and a parameter is found without a semicolon before it",
     looks(rb"\n(Content-Type:\s*multipart/[^;\r\n]*|Content-Disposition:[^;\r\n]*)\s+(boundary|filename|name)=")),
    ("boundary", "parts", "a boundary is the whole line but blanks; to GMime what begins so is one. Python sees what we see", python_parts),
    ("words", "subject from to cc", "GMime loses what stands behind padding, or between words that share a character; Python says what we say", python_agrees),
    ("folded name", "from to cc", "a fold in a name is one blank, GMime keeps the line end", lambda data, ours, found: found[1] == [tuple(" ".join(t.split()) for t in a) for a in found[2]]),
    ("comment's name", "from to cc", "a comment in front of an address is its name where there is no other (RFC 822 6.2), as one behind it",
     lambda data, ours, found: [a[1] for a in found[1]] == [a[1] for a in found[2]] and b"(" in data
     and all(a == b or b == ("", b[1], b[2]) for a, b in zip(found[1], found[2]))),
    ("no address", "from to cc", "what breaks the grammar is told", told("address", "tooManyAddresses")),
    ("dots", "from to cc", "a dot too many in an address is left so", lambda data, ours, found: any(re.search(r"\.\.|\.$|^\.|\.@|@\.", a[1]) for a in found[1])),
    ("given up", "from to cc", "GMime gives up on the rest of a field, where something can be had", lambda data, ours, found: len(found[2]) < len(found[1])),
    ("stray quotes", "from to cc", "a quote that is not closed is a character as others", lambda data, ours, found: re.search(r"[\"\\]", str([a[0] for a in found[1]]))),
    ("no id", "messageId", "what is no identifier is told, or the one in it is given", lambda data, ours, found: told("messageId")(data, ours, found) or not (IDENTIFIER.fullmatch(found[1]) and IDENTIFIER.fullmatch(found[2]))),
    ("controls", "subject from to cc", "control characters are left out, and that is told", told("headerControl", "nul", "bareCr")),
    ("charset", "subject from to cc", "what a charset has no character for is U+FFFD, and that is told", told("unknownCharset", "charset", "encodedWord", "header8bit")),
    ("charset's name", "subject from to cc", "punctuation in a charset's name is passed over", punctuated),
    ("question mark", "subject from to cc", "a question mark in an encoded word's text is a character as others; GMime loses the word", looks(rb"=\?[\w.:+-]+\?[bq]\?[^?\s]*\?(?!=)")),
    ("no word", "subject from to cc", "a charset's name has no blank and no equals sign; to GMime it may", looks(rb"=\?(\w*=\?|[^?\n]*[ \t=][^?\n]*\?[bq]\?)")),
    ("folded by a tab", "subject", "a fold is one space", lambda data, ours, found: found[1] == found[2].replace("\t", " ")),
    ("base64's end", "size sha256", "of a last group what is there is given, and padding ends nothing", told("base64", "base64Cut")),
    ("encoding", "size sha256", "the token of a transfer encoding counts, whatever stands behind it", looks(rb"Transfer-Encoding:\s*(base64|quoted-printable)[^\s;]")),
    ("cut", "size sha256", "what ends in the middle of a group, without padding, is given too", lambda data, ours, found: b"base64" in data.lower() and (found[0] == "sha256" or abs(found[1] - found[2]) <= 2)),
    ("mixed line ends", "size sha256", "a boundary's line end is the one it has, to GMime that of the message", lambda data, ours, found: told("bareLf")(data, ours, found) and b"\r\n" in data),
    ("blanks", "size sha256", "blanks at a line's end are not there in quoted-printable (RFC 2045 6.7), GMime keeps them", looks(rb"quoted-printable")),
    ("date's forms", "date", "what is no date as RFC 5322 3.3 has it is read as far as its obsolete forms (4.3) go, and a broken zone as far as it goes",
     lambda data, ours, found: found[1] is not None and (python_agrees(data, ours, found) or not DATE.search(data))),
    ("bare CR", "*", "a CR alone ends nothing, and is told", told("bareCr", "nul")),
    ("no date", "date", "what is no date is told", told("date")),
]
EXPLAINED = [(name, reason, lambda data, ours, found, keys=keys.split(), holds=holds: (keys == ["*"] or found[0] in keys) and holds(data, ours, found))
             for name, keys, reason, holds in TABLE]


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
    sums = [a["sha256"] for a in ours.get("attachments", []) if a.get("size") and not a["type"].startswith("message/")]
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
    known = [os.path.join(d, f) for d in folders for f in sorted(os.listdir(d)) if f.endswith(".eml") and not f.startswith("bound")]
    maker, made = beside.Maker(seed), []
    for i in range(cases):
        made.append(os.path.join(folder, f"made-{i}.eml"))
        with open(made[-1], "wb") as f:
            f.write(maker.message()[0])
    bad = both("messages of the corpus", reader, emailctl, known)
    bad += both("messages by Python's generator", reader, emailctl, made)
    bad += both("broken messages", reader, emailctl, beside.break_some(folder, folders, cases * 4, seed + 1))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
