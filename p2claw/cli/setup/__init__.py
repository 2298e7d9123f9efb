"""`p2claw server setup`: a whole server on this machine, from its name."""
