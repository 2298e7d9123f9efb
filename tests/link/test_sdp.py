"""Session descriptions: ours, browsers', hostile ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2claw.errors import RemoteProtocolError
from p2claw.link.sdp import Description, read_description, write_description

OURS = Description(
    ufrag="abcd",
    password="p" * 22,
    fingerprint=bytes(range(32)),
    setup="actpass",
    candidates=("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",),
)

# As Chromium 156 writes it for one negotiated channel, shortened by nothing but candidates.
CHROMIUM = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 1b671a64-40d5-491e-99b0-da01ff1f3341.local 50000 typ host
a=ice-ufrag:EEtu
a=ice-pwd:r5NY1aQX3UXJIDWbX4fnxcyM
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
a=sctp-init:AQAAIA==
""".replace("\n", "\r\n").format(fingerprint=bytes(32).hex(":").upper())

# Firefox has fingerprint, ICE options and much else at the level of the session.
FIREFOX = """v=0
o=mozilla...THIS_IS_SDPARTA-99.0 3421 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 {fingerprint}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=sendrecv
a=ice-pwd:e3c8b0bf0b1b1f3f9c2ff86cbd2dfea1
a=ice-ufrag:5c8f6c8e
a=mid:0
a=setup:actpass
a=sctp-port:5000
a=max-message-size:1073741823
""".replace("\n", "\r\n").format(fingerprint=bytes(32).hex(":").upper())


def test_what_is_written_is_read_back() -> None:
    assert read_description(write_description(OURS)) == OURS


@pytest.mark.parametrize(
    ("sdp", "ufrag", "message_bytes"),
    [(CHROMIUM, "EEtu", 262_144), (FIREFOX, "5c8f6c8e", 1_073_741_823)],
)
def test_browsers_are_understood(sdp: str, ufrag: str, message_bytes: int) -> None:
    read = read_description(sdp)
    assert (read.ufrag, read.setup, read.message_bytes) == (ufrag, "actpass", message_bytes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 9 UDP/TLS/RTP/SAVPF 0"),
        ("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000"),
        ("m=application", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nm=application"),
        ("a=mid:0", "a=mid:0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0"),
        ("a=ice-ufrag:EEtu\r\n", ""),
        ("a=ice-ufrag:EEtu", "a=ice-ufrag:EEtu\r\na=ice-ufrag:FFFF"),
        ("a=ice-ufrag:EEtu", "a=ice-ufrag:E E t u"),
        ("r5NY1aQX3UXJIDWbX4fnxcyM", "short"),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=setup:actpass\r\n", ""),
        ("a=mid:0\r\n", ""),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1"),
        ("a=sctp-port:5000", "a=sctp-port:0"),
        ("a=sctp-port:5000", "a=sctp-port:70000"),
        ("a=max-message-size:262144", "a=max-message-size:many"),
        ("s=-", "s=" + "-" * 17_000),
    ],
)
def test_what_no_link_can_come_of_is_refused(old: str, new: str) -> None:
    assert old in CHROMIUM
    with pytest.raises(RemoteProtocolError):
        read_description(CHROMIUM.replace(old, new))


def test_the_number_of_candidates_is_bounded() -> None:
    many = "".join(f"a=candidate:{n} 1 udp 1 192.0.2.1 {n} typ host\r\n" for n in range(1, 200))
    assert len(read_description(write_description(OURS) + many).candidates) == 64


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    for sdp in (text, CHROMIUM.replace("a=mid:0", text), CHROMIUM.replace("EEtu", text)):
        with contextlib.suppress(RemoteProtocolError):
            read_description(sdp)
