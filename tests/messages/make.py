#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Messages, and what a reader must find in them.

    make.py FOLDER          NAME.eml and NAME.json for each
    make.py --list

Bytes are put together here, by nothing that reads mail; what is written is known, and so is what must be
read. The expectation is a subset of what `emailctl parse` prints (tests/messages/compare.py): a key that is
absent is not asked for; defects are the exact set. Seeded: the same each time.
"""
import base64
import datetime
import hashlib
import json
import os
import random
import sys

CASES = {}
rng = random.Random(5322)


def case(name, data, **expect):
    assert name not in CASES, name
    if "from_" in expect:
        expect["from"] = expect.pop("from_")
    expect["defects"] = [{"code": code} for code in sorted(expect.get("defects", []))]
    CASES[name] = (data, expect)


# --- how things are written ---------------------------------------------------------------------

def crlf(text):
    return text.replace("\n", "\r\n")


def b64(data, width=76):
    text = base64.b64encode(data).decode()
    return "".join(text[i:i + width] + "\r\n" for i in range(0, len(text), width)).encode()


def qp(data, text=True):
    """Quoted-printable (RFC 2045 6.7); in a text CRLF is a line end, in anything else it is two bytes."""
    lines = []
    for line in (data.split(b"\r\n") if text else [data]):
        now = ""
        for i, byte in enumerate(line):
            last = i == len(line) - 1
            plain = 33 <= byte <= 126 and byte != 61 or byte in (9, 32) and not last
            code = chr(byte) if plain else "=%02X" % byte
            if len(now) + len(code) > 75 - (not last):
                lines.append(now + "=")
                now = ""
            now += code
        lines.append(now)
    return "\r\n".join(lines).encode()


ENCODERS = {"7bit": bytes, "8bit": bytes, "binary": bytes, "base64": b64, "quoted-printable": qp}


def word_b(text, charset):
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def word_q(text, charset):
    raw = text.encode(charset)
    return f"=?{charset}?Q?" + "".join(chr(c) if chr(c).isalnum() and c < 128 else "_" if c == 32 else "=%02X" % c for c in raw) + "?="


def percent(raw):
    return "".join(chr(c) if chr(c).isalnum() and c < 128 or c in b".-_" else "%%%02X" % c for c in raw)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Part:
    """One part: the bytes from its first header on, and what must be told of it."""

    def __init__(self, wire, expect, text=None, html=None, attachments=()):
        self.wire, self.expect, self.text, self.html, self.attachments = wire, expect, text, html, list(attachments)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def text_part(text, charset="utf-8", encoding="8bit", kind="plain", more=""):
    raw = crlf(text).encode(charset)
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n{more}\r\n"
    part = Part(head.encode() + ENCODERS[encoding](raw), {"type": f"text/{kind}", "charset": charset.lower()})
    setattr(part, "html" if kind == "html" else "text", text)
    return part


def file_part(data, kind, name, encoding="base64", disposition="attachment", name_as=None, cid=None, attached=True):
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    expect = {"type": kind}
    if disposition:
        head += f"Content-Disposition: {disposition}{name_as or '; filename=' + quoted(name)}\r\n"
        expect["disposition"] = disposition
    if cid:
        head += f"Content-ID: <{cid}>\r\n"
        expect["contentId"] = cid
    if name:
        expect["fileName"] = name
    encode = (lambda d: qp(d, False)) if encoding == "quoted-printable" else ENCODERS[encoding]
    found = {"type": kind, "size": len(data), "sha256": sha(data)}
    if name:
        found["fileName"] = name
    return Part(head.encode() + b"\r\n" + encode(data), expect, attachments=[found] if attached else [])


def many(kind, *parts, boundary=None, more="", preamble=b"", epilogue=b"", end=True):
    boundary = boundary or "b%08x" % rng.getrandbits(32)
    wire = f"Content-Type: multipart/{kind}; boundary={quoted(boundary)}{more}\r\n\r\n".encode() + preamble
    for part in parts:
        wire += b"\r\n--" + boundary.encode() + b"\r\n" + part.wire
    wire += (b"\r\n--" + boundary.encode() + b"--\r\n" if end else b"\r\n") + epilogue
    whole = Part(wire, {"type": f"multipart/{kind}", "parts": [p.expect for p in parts]})
    for part in parts:
        whole.text = whole.text if whole.text is not None else part.text
        whole.html = whole.html if whole.html is not None else part.html
        whole.attachments += part.attachments
    if kind == "mixed":
        whole.text = below([p.text for p in parts])
        if whole.html is not None:
            whole.html = below([p.html if p.html is not None else as_html(p.text) for p in parts])
    return whole


def below(texts):
    """One text behind another, each on lines of its own."""
    found, joined = [t for t in texts if t is not None], ""
    for text in found:
        joined += ("\n" if joined and not joined.endswith("\n") else "") + text
    return joined if found else None


def as_html(text):
    return None if text is None else "<pre>" + text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "</pre>\n"


def inner(part, head="Subject: inner\r\n"):
    """A message in a message. What is in there is not the outer one's text."""
    wire = b"Content-Type: message/rfc822\r\n\r\n" + head.encode() + part.wire
    return Part(wire, {"type": "message/rfc822", "parts": [part.expect]})


HEAD = "From: Plant <plant@example.com>\r\nTo: duty@example.com\r\nDate: Mon, 2 Mar 2026 08:15:00 +0100\r\nMIME-Version: 1.0\r\n"
KNOWN = {"from": [{"name": "Plant", "address": "plant@example.com"}], "to": [{"address": "duty@example.com"}], "date": "2026-03-02T07:15:00Z"}


def whole(name, part, subject=None, head=HEAD, attachments=True, **expect):
    """A message around a part; what the part knows is asked for."""
    told = dict(KNOWN if head is HEAD else {}, parts=[part.expect])
    if part.text is not None:
        told["text"] = part.text
    if part.html is not None:
        told["html"] = part.html
    if attachments:
        told["attachments"] = part.attachments
    if subject is not None:
        head += f"Subject: {subject}\r\n"
    case(name, head.encode() + part.wire, **{**told, **expect})


def simple(name, head, text="x\n", **expect):
    """A message by its header alone."""
    head = head if isinstance(head, bytes) else head.encode()
    case(name, head.replace(b"\n", b"\r\n") + b"\r\n" + crlf(text).encode(), **{"text": text, **expect})


# --- charsets -----------------------------------------------------------------------------------

