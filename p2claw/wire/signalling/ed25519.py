"""Ed25519 keys and signatures that only the holder of one private key can have made.

RFC 8032 §5.1.7 leaves open what libraries do with keys of small order, for which anybody can make
signatures, and with points that are encoded twice; ours and those of browsers differ. Here none
is taken.
"""

from __future__ import annotations

# RFC 8032 §5.1: the field, and the order of the base point.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493

KEY_BYTES = 32
SIGNATURE_BYTES = 64


def is_sound(public_key: bytes, signature: bytes) -> bool:
    """Whether both are encoded as RFC 8032 §5.1.2 says, and neither point is of small order."""
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    r, s = signature[:KEY_BYTES], signature[KEY_BYTES:]
    return _is_point(public_key) and _is_point(r) and int.from_bytes(s, "little") < L


def _is_point(encoded: bytes) -> bool:
    y = int.from_bytes(encoded, "little") % 2**255  # the highest bit is the sign of x
    if y >= P:
        return False
    # The points whose order divides 8: y of those of order 4 is 0, of 2 and 1 it is ±1. Twice a
    # point of order 8 has y = 0, so x² = -y², and the equation of the curve, with its
    # d = -121665/121666, becomes the third factor.
    y2 = y * y
    return y * (y2 - 1) * (121665 * y2 * y2 - 243332 * y2 + 121666) % P != 0
