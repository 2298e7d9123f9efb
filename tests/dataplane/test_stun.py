"""STUN messages: the samples of RFC 5769, aioice both ways, and everything that is wrong."""

from __future__ import annotations

import binascii
import hashlib
import hmac as reference_hmac
import ipaddress
import random
import struct

import pytest
from aioice import stun as aioice

from p2claw.dataplane.core import _stun
from p2claw.dataplane.core._stun import Message
from p2claw.errors import LocalProtocolError
from tests.dataplane import stun_samples as samples

KEY = b"a password of twenty-two"
OTHER_KEY = b"b password of twenty-two"
TRANSACTION = bytes(range(12))
ADDRESSES = [("192.0.2.1", 32853), ("0.0.0.0", 0), ("2001:db8::1", 65535), ("::1", 1)]


def packed(host: str) -> bytes:
    """16 bytes, as the C side keeps them."""
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return bytes(10) + b"\xff\xff" + address.packed
    return address.packed


def good(data: bytes) -> Message:
    message = _stun.read(data)
    assert message is not None
    return message


def attribute(type: int, value: bytes) -> bytes:
    return struct.pack("!HH", type, len(value)) + value + bytes(-len(value) % 4)


def assembled(type: int, *attributes: bytes) -> bytes:
    body = b"".join(attributes)
    return struct.pack("!HHI", type, len(body), aioice.COOKIE) + TRANSACTION + body


def signed(type: int, *attributes: bytes, after: bytes = b"") -> bytes:
    """With MESSAGE-INTEGRITY by KEY, something after it, and FINGERPRINT."""
    data = assembled(type, *attributes)
    data += attribute(0x0008, aioice.message_integrity(data, KEY)) + after
    data += attribute(0x8028, struct.pack("!I", aioice.message_fingerprint(data)))
    return aioice.set_body_length(data, len(data) - 20)


def aioice_request(role: str = "ICE-CONTROLLED", nominate: bool = False) -> aioice.Message:
    request = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST, TRANSACTION)
    request.attributes["USERNAME"] = "theirs:ours"
    request.attributes["PRIORITY"] = 0x6E0001FF
    request.attributes[role] = 2**64 - 2
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(KEY)
    return request


# What the RFC prints


def test_the_request_of_rfc_5769_is_read() -> None:
    message = good(samples.REQUEST)
    assert message.type == "request"
    assert message.transaction == samples.TRANSACTION
    assert message.username == b"evtj:h6vY"
    assert message.priority == 0x6E0001FF
    assert (message.role, message.tie_breaker) == ("controlled", 0x932FF9B151263B36)
    assert message.has_fingerprint
    assert not message.use_candidate
    assert (message.mapped, message.error_code, message.unknown_count) == (None, None, 0)
    assert message.verify(samples.PASSWORD)
    assert not message.verify(samples.PASSWORD[:-1])


@pytest.mark.parametrize(
    ("data", "host"),
    [(samples.IPV4_RESPONSE, samples.IPV4), (samples.IPV6_RESPONSE, samples.IPV6)],
    ids=["ipv4", "ipv6"],
)
def test_the_responses_of_rfc_5769_are_read(data: bytes, host: str) -> None:
    message = good(data)
    assert message.type == "success"
    assert message.transaction == samples.TRANSACTION
    assert message.mapped == (packed(host), samples.PORT)
    assert message.verify(samples.PASSWORD)


def test_the_long_term_request_of_rfc_5769_is_read() -> None:
    message = good(samples.LONG_TERM_REQUEST)
    parts = (samples.LONG_TERM_USERNAME, samples.LONG_TERM_REALM, samples.LONG_TERM_PASSWORD)
    assert message.username == samples.LONG_TERM_USERNAME.encode()
    assert not message.has_fingerprint
    assert message.unknown_count == 0
    assert message.verify(hashlib.md5(":".join(parts).encode()).digest())


