"""`p2claw bench`: what a link to an app gives, measured by a visitor."""
