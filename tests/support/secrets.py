# SPDX-License-Identifier: MIT
"""Looks for secrets where none may be: secrets.py FILE-OF-SECRETS PATH...

Each line of the file is one. Every file below the paths is read, and its name too, for any twelve characters of one in a row: as
they are, in base64 (its own alphabet and that of URLs, at each place in a group), in hexadecimal, as URLs, XML, JSON and
quoted-printable write them. Says where, and ends with 1 if there is one."""
import base64
import json
import os
import quopri
import sys
import urllib.parse
from xml.sax.saxutils import escape

WINDOW = 12


def windows(text):
    return {text[i:i + WINDOW] for i in range(max(1, len(text) - WINDOW + 1))}


def forms(secret):
    raw = secret.encode()
    yield "raw", raw
    yield "hexadecimal", raw.hex().encode()
    yield "hexadecimal", raw.hex().upper().encode()
    for skip in range(3):
        whole = raw[skip:skip + (len(raw) - skip) // 3 * 3]
        yield "base64", base64.b64encode(whole)
        yield "base64url", base64.urlsafe_b64encode(whole)
    for quoted in urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret):
        yield "URL", quoted.encode()
        yield "URL", "".join(c.lower() if quoted[max(0, i - 2):i].find("%") >= 0 else c
                             for i, c in enumerate(quoted)).encode()
    yield "XML", escape(secret).encode()
    yield "XML", escape(secret, {'"': "&quot;"}).encode()
    yield "JSON", json.dumps(secret)[1:-1].encode()
    yield "quoted-printable", quopri.encodestring(raw).rstrip(b"=\n")


def wanted(path):
    found = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            for name, form in forms(line.rstrip("\n")):
                for window in windows(form):
                    found.setdefault(window, (number, name))
    return found


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, _, names in os.walk(path):
            for name in names:
                yield os.path.join(folder, name)


def main():
    marks = wanted(sys.argv[1])
    lengths = {len(mark) for mark in marks}
    failed = seen = 0
    for path in files(sys.argv[2:]):
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            held = path.encode() + b"\n" + file.read()
        seen += 1
        for n in lengths:
            for i in range(len(held) - n + 1):
                mark = marks.get(held[i:i + n])
                if mark:
                    start = held.rfind(b"\n", 0, i) + 1
                    print(f"{path}: secret {mark[0]}, {mark[1]}, in: {held[start:i + 60]!r}")
                    failed = 1
                    break
    print(f"{seen} files, {len(marks)} marks")
    return failed


sys.exit(main())
