"""Values that cases are made of, where there are too many to stand beside them."""
