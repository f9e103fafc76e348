#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Composed messages as another parser reads them: Python's email package. Subjects, names, groups, ids, file
# names and types, bodies and files must come back as they were given, nested as they should be, whatever the
# size of the pieces read, and every line must keep the bounds of RFC 5322 2.1.1 and RFC 2047 2.
set -eu
command -v python3 >/dev/null 2>&1 || {
	echo "python3 is not installed"
	exit 77
}
BUILD=${BUILD:-build}
[ -x "$BUILD/tests/programs/compose" ] || {
	echo "$BUILD/tests/programs/compose is not built" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
COMPOSE=$(cd "$BUILD" && pwd)/tests/programs/compose WORK=$work python3 - <<'END'
import email, email.header, email.policy, email.utils, os, random, re, subprocess

COMPOSE, WORK = os.environ["COMPOSE"], os.environ["WORK"]
rng = random.Random(20261124)
WORDS = ["flame", "failure", "Störung", "Kessel", "2:", "Überdruck", "温度", "警報", "ошибка", "насоса", "😀", "=?UTF-8?Q?x?=",
         "a" * 90, "é" * 40, "(comment)", "\"quoted\"", "<b>", "per%cent", "it's", "_under_", "=", "?", "\u2028", "\u00a0", ";x=1", "\\back"]
NAMES = ["Plant room", "Duty, Officer", "Jörg Müller", "日本語の名前", "O'Brien \"Bob\"", "A. B. Smith", "=?UTF-8?Q?x?=", "x" * 100,
         "Ünïcödé " * 15 + "end", "back\\slash", "(round)", "semi;colon"]
FILES = ["report.pdf", "Störung Kessel 2.csv", "温度記録.txt", "a b  c.png", "q\"uote.bin", "per%20cent.zip", "n" * 120 + ".log", "ü" * 100 + ".pdf",
         "=?UTF-8?Q?x?=.pdf", "it's; x=1.doc", "back\\slash.txt", "emoji 😀 .jpg", "UTF-8''fake.txt"]


def path(name):
    return os.path.join(WORK, name)


def put(name, data):
    with open(path(name), "wb") as f:
        f.write(data)
    return path(name)


def run(args, status=0):
    p = subprocess.run([COMPOSE] + args, capture_output=True)
    assert p.returncode == status, (args, p.returncode, p.stderr)
    return p.stdout, p.stderr.decode()


def sentence():
    text = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 14)))
    return text + rng.choice(["", "", "", " ", "  double  space"])


def body():
    kind = rng.randrange(7)
    if kind == 0:
        return "plain ascii\nwith two lines\n"
    if kind == 1:
        return "\n".join(sentence() for _ in range(20))
    if kind == 2:
        return "x" * rng.choice([75, 76, 77, 997, 998, 999, 5000]) + rng.choice(["", "\n", "\r\n"])
    if kind == 3:
        return "日本語の本文です。\r\n" * 50
    if kind == 4:
        return "old\rmac\rlines\r\n\r\nmixed\n\n\rend"
    if kind == 5:
        return ".\n..\n.dots\nFrom here\ntrailing space \ntab\t\n\x07bell\n--x\n"
    return rng.choice(["", "\n", "\r\n", "=", "é", ".\n", " ", "a=3D\n"])


TYPES = ["", "", "application/x-plant", "text/csv; charset=iso-8859-1", 'application/x; a="b; c"; d=e', "text/plain;charset=utf-8;x=" + "y" * 60]


def lines(text):
    return re.sub("\r\n|\r|\n", "\n", text)


def check_wire(wire, envelope):
    assert b"\0" not in wire and wire.endswith(b"\r\n")
    assert b"\r" not in wire.replace(b"\r\n", b"") and b"\n" not in wire.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))
    for line in wire.split(b"\r\n\r\n")[0].split(b"\r\n"):
        assert line.strip(), "blank folded line"
        assert len(line) <= 78 or b" " not in line[1:78].split(b": ", 1)[-1], line
    for word in re.findall(rb"=\?UTF-8\?[QB]\?[^?]*\?=", wire.split(b"\r\n\r\n")[0]):
        assert len(word) <= 75, word
    size = int(re.search(r"^size (\d+)$", envelope, re.M).group(1))
    assert size in (0, len(wire)), (size, len(wire))
    return size


