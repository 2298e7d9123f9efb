"""Records of our own, by vectors, and by chance: what was sealed comes once or not at all.

All of it twice, with AES-GCM by instructions of the processor, where it has them, and by OpenSSL.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2claw.dataplane.carrier._records import OwnRecords, has_instructions, leave_instructions
from p2claw.errors import LinkError
from tests.support.dtls import dtls_pair
from tests.vectors.__main__ import FOLDER
from tests.vectors.make_dtls_records import APPLICATION, LAST_NUMBER, SUITES, prf, sides

CONNECTIONS = json.loads((FOLDER / "dtls_records.json").read_text())["connections"]
EACH = pytest.mark.parametrize("case", CONNECTIONS, ids=lambda case: case["name"])

SECRETS = bytes(range(48)), bytes(range(32)), bytes(range(32, 64))
SUITE = "AES128-GCM-SHA256"


@pytest.fixture(scope="module", params=["instructions", "openssl"], autouse=True)
def by(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which AES-GCM all records of this module have."""
    before = leave_instructions(request.param == "openssl")
    yield request.param
    leave_instructions(before)


def begun(case: dict[str, Any]) -> OwnRecords:
    master, client_random, server_random, probe = (
        bytes.fromhex(case[name]) for name in ("master", "client_random", "server_random", "probe")
    )
    return OwnRecords.after(case["suite"], master, client_random, server_random, probe)


def after(number: int, *, client: bool = True, nonce: int = 5) -> OwnRecords:
    """One side, the last record of which had this number."""
    side = sides(SUITE, *SECRETS)[0 if client else 1]
    return OwnRecords.after(SUITE, *SECRETS, side.record(APPLICATION, number, nonce, b"\0"))


