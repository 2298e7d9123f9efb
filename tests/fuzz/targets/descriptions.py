"""A session description: what is kept of it has the one fingerprint that was found."""

from __future__ import annotations

import re

from p2claw.wire.signalling.signatures import fingerprint_of, without_other_fingerprints
from tests.wire.vectors import read

_SEPARATOR = re.compile(r" *([=:]) *")

SEEDS = [case["sdp"].encode() for case in read("signatures.json")["descriptions"]]


def run(data: bytes) -> None:
    text = data.decode("latin-1")
    found = fingerprint_of(text)
    kept = without_other_fingerprints(text)
    # Read as the most generous parser would: any line break, any case, blanks around any word. In
    # the midst of a word none ignores them.
    lines = [_SEPARATOR.sub(r"\1", line.lower()) for line in kept.splitlines()]
    shown = {line.split()[1] for line in lines if "fingerprint:" in line}
    assert shown == {":".join(f"{byte:02x}" for byte in found)}
