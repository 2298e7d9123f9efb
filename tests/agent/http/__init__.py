"""Tests of p2claw.agent.http."""
