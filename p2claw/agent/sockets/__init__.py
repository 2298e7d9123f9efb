"""WebSockets of apps: from a visitor's stream to the upstream, and back."""
