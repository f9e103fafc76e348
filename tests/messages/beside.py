#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the comparisons with other readers (python.py, gmime.py) share: random messages made by Python's
generator, ways to break messages, and the count of what is read otherwise and why."""
import concurrent.futures
import email
import email.headerregistry
import email.message
import email.policy
import email.utils
import hashlib
import os
import random
import re

import compare

WORDS = ["flame", "failure", "Störung", "Kessel", "2:", "Überdruck", "温度", "警報", "ошибка", "насоса", "😀", "a" * 60, "é" * 30, "(c)", '"q"', "<b>", "100%", "it's", "_u_", "=", "?", "back\\slash", "a,b;c"]
NAMES = ["Plant room", "Duty, Officer", "Jörg Müller", "日本語の名前", 'O\'Brien "Bob"', "A. B. Smith", "x" * 30, "Ünïcödé " * 8 + "end", "(round)", "semi;colon", ""]
FILES = ["report.pdf", "Störung Kessel 2.csv", "温度記録.txt", "a b  c.png", "per%20cent.zip", "n" * 120 + ".log", "ü" * 60 + ".pdf", "it's; x=1.doc", "emoji 😀 .jpg", "(1).txt"]
CHARSETS = {"utf-8": "Störung 温度 😀", "iso-8859-1": "Störung Überdruck", "iso-8859-15": "12 €", "windows-1252": "“x” – €", "koi8-r": "ошибка насоса", "shift_jis": "温度異常", "euc-jp": "温度異常", "iso-2022-jp": "温度異常", "gb2312": "锅炉故障",
            "gb18030": "锅炉 😀", "big5": "鍋爐", "euc-kr": "보일러", "us-ascii": "plain"}


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    def sentence(self, most=12):
        return " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randrange(1, most)))

    def address(self, i):
        name, local = self.rng.choice(NAMES), f"a{i}"
        return email.headerregistry.Address(name, local, "example.com"), {"name": name, "address": f"{local}@example.com"}

    def addresses(self):
        made, told = zip(*[self.address(i) for i in range(self.rng.randrange(1, 6))])
        if self.rng.random() < 0.15:
            group = self.rng.choice(["Duty", "Night, shift", "Störung"])
            return [email.headerregistry.Group(group, made)], [{**t, "group": group} for t in told]
        return list(made), list(told)

    def text(self):
        charset = self.rng.choice(list(CHARSETS))
        ways = ["quoted-printable", "base64"] + (["8bit"] if charset not in ("us-ascii", "iso-2022-jp") else [])
        words = ["flame", "failure", "=", ".", "From", "--x", "  two"] + CHARSETS[charset].split()
        lines = [" ".join(self.rng.choice(words) for _ in range(self.rng.randrange(1, 20))) for _ in range(self.rng.randrange(1, 20))]
        return "\n".join(lines) + "\n", charset, self.rng.choice(ways)

    def attach(self, m, files):
        name, data = self.rng.choice(FILES), self.rng.randbytes(self.rng.choice([0, 1, 2, 3, 56, 57, 58, 1000, 5000]))
        kind = self.rng.choice(["application/pdf", "image/png", "application/octet-stream"])
        m.add_attachment(data, *kind.split("/"), filename=name, cte=self.rng.choice(["base64", "quoted-printable"]) if data else "base64")
        files.append({"type": kind, "fileName": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})

    def message(self):
        """The bytes, and what they were made of. The generator writes some commas between addresses as encoded
        words, and some versions fail on some charsets: what its own reader does not find again is not asked of ours."""
        while True:
            try:
                data, told = self.draw()
            except UnicodeError:
                continue
            if all(python_agrees(data, key, told[key]) for key in ("from", "to", "cc") if key in told):
                return data, told

    def draw(self):
        policy = email.policy.SMTP.clone(cte_type=self.rng.choice(["7bit", "8bit"]), utf8=self.rng.random() < 0.2, max_line_length=self.rng.choice([78, 78, 200]))
        m, told = email.message.EmailMessage(policy=policy), {"defects": []}
        subject = self.sentence()
        m["Subject"], told["subject"] = subject, subject
        made, name = self.address(0)
        m["From"], told["from"] = made, [name]
        m["To"], told["to"] = self.addresses()
        if self.rng.random() < 0.5:
            m["Cc"], told["cc"] = self.addresses()
        told["messageId"] = f"<{self.rng.getrandbits(60):x}@example.com>"
        m["Message-ID"] = told["messageId"]
        told["references"] = [f"<{i}.{self.rng.getrandbits(60):x}@example.com>" for i in range(self.rng.randrange(0, 20))]
        if told["references"]:
            m["References"] = " ".join(told["references"])
        content, charset, way = self.text()
        m.set_content(content, charset=charset, cte=way)
        told["text"] = content
        if self.rng.random() < 0.5:
            content, charset, way = self.text()
            m.add_alternative(content, subtype="html", charset=charset, cte=way)
            told["html"] = content
            if self.rng.random() < 0.5:
                m.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo@example.com>")
        files = []
        for _ in range(self.rng.randrange(0, 4)):
            self.attach(m, files)
        told["attachments"] = files
        if self.rng.random() < 0.2:
            inside = email.message.EmailMessage(policy=policy)
            inside["Subject"] = self.sentence()
            inside.set_content("inside\n")
            m.add_attachment(inside)
            del told["attachments"]
        told["parts"] = [shape(m)]
        return m.as_bytes(), told


def shape(m):
    """The parts, by type. Python opens whatever is called message/..., delivery reports and fragments too."""
    told = {"type": m.get_content_type()}
    if m.is_multipart() and (not told["type"].startswith("message/") or told["type"] in ("message/rfc822", "message/global")):
        told["parts"] = [shape(part) for part in m.get_payload()]
    return told


def run_all(emailctl, paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda path: compare.parse(emailctl, path), paths))


def mutate(rng, data):
    for _ in range(rng.randrange(1, 4)):
        at, size = rng.randrange(len(data) + 1), rng.choice([1, 2, 5, 20, 100])
        kind = rng.randrange(9)
        if kind == 0:
            data = data[:at] + rng.randbytes(1) + data[at + 1:]
        elif kind == 1:
            data = data[:at] + data[at + size:]
        elif kind == 2:
            data = data[:at]
        elif kind == 3:
            data = data[:at] + data[at:at + size] + data[at:]
        elif kind == 4:
            data = data.replace(b"\r\n", b"\n")
        elif kind == 5:
            data = data[:at] + rng.choice([b"\n", b"\r", b"\r\n", b"\r\n\r\n", b"--", b"\0", b"=", b"\"", b":", b";", b" ", b"\t", b"\xff"]) + data[at:]
        else:
            lines = data.split(b"\n")
            a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
            if kind == 6:
                lines[a], lines[b] = lines[b], lines[a]
            elif kind == 7:
                del lines[a]
            else:
                lines.insert(a, lines[b])
            data = b"\n".join(lines)
    return data


def blankless(text):
    return re.sub(r"\s+", "", text or "")


def python_agrees(data, key, ours):
    """Python's reader says of that field what `ours` does; of names but for blanks, which versions put in."""
    try:
        field = email.message_from_bytes(re.sub(rb"\r(?!\n)", b"", data), policy=email.policy.default)[key]
        if key in ("from", "to", "cc"):
            theirs = [(blankless(a.display_name), a.addr_spec) for a in field.addresses]
            return theirs == [(blankless(a.get("name")), a["address"]) for a in ours if a.get("address")]
        if key == "date":
            return email.utils.parsedate_to_datetime(str(field)).timestamp() == ours
        return str(field or "") == ours
    except (TypeError, ValueError, LookupError, AttributeError, AssertionError):
        return False


