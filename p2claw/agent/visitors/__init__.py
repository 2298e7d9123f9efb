"""Visitors of a box: who is admitted, their links, and the proxy behind these."""
