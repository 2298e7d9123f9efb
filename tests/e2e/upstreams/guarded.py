"""An app that lets nobody in without name and password, by HTTP Basic or Digest."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

from tests.e2e.upstreams.canned import Canned, page
from tests.support.upstreams import UpstreamRequest

USER, PASSWORD = "crab", "säge:7"
NONCE = "0a4f113b"


def guarded(challenge: str, let_in: Callable[[UpstreamRequest], bool]) -> Canned:
    """Every page of it. `challenge`: the value of WWW-Authenticate."""
    refusal = b"<!doctype html><title>401</title><p>The app refuses"
    fields = f"www-authenticate: {challenge}\r\n".encode()
    refused = page(refusal, fields=fields).replace(b"200 OK", b"401 Unauthorized")
    inside = page(
        b"<!doctype html><title>Inside</title><p>Inside the app</p><img src=/files/picture>"
        b"<script>fetch('/files/data').then(r => document.body.dataset.status = r.status)</script>"
    )

    def respond(request: UpstreamRequest) -> bytes:
        return inside if let_in(request) else refused

    return dict.fromkeys(("/", "/files/", "/files/data", "/files/picture"), respond)


def basic(request: UpstreamRequest) -> bool:
    right = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return request.values("authorization") == [f"Basic {right}"]


def digest(hash_of: Callable[[bytes], str], realm: str) -> Callable[[UpstreamRequest], bool]:
    """RFC 7616 §3.4.1, with qop=auth."""

    def let_in(request: UpstreamRequest) -> bool:
        [field] = request.values("authorization") or [""]
        claims = {key: quoted or bare for key, quoted, bare in _PAIRS.findall(field)}
        if not field.startswith("Digest ") or claims.get("uri") != request.target:
            return False
        one = hash_of(f"{USER}:{realm}:{PASSWORD}".encode())
        two = hash_of(f"{request.method}:{request.target}".encode())
        middle = f"{claims['nonce']}:{claims['nc']}:{claims['cnonce']}:{claims['qop']}"
        return bool(claims["response"] == hash_of(f"{one}:{middle}:{two}".encode()))

    return let_in


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_PAIRS = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')