def test_the_checks_of_browsers_are_read() -> None:
    chromium, firefox = good(samples.CHROMIUM_CHECK), good(samples.FIREFOX_CHECK)
    assert chromium.verify(samples.CHROMIUM_PASSWORD)
    assert firefox.verify(samples.FIREFOX_PASSWORD)
    assert (chromium.username, firefox.username) == (b"ct1o:ukRs", b"ti09:f1fab9c7")
    assert (chromium.use_candidate, firefox.use_candidate) == (True, False)
    assert (chromium.role, firefox.role) == ("controlling", "controlling")
    assert (chromium.unknown_count, firefox.unknown_count) == (0, 0)


@pytest.mark.parametrize("length", [0, 1, 22, 63, 64, 65, 200, 513])
def test_the_mac_is_that_of_the_library(length: int) -> None:
    random_bytes = random.Random(length).randbytes
    key = random_bytes(length)
    for size in (0, 1, 55, 56, 63, 64, 65, 119, 120, 1000):
        data = random_bytes(size)
        expected = reference_hmac.new(key, data, "sha1").digest()
        assert _stun.hmac(key, data) == expected
        assert _stun.hmac(key, data[: size // 3], b"", data[size // 3 :]) == expected


def test_the_checksum_is_that_of_the_library() -> None:
    for byte in range(256):
        assert _stun.crc32(bytes([byte])) == binascii.crc32(bytes([byte]))
    for size in (0, 4, 100, 1001):
        data = random.Random(size).randbytes(size)
        assert _stun.crc32(data) == binascii.crc32(data)


# Both ways with aioice


@pytest.mark.parametrize("nominate", [False, True])
@pytest.mark.parametrize("role", ["ICE-CONTROLLING", "ICE-CONTROLLED"])
def test_our_request_is_aioices_byte_for_byte(role: str, nominate: bool) -> None:
    controlling = role == "ICE-CONTROLLING"
    ours = _stun.write_request(
        TRANSACTION,
        b"theirs:ours",
        0x6E0001FF,
        controlling=controlling,
        tie_breaker=2**64 - 2,
        use_candidate=nominate,
        key=KEY,
    )
    assert ours == bytes(aioice_request(role, nominate and controlling))
    message = good(ours)
    assert message.verify(KEY)
    assert message.role == ("controlling" if controlling else "controlled")
    assert message.use_candidate == (nominate and controlling)


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_our_success_is_aioices_byte_for_byte(address: tuple[str, int]) -> None:
    theirs = aioice.Message(aioice.Method.BINDING, aioice.Class.RESPONSE, TRANSACTION)
    theirs.attributes["XOR-MAPPED-ADDRESS"] = address
    theirs.add_message_integrity(KEY)
    host, port = address
    ours = _stun.write_success(TRANSACTION, packed(host), port, KEY)
    assert ours == bytes(theirs)
    message = good(ours)
    assert message.mapped == (packed(host), port)
    assert message.verify(KEY)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(400, "Bad Request"), (401, "Unauthenticated"), (487, "Role Conflict")],
)
def test_our_errors_are_aioices_byte_for_byte(code: int, reason: str) -> None:
    theirs = aioice.Message(aioice.Method.BINDING, aioice.Class.ERROR, TRANSACTION)
    theirs.attributes["ERROR-CODE"] = (code, reason)
    if code == 487:
        theirs.add_message_integrity(KEY)
    else:
        theirs.add_fingerprint()
    ours = _stun.write_error(good(bytes(aioice_request())), code, KEY if code == 487 else None)
    assert ours == bytes(theirs)
    assert good(ours).error_code == code


def test_a_request_with_attributes_that_nobody_knows_gets_their_numbers() -> None:
    strangers = [attribute(0x7000 + n, b"x" * n) for n in range(11)]
    request = good(signed(0x0001, *strangers, attribute(0xC057, b"optional")))
    assert request.unknown_count == 11
    assert request.unknown == tuple(range(0x7000, 0x7000 + _stun.UNKNOWN_KEPT))
    ours = _stun.write_error(request, 420, KEY)
    assert ours is not None
    assert attribute(0x000A, struct.pack("!8H", *request.unknown)) in ours
    assert attribute(0x0009, b"\0\0\x04\x14Unknown Attribute") in ours
    assert (good(ours).error_code, good(ours).verify(KEY)) == (420, True)
    assert aioice.parse_message(ours).error_code == 420


