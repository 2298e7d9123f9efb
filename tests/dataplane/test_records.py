"""Records both ways against pyOpenSSL: by pointers, by its own methods, and of our own."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator

import pytest
from cryptography.hazmat.bindings._rust import _openssl
from OpenSSL import SSL

from p2claw.cli.doctor.installation import check_data_plane
from p2claw.dataplane.carrier import _records
from p2claw.dataplane.carrier._records import (
    RECORD_OVERHEAD_BYTES,
    OwnRecords,
    Records,
    SlowRecords,
)
from p2claw.dataplane.carrier.records import records_of, records_way
from p2claw.errors import LinkError
from tests.support.dtls import dtls_ends, dtls_pair, handshake, sent_by, step

ALL = pytest.mark.parametrize("kind", [Records, SlowRecords, OwnRecords])
OPENSSL = pytest.mark.parametrize("kind", [Records, SlowRecords])
ODD_SIZES = (0, 1, 12, 13, 14, 40, 1431, 20_000, 65_507)
SIZES = (1, 2, 15, 16, 1191, 1431, 16_384)


@ALL
@pytest.mark.parametrize("is_client", [True, False])
def test_packets_go_both_ways(kind: type[Records], is_client: bool) -> None:
    client, server = dtls_pair()
    own, far = (client, server) if is_client else (server, client)
    records = kind(own)
    for size in SIZES:
        packet = random.Random(size).randbytes(size)
        record = records.seal(packet)
        assert len(record) <= size + RECORD_OVERHEAD_BYTES
        assert packet not in record or size < 4
        far.bio_write(record)
        assert far.recv(16_384) == packet
        far.send(packet)
        assert records.open(sent_by(far)) == [packet]
    assert (records.sealed, records.opened) == (len(SIZES), len(SIZES))


@pytest.mark.parametrize("other", [Records, SlowRecords, OwnRecords])
@ALL
def test_all_ways_read_each_other(kind: type[Records], other: type[Records]) -> None:
    client, server = dtls_pair()
    one, far = kind(client), other(server)
    assert far.open(one.seal(b"to the far one")) == [b"to the far one"]
    assert one.open(far.seal(b"to the near one")) == [b"to the near one"]


@ALL
def test_several_records_of_a_datagram_are_several_packets(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    packets = [bytes([n]) * (n + 1) for n in range(20)]
    assert records.open(b"".join(map(far.seal, packets))) == packets


@ALL
def test_what_is_forged_is_left_out_wherever_it_was_changed(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    record = far.seal(b"a packet of some bytes")
    for at in range(len(record)):
        forged = bytearray(record)
        forged[at] ^= 0x55
        assert records.open(bytes(forged)) == [], at
    assert records.open(record) == [b"a packet of some bytes"]


@ALL
def test_what_is_cut_is_left_out(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    record = far.seal(b"a packet")
    for length in range(len(record)):
        assert records.open(record[:length]) == [], length
    assert records.open(record) == [b"a packet"]


@ALL
def test_what_was_received_before_is_left_out(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    old = [far.seal(bytes([n])) for n in range(200)]
    assert records.open(old[199]) == [bytes([199])]
    assert records.open(old[199]) == []
    assert records.open(old[198]) == [bytes([198])]  # late, within the window of 64
    assert records.open(old[198]) == []
    assert records.open(old[0]) == []  # before the window


@ALL
def test_garbage_is_left_out_and_the_next_record_is_read(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    dice = random.Random(7)
    for turn in range(2_000):
        size = dice.choice(ODD_SIZES) if turn % 50 == 0 else dice.randrange(1, 80)
        garbage = bytearray(dice.randbytes(size))
        if garbage:
            garbage[0] = dice.choice((20, 21, 22, 23, 24, 25, 63))
        if len(garbage) > 2 and turn % 2:
            garbage[1:3] = b"\xfe\xfd"
        assert records.open(bytes(garbage)) == []
        if turn % 100 == 0:
            assert records.open(far.seal(b"after it")) == [b"after it"]


@ALL
def test_garbage_behind_a_record_spoils_nothing(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    assert records.open(far.seal(b"one") + b"\x17\xfe\xfd garbage") == [b"one"]
    assert records.open(far.seal(b"two")) == [b"two"]


@ALL
def test_an_alert_that_nobody_signed_ends_nothing(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    for epoch in (b"\0\0", b"\0\1"):
        alert = b"\x15\xfe\xfd" + epoch + b"\0\0\0\0\0\x63" + b"\0\2" + b"\2\0"
        assert records.open(alert) == []
    assert records.open(far.seal(b"still here")) == [b"still here"]


@ALL
def test_close_notify_is_the_end(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records = kind(client)
    server.shutdown()
    with pytest.raises(LinkError) as caught:
        records.open(sent_by(server))
    assert caught.value.code == "link-lost"


@ALL
def test_packets_in_front_of_close_notify_count_no_more_than_the_end(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records = kind(client)
    server.send(b"the last word")
    server.shutdown()
    with pytest.raises(LinkError, match="closed"):
        records.open(sent_by(server))
    assert records.opened == 1


@ALL
def test_nothing_is_sealed_after_our_own_end(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records = kind(client)
    server.bio_write(records.goodbye())
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)
    with pytest.raises(LinkError) as caught:
        records.seal(b"too late")
    assert caught.value.code == "record-failed"


@OPENSSL
def test_a_flight_that_comes_again_gets_ours_again(kind: type[Records]) -> None:
    """The server's last flight was lost: the client repeats its own (RFC 6347 §4.2.4)."""
    client, server = dtls_ends()
    lost = handshake(client, server, until=server)
    records = kind(server)
    time.sleep(client.DTLSv1_get_timeout() or 0)
    assert client.DTLSv1_handle_timeout()
    assert records.open(sent_by(client)) == []
    again = sent_by(server)
    assert len(again) == len(lost)
    step(client, again)
    assert kind(client).open(records.seal(b"and then data")) == [b"and then data"]


