"""`p2claw demo`: everything on one machine, started together and ended together."""
