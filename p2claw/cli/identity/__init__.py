"""`p2claw identity`: the key of this box, the next one, and the one for the worst case."""
