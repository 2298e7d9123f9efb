"""Faults at random in a cluster of nodes, beside boxes and visits. `__main__.py` is `make cluster`.

`network.py` has the network, `scene.py` the processes in it, `faults.py` what is done to them;
`boxes.py` light agents that come back as real ones do, `visits.py` the visitors, `relays.py` who
asks the relays that those are given, `owners.py` whether a box has one owner; `run.py` a whole run
with what must always hold, and `rows.py` its table.
"""
