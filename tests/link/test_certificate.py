"""The certificates of links: shared, renewed, packed, and with no session to go on with."""

from __future__ import annotations

import pytest
from OpenSSL import SSL

from p2claw.link import certificate as module
from p2claw.link.certificate import RENEW_S, LinkCertificate, SharedCertificate
from tests.link.peers import User, pair


async def test_links_that_share_a_certificate_open_beside_each_other() -> None:
    certificate = LinkCertificate.new()
    async with pair(certificate=certificate) as one, pair(certificate=certificate) as other:
        assert one.box.fingerprint == other.box.fingerprint == certificate.sha256
        for peers in (one, other):
            await peers.join()
            to_box, to_visitor = await peers.channels()
            user = User()
            to_visitor.attach(user, low_water_bytes=65_536)
            to_box.attach(User(), low_water_bytes=65_536)
            to_box.send(peers.visitor.fingerprint)
            assert await user.read(32) == peers.visitor.fingerprint


def test_no_session_is_kept_for_another_link_to_go_on_with() -> None:
    context = LinkCertificate.new().context
    assert context.set_session_cache_mode(SSL.SESS_CACHE_OFF) == SSL.SESS_CACHE_OFF
    assert context.set_options(0) & SSL.OP_NO_TICKET


def test_all_links_of_a_certificate_have_one_context() -> None:
    certificate = LinkCertificate.new()
    assert certificate.context is certificate.context
    assert LinkCertificate.new().context is not certificate.context


def test_another_process_has_the_same_certificate() -> None:
    certificate = LinkCertificate.new()
    copy = LinkCertificate.unpack(*certificate.pack())
    assert (copy.sha256, copy.pack()) == (certificate.sha256, certificate.pack())
    SSL.Connection(copy.context)


def test_two_certificates_share_nothing_that_names_a_box() -> None:
    one, other = (LinkCertificate.new()._certificate for _ in range(2))
    assert one.subject != other.subject and one.serial_number != other.serial_number


def test_a_shared_certificate_is_renewed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1_000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    shared = SharedCertificate()
    first = shared.current()
    now_s += RENEW_S - 1
    assert shared.current() is first
    now_s += 1
    assert shared.current().sha256 != first.sha256
