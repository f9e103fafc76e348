# SPDX-License-Identifier: MIT
"""A mail server that refuses every login, and repeats what it was told: echo.py imap|pop3 [CAPABILITY...]. Says its port."""
import socket
import sys

kind = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    peer = listener.accept()[0]
    file = peer.makefile("rwb")
    def say(text):
        file.write(text + b"\r\n")
        file.flush()
    say(b"* OK echo" if kind == "imap" else b"+OK echo")
    for line in file:
        line = line.rstrip(b"\r\n")
        word = line.split(b" ")
        if kind == "imap":
            if len(word) < 2:
                say(b"* BAD " + line)
            elif word[1] == b"CAPABILITY":
                say(b"* CAPABILITY IMAP4rev1 SASL-IR LITERAL+ " + b" ".join(a.encode() for a in sys.argv[2:]))
                say(word[0] + b" OK done")
            elif word[1] in (b"LOGIN", b"AUTHENTICATE"):
                while line.endswith(b"+}"):
                    line += b" " + file.readline().rstrip(b"\r\n")
                say(b"* NO what is " + line[line.index(b" ") + 1:])
                say(word[0] + b" NO [AUTHENTICATIONFAILED] bad " + line)
            else:
                say(word[0] + b" BAD " + line)
        elif word[0] == b"CAPA":
            for text in (b"+OK", b"UIDL", b"USER") + tuple(b"SASL " + a[5:].encode() for a in sys.argv[2:]) + (b".",):
                say(text)
        elif word[0] == b"USER":
            say(b"+OK")
        else:
            say(b"-ERR [AUTH] bad command: " + line)
    peer.close()
