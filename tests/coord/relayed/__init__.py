"""Tests of what is relayed for each box."""
