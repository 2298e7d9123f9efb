"""`p2claw doctor`: what keeps it from working, and what to do."""
