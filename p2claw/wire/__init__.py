"""The wire protocol, sans-IO: frames, heads, sessions, signalling. No clock, no socket, no loop."""
