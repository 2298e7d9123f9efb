"""Faults at random in a cluster of nodes, beside boxes and visits. `__main__.py` is `make cluster`.

`scene.py` has the processes, `faults.py` what is done to them, `boxes.py` light agents that come
back as real ones do, `visits.py` the visitors, and `run.py` a whole run with what must always hold.
"""
