#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmark of the queue: how fast mail is taken durably, and how fast it leaves, beside peers in one run.

    bench/queued.py BUILD [--quick] [--rounds N] [--only enqueue,start,drain,loopback] [--out FILE] | --gate

Enqueue: mails of 2 kB, one after the other and from four processes at once, beside SQLite (WAL, synchronous=FULL, a
transaction each) and Postfix's sendmail with its postdrop, on one file system: that of BENCH_FOLDER, which should be a
disk. Start: until the first of 100,000 has left. Drain: over a line of 100 ms round trip, and without one, to a Postfix
of the run's own, beside libcurl and libetpan. Times are medians over rounds in which all take turns, told as ratios
within a round. What is not installed is said.
"""
import argparse
import json
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from receive import Delay
from run import Sink, number

PATIENCE = 600
RTT = 0.1
QUIET = 0.2
START = 100000
WRITERS = {"self": "libemailservice", "sqlite": "SQLite", "postfix": "Postfix sendmail"}
SENDERS = {"self": ("queue_self", "libemailservice"), "curl": ("client_curl", "libcurl"),
           "etpan": ("client_etpan", "libetpan")}
SYNCS = "fsync,fdatasync,sync_file_range,msync,syncfs,sync"
# What this library may take for a mail. Heap: of one that waits.
BOUNDS = {"syncs to take one": 2, "syncs to send one": 3, "round trips to send one": 1 / 4, "heap bytes": 512}


class Postfix:
    """One of our own, in a folder: as a way in for local programs, and where it is started, as a server that keeps nothing."""

    MAIN = """compatibility_level = 3.6
queue_directory = {0}/spool
data_directory = {0}/data
maillog_file_prefixes = {0}
maillog_file = {0}/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = postfix.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_relay_restrictions =
mynetworks = 127.0.0.0/8
default_transport = discard
in_flow_delay = 0
"""
    SERVICES = """127.0.0.1:{0} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
