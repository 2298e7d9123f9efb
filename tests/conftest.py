"""What every test stands on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Children get SIGINT as it is by default, however this process was started.

    A shell starts its background jobs with SIGINT ignored, and what is ignored is inherited; the
    programs under test would never hear it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
