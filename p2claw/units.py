"""Sizes and durations that more than one part names."""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

MB = 1_000_000
"""What providers charge by."""

SECOND_MS = 1000
DAY_S = 86_400
