"""A link: one session over one data channel, on asyncio. The only place that knows aioice."""

from p2claw.link.ice.late_mdns import load_mdns_late

load_mdns_late()