def test_a_code_that_we_never_respond_with_is_not_written() -> None:
    assert _stun.write_error(good(bytes(aioice_request())), 500, KEY) is None


def test_a_whole_response_is_the_success_for_who_asked() -> None:
    response = _stun.respond(bytes(aioice_request()), KEY, packed("192.0.2.7"), 99)
    assert response == _stun.write_success(TRANSACTION, packed("192.0.2.7"), 99, KEY)


# What is wrong


@pytest.mark.parametrize("data", [samples.REQUEST, samples.IPV6_RESPONSE], ids=["request", "v6"])
def test_a_message_cut_at_any_length_is_refused(data: bytes) -> None:
    for length in range(len(data)):
        assert _stun.read(data[:length]) is None
        assert _stun.read(data + bytes(length + 1)) is None


@pytest.mark.parametrize("data", [samples.REQUEST, samples.IPV6_RESPONSE], ids=["request", "v6"])
def test_a_message_cut_at_any_length_that_it_declares_is_refused_or_unsigned(data: bytes) -> None:
    for length in range(20, len(data) - 8, 4):
        cut = _stun.read(aioice.set_body_length(data[:length], length - 20))
        assert cut is None or not cut.verify(samples.PASSWORD)


@pytest.mark.parametrize("data", [samples.REQUEST, samples.IPV4_RESPONSE], ids=["request", "v4"])
def test_a_flipped_bit_leaves_no_right_fingerprint(data: bytes) -> None:
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        message = _stun.read(bytes(flipped))
        assert message is None or not message.has_fingerprint, bit