SAMPLES = {
    "us-ascii": "Boiler 2: flame failure",
    "utf-8": "Störung Kessel 2 – 温度 ошибка 😀",
    "iso-8859-1": "Störung: Überdruck, größer als 3 £",
    "iso-8859-2": "Porucha kotle č. 2: příliš vysoký tlak, Łódź",
    "iso-8859-5": "Ошибка насоса",
    "iso-8859-7": "Βλάβη λέβητα",
    "iso-8859-8": "תקלה בדוד",
    "iso-8859-9": "Kazan arızası: yüksek basınç, İstanbul",
    "iso-8859-15": "Preis: 12 € für Œuvre",
    "windows-1250": "Porucha kotle „č. 2“ – příliš",
    "windows-1251": "Ошибка насоса № 3 – «стоп»",
    "windows-1252": "It’s “too hot” – 30 € … ™",
    "koi8-r": "Ошибка насоса котельной",
    "koi8-u": "Помилка насоса Ґ є ї",
    "tis-620": "หม้อไอน้ำขัดข้อง",
    "shift_jis": "ボイラー警報 温度異常 ソース表",
    "euc-jp": "ボイラー警報 温度異常",
    "iso-2022-jp": "ボイラー警報 温度異常 end",
    "gb2312": "锅炉故障 温度过高",
    "gbk": "锅炉故障 溫度過高",
    "gb18030": "锅炉故障 溫度過高 😀",
    "big5": "鍋爐故障 溫度過高 功能",
    "euc-kr": "보일러 고장 온도 이상",
    "utf-16": "Kessel 温度 😀",
    "utf-16be": "Kessel 温度 😀",
    "utf-16le": "Kessel 温度 😀",
    "utf-7": "Störung 温度 & more + plus",
}
WIDE = ("utf-16", "utf-16be", "utf-16le")
SEVEN = ("us-ascii", "iso-2022-jp", "utf-7")


