#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a corpus in x509-limbo's format through a verifier that takes a JSON case a line.

    limbo.py [--beside COMMAND] CORPUS.json COMMAND [ARGUMENT…]
                                         for instance: build/emailctl verify --batch

Prints agreement per class, beside that of another verifier where one is given, and every case that
differs, with why it may. Ends with 1 where a certificate was accepted that must be refused and is not on
the list of pedantic ones, or where a valid one was refused for any other reason than a feature that the
list names. HACKING.md has the reasons at more length.
"""
import collections
import datetime
import json
import subprocess
import sys

# Accepted on purpose: what the profile asks of a CA that issues, and no verifier is made safer by.
PEDANTIC = {
    "identifiers": ["rfc5280::aki::", "rfc5280::ski::", "webpki::aki::"],
    "serial number": ["rfc5280::serial::"],
    "malformed authority information access": ["webpki::malformed-aia"],
    "basic constraints of a root not critical": ["rfc5280::root-non-critical-basic-constraints"],
    "criticality of the alternative names": [
        "rfc5280::san::noncritical-with-empty-subject", "webpki::san::san-critical-with-nonempty-subject"],
    "underscores": ["rfc5280::san::underscore-dns", "webpki::san::underscore"],
    "common name beside a valid alternative name": ["webpki::cn::", "rfc5280::cn::"],
    "size of an RSA key not divisible by 8": ["webpki::forbidden-rsa-not-divisable-by-8-in-",
                                              "webpki::forbidden-rsa-key-not-divisable-by-8-in-"],
    "any, no, or a critical extended key usage of a leaf, one on a root": [
        "webpki::eku::ee-anyeku", "webpki::eku::ee-critical-eku", "webpki::eku::ee-without-eku",
        "webpki::eku::root-has-eku"],
    "a root's own signature": ["webpki::forbidden-signature-algorithm-in-root"],
    "wildcard of a public suffix": ["webpki::san::public-suffix-wildcard-san"],
}
# Valid, and refused: what is not supported.
UNSUPPORTED = {
    "a server with a CA's certificate, which rule 2 refuses": ["pathlen::validation-ignores-pathlen-in-leaf"],
    "the host asked for is not among the certificate's names": ["rfc5280::nc::permitted-dn-match"],
    "name constraints that are not critical, which RFC 5280 forbids and the corpus has both ways": [
        "webpki::nc::permitted-dns-match-noncritical"],
}
# Asks for something that a mail client has no word for.
SKIPPED_FEATURES = {"max-chain-depth"}


def seconds(case):
    when = case.get("validation_time")
    if when is None:
        return datetime.datetime.now(datetime.timezone.utc)
    return datetime.datetime.fromisoformat(when.replace("Z", "+00:00"))


def skipped(case):
    if case["validation_kind"] != "SERVER":
        return "not a server"
    if not case.get("expected_peer_name"):
        return "no name is asked for"
    if SKIPPED_FEATURES & set(case.get("features") or []):
        return "asks for a depth"
    if case.get("crls"):
        return "asks for revocation lists"
    return None


def why(case, table):
    for reason, starts in table.items():
        for start in starts:
            if case["id"].startswith(start) if start.endswith(("::", "-")) else case["id"] == start:
                return reason
    return None


def run(command, lines):
    out = subprocess.run(command, input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return {a["id"]: a for a in map(json.loads, out.splitlines())}


def group_of(case):
    parts = case["id"].split("::")
    return "::".join(parts[:2]) if len(parts) > 2 else parts[0]


def columns(row, beside):
    text = f"{row['agree']:>8}{row['allowed']:>9}{row['wrong']:>7}{row['skipped']:>9}"
    if beside:
        text += f"   |{row['other']:>8}{row['open']:>8}{row['closed']:>8}"
    return text


def main():
    arguments = sys.argv[1:]
    beside = [arguments[1]] if arguments[:1] == ["--beside"] else None
    corpus, *command = arguments[2:] if beside else arguments
    with open(corpus, encoding="utf-8") as f:
        cases = json.load(f)["testcases"]
    lines = "".join(json.dumps({
        "id": c["id"],
        "host": c["expected_peer_name"]["value"],
        "time": seconds(c).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "roots": c["trusted_certs"],
        "intermediates": c["untrusted_intermediates"],
        "leaf": c["peer_certificate"],
    }) + "\n" for c in cases if not skipped(c))
    answers, others = run(command, lines), run(beside, lines) if beside else {}
    table = collections.defaultdict(collections.Counter)
    wrong = []
    for c in cases:
        row = table[group_of(c)]
        if skipped(c):
            row["skipped"] += 1
            continue
        accepted, valid = answers[c["id"]]["verdict"] == "ACCEPT", c["expected_result"] == "SUCCESS"
        if beside:
            other = others[c["id"]]["verdict"] == "ACCEPT"
            row["other" if other == valid else "open" if other else "closed"] += 1
        if accepted == valid:
            row["agree"] += 1
            continue
        reason = why(c, PEDANTIC if accepted else UNSUPPORTED)
        row["allowed" if reason else "wrong"] += 1
        wrong.append((reason, accepted, c["id"], answers[c["id"]]["reasons"]))
    total = collections.Counter()
    if beside:
        print(f"{'':<58}|  mbedTLS alone: accepted and refused wrongly")
    print(f"{'class':<24}{'agree':>8}{'allowed':>9}{'wrong':>7}{'skipped':>9}" +
          (f"   |{'agree':>8}{'accept':>8}{'refuse':>8}" if beside else ""))
    for group in sorted(table):
        total.update(table[group])
        print(f"{group:<24}" + columns(table[group], beside))
    print(f"{'all':<24}" + columns(total, beside))
    for reason, accepted, name, reasons in sorted(wrong, key=lambda w: (bool(w[0]), w[2])):
        did = "accepted" if accepted else "refused"
        print(f"{'  ' if reason else '! '}{did} {name}: {reason or ', '.join(reasons) or 'must be refused'}")
    return 1 if total["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
