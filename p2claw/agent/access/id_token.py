"""Reads an ID token: whether a provider has signed it, for this box and this very login.

OpenID Connect Core 1.0 §3.1.3.7. Sans-IO: keys and time are arguments. joserfc does the signature.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

# By these alone: what is signed by a shared secret, or not at all, is not signed by the provider.
ALGORITHMS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}

KEYS = 64
TOKEN_CHARS = 32_768
HEADER_BYTES = 8_192

# How far two clocks may differ, and how old a token may be that was asked for just now.
SKEW_S = 60
OLDEST_S = 600


class TokenFault(Exception):
    """The token lets nobody in. reason: which rule it breaks, a word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeyUnknownFault(TokenFault):
    """None of the keys is the one that signed it: the provider may have others by now."""


def read_keys(document: object) -> tuple[Mapping[str, Any], ...]:
    """The keys of a JWK set (RFC 7517 §5) that may sign. Others are passed over."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        return ()
    kinds = frozenset(ALGORITHMS.values())
    return tuple(
        key
        for key in keys[:KEYS]
        if isinstance(key, dict) and key.get("kty") in kinds and key.get("use", "sig") == "sig"
    )


def read_id_token(
    token: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    issuer: str,
    client: str,
    nonce: str,
    now_s: float,
) -> dict[str, Any]:
    """The claims of a token that holds. Raises TokenFault, of which KeyUnknownFault."""
    claims = _verified(token, keys)
    if claims.get("iss") != issuer:
        raise TokenFault("iss")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client not in audiences:
        raise TokenFault("aud")
    party = claims.get("azp")
    if party != client and (party is not None or len(audiences) > 1):
        raise TokenFault("azp")
    _check_times(claims, now_s)
    # No secret from who signs: it was sent there.
    if claims.get("nonce") != nonce:
        raise TokenFault("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise TokenFault("sub")
    return claims


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    expires_s, issued_s = claims.get("exp"), claims.get("iat")
    if not _is_time(expires_s) or now_s >= expires_s + SKEW_S:
        raise TokenFault("exp")
    if not _is_time(issued_s) or not now_s - OLDEST_S <= issued_s <= now_s + SKEW_S:
        raise TokenFault("iat")
    begins_s = claims.get("nbf", 0)
    if not _is_time(begins_s) or now_s < begins_s - SKEW_S:
        raise TokenFault("nbf")


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _verified(token: str, keys: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed."""
    if len(token) > TOKEN_CHARS:
        raise TokenFault("length")
    registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    registry.max_header_length = HEADER_BYTES
    with warnings.catch_warnings():
        # RFC 9864 names EdDSA anew; providers will use the old name for years.
        warnings.simplefilter("ignore", SecurityWarning)
        try:
            header = jws.extract_compact(token.encode("ascii"), registry=registry).headers()
        except (JoseError, ValueError, TypeError, RecursionError):
            raise TokenFault("form") from None
        name = header.get("alg")
        if not isinstance(name, str) or name not in ALGORITHMS:
            raise TokenFault("alg")
        key = _signer(header.get("kid"), name, keys)
        try:
            return dict(jwt.decode(token, key, registry=registry).claims)
        except (JoseError, ValueError, TypeError, RecursionError):
            raise TokenFault("signature") from None


def _signer(kid: object, algorithm: str, keys: Iterable[Mapping[str, Any]]) -> Key:
    """The key that is named; or, if none is, the only one that there is for this algorithm."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise KeyUnknownFault("kid")
    try:
        return JWKRegistry.import_key({**fitting[0]})
    except (JoseError, ValueError, TypeError):
        raise TokenFault("key") from None
