"""One connectivity check, read, verified and responded to: `pytest bench/test_stun.py`."""

from __future__ import annotations

import ipaddress

from aioice import stun
from pytest_benchmark.fixture import BenchmarkFixture

from p2claw.dataplane.core import _stun
from p2claw.dataplane.core._stun import Consent

PASSWORD = "a password of ICE, 32 characters"
KEY = PASSWORD.encode()
HOST, PORT = "192.0.2.1", 32_853
MAPPED = ipaddress.IPv6Address(f"::ffff:{HOST}").packed
CHECK = _stun.write_request(
    bytes(range(12)),
    b"abcdefgh:ijkl",
    0x6E0001FF,
    controlling=True,
    tie_breaker=1 << 63,
    use_candidate=False,
    key=KEY,
)
RESPONSE = _stun.write_success(bytes(range(12)), MAPPED, PORT, KEY)


def by_aioice(data: bytes) -> bytes | None:
    """What aioice.ice.Connection.request_received does for a check of the selected pair."""
    message = stun.parse_message(data)
    if not message.check_message_integrity(PASSWORD.encode("utf8")):
        return None
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (HOST, PORT)
    response.add_message_integrity(PASSWORD.encode("utf8"))
    return bytes(response)


def test_respond_to_a_check(benchmark: BenchmarkFixture) -> None:
    assert benchmark(_stun.respond, CHECK, KEY, MAPPED, PORT) == RESPONSE


def test_respond_to_a_check_with_aioice(benchmark: BenchmarkFixture) -> None:
    assert benchmark(by_aioice, CHECK) == RESPONSE


def test_a_round_of_consent(benchmark: BenchmarkFixture) -> None:
    """A question, its request written, its response verified and read."""
    consent = Consent(bytes(range(32)), 0)

    def ask() -> bool:
        at = consent.next_timeout()
        assert at is not None
        transaction = consent.handle_timeout(at)
        assert transaction is not None
        _stun.write_request(
            transaction,
            b"ijkl:abcdefgh",
            0x6E0001FF,
            controlling=False,
            tie_breaker=1,
            use_candidate=False,
            key=KEY,
        )
        response = _stun.write_success(transaction, MAPPED, PORT, KEY)
        assert response is not None
        message = _stun.read(response)
        assert message is not None
        return message.verify(KEY) and consent.confirmed(message.transaction, at + 1000)[0]

    assert benchmark(ask)
