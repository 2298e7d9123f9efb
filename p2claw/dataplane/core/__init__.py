"""SCTP for data channels and STUN for ICE, without IO: no socket, no clock, no loop.

`bytes/` is the ground floor: byte order, bounds, checksums, hashes. `sctp/` and `stun/` stand on
it and know nothing of each other. `tests/dataplane/test_layers.py` reads all of it.
"""
