"""Settings of the two long-running programs, as frozen values: the one import for all of them.

Nothing here opens a file or a socket. docs/OPERATIONS.md explains each option to operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2claw.lazy_names import lazy_names

if TYPE_CHECKING:
    from p2claw.config.addresses import (
        DEFAULT_COORDINATOR,
        DEFAULT_LISTEN,
        LAST_PORT,
        Network,
        PublicAddress,
        check_coordinator,
        parse_listen,
    )
    from p2claw.config.agent import (
        MOST_WORKERS,
        AgentConfig,
        AgentLimits,
        SpoolLimits,
        UpstreamLimits,
    )
    from p2claw.config.bus_address import BusAddress
    from p2claw.config.near import parse_near
    from p2claw.config.places import SYSTEM_CONFIG, config_path, home_dir
    from p2claw.config.relays import Relay, parse_relay
    from p2claw.config.server import ASK_PATH, JOINING, ServerConfig, ServerLimits
    from p2claw.config.store_address import StoreAddress, without_password
    from p2claw.config.turn_key import (
        DEFAULT_TURN_KEY_API,
        TURN_KEY_TOKEN_VARIABLE,
        TurnKey,
        turn_key_token,
    )

__all__ = [
    "ASK_PATH",
    "DEFAULT_COORDINATOR",
    "DEFAULT_LISTEN",
    "DEFAULT_TURN_KEY_API",
    "JOINING",
    "LAST_PORT",
    "MOST_WORKERS",
    "SYSTEM_CONFIG",
    "TURN_KEY_TOKEN_VARIABLE",
    "AgentConfig",
    "AgentLimits",
    "BusAddress",
    "Network",
    "PublicAddress",
    "Relay",
    "ServerConfig",
    "ServerLimits",
    "SpoolLimits",
    "StoreAddress",
    "TurnKey",
    "UpstreamLimits",
    "check_coordinator",
    "config_path",
    "home_dir",
    "parse_listen",
    "parse_near",
    "parse_relay",
    "turn_key_token",
    "without_password",
]

__getattr__ = lazy_names(
    __name__,
    {
        "addresses": (
            "DEFAULT_COORDINATOR",
            "DEFAULT_LISTEN",
            "LAST_PORT",
            "Network",
            "PublicAddress",
            "check_coordinator",
            "parse_listen",
        ),
        "agent": ("MOST_WORKERS", "AgentConfig", "AgentLimits", "SpoolLimits", "UpstreamLimits"),
        "bus_address": ("BusAddress",),
        "near": ("parse_near",),
        "places": ("SYSTEM_CONFIG", "config_path", "home_dir"),
        "relays": ("Relay", "parse_relay"),
        "server": ("ASK_PATH", "JOINING", "ServerConfig", "ServerLimits"),
        "store_address": ("StoreAddress", "without_password"),
        "turn_key": (
            "DEFAULT_TURN_KEY_API",
            "TURN_KEY_TOKEN_VARIABLE",
            "TurnKey",
            "turn_key_token",
        ),
    },
)