def test_a_flight_that_comes_again_gets_nothing_from_records_of_our_own() -> None:
    """The link answers it with what was sent first, which the other side has not seen."""
    client, server = dtls_ends()
    lost = handshake(client, server, until=server)
    records = OwnRecords(server)
    time.sleep(client.DTLSv1_get_timeout() or 0)
    assert client.DTLSv1_handle_timeout()
    assert records.open(sent_by(client)) == []
    step(client, lost)
    assert OwnRecords(client).open(records.seal(b"and then data")) == [b"and then data"]


def test_records_of_our_own_let_go_of_the_connection_at_once() -> None:
    client, server = dtls_pair()
    records, far = OwnRecords(client), OwnRecords(server)
    watched = weakref.ref(client)
    del client, server
    assert watched() is None  # without a collection of garbage
    assert records.open(far.seal(b"still here")) == [b"still here"]


@pytest.mark.parametrize(
    ("suite", "is_own"),
    [
        (b"ECDHE-ECDSA-AES128-GCM-SHA256", True),
        (b"ECDHE-ECDSA-AES256-GCM-SHA384", True),
        (b"ECDHE-ECDSA-CHACHA20-POLY1305", False),
        (b"ECDHE-ECDSA-AES128-SHA", False),
    ],
)
def test_other_suites_are_left_to_openssl(suite: bytes, is_own: bool) -> None:
    client, server = dtls_pair(suite)
    assert isinstance(records_of(client), OwnRecords) is is_own
    one, far = records_of(client), records_of(server)
    assert isinstance(far, OwnRecords) is is_own
    assert far.open(one.seal(b"there")) == [b"there"]
    assert one.open(far.seal(b"and back")) == [b"and back"]


@OPENSSL
def test_a_connection_lives_as_long_as_its_records(kind: type[Records]) -> None:
    client, server = dtls_pair()
    records, far = kind(client), kind(server)
    watched = weakref.ref(client)
    del client, server
    gc.collect()
    assert watched() is not None
    for turn in range(1_000):
        assert records.open(far.seal(b"%d" % turn)) == [b"%d" % turn]
    del records
    gc.collect()
    assert watched() is None


def test_an_error_that_others_left_with_openssl_ends_no_link() -> None:
    client, server = dtls_pair()
    records, far = Records(client), Records(server)
    for _ in range(3):
        _openssl.lib.SSL_CTX_set_cipher_list(SSL.Context(SSL.DTLS_METHOD)._context, b"no such one")
        assert _openssl.lib.ERR_peek_error() != 0
        assert records.open(b"\x17garbage") == []
    assert records.open(far.seal(b"still here")) == [b"still here"]


@pytest.fixture
def untried() -> Iterator[None]:
    """Find the way anew, here and for who comes after."""
    records_way.cache_clear()
    yield
    records_way.cache_clear()
    _records.load_pointers()


def test_the_fast_way_passes_the_test_here(untried: None) -> None:
    way = records_way()
    assert (way.kind, way.name, way.trouble) == (OwnRecords, "own", "")
    assert check_data_plane().level == "ok"


@pytest.mark.parametrize(
    ("name", "kind", "phrase"),
    [
        ("SSL_read", "int(*)(SSL *, void *, long)", "SSL_read is int(*)(SSL *, void *, int), not"),
        ("SSL_no_such_name", "int(*)(void)", "cryptography shows no OpenSSL"),
    ],
)
def test_a_pointer_that_is_not_what_it_should_be_is_not_used(
    untried: None, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, phrase: str
) -> None:
    monkeypatch.setitem(_records._TYPES, name, kind)
    with pytest.raises(LinkError) as caught:
        _records.load_pointers()
    assert caught.value.code == "openssl-pointers"
    assert phrase in caught.value.message


OTHER_TYPE = """
from p2claw.dataplane.carrier import _records
_records._TYPES["BIO_read"] = "int(*)(BIO *, void *, long)"
from p2claw.cli.doctor.installation import check_data_plane
from p2claw.cli.status import _plane_text
from p2claw.dataplane.carrier.records import records_way
way = records_way()
print(way.kind.__name__, way.trouble)
print(_plane_text({"records": way.name, "trouble": way.trouble}))
found = check_data_plane()
print(found.level, found.text, bool(found.advice))
"""


def test_where_pointers_cannot_be_had_links_go_the_slow_way_and_log_so() -> None:
    """In a process of its own: this one has found them long ago."""
    ran = subprocess.run([sys.executable, "-c", OTHER_TYPE], capture_output=True, check=True)
    way, status, doctor = ran.stdout.decode().splitlines()
    trouble = "BIO_read is int(*)(BIO *, void *, int), not int(*)(BIO *, void *, long)"
    assert way == f"SlowRecords {trouble}"
    assert "pyopenssl" in status and trouble in status
    assert doctor.startswith("warn ") and trouble in doctor and doctor.endswith(" True")
