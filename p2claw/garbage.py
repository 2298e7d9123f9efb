"""How often Python looks for objects that refer to each other and to which nothing else refers.

It does so whenever 700 more objects were made than freed. A process that serves has as many in
use per handful of requests, so it looked at all of them again and again: a tenth of its time. Those
of a request free themselves; the few that do not are found later.
"""

from __future__ import annotations

import gc

# Some hundred requests under way. To look at so many takes less than a millisecond.
YOUNG = 10_000
# After so many looks at young objects, one at those that outlived a look, and after so many of
# these one at all: after 90,000 more, about as often as by Python's own 700 * 10 * 10. What is left
# of links that are over is among the oldest.
OLDER = 3

# Of a process with thousands of boxes, which live for weeks and free themselves: to look at those
# of 17,000 takes a second, in which nobody is served. So it does that once for each 3,000,000.
OF_MANY = 100


def look_rarely(*, has_many: bool = False) -> None:
    """Call this once a process is ready to serve: what there is then is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OF_MANY if has_many else OLDER)
