#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The service under load, and all that can happen to it, at random.

    soak.py BUILD [--seconds N] [--seed N] [--keep]

Two outgoing accounts, each the other's failoverAccount, one incoming, and one whose server never fails, by which it is
measured whether the service does its work: the real programs. Writers queue mails of all priorities, 1 kB to 1 MB, and write
down what they were told. Meanwhile servers refuse for now, hang, drop connections at any stage and are killed; so are the
service and the writers; the sheet is loaded again, the service restarted. At the end servers are well, the queues are
drained, and verdict.py says what does not hold. The same seed makes the same choices; what they meet is another matter.
"""
import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import arrivals  # noqa: E402
from parts import Emailctl, Server, Service, Writer, HERE, say, wait_for  # noqa: E402
from verdict import Verdict  # noqa: E402

OUT = ("north", "south")
REFUSED = "rcpt:refused@test.example=550 5.1.1 No such user"
# Seconds from a probe's queueing, or the service's start, to its arrival: much more than it needs on a busy machine.
ANSWER = 20


def station(build, folder, servers, work):
    """A sheet with its accounts, and the certificate of the second server."""
    ctl = Emailctl(os.path.join(build, "emailctl"), os.path.join(folder, "email.xml"))
    password = os.path.join(work, "password")
    with open(password, "w", encoding="ascii") as file:
        file.write("pass word:1\n")
    for i, name in enumerate(OUT):
        ctl.sure("new", "outgoing", name, "from=plant@test.example", "hostname=localhost", f"port={servers[name].port}",
                 f"useSsl={'true' if i else 'false'}", f"failoverAccount={OUT[1 - i]}", "maxQueueSize=3000",
                 "maxSendablePerDay=-1", "pollrate=PT1S", "connectionTimeout=PT3S", "responseTimeout=PT3S", "dataTimeout=PT3S")
    ctl.sure("new", "outgoing", "probe", "from=plant@test.example", "hostname=localhost", f"port={servers['probe'].port}",
             "useSsl=false", "maxSendablePerDay=-1", "pollrate=PT1S")
    ctl.sure("new", "incoming", "in", "store=Imap", "hostname=localhost", f"port={servers['box'].port}", "useSsl=false",
             "allowPlaintextLogin=true", "emailAuthenticator.type=basic", "emailAuthenticator.account=plant",
             f"emailAuthenticator.password=file:{password}", "pollrate=PT1S", "connectionTimeout=PT3S", "responseTimeout=PT3S")
    ctl.sure("set", "trust", f"systemTrustStore={os.path.join(work, 'pki', 'root.crt')}")
    return ctl


class Soak:
    def __init__(self, build, work, seconds, seed):
        self.random, self.seconds, self.work = random.Random(seed), seconds, work
        self.mailbox = self.folder("mailbox")
        pki = self.folder("pki")
        for line in ("--name root --ca --subject CN=Soak", "--name leaf --issuer root --names DNS:localhost --key rsa2048"):
            os.spawnvpe(os.P_WAIT, "mkcert", ["mkcert", "--out", pki, *line.split()], HERE)
        tls = ["--mode", "ssl", "--cert", os.path.join(pki, "leaf.crt"), "--key", os.path.join(pki, "leaf.key")]
        plain = ["--mode", "plain"]
        servers = self.folder("servers")
        self.servers = {
            "north": Server(servers, "north", plain),
            "south": Server(servers, "south", tls),
            "probe": Server(servers, "probe", plain),
            "box": Server(servers, "box", ["--protocol", "imap", "--mail", self.mailbox, *plain])}
        self.ctl = station(build, self.folder("station"), self.servers, work)
        self.service = Service(self.ctl.program, self.ctl.sheet, self.folder("told"), os.path.join(work, "mail"))
        self.writers = [Writer(self.ctl.sheet, OUT[i % 2], os.path.join(self.folder("records"), f"w{i}"),
                               ["--prefix", f"w{i}", "--seed", str(seed + i), "--size", "1024:1048576", "--rate", "8",
                                "--refused", "20", "--repeat", "50", "--sync", "--persist"]) for i in range(3)]
        self.verdict = Verdict(work)
        self.probes, self.asked, self.letters, self.polls = {}, 0, 0, 0
        self.due = {}
        self.calm = True

    def folder(self, name):
        path = os.path.join(self.work, name)
        os.makedirs(path, 0o700, exist_ok=True)
        return path

    # --- what happens to servers ---

    def rules(self, name):
        """Of one life of a server."""
        r = self.random
        always = [] if name == "box" else ["--reply", REFUSED]
        if r.random() < 0.3:
            return always
        if name == "box":
            stages = ["greeting", "login", "select", "search", "fetch", "body", "store"]
            return ["--drop-at", f"{r.choice(stages)}:{r.choice(['drop', 'reset', 'half', 'stall'])}*{r.randint(1, 3)}"]
        faults = []
        for _ in range(r.randint(1, 3)):
            stage = r.choice(["connect", "greeting", "ehlo", "mail", "rcpt", "data", "body", "dot", "dot"])
            times = r.randint(1, 6)
            fault = r.random()
            if fault < 0.3 and stage in ("mail", "rcpt", "dot"):
                faults += ["--reply", f"{stage}*{times}=45{r.randint(0, 1)} 4.{r.choice('234')}.0 Not now"]
            elif fault < 0.4:
                faults += ["--reply", f"{stage}*1=421 4.3.2 Shutting down"]
            elif fault < 0.5:
                faults += ["--reply", f"rcpt:refused@test.example*{times}=450 4.2.0 Busy"]
            elif fault < 0.6:
                faults += ["--delay", f"{stage}*{times}={r.randint(50, 1000)}"]
            else:
                faults += ["--drop-at", f"{stage}:{r.choice(['drop', 'reset', 'half', 'stall'])}*{times}"]
        return faults + always

    def turn_server(self, name):
        self.servers[name].stop(signal.SIGKILL if self.random.random() < 0.7 else signal.SIGTERM)
        if self.random.random() < 0.2:
            self.after(self.random.uniform(0.3, 2), lambda: self.servers[name].start(self.rules(name)))
        else:
            self.servers[name].start(self.rules(name))

    # --- what happens to the service, and to writers ---

    def start_service(self):
        self.verdict.told.append(self.service.start())

    def after_its_end(self):
        """What is durable, where nobody was told of it."""
        for name in OUT:
            self.verdict.look_back(self.ctl.sure("queue", name, "list")["queue"])
        self.start_service()

    def kill_service(self):
        if not self.calm:
            self.service.kill()
            self.verdict.kills += 1
            self.after_its_end()

    def restart_service(self):
        if not self.calm:
            self.service.end()
            self.after_its_end()

    def reload(self):
        if self.random.random() < 0.5:
            name = self.random.choice(OUT)
            self.ctl.sure("set", name, f"responseTimeout=PT{self.random.randint(2, 5)}S")
        self.service.reload()

    def kill_writer(self):
        writer = self.random.choice(self.writers)
        if writer.process.poll() is not None:
            self.verdict.fault(f"a writer ended by itself: {open(writer.path + '.err', encoding='utf-8').read()}")
        writer.kill()
        writer.start()
        self.verdict.kills += 1

    # --- what is asked of it ---

    def poll(self):
        for name in OUT:
            # before it can be told, the one who polls would work the queue, and nobody would write down how that ended
            if not wait_for(self.service.listens, 10):
                self.verdict.fault("the service did not start within 10 s")
                return
            status, document = self.ctl("queue", name, "poll")
            self.polls += 1
            if status or not document.get("told"):
                self.verdict.fault(f"a poll was not answered: {status} {document}")

    def probe(self):
        key = f"probe-{self.asked}"
        self.asked += 1
        status, document = self.ctl("send", "probe", "--queue", "--key", key, "--to", "duty@test.example", "--subject", "Probe",
                                    "--header", f"X-Queue-Key:{key}", "--text", "-", data=b"Are you there?\n")
        if status:
            self.verdict.fault(f"a probe was not queued: {status} {document}")
        self.probes[key] = time.monotonic()

    def letter(self):
        """Into the mailbox; in place at once."""
        self.letters += 1
        path = os.path.join(self.work, "letter")
        with open(path, "wb") as file:
            file.write(b"From: duty@test.example\r\nSubject: letter %d\r\n\r\n" % self.letters)
            file.write(b"Acknowledged.\r\n" * self.random.choice([1, 100, 20000]))
        self.verdict.add_letter(path)
        os.rename(path, os.path.join(self.mailbox, str(self.letters)))

    def collect(self):
        for name, server in self.servers.items():
            for out in server.outs:
                for mail in arrivals.collect(out):
                    if name == "probe":
                        self.probes.pop(mail.key, None)
                        self.verdict.probes.add(mail.key)
                    else:
                        self.verdict.arrived.append(mail)
        now = time.monotonic()
        for key, queued in list(self.probes.items()):
            if queued and now - max(queued, self.service.began) > ANSWER:
                self.verdict.fault(f"{key} did not leave within {ANSWER} s: the service does not do its work")
                self.probes[key] = None
        self.service.look()

    # --- time ---

    def after(self, seconds, what):
        self.due[what] = (time.monotonic() + seconds, None)

    def every(self, seconds, what):
        self.due[what] = (time.monotonic() + self.random.expovariate(1 / seconds), seconds)

    def go(self, seconds, tick=0.05):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for what, (when, again) in list(self.due.items()):
                if time.monotonic() >= when:
                    del self.due[what]
                    if again:
                        self.every(again, what)
                    what()
            if not self.service.alive():
                self.after_its_end()
            time.sleep(tick)

    def run(self):
        for name, server in self.servers.items():
            server.start(self.rules(name) if name in OUT else ())
        self.start_service()
        for writer in self.writers:
            writer.start()
        for name in (*OUT, "box"):
            self.every(3, lambda name=name: self.turn_server(name))
        for seconds, what in ((6, self.kill_service), (12, self.restart_service), (5, self.reload), (4, self.kill_writer),
                              (1.5, self.poll), (2, self.probe), (1, self.letter), (1, self.collect)):
            self.every(seconds, what)
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            # by turns a service that lives long, where what leaks adds up, and one that does not
            self.calm = not self.calm
            self.go(min(self.random.uniform(10, 30), max(0.1, until - time.monotonic())))
        self.drain()
        self.in_order()
        self.verdict.finish(self)

    def waiting(self):
        return sum(len(self.ctl.sure("queue", name, "list")["queue"]) for name in OUT)

    def drain(self):
        self.due.clear()
        for writer in self.writers:
            writer.kill()
        for name in (*OUT, "box"):
            self.servers[name].stop()
            self.servers[name].start([] if name == "box" else ["--reply", REFUSED])
        say(f"draining {self.waiting()} mails")
        until = time.monotonic() + 60 + self.seconds / 10
        while self.waiting() and time.monotonic() < until:
            self.poll()
            self.collect()
            time.sleep(0.5)
        if not wait_for(lambda: len(os.listdir(os.path.join(self.work, "mail", "in"))) >= self.letters, 30):
            self.verdict.fault("letters of the mailbox are missing")
        if not wait_for(lambda: self.collect() or not [1 for queued in self.probes.values() if queued], ANSWER):
            self.verdict.fault("a probe is missing")
        self.service.end()

    def in_order(self):
        """Those that wait together leave by priority, then as they came."""
        self.verdict.unordered = [Writer(self.ctl.sheet, "north", os.path.join(self.work, "records", f"order{i}"), [
            "--prefix", f"order{i}", "--seed", str(i), "--size", "200:400", "--count", "50"]) for i in range(2)]
        for writer in self.verdict.unordered:
            writer.start()
        for writer in self.verdict.unordered:
            writer.process.wait(60)
        self.verdict.expected = [mail["key"] for mail in self.ctl.sure("queue", "north", "list")["queue"]]
        self.start_service()
        wait_for(lambda: not self.ctl.sure("queue", "north", "list")["queue"], 30, 0.2)
        self.service.end()
        self.collect()

    def end(self):
        for writer in self.writers:
            writer.kill()
        if self.service.process and self.service.process.poll() is None:
            self.service.process.kill()
            self.service.process.wait()
        for server in self.servers.values():
            server.stop()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--seconds", type=float, default=1800)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--keep", action="store_true", help="leave the folder")
    a = p.parse_args()
    build = os.path.abspath(a.build)
    seed = a.seed if a.seed is not None else int.from_bytes(os.urandom(4), "big")
    HERE["PATH"] = os.pathsep.join([build, os.path.join(build, "tests", "programs"), HERE["PATH"]])
    os.environ["PATH"] = HERE["PATH"]
    work = tempfile.mkdtemp(prefix="soak.")
    say(f"seed {seed}: SEED={seed} repeats it; {a.seconds:g} seconds, in {work}")
    soak = Soak(build, work, a.seconds, seed)
    good = False
    try:
        soak.run()
        good = soak.verdict.say()
    finally:
        soak.end()
        if not a.keep:
            shutil.rmtree(work)
    if not good:
        say(f"seed {seed}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
