"""WebSockets between a visitor and an app."""
