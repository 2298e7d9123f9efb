"""Other people's WebRTC stacks as peers of a test, each behind the commands of `remote.py`."""
