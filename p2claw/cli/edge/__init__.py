"""`p2claw edge` and its verbs."""
