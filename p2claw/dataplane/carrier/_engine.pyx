"""The data plane's IO: one UDP port (`_port.pxi`) and the links that go through it (`_link.pxi`).

Everything runs on the loop's thread. A wake reads what came, lets each link report to its user what
happened and send what it may, and sets one timer for all of them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stddef cimport size_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memmove, memset

from p2claw.dataplane.carrier._records cimport RECORD_ADDED, RECORD_CLOSED, RECORD_NOTHING, Records
from p2claw.dataplane.core._sctp cimport *
from p2claw.dataplane.core._stun cimport *
from p2claw.dataplane.carrier._udp cimport *

import asyncio
import mmap
import os

from p2claw.errors import LinkError, LocalProtocolError

# The largest plaintext of a record, the most that a burst of sixteen records takes, and room for
# the bursts of a crowd, which leave together.
cdef size_t PLAIN_BYTES = 16384 + 24  # nonce and tag stand there until a record is verified
cdef size_t BURST_BYTES = 65536
cdef size_t SEALED_BYTES = 4 * 65536

include "_addresses.pxi"
include "_crowd.pxi"
include "_turns.pxi"
include "_bulk.pxi"
include "_place.pxi"
include "_port.pxi"
include "_sorting.pxi"
include "_outgoing.pxi"
include "_consent.pxi"
include "_held.pxi"
include "_link.pxi"
include "_bursts.pxi"
include "_stats.pxi"