def test_the_vectors_expand_secrets_as_the_published_example() -> None:
    """The one for SHA-256 that implementers of TLS 1.2 agreed on."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    got = prf("sha256", secret, b"test label", seed, 100)
    assert got.hex().startswith("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a")


@EACH
def test_what_is_sealed_is_what_the_vectors_name(case: dict[str, Any]) -> None:
    records = begun(case)
    for one in case["sealed"]:
        assert records.seal(bytes.fromhex(one["text"])).hex() == one["record"]
    assert records.goodbye().hex() == case["goodbye"]
    assert records.goodbye() == b""


@EACH
def test_what_comes_is_read_as_the_vectors_name(case: dict[str, Any]) -> None:
    records = begun(case)
    for one in case["read"]:
        got = [packet.hex() for packet in records.open(bytes.fromhex(one["datagram"]))]
        assert got == one["texts"], one["name"]


@EACH
def test_alerts_end_it(case: dict[str, Any]) -> None:
    for one in case["ends"]:
        with pytest.raises(LinkError) as caught:
            begun(case).open(bytes.fromhex(one["datagram"]))
        assert caught.value.code == one["code"], one["name"]


@pytest.mark.skipif(not has_instructions(), reason="this processor has no VAES")
@pytest.mark.parametrize("suite", SUITES)
def test_both_seal_the_same_and_read_each_other_at_every_length(suite: str) -> None:
    dice = random.Random(7)
    probes = [side.record(APPLICATION, 1, 1, b"\0") for side in sides(suite, *SECRETS)]
    ends = []
    for leaves in (False, True):
        before = leave_instructions(leaves)
        ends.append([OwnRecords.after(suite, *SECRETS, probe) for probe in probes])
        leave_instructions(before)
    (one, far), (openssl, openssl_far) = ends
    lengths = [*range(1, 800), *(dice.randrange(800, 16_385) for _ in range(200)), 16_384]
    for length in lengths:
        text = dice.randbytes(length)
        record = one.seal(text)
        assert record == openssl.seal(text), length
        forged = bytearray(record)
        forged[dice.randrange(13, len(record))] ^= 1 << dice.randrange(8)
        for end in (far, openssl_far):
            assert end.open(bytes(forged)) == []
            assert end.open(record) == [text]


def test_a_record_that_is_longer_than_any_may_be_is_left_out() -> None:
    far = sides(SUITE, *SECRETS)[1]
    records = after(1)
    assert records.open(far.record(APPLICATION, 1, 1, bytes(16_385))) == []
    assert records.open(far.record(APPLICATION, 1, 1, bytes(16_384))) == [bytes(16_384)]


@pytest.mark.parametrize("wrong", ["secrets", "number", "text", "length", "kind", "two"])
def test_a_probe_that_proves_nothing_begins_nothing(wrong: str) -> None:
    side = sides(SUITE, *SECRETS)[0]
    probe = side.record(APPLICATION, 1, 1, b"\0")
    secrets = SECRETS
    if wrong == "secrets":
        secrets = (bytes(48), *SECRETS[1:])
    elif wrong == "number":
        probe = probe[:10] + b"\2" + probe[11:]
    elif wrong == "text":
        probe = side.record(APPLICATION, 1, 1, b"\1")
    elif wrong == "length":
        probe = side.record(APPLICATION, 1, 1, b"\0\0")
    elif wrong == "kind":
        probe = side.record(21, 1, 1, b"\0")
    else:
        probe += probe
    with pytest.raises(LinkError) as caught:
        OwnRecords.after(SUITE, *secrets, probe)
    assert caught.value.code == "records-not-own"


def test_nothing_is_sealed_beyond_the_last_number() -> None:
    records = after(LAST_NUMBER - 2)
    records.seal(b"the last but one")
    assert records.seal(b"the last")[5:11] == b"\xff" * 6
    for _ in range(2):
        with pytest.raises(LinkError) as caught:
            records.seal(b"one more")
        assert caught.value.code == "record-failed"
    assert records.goodbye() == b""


def test_no_nonce_comes_twice_however_often_records_are_refused() -> None:
    records = after(1, nonce=2**64 - 3)
    nonces = [2**64 - 3]
    for turn in range(200):
        if turn % 3 == 0:
            with pytest.raises(LinkError):
                records.seal(bytes(16_385))
        nonces.append(int.from_bytes(records.seal(b"packet")[13:21], "big"))
    assert len(set(nonces)) == len(nonces)


def test_numbers_and_nonces_go_on_where_openssl_stopped() -> None:
    client, server = dtls_pair()
    client.send(b"by OpenSSL")
    last = client.bio_read(1_500)
    server.bio_write(last)
    assert server.recv(100) == b"by OpenSSL"
    record = OwnRecords(client).seal(b"by us")
    skipped = 2  # the one between them is the probe, which nobody gets
    assert int.from_bytes(record[3:11], "big") == int.from_bytes(last[3:11], "big") + skipped
    nonces = [int.from_bytes(one[13:21], "big") for one in (last, record)]
    assert (nonces[1] - nonces[0]) % 2**64 == skipped


@pytest.mark.parametrize("suite", SUITES)
def test_after_goodbye_nothing_is_opened(suite: str) -> None:
    own = sides(suite, *SECRETS)
    records = OwnRecords.after(suite, *SECRETS, own[0].record(APPLICATION, 1, 1, b"\0"))
    assert records.goodbye()
    with pytest.raises(LinkError) as caught:
        records.open(own[1].record(APPLICATION, 1, 1, b"late"))
    assert caught.value.code == "record-failed"


ACTION = st.sampled_from(
    ["seal", "deliver", "deliver-last", "again", "flip", "cut", "garbage", "join", "flight"]
)


@settings(max_examples=100, deadline=None)
@given(actions=st.lists(ACTION, max_size=60), seed=st.integers(0, 2**32))
def test_whatever_the_path_does_packets_come_once_or_not_at_all(
    actions: list[str], seed: int
) -> None:
    dice = random.Random(seed)
    one, far = after(1), after(dice.choice([1, 40, LAST_NUMBER - 80]), client=False)
    waiting: list[bytes] = []
    old: list[bytes] = []
    sealed: dict[bytes, bytes] = {}
    come: list[bytes] = []

    def read(datagram: bytes) -> list[bytes]:
        got = far.open(datagram)
        come.extend(got)
        return got

    for count, action in enumerate(actions):
        if action == "seal":
            text = b"%d " % count + dice.randbytes(dice.choice([0, 1, 15, 28, 1_400]))
            waiting.append(one.seal(text))
            sealed[waiting[-1]] = text
        elif action in ("deliver", "deliver-last") and waiting:
            record = waiting.pop(0 if action == "deliver" else -1)
            old.append(record)
            assert read(record) == [sealed[record]]  # 60 are within the window
        elif action == "again" and old:
            assert read(dice.choice(old)) == []
        elif action == "flip" and waiting:
            forged = bytearray(dice.choice(waiting))
            forged[dice.randrange(len(forged))] ^= 1 << dice.randrange(8)
            assert read(bytes(forged)) == []
        elif action == "cut" and waiting:
            record = dice.choice(waiting)
            assert read(record[: dice.randrange(len(record))]) == []
        elif action == "garbage":
            assert read(bytes([dice.choice([20, 21, 22, 23])]) + dice.randbytes(70)) == []
        elif action == "flight":
            assert read(b"\x16\xfe\xfd" + bytes(9) + b"\x28" + dice.randbytes(40)) == []
        elif action == "join" and len(waiting) > 1:
            together, waiting = waiting[:2], waiting[2:]
            old.extend(together)
            assert read(b"".join(together)) == [sealed[record] for record in together]
    assert len(set(come)) == len(come)
    assert set(come) <= set(sealed.values())
