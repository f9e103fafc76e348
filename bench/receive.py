#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmark of receiving: this library beside its peers and beside the least that the RFCs allow, in one run.

    bench/receive.py BUILD [--quick] [--rounds N] [--out FILE] | --gate

As bench/run.py: exact figures are slopes between two mailboxes, times are medians over rounds in which the clients
take turns, server and client on one processor, told as ratios within a round. The server is a Dovecot of the run's own
(tests/support/mailboxes.sh). Every run must get every message, with all its bytes, or nothing counts.
"""
import argparse
import json
import os
import queue
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

from run import Bench, TIMEOUT, number

# client: (program, what it is told to do, its name)
CLIENTS = {
    "self": ("self", "", "libemailservice"),
    "read": ("self", "read", "libemailservice, bytes read by the handler"),
    "first": ("self", "first", "libemailservice, the list alone"),
    "tree": ("self", "tree", "libemailservice, parsed for the handler"),
    "floor": ("floor", "", "floor"),
    "list": ("floor", "list", "floor, the mailbox listed first"),
    "curl": ("curl", "", "libcurl"),
    "etpan": ("etpan", "", "libetpan"),
    "each": ("etpan", "each", "libetpan, a FETCH for each"),
}
PEERS = ("curl", "etpan", "each")
SMALL, LARGE = 2500, 5000000
# messages for the slope of the exact figures, for the clock, large ones for the clock
LOW, HIGH, MANY, FEW = 200, 1200, 2000, 20
RTT = 0.02
PINNED = ("taskset", "-c", "0") if shutil.which("taskset") else ()
# What this library may take for a message of 2.5 kB. Some calls and blocks are for a batch, or for lists that double.
# The instructions go to plain connections: what TLS takes is mbedTLS's.
# They are counted apart for the list, which a poll needs for its policies, and for the message.
BOUNDS = {"imap": {"round trips": 0.01, "system calls": 1, "allocations": 0.05, "instructions": 4400, "listing": 4500},
          "pop3": {"round trips": 1 / 16, "system calls": 1, "allocations": 0.05, "instructions": 5000, "listing": 2500}}
# The most that a large message may add to the heap of a small one: the scratch's memory, and what reads it again.
GROWTH = 256 * 1024


class Mailboxes:
    """The server; a mailbox for each client, since some of them leave marks."""

    def __init__(self, build, sizes):
        args = [f"{name}={count}x{size}" for name, (count, size) in sizes.items()]
        self.process = subprocess.Popen([*PINNED, "sh", "tests/support/mailboxes.sh", *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env={**os.environ, "BUILD": build})
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            print(line.strip() or "no server")
            sys.exit(77)
        where = json.loads(line)
        self.ca, self.ports = where["ca"], where

    def stop(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


class Delay:
    """A proxy that lets bytes through half a round trip late, as many at a time as there are."""

    def __init__(self, port, rtt):
        self.to, self.late = port, rtt / 2
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((near, far), (far, near)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                held = queue.SimpleQueue()
                threading.Thread(target=self.take, args=(a, held), daemon=True).start()
                threading.Thread(target=self.give, args=(b, held), daemon=True).start()

    def take(self, side, held):
        data = True
        while data:
            try:
                data = side.recv(1 << 18)
            except OSError:
                data = b""
            held.put((time.monotonic() + self.late, data))

    @staticmethod
    def give(side, held):
        data = True
        while data:
            due, data = held.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                side.sendall(data) if data else side.shutdown(socket.SHUT_WR)
            except OSError:
                return


class Receive(Bench):
    """Jobs are (client, protocol, transport, count, size)."""

    def __init__(self, build, quick, clients):
        super().__init__(build, "", quick)
        self.clients = [c for c in clients if os.path.exists(f"{build}/bench/receive_{CLIENTS[c][0]}")]
        sizes = {}
        for client in self.clients:
            for count, size in ((LOW, SMALL), (HIGH, SMALL), (self.many, SMALL), (self.few, LARGE), (1, LARGE), (1, SMALL)):
                sizes[self.user(client, count, size)] = (count, size)
        self.server = Mailboxes(build, sizes)
        self.ports = {}
        self.bytes = {}

    @property
    def many(self):
        return MANY // (4 if self.quick else 1)

    @property
    def few(self):
        return FEW // (4 if self.quick else 1)

    @staticmethod
    def user(client, count, size):
        return f"{'self' if client == 'first' else client}-{count}-{size}"

    def run(self, client, protocol, transport, count, size, prefix=(), env=None, file=None, port=None):
        program, how, _ = CLIENTS[client]
        command = [f"{self.build}/bench/receive_{program}", str(port or self.server.ports[protocol][transport]), transport,
                   self.server.ca, protocol, str(count), self.user(client, count, size), how]
        done = subprocess.run([*prefix, *command], timeout=TIMEOUT, capture_output=True, text=True,
                              env={**os.environ, **(env or {})})
        if done.returncode:
            raise RuntimeError(f"{client} {protocol} {transport}: {done.stderr.strip()[-300:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        # rows of 78 bytes, the last of them whole; libetpan's POP3 counts no more than the lines
        count = 1 if how == "first" else count
        if told["messages"] != count or not 0 <= told["bytes"] / count - size < 78:
            raise RuntimeError(f"{client} {protocol} {transport}: {told['messages']} messages of {count}, "
                               f"{told['bytes']} bytes")
        return told, {}, done.stderr

    def round_trips(self, client, protocol, transport):
        """By a line that is slow: what many messages take longer than few, in round trips a message."""
        delay = Delay(self.server.ports[protocol][transport], RTT)
        low, high = (min(self.run(client, protocol, transport, n, SMALL, port=delay.port)[0]["wall"] for _ in range(2))
                     for n in (LOW, HIGH))
        return max(0, high - low) / RTT / (HIGH - LOW)

    def exact(self, client, protocol, transport):
        def slope(measure):
            low, high = (measure(client, protocol, transport, n, SMALL) for n in (LOW, HIGH))
            return (high - low) / (HIGH - LOW)

        self.run(client, protocol, transport, LOW, SMALL)  # the server's indexes are made
        self.run(client, protocol, transport, HIGH, SMALL)
        row = {
            "round trips": self.round_trips(client, protocol, transport),
            "system calls": slope(self.system_calls) if shutil.which("strace") else None,
            "allocations": slope(lambda *job: self.heap(*job)["allocations"]),
            "instructions": slope(self.instructions) if shutil.which("valgrind") else None,
        }
        if client == "self" and row["instructions"]:
            row["listing"] = (self.instructions("first", protocol, transport, HIGH, SMALL) -
                              self.instructions("first", protocol, transport, LOW, SMALL)) / (HIGH - LOW)
            row["instructions"] -= row["listing"]
        for name, size in (("heap kB", SMALL), ("heap kB, 5 MB", LARGE)):
            row[name] = self.heap(client, protocol, transport, 1, size)["heap_peak"] / 1024
        return row

    def times(self, clients, protocol, transport, rounds, size):
        count = self.many if size == SMALL else self.few
        walls, cpus = {c: [] for c in clients}, {c: [] for c in clients}
        for i in range(-1, rounds):
            for client in clients:
                told, _, _ = self.run(client, protocol, transport, count, size, prefix=PINNED)
                if i >= 0:
                    walls[client].append(told["wall"] / count)
                    cpus[client].append(told["cpu"] / count)
        return walls, cpus


def ratio(samples, mine, others):
    """Median of the ratios within a round: the best of the others' time to mine, so that 1 is as fast as it."""
    others = [c for c in others if c in samples]
    if mine not in samples or not others:
        return None
    return statistics.median(min(samples[o][i] for o in others) / t for i, t in enumerate(samples[mine]))


