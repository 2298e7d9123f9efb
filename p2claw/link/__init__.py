"""A link: one session over one data channel, on asyncio. The only place that knows aioice."""
