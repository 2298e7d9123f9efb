"""Tests of p2claw.agent.workers."""
