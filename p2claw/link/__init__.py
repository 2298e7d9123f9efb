"""The asyncio side of a link: peers over aiortc, the pump between a session and its channel."""
