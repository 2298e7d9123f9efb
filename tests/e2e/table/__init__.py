"""Real apps, each really used in each browser: `python -m tests.e2e.table [--app A] [--browser B]`.

Apps are unmodified and have their default settings; they are made once, from their registries.
"""