def body_text(part, given):
    charset = "utf-8"
    got = lines(part.get_payload(decode=True).decode(charset))
    want = lines(given)
    assert got == want or got == want + "\n" or got == want.rstrip("\n") + "\n", (got[-80:], want[-80:])


def quote(a):
    return '"%s" <%s>' % (a[0].replace("\\", "\\\\").replace('"', '\\"'), a[1])


def squeeze(name):
    """Some versions of the new interface lose or add spaces in long names; the old one tells them apart, below."""
    return re.sub("\\s", "", name or "")


def grouped(kind):
    """Mailboxes, some of them in groups: as [(group or None, [mailbox])], and as text."""
    out = []
    for n in range(rng.randrange(1, 5)):
        if rng.random() < 0.3:
            members = [(rng.choice(NAMES), "%s%dm%d@example.com" % (kind, n, k)) for k in range(rng.randrange(0, 4))]
            out.append((rng.choice(["Duty", "Night, shift", "Störung", "Group of " + "x" * 40]), members))
        else:
            out.append((None, [(rng.choice(NAMES), "%s%d@example.com" % (kind, n))]))
    text = ", ".join(quote(m[0]) if g is None else '"%s": %s;' % (g, ", ".join(map(quote, m))) for g, m in out)
    return out, text


def groups_read(field):
    return [(None if g.display_name is None else squeeze(g.display_name), [(squeeze(a.display_name), a.addr_spec) for a in g.addresses])
            for g in field.groups]


def groups_meant(groups):
    return [(None if g is None else squeeze(g), [(squeeze(n), a) for n, a in members]) for g, members in groups]


def meant(text, html, shown, attached):
    """The nesting that a message should have."""
    join = lambda kind, parts: "%s(%s)" % (kind, ",".join(parts))
    inner = ["text/html"] if html else []
    beside = shown + attached
    if html and shown:
        inner, beside = [join("related", ["text/html"] + shown)], attached
    if text or not (inner or beside):
        inner = ["text/plain"] + inner
    if len(inner) > 1:
        inner = [join("alternative", inner)]
    return join("mixed", inner + beside) if beside else inner[0]


def nested(part):
    if part.is_multipart():
        return "%s(%s)" % (part.get_content_subtype(), ",".join(map(nested, part.iter_parts())))
    return part.get_content_type()


def parameters(kind):
    """A type's parameters as given."""
    return dict((k.lower(), v.strip('"')) for k, v in re.findall(r';\s*([^=;]+)=("[^"]*"|[^;]*)', kind))


