"""The settings of a server, from its options: as given, from the environment, or from a file."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from p2claw.config import (
    BusAddress,
    Network,
    ServerConfig,
    StoreAddress,
    TurnKey,
    home_dir,
    parse_near,
    parse_relay,
    turn_key_token,
)
from p2claw.errors import UsageError
from p2claw.names import public_key_of


def server_config(options: Mapping[str, Any]) -> ServerConfig:
    """The settings of a server. options: by the names of the parameters. Raises UsageError."""
    scheme, tls_cert = options["scheme"], options["tls_cert"]
    behind_proxy = scheme == "https" and tls_cert is None
    return ServerConfig(
        listen=options["listen"],
        parent=options["parent"].lower().strip("."),
        scheme=scheme or ("https" if tls_cert else "http"),
        public_port=options["public_port"] or (443 if behind_proxy else None),
        names=options["names"],
        data_dir=data_folder(options),
        store=StoreAddress.parse(options["store"]),
        bus=BusAddress.parse(options["bus"]),
        node_listen=options["node_listen"],
        tls_cert=tls_cert,
        tls_key=options["tls_key"],
        stun_urls=options["stun"],
        turn_urls=options["turn"],
        relays=tuple(map(parse_relay, options["relays"])),
        turn_secret=_secret(options["turn_secret_file"]),
        turn_key=turn_key(options),
        turn_log=options["turn_log"],
        turn_redis=BusAddress.parse(options["turn_redis"]),
        turn_cli_password=_secret(options["turn_cli_password_file"]),
        trusted_proxies=tuple(map(_network, options["trusted_proxies"])),
        region_field=options["region_field"],
        near=parse_near(options["near"]),
        joining=options["joining"],
        listed_boxes=frozenset(map(public_key_of, options["boxes"])),
        operator=options["operator"],
        contact=options["contact"],
        static_dir=options["static_dir"],
        metrics=options["metrics"],
    )


def data_folder(options: Mapping[str, Any]) -> Path:
    """The folder of a server: of `--data`, or of a `--store` in SQLite. Raises UsageError."""
    named, folder = options["data_dir"], StoreAddress.parse(options["store"]).folder
    if named and folder and Path(named).absolute() != folder:
        raise UsageError(
            f"--store names the folder {folder}, and --data {named}",
            code="store-invalid",
            hint="Give one of them; with postgresql:// both",
        )
    return Path(named or folder or home_dir() / "server")


def turn_key(options: Mapping[str, Any]) -> TurnKey | None:
    """The key of a relay service, and its token: of the file, else of the environment.

    Raises UsageError.
    """
    key_id, path = options["turn_key"], options["turn_key_token_file"]
    token = _secret(path) or turn_key_token()
    if key_id is None:
        if not token:
            return None
        raise UsageError(
            "There is the token of a TURN key without the key",
            code="turn-key-incomplete",
            hint="Give --turn-key with the id of the key that the token belongs to",
        )
    return TurnKey(key_id, token, options["turn_key_api"])


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        secret = path.read_text().strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"The secret in {path} cannot be read: {error}") from None
    if not secret:
        raise UsageError(f"{path} holds no secret")
    return secret


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(
            f"{text!r} is not an address or a network",
            code="proxy-invalid",
            hint="For example 127.0.0.1 or 10.0.0.0/8",
        ) from None
