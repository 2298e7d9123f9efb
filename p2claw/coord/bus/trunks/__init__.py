"""Trunks: TLS connections from node to node, by which messages go without Redis.

`frames` and `kept` are the core, `identity` says who may, `listening` and `trunk` are the two
ends, with what both share in `end`.
"""