def one(i):
    groups, to_text = grouped("to")
    to = [a for g, members in groups for a in members]
    cc = [(rng.choice(NAMES), "cc%d@münchen.example" % n) for n in range(rng.randrange(0, 3))]
    sender = (rng.choice(NAMES), "plant@example.com")
    subject, custom = sentence(), sentence()
    args = ["--from", quote(sender), "--to", to_text, "--bcc", "Hidden: hidden@secret.example;",
            "--subject", subject, "--header", "X-Custom-Note:" + custom]
    if cc:
        args += ["--cc", ", ".join(map(quote, cc))]
    ids = ["<%d.%s@host%d.example>" % (n, "x" * rng.randrange(60), n) for n in range(rng.randrange(0, 12))]
    if ids:
        args += ["--reply", ids[-1] + "|" + rng.choice([" ", "", "\t  "]).join(ids[:-1])]
    importance = rng.choice(["high", "low", "normal"])
    args += ["--importance", importance]
    links = ["<https://x.example/%d/%s?a=b,c>" % (n, "y" * rng.choice([3, 50, 200, 800])) for n in range(rng.randrange(0, 4))]
    if links:
        args += ["--header", "List-Unsubscribe:" + ",".join(links), "--header", "List-Unsubscribe-Post:List-Unsubscribe=One-Click"]
    args += ["--header", "Auto-Submitted:auto-generated"]
    text = body() if rng.random() < 0.8 else None
    html = "<p>" + body() if rng.random() < 0.5 else None
    if text is not None:
        args += ["--text", put("text", text.encode())]
    if html is not None:
        args += ["--html", put("html", html.encode())]
    files, shown, many = [], [], False
    for name in rng.sample(["logo.png", "ü.gif", "no type"], rng.randrange(0, 3)) + rng.sample(FILES, rng.randrange(0, 4)):
        data = rng.randbytes(rng.choice([0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 5000, 70000]))
        inline = name in ("logo.png", "ü.gif", "no type")
        kind, how, cid = rng.choice(TYPES), rng.choice(["file", "data", "stream"]), "id%d@x" % len(shown)
        many |= how == "stream"
        source = put(name if how == "file" else "s%d" % len(files + shown), data)
        if inline:
            args += ["--inline", "|".join([source, kind, cid])] if how == "file" else ["--inline-" + how, "|".join([source, name, kind, cid])]
            shown.append((name, data, "inline", kind, "<%s>" % cid))
        else:
            args += ["--attach", "|".join([source, kind])] if how == "file" else ["--" + how, "|".join([source, name, kind])]
            files.append((name, data, "attachment", kind, None))
    eight = rng.random() < 0.4
    if eight:
        args.append("--eight-bit")
    wire, envelope = run(args + ["--chunk", "16384"])
    size = check_wire(wire, envelope)
    assert size or many
    assert b"hidden@secret" not in wire and b"Hidden" not in wire
    assert re.findall(r"^recipient (\S+)$", envelope, re.M) == ([a for n, a in to] + [a.replace("münchen", "xn--mnchen-3ya") for n, a in cc] +
                                                                ["hidden@secret.example"])
    assert "utf8 0" in envelope

    m = email.message_from_bytes(wire, policy=email.policy.default)
    def defects(part):
        return [d for d in part.defects if "base64" not in str(type(d)).lower()]
    assert not [d for part in m.walk() for d in defects(part)], [part.defects for part in m.walk()]
    assert m["Subject"] == subject, (m["Subject"], subject)
    assert m["X-Custom-Note"] == custom, (m["X-Custom-Note"], custom)
    for name in ("MIME-Version", "Date", "Message-ID", "From", "To", "Subject"):
        assert len(m.get_all(name)) == 1, name
    assert m["MIME-Version"] == "1.0" and m["Bcc"] is None and m["Auto-Submitted"] == "auto-generated"
    # a value that does not fit beside its name begins on the next line, and the parser keeps the blank there
    threads = (m["In-Reply-To"] and m["In-Reply-To"].strip(), m["References"] and m["References"].split())
    assert threads == ((ids[-1], ids) if ids else (None, None)), (threads, ids)
    wanted = {"high": ("high", "1", "urgent"), "low": ("low", "5", "non-urgent"), "normal": (None, None, None)}[importance]
    assert (m["Importance"], m["X-Priority"], m["Priority"]) == wanted
    assert (m["List-Unsubscribe"] or "").strip() == ", ".join(links) and (m["List-Unsubscribe-Post"] is not None) == bool(links)
    assert groups_read(m["To"]) == groups_meant(groups), (groups_read(m["To"]), groups_meant(groups))
    assert m["Date"].datetime.utcoffset().seconds == 3600
    # by the old interface: the new one of some versions puts spaces between the words of a long name
    old = email.message_from_bytes(wire)
    def shape(field):
        pairs = email.utils.getaddresses([re.sub("\\r\\n", "", old[field])])
        return [(str(email.header.make_header(email.header.decode_header(n))), a) for n, a in pairs]
    assert shape("From") == [sender], shape("From")
    if all(g is None for g, members in groups):
        assert shape("To") == to, (shape("To"), to)
    if cc:
        assert shape("Cc") == [(n, a.replace("münchen", "xn--mnchen-3ya")) for n, a in cc]

    plain, rich, found = None, None, []
    for part in m.walk():
        if part.is_multipart():
            assert part["Content-Transfer-Encoding"] in (None, "7bit", "8bit")
            continue
        if part.get_content_disposition():
            found.append((part, part.get_filename(), part.get_payload(decode=True), part.get_content_disposition(), part["Content-ID"]))
        elif part.get_content_type() == "text/html":
            rich = part
        else:
            plain = part
        if not eight:
            assert part["Content-Transfer-Encoding"] in ("7bit", "quoted-printable", "base64")
    assert sorted(f[1:4] for f in found) == sorted(f[:3] for f in shown + files), ([f[1] for f in found], [f[0] for f in files])
    own = {f[0]: f for f in shown + files}
    for part, name, data, disposition, cid in found:
        kind = own[name][3]
        assert cid == own[name][4]
        if kind:
            assert part.get_content_type() == kind.split(";")[0]
            assert {k: v for k, v in part["Content-Type"].params.items() if k != "name"} == parameters(kind), (part["Content-Type"], kind)
    types = {name: part.get_content_type() for part, name, data, disposition, cid in found}
    order = lambda parts: [types[f[0]] for f in parts]
    assert nested(m) == meant(text is not None, html is not None, order(shown), order(files)), nested(m)
    # readers of the old interface must get the name too
    names = sorted(email.utils.collapse_rfc2231_value(p.get_filename()) for p in old.walk() if p.get_filename())
    assert names == sorted(f[0] for f in shown + files), names
    if text is not None:
        body_text(plain, text)
    if html is not None:
        body_text(rich, html)


