"""Tests of p2claw.agent.visitors."""
