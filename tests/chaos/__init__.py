"""Faults at random, beside visitors who transfer. `__main__.py` is `make chaos`.

`scene.py` has the processes, `clock.py` their clocks, `faults.py` what is done to them, `crowd.py`
the visitors, `addresses.py` where they come from, and `run.py` a whole run with what must hold at
its end.
"""
