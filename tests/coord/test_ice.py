"""p2claw.coord.ice: the credentials of TURN servers."""

from __future__ import annotations

import base64
import hashlib

from p2claw.config import ServerConfig
from p2claw.coord.ice import ice_servers, turn_credential
from p2claw.wire.signalling import IceServer

CONFIG = ServerConfig(
    stun_urls=("stun:a.example", "stun:b.example"),
    turn_urls=("turn:c.example", "turns:d.example?transport=tcp"),
    turn_secret="north",
    turn_ttl_s=600,
)


def test_the_credential_is_the_hmac_of_rfc_2202() -> None:
    credential = turn_credential("Jefe", "what do ya want for nothing?")
    assert base64.b64decode(credential).hex() == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"


def test_the_user_name_is_the_expiry_and_the_id() -> None:
    assert ice_servers(CONFIG, "s1", 1_700_000_000)[1].username == "1700000600:s1"


def test_the_credential_is_that_of_the_user_name() -> None:
    # RFC 2104 §2, spelt out: a second way to the same bytes.
    server = ice_servers(CONFIG, "s1", 1_700_000_000)[1]
    key = b"north".ljust(64, b"\0")
    inner = hashlib.sha1(bytes(b ^ 0x36 for b in key) + b"1700000600:s1").digest()
    outer = hashlib.sha1(bytes(b ^ 0x5C for b in key) + inner).digest()
    assert server.credential == base64.b64encode(outer).decode()


def test_all_turn_servers_are_named() -> None:
    assert ice_servers(CONFIG, "s1", 0)[1].urls == CONFIG.turn_urls


def test_stun_servers_come_first_and_without_credentials() -> None:
    assert ice_servers(CONFIG, "s1", 0)[0] == IceServer(CONFIG.stun_urls)


def test_without_configuration_there_are_none() -> None:
    assert ice_servers(ServerConfig(), "s1", 0) == ()
