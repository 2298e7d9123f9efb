"""How the packages of an extra get into the environment in which this program runs.

`pip install 'p2claw[mcp]'` would have pip ask a registry for this program itself, which may have
come as a file, or from a clone. The packages that the extra names are all that is missing.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

PROGRAM = "p2claw"


def install_command(extra: str) -> str:
    """The command for a shell that installs what the extra asks for, where this program is."""
    prefix, packages = Path(sys.prefix), [shlex.quote(one) for one in packages_of(extra)]
    if (prefix / "pipx_metadata.json").is_file():
        words = ["pipx", "inject", PROGRAM]
    elif (prefix / "uv-receipt.toml").is_file():
        words = ["uv", "pip", "install", "--python", shlex.quote(sys.executable)]
    else:
        words = [shlex.quote(sys.executable), "-m", "pip", "install"]
        if not os.access(prefix, os.W_OK):
            words.insert(0, "sudo")
    return " ".join([*words, *packages])


def packages_of(extra: str) -> list[str]:
    """What the extra asks for, each with its versions: `mcp<3,>=2.3`."""
    # Not before it is wanted: an extra is missing once, and a server starts often.
    from importlib.metadata import PackageNotFoundError, requires

    try:
        stated = requires(PROGRAM) or []
    except PackageNotFoundError:
        return [f"{PROGRAM}[{extra}]"]
    parts = [one.partition(";") for one in stated]
    return [name.strip() for name, _, marker in parts if f'extra == "{extra}"' in marker]