def every_nesting():
    names = {"text": ["--text", put("t", b"text\n")], "html": ["--html", put("h", b"<p>\n")]}
    for bodies in ([], ["text"], ["html"], ["text", "html"]):
        for shown in range(3):
            for attached in range(3):
                args = ["--from", "a@b.example", "--to", "c@d.example"] + [a for b in bodies for a in names[b]]
                for n in range(shown):
                    args += ["--inline-data", "%s|i%d.png|image/x-%d|%d" % (put("i", b"x"), n, n, n)]
                for n in range(attached):
                    args += ["--data", "%s|a%d.pdf|application/x-%d" % (put("a", b"x"), n, n)]
                m = email.message_from_bytes(run(args)[0], policy=email.policy.default)
                want = meant("text" in bodies, "html" in bodies, ["image/x-%d" % n for n in range(shown)], ["application/x-%d" % n for n in range(attached)])
                assert nested(m) == want, (nested(m), want)
                assert not [d for part in m.walk() for d in part.defects]


def recipients():
    """Nobody named, groups of nobody, local parts that need SMTPUTF8."""
    base = ["--from", "a@b.example", "--text", put("t", b"x")]
    wire, envelope = run(base + ["--bcc", "s@x.example"])
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in wire and "recipient s@x.example" in envelope and b"s@x" not in wire
    m = email.message_from_bytes(wire, policy=email.policy.default)
    assert [(g.display_name, g.addresses) for g in m["To"].groups] == [("undisclosed-recipients", ())] and not m["To"].defects
    wire, envelope = run(base + ["--to", "Nobody:;", "--cc", "Nobody else: ;, a@x.example", "--bcc", "s@x.example"])
    m = email.message_from_bytes(wire, policy=email.policy.default)
    assert m["To"] == "Nobody:;" and m["Cc"] == "Nobody else:;, a@x.example"
    assert re.findall(r"^recipient (\S+)$", envelope, re.M) == ["a@x.example", "s@x.example"]
    run(base + ["--to", "Nobody:;"], 1)
    wire, envelope = run(base + ["--to", "ü@x.example"])
    assert "utf8 1" in envelope and "To: ü@x.example\r\n".encode() in wire
    wire, envelope = run(base + ["--to", "Ü <u@ü.example>"])
    assert "utf8 0" in envelope and b"<u@xn--tda.example>" in wire


