#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Composed messages as another parser reads them: Python's email package. Subjects, names, file names,
# bodies and files must come back as they were given, whatever the size of the pieces read, and every line
# must keep the bounds of RFC 5322 2.1.1 and RFC 2047 2.
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
         "a" * 90, "é" * 40, "(comment)", "\"quoted\"", "<b>", "per%cent", "it's", "_under_", "=", "?", "\u2028", "\u0085", ";x=1", "\\back"]
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


def one(i):
    to = [(rng.choice(NAMES), "to%d@example.com" % n) for n in range(rng.randrange(1, 6))]
    cc = [(rng.choice(NAMES), "cc%d@münchen.example" % n) for n in range(rng.randrange(0, 3))]
    sender = (rng.choice(NAMES), "plant@example.com")
    subject, custom = sentence(), sentence()
    quote = lambda a: '"%s" <%s>' % (a[0].replace("\\", "\\\\").replace('"', '\\"'), a[1])
    args = ["--from", quote(sender), "--to", ", ".join(map(quote, to)), "--bcc", "hidden@secret.example",
            "--subject", subject, "--header", "X-Custom-Note:" + custom]
    if cc:
        args += ["--cc", ", ".join(map(quote, cc))]
    text = body() if rng.random() < 0.8 else None
    html = "<p>" + body() if rng.random() < 0.5 else None
    if text is not None:
        args += ["--text", put("text", text.encode())]
    if html is not None:
        args += ["--html", put("html", html.encode())]
    files, shown = [], []
    for name in rng.sample(FILES, rng.randrange(0, 4)):
        data = rng.randbytes(rng.choice([0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 5000, 70000]))
        option = rng.choice(["--attach", "--stream"])
        args += [option, put(name, data)] if option == "--attach" else [option, put("s%d" % len(files), data) + "|" + name]
        files.append((name, data, "attachment"))
    if html is not None and rng.random() < 0.5:
        data = rng.randbytes(1000)
        args += ["--inline", put("logo.png", data) + "|logo-1"]
        shown.append(("logo.png", data, "inline"))
    eight = rng.random() < 0.4
    if eight:
        args.append("--eight-bit")
    wire, envelope = run(args + ["--chunk", "16384"])
    size = check_wire(wire, envelope)
    assert size or any("--stream" == a for a in args)
    assert b"hidden@secret" not in wire and "recipient hidden@secret.example" in envelope

    m = email.message_from_bytes(wire, policy=email.policy.default)
    def defects(part):
        return [d for d in part.defects if "base64" not in str(type(d)).lower()]
    assert not [d for part in m.walk() for d in defects(part)], [part.defects for part in m.walk()]
    assert m["Subject"] == subject, (m["Subject"], subject)
    assert m["X-Custom-Note"] == custom, (m["X-Custom-Note"], custom)
    assert m["MIME-Version"] == "1.0" and len(m.get_all("MIME-Version")) == 1
    assert m["Date"].datetime.utcoffset().seconds == 3600
    # by the old interface: the new one of some versions puts spaces between the words of a long name
    old = email.message_from_bytes(wire)
    def shape(field):
        pairs = email.utils.getaddresses([re.sub("\\r\\n", "", old[field])])
        return [(str(email.header.make_header(email.header.decode_header(n))), a) for n, a in pairs]
    assert shape("From") == [sender], shape("From")
    assert shape("To") == to, (shape("To"), to)
    if cc:
        assert shape("Cc") == [(n, a.replace("münchen", "xn--mnchen-3ya")) for n, a in cc]

    plain, rich, found = None, None, []
    for part in m.walk():
        if part.is_multipart():
            assert part["Content-Transfer-Encoding"] in (None, "7bit", "8bit")
            continue
        if part.get_content_disposition():
            found.append((part.get_filename(), part.get_payload(decode=True), part.get_content_disposition()))
        elif part.get_content_type() == "text/html":
            rich = part
        else:
            plain = part
        if not eight:
            assert part["Content-Transfer-Encoding"] in ("7bit", "quoted-printable", "base64")
    assert found == shown + files or sorted(found) == sorted(shown + files), ([f[0] for f in found], [f[0] for f in files])
    # readers of the old interface must get the name too
    names = sorted(email.utils.collapse_rfc2231_value(p.get_filename()) for p in old.walk() if p.get_filename())
    assert names == sorted(f[0] for f in shown + files), names
    if text is not None:
        body_text(plain, text)
    if html is not None:
        body_text(rich, html)


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
chunks()
raw()
print("300 messages, 401 ways to read one, ready messages: all came back as they were given")
END
