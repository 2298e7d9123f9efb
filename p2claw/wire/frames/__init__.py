"""Frames and what is in them: the codec, heads, HELLO, payloads, the limits of the wire."""
