"""`p2claw share`: a folder or a port gets a URL for as long as the command runs."""
