#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a corpus in x509-limbo's format through a verifier that takes a JSON case a line.

    limbo.py CORPUS.json [--beside PROGRAM] COMMAND [ARGUMENT…]
    limbo.py limbo.json --beside build/tests/programs/mbedverify build/emailctl verify --batch

Prints agreement per class, beside another program's, and every case that differs, with why it may.
Classes are the corpus's own, by the first two parts of an id. Ends with 1 where a certificate
was accepted that must be refused and is not on the list of pedantic ones, or where a valid one was
refused for any other reason than a feature that the list names.
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
    "size of an RSA key": ["webpki::forbidden-weak-rsa-key-in-", "webpki::forbidden-rsa-not-divisable-by-8-in-",
                           "webpki::forbidden-rsa-key-not-divisable-by-8-in-"],
    "any, no, or a critical extended key usage of a leaf, one on a root": [
        "webpki::eku::ee-anyeku", "webpki::eku::ee-critical-eku", "webpki::eku::ee-without-eku",
        "webpki::eku::root-has-eku"],
    "a root's own signature": ["webpki::forbidden-signature-algorithm-in-root"],
    "wildcard of a public suffix": ["webpki::san::public-suffix-wildcard-san"],
    "name constraints not critical, which the web's profile allows": [
        "rfc5280::nc::permitted-dns-match-noncritical"],
}
NEVER = ("webpki::forbidden-weak-rsa-key-in-",)  # keys below policy are never pedantic
# Valid, and refused: what is not supported.
UNSUPPORTED = {
    "a server with a CA's certificate, which rule 2 refuses": ["pathlen::validation-ignores-pathlen-in-leaf"],
    "the host asked for is not among the certificate's names": ["rfc5280::nc::permitted-dn-match"],
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
            if (case["id"] == start if not start.endswith(("::", "-")) else case["id"].startswith(start)) and not case["id"].startswith(NEVER):
                return reason
    return None


def group(case):
    parts = case["id"].split("::")
    return "::".join(parts[:2]) if len(parts) > 2 else parts[0]


def ask(command, cases):
    lines = "".join(json.dumps({
        "id": c["id"],
        "host": c["expected_peer_name"]["value"],
        "time": seconds(c).astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "roots": c["trusted_certs"],
        "intermediates": c["untrusted_intermediates"],
        "leaf": c["peer_certificate"],
    }) + "\n" for c in cases)
    out = subprocess.run(command, input=lines, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return {a["id"]: a for a in map(json.loads, out.splitlines())}


def compare(cases, answers):
    """Per class: agree, allowed to differ, wrong either way, skipped. And what differs."""
    table, differs = collections.defaultdict(collections.Counter), []
    for c in cases:
        row = table[group(c)]
        if skipped(c):
            row["skipped"] += 1
            continue
        a = answers.get(c["id"], {"verdict": "none", "reasons": ["no answer"]})
        accepted, valid = a["verdict"] == "ACCEPT", c["expected_result"] == "SUCCESS"
        if accepted == valid and a["verdict"] in ("ACCEPT", "REFUSE"):
            row["agree"] += 1
            continue
        reason = why(c, PEDANTIC if accepted else UNSUPPORTED)
        row["allowed" if reason else "taken" if accepted else "refused"] += 1
        differs.append((reason, accepted, c["id"], a["reasons"]))
    return table, differs


def main():
    corpus, command, beside = sys.argv[1], sys.argv[2:], None
    if command[0] == "--beside":
        beside, command = command[1], command[2:]
    with open(corpus, encoding="utf-8") as f:
        cases = json.load(f)["testcases"]
    asked = [c for c in cases if not skipped(c)]
    table, differs = compare(cases, ask(command, asked))
    other = compare(cases, ask([beside], asked))[0] if beside else None
    columns = ("agree", "allowed", "taken", "refused", "skipped")
    print(f"{'':<20}" + "".join(f"{c:>9}" for c in columns) + ("   beside:" + "".join(
        f"{c:>9}" for c in columns[:4]) if other else ""))
    total, other_total = collections.Counter(), collections.Counter()
    for name in sorted(table):
        total.update(table[name])
        if other:
            other_total.update(other[name])
    for name, row in [*sorted(table.items()), ("all", total)]:
        line = f"{name:<20}" + "".join(f"{row[c]:>9}" for c in columns)
        if other:
            row = other_total if name == "all" else other[name]
            line += "          " + "".join(f"{row[c]:>9}" for c in columns[:4])
        print(line)
    print("taken: accepted, and must be refused; refused: and is valid; allowed: either, on the list of tests/limbo.py")
    for reason, accepted, name, reasons in sorted(differs, key=lambda w: (bool(w[0]), w[2])):
        did = "accepted" if accepted else "refused"
        print(f"{'  ' if reason else '! '}{did} {name}: {reason or ', '.join(reasons) or 'must be refused'}")
    return 1 if total["taken"] or total["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
