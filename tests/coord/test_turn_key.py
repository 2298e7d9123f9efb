"""p2claw.coord.turn_key: one request to a relay service, and all that it may respond."""

from __future__ import annotations

import json
import socket

import aiohttp
import pytest

from p2claw.config import TurnKey
from p2claw.coord.turn_key import LEASE_S, RESPONSE_BYTES, TurnKeyError, ask
from p2claw.errors import UsageError
from tests.support.turn_key_service import KEY_ID, TOKEN, TurnKeyService


async def refusal(client: aiohttp.ClientSession, key: TurnKey) -> TurnKeyError:
    with pytest.raises(TurnKeyError) as caught:
        await ask(client, key, 1000)
    assert caught.value.hint
    assert key.token not in str(caught.value)
    return caught.value


async def test_it_is_asked_as_its_documentation_says(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    await ask(client, TurnKey(KEY_ID, TOKEN, service.url), 1000)
    (request,) = service.requests
    assert request["path"] == f"/v1/turn/keys/{KEY_ID}/credentials/generate-ice-servers"
    assert request["authorization"] == f"Bearer {TOKEN}"
    assert json.loads(request["body"]) == {"ttl": LEASE_S}


async def test_of_its_relays_one_of_each_kind_is_given_and_none_that_browsers_refuse(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    lease = await ask(client, TurnKey(KEY_ID, TOKEN, service.url), 1000)
    assert lease.turn.urls == (
        "turn:turn.example:3478?transport=udp",
        "turn:turn.example:3478?transport=tcp",
        "turns:turn.example:443?transport=tcp",
    )
    assert (lease.turn.username, lease.turn.credential) == (f"{LEASE_S}-1", "c" * 96)
    assert lease.stun_urls == ("stun:stun.example:3478",)
    assert lease.expires_at_s == 1000 + LEASE_S


@pytest.mark.parametrize(
    ("status", "code", "is_refusal"),
    [
        (400, "turn-key-unknown", True),
        (401, "turn-key-refused", True),
        (403, "turn-key-refused", True),
        (404, "turn-key-unknown", True),
        (429, "turn-key-busy", False),
        (302, "turn-key-failed", False),
        (500, "turn-key-failed", False),
    ],
)
async def test_what_is_wrong_has_a_code_and_what_to_do(
    service: TurnKeyService,
    client: aiohttp.ClientSession,
    status: int,
    code: str,
    is_refusal: bool,
) -> None:
    service.respond = (status, b"<html>", {"Location": "http://localhost:1/"})
    error = await refusal(client, TurnKey(KEY_ID, TOKEN, service.url))
    assert (error.code, error.is_refusal) == (code, is_refusal)


@pytest.mark.parametrize(
    ("wait", "retry_s"), [("7", 7), ("999999", 600), ("soon", 0), ("-1", 0), ("1e9", 0)]
)
async def test_it_is_left_alone_for_as_long_as_it_asks_but_not_for_ever(
    service: TurnKeyService, client: aiohttp.ClientSession, wait: str, retry_s: float
) -> None:
    service.respond = (429, b"", {"Retry-After": wait})
    assert (await refusal(client, TurnKey(KEY_ID, TOKEN, service.url))).retry_s == retry_s


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"iceServers":[]}',
        b'{"iceServers":[{"urls":["stun:s.example"]}]}',
        b'{"iceServers":[{"urls":["turn:t.example"],"username":"u"}]}',
        b'{"iceServers":[{"urls":["turn:t.example:53?transport=udp"],"username":"u","credential":"c"}]}',
        b'{"iceServers":[{"urls":[7],"username":"u","credential":"c"}]}',
        b'{"iceServers":[{"urls":["turn:t"],"username":"' + b"u" * 513 + b'","credential":"c"}]}',
        b'{"iceServers":[' + b" " * RESPONSE_BYTES + b"]}",
    ],
)
async def test_a_reply_without_a_usable_relay_is_none(
    service: TurnKeyService, client: aiohttp.ClientSession, body: bytes
) -> None:
    service.respond = (201, body, {})
    error = await refusal(client, TurnKey(KEY_ID, TOKEN, service.url))
    assert error.code == "turn-key-reply"


async def test_one_url_that_is_a_text_is_read_as_well(
    service: TurnKeyService, client: aiohttp.ClientSession
) -> None:
    turn = {"urls": "turn:t.example:3478?transport=udp", "username": "u", "credential": "c"}
    service.respond = (200, json.dumps({"iceServers": [turn]}).encode(), {})
    lease = await ask(client, TurnKey(KEY_ID, TOKEN, service.url), 1000)
    assert lease.turn.urls == ("turn:t.example:3478?transport=udp",)
    assert lease.stun_urls == ()


async def test_a_service_that_is_not_there_is_silent(client: aiohttp.ClientSession) -> None:
    with socket.socket() as bound:  # bound, so that nobody else listens there
        bound.bind(("127.0.0.1", 0))
        key = TurnKey(KEY_ID, TOKEN, f"http://localhost:{bound.getsockname()[1]}")
        assert (await refusal(client, key)).code == "turn-key-silent"


@pytest.mark.parametrize(
    ("key_id", "token", "api", "code"),
    [
        ("", TOKEN, "https://a.example", "turn-key-invalid"),
        ("../x", TOKEN, "https://a.example", "turn-key-invalid"),
        ("k" * 65, TOKEN, "https://a.example", "turn-key-invalid"),
        (KEY_ID, "", "https://a.example", "turn-key-incomplete"),
        (KEY_ID, "two\nlines", "https://a.example", "turn-key-token-invalid"),
        (KEY_ID, TOKEN, "http://a.example", "turn-key-api-invalid"),
        (KEY_ID, TOKEN, "https://a.example/path", "turn-key-api-invalid"),
        (KEY_ID, TOKEN, "a.example", "turn-key-api-invalid"),
    ],
)
def test_a_key_that_cannot_be_is_refused_before_anything_is_sent(
    key_id: str, token: str, api: str, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        TurnKey(key_id, token, api)
    assert caught.value.code == code
    assert not token or token not in str(caught.value)


def test_the_token_is_not_in_what_is_printed_of_a_key() -> None:
    assert TOKEN not in repr(TurnKey(KEY_ID, TOKEN))
