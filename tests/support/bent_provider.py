"""A provider of OpenID Connect that does what a test wants: right by itself, and bent at any place.

Real ones cannot be made to send what they must not. tests/e2e/test_login.py runs a real one.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from aiohttp import BasicAuth, web
from joserfc import jws
from joserfc.jwk import ECKey, Key

Json = dict[str, Any]

CLIENT = "box-of-ada"
SECRET = "s3cret/with+signs="
ADA = "ada@example.org"


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class BentProvider:
    """change: claims of the ID token. header: of it. sign: makes the token of header and claims.

    discovery, keys, token, userinfo: change the documents of these names. status: of the token
    endpoint. now_s: its clock. seen: the forms that it got. asked: the paths.
    """

    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    algorithm: str = "ES256"
    issuer: str = ""
    change: Callable[[Json], Any] = lambda claims: None
    header: Callable[[Json], Any] = lambda header: None
    sign: Callable[[Json, Json], Any] | None = None
    discovery: Callable[[Json], Any] = lambda document: None
    keys: Callable[[Json], Any] = lambda document: None
    token: Callable[[Json], Any] = lambda document: None
    userinfo: Callable[[Json], Any] = lambda document: None
    status: int = 200
    now_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    seen: list[Json] = field(default_factory=list)
    _codes: dict[str, Json] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def log_in(self, location: str) -> Json:
        """What a browser brings back that went to location and logged in there."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.issuer}/authorize?")
        assert (query["client_id"], query["response_type"]) == (CLIENT, "code")
        assert query["code_challenge_method"] == "S256"
        code = f"code-{next(self._numbers)}"
        self._codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.issuer}

    def signed(self, header: Json, claims: Json) -> str:
        payload = json.dumps(claims).encode()
        return jws.serialize_compact(header, payload, self.key, algorithms=[self.algorithm])

    def jwk(self) -> Json:
        return {**self.key.as_dict(private=False), "use": "sig"}

    async def _discovery(self, request: web.Request) -> web.Response:
        document: Json = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        self.discovery(document)
        return web.json_response(document)

    async def _keys(self, request: web.Request) -> web.Response:
        document: Json = {"keys": [self.jwk()]}
        self.keys(document)
        return web.json_response(document)

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.seen.append(form)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_of(asked, form, request):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now_s = int(self.now_s or time.time())
        header: Json = {"alg": self.algorithm, "kid": self.key.kid}
        claims: Json = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "ada",
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
            "email": ADA,
            "email_verified": True,
        }
        self.change(claims)
        self.header(header)
        token = (self.sign or self.signed)(header, claims)
        document: Json = {"access_token": "access", "token_type": "Bearer", "id_token": token}
        self.token(document)
        headers = {"location": f"{self.issuer}/elsewhere"}
        return web.json_response(document, status=self.status, headers=headers)

    def _is_of(self, asked: Json, form: Json, request: web.Request) -> bool:
        """As every provider has to see to it."""
        challenge = text_of(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        shown = BasicAuth.decode(request.headers["authorization"])
        return (
            challenge == asked["code_challenge"]
            and form.get("redirect_uri") == asked["redirect_uri"]
            and (unquote_plus(shown.login), unquote_plus(shown.password)) == (CLIENT, SECRET)
        )

    async def _userinfo(self, request: web.Request) -> web.Response:
        document: Json = {"sub": "ada", "email": ADA, "email_verified": True}
        self.userinfo(document)
        return web.json_response(document)


@asynccontextmanager
async def bent_provider() -> AsyncIterator[BentProvider]:
    """It listens on loopback while the block runs."""
    made = BentProvider()

    @web.middleware
    async def noted(request: web.Request, handler: Any) -> Any:
        made.asked.append(request.path)
        return await handler(request)

    application = web.Application(middlewares=[noted])
    application.router.add_get("/.well-known/openid-configuration", made._discovery)
    application.router.add_get("/keys", made._keys)
    application.router.add_post("/token", made._token)
    application.router.add_get("/userinfo", made._userinfo)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.issuer = f"http://{host}:{port}"
    try:
        yield made
    finally:
        await runner.cleanup()