def charsets():
    for charset, sample in SAMPLES.items():
        text = f"{sample}\n\n{sample} = {sample}\n"
        ways = ["base64"] if charset in WIDE else ["base64", "quoted-printable", "7bit" if charset in SEVEN else "8bit"]
        for way in ways:
            whole(f"charset-{charset}-{way}", text_part(text, charset, way), subject="x")
        whole(f"charset-{charset}-html", text_part(f"<p>{sample}</p>\n", charset, "base64", "html"), subject="x")
        for how, word in (("b", word_b), ("q", word_q)):
            if charset in ("utf-16", "utf-7"):
                continue
            wire = word(sample, charset)
            simple(f"word-{charset}-{how}", f"From: {wire} <a@example.com>\nSubject: Alarm {wire}\n", from_=[{"name": sample, "address": "a@example.com"}], subject=f"Alarm {sample}")
    # the same charset by its other names
    for alias, charset in (("latin1", "iso-8859-1"), ("ISO_8859-1", "iso-8859-1"), ("cp1252", "windows-1252"), ("UTF8", "utf-8"), ("x-sjis", "shift_jis"), ("ANSI_X3.4-1968", "us-ascii"), ("ks_c_5601-1987", "euc-kr")):
        raw = crlf(SAMPLES[charset] + "\n").encode(charset)
        case(f"charset-alias-{alias}", (HEAD + f"Content-Type: text/plain; charset={alias}\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() + b64(raw), text=SAMPLES[charset] + "\n")
    # what is called Latin-1 and is Windows' (WHATWG reads it so)
    raw = SAMPLES["windows-1252"].encode("windows-1252") + b"\r\n"
    case("charset-none-utf8", HEAD.encode() + b"\r\n" + "Störung 温度\r\n".encode(), text="Störung 温度\n")
    case("charset-none-cp1252", HEAD.encode() + b"\r\n" + raw, defects=["charset"])


# --- encoded words at their edges ---------------------------------------------------------------

def words():
    split = "温度異常".encode()
    cut = base64.b64encode(split[:4]).decode(), base64.b64encode(split[4:]).decode()
    table = [
        ("joined", "=?utf-8?Q?St=C3=B6?= =?utf-8?Q?rung?=", "Störung", []),
        ("folded", "=?utf-8?Q?St=C3=B6?=\n =?utf-8?Q?rung?=", "Störung", []),
        ("split-character", f"=?utf-8?B?{cut[0]}?= =?utf-8?B?{cut[1]}?=", "温度異常", []),
        ("two-charsets", "=?iso-8859-1?Q?=F6?= =?utf-8?Q?=C3=B6?=", "öö", []),
        ("text-between", "=?utf-8?Q?=C3=B6?= and =?utf-8?Q?=C3=B6?=", "ö and ö", []),
        ("lower-case", "=?UTF-8?b?w7Y=?= =?utf-8?q?=c3=b6?=", "öö", []),
        ("empty", "=?utf-8?Q??= x", " x", []),
        ("underscore", "=?utf-8?Q?a_b=5Fc?=", "a b_c", []),
        ("no-padding", "=?utf-8?B?w7Y?=", "ö", None),
        ("unknown-encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?=", None),
        ("unfinished", "=?utf-8?Q?abc", "=?utf-8?Q?abc", None),
        ("not-a-word", "a=?b c?=d", "a=?b c?=d", None),
        ("long", "=?utf-8?Q?" + "=C3=B6" * 150 + "?=", "ö" * 150, []),
        ("spaces-kept", "two  spaces", "two  spaces", []),
        ("fold-kept", "one\n two\n\tthree", "one two three", []),
        ("raw-utf8", "Störung", "Störung", []),
        ("only-blanks", "   ", {"$absent": ""}, []),
        ("language", "=?iso-8859-1*de?Q?St=F6rung?=", "Störung", []),
        ("iso-2022-jp", "=?ISO-2022-JP?B?GyRCN1lKcxsoQg==?=", "警報", []),
        ("question", "=?utf-8?Q?what?_now?=", None, None),
        ("gb2312-split", f"=?gb2312?B?{base64.b64encode('锅炉'.encode('gb2312')).decode()}?=\n =?gb2312?B?{base64.b64encode('故障'.encode('gb2312')).decode()}?=", "锅炉故障", []),
    ]
    for name, wire, value, defects in table:
        expect = {} if value is None else {"subject": value}
        data = f"From: a@example.com\nSubject: {wire}\n".encode().replace(b"\n", b"\r\n") + b"\r\nx\r\n"
        case(f"words-{name}", data, **expect, text="x\n", defects=defects if defects is not None else [])
        if defects is None:
            CASES[f"words-{name}"][1].pop("defects")
    simple("words-raw-latin1", b"From: a@example.com\nSubject: St\xf6rung\n", subject="Störung", defects=["header8bit"])
    simple("words-unknown-charset", "From: a@example.com\nSubject: =?x-nowhere?Q?abc=FF?=\n", defects=["unknownCharset"])
    simple("words-control", "From: a@example.com\nSubject: a =?utf-8?Q?=00=07=1B[31m=0D=0ABcc:_x?= b\n", defects=["headerControl"])
    simple("words-bad-base64", "From: a@example.com\nSubject: =?utf-8?B?!!!?= x\n", defects=["encodedWord"])


# --- addresses ----------------------------------------------------------------------------------

def addresses():
    def a(name, address, group=None):
        return {"name": name, "address": address, **({"group": group} if group else {})}
    table = [
        ("bare", "a@example.com", [a("", "a@example.com")]),
        ("angle", "<a@example.com>", [a("", "a@example.com")]),
        ("phrase", "Plant Room 2 <a@example.com>", [a("Plant Room 2", "a@example.com")]),
        ("quoted", '"Miller, Joe" <a@example.com>', [a("Miller, Joe", "a@example.com")]),
        ("escaped", '"Joe \\"Bob\\" \\\\ M" <a@example.com>', [a('Joe "Bob" \\ M', "a@example.com")]),
        ("list", "a@example.com, B <b@example.com>,c@example.com", [a("", "a@example.com"), a("B", "b@example.com"), a("", "c@example.com")]),
        ("folded", "a@example.com,\n\tB <b@example.com>,\n  c@example.com", [a("", "a@example.com"), a("B", "b@example.com"), a("", "c@example.com")]),
        ("comment-name", "a@example.com (Joe)", None),
        ("comment-inside", "Joe (the \\) boss (really)) <a(x)@(y)example.com>", [a("Joe", "a@example.com")]),
        ("group", "Duty: a@example.com, B <b@example.com>;", [a("", "a@example.com", "Duty"), a("B", "b@example.com", "Duty")]),
        ("group-empty", "undisclosed-recipients:;", [a("", "", "undisclosed-recipients")]),
        ("group-then", "Duty: a@example.com;, b@example.com", [a("", "a@example.com", "Duty"), a("", "b@example.com")]),
        ("group-quoted", '"Plant, 2": a@example.com;', [a("", "a@example.com", "Plant, 2")]),
        ("group-word", "=?utf-8?Q?St=C3=B6rung?=: a@example.com;", [a("", "a@example.com", "Störung")]),
        ("route", "<@a.example,@b.example:c@example.com>", [a("", "c@example.com")]),
        ("quoted-local", '"john smith"@example.com', [a("", '"john smith"@example.com')]),
        ("literal", "a@[192.0.2.1]", [a("", "a@[192.0.2.1]")]),
        ("literal-6", "a@[IPv6:2001:db8::1]", [a("", "a@[IPv6:2001:db8::1]")]),
        ("dots", "Joe Q. Public <a@example.com>", [a("Joe Q. Public", "a@example.com")]),
        ("plus", "a+tag=x@example.com", [a("", "a+tag=x@example.com")]),
        ("utf8", "Jörg <jörg@münchen.example>", [a("Jörg", "jörg@münchen.example")]),
        ("word", "=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_M=C3=BCller?= <a@example.com>", [a("Jörg Müller", "a@example.com")]),
        ("word-comma", "=?utf-8?Q?M=C3=BCller=2C_J=C3=B6rg?= <a@example.com>, b@example.com", [a("Müller, Jörg", "a@example.com"), a("", "b@example.com")]),
        ("word-quoted", '"=?utf-8?Q?J=C3=B6rg?=" <a@example.com>', [a("Jörg", "a@example.com")]),
        ("word-and-text", "Dr. =?utf-8?Q?J=C3=B6rg?= M <a@example.com>", [a("Dr. Jörg M", "a@example.com")]),
        ("empties", ", a@example.com, ,, b@example.com,", [a("", "a@example.com"), a("", "b@example.com")]),
        ("spaces", "  a  @  example . com  ", [a("", "a@example.com")]),
        ("apostrophe", "O'Brien <o'brien@example.com>", [a("O'Brien", "o'brien@example.com")]),
        ("exchange", "\"plant@example.com\" <plant@example.com>", [a("plant@example.com", "plant@example.com")]),
        ("case", "A@Example.COM", [a("", "A@Example.COM")]),
        ("hundred", ", ".join(f"N{i} <n{i}@example.com>" for i in range(100)), [a(f"N{i}", f"n{i}@example.com") for i in range(100)]),
    ]
    for name, wire, found in table:
        wire = wire.replace(", N", ",\n N") if name == "hundred" else wire
        expect = {"to": found} if found is not None else {"to": [{"address": "a@example.com"}]}
        simple(f"address-{name}", f"From: x@example.com\nTo: {wire}\n", **expect)
    for name, wire in (("no-at", "joe"), ("unclosed", "Joe <a@example.com"), ("unclosed-quote", '"Joe <a@example.com>'), ("unclosed-comment", "a@example.com (joe"), ("no-comma", "a@example.com b@example.com"), ("garbage", "<<>>@,;:")):
        simple(f"address-bad-{name}", f"From: x@example.com\nTo: {wire}\n", from_=[a("", "x@example.com")], defects=["address"])
    simple("address-all-fields", "From: F <f@example.com>\nSender: s@example.com\nReply-To: R <r@example.com>\nTo: t@example.com\nCc: c@example.com\nBcc: b@example.com\n",
           from_=[a("F", "f@example.com")], replyTo=[a("R", "r@example.com")], to=[a("", "t@example.com")], cc=[a("", "c@example.com")])
    many_of_them = ",\n ".join(f"a{i}@e.example" for i in range(1200))
    simple("address-too-many", f"From: x@example.com\nTo: {many_of_them}\n", to=[a("", f"a{i}@e.example") for i in range(1000)], defects=["tooManyAddresses"])


# --- dates --------------------------------------------------------------------------------------

def dates():
    table = [
        ("usual", "Mon, 02 Mar 2026 08:15:30 +0100", "2026-03-02T07:15:30Z"),
        ("one-digit", "Mon, 2 Mar 2026 08:15:30 +0100", "2026-03-02T07:15:30Z"),
        ("no-day-name", "2 Mar 2026 08:15:30 +0100", "2026-03-02T07:15:30Z"),
        ("no-seconds", "Mon, 2 Mar 2026 08:15 +0100", "2026-03-02T07:15:00Z"),
        ("gmt", "Mon, 2 Mar 2026 08:15:30 GMT", "2026-03-02T08:15:30Z"),
        ("ut", "Mon, 2 Mar 2026 08:15:30 UT", "2026-03-02T08:15:30Z"),
        ("est", "Mon, 2 Mar 2026 08:15:30 EST", "2026-03-02T13:15:30Z"),
        ("edt", "Mon, 2 Mar 2026 08:15:30 EDT", "2026-03-02T12:15:30Z"),
        ("cst", "Mon, 2 Mar 2026 08:15:30 CST", "2026-03-02T14:15:30Z"),
        ("cdt", "Mon, 2 Mar 2026 08:15:30 CDT", "2026-03-02T13:15:30Z"),
        ("mst", "Mon, 2 Mar 2026 08:15:30 MST", "2026-03-02T15:15:30Z"),
        ("mdt", "Mon, 2 Mar 2026 08:15:30 MDT", "2026-03-02T14:15:30Z"),
        ("pst", "Mon, 2 Mar 2026 08:15:30 PST", "2026-03-02T16:15:30Z"),
        ("pdt", "Mon, 2 Mar 2026 08:15:30 PDT", "2026-03-02T15:15:30Z"),
        ("military", "Mon, 2 Mar 2026 08:15:30 Z", "2026-03-02T08:15:30Z"),
        # RFC 5322 4.3: A to Z but Z are to be taken as -0000, for they were written both ways
        ("military-a", "Mon, 2 Mar 2026 08:15:30 A", "2026-03-02T08:15:30Z"),
        ("unknown-zone", "Mon, 2 Mar 2026 08:15:30 CEST", "2026-03-02T08:15:30Z"),
        ("minus-zero", "Mon, 2 Mar 2026 08:15:30 -0000", "2026-03-02T08:15:30Z"),
        ("half-hour", "Mon, 2 Mar 2026 08:15:30 +0530", "2026-03-02T02:45:30Z"),
        ("quarter", "Mon, 2 Mar 2026 08:15:30 +0545", "2026-03-02T02:30:30Z"),
        ("far-east", "Mon, 2 Mar 2026 08:15:30 +1400", "2026-03-01T18:15:30Z"),
        ("comment", "Mon, 2 Mar 2026 08:15:30 +0100 (CET (winter))", "2026-03-02T07:15:30Z"),
        ("comments", "(a) Mon (b), 2 (c) Mar (d) 2026 (e) 08 (f) : 15 : 30 +0100", "2026-03-02T07:15:30Z"),
        ("two-digits", "2 Mar 26 08:15:30 GMT", "2026-03-02T08:15:30Z"),
        ("two-digits-49", "2 Mar 49 08:15:30 GMT", "2049-03-02T08:15:30Z"),
        ("two-digits-50", "2 Mar 50 08:15:30 GMT", "1950-03-02T08:15:30Z"),
        ("three-digits", "2 Mar 126 08:15:30 GMT", "2026-03-02T08:15:30Z"),
        ("leap-day", "Thu, 29 Feb 2024 23:59:59 +0000", "2024-02-29T23:59:59Z"),
        ("leap-second", "Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"),
        ("year-end", "Thu, 31 Dec 2026 23:30:00 -0100", "2027-01-01T00:30:00Z"),
        ("epoch", "Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
        ("before-epoch", "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59Z"),
        ("after-2038", "Fri, 1 Jan 2100 00:00:00 +0000", "2100-01-01T00:00:00Z"),
        ("lower-case", "mon, 2 mar 2026 08:15:30 gmt", "2026-03-02T08:15:30Z"),
        ("folded", "Mon,\n 2 Mar\n 2026\n 08:15:30\n +0100", "2026-03-02T07:15:30Z"),
        ("wrong-day-name", "Tue, 2 Mar 2026 08:15:30 +0100", "2026-03-02T07:15:30Z"),
    ]
    for name, wire, when in table:
        simple(f"date-{name}", f"From: a@example.com\nDate: {wire}\n", **({"date": when} if when else {}))
    for name, wire in (("words", "yesterday"), ("month", "2 Foo 2026 08:15:30 GMT"), ("day-32", "32 Jan 2026 08:15:30 GMT"), ("feb-30", "30 Feb 2026 08:15:30 GMT"), ("hour", "2 Mar 2026 25:15:30 GMT"), ("empty", "")):
        simple(f"date-bad-{name}", f"From: a@example.com\nDate: {wire}\n", date=None, defects=["date"])


# --- identifiers --------------------------------------------------------------------------------

def identifiers():
    long = [f"<{i}.thread@example.com>" for i in range(60)]
    simple("ids-thread", "From: a@example.com\nMessage-ID: <61@example.com>\nIn-Reply-To: <60@example.com>\nReferences: " + "\n ".join(long) + "\n",
           messageId="<61@example.com>", inReplyTo=["<60@example.com>"], references=long)
    simple("ids-comments", "From: a@example.com\nMessage-ID: (a) <1@example.com> (b)\nReferences: <0@example.com>(x)<1@example.com>\n", messageId="<1@example.com>", references=["<0@example.com>", "<1@example.com>"])
    simple("ids-phrase", "From: a@example.com\nIn-Reply-To: Your message of \"Mon, 2 Mar\" <1@example.com>\n", inReplyTo=["<1@example.com>"])
    simple("ids-literal", "From: a@example.com\nMessage-ID: <1@[192.0.2.1]>\n", messageId="<1@[192.0.2.1]>")
    simple("ids-bad", "From: a@example.com\nMessage-ID: no brackets\n", defects=["messageId"])


# --- nesting ------------------------------------------------------------------------------------

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 4
PNG = b"\x89PNG\r\n\x1a\n" + bytes(random.Random(1).randbytes(300))
CSV = "time;point;value\r\n2026-03-02T08:15;Kessel 2;91,5 °C\r\n".encode("iso-8859-1")


def plain(text="Störung\n"):
    return text_part(text)


def html(text="<p>Störung</p>\n"):
    return text_part(text, kind="html")


def picture(cid="logo@plant"):
    return file_part(PNG, "image/png", "logo.png", disposition="inline", cid=cid, attached=False)


def pdf(name="report.pdf"):
    return file_part(PDF, "application/pdf", name)


def nesting():
    whole("nest-mixed", many("mixed", plain(), pdf()))
    whole("nest-alternative", many("alternative", plain(), html()))
    whole("nest-related", many("related", html('<img src="cid:logo@plant">'), picture()))
    whole("nest-alternative-related", many("alternative", plain(), many("related", html('<img src="cid:logo@plant">'), picture())))
    whole("nest-related-alternative", many("related", many("alternative", plain(), html('<img src="cid:logo@plant">')), picture()))
    whole("nest-mixed-alternative", many("mixed", many("alternative", plain(), html()), pdf(), pdf("second.pdf")))
    whole("nest-everything", many("mixed", many("alternative", plain(), many("related", html('<img src="cid:logo@plant">'), picture())), pdf(), pdf("b.pdf")))
    whole("nest-mixed-html-only", many("mixed", html(), pdf()))
    whole("nest-mixed-text-picture-text", many("mixed", plain("above\n"), file_part(PNG, "image/png", "plan.png", disposition="inline"), plain("below <1>\n"), boundary="below"))
    whole("nest-mixed-text-html", many("mixed", plain("a < b\n"), html(), boundary="below"))
    whole("nest-mixed-list-footer", many("mixed", many("alternative", plain(), html(), boundary="inner"), pdf(), plain("-- \nA list's footer\n"), boundary="below"))
    whole("nest-mixed-file-below", many("mixed", plain(), file_part(b"notes\r\n", "text/plain", "notes.txt", disposition="inline"), boundary="below"))
    whole("nest-apple", many("alternative", plain(), many("mixed", html("<p>above</p>\n"), pdf(), html("<p>below</p>\n"), boundary="apple"), boundary="outer"))
    whole("nest-amp", many("alternative", plain(), text_part("<html amp4email></html>\n", kind="x-amp-html"), html(), boundary="amp"))
    CASES["nest-amp"][1].update(text="Störung\n", html="<p>Störung</p>\n", attachments=[])
    whole("nest-attachment-first", many("mixed", pdf(), plain()))
    whole("nest-attachment-alone", pdf())
    whole("nest-csv", many("mixed", plain(), file_part(CSV, "text/csv", "trend.csv", "quoted-printable")))
    whole("nest-one-part", many("mixed", plain()))
    whole("nest-message", many("mixed", plain(), inner(plain("inner\n"))), attachments=False)
    whole("nest-message-alone", inner(plain("inner\n")), attachments=False)
    whole("nest-message-in-message", many("mixed", plain(), inner(many("mixed", plain("inner\n"), inner(plain("innermost\n"))))), attachments=False)
    whole("nest-digest", many("digest", Part(b"\r\nSubject: one\r\n\r\n1", {"type": "message/rfc822", "parts": [{"type": "text/plain"}]}), Part(b"\r\nSubject: two\r\n\r\n2", {"type": "message/rfc822", "parts": [{"type": "text/plain"}]})), attachments=False)
    whole("nest-unknown-subtype", many("x-strange", plain(), pdf()))
    whole("nest-preamble", many("mixed", plain(), pdf(), preamble=b"This is a message in MIME format.\r\n", epilogue=b"\r\nThe end.\r\n"))
    whole("nest-preamble-looks-like", many("mixed", plain(), boundary="bb", preamble=b"--b\r\n--bbb\r\n-bb\r\n"))
    whole("nest-boundary-prefix", many("mixed", many("mixed", plain(), boundary="outer-inner"), pdf(), boundary="outer"))
    whole("nest-boundary-blanks", many("mixed", plain(), boundary="a b"))
    whole("nest-boundary-70", many("mixed", plain(), boundary="0123456789" * 7))
    whole("nest-boundary-signs", many("mixed", plain(), boundary="'()+_,-./:=?"))
    whole("nest-empty-parts", many("mixed", Part(b"\r\n", {"type": "text/plain"}), Part(b"\r\n", {"type": "text/plain"})), attachments=False)
    padded = many("mixed", plain(), boundary="pad")
    padded.wire = padded.wire.replace(b"--pad", b"--pad \t", 1).replace(b"--pad--", b"--pad-- ")
    whole("nest-boundary-padding", padded)
    for i in range(40):
        part = tree(rng.randrange(1, 5))
        whole(f"nest-random-{i:02}", part, attachments=False)
        data, expect = CASES[f"nest-random-{i:02}"]
        expect.pop("text", None)
        expect.pop("html", None)
    deep = plain("bottom\n")
    for _ in range(30):
        deep = many("mixed", deep)
    whole("nest-deep-30", deep, text="bottom\n")
    whole("nest-parts-900", many("mixed", *[plain(f"{i}\n") for i in range(900)]), attachments=False)


def tree(depth):
    if not depth or rng.random() < 0.2:
        return rng.choice([plain, html, pdf, picture])()
    if rng.random() < 0.2:
        return inner(tree(depth - 1))
    return many(rng.choice(["mixed", "alternative", "related", "parallel", "signed"]), *[tree(depth - 1) for _ in range(rng.randrange(1, 4))])


# --- file names ---------------------------------------------------------------------------------

def names():
    def one(name, want, disposition, content="", defects=(), content_type="application/octet-stream"):
        data = b"file"
        head = f"Content-Type: {content_type}{content}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment{disposition}\r\n\r\n"
        expect = {"fileName": want} if want is not None else {}
        part = Part(head.encode() + b64(data), {"type": content_type, **expect}, attachments=[{"type": content_type, "size": 4, "sha256": sha(data), **expect}])
        whole(f"name-{name}", many("mixed", plain(), part), defects=list(defects))

    long = "Störung Kessel 2 " * 8 + ".csv"
    raw = long.encode()
    cut = [percent(raw[i:i + 40]) for i in range(0, len(raw), 40)]
    one("token", "report.pdf", "; filename=report.pdf")
    one("quoted", "my report.pdf", '; filename="my report.pdf"')
    one("escaped", "it's; a=report.pdf", '; filename="it\'s; a=report.pdf"')
    one("unquoted-blanks", None, "; filename=my report.pdf", defects=["parameter"])
    one("2231", "Störung 温度.csv", "; filename*=UTF-8''" + percent("Störung 温度.csv".encode()))
    one("2231-latin1", "Störung.csv", "; filename*=iso-8859-1'de'" + percent("Störung.csv".encode("iso-8859-1")))
    one("2231-empty-charset", "report.csv", "; filename*=''report.csv")
    one("2231-continued", "a very long name.csv", '; filename*0="a very ";\r\n filename*1="long ";\r\n filename*2=name.csv')
    one("2231-continued-order", "a very long name.csv", '; filename*2=name.csv;\r\n filename*0="a very ";\r\n filename*1="long "')
    one("2231-continued-charset", long, "".join(f";\r\n filename*{i}*={'' if i else 'utf-8' + chr(39) * 2}{c}" for i, c in enumerate(cut)))
    one("2231-mixed", "Störung plain.csv", "; filename*0*=utf-8''St%C3%B6rung; filename*1=\" plain.csv\"")
    one("2231-and-fallback", "Störung.csv", "; filename=\"St_rung.csv\"; filename*=utf-8''St%C3%B6rung.csv")
    one("2231-fallback-after", "Störung.csv", "; filename*=utf-8''St%C3%B6rung.csv; filename=\"St_rung.csv\"")
    one("2231-case", "Störung.csv", "; FILENAME*=UTF-8''St%c3%b6rung.csv")
    one("2047", "Störung.csv", '; filename="=?utf-8?Q?St=C3=B6rung.csv?="')
    one("2047-b", "温度.csv", f'; filename="{word_b("温度.csv", "utf-8")}"')
    one("2047-two", "Störung.csv", '; filename="=?utf-8?Q?St=C3=B6?= =?utf-8?Q?rung.csv?="')
    one("2047-unquoted", "Störung.csv", "; filename==?utf-8?Q?St=C3=B6rung.csv?=", defects=["parameter"])
    one("raw-utf8", "Störung.csv", '; filename="Störung.csv"')
    one("type-name", "report.pdf", "", content='; name="report.pdf"')
    one("type-name-2047", "Störung.pdf", "", content='; name="=?utf-8?Q?St=C3=B6rung.pdf?="')
    one("type-name-2231", "Störung.pdf", "", content="; name*=utf-8''St%C3%B6rung.pdf")
    one("both", "right.pdf", "; filename=right.pdf", content="; name=wrong.pdf")
    one("none", None, "")
    one("folded", "report.pdf", ";\r\n\tfilename=\"report.pdf\"")
    one("comment", "report.pdf", " (c) ; filename (d) = (e) report.pdf (f)")
    one("unicode-kept", "日本語の名前.txt", "; filename*=utf-8''" + percent("日本語の名前.txt".encode()))
    # what must not be a file's name: it is another one then, that can be created in a folder
    for i, bad in enumerate(["../../etc/passwd", "/etc/passwd", "C:\\Windows\\system.ini", "..\\..\\x.bat", "con", "NUL.txt", "com1.csv", "LPT9", ".bashrc", "-rf", "a\x07b.txt", "a<b>c.txt", 'a"b.txt', "x.txt.", "x.txt ", "a:b",
                             "a|b?c*.txt", "..", ".", "/", "invoice\u202efdp.exe", "x" * 300 + ".pdf", "ü" * 200 + ".pdf", "a/b\\c/d.txt", "\u200e.txt", "  x.txt"]):
        one(f"dangerous-{i:02}", {"$safe": True}, "; filename*=utf-8''" + percent(bad.encode()), defects=["headerControl" if "\a" in bad else "fileName"] + (["lineTooLong"] if len(percent(bad.encode())) > 900 else []))


# --- what mail servers say ----------------------------------------------------------------------

def report(name, text, fields, deliveries, head, original, kind="message/delivery-status", text_type="text/plain; charset=us-ascii", returned="message/rfc822", **expect):
    parts = [Part(f"Content-Type: {text_type}\r\n\r\n".encode() + crlf(text).encode(), {"type": "text/plain"}, text=text),
             Part(f"Content-Type: {kind}\r\n\r\n".encode() + crlf(fields).encode(), {"type": kind}),
             Part(f"Content-Type: {returned}\r\n\r\n".encode() + crlf(original).encode(), {"type": returned, **({"parts": [{"type": "text/plain"}]} if returned == "message/rfc822" else {})})]
    part = many("report", *parts, more="; report-type=delivery-status")
    whole(name, part, head=crlf(head), attachments=False, auto="report", deliveries=deliveries, **expect)


ORIGINAL = "From: plant@example.com\nTo: nobody@example.net\nMessage-ID: <alarm-7@plant.example.com>\nSubject: Alarm\n\nKessel 2\n"


def reports():
    def d(recipient, action, status, diagnostic=None, remote=None, original="<alarm-7@plant.example.com>"):
        found = {"recipient": recipient, "action": action, "status": status, "originalId": original}
        if diagnostic:
            found["diagnostic"] = diagnostic
        if remote:
            found["remote"] = remote
        return found
    report("report-postfix", "This is the mail system at host mail.example.com.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n",
           "Reporting-MTA: dns; mail.example.com\nX-Postfix-Queue-ID: 4Rk1Xz2pQz\nX-Postfix-Sender: rfc822; plant@example.com\nArrival-Date: Mon,  2 Mar 2026 08:15:00 +0100 (CET)\n\n"
           "Final-Recipient: rfc822; nobody@example.net\nOriginal-Recipient: rfc822;nobody@example.net\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.net\n"
           "Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.net>: Recipient address\n    rejected: User unknown\n",
           [d("nobody@example.net", "failed", "5.1.1", None, "mx.example.net")],
           "Return-Path: <>\nFrom: MAILER-DAEMON@mail.example.com (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nTo: plant@example.com\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n", ORIGINAL)
    report("report-postfix-delayed", "Your message could not be delivered for more than 4 hour(s).\n",
           "Reporting-MTA: dns; mail.example.com\n\nFinal-Recipient: rfc822; nobody@example.net\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.example.net[192.0.2.1]:25: Connection timed out\nWill-Retry-Until: Sat,  7 Mar 2026 08:15:00 +0100 (CET)\n",
           [d("nobody@example.net", "delayed", "4.4.1", "connect to mx.example.net[192.0.2.1]:25: Connection timed out")],
           "From: MAILER-DAEMON@mail.example.com\nSubject: Delayed Mail (still being retried)\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n", ORIGINAL.split("\n\n", maxsplit=1)[0] + "\n", returned="text/rfc822-headers")
    report("report-exim", "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its recipients.\n",
           "Reporting-MTA: dns; exim.example.org\n\nAction: failed\nFinal-Recipient: rfc822;nobody@example.net\nStatus: 5.0.0\nRemote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 No such user here\n",
           [d("nobody@example.net", "failed", "5.0.0", "550 No such user here", "mx.example.net")],
           "X-Failed-Recipients: nobody@example.net\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@exim.example.org>\nSubject: Mail delivery failed: returning message to sender\nMIME-Version: 1.0\n", ORIGINAL)
    report("report-exchange", "Your message couldn't be delivered to nobody@example.net.\n",
           "Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.example.com\nReceived-From-MTA: dns;plant.example.com\nArrival-Date: Mon, 2 Mar 2026 07:15:01 +0000\n\n"
           "Final-Recipient: rfc822;nobody@example.net\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n",
           [d("nobody@example.net", "failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup")],
           "From: postmaster@example.net\nSubject: Undeliverable: Alarm\nX-MS-Exchange-Message-Is-Ndr:\nMIME-Version: 1.0\n", ORIGINAL)
    report("report-gmail", "** Address not found **\n\nYour message wasn't delivered to nobody@example.net.\n",
           "Reporting-MTA: dns; googlemail.com\nReceived-From-MTA: dns; plant@example.com\nArrival-Date: Mon, 02 Mar 2026 00:15:01 -0800 (PST)\nX-Original-Message-ID: <alarm-7@plant.example.com>\n\n"
           "Final-Recipient: rfc822; nobody@example.net\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.net. (192.0.2.1, the server for the domain example.net.)\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n",
           [d("nobody@example.net", "failed", "5.1.1")],
           "Auto-Submitted: auto-replied\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nMIME-Version: 1.0\n", ORIGINAL, text_type='text/plain; charset="UTF-8"')
    report("report-several", "several\n", "Reporting-MTA: dns; mail.example.com\nOriginal-Envelope-Id: QQ314159\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; b@example.net\nAction: relayed\nStatus: 2.0.0\n\n"
           "Final-Recipient: rfc822; c@example.net\nAction: delivered\nStatus: 2.0.0\n\nOriginal-Recipient: rfc822; list@example.net\nFinal-Recipient: rfc822; list@example.net\nAction: expanded\nStatus: 2.0.0\n",
           [d("a@example.net", "failed", "5.1.1"), d("b@example.net", "relayed", "2.0.0"), d("c@example.net", "delivered", "2.0.0"), d("list@example.net", "expanded", "2.0.0")],
           "From: MAILER-DAEMON@mail.example.com\nSubject: report\nMIME-Version: 1.0\n", ORIGINAL)
    report("report-odd-case", "odd\n", "reporting-mta: DNS; mail.example.com\n\nFINAL-RECIPIENT: RFC822; <a@example.net>\nACTION: Failed\nstatus: 5.2.2 (mailbox full)\n",
           [d("a@example.net", "failed", "5.2.2")], "From: MAILER-DAEMON@mail.example.com\nMIME-Version: 1.0\n", ORIGINAL)
    # qmail's (QSBMF) is plain text that says nothing of itself
    simple("report-qmail", "Return-Path: <>\nFrom: MAILER-DAEMON@qmail.example.com\nTo: plant@example.com\nSubject: failure notice\n",
           "Hi. This is the qmail-send program at qmail.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<nobody@example.net>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no such user\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <alarm-7@plant.example.com>\n",
           subject="failure notice")


def automatic():
    table = [
        ("sieve", "Auto-Submitted: auto-replied (vacation)\n", "replied"),
        ("plain", "Auto-Submitted: auto-replied\n", "replied"),
        ("case", "AUTO-SUBMITTED: Auto-Replied\n", "replied"),
        ("gmail", "Auto-Submitted: auto-replied\nX-Autoreply: yes\nPrecedence: bulk\n", "replied"),
        ("generated", "Auto-Submitted: auto-generated\n", "generated"),
        ("no", "Auto-Submitted: no\n", None),
        ("nothing", "", None),
        ("list", "List-Id: Plants <plants.example.com>\nPrecedence: list\n", "generated"),
        ("parameter", "Auto-Submitted: auto-generated; owner-email=\"a@example.com\"\n", "generated"),
    ]
    for name, head, kind in table:
        simple(f"auto-{name}", f"From: a@example.com\nSubject: Out of office\n{head}", "I am away.\n", auto=kind or {"$absent": "no"})


# --- what is broken -----------------------------------------------------------------------------

def broken():
    two = many("mixed", plain(), pdf(), boundary="cut")
    head = HEAD.encode()
    end = two.wire.rindex(b"\r\n--cut--")
    case("broken-no-end-boundary", head + two.wire[:end] + b"\r\n", text="Störung\n", parts=[two.expect], defects=["endBoundary"])
    case("broken-cut-in-base64", head + two.wire[:end - 31], text="Störung\n", defects=["endBoundary", "base64Cut"])
    case("broken-cut-in-header", head + two.wire[:two.wire.index(b"application/pdf")], text="Störung\n", defects=["endBoundary"])
    del CASES["broken-cut-in-header"][1]["defects"]
    case("broken-inner-no-end", head + many("mixed", many("alternative", plain(), html(), end=False), pdf()).wire, text="Störung\n", html="<p>Störung</p>\n\n"[:-1], defects=["endBoundary"])
    del CASES["broken-inner-no-end"][1]["html"]
    case("broken-no-boundary", head + b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nbody\r\n--x--\r\n", defects=["noBoundary"])
    case("broken-boundary-missing", head + b"Content-Type: multipart/mixed; boundary=never\r\n\r\nno boundary here\r\n", defects=["boundaryMissing"])
    case("broken-8bit-unnamed", head + b"Content-Transfer-Encoding: 8bit\r\n\r\nSt\xf6rung 5 \xc2\xb0C\r\n", text="Störung 5 °C\n", defects=["charset"])
    case("broken-end-boundary-alone", head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n", defects=["boundaryMissing"])
    # without a header it is no message: emailctl says so, and what can be had all the same
    case("broken-empty", b"", status=65, defects=["noHeader"])
    case("broken-no-header", b"\r\njust text\r\n", status=65, text="just text\n", defects=["noHeader"])
    case("broken-text-first", b"just text\r\n\r\nmore\r\n", status=65, text="just text\n\nmore\n", defects=["noHeader"])
    case("broken-continuation-first", b" folded\r\nFrom: a@example.com\r\n\r\nx\r\n", from_=[{"address": "a@example.com"}], text="x\n", defects=["headerLine"])
    case("broken-line-in-header", b"From: a@example.com\r\nthis is no field\r\nSubject: x\r\n\r\nbody\r\n", from_=[{"address": "a@example.com"}], text="this is no field\nSubject: x\n\nbody\n", defects=["headerLine", "noHeaderEnd"])
    case("broken-bare-lf", (HEAD + "Subject: x\r\n\r\nline 1\r\nline 2\r\n").replace("\r\n", "\n").encode(), text="line 1\nline 2\n", subject="x", defects=["bareLf"], **KNOWN)
    case("broken-bare-lf-multipart", (head + two.wire).replace(b"\r\n", b"\n"), text="Störung\n", parts=[two.expect], attachments=two.attachments, defects=["bareLf"])
    case("broken-mixed-ends", b"From: a@example.com\nSubject: x\r\n\nline 1\r\nline 2\n", subject="x", text="line 1\nline 2\n", defects=["bareLf"])
    case("broken-bare-cr-body", head + b"\r\none\rtwo\r\n", defects=["bareCr"])
    case("broken-bare-cr-header", b"From: a@example.com\r\nSubject: one\rBcc: evil@example.com\r\n\r\nx\r\n", from_=[{"address": "a@example.com"}], text="x\n", defects=["bareCr"])
    del CASES["broken-bare-cr-header"][1]["defects"]
    case("broken-all-cr", b"From: a@example.com\rSubject: x\r\rbody\r", from_=[{"address": "a@example.com"}], subject="x", text="body\n", defects=["bareCr"])
    case("broken-all-cr-parts", HEAD.encode().replace(b"\r\n", b"\r") + b"Content-Type: multipart/mixed; boundary=x\r\r--x\r\rbody\r\r--x\rContent-Type: application/octet-stream\rContent-Transfer-Encoding: base64\r\rZmls\rZQ==\r--x--\r", text="body\n", attachments=[{"size": 4, "sha256": sha(b"file")}], defects=["bareCr"])
    case("broken-nul-body", head + b"\r\na\0b\r\n", defects=["nul"])
    case("broken-nul-header", b"From: a@example.com\r\nSubject: a\0b\r\n\r\nx\r\n", text="x\n", defects=["nul"])
    CASES["broken-nul-header"][1].pop("defects")
    case("broken-8bit-header", b"From: J\xf6rg <a@example.com>\r\nSubject: \xdcberdruck\r\n\r\nx\r\n", from_=[{"name": "Jörg", "address": "a@example.com"}], subject="Überdruck", defects=["header8bit"])
    case("broken-control-header", b"From: a@example.com\r\nSubject: a\x01b\x1b[31mc\r\n\r\nx\r\n", text="x\n", defects=["headerControl"])
    case("broken-unknown-charset", head + b"Content-Type: text/plain; charset=x-nowhere\r\n\r\nplain \xff\r\n", defects=["unknownCharset"])
    case("broken-wrong-charset", head + b"Content-Type: text/plain; charset=utf-8\r\n\r\nSt\xf6rung\r\n", defects=["charset"])
    case("broken-truncated-base64", head + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(PDF)[:-20].rstrip() + b"A\r\n", defects=["base64Cut"])
    case("broken-dirty-base64", head + b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nZm!ls\r\nZQ*==\r\n", attachments=[{"size": 4, "sha256": sha(b"file")}], defects=["base64"])
    case("broken-base64-after-end", head + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n\r\n-- \r\nA list's footer\r\n", text="x", defects=["base64"])
    case("broken-qp", head + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n100=% =XY =3D=\r\n end=\r\n", text="100=% =XY = end", defects=["quotedPrintable"])
    case("broken-qp-lower-case", head + b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSt=f6rung \t\r\n", text="Störung\n")
    case("broken-unknown-encoding", head + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-rot13\r\n\r\nuryyb\r\n", text="uryyb\n", defects=["unknownEncoding"])
    case("broken-two-encodings", head + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit, base64\r\n\r\neA==\r\n", text="eA==\n", defects=["unknownEncoding"])
    case("broken-encoded-multipart", head + b"Content-Transfer-Encoding: base64\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nbody\r\n--x--\r\n", defects=["encodedMultipart"])
    case("broken-content-type", head + b"Content-Type: nonsense\r\n\r\nx\r\n", text="x\n", parts=[{"type": "text/plain"}], defects=["contentType"])
    case("broken-content-type-slash", head + b"Content-Type: text/\r\n\r\nx\r\n", text="x\n", defects=["contentType"])
    case("broken-parameter-twice", head + b"Content-Type: text/plain; charset=utf-8; charset=koi8-r\r\n\r\n\xc3\xb6\r\n", text="ö\n", defects=["parameter"])
    case("broken-parameter", head + b"Content-Type: text/plain; charset\r\n\r\nx\r\n", text="x\n", defects=["parameter"])
    case("broken-parameter-trailing", head + b"Content-Type: text/plain; charset=utf-8;\r\n\r\n\xc3\xb6\r\n", text="ö\n")
    for field in ("From: b@example.com", "Subject: second", "Date: Tue, 3 Mar 2026 00:00:00 +0000", "Message-ID: <2@example.com>", "Content-Type: text/html"):
        name = field.split(":", maxsplit=1)[0].lower()
        case(f"broken-twice-{name}", f"From: a@example.com\r\nSubject: first\r\nDate: Mon, 2 Mar 2026 00:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nContent-Type: text/plain\r\n{field}\r\n\r\nx\r\n".encode(),
             from_=[{"address": "a@example.com"}], subject="first", date="2026-03-02T00:00:00Z", messageId="<1@example.com>", text="x\n", defects=["headerRepeated"])
    case("broken-long-line", head + b"\r\n" + b"x" * 5000 + b"\r\n", text="x" * 5000 + "\n", defects=["lineTooLong"])
    case("broken-line-998", head + b"\r\n" + b"x" * 998 + b"\r\n", text="x" * 998 + "\n")
    case("broken-line-999", head + b"\r\n" + b"x" * 999 + b"\r\n", text="x" * 999 + "\n", defects=["lineTooLong"])
    case("broken-long-header-line", b"From: a@example.com\r\nSubject: " + b"x" * 2000 + b"\r\n\r\nx\r\n", subject="x" * 2000, text="x\n", defects=["lineTooLong"])
    case("broken-report", HEAD.encode() + b"Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\ntext\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nnothing of use\r\n--r--\r\n", text="text", defects=["report"])
    case("broken-mbox-line", b"From plant@example.com Mon Mar  2 08:15:00 2026\r\nFrom: a@example.com\r\nSubject: x\r\n\r\nx\r\n", from_=[{"address": "a@example.com"}], subject="x", text="x\n")
    del CASES["broken-mbox-line"][1]["defects"]
    # bounds, each named
    case("bound-header-64k", b"From: a@example.com\r\nX-Huge: " + b"\r\n ".join([b"y" * 70] * 2000) + b"\r\nSubject: after\r\n\r\nx\r\n", from_=[{"address": "a@example.com"}], subject="after", text="x\n", defects=["headerTooLong"])
    case("bound-header-one-line", b"From: a@example.com\r\nX-Huge: " + b"y" * 100000 + b"\r\nSubject: after\r\n\r\nx\r\n", subject="after", text="x\n", defects=["headerTooLong", "lineTooLong"])
    case("bound-fields-2000", b"From: a@example.com\r\nSubject: x\r\n" + b"".join(b"X-Field-%d: v\r\n" % i for i in range(2000)) + b"\r\nx\r\n", subject="x", text="x\n", defects=["tooManyHeaders"])
    case("bound-fields-900", b"From: a@example.com\r\nSubject: x\r\n" + b"".join(b"X-Field-%d: v\r\n" % i for i in range(900)) + b"\r\nx\r\n", subject="x", text="x\n")
    case("bound-parts-1500", HEAD.encode() + many("mixed", *[plain(f"{i}\n") for i in range(1500)]).wire, text="".join(f"{i}\n" for i in range(999)), defects=["tooManyParts"])
    deep = plain("bottom\n")
    for i in range(100):
        deep = many("mixed", deep)
    case("bound-depth-100", HEAD.encode() + deep.wire, defects=["tooDeep"])
    # 10,000 deep, none of them ended
    wire = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(10000))
    case("bound-depth-10000", HEAD.encode() + wire, defects=["endBoundary", "tooDeep"])
    wire = b"".join(b"Content-Type: message/rfc822\r\n\r\nSubject: %d\r\n" % i for i in range(10000))
    case("bound-depth-10000-messages", HEAD.encode() + wire + b"\r\nbottom\r\n", defects=["tooDeep"])
    case("bound-text-2M", HEAD.encode() + b"\r\n" + b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc\r\n" * 34000, defects=["textTooLong"])
    case("bound-attachment-5M", HEAD.encode() + b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(b"plant" * 1000000), attachments=[{"size": 5000000, "sha256": sha(b"plant" * 1000000)}])


# --- what stations send -------------------------------------------------------------------------

def stations():
    points = ["Kessel 2 / Vorlauf", "Boiler 2 flame", "Насос 3", "冷却塔 温度", "Pompe à chaleur", "AHU-1.Fan.Status"]
    for i in range(24):
        charset = rng.choice(["utf-8", "utf-8", "iso-8859-1" if all(ord(c) < 256 for c in points[i % 6]) else "utf-8"])
        point = points[i % 6]
        when = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=rng.randrange(500000))
        zone = rng.choice([-480, -300, 0, 60, 120, 330, 540])
        local = when.astimezone(datetime.timezone(datetime.timedelta(minutes=zone)))
        text = f"Alarm: {point}\nValue: {rng.randrange(2000) / 10}\nPriority: {rng.randrange(256)}\n"
        rows = "\r\n".join(f"{j};{point};{rng.random():.3f}" for j in range(rng.randrange(1, 40)))
        parts = [text_part(text, charset, rng.choice(["base64", "quoted-printable", "8bit"]))]
        if i % 3 == 0:
            parts = [many("alternative", parts[0], text_part(f"<b>{point}</b>\n", charset, "quoted-printable", "html"))]
        if i % 2:
            parts.append(file_part(("\ufeff" + rows).encode("utf-8"), "text/csv", f"trend-{i}.csv", rng.choice(["base64", "quoted-printable"])))
        if i % 4 == 1:
            parts.append(file_part(PDF + rng.randbytes(rng.randrange(3000)), "application/pdf", f"report {i}.pdf"))
        part = parts[0] if len(parts) == 1 else many("mixed", *parts)
        number = rng.getrandbits(40)
        ids = f"<{number:x}@plant.example.com>"
        head = (f"Date: {local.strftime('%a, %d %b %Y %H:%M:%S %z')}\r\nFrom: {word_q(point, 'utf-8')} <station{i}@plant.example.com>\r\nTo: Duty <duty@example.com>,\r\n chief@example.com\r\nMessage-ID: {ids}\r\n"
                f"X-Priority: 1\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nSubject: {word_b('Alarm ' + point, 'utf-8')}\r\n")
        whole(f"station-{i:02}", part, head=head, subject=None, from_=[{"name": point, "address": f"station{i}@plant.example.com"}], to=[{"name": "Duty", "address": "duty@example.com"}, {"address": "chief@example.com"}],
              messageId=ids, date=when.strftime("%Y-%m-%dT%H:%M:%SZ"), auto="generated")
        CASES[f"station-{i:02}"][1]["subject"] = "Alarm " + point


for make in (charsets, words, addresses, dates, identifiers, nesting, names, reports, automatic, broken, stations):
    make()


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CASES))
        return
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, (data, expect) in CASES.items():
        with open(os.path.join(folder, name + ".eml"), "wb") as f:
            f.write(data)
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(expect, f, ensure_ascii=False)


if __name__ == "__main__":
    main()
