"""What a page of another site can have a browser ask of an app, and as whom the app sees it.

`cases.py` has what the page does, `run.py` does it at a direct server and through p2claw, and
`judge.py` says where an app would trust a request more. `__main__.py` is `make cross-site`.
"""
