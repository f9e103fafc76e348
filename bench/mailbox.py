#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A mailbox to read: 2,000 messages, some 35 MB, the same each time.

    bench/mailbox.py FILE

Of 100: 40 plain, 25 with an HTML alternative in quoted-printable, 15 with base64 attachments, 6 forwarded
as message/rfc822, 6 with 40 header fields, 4 in encoded words, 4 with LF alone or cut off. Lines "SIZE\\n",
each followed by so many bytes.
"""
import base64
import quopri
import random
import sys

rng = random.Random(35)
WORDS = ("boiler pump valve alarm supply return temperature pressure flame failure plant room station floor heating "
         "cooling fan damper setpoint Störung Kessel Überdruck Rücklauf").split()


def text(size):
    lines, n = [], 0
    while n < size:
        line = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(5, 12)))
        lines.append(line)
        n += len(line) + 2
    return "\r\n".join(lines) + "\r\n"


def ascii_text(size):
    return text(size).encode("ascii", "ignore")


def header(more=b""):
    n = rng.getrandbits(32)
    return (b"Received: from mail.example.com (mail.example.com [192.0.2.%d])\r\n\tby mx.example.net (Postfix) with ESMTPS id %08X\r\n\tfor <duty@example.net>; Mon,  2 Mar 2026 08:15:%02d +0100 (CET)\r\n"
            b"Date: Mon, 2 Mar 2026 08:15:%02d +0100\r\nFrom: Plant room %d <plant%d@example.com>\r\nTo: Duty Officer <duty@example.net>,\r\n chief@example.net\r\n"
            b"Message-ID: <%08x.1@plant.example.com>\r\nSubject: Boiler %d: flame failure\r\nMIME-Version: 1.0\r\n" % (n % 250, n, n % 60, n % 60, n % 9, n % 99, n, n % 9)) + more


def multipart(kind, *parts):
    boundary = b"----=_Part_%d_%d" % (rng.getrandbits(30), rng.getrandbits(30))
    return (b"Content-Type: multipart/" + kind + b";\r\n\tboundary=\"" + boundary + b"\"\r\n\r\n" +
            b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + boundary + b"--\r\n")


def body(content, kind=b"plain"):
    return b"Content-Type: text/" + kind + b"; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + content


def quoted(size, kind=b"plain"):
    raw = quopri.encodestring(text(size).replace("\r\n", "\n").encode()).replace(b"\n", b"\r\n")
    return b"Content-Type: text/" + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + raw


def attachment(size):
    raw = base64.encodebytes(rng.randbytes(size)).replace(b"\n", b"\r\n")
    return b"Content-Type: application/pdf; name=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\n\r\n" + raw


def message(i):
    kind = i % 100
    if kind < 40:
        return header() + body(ascii_text(rng.randrange(500, 3500)))
    if kind < 65:
        size = rng.randrange(1000, 5000)
        return header() + multipart(b"alternative", quoted(size), quoted(size, b"html"))
    if kind < 80:
        return header() + multipart(b"mixed", body(ascii_text(500)), attachment(rng.randrange(20000, 110000)))
    if kind < 86:
        inner = header() + multipart(b"alternative", body(ascii_text(2500)), body(ascii_text(2500), b"html"))
        return header() + multipart(b"mixed", body(ascii_text(300)), b"Content-Type: message/rfc822\r\n\r\n" + inner)
    if kind < 92:
        more = b"".join(b"X-Field-%d: %s\r\n" % (n, ascii_text(60).replace(b"\r\n", b" ")) for n in range(40))
        return header(more) + body(ascii_text(1500))
    if kind < 96:
        word = b"=?utf-8?B?" + base64.b64encode("Störung Kessel".encode()) + b"?="
        more = b"Subject: " + b"\r\n ".join([word] * 8) + b"\r\nCc: " + b",\r\n ".join(word + b" <a%d@example.com>" % n for n in range(10)) + b"\r\n"
        return header(more) + body(ascii_text(1500))
    whole = header() + multipart(b"mixed", body(ascii_text(2000)), attachment(6000))
    return whole.replace(b"\r\n", b"\n") if kind % 2 else whole[:len(whole) * 2 // 3]


def write(f):
    for i in range(2000):
        data = message(i)
        f.write(b"%d\n" % len(data) + data)


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as mailbox:
        write(mailbox)
