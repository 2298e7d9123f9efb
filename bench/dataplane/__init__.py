"""The data plane beside its peers: one file a case, joined in `cases.py`."""
