#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emailctl parse on folders of NAME.eml, beside NAME.json.

    compare.py EMAILCTL FOLDER...

What an expectation names must be there and equal; what it does not name is not asked. The exception are
defects: their codes are the exact set, where they are named. Values are lists, objects and scalars, and:

    null             the key is absent
    {"$safe": true}  a file's name that can be created in a folder, on any system
    {"$absent": V}   the key is absent, or V
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import unicodedata

LIMIT = 20
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def is_safe(name):
    """lib/mime/filename.h, said once more."""
    return (isinstance(name, str) and 0 < len(name.encode()) <= 255 and not set(name) & set('/\\<>:"|?*')
            and not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(c) in
                        ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI") or c in "\u200e\u200f" for c in name)
            and name[0] not in ".-" and name[-1] not in ". " and name.split(".")[0].rstrip().lower() not in DEVICES)


def differences(want, got, where=""):
    """The ways in which `got` is not what is wanted."""
    if want is None:
        return [] if got is None else [f"{where}: {got!r}, not absent"]
    if isinstance(want, dict):
        if "$safe" in want:
            return [] if got is None or is_safe(got) else [f"{where}: {got!r} is no safe name"]
        if "$absent" in want:
            return [] if got in (None, want["$absent"]) else [f"{where}: {got!r}, not absent"]
        if not isinstance(got, dict):
            return [f"{where}: {got!r}, not {want!r}"]
        return [d for key, value in want.items() for d in differences(value or None if key in ("name", "group") else value, got.get(key), f"{where}.{key}")]
    if isinstance(want, list):
        if where.endswith(".headers"):
            return fields(want, got or [])
        if where.endswith(".defects"):
            codes = [sorted(d["code"] for d in given or []) for given in (want, got)]
            return [] if codes[0] == codes[1] else [f"{where}: {codes[1]}, not {codes[0]}"]
        got = got or []
        if len(want) != len(got):
            return [f"{where}: {len(got)} of {len(want)}: {got!r:.300}, not {want!r:.300}"]
        return [d for i, (w, g) in enumerate(zip(want, got)) for d in differences(w, g, f"{where}[{i}]")]
    return [] if want == got else [f"{where}: {got!r:.300}, not {want!r:.300}"]


def fields(want, got):
    """These fields are among those, in their order."""
    rest = iter(got)
    return [f".headers: no {w['name']}: {w['value']!r} in {got!r:.500}" for w in want if not any(g == w for g in rest)]


def parse(emailctl, path):
    """The document, and the status where it is another than 0: 65 is no message, which has a document too."""
    done = subprocess.run([emailctl, "--json", "parse", path], capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 65):
        raise ValueError(f"status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return {**json.loads(done.stdout.decode("utf-8")), **({"status": done.returncode} if done.returncode else {})}


def one(emailctl, path):
    with open(path[:-4] + ".json", encoding="utf-8") as f:
        want = json.load(f)
    try:
        return differences({"status": None, **want}, parse(emailctl, path))
    except (ValueError, subprocess.TimeoutExpired) as e:
        return [str(e)]


def main():
    emailctl, folders = sys.argv[1], sys.argv[2:]
    paths = sorted(os.path.join(d, f) for d in folders for f in os.listdir(d) if f.endswith(".eml"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda path: one(emailctl, path), paths))
    bad = 0
    for path, diffs in zip(paths, found):
        bad += bool(diffs)
        for d in diffs[:5] if bad <= LIMIT else []:
            print(f"{os.path.basename(path)[:-4]}{d if d.startswith('.') else ': ' + d}")
    print(f"{len(paths)} messages, {bad} not read as they were written")
    if len(paths) < 300:
        print("fewer than 300: where are they?")
    return 1 if bad or len(paths) < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
