"""The data plane: SCTP for data channels, sans-IO, in C behind short Cython.

`_sctp.Association` is one association (docs/DATAPLANE.md). Records and sockets are not here.
"""
