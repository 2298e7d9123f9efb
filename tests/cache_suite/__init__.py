"""The tests of cache-tests.fyi in a page, directly and through p2claw.

The tests and their server are others' (npm: http-cache-tests); here is only the comparison.
"""
