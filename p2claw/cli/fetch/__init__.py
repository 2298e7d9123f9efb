"""`p2claw fetch`: a visitor on the command line."""
