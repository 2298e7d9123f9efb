"""Content codings: which of them a client accepts, and how a file that is packed with one is named.

Source: RFC 9110 §12.5.3.
"""

from __future__ import annotations

# The coding, and the end of the name of a file that lies packed beside another; the smaller first.
PACKED = (("br", ".br"), ("gzip", ".gz"))


def accepted_codings(field: str) -> frozenset[str]:
    """Those of PACKED that a client accepts. field: its Accept-Encoding, "" if it sent none."""
    weights = _weights(field)
    others = weights.get("*", 0.0)
    return frozenset(coding for coding, _ in PACKED if weights.get(coding, others) > 0.0)


def _weights(field: str) -> dict[str, float]:
    """The weight of each coding in the field; one whose weight cannot be read counts as refused."""
    weights: dict[str, float] = {}
    for item in field.lower().split(","):
        coding, _, parameters = item.partition(";")
        name, _, weight = parameters.partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights
