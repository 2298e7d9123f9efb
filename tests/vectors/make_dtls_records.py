"""Writes dtls_records.json: secrets of handshakes, and records that are sealed with their keys.

Put together by `hmac` and `cryptography` from RFC 5246 §5, RFC 5288 and RFC 6347 §4.1.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALERT, HANDSHAKE, APPLICATION = 21, 22, 23
DTLS_1_2 = b"\xfe\xfd"
SALT_BYTES = 4
LAST_NUMBER = 2**48 - 1

SUITES: dict[str, tuple[str, int]] = {
    "AES128-GCM-SHA256": ("sha256", 16),
    "AES256-GCM-SHA384": ("sha384", 32),
}


@dataclass(frozen=True, slots=True)
class Side:
    """Seals with what one side writes with."""

    key: bytes
    salt: bytes

    def record(
        self,
        kind: int,
        number: int,
        nonce: int,
        text: bytes,
        *,
        version: bytes = DTLS_1_2,
        epoch: int = 1,
    ) -> bytes:
        """One record, its explicit nonce as it is named."""
        place = struct.pack("!Q", epoch << 48 | number)
        explicit = struct.pack("!Q", nonce)
        head = place + bytes([kind]) + version + struct.pack("!H", len(text))
        sealed = AESGCM(self.key).encrypt(self.salt + explicit, text, head)
        length = struct.pack("!H", len(explicit) + len(sealed))
        return bytes([kind]) + version + place + length + explicit + sealed


def prf(hash_name: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """RFC 5246 §5."""
    out, a = b"", label + seed
    while len(out) < length:
        a = hmac.digest(secret, a, hash_name)
        out += hmac.digest(secret, a + label + seed, hash_name)
    return out[:length]


def sides(suite: str, master: bytes, client_random: bytes, server_random: bytes) -> list[Side]:
    """The client and the server (RFC 5246 §6.3)."""
    hash_name, key_bytes = SUITES[suite]
    both = 2 * (key_bytes + SALT_BYTES)
    block = prf(hash_name, master, b"key expansion", server_random + client_random, both)
    salts = block[2 * key_bytes :]
    return [
        Side(block[:key_bytes], salts[:SALT_BYTES]),
        Side(block[key_bytes : 2 * key_bytes], salts[SALT_BYTES:]),
    ]


def dtls_records_json() -> dict[str, Any]:
    return {"connections": [_connection(suite, client) for suite in SUITES for client in (1, 0)]}


def _connection(suite: str, is_client: int) -> dict[str, Any]:
    """What one side seals after another implementation, and what it reads and does not."""
    master, client_random, server_random = (
        hashlib.shake_128(f"{suite} {name}".encode()).digest(length)
        for name, length in (("master", 48), ("client", 32), ("server", 32))
    )
    client, server = sides(suite, master, client_random, server_random)
    own, far = (client, server) if is_client else (server, client)
    first, nonce = (1, 0x1122334455667788) if is_client else (7, 2**64 - 2)
    texts = [b"a", b"twenty-eight bytes of a SACK", bytes(range(256)) * 5]
    return {
        "name": f"{'client' if is_client else 'server'}, {suite}",
        "suite": suite,
        "master": master.hex(),
        "client_random": client_random.hex(),
        "server_random": server_random.hex(),
        "probe": own.record(APPLICATION, first, nonce, b"\0").hex(),
        "sealed": [
            {
                "text": text.hex(),
                "record": own.record(APPLICATION, first + n, (nonce + n) % 2**64, text).hex(),
            }
            for n, text in enumerate(texts, 1)
        ],
        "goodbye": own.record(
            ALERT, first + 1 + len(texts), (nonce + 1 + len(texts)) % 2**64, b"\1\0"
        ).hex(),
        "read": _read(far),
        "ends": [
            {"name": name, "datagram": far.record(ALERT, 9, 9, text).hex(), "code": code}
            for name, text, code in (
                ("goodbye", b"\1\0", "link-lost"),
                ("a fatal alert", b"\2\x28", "record-failed"),
                ("a goodbye that counts as fatal", b"\2\0", "link-lost"),
            )
        ],
    }


def _read(far: Side) -> list[dict[str, Any]]:
    """Datagrams in the order in which they come to one side, and the texts in each."""
    seal: Callable[..., bytes] = far.record
    one = seal(APPLICATION, 3, 3, b"one")
    two = seal(APPLICATION, 4, 2**63, b"two")
    cases: list[tuple[str, bytes, list[bytes]]] = [
        ("one record", one, [b"one"]),
        ("it comes again", one, []),
        ("any nonce", two, [b"two"]),
        ("earlier, and late", seal(APPLICATION, 0, 0, b"zero"), [b"zero"]),
        (
            "several",
            seal(APPLICATION, 5, 5, b"five") + seal(APPLICATION, 6, 6, b"six"),
            [b"five", b"six"],
        ),
        ("an empty one", seal(APPLICATION, 7, 7, b""), []),
        ("a warning", seal(ALERT, 10, 10, b"\1\x5a"), []),
        ("half an alert", seal(ALERT, 11, 11, b"\2"), []),
        ("of the handshake", seal(HANDSHAKE, 12, 12, b"finished"), []),
        ("another version", seal(APPLICATION, 13, 13, b"?", version=b"\xfe\xff"), []),
        ("another epoch", seal(APPLICATION, 13, 13, b"?", epoch=2), []),
        ("of epoch 0", seal(APPLICATION, 13, 13, b"?", epoch=0), []),
        ("the kind of another", bytes([ALERT]) + seal(APPLICATION, 13, 13, b"\1\0")[1:], []),
        ("cut in the header", seal(APPLICATION, 13, 13, b"?")[:12], []),
        ("cut in the tag", seal(APPLICATION, 13, 13, b"?")[:-1], []),
        ("no room for a tag", b"\x17\xfe\xfd\0\1" + bytes(6) + b"\0\x17" + bytes(23), []),
        (
            "a forged one in front",
            seal(APPLICATION, 14, 14, b"forged")[:-1] + b"\0" + seal(APPLICATION, 14, 14, b"true"),
            [b"true"],
        ),
        ("the number that the cut ones had", seal(APPLICATION, 13, 13, b"true"), [b"true"]),
        ("far ahead", seal(APPLICATION, 1_000, 15, b"ahead"), [b"ahead"]),
        ("the oldest of the window", seal(APPLICATION, 937, 16, b"oldest"), [b"oldest"]),
        ("older than the window", seal(APPLICATION, 936, 17, b"older"), []),
        ("the last number", seal(APPLICATION, LAST_NUMBER, 18, b"last"), [b"last"]),
        ("one before it", seal(APPLICATION, LAST_NUMBER - 1, 19, b"late"), [b"late"]),
    ]
    return [
        {"name": name, "datagram": datagram.hex(), "texts": [text.hex() for text in texts]}
        for name, datagram, texts in cases
    ]
