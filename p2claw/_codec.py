"""Chooses the codec: the Cython extension, or the reference if P2CLAW_PURE=1 asks for it.

There is no silent fallback: a missing extension is an error, so that the two cannot drift apart
unnoticed. It sits below `p2claw.wire` because that may not read the environment.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from p2claw.errors import P2clawError

if TYPE_CHECKING or os.environ.get("P2CLAW_PURE") == "1":
    from p2claw import _pyframe as chosen
else:
    try:
        from p2claw import _fastframe as chosen
    except ImportError as error:
        raise P2clawError(
            "the compiled codec p2claw._fastframe is missing",
            code="extension-missing",
            hint="Run `make build`, or set P2CLAW_PURE=1 to run the slower one in Python",
        ) from error

__all__ = ["chosen"]
