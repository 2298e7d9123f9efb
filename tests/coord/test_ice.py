"""p2claw.coord.ice: the credentials of TURN servers."""

from __future__ import annotations

import base64
import hashlib

from p2claw.config import ServerConfig, TurnKey
from p2claw.coord.ice import Lease, ice_servers, lasts_s, turn_credential
from p2claw.wire.signalling import IceServer

URLS = ("turn:c.example", "turns:d.example?transport=tcp")
CONFIG = ServerConfig(
    stun_urls=("stun:a.example", "stun:b.example"),
    turn_urls=URLS,
    turn_secret="north",
    turn_ttl_s=600,
)


def test_the_credential_is_the_hmac_of_rfc_2202() -> None:
    credential = turn_credential("Jefe", "what do ya want for nothing?")
    assert base64.b64decode(credential).hex() == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"


def test_the_user_name_is_the_expiry_and_the_id() -> None:
    assert ice_servers(CONFIG, "s1", 1_700_000_000, turn_urls=URLS)[1].username == "1700000600:s1"


def test_the_credential_is_that_of_the_user_name() -> None:
    # RFC 2104 §2, spelt out: a second way to the same bytes.
    server = ice_servers(CONFIG, "s1", 1_700_000_000, turn_urls=URLS)[1]
    key = b"north".ljust(64, b"\0")
    inner = hashlib.sha1(bytes(b ^ 0x36 for b in key) + b"1700000600:s1").digest()
    outer = hashlib.sha1(bytes(b ^ 0x5C for b in key) + inner).digest()
    assert server.credential == base64.b64encode(outer).decode()


def test_the_turn_servers_of_the_visit_are_named() -> None:
    assert ice_servers(CONFIG, "s1", 0, turn_urls=URLS)[1].urls == CONFIG.turn_urls


def test_stun_servers_come_first_and_without_credentials() -> None:
    assert ice_servers(CONFIG, "s1", 0)[0] == IceServer(CONFIG.stun_urls)


def test_without_configuration_there_are_none() -> None:
    assert ice_servers(ServerConfig(), "s1", 0) == ()


LEASE = Lease(("stun:lent.example",), IceServer(("turn:lent.example",), "u", "c"), 9_000)


def test_what_is_lent_comes_after_our_own() -> None:
    servers = ice_servers(CONFIG, "s1", 0, lease=LEASE, turn_urls=URLS)
    assert (servers[0].urls, servers[2]) == (CONFIG.stun_urls, LEASE.turn)


def test_a_lent_stun_server_is_named_only_if_there_is_no_other() -> None:
    assert ice_servers(ServerConfig(), "s1", 0, lease=LEASE)[0] == IceServer(LEASE.stun_urls)


def test_a_box_that_may_not_relay_is_given_nothing_lent() -> None:
    assert LEASE.turn not in ice_servers(CONFIG, "s1", 0, relay=False, lease=LEASE, turn_urls=URLS)


def test_a_page_may_use_the_servers_until_the_first_credential_ends() -> None:
    lent = ServerConfig(turn_key=TurnKey("k", "t"))
    both = ServerConfig(turn_urls=("turn:c",), turn_secret="s", turn_key=TurnKey("k", "t"))
    assert lasts_s(ServerConfig(), 1_000, None) == 0
    assert lasts_s(CONFIG, 1_000, None) == 600
    assert lasts_s(lent, 1_000, LEASE) == 8_000
    assert lasts_s(both, 1_000, LEASE) == 3_600
    assert 0 < lasts_s(lent, 1_000, None) <= 120
