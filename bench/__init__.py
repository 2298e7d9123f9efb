"""Measurements: the whole path first, then its parts, each beside a peer in the same run."""