anvil unix - - n - 1 anvil
discard unix - - n - - discard
"""

    def __init__(self, folder):
        self.folder, self.started = folder, False
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        for name in ("", "/spool", "/data"):
            os.makedirs(folder + name, mode=0o755, exist_ok=True)
        shutil.chown(f"{folder}/data", "postfix")
        for name, text in (("main.cf", self.MAIN.format(folder)), ("master.cf", self.SERVICES.format(self.port))):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        self.command("check")
        # postdrop tells pickup, by this
        os.mkfifo(f"{folder}/spool/public/pickup")
        self.pickup = os.open(f"{folder}/spool/public/pickup", os.O_RDONLY | os.O_NONBLOCK)

    def command(self, word):
        done = subprocess.run(["postfix", "-c", self.folder, word], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode:
            raise RuntimeError(f"postfix {word}: {done.stderr.strip()[-300:]}")

    def start(self):
        self.command("start")
        self.started = True

    def arrived(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as f:
            return sum("message-id=" in line for line in f)

    def stop(self):
        os.close(self.pickup)
        if self.started:
            self.command("stop")

    @staticmethod
    def lacking():
        if not shutil.which("postfix") or not shutil.which("sendmail"):
            return "postfix is not installed"
        return None if os.geteuid() == 0 else "Postfix is started by root only"


class Hold:
    """A line without end: answers get through only when both sides have said nothing for a while, and that is counted.
    However slow the disks are, what a client sends without waiting for an answer is one flight."""

    def __init__(self, port):
        self.to, self.flights = int(port), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            threading.Thread(target=self.relay, args=(near, socket.create_connection(("127.0.0.1", self.to))),
                             daemon=True).start()

    def relay(self, near, far):
        held, ends = b"", [near, far]
        while near in ends:
            ready = select.select(ends, [], [], QUIET)[0]
            for side in ready:
                data = side.recv(1 << 18)
                if not data:
                    ends.remove(side)
                elif side is near:
                    far.sendall(data)
                else:
                    held += data
            if not ready and held:
                self.flights += 1
                near.sendall(held)
                held = b""
            elif not ready and far not in ends:
                break
        near.close()
        far.close()


class Queue:
    def __init__(self, build, folder):
        os.makedirs(folder, exist_ok=True)
        self.build, self.folder, self.fresh_ones = build, tempfile.mkdtemp(prefix="emailservice.", dir=os.path.abspath(folder)), 0
        os.chmod(self.folder, 0o755)  # Postfix works in it under a name of its own
        self.lacks = {}
        for program in ("queue_sqlite", "client_curl", "client_etpan"):
            if not os.path.exists(f"{build}/bench/{program}"):
                self.lacks[program.split("_")[1]] = "its library is not installed"
        if Postfix.lacking():
            self.lacks["postfix"] = Postfix.lacking()

    def file_system(self):
        kind = subprocess.run(["df", "--output=fstype", self.folder], capture_output=True, text=True, check=True).stdout.split()[-1]
        return f"{kind}, which is no disk: the figures mean nothing" if kind == "tmpfs" else kind

    def present(self, peers):
        for name in peers:
            if name in self.lacks:
                print(f"SKIP {name}: {self.lacks[name]}")
        return [name for name in peers if name not in self.lacks]

    def fresh(self):
        self.fresh_ones += 1
        folder = f"{self.folder}/{self.fresh_ones}"
        os.makedirs(folder, mode=0o755)
        return folder

    def sink(self, *more):
        return Sink(self.build, "plain", f"{self.build}/bench/pki", "open", *more)

    def start(self, program, work, count, folder, port="0", how="", prefix=(), env=None):
        command = [f"{self.build}/bench/{program}", port, "plain", f"{self.build}/bench/pki/root.pem", work, str(count),
                   folder, how]
        return subprocess.Popen([*prefix, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, **(env or {})})

    @staticmethod
    def told(process):
        out, err = process.communicate(timeout=PATIENCE)
        if process.returncode:
            raise RuntimeError(f"{' '.join(process.args)}: {err.strip()[-300:]}")
        return json.loads(out.splitlines()[-1])

    def run(self, *job, **more):
        return self.told(self.start(*job, **more))

    def traced(self, *job, **more):
        """What a run told, how often it synced, and the seconds that this took."""
        trace = f"{self.folder}/trace"
        told = self.run(*job, prefix=("strace", "-f", "-c", "-w", "-e", f"trace={SYNCS}", "-o", trace), **more)
        with open(trace, encoding="utf-8") as f:
            rows = re.findall(r"^\s*[\d.]+\s+([\d.]+)\s+\d+\s+(\d+)\s+(?:\d+\s+)?(?!total)\w+$", f.read(), re.MULTILINE)
        return told, sum(int(n) for _, n in rows), sum(float(s) for s, _ in rows)

    def heap(self, *job, **more):
        path = f"{self.folder}/count"
        told = self.run(*job, env={"LD_PRELOAD": f"{self.build}/bench/count.so", "BENCH_COUNT": path}, **more)
        with open(path, encoding="utf-8") as f:
            return told, json.load(f)["heap_peak"]

    # --- taking mail

    def writers(self, peer, count, writers, traced=False):
        """Mails a second, or with `traced` the syncs of all of them."""
        folder = self.fresh()
        postfix = Postfix(folder) if peer == "postfix" else None
        job = (f"queue_{peer}", "enqueue", count, folder)
        more = {"how": shutil.which("sendmail")} if postfix else {}
        try:
            if traced:
                return self.traced(*job, **more)[1]
            processes = [self.start(*job, **more) for _ in range(writers)]
            return writers * count / max(self.told(p)["wall"] for p in processes)
        finally:
            if postfix:
                postfix.stop()
            shutil.rmtree(folder)

    def fill(self, count, how="unsafe"):
        folder = self.fresh()
        self.run("queue_self", "enqueue", count, folder, how=how)
        return folder

    # --- sending it

    def drain(self, sender, count, port, traced=False):
        folder = self.fill(count) if sender == "self" else self.folder
        job = (SENDERS[sender][0], "drain", count, folder)
        try:
            told = self.traced(*job, port=port) if traced else self.run(*job, port=port)
        finally:
            if sender == "self":
                shutil.rmtree(folder)
        return told


def slope(measure, low, high):
    return (measure(high) - measure(low)) / (high - low)


def medians(samples, mine="self"):
    """The median of each, and of the ratios of mine to each within a round."""
    return ({k: statistics.median(v) for k, v in samples.items()},
            {k: statistics.median(m / o for m, o in zip(samples[mine], v)) for k, v in samples.items()})


def table(names, columns, rows):
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return lines + [f"| {names[k]} | " + " | ".join(number(v) for v in row) + " |" for k, row in rows.items()] + [""]


def in_turns(rounds, peers, measure):
    samples = {p: [] for p in peers}
    for _ in range(rounds):
        for p in peers:
            samples[p].append(measure(p))
    return samples


def enqueue(q, rounds, quick):
    peers, count = q.present(WRITERS), 50 if quick else 300
    one, ratio_one = medians(in_turns(rounds, peers, lambda p: q.writers(p, count, 1)))
    four, ratio_four = medians(in_turns(rounds, peers, lambda p: q.writers(p, count, 4)))
    syncs = {p: slope(lambda n, p=p: q.writers(p, n, 1, traced=True), 10, 60) if shutil.which("strace") else None
             for p in peers}
    out = [f"### Taken durably: {count} mails of 2 kB, {q.file_system()}", ""]
    return out + table(WRITERS, ["mails/s, one writer", "ours to it", "mails/s, 4 writers", "ours to it", "syncs a mail"],
                       {p: (one[p], ratio_one[p], four[p], ratio_four[p], syncs[p]) for p in peers})


def start(q, _rounds, quick):
    count = START // (10 if quick else 1)
    sink = q.sink()
    firsts, peaks = {}, {}
    try:
        for n in (1, count):
            folder = q.fill(n)
            firsts[n] = q.run("queue_self", "drain", n, folder, port=sink.port, how="first")["first"]
            shutil.rmtree(folder)
            folder = q.fill(n)
            _, peaks[n] = q.heap("queue_self", "drain", n, folder, port=sink.port, how="first")
            shutil.rmtree(folder)
    finally:
        sink.stop()
    return [f"### Start with {count:,} mails", "",
            f"Until the first has left: {firsts[count]:.2f} s; with one mail in the queue {firsts[1]:.2f} s. "
            f"Heap at its highest: {(peaks[count] - peaks[1]) / (count - 1):.0f} bytes a mail.", ""]


def server(q):
    """Postfix, or where there is none the tests' own server."""
    if "postfix" in q.lacks:
        print(f"SKIP Postfix as the server: {q.lacks['postfix']}; the tests' own takes its place")
        return q.sink()
    postfix = Postfix(q.fresh())
    postfix.start()
    return postfix


