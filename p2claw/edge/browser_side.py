"""Which bytes the browser side of a version is: what an edge of it serves, by path and SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from p2claw import __version__
from p2claw.edge.bootstrap import Bootstrap
from p2claw.edge.kinds import ASSETS_PATH, LICENCES_PATH, RESET_PATH, WORKER_PATH
from p2claw.errors import UsageError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"/[A-Za-z0-9._/-]{0,200}")


@dataclass(frozen=True, slots=True)
class BrowserSide:
    """The browser side of one version. digests: from path to SHA-256, in hexadecimal."""

    version: str
    digests: Mapping[str, str]

    @classmethod
    def of(cls, bootstrap: Bootstrap) -> BrowserSide:
        """The one that this program serves."""
        files = {
            "/": bootstrap.shell,
            RESET_PATH: bootstrap.reset,
            WORKER_PATH: bootstrap.worker,
            LICENCES_PATH: bootstrap.licences,
            **{ASSETS_PATH + name: file for name, file in sorted(bootstrap.assets.items())},
        }
        digests = {path: digest_of(file.bodies[""]) for path, file in files.items()}
        return cls(__version__, digests)

    @classmethod
    def parse(cls, content: bytes, name: str) -> BrowserSide:
        """Read the file of a release. name: of the file, for people.

        Raises UsageError `browser-side-invalid`.
        """
        try:
            value = json.loads(content)
            version, digests = str(value["p2claw"]), dict(value["sha256"])
            if not digests:
                raise ValueError("it names no file")
            for path, digest in digests.items():
                if not (_PATH.fullmatch(path) and _DIGEST.fullmatch(digest)):
                    raise ValueError(f"{path!r} with {digest!r} is no file of it")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{name} is not the list of a browser side: {error}",
                code="browser-side-invalid",
                hint="Give the file p2claw-VERSION-browser-side.json of a release",
            ) from None
        return cls(version, digests)

    def content(self) -> bytes:
        """The file of a release."""
        value = {"p2claw": self.version, "sha256": dict(self.digests)}
        return json.dumps(value, indent=2).encode() + b"\n"


def digest_of(body: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
