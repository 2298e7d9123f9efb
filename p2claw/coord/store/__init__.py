"""What the coordinator must remember: boxes, aliases, announced apps."""
