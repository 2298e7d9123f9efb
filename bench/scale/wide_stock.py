"""`python -m bench.scale.wide_stock server|run …`: as `wide`, but links are plain aiortc's."""

from __future__ import annotations

from bench.peers import stock_aiortc
from bench.scale.wide import main

if __name__ == "__main__":
    stock_aiortc.use()
    main()