def rates(q, to, port, senders, count, rounds):
    """Mails a second; with Postfix, only where all of them arrived."""
    def one(sender):
        before = to.arrived() if isinstance(to, Postfix) else 0
        rate = count / q.drain(sender, count, port)["wall"]
        for _ in range(100):
            if not isinstance(to, Postfix) or to.arrived() - before == count:
                return rate
            time.sleep(0.05)
        raise RuntimeError(f"{sender}: {to.arrived() - before} mails arrived, not {count}")
    return in_turns(rounds, senders, one)


def drain(q, rounds, quick):
    count, senders, out = 30 if quick else 100, q.present(SENDERS), []
    # with DATA alone a mail takes a round trip, for its 354
    for name, to in (("Postfix", server(q)), ("a server without CHUNKING", q.sink("no-chunking"))):
        try:
            speed, ratio = medians(rates(q, to, str(Delay(int(to.port), RTT).port), senders, count, rounds))
        finally:
            to.stop()
        out += [f"### Sent over {RTT * 1000:.0f} ms round trip: {count} mails of 2 kB, to {name}", "",
                *table({k: v[1] for k, v in SENDERS.items()}, ["mails/s", "ours to it"],
                       {s: (speed[s], ratio[s]) for s in senders})]
    return out


def loopback(q, rounds, quick):
    to, count, senders, rows, syncs = server(q), 50 if quick else 500, q.present(SENDERS), {}, ()
    sink = q.sink()
    try:
        for name, target in (("postfix", to), ("sink", sink)):
            rows[name] = medians(rates(q, target, target.port, senders, count, rounds))[0]
        if shutil.which("strace"):
            syncs = q.drain("self", count, sink.port, traced=True)
    finally:
        to.stop()
        sink.stop()
    out = [f"### Sent without a delay: {count} mails of 2 kB", "",
           *table({k: v[1] for k, v in SENDERS.items()}, ["mails/s to Postfix", "to a server that keeps nothing"],
                  {s: (rows["postfix"][s], rows["sink"][s]) for s in senders})]
    if syncs:
        told, calls, seconds = syncs
        out += [f"libemailservice records each outcome: {calls / count:.2f} syncs a mail, {100 * seconds / told['wall']:.0f} "
                "% of the time to the server that keeps nothing.", ""]
    return out


def gate(q):
    """This library's exact figures against their bounds: nonzero where one is over."""
    sink = q.sink()
    hold = Hold(sink.port)

    def flights(count):
        before = hold.flights
        q.drain("self", count, hold.port)
        return hold.flights - before

    def heap(count):
        return q.heap("queue_self", "drain", count, q.fill(count), port=sink.port, how="first")[1]

    over = 0
    try:
        got = {"round trips to send one": slope(flights, 8, 48), "heap bytes": slope(heap, 500, 5500)}
        if shutil.which("strace"):
            got["syncs to take one"] = slope(lambda n: q.writers("self", n, 1, traced=True), 10, 60)
            got["syncs to send one"] = slope(lambda n: q.drain("self", n, sink.port, traced=True)[1], 10, 60)
    finally:
        sink.stop()
    for name, most in BOUNDS.items():
        if name not in got:
            print(f"SKIP {name}: no strace")
            continue
        over += got[name] > most + 0.01
        print(f"{got[name]:.2f} {name}, at most {most:g}{' OVER' if got[name] > most + 0.01 else ''}")
    return over


def main():
    parts = {"enqueue": enqueue, "start": start, "drain": drain, "loopback": loopback}
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="fewer mails")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(parts), help="parts")
    parser.add_argument("--out", help="a file for the tables")
    parser.add_argument("--gate", action="store_true", help="only this library's exact figures, against their bounds")
    args = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    q = Queue(args.build, os.environ.get("BENCH_FOLDER") or f"{args.build}/bench")
    out = ["# The queue beside its peers", "", f"`make bench-queue`, {args.rounds} rounds.", ""]
    try:
        if args.gate:
            return 1 if gate(q) else 0
        for part in args.only.split(","):
            lines = parts[part](q, args.rounds, args.quick)
            print("\n".join(lines), flush=True)
            out += lines
    finally:
        shutil.rmtree(q.folder)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as f:
            f.write("\n".join(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
