"""p2claw.edge.certificates: TLS that is renewed without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from p2claw.edge.certificates import Certificates
from p2claw.errors import UsageError
from tests.support.certificates import write_certificate
from tests.support.server import RunningServer, running_server, server_process

WAIT_S = 10.0


def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _shown(
    port: int, context: ssl.SSLContext | None = None, name: str = "a.localhost"
) -> str:
    """The common name of the certificate that a new handshake is shown."""
    _, writer = await asyncio.wait_for(
        asyncio.open_connection(
            "127.0.0.1", port, ssl=context or _client_context(), server_hostname=name
        ),
        WAIT_S,
    )
    tls = writer.get_extra_info("ssl_object")
    certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    cert, key = write_certificate(tmp_path, "first")
    async with running_server(tmp_path, tls_cert=cert, tls_key=key, scheme="https") as running:
        yield running


def _reload(server: RunningServer) -> bool:
    certificates = server.serving.certificates
    assert certificates is not None
    return certificates.reload()


async def test_visitors_are_shown_the_certificate(server: RunningServer) -> None:
    assert await _shown(server.port) == "first"


async def test_a_client_that_names_no_host_is_shown_it_too(server: RunningServer) -> None:
    assert await _shown(server.port, name="") == "first"


@pytest.mark.parametrize("kind", ["ec", "rsa"])
async def test_a_renewed_certificate_is_shown_to_new_handshakes(
    server: RunningServer, tmp_path: Path, kind: str
) -> None:
    write_certificate(tmp_path, "second", kind=kind)
    _reload(server)
    assert await _shown(server.port) == "second"


async def test_the_old_key_of_another_kind_is_gone_after_a_renewal(
    server: RunningServer, tmp_path: Path
) -> None:
    write_certificate(tmp_path, "second", kind="rsa")
    _reload(server)
    only_ec = _client_context()
    only_ec.maximum_version = ssl.TLSVersion.TLSv1_2
    only_ec.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _shown(server.port, only_ec)


async def test_a_connection_that_is_open_lives_through_a_renewal(
    server: RunningServer, tmp_path: Path
) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=_client_context(), server_hostname="a.localhost"
    )
    write_certificate(tmp_path, "second")
    _reload(server)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    response = await asyncio.wait_for(reader.read(), WAIT_S)
    writer.close()
    assert response.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("damage", ["cert.pem", "key.pem"])
async def test_a_damaged_renewal_leaves_the_old_certificate_in_use(
    server: RunningServer, tmp_path: Path, damage: str
) -> None:
    write_certificate(tmp_path, "second")
    (tmp_path / damage).write_text("damaged")
    assert (_reload(server), await _shown(server.port)) == (False, "first")


async def test_a_key_that_does_not_fit_leaves_the_old_certificate_in_use(
    server: RunningServer, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _, key = write_certificate(other, "second")
    (tmp_path / "key.pem").write_bytes(key.read_bytes())
    assert (_reload(server), await _shown(server.port)) == (False, "first")


async def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "first")
    certificates = Certificates(cert, key)
    before = certificates._current
    watching = asyncio.create_task(certificates.watch(poll_s=0.01))
    write_certificate(tmp_path, "second")
    async with asyncio.timeout(WAIT_S):
        while certificates._current is before:  # noqa: ASYNC110 - a change has no event
            await asyncio.sleep(0.01)
    watching.cancel()


async def test_a_hangup_signal_loads_a_renewed_certificate(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "first")
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    async with server_process(tmp_path, *arguments) as server:
        write_certificate(tmp_path, "second")
        os.kill(server.pid, signal.SIGHUP)
        async with asyncio.timeout(WAIT_S):
            while await _shown(server.port) != "second":  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.05)


async def test_tls_below_1_2_is_refused(server: RunningServer) -> None:
    old = _client_context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await _shown(server.port, old)


@pytest.mark.parametrize("missing", ["cert.pem", "key.pem"])
def test_a_file_that_is_missing_is_a_clear_error(tmp_path: Path, missing: str) -> None:
    cert, key = write_certificate(tmp_path, "first")
    (tmp_path / missing).unlink()
    with pytest.raises(UsageError) as refusal:
        Certificates(cert, key)
    assert refusal.value.code == "tls-unusable"


def test_a_key_with_a_password_is_a_clear_error_and_no_question(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path, "first", password=b"secret")
    with pytest.raises(UsageError) as refusal:
        Certificates(cert, key)
    assert refusal.value.code == "tls-unusable"
