"""CRC32c, by the instructions of the processor and by a table."""

from __future__ import annotations

import pytest

from p2claw.dataplane.core._sctp import crc32c, crc32c_by_table


def test_crc32c_of_the_check_value() -> None:
    assert crc32c(b"123456789") == crc32c_by_table(b"123456789") == 0xE3069283


LENGTHS = [*range(64), 255, 256, 263, 1191, *range(1400, 1440), 1535, 1536, 1791, 4000]


@pytest.mark.parametrize("length", LENGTHS)
def test_crc32c_is_the_same_by_every_way(length: int) -> None:
    octets = bytes(i * 7 % 256 for i in range(length))
    assert crc32c(octets) == crc32c_by_table(octets)


def test_crc32c_of_the_rfc_3720_vectors() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
