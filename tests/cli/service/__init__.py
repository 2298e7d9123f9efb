"""Tests of `p2claw service`."""
