"""Tests of p2claw.agent.home."""
