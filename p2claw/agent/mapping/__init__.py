"""Asks the router in front of a box to forward the box's UDP ports to it."""
