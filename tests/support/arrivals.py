# SPDX-License-Identifier: MIT
"""What was queued by tests/programs/enqueue, and what became of it: its records, the test server's folders, emailctl's events."""
import collections
import hashlib
import json
import os
import re
import zlib

Queued = collections.namedtuple("Queued", "number key id priority size sum ms")
Refused = collections.namedtuple("Refused", "number key code event ms")
# `order`: within one life of a server, in which messages began.
Arrived = collections.namedtuple("Arrived", "server order key to digest whole digest_of time")


def record(path):
    """([Queued], [Refused]) of a record; a line that was cut off is none."""
    queued, refused = [], []
    with open(path, encoding="ascii") as file:
        for line in file:
            word = line.split()
            if not line.endswith("\n"):
                break
            if word[0] == "ok":
                queued.append(Queued(int(word[1]), word[2], word[3], int(word[4]), int(word[5]), word[6], int(word[7])))
            else:
                refused.append(Refused(int(word[1]), word[2], word[3], word[4] == "event", int(word[5])))
    return queued, refused


def field(head, name):
    found = re.search(rb"(?im)^" + name + rb": *(.*?)\r?$", head)
    return found.group(1).decode() if found else ""


def arrived(path):
    """One N.eml with its N.env; `whole`: the text has the sum that stands in the message."""
    with open(path, "rb") as file:
        message = file.read()
    with open(path[:-4] + ".env", encoding="utf-8") as file:
        to = re.findall(r"^RCPT TO:<([^>]*)>", file.read(), re.M)
    head, _, body = message.partition(b"\r\n\r\n")
    want = field(head, b"X-Queue-Sum")
    whole = not want or int(want, 16) == zlib.adler32(body.replace(b"\r\n", b"\n"))
    subject = field(head, b"Subject")
    digest_of = re.findall(rb"(?m)^    ([0-9a-f]{32})\r?$", body) if " messages: " in subject else None
    folder, name = os.path.split(path)
    return Arrived(folder, int(name[:-4]), field(head, b"X-Queue-Key"), to, hashlib.sha256(message).hexdigest(), whole,
                   [one.decode() for one in digest_of] if digest_of is not None else None, os.stat(path).st_mtime)


def collect(folder, keep=False):
    """What has arrived in a server's folder since it was last asked, in the order in which it began."""
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".eml"):
            path = os.path.join(folder, name)
            found.append(arrived(path))
            if not keep:
                os.unlink(path)
                os.unlink(path[:-4] + ".env")
    return found


def events(path):
    """Of `emailctl --json run`. The last line of a process that was killed may be cut off."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                found.append(json.loads(line))
    return found
