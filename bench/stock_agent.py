"""`python -m bench.stock_agent run …`: the `p2claw` program whose links are plain aiortc's."""

from __future__ import annotations

import sys

from bench.peers import stock_aiortc
from p2claw.cli.main import main

if __name__ == "__main__":
    stock_aiortc.use()
    sys.exit(main())
