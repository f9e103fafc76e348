#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmark: this library beside its peers, in one run, against one sink.

    bench/run.py BUILD [--quick] [--rounds N] [--out FILE]

Two kinds of figures. Exact ones (round trips, system calls, allocations, heap, instructions) are slopes between
two counts of messages, so that connecting does not count; they are the same on every machine of a kind. Times
are medians over rounds in which the clients take turns (A B C, A B C, ...) on one processor, and are told as
ratios to the fastest peer of the same round: numbers of two runs are never compared.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

TIMEOUT = 60
LIBRARIES = {"self": "libemailservice", "curl": "libcurl", "etpan": "libetpan", "esmtp": "libESMTP"}
# work: (counts for the slope of the exact figures, count for the clock)
WORKS = {"kept": ((50, 250), 3000), "each": ((5, 25), 200), "attach": ((1, 2), 1)}
TITLES = {
    "kept": "1 kB mails on a kept connection, a mail",
    "each": "connect, log in, send 1 kB, quit; a mail",
    "attach": "a mail with a 50 MB attachment",
}


class Sink:
    """The server, and its counters."""

    def __init__(self, build, transport, pki, *more):
        # libESMTP hangs now and then under TLS 1.3: its sink, the STARTTLS one, speaks 1.2
        only = ["tls-1.2"] if transport == "starttls" else []
        args = [f"{build}/bench/sink", transport, f"{pki}/server.pem", f"{pki}/server.key", *only, *more]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().split()[1]

    def counts(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)


class Bench:
    def __init__(self, build, attachment, quick):
        self.build, self.attachment, self.quick = build, attachment, quick
        self.pki = f"{build}/bench/pki"
        self.clients = [c for c in LIBRARIES if os.path.exists(f"{build}/bench/client_{c}")]
        self.scratch = f"{build}/bench/scratch"
        os.makedirs(self.scratch, exist_ok=True)

    def command(self, client, sink, transport, work, count, file=None):
        return [f"{self.build}/bench/client_{client}", sink.port, transport, f"{self.pki}/root.pem", work, str(count),
                file or self.attachment]

    def run(self, client, sink, transport, work, count, prefix=(), env=None, file=None):
        """One run: the client's JSON and what the sink counted. The mails must have arrived, or nothing counts."""
        before = sink.counts()
        done = subprocess.run([*prefix, *self.command(client, sink, transport, work, count, file)], timeout=TIMEOUT,
                              capture_output=True, text=True, env={**os.environ, **(env or {})})
        after = self.settled(sink, before, count)
        if done.returncode or after["messages"] - before["messages"] != count:
            raise RuntimeError(f"{client} {transport} {work}: {done.stderr.strip()[-300:]}")
        return json.loads(done.stdout.splitlines()[-1]), {k: after[k] - before[k] for k in after}, done.stderr

    @staticmethod
    def settled(sink, before, count):
        """Counters are added when a connection ends: wait for it."""
        for _ in range(100):
            now = sink.counts()
            if now["messages"] - before["messages"] >= count:
                break
            subprocess.run(["sleep", "0.02"], check=True)
        return now

    def system_calls(self, *job):
        trace = f"{self.scratch}/trace"
        self.run(*job, prefix=("strace", "-f", "-c", "-U", "calls", "-o", trace))
        with open(trace, encoding="utf-8") as f:
            return sum(int(line.split()[0]) for line in f if re.match(r"\s*\d+ (?!total)\w+$", line))

    def heap(self, *job, file=None):
        path = f"{self.scratch}/count"
        self.run(*job, env={"LD_PRELOAD": f"{self.build}/bench/count.so", "BENCH_COUNT": path}, file=file)
        with open(path, encoding="utf-8") as f:
            return json.load(f)

    def instructions(self, *job):
        _, _, err = self.run(*job, prefix=("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"))
        return int(re.search(r"Collected : (\d+)", err).group(1))

    def exact(self, client, sink, transport, work):
        """The exact figures of a row, each a slope between two counts."""
        (low, high), _ = WORKS[work]
        step = high - low

        def slope(measure):
            return (measure(high) - measure(low)) / step

        def job(count):
            return client, sink, transport, work, count

        row = {
            # in a streamed body the sink's waits are no round trips: nobody waits for its answers
            "round trips": slope(lambda n: self.run(*job(n))[1]["turns"]) if work != "attach" else None,
            "system calls": slope(lambda n: self.system_calls(*job(n))) if shutil.which("strace") else None,
            "allocations": slope(lambda n: self.heap(*job(n))["allocations"]),
            "heap kB": self.heap(*job(low))["heap_peak"] / 1024,
        }
        if not self.quick and shutil.which("valgrind") and work != "attach":
            row["instructions"] = slope(lambda n: self.instructions(*job(n)))
        return row

    def times(self, sinks, transport, work, rounds):
        """Wall and processor time, the clients taking turns on one processor."""
        count = WORKS[work][1] // (10 if self.quick else 1) or 1
        walls = {c: [] for c in sinks}
        cpus = {c: [] for c in sinks}
        for _ in range(rounds):
            for client, sink in sinks.items():
                told, _, _ = self.run(client, sink, self.transport(client, transport), work, count,
                                      prefix=("taskset", "-c", "0") if shutil.which("taskset") else ())
                walls[client].append(told["wall"] / count)
                cpus[client].append(told["cpu"] / count)
        return walls, cpus

    @staticmethod
    def transport(client, transport):
        """libESMTP has no implicit TLS: its row is the STARTTLS one."""
        return "starttls" if client == "esmtp" and transport == "tls" else transport


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def table(title, rows, columns):
    lines = [f"### {title}", "", "| library | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {LIBRARIES[c]} | " + " | ".join(number(row.get(k)) for k in columns) + " |" for c, row in rows.items()]
    return "\n".join(lines) + "\n"


