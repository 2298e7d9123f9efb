"""Tests of p2claw.wire.signalling."""
