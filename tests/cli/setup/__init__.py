"""Tests of `p2claw server setup`."""
