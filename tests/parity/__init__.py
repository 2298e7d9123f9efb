"""Parity: what an app can observe through p2claw, beside what it observes on its own server.

Each side runs the same cases in the same browser against the same upstream: directly (twice, so
that what the browser itself does by chance is left out) and through p2claw. `python -m
tests.parity` prints what differs. A case's values are judged by nothing but the direct side.
"""
