"""Tests of p2claw.wire.frames."""
