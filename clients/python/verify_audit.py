#!/usr/bin/env python3
"""Checks an export of mlfi's audit log without mlfi: python3 verify_audit.py EXPORT [--checkpoints FILE --key KEY] [--head HASH]

A second implementation on purpose, of Python's standard library alone. Exit code 0 intact, 1 broken, 2 not readable.
Chain: hash = SHA-256(0x00 || previous hash || sequence as 8 bytes || body). Tree: RFC 6962. Notes: C2SP. Keys: RFC 8032.
"""
import argparse, base64, hashlib, json, re, sys

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        result = add(result, point) if scalar & 1 else result
        point, scalar = add(point, point), scalar >> 1
    return result

def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

def signed(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    base = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    left, right = times(s, base), add(r, times(k, a))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return len(key) == 32 and len(signature) == 64 and s < Q and same

def root(leaves):
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()

def checkpoints(text, key):
    name, number, body = key.split("+", 2)
    raw = base64.b64decode(body)
    if raw[0] != 1 or hashlib.sha256(f"{name}\n".encode() + raw).hexdigest()[:8] != number:
        raise ValueError("the key is not <name>+<key id>+<key>")
    for note, by, packed in re.findall("((?:[^\n]+\n)+)\n\u2014 (\\S+) (\\S+)\n?", text):
        signature = base64.b64decode(packed)
        if by != name or signature[:4].hex() != number or not signed(raw[1:], note.encode(), signature[4:]):
            raise ValueError(f"a checkpoint is not signed by {name}")
        yield int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])

def check(lines, held, head):
    previous, hashes, agreed = "0" * 64, [], 0
    for at, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            body, claimed = base64.b64decode(entry["body"], validate=True), entry["hash"]
            linked = (entry["sequence"], entry["previous_hash"], entry["body"]) == (at, previous, base64.b64encode(body).decode())
        except (ValueError, KeyError, TypeError):
            return at, "cannot be read"
        right = hashlib.sha256(b"\0" + bytes.fromhex(previous) + at.to_bytes(8, "big") + body).hexdigest()
        if not linked or claimed != right:
            return at, "is missing, moved or changed"
        previous = right
        hashes.append(bytes.fromhex(right))
        for size, wanted in held:
            if size == at and root(hashes) != wanted:
                return agreed + 1, f"or a later one up to {at} is another one than when the checkpoint was made"
            agreed = at if size == at else agreed
    lost = any(size > len(hashes) for size, _ in held) or (head and bytes.fromhex(head) not in hashes)
    return (len(hashes) + 1, "is missing: the log was cut or replaced") if lost else None

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("export")
[arguments.add_argument(option) for option in ("--checkpoints", "--key", "--head")]
given, held = arguments.parse_args(), []
try:
    with open(given.export, encoding="utf-8", newline="\n") as file:
        lines = [line for line in file.read().split("\n") if line.strip()]
    if given.checkpoints:
        with open(given.checkpoints, encoding="utf-8") as file:
            held = sorted(checkpoints(file.read(), given.key or ""))
except (OSError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
fault = check(lines, held, given.head)
print(f"broken at entry {fault[0]}: it {fault[1]}" if fault else f"intact: {len(lines)} entries")
sys.exit(1 if fault else 0)
