"""What a provider may send that lets nobody in: tokens, claims, keys and addresses.

The provider is ours, because no real one can be made to send what these need.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tests.agent.access.attempts import refused
from tests.agent.access.logging_in import FINISH, LOGIN, LoginBox
from tests.support.bent_provider import ADA, CLIENT, SECRET, BentProvider, text_of

Json = dict[str, Any]


def _without(*names: str) -> Callable[[Json], Any]:
    return lambda claims: [claims.pop(name) for name in names]


def having(**changed: Any) -> Callable[[Json], Any]:
    return lambda claims: claims.update(changed)


def _moved(name: str, by_s: float) -> Callable[[Json], Any]:
    return lambda claims: claims.update({name: claims["iat"] + by_s})


CLAIMS: dict[str, Callable[[Json], Any]] = {
    "another issuer": having(iss="https://evil.example"),
    "an issuer with a slash": lambda claims: claims.update(iss=claims["iss"] + "/"),
    "an issuer in a list": lambda claims: claims.update(iss=[claims["iss"]]),
    "no issuer": _without("iss"),
    "another client": having(aud="another"),
    "a client that begins like ours": having(aud=CLIENT + "2"),
    "other clients": having(aud=["another", "third"]),
    "ours among others": having(aud=[CLIENT, "another"]),
    "ours among others, for one of them": having(aud=[CLIENT, "another"], azp="another"),
    "ours, for another": having(azp="another"),
    "ours, for a list": having(azp=[CLIENT]),
    "no client": _without("aud"),
    "a client in an object": having(aud={CLIENT: True}),
    "expired": _moved("exp", -61),
    "an end in text": having(exp="2999999999"),
    "an end that is true": having(exp=True),
    "no end": _without("exp"),
    "an end beyond numbers": having(exp=1e300),
    "of the future": _moved("iat", 61),
    "of long ago": _moved("iat", -601),
    "no beginning": _without("iat"),
    "not yet": _moved("nbf", 61),
    "another nonce": having(nonce="another"),
    "an empty nonce": having(nonce=""),
    "a nonce that is half a letter": having(nonce="\ud800"),
    "a nonce in a list": lambda claims: claims.update(nonce=[claims["nonce"]]),
    "no nonce": _without("nonce"),
    "no subject": _without("sub"),
    "an empty subject": having(sub=""),
    "an address that is not verified": having(email_verified=False),
    "one verified by 1": having(email_verified=1),
    "one verified by a word": having(email_verified="True"),
    "one verified by a list": having(email_verified=[True]),
    "one that nobody verified": _without("email_verified"),
    "no address": having(email=None),
    "addresses in a list": having(email=[ADA]),
    "an address in an object": having(email={"value": ADA}),
    "somebody else": having(email="eve@example.org"),
    "a domain that goes on": having(email="ada@example.org.evil.example"),
    "a listed domain that goes on": having(email="ada@example.com.evil.org"),
    "a domain that begins elsewhere": having(email="ada@evilexample.com"),
    "a subdomain": having(email="ada@mail.example.com"),
    "two signs": having(email="ada@example.org@evil.example"),
    "two signs, ours last": having(email="eve@evil.example@example.com"),
    "a quoted name": having(email='"ada@example.org"@evil.example'),
    "a name in brackets": having(email="Ada <ada@example.org>"),
    "two addresses": having(email="eve@evil.example,ada@example.org"),
    "a blank behind it": having(email="ada@example.org "),
    "a line behind it": having(email="ada@example.org\n"),
    "NUL behind it": having(email="ada@example.org\0"),
    "a comment": having(email="ada(x)@example.org"),
    "Cyrillic": having(email="ada@ex\u0430mple.com"),
    "a Kelvin sign": having(email="ada@example.\u212aom"),
    "a wide sign": having(email="ada\uff20example.org"),
    "only the domain": having(email="@example.com"),
    "no sign": having(email="example.com"),
    "a dot behind it": having(email="ada@example.com."),
    "too long": having(email="a" * 300 + "@example.com"),
}


def _none(header: Json, claims: Json) -> str:
    parts = [text_of(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join((*parts, ""))


def _shared(secret: bytes) -> Callable[[BentProvider], Any]:
    """Signed by a secret: what the provider publishes, or what both know."""

    def bend(provider: BentProvider) -> None:
        def sign(header: Json, claims: Json) -> str:
            content = secret or json.dumps(provider.jwk()).encode()
            key = OctKey.import_key(content)
            head = {**header, "alg": "HS256"}
            return jws.serialize_compact(head, json.dumps(claims), key, algorithms=["HS256"])

        provider.sign = sign

    return bend


def _by_another_key(provider: BentProvider) -> None:
    """Whose id is that of the right one."""
    other = ECKey.generate_key("P-256")

    def sign(header: Json, claims: Json) -> str:
        return jws.serialize_compact(header, json.dumps(claims), other, algorithms=["ES256"])

    provider.sign = sign


def _with_its_own_key(provider: BentProvider) -> None:
    other = ECKey.generate_key("P-256")
    jwk = other.as_dict(private=False)

    def sign(header: Json, claims: Json) -> str:
        head = {**header, "kid": "new", "jwk": jwk, "jku": f"{provider.issuer}/other"}
        return jws.serialize_compact(head, json.dumps(claims), other, algorithms=["ES256"])

    provider.sign = sign


def _changed(how: Callable[[str], Any]) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.sign = lambda header, claims: how(provider.signed(header, claims))

    return bend


def _other_claims(token: str) -> str:
    head, _, signature = token.split(".")
    claims = text_of(json.dumps({"email": ADA, "email_verified": True}).encode())
    return f"{head}.{claims}.{signature}"


def _unsigned(algorithm: str) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.sign = lambda header, claims: _none({**header, "alg": algorithm}, claims)

    return bend


def _headed(**fields: Any) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.header = lambda header: header.update(fields)

    return bend


def _documents(name: str, change: Callable[[Json], Any]) -> Callable[[BentProvider], Any]:
    return lambda provider: setattr(provider, name, change)


def _secret_published(provider: BentProvider) -> None:
    key = OctKey.import_key(b"x" * 32)
    provider.keys = lambda document: document.update(keys=[{**key.as_dict(), "kid": "oct"}])

    def sign(header: Json, claims: Json) -> str:
        head = {"alg": "HS256", "kid": "oct"}
        return jws.serialize_compact(head, json.dumps(claims), key, algorithms=["HS256"])

    provider.sign = sign


def _for_encryption(provider: BentProvider) -> None:
    provider.keys = lambda document: document["keys"][0].update(use="enc")


def _redirected(provider: BentProvider) -> None:
    provider.status = 302


SIGNED: dict[str, Callable[[BentProvider], Any]] = {
    "not signed": _unsigned("none"),
    "not signed, in capitals": _unsigned("NONE"),
    "not signed, by a real name": _unsigned("ES256"),
    "not signed, by no name": _unsigned(""),
    "by the public key as a secret": _shared(b""),
    "by the secret of the client": _shared(SECRET.encode()),
    "by a secret that is published": _secret_published,
    "by another key": _by_another_key,
    "by a key that it brings along": _with_its_own_key,
    "by an unknown key": _headed(kid="unknown"),
    "by a key whose id is a list": _headed(kid=["x"]),
    "by a key for encryption": _for_encryption,
    "by another name": _headed(alg="RS256"),
    "with rules that nobody knows": _headed(crit=["exp2"], exp2=1),
    "with another signature": _changed(lambda token: token[:-4] + "AAAA"),
    "with half a signature": _changed(lambda token: token[:-40]),
    "without its signature": _changed(lambda token: token.rpartition(".")[0] + "."),
    "with other claims": _changed(_other_claims),
    "in two parts": _changed(lambda token: token.rpartition(".")[0]),
    "in five parts": _changed(lambda token: f"{token}.a.b"),
    "twice": _changed(lambda token: f"{token} {token}"),
    "as a number": _changed(lambda token: 7),
    "as an object": _changed(lambda token: {"token": token}),
    "as a word": _changed(lambda token: "token"),
    "empty": _changed(lambda token: ""),
    "in other letters": _changed(lambda token: "ä" + token),
    "too long": _changed(lambda token: token + "A" * 40_000),
    "no token": _documents("token", _without("id_token")),
    "no keys": _documents("keys", lambda document: document.update(keys=[])),
    "keys that are no list": _documents("keys", lambda document: document.update(keys="all")),
    "of another provider": _documents("discovery", having(issuer="https://evil.example")),
    "a token from anywhere": _documents("discovery", having(token_endpoint="http://evil.example/")),
    "keys from anywhere": _documents("discovery", having(jwks_uri="file:///etc/passwd")),
    "a redirect": _redirected,
    "more than is read": _documents("token", having(more="x" * 300_000)),
}


def _of_userinfo(**changed: Any) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.change = _without("email", "email_verified")
        provider.userinfo = having(**changed)

    return bend


USERINFO: dict[str, Callable[[BentProvider], Any]] = {
    "about somebody else": _of_userinfo(sub="eve"),
    "about nobody": _of_userinfo(sub=None),
    "not verified": _of_userinfo(email_verified=False),
    "with another address": _of_userinfo(email="eve@example.org"),
}


@pytest.mark.parametrize("kind", CLAIMS)
async def test_no_claim_lets_in_that_is_not_right(box: LoginBox, kind: str) -> None:
    box.provider.change = CLAIMS[kind]
    assert refused(await box.log_in("/secret"))
    assert len(box.provider.seen) == 1


@pytest.mark.parametrize("kind", SIGNED)
async def test_no_token_lets_in_that_is_not_signed_by_the_provider(
    box: LoginBox, kind: str
) -> None:
    SIGNED[kind](box.provider)
    response = await box.send(LOGIN, {"to": "/secret"})
    if response.status != 303:
        assert refused(response)
        return
    cookie = ("cookie", (response.value("set-cookie") or "").partition(";")[0])
    back = box.provider.log_in(response.value("location") or "")
    assert refused(await box.send(FINISH, back, (cookie,)))


@pytest.mark.parametrize("kind", USERINFO)
async def test_no_address_counts_that_is_not_of_who_has_logged_in(box: LoginBox, kind: str) -> None:
    USERINFO[kind](box.provider)
    assert refused(await box.log_in("/secret"))
