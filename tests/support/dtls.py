"""Two ends of a finished DTLS handshake in memory, as links have it."""

from __future__ import annotations

from OpenSSL import SSL

from p2claw.link.certificate import LinkCertificate

FLIGHTS = 12


def sent_by(connection: SSL.Connection) -> bytes:
    """All that it wants to send, as one datagram."""
    flight = b""
    try:
        while True:
            flight += connection.bio_read(65_536)
    except SSL.WantReadError:
        return flight


def step(connection: SSL.Connection, received: bytes) -> tuple[bytes, bool]:
    """Go on with the handshake: what it sends, and whether it is done."""
    if received:
        connection.bio_write(received)
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return sent_by(connection), False
    return sent_by(connection), True


def dtls_ends(suite: bytes = b"") -> tuple[SSL.Connection, SSL.Connection]:
    """A client and a server that have sent nothing yet. suite: the only one; b"": as links have."""
    contexts = [LinkCertificate.new().context for _ in range(2)]
    if suite:
        contexts[0].set_cipher_list(suite)
        contexts[1].set_cipher_list(suite)
    client, server = (SSL.Connection(context) for context in contexts)
    client.set_connect_state()
    server.set_accept_state()
    return client, server


def handshake(client: SSL.Connection, server: SSL.Connection, *, until: SSL.Connection) -> bytes:
    """Carry flights until this one is done. What it sent last, which the other has not received."""
    flight = b""
    for turn in range(FLIGHTS):
        speaker = server if turn % 2 else client
        flight, done = step(speaker, flight)
        if done and speaker is until:
            return flight
    raise AssertionError("the handshake does not end")


def dtls_pair(suite: bytes = b"") -> tuple[SSL.Connection, SSL.Connection]:
    """A client and a server that are done."""
    client, server = dtls_ends(suite)
    handshake(client, server, until=client)
    return client, server
