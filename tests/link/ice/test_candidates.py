"""Candidates as text, both ways, and hostile ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2claw.errors import RemoteProtocolError
from p2claw.link.ice.candidates import read_candidate, write_candidate

CHROMIUM = (
    "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 0.0.0.0 rport 0"
    " generation 0 ufrag EEtu network-cost 999"
)
TCP = "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active"


def test_a_browsers_candidate_is_read() -> None:
    candidate = read_candidate(CHROMIUM)
    assert candidate is not None
    assert (candidate.host, candidate.port, candidate.type) == ("198.51.100.7", 46154, "srflx")


def test_what_is_written_is_read_back() -> None:
    candidate = read_candidate("candidate:1 1 udp 2130706431 2001:db8::1 5000 typ host")
    assert candidate is not None
    assert write_candidate(candidate) == "candidate:1 1 udp 2130706431 2001:db8::1 5000 typ host"


@pytest.mark.parametrize(
    "text",
    [
        TCP,
        "candidate:1 2 udp 1 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 1 0.0.0.0 5000 typ host",
        "candidate:1 1 udp 1 224.0.0.251 5353 typ host",
    ],
)
def test_a_kind_without_use_is_no_candidate(text: str) -> None:
    assert read_candidate(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "candidate:1 1 udp",
        "candidate:1 1 udp 1 not-an-address 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0 typ host",
        "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:1 1 udp -1 192.0.2.1 5000 typ host",
        "candidate:1 one udp 1 192.0.2.1 5000 typ host",
        CHROMIUM + " x" * 1024,
    ],
)
def test_what_is_no_candidate_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        read_candidate(text)


_WORD = st.one_of(
    st.sampled_from(["1", "udp", "typ", "host", "raddr", "rport", "192.0.2.1", "x.local", "-5"]),
    st.text(max_size=8),
)


@given(st.lists(_WORD, max_size=14))
def test_no_text_raises_anything_else(parts: list[str]) -> None:
    with contextlib.suppress(RemoteProtocolError):
        read_candidate("candidate:" + " ".join(parts))
