#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The MIME benchmark: this library beside its peers, in one run, over the same bytes.

    bench/mime.py BUILD [--quick] [--rounds N] [--out FILE] [--gate]

Read is a mailbox of 2,000 messages (bench/mailbox.py): as events, to the tree, and with every leaf's transfer
encoding undone. Composed are a message with a 50 MB attachment in base64, and one with 100 kB of text in
quoted-printable. Allocations are slopes between two counts of passes. Speeds are MB/s of processor time,
medians over rounds in which the clients take turns on one processor, and told as ratios to the fastest peer
of the same round: numbers of two runs are never compared.
"""
import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys

TIMEOUT = 300
LIBRARIES = {"self": "libemailservice", "gmime": "GMime", "etpan": "libetpan", "vmime": "VMime"}
TITLES = {
    "events": "read as events",
    "parse": "read to a tree",
    "decode": "read, and every leaf decoded",
    "attach": "composed, 50 MB as base64",
    "text": "composed, 100 kB of text as quoted-printable",
}
PASSES = {"events": 5, "parse": 2, "decode": 2, "attach": 1, "text": 200}
LEAST = {"parse": 3.0, "decode": 3.0}  # times the fastest peer
MOST = {"events": 0.0, "parse": 3.0}  # allocations a message


def load(path):
    spec = importlib.util.spec_from_file_location("mailbox", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_files(build):
    """What is read and composed, by the work."""
    folder = f"{build}/bench"
    paths = {"mailbox": f"{folder}/mailbox", "attach": f"{folder}/mime.bin", "text": f"{folder}/mime.txt"}
    mailbox = load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mailbox.py"))
    with open(paths["mailbox"], "wb") as f:
        mailbox.write(f)
    with open(paths["attach"], "wb") as f:
        f.write(os.urandom(50 * 1000 * 1000))
    with open(paths["text"], "wb") as f:
        f.write(mailbox.text(100 * 1000).encode("utf-8"))
    return {work: paths.get(work, paths["mailbox"]) for work in TITLES}


def run(build, client, work, path, passes, prefix=(), env=None):
    """One run: the client's JSON, or None where its library cannot do that."""
    done = subprocess.run([*prefix, f"{build}/bench/mime_{client}", work, path, str(passes)], timeout=TIMEOUT,
                          capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})
    return json.loads(done.stdout) if done.returncode == 0 else None


def allocations(build, client, work, path):
    """A message's (or a composed one's), as a slope between two counts of passes."""
    counts = []
    for passes in (1, 3):
        told = f"{build}/bench/count.json"
        found = run(build, client, work, path, passes, env={"LD_PRELOAD": f"{build}/bench/count.so", "BENCH_COUNT": told})
        with open(told, encoding="utf-8") as f:
            counts.append(json.load(f)["allocations"])
    return (counts[1] - counts[0]) / 2 / (found["messages"] or 1)


def measure(build, work, path, rounds, quick):
    """Rows by client, and the ratio to the fastest peer, round by round."""
    clients = [c for c in LIBRARIES if os.path.exists(f"{build}/bench/mime_{c}")]
    passes = 1 if quick and work != "text" else PASSES[work]
    pin = ("taskset", "-c", "0") if shutil.which("taskset") else ()
    speeds, rows = {}, {}
    for _ in range(rounds):
        for client in clients:
            found = run(build, client, work, path, passes, pin)
            if found:
                speeds.setdefault(client, []).append(found["bytes"] * passes / found["cpu"] / 1e6)
                rows[client] = {"leaves": found["leaves"] or None, "bytes": found["found"] or None}
    for client, row in rows.items():
        row["MB/s"] = statistics.median(speeds[client])
        row["allocations"] = allocations(build, client, work, path)
    peers = [c for c in speeds if c != "self"]
    ratios = [mine / max(speeds[p][i] for p in peers) for i, mine in enumerate(speeds["self"])] if peers else []
    return rows, statistics.median(ratios) if ratios else None


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def table(title, rows, ratio):
    columns = ["MB/s", "allocations", "leaves", "bytes"]
    lines = [f"### {title}", "", "| library | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {LIBRARIES[c]} | " + " | ".join(number(row[k]) for k in columns) + " |" for c, row in rows.items()]
    if ratio:
        lines += ["", f"Speed to that of the fastest peer, same round: {ratio:.2f}."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="one pass a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", help="a file for the tables")
    parser.add_argument("--gate", action="store_true", help="fail where a figure misses its bound")
    args = parser.parse_args()
    files = make_files(args.build)
    out, missed = ["# MIME beside the peers\n"], []
    for work, title in TITLES.items():
        rows, ratio = measure(args.build, work, files[work], args.rounds, args.quick)
        out.append(table(title, rows, ratio))
        print(out[-1], flush=True)
        if ratio and ratio < LEAST.get(work, 0):
            missed.append(f"{title}: {ratio:.2f} of the fastest peer, at least {LEAST[work]}")
        if rows["self"]["allocations"] > MOST.get(work, float("inf")):
            missed.append(f"{title}: {rows['self']['allocations']:.2f} allocations a message, at most {MOST[work]}")
    if args.out:
        with open(args.out, "w", encoding="utf-8") as f:
            f.write("\n".join(out))
    print("\n".join(missed))
    return 1 if args.gate and missed else 0


if __name__ == "__main__":
    sys.exit(main())
