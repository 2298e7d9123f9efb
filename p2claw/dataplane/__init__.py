"""The data plane: what carries messages between box and visitor, in C behind short Cython.

`core` is pure: SCTP and STUN, sans-IO, with the clock as an argument. `carrier` has what touches
the machine: sockets, timers, DTLS by OpenSSL, and the links that join all of it
(docs/DATAPLANE.md).
"""
