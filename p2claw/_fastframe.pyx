"""The codec that runs: frames in and out of messages, send windows, whose turn it is to send, what
is on its way, and the fields of heads.

The package `_pyframe` is the same in Python and explains why things are so: `_frames.pxi` is its
`frames.py`, and so on. One set of vectors and a property test hold the two to the same bytes. Types
for callers are in `_fastframe.pyi`.
"""

from collections import deque

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_XDECREF
from cpython.unicode cimport (
    PyUnicode_1BYTE_KIND,
    PyUnicode_DATA,
    PyUnicode_DecodeLatin1,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
)
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memchr, memcmp, memcpy, strchr

from p2claw.errors import LocalProtocolError, RemoteProtocolError

cdef extern from "Python.h":
    PyObject *new_bytes "PyBytes_FromStringAndSize"(const char *, Py_ssize_t) except NULL
    char *bytes_of "PyBytes_AS_STRING"(PyObject *) noexcept
    int resize_bytes "_PyBytes_Resize"(PyObject **, Py_ssize_t) except -1

NAME = "fastframe"

include "_frames.pxi"
include "_tap.pxi"
include "_message.pxi"
include "_outgoing.pxi"
include "_scheduler.pxi"
include "_outbox.pxi"
include "_heads.pxi"
include "_packed_heads.pxi"
include "_responses.pxi"
