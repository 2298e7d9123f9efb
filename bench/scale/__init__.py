"""Measurements of many visitors on one agent: one file a case."""
