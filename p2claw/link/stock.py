"""Checks once that the installed aiortc and aioice have the private names which links rely on.

A new version that renamed something fails here, at the start and with the name, instead of in the
middle of a link.
"""

from __future__ import annotations

import functools
from importlib.metadata import version
from typing import Any

import aioice.ice
from aioice import Connection
from aiortc import RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport

from p2claw.errors import LinkError

# Why each cannot be avoided: docs/decisions/0012.
_CONNECTION = (
    *("_check_list", "_check_list_state", "_early_checks", "_early_checks_done"),
    *("_nominated", "_protocols", "_queue", "_tie_breaker", "local_candidates"),
    *("_add_remote_candidate", "_check_periodic", "_find_pair", "_pair_remote_candidate"),
    *("_remote_candidates_expected", "_unfreeze_initial", "check_incoming", "check_start"),
    *("check_start_task", "check_state", "remote_candidates", "sort_check_list"),
)
_DTLS = ("_register_data_receiver", "_setup_srtp", "_ssl", "_task")


@functools.cache
def check_stock() -> None:
    """Raises LinkError `aiortc-incompatible`, naming what is missing. Needs a running loop."""
    transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    dtls = RTCDtlsTransport(transport, [RTCCertificate.generateCertificate()])
    missing = [
        *_missing(Connection(ice_controlling=False), *_CONNECTION),
        *_missing(transport, "_recv", "_send"),
        *_missing(dtls, *_DTLS),
        *_missing(RTCCertificate, "_create_ssl_context"),
        *_missing(
            aioice.ice, "ICE_COMPLETED", "CandidatePair", "StunProtocol", "relayed_candidate"
        ),
    ]
    if missing:
        raise _incompatible(f"it lacks {', '.join(missing)}")


def _missing(owner: Any, *names: str) -> list[str]:
    where = owner.__name__ if hasattr(owner, "__name__") else type(owner).__name__
    return [f"{where}.{name}" for name in names if not hasattr(owner, name)]


def _incompatible(why: str) -> LinkError:
    installed = f"aiortc {version('aiortc')} with aioice {version('aioice')}"
    return LinkError(
        f"{installed} cannot carry links: {why}",
        code="aiortc-incompatible",
        hint="Install the versions that p2claw asks for: pip install 'aiortc>=1.16,<1.17'",
    )
