"""A laboratory of network namespaces: a public segment, and hosts behind NATs of every kind.

`make lab` prints which pairs of NATs open a link, and how. Nothing here leaves the machine.
"""