def best_of_peers(samples):
    """This library's time to the fastest peer's, round by round: the median of the ratios."""
    peers = [c for c in samples if c != "self"]
    if not peers:
        return None
    return statistics.median(mine / min(samples[p][i] for p in peers) for i, mine in enumerate(samples["self"]))


def measure(bench, transport, work, rounds, out):
    sinks = {}
    shared = {t: Sink(bench.build, t, bench.pki) for t in {transport, bench.transport("esmtp", transport)}}
    rows, why, before = {}, [], len(out)
    try:
        for client in bench.clients:
            own = bench.transport(client, transport)
            try:
                rows[client] = bench.exact(client, shared[own], own, work)
                sinks[client] = shared[own]
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                why.append(f"{LIBRARIES[client]} left out: {e}")
        walls, cpus = bench.times(sinks, transport, work, rounds)
    finally:
        for sink in shared.values():
            sink.stop()
    for client in sinks:
        rows[client]["ms wall"] = statistics.median(walls[client]) * 1000
        rows[client]["ms cpu"] = statistics.median(cpus[client]) * 1000
    columns = ["round trips", "system calls", "allocations", "heap kB", "instructions", "ms wall", "ms cpu"]
    columns = [k for k in columns if any(row.get(k) is not None for row in rows.values())]
    out.append(table(f"{TITLES[work]}, {'TLS' if transport == 'tls' else 'plain'}", rows, columns))
    wall, cpu = best_of_peers(walls), best_of_peers(cpus)
    if wall:
        out.append(f"Time to that of the fastest peer, same round: wall {wall:.2f}, processor {cpu:.2f}.\n")
    out += why
    print("\n".join(out[before:]), flush=True)
    return rows


def gate(bench):
    """This library's exact figures against what they must be: nonzero where one is over."""
    over = 0
    sizes = {}
    for size in (2, 20):
        sizes[size] = f"{bench.scratch}/{size}.bin"
        with open(sizes[size], "wb") as f:
            f.write(os.urandom(size * 1000 * 1000))
    for transport in ("plain", "tls"):
        sink = Sink(bench.build, transport, bench.pki)
        try:
            row = bench.exact("self", sink, transport, "kept")
            for name, most in (("round trips", 1), ("system calls", 2.1), ("allocations", 0)):
                if row[name] is None:
                    print(f"SKIP {transport} {name}: no strace")
                    continue
                over += row[name] > most + 0.01
                print(f"{transport}: {row[name]:.2f} {name} a mail, at most {most}")
            small, large = (bench.heap("self", sink, transport, "attach", 1, file=sizes[n])["heap_peak"] for n in sizes)
            over += large > small + 1024
            print(f"{transport}: heap {small} bytes with 2 MB attached, {large} with 20 MB")
        finally:
            sink.stop()
    return over


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="no instructions, a tenth of the mails")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=50, help="of the attachment, MB")
    parser.add_argument("--out", help="a file for the tables")
    parser.add_argument("--gate", action="store_true", help="only this library's exact figures, against their bounds")
    args = parser.parse_args()
    if args.gate:
        return 1 if gate(Bench(args.build, "", True)) else 0
    attachment = f"{args.build}/bench/attachment.bin"
    with open(attachment, "wb") as f:
        for _ in range(args.size):
            f.write(os.urandom(1000 * 1000))
    bench = Bench(args.build, attachment, args.quick)
    out = ["# Beside the peers\n", f"`make bench`, {args.rounds} rounds. libESMTP's TLS rows are STARTTLS ones; libetpan "
           "verifies no certificate; libESMTP's certificate errors are waved through.\n"]
    for transport in ("plain", "tls"):
        for work in WORKS:
            measure(bench, transport, work, args.rounds, out)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as f:
            f.write("\n".join(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
