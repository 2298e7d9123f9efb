"""`p2claw top`: what visitors move now, and what apps have moved in each month."""