def lines(protocol, transport, rows, columns):
    out = [f"### {protocol.upper()}, {'TLS' if transport == 'tls' else 'plain'}", "",
           "| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    out += [f"| {CLIENTS[c][2]} | " + " | ".join(number(row.get(k)) for k in columns) + " |" for c, row in rows.items()]
    return out


def measure(bench, protocol, transport, rounds, exact):
    rows, out = {}, []
    clients = [c for c in bench.clients if (protocol == "imap" or c != "each") and c != "first"]
    for client in list(clients):
        try:
            rows[client] = bench.exact(client, protocol, transport) if exact else {}
        except (RuntimeError, subprocess.TimeoutExpired) as e:
            clients.remove(client)
            out.append(f"{CLIENTS[client][2]} left out: {e}")
    ratios = []
    for size, what, unit in ((SMALL, "messages/s", 1), (LARGE, "MB/s", LARGE / 1e6)):
        walls, cpus = bench.times(clients, protocol, transport, rounds, size)
        for client in clients:
            rows[client][what] = unit / statistics.median(walls[client])
            rows[client][what.replace("/s", "/s of its processor time")] = unit / max(1e-9, statistics.median(cpus[client]))
        for mine in ("self", "read"):
            told = [(f"{r:.2f} of {name}") for name, r in (("the floor", ratio(walls, mine, ("floor",))),
                                                         ("the floor that lists", ratio(walls, mine, ("list",))),
                                                         ("the fastest peer", ratio(walls, mine, PEERS))) if r]
            ratios.append(f"{CLIENTS[mine][2]}, {what}: {', '.join(told)}.")
    columns = list(dict.fromkeys(k for row in rows.values() for k in row))
    return [*lines(protocol, transport, rows, columns), "", *ratios, *out, ""]


def gate(bench):
    """This library's exact figures against their bounds: nonzero where one is over."""
    over = 0
    for protocol, bounds in BOUNDS.items():
        for transport in ("plain", "tls"):
            row = bench.exact("self", protocol, transport)
            for name, most in bounds.items():
                if row.get(name) is None:
                    print(f"SKIP {protocol} {transport} {name}: no strace, or no valgrind")
                elif name not in ("instructions", "listing") or transport == "plain":
                    over += row[name] > most
                    what = "instructions for the list" if name == "listing" else name
                    print(f"{protocol} {transport}: {row[name]:.3f} {what} a message, at most {most:g}"
                          f"{' OVER' if row[name] > most else ''}")
            small, large = row["heap kB"], row["heap kB, 5 MB"]
            over += large > small + GROWTH / 1024
            print(f"{protocol} {transport}: peak heap {small:.0f} kB with a message of 2.5 kB, {large:.0f} kB with one of 5 MB")
    return over


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="a quarter of the messages")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", help="a file for the tables")
    parser.add_argument("--only", default="imap,pop3,plain,tls", help="protocols and transports")
    parser.add_argument("--times", action="store_true", help="no exact figures")
    parser.add_argument("--gate", action="store_true", help="only this library's exact figures, against their bounds")
    args = parser.parse_args()
    bench = Receive(args.build, args.quick, ["self"] if args.gate else CLIENTS)
    try:
        if args.gate:
            return 1 if gate(bench) else 0
        out = ["# Receiving beside the peers", "",
               f"`make bench-receive`, {args.rounds} rounds: {bench.many} messages of 2.5 kB, {bench.few} of 5 MB, from "
               "Dovecot on the same processor. Exact figures are for a message of 2.5 kB. libetpan verifies no certificate.", ""]
        print("\n".join(out), flush=True)
        for protocol in ("imap", "pop3"):
            for transport in ("plain", "tls"):
                if protocol in args.only and transport in args.only:
                    out += measure(bench, protocol, transport, args.rounds, not args.times)
                    print("\n".join(out[out.index(next(x for x in reversed(out) if x.startswith("###"))):]), flush=True)
        if args.out:
            with open(args.out, "w", encoding="utf-8") as f:
                f.write("\n".join(out))
    finally:
        bench.server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
