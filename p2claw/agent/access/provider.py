"""One provider of OpenID Connect, over HTTP: what it publishes, and what it gives for a code.

Everything that it sends is bounded, in bytes and in time, and it is asked only where its owner's
issuer leads: by TLS, without redirects. What a token says is read by `id_token.py`.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import aiohttp

from p2claw.agent.access.id_token import (
    KeyUnknownFault,
    TokenFault,
    read_id_token,
    read_keys,
)
from p2claw.agent.access.login_settings import Login, is_provider_url
from p2claw.agent.access.logins import Pending

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid email"

REQUEST_S = 10.0
RESPONSE_BYTES = 262_144

# How long what it publishes counts, and how soon its keys are asked for again after an unknown one.
FRESH_S = 3_600.0
KEYS_AGAIN_S = 60.0

Json = dict[str, Any]


class ProviderFault(Exception):
    """It does not respond, or not as a provider does. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider publishes (OpenID Connect Discovery 1.0 §3), as far as it is used."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    by_post: bool
    """The client shows its secret in the form of the request, and not by Basic."""
    by_fragment: bool
    """The code can come back behind a #, where no server sees it."""
    chooses_account: bool
    names_issuer: bool
    """Its responses name it (RFC 9207): one that does not is somebody else's."""


class Provider:
    """The provider of one issuer."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._metadata: Metadata | None = None
        self._metadata_s = 0.0
        self._keys: tuple[Mapping[str, Any], ...] = ()
        self._keys_s: float | None = None

    async def metadata(self) -> Metadata:
        """What it publishes, at most FRESH_S old. Raises ProviderFault."""
        now = time.monotonic()
        if self._metadata is None or now - self._metadata_s >= FRESH_S:
            found = await self._get(self.issuer.rstrip("/") + DISCOVERY)
            self._metadata, self._metadata_s = read_metadata(found, self.issuer), now
        return self._metadata

    async def url_for(self, pending: Pending, state: str, *, again: bool) -> str:
        """Where the browser goes to log in. again: with another account. Raises ProviderFault."""
        metadata = await self.metadata()
        asked = {
            "response_type": "code",
            "client_id": pending.login.client,
            "redirect_uri": pending.back,
            "scope": SCOPE,
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": pending.challenge,
            "code_challenge_method": "S256",
        }
        if metadata.by_fragment:
            asked["response_mode"] = "fragment"
        if again:
            asked["prompt"] = "select_account" if metadata.chooses_account else "login"
        sign = "&" if "?" in metadata.authorization else "?"
        return f"{metadata.authorization}{sign}{urlencode(asked)}"

    async def claims_of(self, code: str, pending: Pending, now_s: float) -> Json:
        """What it states about who has logged in: the claims of the ID token, and the address.

        Raises ProviderFault; TokenFault if what it sent is not for this login.
        """
        metadata = await self.metadata()
        reply = await self._redeem(metadata, code, pending)
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise TokenFault("missing")
        claims = await self._read(token, metadata, pending, now_s)
        if "email" not in claims and metadata.userinfo:
            claims |= await self._userinfo(metadata, reply.get("access_token"), claims["sub"])
        return claims

    async def _read(self, token: str, metadata: Metadata, pending: Pending, now_s: float) -> Json:
        login = pending.login
        for is_last in (False, True):
            keys = await self._current_keys(metadata, again=is_last)
            try:
                return read_id_token(
                    token,
                    keys,
                    issuer=login.issuer,
                    client=login.client,
                    nonce=pending.nonce,
                    now_s=now_s,
                )
            except KeyUnknownFault:
                if is_last:
                    raise
        raise AssertionError("unreachable")

    async def _current_keys(
        self, metadata: Metadata, *, again: bool
    ) -> tuple[Mapping[str, Any], ...]:
        """again: one was unknown. Providers change keys; whoever makes some up asks in vain."""
        now = time.monotonic()
        least_s = KEYS_AGAIN_S if again else FRESH_S
        if self._keys_s is None or now - self._keys_s >= least_s:
            self._keys, self._keys_s = read_keys(await self._get(metadata.keys)), now
        return self._keys

    async def _redeem(self, metadata: Metadata, code: str, pending: Pending) -> Json:
        """RFC 6749 §4.1.3, with the verifier of RFC 7636."""
        login = pending.login
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.back,
            "code_verifier": pending.verifier,
        }
        fields = {"accept": "application/json"}
        if login.secret and not metadata.by_post:
            fields["authorization"] = _basic(login)
        else:
            form["client_id"] = login.client
            if login.secret:
                form["client_secret"] = login.secret
        return await self._json("POST", metadata.token, fields, form)

    async def _userinfo(self, metadata: Metadata, access: object, subject: str) -> Json:
        """The address, where the token has none (OpenID Connect Core 1.0 §5.3)."""
        if not isinstance(access, str) or not access.isascii() or not access.isprintable():
            return {}
        fields = {"accept": "application/json", "authorization": f"Bearer {access}"}
        found = await self._json("GET", metadata.userinfo, fields)
        if found.get("sub") != subject:
            raise TokenFault("userinfo")
        return {key: found[key] for key in ("email", "email_verified") if key in found}

    async def _get(self, url: str) -> Json:
        return await self._json("GET", url, {"accept": "application/json"})

    async def _json(
        self, method: str, url: str, fields: dict[str, str], form: dict[str, str] | None = None
    ) -> Json:
        timeout = aiohttp.ClientTimeout(total=REQUEST_S)
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
                ) as http,
                http.request(
                    method, url, headers=fields, data=form, allow_redirects=False
                ) as response,
            ):
                content = await response.content.read(RESPONSE_BYTES + 1)
                while len(content) <= RESPONSE_BYTES:
                    if not (piece := await response.content.read(RESPONSE_BYTES)):
                        break
                    content += piece
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ProviderFault(f"no response: {type(error).__name__}") from None
        if len(content) > RESPONSE_BYTES:
            raise ProviderFault(f"a response of more than {RESPONSE_BYTES} bytes")
        found = _parsed(content)
        if response.status != 200:
            raise ProviderFault(f"status {response.status}{_error_of(found)}")
        if found is None:
            raise ProviderFault("a response that is no JSON object")
        return found


def read_metadata(document: Json, issuer: str) -> Metadata:
    """Raises ProviderFault if it is not that issuer's, or cannot be used."""
    if document.get("issuer") != issuer:
        raise ProviderFault("it names another issuer")
    places = {
        name: document.get(name)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    }
    for name, place in places.items():
        if not is_provider_url(place) and not (name == "userinfo_endpoint" and place is None):
            raise ProviderFault(f"its {name} is no https URL")
    methods = _texts(document, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        authorization=str(places["authorization_endpoint"]),
        token=str(places["token_endpoint"]),
        keys=str(places["jwks_uri"]),
        userinfo=str(places["userinfo_endpoint"] or ""),
        by_post="client_secret_basic" not in methods and "client_secret_post" in methods,
        by_fragment="fragment" in _texts(document, "response_modes_supported", ["fragment"]),
        chooses_account="select_account" in _texts(document, "prompt_values_supported", []),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _texts(document: Json, name: str, usual: list[str]) -> list[str]:
    found = document.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else usual


def _basic(login: Login) -> str:
    """RFC 6749 §2.3.1: id and secret are encoded as in a form before."""
    pair = f"{quote_plus(login.client)}:{quote_plus(login.secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _parsed(content: bytes) -> Json | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _error_of(found: Json | None) -> str:
    """The code of an error (RFC 6749 §5.2), if it looks like one: no text of others is logged."""
    code = (found or {}).get("error")
    plain = isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum()
    return f" {code[:40]}" if isinstance(code, str) and plain else ""
