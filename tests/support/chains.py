#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes chains in the manner of BetterTLS (path lengths, name constraints and extended key usages of CAs,
self-issued CAs, CAs of one name, signed across, unordered), and compares `emailctl verify --batch` with
`openssl verify` on them.

    chains.py FOLDER CASES SEED EMAILCTL…

Ends with 1 where the two differ. Left out is what they differ in on purpose: common names, CAs as servers,
constraints that are not critical, anyExtendedKeyUsage.
"""
import datetime
import ipaddress
import itertools
import json
import os
import random
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TIME = datetime.datetime(2027, 1, 1)
KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(10)]
HOSTS = ["mail.example.com", "192.0.2.7"]
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def dns(name):
    return x509.DNSName(name)


def net(text):
    return x509.IPAddress(ipaddress.ip_network(text))


def org(name):
    return x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]))


SUBTREES = [dns("example.com"), dns("mail.example.com"), dns("example.org"), dns("com"), dns(""), dns("ail.example.com"),
            net("192.0.2.0/24"), net("198.51.100.0/24"), net("192.0.2.7/32"), net("0.0.0.0/0"),
            org("Plant"), org("Other")]
NAMES = [dns("mail.example.com"), dns("*.example.com"), dns("a.mail.example.com"), dns("other.example.org"),
         x509.IPAddress(ipaddress.ip_address("192.0.2.7")), x509.IPAddress(ipaddress.ip_address("198.51.100.1"))]


def subject(common, organization="Plant"):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(name, key, issuer, issuer_key, extensions, begin=-30, end=300):
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(KEYS[key].public_key())
               .serial_number(random.getrandbits(100) + 1).not_valid_before(TIME + datetime.timedelta(days=begin))
               .not_valid_after(TIME + datetime.timedelta(days=end)))
    # so that OpenSSL can tell CAs of one name apart; we try them all
    extensions = extensions + [
        (x509.SubjectKeyIdentifier.from_public_key(KEYS[key].public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(KEYS[issuer_key].public_key()), False)]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEYS[issuer_key], hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def usage(sign):
    return x509.KeyUsage(digital_signature=not sign, content_commitment=False, key_encipherment=False,
                         data_encipherment=False, key_agreement=False, key_cert_sign=sign, crl_sign=sign,
                         encipher_only=False, decipher_only=False)


def rarely(odds):
    return random.random() < odds


def some_constraints():
    permitted = random.sample(SUBTREES, random.choice([0, 1, 2, 3]))
    # a wildcard that might stand for what is excluded we refuse, and OpenSSL reads it letter by letter
    plain = [tree for tree in SUBTREES if not str(tree.value).endswith("ail.example.com")]
    excluded = random.sample(plain, random.choice([0, 0, 1, 2])) if permitted else [random.choice(plain)]
    return x509.NameConstraints(permitted or None, excluded or None)


def ca_extensions(below):
    length = random.choice([0, 1, 2, below]) if rarely(0.3) else None
    is_ca = not rarely(0.04)
    extensions = [(x509.BasicConstraints(is_ca, length if is_ca else None), True)]
    if rarely(0.8):
        extensions.append((usage(not rarely(0.04)), True))
    if rarely(0.25):
        extensions.append((x509.ExtendedKeyUsage(random.choice([[SERVER], [SERVER, CLIENT], [SERVER], [CLIENT]])), False))
    if rarely(0.2):
        extensions.append((some_constraints(), True))
    return extensions


def make_case(number):
    depth = random.choice([0, 1, 1, 2, 2, 3])
    root = subject("Root")
    roots = [issue(root, 0, root, 0, ca_extensions(depth))]
    above, above_key, levels = root, 0, []
    for i in range(depth):
        own = above if rarely(0.25) else subject(f"CA {i}")
        key = i + 1
        level = [issue(own, key, above, above_key, ca_extensions(depth - 1 - i), end=-1 if rarely(0.06) else 300)
                 for _ in range(2 if rarely(0.25) else 1)]  # a twin of the same name and key: one of them may do
        if rarely(0.2):  # and one of the same name and another key
            level.append(issue(own, 8, above, above_key, ca_extensions(depth)))
        if rarely(0.15):  # signed across by a root that nobody has
            level.append(issue(own, key, subject("Nobody"), 9, ca_extensions(depth)))
        levels.append(level)
        above, above_key = own, key
    names = random.sample(NAMES, random.choice([1, 2, 3, 4]))
    extensions = [(x509.SubjectAlternativeName(names), False)]
    if rarely(0.7):
        extensions.append((x509.BasicConstraints(False, None), True))
    if rarely(0.8):
        extensions.append((x509.ExtendedKeyUsage([CLIENT] if rarely(0.05) else [SERVER]), False))
    if rarely(0.5):
        extensions.append((usage(False), True))
    leaf = issue(subject("The server", random.choice(["Plant", "Plant", "Other"])), 7, above, above_key, extensions,
                 begin=1 if rarely(0.03) else -30)
    if rarely(0.03):
        roots = [issue(root, 9, root, 9, ca_extensions(depth))]
    sent = [pem for level in levels for pem in level]
    random.shuffle(sent)
    return {"id": str(number), "host": random.choice(HOSTS), "time": TIME.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "roots": roots, "intermediates": sent, "leaf": leaf}, levels


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def openssl(folder, case, levels):
    """OpenSSL builds one path and judges that; so it is asked about each path that there is."""
    seconds = int((TIME - datetime.datetime(1970, 1, 1)).total_seconds())
    name = ["-verify_ip"] if case["host"][0].isdigit() else ["-verify_hostname"]
    command = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", write(folder, "roots", case["roots"][0]),
               "-purpose", "sslserver", "-attime", str(seconds), *name, case["host"]]
    leaf, why = write(folder, "leaf", case["leaf"]), ""
    for path in itertools.product(*levels):
        sent = ["-untrusted", write(folder, "sent", "".join(path))] if path else []
        result = subprocess.run(command + sent + [leaf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if result.returncode == 0:
            return True, ""
        why = result.stdout.decode(errors="replace")
    return False, why


def main():
    folder, count, seed, command = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    random.seed(seed)
    cases = [make_case(i) for i in range(count)]
    out = subprocess.run(command, input="".join(json.dumps(c) + "\n" for c, _ in cases), stdout=subprocess.PIPE,
                         encoding="utf-8", check=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    accepted = differ = 0
    for (case, levels), answer in zip(cases, answers, strict=True):
        theirs, why = openssl(folder, case, levels)
        ours = answer["verdict"] == "ACCEPT"
        accepted += ours
        if ours == theirs:
            continue
        differ += 1
        print(f"case {case['id']} (seed {seed}): we {'accept' if ours else 'refuse ' + str(answer['reasons'])}, "
              f"OpenSSL says {'OK' if theirs else why}")
        if "KEEP" in os.environ:
            write(os.environ["KEEP"], f"differs-{seed}-{case['id']}.json", json.dumps(case))
    print(f"{count} chains, {accepted} accepted, {differ} differ")
    return 1 if differ or not accepted or accepted == count else 0


if __name__ == "__main__":
    sys.exit(main())
