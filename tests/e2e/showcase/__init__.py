"""The full-size demonstration: `python -m tests.e2e.showcase --browser chromium --out DIR`."""
