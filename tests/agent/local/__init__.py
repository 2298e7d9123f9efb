"""Tests of p2claw.agent.local."""
