"""A visitor in Python: opens a link to a box and speaks HTTP over it."""
