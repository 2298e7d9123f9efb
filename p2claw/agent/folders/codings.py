"""Which encodings a visitor accepts, for the compressed twins of files: RFC 9110 §12.5.3."""

from __future__ import annotations

# The end of a twin's name and its Content-Encoding, the smaller first.
TWINS = ((".br", "br"), (".gz", "gzip"))


def accepted(field: str) -> frozenset[str]:
    """The encodings of an Accept-Encoding that are not refused by `q=0`."""
    taken = set()
    for part in field.lower().split(","):
        name, _, weight = part.partition(";")
        if not weight.replace(" ", "").startswith("q=") or _weight(weight) > 0:
            taken.add(name.strip())
    return frozenset(taken)


def _weight(text: str) -> float:
    try:
        return float(text.replace(" ", "").removeprefix("q="))
    except ValueError:
        return 0.0