def codes(got):
    return {d["code"] for d in got.get("defects", [])}



def bases(folders, most=20000):
    """Messages to break: those that are not broken already, and not long. In the order of the folders as they are
    named, so that the same seed breaks the same ones wherever the folders lie."""
    paths = [os.path.join(d, f) for d in folders for f in sorted(os.listdir(d)) if f.endswith(".eml")]
    return [p for p in paths if os.path.getsize(p) < most and not os.path.basename(p).startswith("broken")]


def break_some(folder, folders, cases, seed):
    """Paths of messages broken at random."""
    rng, paths, given = random.Random(seed), [], bases(folders)
    for i in range(cases):
        with open(rng.choice(given), "rb") as f:
            data = mutate(rng, f.read())
        paths.append(os.path.join(folder, f"broken-{i}.eml"))
        with open(paths[-1], "wb") as f:
            f.write(data)
    return paths


def judge(what, paths, ours, differ, explained):
    """Counts by explanation what `differ(data, ours)` finds, in the order of the table: rows of a name, the
    reason, and what holds then of (data, ours, difference). The number that none explains."""
    counts, bad = {}, 0
    for i, (path, got) in enumerate(zip(paths, ours)):
        with open(path, "rb") as f:
            data = f.read()
        for found in differ(i, data, got):
            why = next((name for name, _, holds in explained if holds(data, got, found)), None)
            counts[why] = counts.get(why, 0) + 1
            if why is None:
                bad += 1
                if bad <= 20:
                    print(f"{os.path.basename(path)} {sorted(codes(got))}: {found}")
    print(f"{len(paths)} {what}: {sum(counts.values())} differences, {bad} of them unexplained")
    for name, reason, _ in explained:
        if name in counts:
            print(f"  {counts[name]:5} {name}: {reason}")
    return bad
