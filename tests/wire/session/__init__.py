"""Tests of p2claw.wire.session."""
