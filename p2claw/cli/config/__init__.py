"""`p2claw.toml`: the options of `run` and `server` in a file, and the verb that looks at it."""