def refusals():
    """Nothing that ends a line, and the field is named."""
    base = ["--from", "a@b.example", "--to", "c@d.example"]
    for option, value, field in (("--subject", "a%sb", "subject"), ("--to", "a%s@x.example", "to"), ("--cc", '"a%s" <a@x.example>', "cc"),
                                 ("--reply", "<a%s@x>", "inReplyTo"), ("--reply", "<a@x>|<b%s@x>", "references"),
                                 ("--header", "X-Note:a%sb", "X-Note"), ("--header", "List-Unsubscribe:<https://x/%s>", "List-Unsubscribe"),
                                 ("--data", put("t", b"x") + "|a%sb", "attachment"), ("--data", put("t", b"x") + "|a|a/b%s", "attachment"),
                                 ("--inline-data", put("t", b"x") + "|a||b%s", "inline"), ("--message-id", "<a%s@b>", "messageId")):
        for bad in ("\r\n", "\n", "\r", "\r\nBcc: x@y.z", "\x01", "\x1b", "\x7f", "\x85"):
            said = run(base + [option, value % bad], 1)[1]
            assert said.startswith(field + ": "), (option, bad, said)
        run(base + [option, value % ""])


def once():
    args = ["--from", "a@b.example", "--to", "c@d.example", "--once", put("s", b"x" * 5000) + "|s.bin"]
    assert b"eHh4" in run(args)[0]
    assert "a second time" in run(args + ["--twice"], 1)[1]
    kinds = ["--attach", put("f", b"f"), "--data", put("f", b"f") + "|d", "--stream", put("s", b"s" * 3000) + "|s",
             "--inline-stream", put("s2", b"s" * 3000) + "|s2||1", "--text", put("t", "é".encode()), "--html", put("t", "é".encode())]
    fixed = lambda wire: re.sub(rb"=_[0-9a-f]{24}", b"=_", wire)
    args = args[:4] + kinds + ["--message-id", "<1@b.example>"]
    assert fixed(run(args)[0]) == fixed(run(args + ["--twice"])[0])


def chunks():
    """The bytes do not depend on how many are read at a time, or on which reading it is."""
    args = ["--from", "a@b.example", "--to", "c@d.example", "--text", put("text", "é\r\nx\ry\n".encode() * 40), "--attach",
            put("file.bin", rng.randbytes(1000)), "--message-id", "<1@b.example>", "--subject", "x" * 200]
    fixed = lambda wire: re.sub(rb"=_[0-9a-f]+m", b"=_m", wire)
    whole = fixed(run(args + ["--chunk", "1000000"])[0])
    for size in list(range(1, 400)) + [4096]:
        assert fixed(run(args + ["--chunk", str(size)])[0]) == whole, size
    assert fixed(run(args + ["--twice", "--chunk", "700"])[0]) == whole


def raw():
    header = b"From: A <a@x.example>\r\nBcc: b1@x.example,\r\n b2@x.example\nTo: t@x.example\rX: y\r\n"
    for text in (b"body\nlines\rx\r\n", b"", b"no end"):
        for blank in (b"\r\n", b"\n", b"\r"):
            wire, envelope = run(["--raw", put("raw.eml", header + blank + text), "--chunk", str(rng.randrange(1, 300))])
            want = (b"From: A <a@x.example>\r\nTo: t@x.example\r\nX: y\r\n\r\n" + re.sub(rb"\r\n|\r|\n", b"\r\n", text))
            want += b"" if want.endswith(b"\r\n") else b"\r\n"
            assert wire == want, (wire, want)
            assert int(re.search(r"size (\d+)", envelope).group(1)) == len(wire)
            assert re.findall(r"recipient (\S+)", envelope) == ["t@x.example", "b1@x.example", "b2@x.example"]
    big = b"From: a@x.example\r\nTo: b@x.example\r\n\r\n" + b"line\n" * 50000
    wire, envelope = run(["--raw", put("raw.eml", big)])
    assert len(wire) == len(big) + 50000 and ("size %d" % len(wire)) in envelope


for i in range(300):
    one(i)
every_nesting()
recipients()
refusals()
once()
chunks()
raw()
print("300 messages, every nesting, 401 ways to read one, ready messages: all came back as they were given")
END