def test_no_bit_before_the_signature_can_be_flipped_by_who_makes_the_fingerprint_right() -> None:
    end = samples.REQUEST.index(b"\x00\x08\x00\x14") + 24
    for bit in range(end * 8):
        flipped = bytearray(samples.REQUEST[:end])
        flipped[bit // 8] ^= 1 << bit % 8
        data = bytes(flipped)
        data += attribute(0x8028, struct.pack("!I", aioice.message_fingerprint(data)))
        message = _stun.read(data)
        assert message is None or not message.verify(samples.PASSWORD), bit


def test_a_signature_by_another_key_is_refused() -> None:
    data = bytes(aioice_request())
    assert not good(data).verify(OTHER_KEY)
    assert _stun.respond(data, OTHER_KEY, packed("::1"), 1) is None


def test_a_message_without_a_signature_is_not_verified_by_any_key() -> None:
    message = good(assembled(0x0001, attribute(0x0006, b"theirs:ours")))
    assert not message.has_integrity
    assert not message.verify(b"")
    assert not message.verify(KEY)


def test_what_follows_the_signature_is_as_if_it_were_not_there() -> None:
    after = attribute(0x0006, b"mallory") + attribute(0x0025, b"") + attribute(0x7000, b"")
    message = good(signed(0x0001, attribute(0x0024, b"\0\0\0\1"), after=after))
    assert message.verify(KEY)
    assert message.username is None
    assert not message.use_candidate
    assert message.unknown_count == 0


def test_a_second_signature_does_not_replace_the_first() -> None:
    data = signed(0x0001, attribute(0x0006, b"a:b"), after=attribute(0x0008, bytes(20)))
    assert good(data).verify(KEY)


def test_of_an_attribute_that_comes_twice_the_first_counts() -> None:
    message = good(
        signed(
            0x0101,
            *(attribute(0x0006, name) for name in (b"first", b"second")),
            *(attribute(0x0024, number) for number in (b"\0\0\0\1", b"\0\0\0\2")),
            *(attribute(0x802A, number) for number in (bytes(8), b"\xff" * 8)),
            attribute(0x0020, b"\0\1" + bytes(6)),
            attribute(0x0020, b"\0\2" + bytes(18)),
        )
    )
    assert (message.username, message.priority, message.tie_breaker) == (b"first", 1, 0)
    assert message.mapped == (packed("33.18.164.66"), 0x2112)


@pytest.mark.parametrize(
    "data",
    [
        assembled(0x0003),
        assembled(0x0201),
        assembled(0x4001),
        assembled(0x8001),
        assembled(0x0001).replace(b"\x21\x12\xa4\x42", b"\x21\x12\xa4\x43"),
        assembled(0x0111),
        assembled(0x0001, attribute(0x0008, bytes(19))),
        assembled(0x0001, attribute(0x0008, bytes(32))),
        assembled(0x0001, attribute(0x0024, bytes(3))),
        assembled(0x0001, attribute(0x0025, b"x")),
        assembled(0x0001, attribute(0x8029, bytes(4))),
        assembled(0x0001, attribute(0x8029, bytes(8)), attribute(0x802A, bytes(8))),
        assembled(0x0101, attribute(0x0020, bytes(3))),
        assembled(0x0101, attribute(0x0020, b"\0\1" + bytes(18))),
        assembled(0x0101, attribute(0x0020, b"\0\2" + bytes(6))),
        assembled(0x0101, attribute(0x0020, b"\0\3" + bytes(6))),
        assembled(0x0111, attribute(0x0009, b"\0\0\4")),
        assembled(0x0111, attribute(0x0009, b"\0\0\2\0")),
        assembled(0x0111, attribute(0x0009, b"\0\0\7\0")),
        assembled(0x0111, attribute(0x0009, b"\0\0\4\x64")),
        assembled(0x0001, b"\0\6\0\5four"),
        assembled(0x0001, b"\x80\x22\xff\xff"),
        assembled(0x0001, attribute(0x8028, bytes(4))),
        assembled(0x0001, attribute(0x8028, b"")),
    ],
    ids=lambda data: bytes(data[:2] + data[20:30]).hex(),
)
def test_a_message_that_breaks_a_rule_of_form_is_refused(data: bytes) -> None:
    assert _stun.read(data) is None


def test_the_fingerprint_must_be_the_last() -> None:
    data = signed(0x0001, attribute(0x0006, b"a:b"))
    assert good(data).has_fingerprint
    assert _stun.read(aioice.set_body_length(data + attribute(0x8022, b""), len(data) - 16)) is None


def test_an_indication_is_read_and_gets_no_response() -> None:
    data = signed(0x0011)
    assert good(data).type == "indication"
    assert _stun.respond(data, KEY, packed("::1"), 1) is None


# Writing into what the caller has


def test_nothing_is_written_where_it_does_not_fit() -> None:
    request = good(signed(0x0001, *(attribute(0x7000 + n, b"") for n in range(9))))
    username = b"u" * 256 + b":" + b"v" * 256

    def success(capacity: int) -> bytes | None:
        return _stun.write_success(TRANSACTION, packed("::1"), 9, KEY, capacity=capacity)

    def error(capacity: int) -> bytes | None:
        return _stun.write_error(request, 420, KEY, capacity=capacity)

    def check(capacity: int) -> bytes | None:
        return _stun.write_request(
            TRANSACTION,
            username,
            1,
            controlling=True,
            tie_breaker=1,
            use_candidate=True,
            key=KEY,
            capacity=capacity,
        )

    for write, most in (
        (success, _stun.SUCCESS_BYTES),
        (error, _stun.ERROR_BYTES),
        (check, _stun.REQUEST_BYTES),
    ):
        whole = write(most)
        assert whole is not None
        assert len(whole) == most
        assert [n for n in range(most) if write(n) is not None] == []


def test_a_username_of_any_length_is_padded_with_zeroes() -> None:
    for length in range(9):
        request = aioice_request()
        request.attributes["USERNAME"] = "u" * length
        request.add_message_integrity(KEY)
        ours = _stun.write_request(
            TRANSACTION,
            b"u" * length,
            0x6E0001FF,
            controlling=False,
            tie_breaker=2**64 - 2,
            use_candidate=False,
            key=KEY,
        )
        assert ours == bytes(request)


def test_a_transaction_or_address_of_another_length_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="12 bytes"):
        _stun.write_success(bytes(16), packed("::1"), 1, KEY)
    with pytest.raises(LocalProtocolError, match="16 bytes"):
        _stun.write_success(TRANSACTION, bytes(4), 1, KEY)
