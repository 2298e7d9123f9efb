"""Tests of the agent: the daemon on a box."""
